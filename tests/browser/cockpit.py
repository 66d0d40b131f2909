# SPDX-License-Identifier: Apache-2.0
"""Verbs of a browser session on a real Cockpit: log in through PAM, open our page, look for violations."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error
from playwright.sync_api import TimeoutError as NotInTime

from tests.browser.settled import settled
from tests.testhost.root import BUILD

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page, Request

    from tests.testhost.host import TestHost

CHROMIUM_PATH = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--no-sandbox",  # tests run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = BUILD / "screenshots"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


def log_in(page: Page, host: TestHost, user: str, *, admin: bool = True, language: str = "en-us") -> None:
    """Log in with the host's password; ``admin``: whether Cockpit asks sudo for administrative access at once."""
    go_to(page, host.cockpit_url)
    page.evaluate(
        "([key, value]) => window.localStorage.setItem(key, value)", [f"superuser:{user}", "any" if admin else "none"]
    )
    page.context.add_cookies([{"name": "CockpitLang", "value": language, "url": host.cockpit_url}])
    page.evaluate("(language) => window.localStorage.setItem('cockpit.lang', language)", language)
    page.locator("#login-user-input").fill(user)
    page.locator("#login-password-input").fill(host.password)
    page.locator("#login-button").click()
    # The login page goes, and the shell says what access the session has.
    page.locator("#super-user-indicator, #super-user-indicator-mobile").first.wait_for(state="attached", timeout=60_000)


def go_to(page: Page, address: str, tries: int = 4, wait_until: Literal["commit", "load"] = "load") -> None:
    """Load an address. A test host that has just booted adds interfaces to this machine, and Chromium drops its
    requests whenever it sees one come; a person would reload."""
    for left in range(tries - 1, -1, -1):
        try:
            page.goto(address, wait_until=wait_until)
        except Error as error:
            if "ERR_NETWORK_CHANGED" not in error.message or left == 0:
                raise
        else:
            return


def open_page(page: Page, host: TestHost, place: str = "engine") -> Frame:
    """Go to ``#/<place>`` inside Cockpit's shell; returns its frame once something of ours is drawn."""
    go_to(page, f"{host.cockpit_url}rhv#/{place}" if place else f"{host.cockpit_url}rhv")
    element = page.locator("iframe[name='cockpit1:localhost/rhv']").element_handle(timeout=60_000)
    frame = element.content_frame() if element else None
    assert frame is not None
    frame.locator("main[data-page]").first.wait_for(timeout=60_000)
    # Until the shell has noted that the frame is there, it may set its address back: a click would lead nowhere.
    page.locator("iframe[name='cockpit1:localhost/rhv'][data-loaded]").wait_for(state="attached", timeout=60_000)
    return frame


class Requests:
    """The requests a page waits for.

    Cockpit 337 never reads about one request in some thousands that come on a kept connection, closes that after 30 s,
    and the browser asks again; Chromium's net log shows it. That is nothing a page in Cockpit can do about.
    """

    def __init__(self, page: Page) -> None:
        self._sent_s: dict[Request, float] = {}
        page.on("request", self._sent)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _sent(self, request: Request) -> None:
        self._sent_s[request] = time.monotonic()

    def _ended(self, request: Request) -> None:
        self._sent_s.pop(request, None)

    def unanswered(self, limit_s: float = 5.0) -> list[str]:
        """Addresses asked for longer ago than that, without an answer."""
        now = time.monotonic()
        return [request.url for request, sent_s in self._sent_s.items() if now - sent_s > limit_s]


def ready(frame: Frame, page_name: str, limit_ms: int = 30_000) -> None:
    """Wait until the page of that name has its data."""
    frame.locator(f"main[data-page='{page_name}'][data-state='ready']").wait_for(timeout=limit_ms)


def visit(frame: Frame, place: str, page_name: str) -> None:
    """Go to ``#/<place>`` inside our page. Cockpit's shell, still loading, may set the frame's address back once."""
    for _ in range(3):
        frame.evaluate("(place) => { window.location.hash = `#/${place}`; }", place)
        try:
            frame.locator(f"main[data-page='{page_name}']").wait_for(timeout=5_000)
        except NotInTime:
            continue
        return
    raise AssertionError(f"#/{place} does not show the page {page_name}")


def shot(page: Page, name: str) -> None:
    """A screenshot of everything the person sees."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"{name}.png"))


def no_axe_violations(frame: Frame | Page, where: str) -> None:
    """axe-core inside our frame: Cockpit's own shell does not count."""
    settled(frame)
    results = Axe().run(frame)
    assert results.violations_count == 0, f"{where}:\n{results.generate_report()}"
