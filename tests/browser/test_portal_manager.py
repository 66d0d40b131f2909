# SPDX-License-Identifier: Apache-2.0
"""The portal on a real Manager with a real agent: its own CA, its own single sign-on, live state over 54321."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import portal_manager
from tests.browser.portal_manager import HOST, HOST_ADDRESS, Manager
from tests.browser.portal_page import PAGES, Visitor, launch, visit
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    with portal_manager.manager(tmp_path_factory.mktemp("manager")) as running:
        running.add_host()
        until("the host is up", lambda: running.api("GET", "hosts")["host"][0]["status"], lambda s: s == "up")
        yield running


@pytest.fixture(scope="module")
def browser(manager: Manager) -> Iterator[Browser]:
    """A browser that trusts this Manager's key and no other unknown one."""
    with sync_playwright() as playwright:
        browser = launch(playwright, f"--ignore-certificate-errors-spki-list={manager.server_key_pin()}")
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: Browser, manager: Manager) -> Iterator[Visitor]:
    with visit(browser, manager.url) as visitor:
        visitor.page.goto(manager.url)
        visitor.login(manager.password)
        yield visitor


def test_a_refused_login_says_what_to_do(browser: Browser, manager: Manager) -> None:
    with visit(browser, manager.url) as visitor:
        page = visitor.page
        page.goto(manager.url)
        expect(page.get_by_label("User name")).to_have_value("admin@internal")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("The user name or the password is wrong")).to_be_visible()
        expect(page.get_by_label("Password")).to_be_focused()
        visitor.check("refused login")
        visitor.screenshot("login-refused")
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill(manager.password)
        page.keyboard.press("Enter")
        expect(page.get_by_text("A user name ends with its profile: admin@internal.")).to_be_visible()


def test_every_page_under_the_managers_own_policy(visitor: Visitor) -> None:
    """The console is quiet: the Content-Security-Policy the Manager sends forbids nothing the portal does."""
    expect(visitor.page.get_by_text("Nothing needs your attention")).to_be_visible()
    for place in PAGES:
        visitor.go(place)
        visitor.page.wait_for_timeout(300)
        visitor.check(place)
        visitor.screenshot(f"manager-{place}")
    expect(visitor.page.get_by_role("heading", name="3. Trust this Manager")).to_be_visible()


def test_nothing_is_kept_for_other_tabs(visitor: Visitor) -> None:
    stored = visitor.page.evaluate("JSON.stringify({...localStorage}) + document.cookie")
    session = visitor.page.evaluate("JSON.parse(sessionStorage.getItem('rhv-portal.session')).token")
    assert session not in stored
    assert stored == "{}"


def test_the_hosts_load_is_live(visitor: Visitor) -> None:
    visitor.go("hosts")
    row = visitor.page.get_by_role("row").filter(has_text=HOST)
    expect(row).to_contain_text("Up")
    expect(row).to_contain_text(HOST_ADDRESS)
    cpu = row.get_by_role("img", name="CPU in the last minutes")
    expect(cpu).to_be_visible()
    readings = cpu.get_attribute("aria-label")
    expect(cpu).not_to_have_attribute("aria-label", readings or "", timeout=60_000)
    expect(row.get_by_role("meter", name="Memory")).to_be_visible()
    visitor.page.get_by_role("link", name=HOST, exact=True).click()
    expect(visitor.page.locator("#main")).to_contain_text("Running for")
    expect(visitor.page.get_by_role("row").filter(has_text="test")).to_contain_text("Up")
    visitor.screenshot("manager-host")


def test_a_host_that_loses_its_power(visitor: Visitor, manager: Manager) -> None:
    """The page hears of it from the Manager's stream, without a reload, and of the host's return."""
    visitor.go("hosts")
    row = visitor.page.get_by_role("row").filter(has_text=HOST)
    expect(row).to_contain_text("Up")
    manager.stop_agent()
    try:
        expect(row).to_contain_text("Connecting", timeout=60_000)
        expect(row).to_contain_text("Not responding", timeout=60_000)
        visitor.go("overview")
        expect(visitor.page.get_by_text("1 thing needs your attention")).to_be_visible()
        expect(visitor.page.get_by_role("list", name="Recent events")).to_contain_text("is not responding")
        visitor.screenshot("manager-host-lost")
    finally:
        manager.start_agent()
    expect(visitor.page.get_by_text("Nothing needs your attention")).to_be_visible(timeout=60_000)


def test_changes_arrive_over_the_stream(visitor: Visitor) -> None:
    expect(visitor.page.get_by_text("At once")).to_be_visible()


def test_the_ca_on_the_page_is_the_managers(visitor: Visitor, manager: Manager) -> None:
    visitor.go("console")
    fingerprint = manager.ca().fingerprint(hashes.SHA256()).hex(":").upper()
    shown = visitor.page.locator(".rhv-fingerprint")
    expect(shown).to_be_visible()
    assert "".join(shown.inner_text().split()) == fingerprint
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Download the engine's CA").click()
    assert download.value.suggested_filename == "rhv-engine-ca.pem"
    assert download.value.path().read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")


def test_a_session_that_ends_comes_back_to_its_place(visitor: Visitor, manager: Manager) -> None:
    visitor.go("guests?search=test")
    token = visitor.page.evaluate("JSON.parse(sessionStorage.getItem('rhv-portal.session')).token")
    form = f"scope=ovirt-app-api&token={token}".encode()
    manager.request("POST", "services/sso-logout", form, {"Content-Type": "application/x-www-form-urlencoded"})
    expect(visitor.page.get_by_text("Your session has ended")).to_be_visible(timeout=60_000)
    visitor.check("ended session")
    visitor.screenshot("session-ended")
    visitor.login(manager.password)
    expect(visitor.page.get_by_role("textbox", name="Search guests")).to_have_value("test")
    expect(visitor.page.get_by_role("row").filter(has_text="test")).to_be_visible()


def test_logout_ends_the_token(visitor: Visitor, manager: Manager) -> None:
    token = visitor.page.evaluate("JSON.parse(sessionStorage.getItem('rhv-portal.session')).token")
    with visitor.page.expect_response("**/services/sso-logout") as answer:
        visitor.page.get_by_role("button", name="admin@internal: theme, language, log out").click()
        visitor.page.get_by_role("menuitem", name="Log out").click()
    assert answer.value.ok
    expect(visitor.page.get_by_text("You are logged out")).to_be_visible()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    assert manager.request("GET", "api/hosts", None, headers)[0] == 401
    assert visitor.page.evaluate("sessionStorage.length") == 0


def test_the_portal_is_light(browser: Browser, manager: Manager) -> None:
    """What the network carries until the login form stands: compressed, and the script under 200 KB."""
    with visit(browser, manager.url) as visitor:
        visitor.page.goto(manager.url)
        expect(visitor.page.get_by_label("Password")).to_be_visible()
        carried = visitor.page.evaluate(
            "performance.getEntriesByType('resource').map(entry => [entry.name, entry.encodedBodySize])"
        )
    scripts = sum(size for name, size in carried if name.endswith(".js"))
    assert 0 < scripts < 200_000, carried
    assert sum(size for _, size in carried) < 400_000, carried
