# SPDX-License-Identifier: Apache-2.0
"""Buttons of a finished engine that few ever press: its update, the way back, and the way out of damaged settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states import CLEANUP, UPGRADE
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, new_context, open_page, see, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


@pytest.fixture(params=FORMS)
def look_as(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(browser: Browser, cockpit: LocalCockpit, look_as: str) -> Iterator[tuple[Page, str]]:
    """A page with a newer appliance in one of the looks, and that look's name."""
    context = new_context(browser, cockpit, look_as)
    yield open_page(context, cockpit, "newer"), look_as
    context.close()


def test_the_update_is_of_the_version_that_was_shown(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    before = len(sent(cockpit, "engine.upgrade"))
    page.locator("#update-engine").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("0.2.0")
    # The version can be read on a phone, too.
    title = dialog.locator(".pf-v6-c-modal-box__title")
    assert title.evaluate("title => title.scrollWidth <= title.clientWidth")
    see(opened, "update-dialog", whole=False)
    # Whoever turns back has changed nothing.
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert len(sent(cockpit, "engine.upgrade")) == before
    page.locator("#update-engine").click()
    page.locator("#confirm-action").click()
    expect(page.locator("main[data-page='job'][data-view='running']")).to_be_visible()
    assert page.url.endswith(f"jobs/{UPGRADE}")
    assert sent(cockpit, "engine.upgrade")[-1] == {"version": "0.2.0"}
    # While it runs nobody starts a second one.
    page.goto(f"{cockpit.url}#/engine")
    expect(page.locator("#update-engine")).to_be_disabled()


def test_the_way_back_says_what_is_lost(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, look_as = opened
    cockpit.show("upgrade-kept")
    page.locator("#update-rollback").click()
    if look_as != "es":
        expect(page.get_by_role("dialog")).to_contain_text("since then is lost")
    see(opened, "rollback-dialog", whole=False)
    before = len(sent(cockpit, "engine.rollback"))
    page.locator("#confirm-action").click()
    expect(page.locator("main[data-page='job'][data-view='running']")).to_be_visible()
    assert page.url.endswith(f"jobs/{UPGRADE}")
    assert sent(cockpit, "engine.rollback")[before:] == [{}]


def test_the_previous_disk_goes_and_with_it_the_way_back(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    cockpit.show("upgrade-final")
    page.locator("#update-drop").click()
    see(opened, "drop-dialog", whole=False)
    before = len(sent(cockpit, "engine.drop_previous"))
    page.locator("#confirm-action").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "engine.drop_previous")[before:] == [{}]
    # Nothing to update, nothing to return to: no card.
    expect(page.locator("#update")).to_have_count(0)
    expect(page.locator("[data-engine='running']")).to_be_visible()


def test_damaged_settings_are_cleaned_up_by_the_vms_name(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    cockpit.show("damaged")
    expect(page.locator("main[data-page='engine'][data-state='error']")).to_contain_text("/etc/cockpit-rhv/engine.json")
    see(opened, "damaged")
    page.locator("#clean-up-damaged").click()
    danger = page.locator("#start-cleanup")
    expect(danger).to_be_disabled()
    # The damaged file is not among what is lost.
    expect(page.locator("#cleanup-dialog")).to_contain_text("engine.json.damaged")
    page.locator("#cleanup-name").fill("engine.example.com")
    expect(danger).to_be_disabled()
    page.locator("#cleanup-name").fill("HostedEngine")
    see(opened, "damaged-cleanup", whole=False)
    danger.click()
    expect(page.locator("main[data-page='job'][data-view='running']")).to_be_visible()
    assert page.url.endswith(f"jobs/{CLEANUP}")
    assert sent(cockpit, "deploy.cleanup")[-1]["engine"] == "HostedEngine"
