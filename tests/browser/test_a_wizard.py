# SPDX-License-Identifier: Apache-2.0
"""From login to a running engine, in a real browser on a real Cockpit; then what the page says of it.

The file's name puts it first: the engine it deploys is the one the other tests on this host use.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import wizard
from tests.browser.catalogue import english_lines
from tests.browser.cockpit import (
    CHROMIUM_ARGS,
    CHROMIUM_PATH,
    DESKTOP,
    PHONE,
    go_to,
    log_in,
    no_axe_violations,
    open_page,
    shot,
    visit,
)
from tests.conftest import ADMIN_PASSWORD, read_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Frame

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM_PATH, args=CHROMIUM_ARGS)
        yield launched
        launched.close()


def context_of(browser: Browser, **options: Any) -> BrowserContext:
    settings = {"viewport": DESKTOP, "ignore_https_errors": True, "accept_downloads": True, **options}
    context = browser.new_context(**settings)
    context.set_default_timeout(60_000)
    return context


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = context_of(browser)
    yield context.new_page()
    context.close()


def deployed(host: TestHost) -> bool:
    return (host.container.root / "etc/cockpit-rhv/engine.json").exists()


def test_limited_access_shows_what_is_readable(page: Page, host: TestHost) -> None:
    log_in(page, host, "viewer", admin=False)
    frame = open_page(page, host)
    expect(frame.locator("main[data-page='engine'][data-state='ready']")).to_be_visible()
    expect(frame.locator("#limited-access")).to_be_visible()
    expect(frame.locator("body")).to_contain_text("host1")
    no_axe_violations(frame, "limited access")
    shot(page, "host-limited-access")


def test_elevation_while_the_page_is_open_keeps_what_was_typed(page: Page, host: TestHost) -> None:
    if deployed(host):
        pytest.skip("the host was kept from an earlier run and has an engine already")
    log_in(page, host, host.user, admin=False)
    frame = open_page(page, host)
    expect(frame.locator("#limited-access")).to_be_visible()
    frame.locator("#deploy-engine").click()
    frame.locator("[data-field='engine.fqdn']").fill("typed.rhv.test")
    frame.evaluate("() => { window.notReloaded = true; }")
    page.locator("#super-user-indicator button, .ct-locked, button:has-text('Limited access')").first.click()
    page.locator("input[type='password']").last.fill(host.password)
    page.get_by_role("button", name="Authenticate").click()
    expect_access(frame, full=True)
    expect(frame.locator("[data-field='engine.fqdn']")).to_have_value("typed.rhv.test")
    # And its loss: what was typed stays, the page says what is needed.
    page.locator("#super-user-indicator button, button:has-text('Administrative access')").first.click()
    page.get_by_role("button", name="Limit access", exact=True).click()
    expect_access(frame, full=False)
    expect(frame.locator("[data-field='engine.fqdn']")).to_have_value("typed.rhv.test")
    assert frame.evaluate("() => window.notReloaded") is True


def expect_access(frame: Frame, *, full: bool) -> None:
    """The front page says of limited access what is true; then back to the wizard."""
    visit(frame, "engine", "engine")
    frame.locator("main[data-page='engine'][data-state='ready']").wait_for()
    expect(frame.locator("#limited-access")).to_have_count(0 if full else 1, timeout=60_000)
    visit(frame, "deploy/engine", "deploy")


def test_the_wizard_from_login_to_a_running_engine(page: Page, browser: Browser, host: TestHost) -> None:
    if deployed(host):
        pytest.skip("the host was kept from an earlier run and has an engine already")
    log_in(page, host, host.user)
    frame = open_page(page, host, "")
    frame.locator("main[data-page='overview'][data-state='ready']").wait_for()
    frame.locator("#nav-engine").click()
    expect(frame.locator("main[data-page='engine'][data-state='ready']")).to_be_visible()
    no_axe_violations(frame, "before")
    shot(page, "host-before")
    wizard.fill_in(page, frame, ADMIN_PASSWORD, "host-wizard")
    no_axe_violations(frame, "review")
    expect(frame.locator("body")).not_to_contain_text(ADMIN_PASSWORD)
    wizard.start(frame)
    shot(page, "host-job-running")
    no_axe_violations(frame, "job")
    # Closing the tab disturbs nothing; another browser sees the job from its beginning.
    page.close()
    other = context_of(browser, viewport=PHONE).new_page()
    log_in(other, host, host.user)
    frame = open_page(other, host)
    frame.locator("main[data-page][data-view='running']").wait_for()
    expect(frame.locator("[data-event='job_started']").first).to_be_attached()
    shot(other, "host-job-second-browser-phone")
    wizard.wait_for_engine(frame)
    shot(other, "host-deployed-phone")
    other.context.close()


def test_both_urls_open_with_their_ca_and_without_a_hosts_entry(host: TestHost) -> None:
    engine = read_engine(host)
    for url, authority in ((host.cockpit_url, host.ca_file), (f"{engine.url}/services/health", engine.ca_file)):
        answer = httpx.get(url, verify=ssl.create_default_context(cafile=str(authority)))
        assert answer.status_code == 200, url


@pytest.mark.parametrize(
    ("form", "options", "language"),
    [
        ("light", {}, "en-us"),
        ("dark", {"color_scheme": "dark"}, "en-us"),
        ("phone", {"viewport": PHONE}, "en-us"),
        ("es", {}, "es"),
    ],
)
def test_the_deployed_engine(
    browser: Browser, host: TestHost, form: str, options: dict[str, Any], language: str
) -> None:
    context = context_of(browser, **options)
    page = context.new_page()
    log_in(page, host, host.user, language=language)
    frame = open_page(page, host)
    frame.locator("[data-engine='running']").wait_for()
    expect(frame.locator("[data-component][data-state='ok']")).to_have_count(5, timeout=60_000)
    assert read_engine(host).config["address"] in frame.locator("body").inner_text()
    shot(page, f"host-deployed-{form}")
    no_axe_violations(frame, f"deployed, {form}")
    if language == "es":
        assert english_lines(frame) == []
    job = read_engine(host).config["job"]
    visit(frame, f"jobs/{job}", "job")
    frame.locator("#job-succeeded").wait_for()
    shot(page, f"host-job-done-{form}")
    no_axe_violations(frame, f"job, {form}")
    if language == "es":
        assert english_lines(frame) == []
    context.close()


def test_the_console_file_and_a_ticket_that_is_in_no_stored_xml(page: Page, host: TestHost) -> None:
    log_in(page, host, host.user)
    frame = open_page(page, host)
    frame.locator("#show-screen").click()
    with page.expect_download() as download:
        frame.locator("#console-viewer").click()
    lines = dict(line.split("=", 1) for line in download.value.path().read_text().splitlines() if "=" in line)
    assert lines["type"] == "vnc"
    assert int(lines["port"]) >= 5900
    assert lines["delete-this-file"] == "1"
    name = read_engine(host).config["name"]
    stored = host.container.run("virsh", "dumpxml", "--inactive", "--security-info", name).stdout
    assert lines["password"] not in stored
    live = host.container.run("virsh", "dumpxml", "--security-info", name).stdout
    assert lines["password"] in live
    assert "passwdValidTo" in live


def test_the_portal_of_the_deployed_engine(page: Page, host: TestHost) -> None:
    engine = read_engine(host)
    go_to(page, f"{engine.url}/")
    page.locator("#password").fill(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_be_visible()
    go_to(page, f"{engine.url}/#/hosts")
    expect(page.locator("#main")).to_contain_text(str(engine.config["host_name"]))
    shot(page, "host-portal-hosts")
    no_axe_violations(page, "portal: hosts")
    go_to(page, f"{engine.url}/#/guests")
    expect(page.locator("#main")).to_contain_text(str(engine.config["name"]))
    shot(page, "host-portal-guests")
    no_axe_violations(page, "portal: guests")


def test_debian_12_with_cockpit_287(page: Page, host12: TestHost) -> None:
    """The same road on the older C bridge and ansible-core 2.14."""
    if not deployed(host12):
        log_in(page, host12, host12.user)
        frame = open_page(page, host12)
        wizard.fill_in(page, frame, ADMIN_PASSWORD, "cockpit287-wizard")
        wizard.start(frame)
        shot(page, "cockpit287-job-running")
        wizard.wait_for_engine(frame)
        shot(page, "cockpit287-deployed")
    assert read_engine(host12).config["profile"] == "embedded"
