# SPDX-License-Identifier: Apache-2.0
"""The storage pages on a local Cockpit with a scripted helper: what they show in each look, and what they send."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states import luns, storage
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, sent, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

#: State of the helper, address of the page.
VIEWS = [
    ("storage", "storage"),
    ("storage-limited", "storage"),
    ("storage-none", "storage"),
    ("libvirt-lost", "storage"),
    ("storage", f"storage/{storage.LOCAL}"),
    ("storage", f"storage/{storage.NFS}"),
    ("storage", f"storage/{storage.DEAD}"),
    ("storage", f"storage/{storage.OFF}"),
    ("storage", f"storage/{storage.LOST}"),
    ("storage-none", f"storage/{storage.LOCAL}"),
]
NAMES = {one["uuid"]: one["name"] for one in storage.some()}


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "storage", f"storage/{storage.LOCAL}")
    context.close()


def no_english(page: Page) -> None:
    unfold(page)
    left = english(page.locator("body").inner_text())
    assert not left, f"in English: {left}"


@pytest.mark.parametrize("look_as", FORMS)
def test_every_view_of_storage(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    for state, address in VIEWS:
        page = open_page(context, cockpit, state, address)
        expect(page.locator(".rhv-card-skeleton, .pf-v6-c-skeleton")).to_have_count(0)
        _, _, uuid = address.partition("/")
        look(page, f"{look_as}-storage-{state}-{NAMES.get(uuid, 'list')}")
        if look_as == "es":
            no_english(page)
        page.close()
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_every_dialog_of_storage(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "storage", "storage")
    page.locator("#create-pool").click()
    for kind in ("dir", "netfs", "iscsi", "logical"):
        page.locator("#pool-kind").select_option(kind)
        look(page, f"{look_as}-storage-dialog-create-{kind}", whole=False)
        if look_as == "es":
            no_english(page)
    page.keyboard.press("Escape")
    page.goto(f"{cockpit.url}#/storage/{storage.LOCAL}")
    for opener in ("#pool-deactivate", "#create-volume", "[data-remove='debian-13.qcow2']"):
        page.locator(opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        look(page, f"{look_as}-storage-dialog-{opener.strip('#[]').partition('=')[0]}", whole=False)
        if look_as == "es":
            no_english(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    context.close()


def test_the_dead_one_says_so_and_the_others_are_as_they_are(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "storage", "storage")
    rows = page.locator("[data-card='pools'] tbody tr")
    expect(rows).to_have_count(6)
    states = {one: page.locator(f"tr[data-row='{one}'] .rhv-status").inner_text() for one in NAMES}
    assert states[storage.DEAD] == "does not answer"
    assert states[storage.LOCAL] == states[storage.NFS] == "active"
    expect(page.locator(f"tr[data-row='{storage.DEAD}'] [data-column='full']")).to_contain_text("last known: 64 GiB")
    expect(page.locator(f"tr[data-row='{storage.NFS}'] [data-column='answer']")).to_contain_text("1.4 ms")
    context.close()


def test_a_domain_is_added(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "storage", "storage")
    page.locator("#create-pool").click()
    page.locator("#pool-kind").select_option("netfs")
    page.locator("#pool-name").fill("shared2")
    page.locator("#pool-source").fill("/export/two")
    expect(page.locator("#edit-confirm")).to_be_disabled()  # without a server
    page.locator("#pool-host").fill("nfs1.example.org")
    page.locator("#pool-version").select_option("4.2")
    page.locator("#edit-confirm").click()
    expect(page.locator("main[data-page='pool']")).to_be_visible()
    assert sent(cockpit, "storage.create")[-1] == {
        "name": "shared2",
        "kind": "netfs",
        "autostart": True,
        "source": "/export/two",
        "target": "/var/lib/libvirt/storage/shared2",
        "host": "nfs1.example.org",
        "nfs_version": "4.2",
    }
    context.close()


def test_an_iscsi_domain_with_a_port_that_is_none(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "storage", "storage")
    page.locator("#create-pool").click()
    page.locator("#pool-kind").select_option("iscsi")
    page.locator("#pool-name").fill("x")
    page.locator("#pool-host").fill("::1")
    page.locator("#pool-source").fill("iqn.2024-01.org.example:x")
    expect(page.locator("#edit-confirm")).to_be_enabled()
    page.locator("#pool-port").fill("65536")
    expect(page.locator("#edit-confirm")).to_be_disabled()
    expect(page.get_by_text("A port is a number from 1 to 65535.")).to_be_visible()
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_luns_that_hold_data_are_named_and_confirmed(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "storage", "storage")
    page.locator("#create-pool").click()
    page.locator("#pool-kind").select_option("iscsi")
    page.locator("#pool-name").fill("san")
    expect(page.locator("#find-targets")).to_have_attribute("aria-disabled", "true")
    page.locator("#pool-host").fill("2001:db8::7")
    page.locator("#find-targets").click()
    page.locator("#pool-targets").select_option(luns.TARGET)
    assert sent(cockpit, "storage.discover")[-1] == {"portal": "[2001:db8::7]:3260"}
    expect(page.locator("#pool-source")).to_have_value(luns.TARGET)
    expect(page.locator("#edit-confirm")).to_be_enabled()
    page.locator("#show-luns").click()
    expect(page.locator("[data-luns='3'] tbody tr")).to_have_count(3)
    assert sent(cockpit, "storage.luns")[-1] == {"portals": ["[2001:db8::7]:3260"], "target": luns.TARGET}
    expect(page.locator("[data-held]")).to_contain_text("payroll")
    expect(page.locator("#edit-confirm")).to_be_disabled()
    page.locator("[data-held]").scroll_into_view_if_needed()
    look(page, f"{look_as}-storage-luns", whole=False)
    if look_as == "es":
        no_english(page)
    page.locator("#pool-held").check()
    expect(page.locator("#edit-confirm")).to_be_enabled()
    # another target: what was confirmed was something else
    page.locator("#pool-targets").select_option("iqn.2024-01.com.example:backup")
    expect(page.locator("[data-luns]")).to_have_count(0)
    page.locator("#show-luns").click()
    expect(page.locator("[data-luns='1']")).to_be_visible()
    expect(page.locator("[data-held]")).to_have_count(0)
    context.close()


def test_what_is_done_with_a_domain(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#pool-autostart_off").click()
    expect(page.locator("#pool-refresh")).to_be_enabled()
    page.locator("#pool-deactivate").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("database, web-1")
    expect(dialog).to_contain_text("/var/lib/libvirt/images")
    page.locator("#confirm-action").click()
    expect(dialog).to_have_count(0)
    actions = [params["action"] for params in sent(cockpit, "storage.act")]
    assert actions[-2:] == ["autostart_off", "deactivate"]


def test_a_domain_that_is_off_is_removed(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "storage", f"storage/{storage.OFF}")
    expect(page.locator("#pool-deactivate")).to_have_count(0)
    page.locator("#pool-remove").click()
    expect(page.get_by_role("dialog")).to_contain_text("stays where it is: 192.0.2.9:iqn.2024-01.org.example:backup")
    page.locator("#confirm-action").click()
    expect(page.locator("main[data-page='storage']")).to_be_visible()
    assert sent(cockpit, "storage.act")[-1] == {"pool": storage.OFF, "action": "remove"}
    context.close()


def test_a_volume_is_made_and_one_that_is_needed_stays(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#create-volume").click()
    page.locator("#volume-name").fill("new.qcow2")
    page.locator("#volume-size").fill("0")
    expect(page.locator("#edit-confirm")).to_be_disabled()
    page.locator("#volume-size").fill("1,5")
    page.locator("#edit-confirm").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "storage.volume_create")[-1] == {
        "pool": storage.LOCAL,
        "name": "new.qcow2",
        "format": "qcow2",
        "capacity_bytes": 3 * storage.GIB // 2,
        "full": False,
    }
    expect(page.locator("[data-remove='web-1.qcow2']")).to_be_disabled()  # a guest uses it
    page.locator("[data-remove='debian-13.qcow2']").click()
    page.locator("#confirm-action").click()
    expect(page.get_by_role("dialog")).to_contain_text("The volume web-1.qcow2 is based on it.")


def test_a_thousand_volumes_are_filtered(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "storage-many", f"storage/{storage.LOCAL}")
    rows = page.locator("[data-card='volumes'] tbody tr")
    expect(rows).to_have_count(200)
    page.locator("#volume-filter").fill("0999")
    expect(rows).to_have_count(1)
    page.locator("#volume-filter").fill("nothing")
    expect(rows).to_have_count(0)
    context.close()


def test_without_administrative_access_one_can_look(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "storage-limited", f"storage/{storage.LOCAL}")
    for button in ("#pool-deactivate", "#pool-refresh", "#create-volume", "[data-remove='debian-13.qcow2']"):
        expect(page.locator(button)).to_be_disabled()
    context.close()


def arrived(cockpit: LocalCockpit, name: str) -> Path:
    return cockpit.state_file.with_suffix(".folder") / name


def choose(page: Page, path: Path) -> None:
    page.locator("#upload").click()
    page.locator("#upload-file").set_input_files(path)
    expect(page.locator("#upload-name")).to_have_value(path.name)
    page.locator("#edit-confirm").click()


def test_a_file_is_uploaded_and_its_name_is_taken_then(page: Page, cockpit: LocalCockpit, tmp_path: Path) -> None:
    path = tmp_path / "small.iso"
    path.write_bytes(os.urandom(5 * 1024 * 1024 + 7))
    choose(page, path)
    expect(page.locator("[data-upload='done']")).to_be_visible()
    assert arrived(cockpit, "small.iso").read_bytes() == path.read_bytes()
    choose(page, path)
    expect(page.get_by_role("dialog")).to_contain_text("There is a volume of this name already.")
    look(page, "light-storage-upload-refused", whole=False)


@pytest.mark.parametrize("look_as", FORMS)
def test_an_upload_is_broken_off_and_goes_on(
    browser: Browser, cockpit: LocalCockpit, tmp_path: Path, look_as: str
) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "storage", f"storage/{storage.LOCAL}")
    path = tmp_path / f"large-{look_as}.iso"
    path.write_bytes(os.urandom(48 * 1024 * 1024))
    choose(page, path)
    part = arrived(cockpit, f".{path.name}.rhv-upload.part")
    while not part.exists() or part.stat().st_size < 4 * 1024 * 1024:
        page.wait_for_timeout(20)
    program = int(cockpit.state_file.with_suffix(".upload-pid").read_text())
    os.kill(program, signal.SIGKILL)
    expect(page.locator("[data-upload='waiting']")).to_be_visible()
    left = part.stat().st_size
    assert 4 * 1024 * 1024 <= left < path.stat().st_size
    look(page, f"{look_as}-storage-upload", whole=False)
    if look_as == "es":
        no_english(page)
    expect(page.locator("[data-upload='done']")).to_be_visible(timeout=60_000)
    assert arrived(cockpit, path.name).read_bytes() == path.read_bytes()
    assert not part.exists()
    if look_as == "es":
        no_english(page)
    context.close()


def test_an_upload_is_cancelled(page: Page, cockpit: LocalCockpit, tmp_path: Path) -> None:
    path = tmp_path / "cancelled.iso"
    with path.open("wb") as file:
        file.truncate(512 * 1024 * 1024)
    choose(page, path)
    part = arrived(cockpit, ".cancelled.iso.rhv-upload.part")
    while not part.exists() or part.stat().st_size < 1024 * 1024:
        page.wait_for_timeout(20)
    page.locator("[data-upload='running'] button").click()
    expect(page.locator("[data-upload='cancelled']")).to_be_visible()
    assert not part.exists()
    assert not arrived(cockpit, "cancelled.iso").exists()
