# SPDX-License-Identifier: Apache-2.0
"""Verbs for the tests of the page's states: open it in one, look at it, read what it sent and what stayed English."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import polib
from axe_playwright_python.sync_playwright import Axe

from tests.browser.local_cockpit import ROOT
from tests.browser.settled import settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.local_cockpit import LocalCockpit

SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
PASSWORD = "correct horse 4 battery"
FORMS = ["light", "dark", "phone", "es"]


def new_context(browser: Browser, cockpit: LocalCockpit, form: str = "light") -> BrowserContext:
    context = browser.new_context(
        viewport=PHONE if form == "phone" else DESKTOP,  # type: ignore[arg-type]
        color_scheme="dark" if form == "dark" else "light",
        accept_downloads=True,
        reduced_motion="reduce",
    )
    if form == "es":
        context.add_cookies([{"name": "CockpitLang", "value": "es", "url": cockpit.origin}])
    return context


def open_page(context: BrowserContext, cockpit: LocalCockpit, state: str, address: str = "engine") -> Page:
    """Open the page in a state and wait for its data; a complaint of the browser fails the test in ``look``."""
    cockpit.show(state)
    page = context.new_page()
    page.set_default_timeout(45_000)
    page.on("console", lambda message: _complain(page, message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: _complain(page, str(error)))
    page.goto(f"{cockpit.url}#/{address}")
    page.locator("main[data-state='ready'], main[data-state='error']").first.wait_for()
    return page


_COMPLAINTS: dict[int, list[str]] = {}


def _complain(page: Page, text: str) -> None:
    _COMPLAINTS.setdefault(id(page), []).append(text)


def look(page: Page, name: str, whole: bool = True) -> None:
    """No accessibility violation, nothing wider than the window, no complaint of the browser; a screenshot.

    ``whole``: the picture is of the whole page, not of the window only.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"page-{name}.png", full_page=whole, animations="disabled")
    settled(page)
    violations = [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
    assert not violations, f"{name}: " + "\n".join(violations)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{name} is {overflow} px wider than the window"
    assert not _COMPLAINTS.get(id(page)), _COMPLAINTS[id(page)]


def sent(cockpit: LocalCockpit, method: str) -> list[dict[str, Any]]:
    """Parameters of the requests of one method, in order."""
    requests = [json.loads(line) for line in cockpit.requests().splitlines()]
    return [request["params"] for request in requests if request["method"] == method]


def catalogue() -> list[polib.POEntry]:
    return [entry for entry in polib.pofile(str(ROOT / "po" / "es.po")) if not entry.obsolete]


def english(text: str) -> list[str]:
    """The lines of a page in Spanish that are English texts of the catalogue, whatever their placeholders hold."""
    patterns = [
        re.compile("".join(_pattern(part) for part in re.split(r"(\{\w+\})", entry.msgid)))
        for entry in catalogue()
        if entry.msgid != entry.msgstr
        and re.search(r"[a-z]{3}", re.sub(r"\{\w+\}", "", entry.msgid))
        and not all(re.match(r"bridge/cockpit_rhv/cli|engine/", path) for path, _ in entry.occurrences)
    ]
    return [line for line in text.splitlines() if any(pattern.fullmatch(line.strip()) for pattern in patterns)]


def _pattern(part: str) -> str:
    if part == "{count}":
        return r"[\d.,\s]*\d"  # else “{count} error” would be found in whatever ends like it
    return "(?s:.+)" if re.fullmatch(r"\{\w+\}", part) else re.escape(part)


def unfold(page: Page) -> None:
    """Open what is folded away: its texts count, too."""
    folded = page.locator(".pf-v6-c-expandable-section__toggle button[aria-expanded='false']:visible")
    # What is opened may hold more that is folded, and is itself no longer among them.
    while folded.count():
        folded.first.click()


def see(opened: tuple[Page, str], name: str, whole: bool = True) -> None:
    """Look at a page in one of the looks; in Spanish nothing may be left in English."""
    page, look_as = opened
    look(page, f"{look_as}-{name}", whole)
    if look_as == "es":
        unfold(page)
        left = english(page.locator("body").inner_text())
        assert not left, f"{name}: in English: {left}"
