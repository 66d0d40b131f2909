# SPDX-License-Identifier: Apache-2.0
"""The portal in every state and form, on a Manager whose answers the test decides (portal_sample.py)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import portal_sample
from tests.browser.portal_page import DESKTOP, PAGES, PHONE, Visitor, launch, visit

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = f"{portal_sample.ORIGIN}/ovirt-engine/"
FORMS = {
    "light": {"size": DESKTOP},
    "dark": {"size": DESKTOP, "dark": True},
    "phone": {"size": PHONE},
    "es": {"size": DESKTOP, "locale": "es-ES"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def sample() -> portal_sample.Sample:
    return portal_sample.busy()


@pytest.fixture
def visitor(browser: Browser, sample: portal_sample.Sample) -> Iterator[Visitor]:
    with visit(browser, URL) as visitor:
        sample.install(visitor.page)
        visitor.page.goto(URL)
        visitor.login("secret")
        yield visitor


@pytest.mark.parametrize("form", FORMS)
def test_every_page(browser: Browser, sample: portal_sample.Sample, form: str) -> None:
    with visit(browser, URL, **FORMS[form]) as visitor:  # type: ignore[arg-type]
        sample.install(visitor.page)
        visitor.page.goto(URL)
        expect(visitor.page.locator("#password")).to_be_focused()
        visitor.check(f"login, {form}")
        visitor.screenshot(f"{form}-login")
        visitor.login("secret")
        # Two readings, so that the lines of the load are lines.
        for _ in range(2):
            with visitor.page.expect_response("**/api/hosts?*"):
                pass
        for place in [*PAGES, "hosts/h1", "hosts/h3"]:
            visitor.go(place)
            visitor.page.wait_for_timeout(200)
            visitor.check(f"{place}, {form}")
            visitor.screenshot(f"{form}-{place.replace('/', '-')}")


@pytest.mark.parametrize(("place", "words"), [
    ("overview", "No host is registered yet"), ("hosts", "No host is registered yet"),
    ("guests", "There are no guests yet"), ("events", "Nothing has happened yet"),
    ("hosts/gone", "There is no such host"),
])  # fmt: skip
def test_empty_states_teach(browser: Browser, place: str, words: str) -> None:
    with visit(browser, URL) as visitor:
        portal_sample.Sample().install(visitor.page)
        visitor.page.goto(URL)
        visitor.login("secret")
        visitor.page.goto(f"{URL}#/{place}")
        expect(visitor.page.get_by_text(words)).to_be_visible()
        visitor.check(f"{place}, empty")
        visitor.screenshot(f"empty-{place.replace('/', '-')}")


def test_a_host_that_is_not_up_says_what_to_do(visitor: Visitor) -> None:
    visitor.go("hosts")
    lost = visitor.page.get_by_role("row").filter(has_text="node3.example.com")
    expect(lost).to_contain_text("Not responding")
    expect(lost).to_contain_text("systemctl status cockpit-rhv-agent")
    visitor.page.get_by_role("link", name="node3.example.com", exact=True).click()
    expect(visitor.page.get_by_role("heading", name="node3.example.com")).to_be_visible()
    expect(visitor.page.locator("#main")).to_contain_text("comes back up here by itself")
    expect(visitor.page.locator("#main")).to_be_focused()


def test_search_and_filters_live_in_the_address(visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("guests")
    page.get_by_role("textbox", name="Search guests").fill("WEB1")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(3)  # the head, web12, web16
    assert page.url.endswith("#/guests?search=WEB1")
    page.get_by_role("combobox", name="Status").select_option("paused")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    page.reload()
    expect(page.get_by_role("textbox", name="Search guests")).to_have_value("WEB1")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    page.get_by_role("textbox", name="Search guests").fill("nothing like this")
    expect(page.get_by_text("No guest matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").first.click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(37)
    assert page.url.endswith("#/guests")


def test_events_by_severity_and_older_ones(visitor: Visitor) -> None:
    visitor.go("events")
    items = visitor.page.get_by_role("list", name="Events").get_by_role("listitem")
    expect(items).to_have_count(50)
    visitor.page.get_by_role("button", name="Show older events").click()
    expect(items).to_have_count(75)
    visitor.page.get_by_role("combobox", name="Severity").select_option("error")
    expect(items).to_have_count(1)
    expect(items).to_contain_text("not responding")


def test_the_engine_vm_is_marked_and_first(visitor: Visitor) -> None:
    visitor.go("guests")
    first = visitor.page.get_by_role("table").get_by_role("row").nth(1)
    expect(first).to_contain_text("engine.example.com")
    expect(first).to_contain_text("This Manager")


def test_a_manager_that_goes_silent_and_returns(visitor: Visitor, sample: portal_sample.Sample) -> None:
    visitor.go("hosts")
    sample.answering = False
    warning = visitor.page.get_by_text("The Manager does not answer", exact=False)
    expect(warning).to_be_visible(timeout=60_000)
    expect(visitor.page.get_by_role("link", name="node1.example.com", exact=True)).to_be_visible()
    visitor.screenshot("lost")
    sample.answering = True
    expect(warning).not_to_be_visible(timeout=60_000)


def test_a_fingerprint_that_cannot_be_shown_says_how_to_get_it(visitor: Visitor, sample: portal_sample.Sample) -> None:
    sample.has_ca = False
    visitor.go("console")
    expect(visitor.page.get_by_text("The fingerprint could not be computed")).to_be_visible()
    expect(visitor.page.get_by_text("openssl x509 -noout -fingerprint -sha256").first).to_be_visible()


@pytest.mark.parametrize(("system", "words"), [
    ("Debian, Ubuntu", "sudo apt install virt-viewer"), ("Enterprise Linux, Fedora", "sudo dnf install virt-viewer"),
    ("Windows", "virt-manager.org"), ("macOS", "brew install virt-viewer"),
])  # fmt: skip
def test_the_viewer_for_each_system(visitor: Visitor, system: str, words: str) -> None:
    visitor.go("console")
    visitor.page.get_by_role("button", name=system, exact=True).click()
    expect(visitor.page.locator(".rhv-install")).to_contain_text(words)


def test_a_change_is_said_aloud(visitor: Visitor, sample: portal_sample.Sample) -> None:
    visitor.go("hosts")
    sample.hosts[0] = portal_sample.host(1, "node1.example.com", "maintenance", 0, 0, 0)
    live = visitor.page.locator("[aria-live=polite]", has_text="node1.example.com: Maintenance")
    expect(live).to_have_count(1, timeout=60_000)


def test_a_hidden_tab_asks_nothing(visitor: Visitor, sample: portal_sample.Sample) -> None:
    def hide(state: str) -> None:
        visitor.page.evaluate(
            """state => {
                Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )

    hide("hidden")
    visitor.page.wait_for_timeout(500)
    before = len(sample.asked)
    visitor.page.wait_for_timeout(7000)
    assert sample.asked[before:] == []
    hide("visible")
    for _ in range(60):
        if len(sample.asked) > before:
            break
        visitor.page.wait_for_timeout(500)
    assert len(sample.asked) > before


