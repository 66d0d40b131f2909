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
    "#disk-add",
    "#disk-remove-vda",
    "#nic-add",
    "[data-card='nics'] tbody tr:first-child button >> nth=0",
    "[data-card='nics'] tbody tr:first-child button >> nth=1",
]


@pytest.mark.parametrize("look_as", FORMS)
def test_every_dialog_of_a_guest(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "guests", address("web-1"))
    for number, opener in enumerate(DIALOGS):
        page.locator(opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.get_by_role("dialog").locator(".pf-v6-c-skeleton")).to_have_count(0)
        if opener == "#xml-stored":
            page.locator("#xml-edit").click()
        look(page, f"{look_as}-guest-dialog-{opener[1:] if opener.startswith('#') else f'nic-{number}'}", whole=False)
        if look_as == "es":
            no_english(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#disk-add").click()
    page.locator("#disk-kind").select_option("existing")
    page.locator("#disk-image").select_option("")
    page.locator("#disk-path").fill("relative")
    page.locator("#disk-bus").select_option("sata")
    look(page, f"{look_as}-guest-dialog-disk-existing", whole=False)
    if look_as == "es":
        no_english(page)
    page.keyboard.press("Escape")
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


def test_a_new_disk_is_added(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#disk-add").click()
    dialog, confirm = page.get_by_role("dialog"), page.locator("#edit-confirm")
    expect(page.locator("#disk-name")).to_have_value("web-1-2.qcow2")
    for field, value in (
        ("size", "0"),
        ("size", "1.5"),
        ("size", "65537"),
        ("name", "a/b"),
        ("name", ".x"),
        ("name", ""),
    ):
        before = page.locator(f"#disk-{field}").input_value()
        page.locator(f"#disk-{field}").fill(value)
        expect(confirm).to_be_disabled()
        page.locator(f"#disk-{field}").fill(before)
    page.locator("#disk-name").fill("taken.qcow2")
    confirm.click()
    expect(dialog.locator("[data-error='image.exists']")).to_be_visible()
    expect(page.locator("#disk-name")).to_have_value("taken.qcow2")
    page.locator("#disk-name").fill("data.qcow2")
    page.locator("#disk-size").fill("100")
    page.locator("#disk-next").uncheck()
    confirm.click()
    expect(dialog).to_have_count(0)
    create = {"pool": "default", "name": "data.qcow2", "size_gib": 100}
    answers = {"uuid": WEB, "bus": "virtio", "format": "qcow2", "create": create, "now": True, "next": False}
    assert sent(cockpit, "machines.add_disk")[-1] == answers
    page.locator("#disk-add").click()
    page.locator("#disk-pool").select_option("")
    expect(confirm).to_be_disabled()
    page.locator("#disk-folder").fill("/srv/fast")
    page.locator("#disk-format").select_option("raw")
    page.locator("#disk-bus").select_option("sata")
    expect(page.locator("#disk-now")).to_be_disabled()
    expect(page.locator("#disk-now")).not_to_be_checked()
    confirm.click()
    expect(dialog).to_have_count(0)
    create = {"folder": "/srv/fast", "name": "web-1-2.img", "size_gib": 20}
    answers = {"uuid": WEB, "bus": "sata", "format": "raw", "create": create, "now": False, "next": True}
    assert sent(cockpit, "machines.add_disk")[-1] == answers


def test_an_existing_image_is_added(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#disk-add").click()
    page.locator("#disk-kind").select_option("existing")
    used = page.locator("#disk-image option", has_text="web-2.qcow2")
    expect(used).to_have_attribute("disabled", "")
    expect(used).to_contain_text("The guest web-2 uses it too.")
    page.locator("#disk-image").select_option("/var/lib/libvirt/images/scratch.img")
    page.locator("#edit-confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    path = "/var/lib/libvirt/images/scratch.img"
    answers = {"uuid": WEB, "bus": "virtio", "format": "raw", "path": path, "now": True, "next": True}
    assert sent(cockpit, "machines.add_disk")[-1] == answers


def test_a_disk_is_removed_and_its_image_only_when_ticked(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#disk-remove-vda").click()
    dialog, confirm = page.get_by_role("dialog"), page.locator("#edit-confirm")
    expect(dialog).to_contain_text("Its image stays where it is")
    expect(confirm).to_have_text("Remove, keep the image")
    page.locator("#remove-image").check()
    expect(confirm).to_have_text("Remove and delete the image")
    expect(dialog).to_contain_text("cannot go back to its snapshots")
    page.locator("#remove-now").uncheck()
    expect(page.locator("#remove-image")).to_be_disabled()
    expect(page.locator("#remove-image")).not_to_be_checked()
    confirm.click()
    expect(dialog).to_have_count(0)
    gone = {"uuid": WEB, "target": "vda", "now": False, "next": True, "delete": False}
    assert sent(cockpit, "machines.remove_disk")[-1] == gone
    page.locator("#disk-remove-vda").click()
    page.locator("#remove-image").check()
    confirm.click()
    expect(dialog.locator("[data-error='device.held']")).to_be_visible()
    assert sent(cockpit, "machines.remove_disk")[-1] == {**gone, "now": True, "delete": True}


def test_network_cards_are_added_unplugged_and_removed(page: Page, cockpit: LocalCockpit) -> None:
    rows = page.locator("[data-card='nics'] tbody tr")
    expect(rows.nth(0)).to_contain_text("after the next start: unplugged")
    expect(rows.nth(1)).to_contain_text("from the next start on")
    page.locator("#nic-add").click()
    dialog, confirm = page.get_by_role("dialog"), page.locator("#edit-confirm")
    page.locator("#nic-mac").fill("53:54:00:00:00:01")
    expect(confirm).to_be_disabled()
    page.locator("#nic-mac").fill("")
    page.locator("#nic-plug").select_option("bridge:br0")
    confirm.click()
    expect(dialog).to_have_count(0)
    card = {"uuid": WEB, "kind": "bridge", "source": "br0", "model": "virtio", "mac": None, "now": True, "next": True}
    assert sent(cockpit, "machines.add_nic")[-1] == card
    mac = sample.few()[0]["macs"][0]
    rows.nth(0).get_by_role("button", name=f"Unplug {mac}").click()
    page.locator("#link-next").uncheck()
    confirm.click()
    expect(dialog).to_have_count(0)
    assert sent(cockpit, "machines.set_link")[-1] == {"uuid": WEB, "mac": mac, "up": False, "now": True, "next": False}
    rows.nth(1).get_by_role("button", name="Remove 52:54:00:0a:0b:0c").click()
    confirm.click()
    expect(dialog).to_have_count(0)
    gone = {"uuid": WEB, "mac": "52:54:00:0a:0b:0c", "now": False, "next": True}
    assert sent(cockpit, "machines.remove_nic")[-1] == gone


def test_the_boot_order_by_keyboard(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#edit-boot").click()
    items = page.locator("[data-boot]")
    expect(items).to_have_count(4)
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
    for button in (
        "#edit-vcpus",
        "#edit-memory",
        "#edit-boot",
        "#medium-sda",
        "#snapshot-create",
        "#disk-add",
        "#nic-add",
    ):
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


@pytest.mark.parametrize("look_as", FORMS)
def test_a_snapshot_with_memory_is_a_job_that_everybody_sees(
    browser: Browser, cockpit: LocalCockpit, look_as: str
) -> None:
    context = new_context(browser, cockpit, look_as)
    for state, shown in (
        ("guest-snapshot", "running"),
        ("guest-snapshot-failed", "interrupted"),
        ("guest-snapshot-cancelled", "cancelled"),
    ):
        page = open_page(context, cockpit, state, f"guests/{WEB}")
        expect(page.locator(f"[data-guest-job-state='{shown}']")).to_be_visible()
        look(page, f"{look_as}-{state}")
        if look_as == "es":
            left = english(page.locator("main").inner_text())
            assert not left, f"in English: {left}"
        page.close()
    context.close()


def test_while_a_snapshot_is_taken_no_other_is(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("guest-snapshot")
    job = page.locator("[data-guest-job-state='running']")
    expect(job).to_contain_text("Take the snapshot “before the upgrade” of web-1")
    expect(job).to_contain_text("700 MiB of 2 GiB")
    expect(page.locator("#snapshot-create")).to_be_disabled()
    job.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_contain_text("libvirt is asked to stop.")
    page.keyboard.press("Escape")
    cockpit.show("guest-snapshot-cancelled")
    expect(page.locator("#snapshot-create")).to_be_enabled()
