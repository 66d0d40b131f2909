# SPDX-License-Identifier: Apache-2.0
"""A browser, and a local Cockpit with the scripted helper behind our page; tests on real hosts bring their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.local_cockpit import LocalCockpit, local_cockpit
from tests.browser.states_page import CHROMIUM_ARGS

if TYPE_CHECKING:
    from collections.abc import Iterator

# A screenshot does not wait for fonts: a session that has been killed delivers none.
os.environ.setdefault("PW_TEST_SCREENSHOT_NO_FONTS_READY", "1")

# Two cores and other tests beside these: what is slow is not wrong.
expect.set_options(timeout=45_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def cockpit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCockpit]:
    with local_cockpit(tmp_path_factory.mktemp("cockpit")) as cockpit:
        yield cockpit
