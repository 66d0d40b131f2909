# SPDX-License-Identifier: Apache-2.0
"""A visitor of the portal: opening it, logging in, and what every page must be."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.settled import settled

if TYPE_CHECKING:
    from collections.abc import Iterator

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DESKTOP = (1280, 900)
PHONE = (360, 780)
PAGES = ("overview", "hosts", "guests", "events", "console")


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """The distribution's Chromium."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])


@dataclass
class Visitor:
    """One browser window. ``complaints``: what the browser's console said was wrong."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def login(self, password: str) -> None:
        """From the login page to the overview."""
        self.page.get_by_label("Password", exact=False).or_(self.page.get_by_label("Contraseña")).fill(password)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#main h1")).to_be_visible()

    def go(self, place: str) -> None:
        """Open a page of the portal by its address."""
        self.page.goto(f"{self.url}#/{place}")
        expect(self.page.locator("#main h1")).to_be_visible()

    def main(self) -> str:
        """What the page's content says."""
        return self.page.locator("#main").inner_text()

    def check(self, what: str) -> None:
        """No accessibility violation, nothing wider than the window, no complaint of the browser."""
        settled(self.page)
        violations = Axe().run(self.page).response["violations"]
        found = [
            f"{violation['id']}: {violation['help']}: {node['html'][:200]}"
            for violation in violations
            for node in violation["nodes"]
        ]
        assert not found, f"{what}: axe: " + "\n".join(found)
        width = self.page.evaluate(
            "[...document.querySelectorAll('html, #main')].map(part => part.scrollWidth - part.clientWidth)"
        )
        assert not any(width), f"{what}: wider than the window by {width}"
        assert not self.complaints, f"{what}: {self.complaints}"

    def screenshot(self, name: str) -> None:
        """The whole page to build/screenshots/portal-<name>.png."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size
        assert size is not None
        # The content scrolls inside the page: a window as tall as the content shows all of it.
        content = self.page.evaluate("(document.getElementById('main') ?? document.body).scrollHeight + 90")
        self.page.set_viewport_size({"width": size["width"], "height": min(3000, max(size["height"], content))})
        self.page.screenshot(path=SCREENSHOTS / f"portal-{name}.png", animations="disabled")
        self.page.set_viewport_size(size)


@contextmanager
def visit(
    browser: Browser, url: str, *, size: tuple[int, int] = DESKTOP, dark: bool = False, locale: str = "en-US"
) -> Iterator[Visitor]:
    """A fresh window; its page is not opened yet."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light", locale=locale,
        reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    visitor = Visitor(page, url)
    page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: visitor.complaints.append(message.text) if "Security Policy" in message.text else None,
    )
    try:
        yield visitor
    finally:
        context.close()
