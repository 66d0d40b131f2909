# SPDX-License-Identifier: Apache-2.0
"""One guest's page on a local Cockpit with a scripted helper: what it shows in each look, and what its dialogs send."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states import guests as sample
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, sent, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

UUIDS = {one["name"]: one["uuid"] for one in sample.few()}
WEB = UUIDS["web-1"]

#: State of the helper, whose page it is.
VIEWS = [
    ("guests", "web-1"),
    ("guests", "database"),
    ("guests", "build-agent"),
    ("guests", "billing"),
    ("guest-gone", "web-1"),
    ("guests-limited", "web-2"),
    ("libvirt-lost", "web-1"),
]


def address(name: str) -> str:
    return f"guests/{UUIDS[name]}"


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "guests", address("web-1"))
    context.close()


def no_english(page: Page) -> None:
    unfold(page)
    left = english(page.locator("body").inner_text())
    assert not left, f"in English: {left}"


@pytest.mark.parametrize("look_as", FORMS)
def test_every_view_of_a_guest(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    for state, name in VIEWS:
        page = open_page(context, cockpit, state, address(name))
        expect(page.locator(".rhv-card-skeleton")).to_have_count(0)
        look(page, f"{look_as}-guest-{state}-{name}")
        if look_as == "es":
            no_english(page)
        page.close()
    context.close()


DIALOGS = [
    "#edit-vcpus",
    "#edit-memory",
    "#edit-boot",
    "#medium-sda",
    "#snapshot-create",
    "#xml-stored",
    "#guest-remove",
]


@pytest.mark.parametrize("look_as", FORMS)
def test_every_dialog_of_a_guest(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "guests", address("web-1"))
    for opener in DIALOGS:
        page.locator(opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        if opener == "#xml-stored":
            page.locator("#xml-edit").click()
        look(page, f"{look_as}-guest-dialog-{opener[1:]}", whole=False)
        if look_as == "es":
            no_english(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    row = page.locator("[data-row='before the upgrade'] button")
    for number, what in enumerate(("revert", "delete")):
        row.nth(number).click()
        look(page, f"{look_as}-guest-dialog-{what}", whole=False)
        if look_as == "es":
            no_english(page)
        page.keyboard.press("Escape")
    context.close()


def test_from_the_list_and_back_to_it(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "guests", "guests?search=web&sort=-cpu")
    page.get_by_role("link", name="web-1", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="web-1", level=1)).to_be_visible()
    expect(page.locator("#nav-guests")).to_have_attribute("aria-current", "page")
    page.locator("#back").click()
    expect(page).to_have_url(re.compile(r"#/guests\?search=web&sort=-cpu$"))
    expect(page.locator("[data-guest]")).to_have_count(2)
    context.close()


def test_a_guest_that_goes_while_its_page_is_open(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("guest-gone")
    expect(page.locator("[data-empty='gone']")).to_contain_text("web-1 is gone")
    expect(page.locator("[data-error]")).to_have_count(0)
    page.get_by_role("link", name="Show all guests").click()
    expect(page.locator("[data-guest]")).to_have_count(6)


def test_an_address_that_leads_to_no_guest(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "guests", "guests/nobody")
    expect(page.locator("[data-empty='unknown']")).to_be_visible()
    context.close()


def test_what_runs_and_what_is_stored_are_told_apart(page: Page) -> None:
    expect(page.locator("[data-fact='vcpus']")).to_contain_text("2 vCPUs now, 4 vCPUs after the next start")
    expect(page.locator("[data-fact='memory']")).to_contain_text("2 GiB now, 4 GiB after the next start")
    expect(page.locator("[data-fact='boot']")).to_contain_text("after the next start: CD drive sda, Disk vda")
    expect(page.locator("[data-row='disk:sda']")).to_contain_text("after the next start: empty")


def test_bad_numbers_are_answered_before_anything_is_sent(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#edit-vcpus").click()
    save = page.locator("#edit-confirm")
    expect(save).to_be_disabled()  # nothing has changed yet
    for field, value, sentence in (
        ("now", "5", "At most 4 until"),
        ("next", "9", "At most 4."),
        ("most", "999", "At most 288."),
        ("next", "two", "A whole number"),
        ("next", "0", "A whole number"),
    ):
        before = page.locator(f"#amount-{field}").input_value()
        page.locator(f"#amount-{field}").fill(value)
        expect(page.locator(f"#amount-{field}-help")).to_contain_text(sentence)
        expect(save).to_be_disabled()
        page.locator(f"#amount-{field}").fill(before)
    page.locator("#amount-most").fill("16")
    page.locator("#amount-next").fill("6")
    save.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "machines.set_vcpus")[-1] == {"uuid": WEB, "next": 6, "most": 16}


def test_a_medium_is_changed(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#medium-sda").click()
    page.locator("#medium").select_option(label="virtio-win-0.1.271.iso (pool default)")
    page.locator("#medium-next").uncheck()
    page.locator("#edit-confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "machines.change_medium")[-1] == {
        "uuid": WEB,
        "target": "sda",
        "path": "/var/lib/libvirt/images/virtio-win-0.1.271.iso",
        "now": True,
        "next": False,
    }
    page.locator("#medium-sda").click()
    page.locator("#medium").select_option("typed")
    page.locator("#medium-path").fill("relative.iso")
    expect(page.locator("#edit-confirm")).to_be_disabled()
    page.locator("#medium").select_option("")
    page.locator("#edit-confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "machines.change_medium")[-1]["path"] is None


def test_the_boot_order_by_keyboard(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#edit-boot").click()
    items = page.locator("[data-boot]")
    expect(items).to_have_count(3)
    expect(items.first).to_have_attribute("data-boot", "disk:sda")
    page.get_by_role("button", name="Move Disk vda up").focus()
    page.keyboard.press("Enter")
    expect(items.first).to_have_attribute("data-boot", "disk:vda")
    page.locator("#edit-confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "machines.set_boot_order")[-1] == {"uuid": WEB, "order": ["disk:vda", "disk:sda"]}


def test_snapshots_name_what_is_lost(page: Page, cockpit: LocalCockpit) -> None:
    rows = page.locator("[data-card='snapshots'] tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Go back to installed").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("has written to its disks since")
    expect(dialog).to_contain_text("what it holds in memory is lost")
    expect(dialog).to_contain_text("The guest is off afterwards")
    page.keyboard.press("Escape")
    assert not sent(cockpit, "machines.snapshot_revert")
    page.get_by_role("button", name="Delete installed").click()
    page.locator("#delete-children").check()
    expect(dialog).to_contain_text("before the upgrade, upgraded")
    page.locator("#edit-confirm").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-task]")).to_have_count(0)
    assert sent(cockpit, "machines.snapshot_delete")[-1] == {"uuid": WEB, "name": "installed", "children": True}


def test_a_snapshot_that_fails_is_told_of_beside_the_page(page: Page) -> None:
    page.locator("#snapshot-create").click()
    page.locator("#snapshot-name").fill("installed")
    expect(page.locator("#edit-confirm")).to_be_disabled()
    page.locator("#snapshot-name").fill("too large")
    page.locator("#edit-confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    failed = page.locator("[data-error='machine.qemu_failed']")
    expect(failed).to_contain_text("Taking the snapshot too large failed")
    # It stays while another place is shown.
    page.locator("#back").click()
    page.get_by_role("link", name="web-1", exact=True).click()
    failed.get_by_role("button", name="Dismiss").click()
    expect(failed).to_have_count(0)


def test_a_guest_is_removed_and_its_disks_only_when_ticked(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "guests", address("build-agent"))
    page.locator("#guest-remove").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("its saved memory")
    expect(page.locator("#remove-vdb")).to_be_disabled()
    expect(dialog).to_contain_text("The guest web-2 uses it too.")
    expect(page.locator("#edit-confirm")).to_have_text("Remove, keep the disks")
    page.locator("#remove-vda").check()
    expect(page.locator("#edit-confirm")).to_have_text("Remove with 1 disk")
    page.locator("#edit-confirm").click()
    # What could not be deleted is told beside the page, whatever has become of the guest.
    failed = page.locator("[data-error='machine.disks_left']")
    expect(failed).to_contain_text("Removing build-agent failed")
    assert sent(cockpit, "machines.remove")[-1]["paths"] == ["/var/lib/libvirt/images/0002.qcow2"]
    page.locator("#guest-remove").click()
    page.locator("#edit-confirm").click()
    expect(page).to_have_url(re.compile(r"#/guests$"))
    assert sent(cockpit, "machines.remove")[-1] == {"uuid": UUIDS["build-agent"], "paths": []}
    context.close()


def test_a_guest_that_runs_is_not_removed(page: Page, cockpit: LocalCockpit) -> None:
    before = len(sent(cockpit, "machines.remove"))
    page.locator("#guest-remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("The guest is not off")
    expect(page.locator("#edit-confirm")).to_be_disabled()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(sent(cockpit, "machines.remove")) == before


def test_a_definition_that_libvirt_refuses_stays_as_it_was_typed(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#xml-stored").click()
    area = page.locator(".rhv-xml")
    expect(area).to_have_attribute("readonly", "")
    page.locator("#xml-edit").click()
    expect(page.locator("#xml-save")).to_be_disabled()
    area.fill("<domain><nonsense/></domain>")
    page.locator("#xml-save").click()
    expect(page.locator("[data-error='machine.bad_xml']")).to_be_visible()
    expect(area).to_have_value("<domain><nonsense/></domain>")
    area.fill("<domain/>")
    page.locator("#xml-save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "machines.define_xml")[-1] == {"uuid": WEB, "text": "<domain/>", "fingerprint": "0" * 64}


@pytest.mark.parametrize(("state", "name"), [("guests", "billing"), ("guests-limited", "web-1")])
def test_what_may_not_be_changed_can_only_be_looked_at(
    browser: Browser, cockpit: LocalCockpit, state: str, name: str
) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, state, address(name))
    for button in ("#edit-vcpus", "#edit-memory", "#edit-boot", "#medium-sda", "#snapshot-create"):
        expect(page.locator(button)).to_be_disabled()
    page.locator("#xml-stored").click()
    expect(page.locator("#xml-edit")).to_be_disabled()
    context.close()


def test_the_same_actions_as_in_the_list(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#guest-shutdown").click()
    expect(page.get_by_role("dialog")).to_contain_text("Shut down web-1?")
    page.locator("#act-confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "machines.act")[-1] == {"action": "shutdown", "uuids": [WEB]}
    page.get_by_role("button", name="Actions for web-1").click()
    page.locator("[data-action='pause']").click()
    expect(page.get_by_role("menu")).to_have_count(0)
    assert sent(cockpit, "machines.act")[-1] == {"action": "pause", "uuids": [WEB]}
