# SPDX-License-Identifier: Apache-2.0
"""The host's networks on a local Cockpit with a scripted helper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

STATES = ["before", "nets-plain", "nets-bare", "limited"]


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
