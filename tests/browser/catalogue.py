# SPDX-License-Identifier: Apache-2.0
"""Finds English sentences on a page that should be Spanish: with the catalogue that the page itself uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polib

from tests.testhost.steps import TOP

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

_PLACEHOLDER = re.compile(r"\\\{[a-z0-9_]+\\\}")


def english_patterns() -> list[re.Pattern[str]]:
    """One pattern for each English sentence whose Spanish differs and that is long enough not to be a name."""
    catalogue = polib.pofile(str(TOP / "po/es.po"))
    sentences = {entry.msgid for entry in catalogue if entry.msgid != entry.msgstr and len(entry.msgid.split()) >= 3}
    return [re.compile("^" + _PLACEHOLDER.sub(".+?", re.escape(sentence)) + "$") for sentence in sorted(sentences)]


def english_lines(shown: Frame | Page) -> list[str]:
    """The lines a person reads on ``shown`` that are English sentences of ours."""
    lines = {line.strip() for line in shown.locator("body").inner_text().splitlines() if len(line.split()) >= 3}
    patterns = english_patterns()
    return sorted(line for line in lines if any(pattern.match(line) for pattern in patterns))