def test_a_new_event_is_added_and_no_other_is_read_again(visitor: Visitor, sample: portal_sample.Sample) -> None:
    visitor.go("events")
    items = visitor.page.get_by_role("list", name="Events").get_by_role("listitem")
    expect(items).to_have_count(50)
    sample.events.insert(0, portal_sample.event(91, "normal", "Host {host} is up.", 0, "h3", host="node3.example.com"))
    expect(items.first).to_contain_text("Host node3.example.com is up.", timeout=60_000)
    expect(visitor.page.get_by_text("76 events", exact=True).first).to_be_visible()
    assert sample.asked.count("api/events?max=500") == 1


def test_who_went_away_is_logged_out(browser: Browser, sample: portal_sample.Sample) -> None:
    sample.idle_s = 10
    with visit(browser, URL) as visitor:
        sample.install(visitor.page)
        visitor.page.goto(URL)
        visitor.login("secret")
        for _ in range(6):  # busy for longer than the limit
            visitor.page.wait_for_timeout(2000)
            visitor.page.mouse.move(200, 200 + 10 * _)
        expect(visitor.page.locator("#main")).to_be_visible()
        expect(visitor.page.get_by_text("Your session has ended")).to_be_visible(timeout=60_000)


def test_keyboard_only(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.locator("#main")).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    assert page.url.endswith("/ovirt-engine/"), "skipping must not change the place"
    page.get_by_role("button", name="admin@internal: theme, language, log out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="As the system")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_class("pf-v6-theme-dark")
    expect(page.get_by_role("button", name="admin@internal: theme, language, log out")).to_be_focused()


def test_the_menu(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="admin@internal: theme, language, log out").click()
    expect(visitor.page.get_by_role("menuitem", name="Log out")).to_be_visible()
    visitor.check("menu")
    visitor.screenshot("menu")


def test_navigation_on_a_phone(browser: Browser, sample: portal_sample.Sample) -> None:
    with visit(browser, URL, size=PHONE) as visitor:
        sample.install(visitor.page)
        visitor.page.goto(URL)
        visitor.login("secret")
        hosts = visitor.page.get_by_role("link", name="Hosts", exact=True)
        toggle = visitor.page.get_by_role("button", name="Navigation")
        expect(toggle).to_have_attribute("aria-expanded", "false")
        toggle.click()
        expect(toggle).to_have_attribute("aria-expanded", "true")
        visitor.page.wait_for_timeout(500)  # the sidebar slides in
        visitor.check("navigation, phone")
        visitor.screenshot("phone-navigation")
        hosts.first.click()
        expect(visitor.page.get_by_role("heading", level=1, name="Hosts")).to_be_visible()
        expect(toggle).to_have_attribute("aria-expanded", "false")


def test_the_language_changes_without_a_reload(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="admin@internal: theme, language, log out").click()
    visitor.page.get_by_role("menuitem", name="Español").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Resumen")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "es")


def test_the_first_answer_is_on_screen_soon(browser: Browser, sample: portal_sample.Sample) -> None:
    """Not a benchmark: a page that waits for its second reading before it shows the first would take seconds."""
    with visit(browser, URL) as visitor:
        sample.install(visitor.page)
        visitor.page.goto(URL)
        visitor.login("secret")
        started = time.monotonic()
        expect(visitor.page.get_by_role("list", name="Recent events").get_by_role("listitem").first).to_be_visible()
        assert time.monotonic() - started < 3


def test_no_english_in_spanish(browser: Browser, sample: portal_sample.Sample) -> None:
    """What each page says in Spanish has no sentence in common with what it says in English."""
    said: dict[str, set[str]] = {}
    for locale in ("en-US", "es-ES"):
        said[locale] = set()
        with visit(browser, URL, locale=locale) as visitor:
            sample.install(visitor.page)
            visitor.page.goto(URL)
            said[locale] |= _sentences(visitor.page.locator("body").inner_text())
            visitor.login("secret")
            for place in [*PAGES, "hosts/h3", "hosts/gone", "guests?search=zzz"]:
                visitor.page.goto(f"{URL}#/{place}")
                visitor.page.wait_for_timeout(300)
                said[locale] |= _sentences(visitor.page.locator("body").inner_text())
    assert said["en-US"] & said["es-ES"] == set()


def _sentences(text: str) -> set[str]:
    """Lines of at least three words; commands, names and the Python example are the same in every language."""
    code = (
        "Enterprise Linux, Fedora",
        "curl",
        "openssl",
        "sudo",
        "brew",
        "import ",
        "connection",
        "print(",
        "for host in",
        "$",
    )
    lines = (line.strip() for line in text.splitlines())
    return {line for line in lines if len(line.split()) >= 3 and not line.startswith(code)}
