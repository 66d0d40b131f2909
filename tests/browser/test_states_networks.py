# SPDX-License-Identifier: Apache-2.0
"""The host's networks on a local Cockpit with a scripted helper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, sent, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

CHANGES = [f"nets-{state}" for state in ("applying", "confirming", "kept", "undone", "lost", "ended")]
STATES = ["before", "nets-plain", "nets-bare", "limited", *CHANGES]


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "before", "networks")
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_every_state_of_the_networks(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    for state in STATES:
        page = open_page(context, cockpit, state, "networks")
        unfold(page)
        look(page, f"{look_as}-{state}-networks")
        if look_as == "es":
            left = english(page.locator("body").inner_text())
            assert not left, f"{state}: in English: {left}"
        page.close()
    context.close()


def test_a_bond_says_which_member_carries_and_which_is_dead(page: Page) -> None:
    bond = page.locator("[data-card='built'] tr[data-row='bond0']")
    expect(bond.locator("[data-member='eno1']")).to_contain_text("carries the traffic")
    expect(bond.locator("[data-member='eno2']")).to_contain_text("No link")
    expect(bond).to_contain_text("mode 1: active-backup")
    expect(page.locator("tr[data-row='eno2'] [data-errors]")).to_have_text("1714 errors")


def test_what_a_bridge_names_and_the_host_lacks_is_gone_and_not_left_out(page: Page) -> None:
    expect(page.locator("tr[data-row='storage'] [data-member='eno9']")).to_contain_text("gone")


def test_a_guest_on_a_bridge_leads_to_its_page(page: Page) -> None:
    row = page.locator("tr[data-row='ovirtmgmt'] td[data-column='guests']")
    expect(row).to_contain_text("and 2 more")
    assert row.locator("a").first.get_attribute("href") == "#/guests/4b0c1a2e-0000-4000-8000-000000000000"


def test_a_host_of_ifupdown_names_the_file_and_the_steps(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("nets-plain")
    expect(page.locator("#no-manager")).to_contain_text("does not run")
    expect(page.locator("tr[data-row='eth0'] td[data-column='owner']")).to_contain_text(
        "/etc/network/interfaces.d/eth0"
    )
    unfold(page)
    expect(page.locator("[data-handover='eth0'] li")).to_have_count(3)
    expect(page.locator("[data-card='libvirt'] [data-error='libvirt.unreachable']")).to_be_visible()


@pytest.mark.parametrize("look_as", FORMS)
def test_each_dialog_for_a_change(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "before", "networks")
    for kind in ("bridge", "bond", "vlan"):
        page.locator(f"#create-{kind}").click()
        page.locator("#net-method").select_option("static")
        look(page, f"{look_as}-nets-create-{kind}", whole=False)
        _speaks(page, look_as)
        page.keyboard.press("Escape")
        expect(page.locator("#edit-confirm")).to_have_count(0)
    page.locator("tr[data-row='enp4s0f0'] td[data-column='actions'] button").click()
    page.locator("#net-method").select_option("static")
    page.locator("#net-address").fill("198.51.100.9/24")
    page.locator("#edit-confirm").click()
    expect(page.locator("#net-address-help")).to_contain_text("52:54:00:01:02:03")
    look(page, f"{look_as}-nets-refused", whole=False)
    _speaks(page, look_as)
    page.keyboard.press("Escape")
    page.locator("#create-bridge").click()
    page.locator("#net-name").fill("guests")
    page.locator("#edit-confirm").click()
    expect(page.locator("[data-preview] li")).to_have_count(2)
    unfold(page)
    look(page, f"{look_as}-nets-review", whole=False)
    _speaks(page, look_as)
    context.close()


def _speaks(page: Page, look_as: str) -> None:
    left = english(page.locator("[role='dialog']").inner_text()) if look_as == "es" else []
    assert not left, f"in English: {left}"


def test_a_bridge_is_shown_before_it_is_made_and_then_confirmed(page: Page, cockpit: LocalCockpit) -> None:
    before = {name: len(sent(cockpit, f"networks.{name}")) for name in ("plan", "change", "confirm")}

    def new(name: str) -> list[dict[str, Any]]:
        return sent(cockpit, f"networks.{name}")[before[name] :]

    page.locator("#create-bridge").click()
    page.locator("#net-name").fill("guests")
    page.locator("#net-on").select_option("enp4s0f0")
    page.locator("#edit-confirm").click()
    expect(page.locator("[data-preview] li")).to_have_count(2)
    assert new("change") == []
    plan = {"kind": "bridge", "name": "guests", "on": ["enp4s0f0"], "addresses": {"method": "keep"}}
    assert new("plan") == [{"plan": plan}]
    page.locator("#edit-confirm").click()
    question = page.locator("[data-change='confirming']")
    expect(question).to_contain_text("The gateway 192.0.2.1 answers.")
    assert new("change") == [{"plan": plan, "confirm_s": 60}]
    expect(page.locator("#create-bridge")).to_be_disabled()
    left = int(page.locator("[data-left]").get_attribute("data-left") or 0)
    assert 45 <= left <= 55
    expect(page.locator(f"[data-left='{left - 2}']")).to_be_visible()
    page.reload()
    page.locator("#keep-change").click()
    expect(page.locator("[data-change='kept']")).to_contain_text("it was confirmed and stays")
    assert new("confirm") == [{"job": "20261123-140000-abcd", "keep": True}]
    expect(page.locator("#create-bridge")).to_be_enabled()


def test_what_was_taken_back_says_why(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("nets-undone")
    banner = page.locator("[data-change='undone']")
    expect(banner).to_contain_text("everything is as before")
    expect(banner).to_contain_text("The gateway 192.0.2.1 could not be reached over guests after the change.")
    banner.get_by_role("button", name="Dismiss").click()
    expect(banner).to_have_count(0)


def test_a_refusal_stands_beside_its_field(page: Page, cockpit: LocalCockpit) -> None:
    before = len(sent(cockpit, "networks.change"))
    page.locator("tr[data-row='enp4s0f0']").get_by_role("button", name="Edit enp4s0f0").click()
    page.locator("#net-method").select_option("static")
    page.locator("#net-address").fill("198.51.100.9/24")
    page.locator("#edit-confirm").click()
    words = page.locator("#net-address-help")
    expect(words).to_contain_text(
        "52:54:00:01:02:03 has the address 198.51.100.9 already. Choose an address nobody has."
    )
    expect(page.locator("#net-address")).to_be_focused()
    assert page.locator("#net-address").get_attribute("aria-invalid") == "true"
    expect(page.locator("[data-error]")).to_have_count(0)
    expect(page.locator("[data-preview]")).to_have_count(0)
    page.locator("#net-address").fill("198.51.100.8/24")
    expect(words).to_have_text("Such as 192.0.2.10/24.")
    assert len(sent(cockpit, "networks.change")) == before


def test_what_an_interface_has_stands_in_the_dialog(page: Page, cockpit: LocalCockpit) -> None:
    before = len(sent(cockpit, "networks.plan"))
    page.locator("tr[data-row='ovirtmgmt'] td[data-column='actions'] button").first.click()
    expect(page.locator("#net-method")).to_have_value("static")
    expect(page.locator("#net-address")).to_have_value("192.0.2.10/24")
    expect(page.locator("#net-gateway")).to_have_value("192.0.2.1")
    page.locator("#net-address").fill("192.0.2.11/24")
    page.locator("#edit-confirm").click()
    expect(page.locator("[data-preview]")).to_be_visible()
    # name servers that nobody typed are not taken away
    wanted = {"method": "static", "address": "192.0.2.11/24", "gateway": "192.0.2.1"}
    plan = {"kind": "addresses", "name": "ovirtmgmt", "addresses": wanted}
    assert sent(cockpit, "networks.plan")[before:] == [{"plan": plan}]
    page.keyboard.press("Escape")
    page.locator("tr[data-row='enp4s0f0'] td[data-column='actions'] button").click()
    expect(page.locator("#net-method")).to_have_value("auto")


def test_a_bad_name_or_number_is_told_as_it_is_typed(page: Page) -> None:
    page.locator("#create-bridge").click()
    for name, words in (("a" * 16, "15 characters at most"), ("my bridge", "begins with a letter"), ("..", "begins")):
        page.locator("#net-name").fill(name)
        expect(page.locator("#net-name-help")).to_contain_text(words)
        expect(page.locator("#edit-confirm")).to_be_disabled()
    page.locator("#net-name").fill("a" * 15)
    expect(page.locator("#edit-confirm")).to_be_enabled()
    page.keyboard.press("Escape")
    page.locator("#create-vlan").click()
    page.locator("#net-on").select_option("enp4s0f0")
    page.locator("#net-tag").fill("100")
    expect(page.locator("#net-name")).to_have_value("enp4s0f0.100")
    for number in ("0", "4095"):
        page.locator("#net-tag").fill(number)
        expect(page.locator("#net-tag-help")).to_contain_text("between 1 and 4094")
        expect(page.locator("#edit-confirm")).to_be_disabled()


def test_what_others_look_after_and_the_engines_bridge_have_no_buttons(page: Page, cockpit: LocalCockpit) -> None:
    for name in ("virbr0", "storage", "eno3"):
        expect(page.locator(f"tr[data-row='{name}'] td[data-column='actions'] button")).to_have_count(0)
    expect(page.locator("tr[data-row='ovirtmgmt'] td[data-column='actions'] button")).to_have_count(2)
    cockpit.show("nets-kept")
    row = page.locator("tr[data-row='ovirtmgmt']")
    expect(row).to_contain_text("the hosted engine is reached over it")
    expect(row.locator("td[data-column='actions'] button")).to_have_count(0)


def test_with_limited_access_nothing_can_be_changed(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("limited")
    expect(page.locator("#limited-access")).to_be_visible()
    expect(page.locator("#create-bridge")).to_be_disabled()
    expect(page.get_by_role("button", name="Edit enp4s0f0")).to_be_disabled()
