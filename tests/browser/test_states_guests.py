# SPDX-License-Identifier: Apache-2.0
"""The list of guests on a local Cockpit with a scripted helper: none, a few, 2,000, hostile ones, and no libvirt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states import guests as sample
from tests.browser.fake_states.texts import TASK
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, sent, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

#: State of the helper, address in the page.
VIEWS = [
    ("before", "guests"),
    ("no-libvirt", "guests"),
    ("libvirt-lost", "guests"),
    ("guests", "guests"),
    ("guests", "guests?search=nobody"),
    ("guests", "guests?state=trouble&sort=-state"),
    ("guests-limited", "guests"),
    ("guests-read-only", "guests"),
    ("guests-hostile", "guests"),
    ("guests-many", "guests"),
    ("guests-unknown", "guests"),
]
UUIDS = {guest["name"]: guest["uuid"] for guest in sample.few()}


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "guests", "guests")
    context.close()


def names(page: Page) -> list[str]:
    return page.locator("[data-guest] .rhv-guest__text").all_inner_texts()


def select(page: Page, *wanted: str) -> None:
    for name in wanted:
        page.locator(f"[data-guest='{UUIDS[name]}'] input").check()


def menu(page: Page, name: str) -> None:
    page.locator(f"[data-guest='{UUIDS[name]}'] .rhv-guest__menu button").click()


@pytest.mark.parametrize("look_as", FORMS)
def test_every_view_of_the_guests(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    for state, address in VIEWS:
        page = open_page(context, cockpit, state, address)
        look(page, "-".join([look_as, state, *re.findall(r"[\w-]+", address)]), whole=state != "guests-many")
        if look_as == "es":
            unfold(page)
            left = english(page.locator("body").inner_text())
            assert not left, f"{state} {address}: in English: {left}"
        page.close()
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_what_is_done_and_what_became_of_it(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    """Selection, dialog and results in each look."""
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "guests", "guests")
    select(page, "web-1", "web-2")
    menu(page, "database")
    look(page, f"{look_as}-guests-menu")
    page.keyboard.press("Escape")
    page.locator("#selected-shutdown").click()
    page.locator("#act-forced").check()
    look(page, f"{look_as}-guests-shutdown-dialog")
    page.locator("#act-confirm").click()
    job = page.locator("[data-guest-job-state='running']")
    expect(job).to_contain_text("3:")  # of five minutes
    look(page, f"{look_as}-guests-shutting-down")
    cockpit.show("guests-shut-down-failed")
    expect(page.locator("[data-guest-job-state='failed'] [data-error='shutdown.some_failed']")).to_be_visible()
    look(page, f"{look_as}-guests-results")
    if look_as == "es":
        unfold(page)
        assert not english(page.locator("body").inner_text())
    context.close()


def test_places_are_reached_by_keyboard(page: Page) -> None:
    expect(page.locator("#nav-guests")).to_have_attribute("aria-current", "page")
    page.locator("#nav-guests").focus()
    for section in ("storage", "networks", "engine"):
        page.keyboard.press("Tab")
        expect(page.locator(f"#nav-{section}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main[data-page='engine'][data-state='ready']")).to_be_visible()
    expect(page.locator("#nav-engine")).to_have_attribute("aria-current", "page")
    page.go_back()
    expect(page.locator("[data-guest]")).to_have_count(8)


def test_search_filter_and_order_are_in_the_address(page: Page) -> None:
    assert names(page) == ["billing", "build-agent", "database", "desktop", "HostedEngine", "legacy", "web-1", "web-2"]
    page.locator("#guest-search input, input#guest-search").first.press_sequentially("web 198", delay=40)
    expect(page.locator("[data-guest]")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"#/guests\?search=web(%20|\+)198$"))
    page.locator("#sort-cpu").click()
    expect(page.locator("th[data-column='cpu']").first).to_have_attribute("aria-sort", "descending")
    assert names(page) == ["web-2", "web-1"]
    page.locator("#sort-cpu").click()
    expect(page).to_have_url(re.compile("sort=cpu"))
    page.reload()
    expect(page.locator("[data-guest]")).to_have_count(2)
    assert names(page) == ["web-1", "web-2"]
    page.locator("#guest-state").select_option("trouble")
    expect(page.locator("[data-empty='filtered']")).to_be_visible()
    page.locator("#clear-filters").click()
    expect(page.locator("[data-guest]")).to_have_count(8)
    expect(page.locator("#guest-search input, input#guest-search").first).to_have_value("")
    page.locator("#guest-owner").select_option("managed")
    expect(page.locator("[data-guest]")).to_have_count(1)
    page.go_back()
    expect(page.locator("[data-guest]")).to_have_count(8)
    page.locator("#guest-columns").click()
    page.locator("[data-column-choice='disk'] input").uncheck()
    expect(page.locator("[data-column='disk']")).to_have_count(0)
    expect(page).to_have_url(re.compile("columns=name"))


def test_which_guests_start_with_the_host(browser: Browser, cockpit: LocalCockpit) -> None:
    """Where the window has room for it, or where it is among the few columns chosen."""
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "guests", "guests?sort=autostart")
    page.set_viewport_size({"width": 1400, "height": 900})
    starting = sorted(("HostedEngine", *(one["name"] for one in sample.few() if one["autostart"])), key=str.lower)
    expect(page.locator("td[data-column='autostart']").first).to_have_text(re.compile("yes$"))
    assert names(page)[: len(starting)] == starting
    assert page.locator("td[data-column='autostart']").filter(has_text=re.compile("yes$")).count() == len(starting)
    context.close()


def test_a_phone_has_no_head_but_an_order(browser: Browser, cockpit: LocalCockpit) -> None:
    """The table's head is not shown there: what to sort by, and in which direction, stand above it."""
    context = new_context(browser, cockpit, "phone")
    page = open_page(context, cockpit, "guests", "guests")
    direction = page.get_by_role("combobox", name="Direction of the order")
    expect(direction).to_have_value("ascending")
    direction.focus()
    page.keyboard.press("ArrowDown")
    expect(direction).to_have_value("descending")
    expect(page).to_have_url(re.compile(r"#/guests\?sort=-name$"))
    assert names(page) == ["web-2", "web-1", "legacy", "HostedEngine", "desktop", "database", "build-agent", "billing"]
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("combobox", name="Sort by")).to_be_focused()
    page.locator("#guest-sort").select_option("memory")
    expect(page).to_have_url(re.compile("sort=-memory"))
    direction.select_option("ascending")
    expect(page).to_have_url(re.compile("sort=memory"))
    look(page, "phone-guests-order", whole=False)
    context.close()


