# SPDX-License-Identifier: Apache-2.0
"""A page stands still: no colour is changing any more, so axe judges contrast by what a reader sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

_SETTLED = """() => Promise.race([
    Promise.all(document.getAnimations()
        .filter(one => one.effect?.getTiming().iterations !== Infinity)
        .map(one => one.finished.catch(() => null))),
    new Promise(done => setTimeout(done, 3000)),
])"""


def settled(page: Frame | Page) -> None:
    """Wait until every transition that ends has ended, at most 3 s: a button that was disabled a moment ago is pale."""
    page.evaluate(_SETTLED)
