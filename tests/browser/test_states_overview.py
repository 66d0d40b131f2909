# SPDX-License-Identifier: Apache-2.0
"""The overview at work: what needs somebody is open, buttons mend and lead back, what stayed fine stays folded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import new_context, open_page, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "ill", "overview")
    context.close()


def severities(page: Page) -> list[str | None]:
    shown = page.locator("[data-check]:visible")
    return [item.get_attribute("data-severity") for item in shown.all()]


def test_what_needs_somebody_is_open_and_first(page: Page) -> None:
    assert severities(page) == ["error", "error", "warning", "warning"]
    pools = page.locator("[data-check='storage.pools']")
    # Of an error everything is shown without a click: why, what was read, what to do.
    expect(pools).to_contain_text("A guest whose disk lies in a pool that is not active", use_inner_text=True)
    expect(pools).to_contain_text("dir, inactive, autostart on", use_inner_text=True)
    expect(pools).to_contain_text("virsh pool-start images", use_inner_text=True)
    expect(page.locator("[data-check='clock.synchronized']")).not_to_contain_text(
        "timedatectl show", use_inner_text=True
    )
    page.get_by_role("button", name="3 checks in order").click()
    expect(page.locator("[data-check='cpu.kvm']")).to_be_visible()


def test_a_button_mends_and_its_log_leads_back(page: Page, cockpit: LocalCockpit) -> None:
    """With the keyboard only."""
    button = page.locator("[data-check='storage.pools'] [data-remedy-task]")
    button.focus()
    page.keyboard.press("Enter")
    progress = page.locator("[data-check='storage.pools'] [data-remedy='running']")
    expect(progress).to_contain_text("Start the storage pool")
    assert sent(cockpit, "tasks.start")[-1] == {"task": "start_pool", "params": {"pool": "images"}}
    progress.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main[data-page='job']")).to_be_visible()
    expect(page.locator("#job-back")).to_have_text("Back to the overview")
    page.locator("#job-back").click()
    expect(progress).to_be_visible()
    # The checks run again by themselves when the task has ended: nothing has to be pressed.
    cockpit.show("cured")
    expect(page.locator("[data-verdict='ok']")).to_contain_text("This host is healthy")
    assert severities(page) == []


def test_the_checks_run_again_when_asked(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#check-again").click()
    expect(page.locator("#check-again")).to_be_enabled()
    assert sent(cockpit, "checks.run") == [{}]
    cockpit.show("checking")
    expect(page.locator("#check-again")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-health='running']")).to_contain_text("3 of 5 checks")


def test_a_mode_of_the_hosted_engine_is_set_after_a_question(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "ovirt", "overview")
    card = page.locator("[data-card='ha']")
    expect(card).to_contain_text("STALE: not heard of for a minute")
    before = len(sent(cockpit, "tasks.start"))
    card.locator("[data-remedy-of='ha/global']").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("If it fails meanwhile, it stays down.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    assert len(sent(cockpit, "tasks.start")) == before, "who says no has started nothing"
    card.locator("[data-remedy-of='ha/none']").click()
    page.locator("#confirm-action").click()
    expect(dialog).to_have_count(0)
    assert sent(cockpit, "tasks.start")[before:] == [{"task": "ha_maintenance", "params": {"mode": "none"}}]
    expect(card.locator("[data-remedy='running']")).to_be_visible()
    context.close()


def test_a_check_asks_the_same_before_it_ends_the_maintenance(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "ovirt", "overview")
    before = len(sent(cockpit, "tasks.start"))
    page.locator("[data-remedy-of='check/engine.ha']").click()
    expect(page.get_by_role("dialog")).to_contain_text("they start it if it does not run")
    assert len(sent(cockpit, "tasks.start")) == before, "asked before it starts"
    page.locator("#confirm-action").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "tasks.start")[before:] == [{"task": "ha_maintenance", "params": {"mode": "none"}}]
    context.close()


def test_the_image_of_a_node_is_among_what_this_host_is(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "ovirt", "overview")
    fact = page.locator("[data-fact='image']")
    expect(fact).to_contain_text("failed - data 91.2 %")
    expect(fact).to_contain_text("layer ovirt-node-ng-4.5.5-0.20231130.0+1")
    inside = "e => e.getBoundingClientRect().right <= e.closest('section').getBoundingClientRect().right"
    assert fact.locator(".rhv-status").evaluate(inside), "a long word is cut off at the card's edge"
    context.close()


def test_an_ordinary_host_has_no_such_card(page: Page) -> None:
    expect(page.locator("[data-fact='image']")).to_have_count(0)
    expect(page.locator("[data-card='ha']")).to_have_count(0)


def test_one_reason_is_told_once(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "blind", "overview")
    expect(page.locator("#limited-access")).to_be_visible()
    expect(page.locator("[data-unread='3']")).to_contain_text("libvirt does not answer.")
    # Without administrative access the button is there, and says that it cannot be pressed.
    expect(page.locator("[data-remedy-task='start_libvirt']")).to_be_disabled()
    page.locator("[data-unread='3']").get_by_role("button", name="Which ones").click()
    expect(page.locator("[data-check='guests.vcpus']")).to_be_visible()
    context.close()


def test_graphs_say_in_words_what_they_draw(page: Page) -> None:
    for graph, said in (
        ("cpu", r"Processors\. in use: now \d+%, lowest \d+%, highest \d+%\. waiting for disks: now"),
        ("memory", r"Memory\. in use: now \d+ GiB, .*swapped out: now 210 MiB"),
        ("disks", r"Disks\. read: now [\d.]+ MiB/s, .*written: now"),
        ("network", r"Network\. received: now .*sent: now"),
    ):
        expect(page.locator(f"[data-graph='{graph}']").get_by_role("img")).to_have_accessible_name(re.compile(said))


def test_the_places_of_the_page(page: Page) -> None:
    expect(page.locator("#nav-overview")).to_have_attribute("aria-current", "page")
    page.locator("#nav-engine").click()
    expect(page.locator("main[data-page='engine']")).to_be_visible()
    page.locator("#nav-overview").click()
    expect(page.locator("main[data-page='overview'][data-state='ready']")).to_be_visible()