def test_two_thousand_guests_are_drawn_as_far_as_they_are_seen(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "guests-many", "guests")
    table = page.get_by_role("table", name="Guests")
    expect(table).to_have_attribute("aria-rowcount", "2001")
    assert 20 < page.locator("[data-guest]").count() < 80
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    last = page.locator("[data-guest]", has_text="guest-1999")
    expect(last).to_be_visible()
    expect(last).to_have_attribute("aria-rowindex", "2001")
    assert page.locator("[data-guest]").count() < 80
    # The head stays in sight, and no frame of a fast scroll is blank where rows should be.
    expect(page.locator("#sort-name")).to_be_in_viewport()
    frames = page.evaluate(SCROLL)
    assert frames["blank"] == 0
    # From row to row by keyboard, beyond what is drawn.
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("[data-guest] input").first.focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-index='37'] input")).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator("[data-index='1999'] input")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".rhv-selection")).to_contain_text("1 selected")
    page.locator("#select-all").check()
    expect(page.locator(".rhv-selection")).to_contain_text("2000 selected")
    context.close()


#: Scrolls by 900 px a frame and looks each time whether there is a row in the middle of the window.
SCROLL = """() => new Promise(done => {
    let blank = 0, frames = 0;
    window.scrollTo(0, 500);
    const step = () => {
        const middle = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
        if (!middle?.closest('[data-guest]')) blank += 1;
        frames += 1;
        if (frames === 60) return done({ blank, frames });
        window.scrollBy(0, 900);
        requestAnimationFrame(() => setTimeout(step, 0));
    };
    setTimeout(step, 300);
})"""


def test_hostile_names_are_only_names(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "guests-hostile", "guests")
    assert sorted(names(page)) == sorted(sample.HOSTILE)
    for name in sample.HOSTILE:
        expect(page.get_by_role("checkbox", name=f"Select {name}", exact=True)).to_have_count(1)
    page.get_by_role("button", name=f"Actions for {sample.HOSTILE[0]}").click()
    page.locator("[data-action='power_off']").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Power off {sample.HOSTILE[0]}?")
    look(page, "light-guests-hostile-dialog")
    context.close()


def test_what_is_harmless_is_done_at_once(page: Page, cockpit: LocalCockpit) -> None:
    menu(page, "build-agent")
    page.locator("[data-action='start']").click()
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.locator("[data-run]")).to_have_count(0)
    assert sent(cockpit, "machines.act")[-1] == {"action": "start", "uuids": [UUIDS["build-agent"]]}


def test_what_loses_data_is_asked_about_and_each_result_is_said(page: Page, cockpit: LocalCockpit) -> None:
    count = len(sent(cockpit, "machines.act"))
    select(page, "web-1", "web-2", "database", "legacy")
    page.get_by_role("button", name="More actions").click()
    page.locator("[data-action='power_off']").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Power off 3 guests?")  # one is off already
    expect(dialog).to_contain_text("what has not been written to disk is lost")
    expect(dialog.locator("li")).to_have_text(["database", "web-1", "web-2"])
    page.keyboard.press("Escape")
    assert len(sent(cockpit, "machines.act")) == count
    page.get_by_role("button", name="More actions").click()
    page.locator("[data-action='power_off']").click()
    page.locator("#act-confirm").click()
    outcome = page.locator("[data-run='power_off'][data-run-state='over']")
    expect(outcome).to_contain_text("2 done, 1 failed")
    expect(outcome.locator(f"[data-failed='{UUIDS['web-2']}']")).to_contain_text("QEMU could not run the guest.")
    expect(page.locator(".rhv-selection")).to_have_count(0)
    # What became of it stays while another place is shown.
    page.locator("#nav-engine").click()
    expect(page.locator("main[data-page='engine']")).to_be_visible()
    page.locator("#nav-guests").click()
    expect(outcome).to_be_visible()
    outcome.get_by_role("button", name="Dismiss").click()
    expect(outcome).to_have_count(0)


