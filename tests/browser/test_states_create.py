# SPDX-License-Identifier: Apache-2.0
"""A guest is created and cloned on a local Cockpit with a scripted helper: each look, what is sent, what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states import guests as sample
from tests.browser.fake_states.create import NEW
from tests.browser.fake_states.texts import TASK
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

DATABASE = next(one["uuid"] for one in sample.few() if one["name"] == "database")


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "guests", "guests")
    context.close()


def no_english(page: Page) -> None:
    left = english(page.locator("main").inner_text())
    assert not left, f"in English: {left}"


@pytest.mark.parametrize("look_as", FORMS)
def test_every_look(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "guests", "guests/new")
    look(page, f"{look_as}-create")
    page.locator("#create-source-image").check()
    page.locator("#create-seeded").check()
    page.locator("#create-disk").fill("many")
    page.locator("#create-folder").select_option("/dev/vg_guests")
    page.locator("#create-confirm").click()
    expect(page.locator("[data-problem]")).to_have_count(3)
    look(page, f"{look_as}-create-problems")
    if look_as == "es":
        no_english(page)
    page.close()
    page = open_page(context, cockpit, "guests", f"guests/{DATABASE}/clone")
    look(page, f"{look_as}-clone")
    if look_as == "es":
        no_english(page)
    page.close()
    page = open_page(context, cockpit, "guests-limited", "guests/new")
    expect(page.locator("#create-confirm")).to_be_disabled()
    look(page, f"{look_as}-create-limited")
    page.close()
    context.close()


def test_a_name_and_an_iso_are_all_it_takes(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#create-guest").click()
    page.locator("#create-name").fill("taken")
    page.locator("#create-path").select_option(index=1)
    page.locator("#create-name").press("Enter")
    expect(page.locator("[data-problem='create-name']")).to_contain_text("There is a guest called taken already.")
    expect(page.locator("#create-name")).to_be_focused()
    page.locator("#create-name").fill('web <2> "new"')
    page.locator("#create-confirm").click()
    page.wait_for_url(re.compile(rf"#/guests/{NEW}$"))
    assert sent(cockpit, "machines.create")[-1] == {
        "name": 'web <2> "new"',
        "source": {"kind": "iso", "path": "/var/lib/libvirt/images/debian-13.2.0-amd64-netinst.iso"},
        "folder": "/var/lib/libvirt/images",
        "disk_gib": 20,
        "memory_mib": 2048,
        "vcpus": 2,
        "network": {"kind": "network", "name": "default"},
        "firmware": "bios",
        "autostart": False,
        "start": True,
        "cloud": None,
    }


def test_a_disk_that_is_a_device_says_so(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#create-guest").click()
    page.locator("#create-name").fill("web")
    page.locator("#create-source-empty").check()
    expect(page.locator("#create-disk-help")).to_contain_text("only as the guest fills it")
    page.locator("#create-folder").select_option("/dev/vg_guests")
    expect(page.locator("#create-folder-help")).to_contain_text("What lay there before is not erased")
    expect(page.locator("#create-disk-help")).to_have_text("")
    page.locator("#create-confirm").click()
    page.wait_for_url(re.compile(rf"#/guests/{NEW}$"))
    assert sent(cockpit, "machines.create")[-1]["folder"] == "/dev/vg_guests"


def test_a_cloud_image_is_copied_by_a_job(page: Page, cockpit: LocalCockpit) -> None:
    page.locator("#create-guest").click()
    page.locator("#create-name").fill("Web Öne")
    page.locator("#create-source-image").check()
    page.locator("#create-path").select_option(index=1)
    page.locator("#create-disk").fill("")
    page.locator("#create-seeded").check()
    page.locator("#create-key").fill("ssh-ed25519 AAAA me@home")
    page.locator("#create-confirm").click()
    page.wait_for_url(re.compile(rf"#/jobs/{TASK}\?from=guests$"))
    params = sent(cockpit, "machines.create")[-1]
    assert params["disk_gib"] is None
    key = "ssh-ed25519 AAAA me@home"
    assert params["cloud"] == {"hostname": "web-one", "user": "admin", "ssh_key": key, "password": ""}


def test_a_guest_is_cloned_from_its_row(page: Page, cockpit: LocalCockpit) -> None:
    page.locator(f"tr[data-guest='{DATABASE}'] .rhv-guest__menu button").click()
    page.locator("[data-action='clone']").click()
    expect(page.locator("#clone-name")).to_have_value("database-clone")
    expect(page.locator("#clone-disks")).to_contain_text("2 snapshots stay with the original")
    page.locator("#clone-name").fill("taken")
    page.locator("#clone-confirm").click()
    expect(page.locator("[data-problem='clone-name']")).to_be_visible()
    page.locator("#clone-name").fill("copy")
    page.locator("#clone-confirm").click()
    page.wait_for_url(re.compile(rf"#/jobs/{TASK}\?from=guests$"))
    assert sent(cockpit, "machines.clone")[-1] == {"uuid": DATABASE, "name": "copy", "folder": "/srv", "start": False}


@pytest.mark.parametrize("look_as", FORMS)
def test_a_guest_that_was_made_is_one_click_away(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "guest-made", f"jobs/{TASK}?from=guests")
    expect(page.locator("#job-next")).to_have_attribute("href", "#/guests")
    look(page, f"{look_as}-create-done")
    if look_as == "es":
        no_english(page)
    page.locator("#job-guest").click()
    page.wait_for_url(re.compile(rf"#/guests/{sample.few()[0]['uuid']}$"))
    expect(page.locator("main[data-page='guest'][data-state='ready'] h1")).to_have_text("web-1")
    context.close()