def test_shutting_down_may_end_by_force(page: Page, cockpit: LocalCockpit) -> None:
    """By a job, which everybody sees until it is dismissed."""
    select(page, "web-1", "web-2", "database")
    page.locator("#selected-shutdown").click()
    page.locator("#act-forced").check()
    page.get_by_role("button", name="More", exact=True).last.click()
    page.locator("#act-confirm").click()
    job = page.locator(f"[data-guest-job='{TASK}']")
    expect(job).to_have_attribute("data-guest-job-state", "running")
    expect(job).to_contain_text("2 of 3 guests still run")
    uuids = [UUIDS[name] for name in ("web-1", "web-2")]  # the database is paused
    assert sent(cockpit, "machines.shut_down")[-1] == {"uuids": uuids, "wait_s": 360}
    row = page.locator(f"[data-guest='{UUIDS['web-1']}'] [data-column='state']")
    expect(row).to_have_text(re.compile("Shut down…"))
    job.get_by_role("button", name="Leave running").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is powered off.")
    page.locator("#confirm-action").click()
    expect(dialog).to_have_count(0)
    assert sent(cockpit, "jobs.cancel")[-1] == {"job": TASK}
    expect(job.get_by_role("link")).to_have_attribute("href", f"#/jobs/{TASK}?from=guests")
    cockpit.show("guests-shut-down")
    expect(job).to_have_attribute("data-guest-job-state", "succeeded")
    job.get_by_role("button", name="Dismiss").click()
    expect(job).to_have_count(0)


def test_what_others_govern_cannot_be_touched(page: Page) -> None:
    for name, owner in (("billing", "Manager"), ("HostedEngine", "Hosted engine")):
        row = page.locator("[data-guest]", has_text=name)
        expect(row.locator("input")).to_be_disabled()
        row.locator(".rhv-guest__menu button").click()
        expect(page.locator("[role='menuitem']")).to_have_text(["Console"])
        page.keyboard.press("Escape")
        expect(row.locator(".rhv-guest__lock")).to_contain_text(owner)
    page.locator("#select-all").check()
    expect(page.locator(".rhv-selection")).to_contain_text("6 selected")
    # Whoever is hidden by a filter is not acted on.
    page.locator("#guest-state").select_option("off")
    expect(page.locator(".rhv-selection")).to_contain_text("2 selected")


def test_where_libvirt_wants_a_password_everything_is_shown_and_nothing_offered(
    browser: Browser, cockpit: LocalCockpit
) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "guests-read-only", "guests")
    expect(page.locator("#libvirt-read-only")).to_contain_text("libvirt lets this page look only")
    assert len(names(page)) == len(UUIDS)
    expect(page.locator(f"[data-guest='{UUIDS['web-1']}'] .rhv-guest__menu button")).to_be_disabled()
    expect(page.locator("#create-guest")).to_be_disabled()
    page.locator(f"[data-guest='{UUIDS['web-1']}'] .rhv-guest__text").click()
    expect(page.locator("#guest-shutdown")).to_be_disabled()
    expect(page.locator("#libvirt-read-only")).to_be_visible()
    expect(page.locator("#console-look-only")).to_contain_text("libvirt lets this page look only")
    expect(page.locator("#show-screen")).to_be_disabled()
    expect(page.locator("#show-serial")).to_be_disabled()
    page.get_by_role("link", name="On a page of its own").click()
    expect(page.locator("[data-console-look-only]")).to_contain_text("libvirt allows no console here")
    expect(page.locator("#console-viewer")).to_be_disabled()
    expect(page.locator("[data-console]")).to_have_count(0)
    context.close()


def test_the_list_follows_the_host(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("guests-unknown")
    expect(page.locator("#libvirt-notice")).to_contain_text("The connection to libvirt was lost.")
    expect(page.locator("[data-guest][data-state='unknown']")).to_have_count(7)
    expect(page.locator("#guest-count")).to_have_text("7 guests")
    cockpit.show("guests")
    expect(page.locator("#libvirt-notice")).to_have_count(0)
    expect(page.locator("[data-guest][data-state='running']")).to_have_count(4)
    cockpit.show("guests-limited")
    expect(page.locator("#limited-access")).to_be_visible()
    expect(page.locator("[data-guest] input:enabled, .rhv-guest__menu button:enabled")).to_have_count(0)
    cockpit.show("before")
    expect(page.locator("[data-empty='none']")).to_be_visible()
