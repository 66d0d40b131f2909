# SPDX-License-Identifier: Apache-2.0
"""The wizard's network step: a fixed address is tried on the host's wire before Next leaves the step."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states.address import NAMELESS, SILENT_GATEWAY, SLOW, TAKEN
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, look, new_context, open_page, see, sent

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


def fixed(page: Page, address: str, gateway: str = "192.0.2.1") -> None:
    page.locator("[data-field='network.mode'][data-value='static']").check()
    page.locator("[data-field='network.address']").fill(f"{address}/24")
    page.locator("[data-field='network.gateway']").fill(gateway)


def trial(page: Page, state: str, verdict: str) -> None:
    expect(page.locator(f"[data-trial='{state}'][data-verdict='{verdict}']")).to_be_visible()


@pytest.mark.parametrize("look_as", FORMS)
def test_an_address_somebody_has(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "before", "deploy/network")
    expect(page.locator("[data-trial]")).to_have_count(0)
    fixed(page, TAKEN)
    trial(page, "idle", "untried")
    see((page, look_as), "deploy-network-untried")
    page.locator("#wizard-next").click()
    trial(page, "done", "refused")
    expect(page.locator("[data-check='address.unused'][data-severity='error']")).to_be_visible()
    expect(page.locator("#network-trial-title")).to_be_focused()
    expect(page.locator("[data-step='network']")).to_be_visible()
    see((page, look_as), "deploy-network-taken")
    # Other answers: what was found is about the old ones.
    page.locator("[data-field='network.address']").fill("192.0.2.40/24")
    trial(page, "stale", "untried")
    expect(page.locator("[data-check='address.unused']")).to_have_count(0)
    page.locator("#wizard-next").click()
    expect(page.locator("[data-step='storage']")).to_be_visible()
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_what_does_not_forbid_to_go_on_is_read_first(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "before", "deploy/network")
    fixed(page, NAMELESS, SILENT_GATEWAY)
    page.locator("#wizard-next").click()
    trial(page, "done", "told")
    for check in ("address.gateway", "name.resolves", "name.reverse"):
        expect(page.locator(f"[data-check='{check}'][data-severity='warning']")).to_be_visible()
    expect(page.locator("[data-step='network']")).to_be_visible()
    see((page, look_as), "deploy-network-told")
    page.locator("#wizard-next").click()
    expect(page.locator("[data-step='storage']")).to_be_visible()
    # Coming back, the answer still stands: nothing of it has changed.
    asked = len(sent(cockpit, "deploy.check_network"))
    page.locator("#wizard-back").click()
    trial(page, "done", "told")
    assert len(sent(cockpit, "deploy.check_network")) == asked
    context.close()


def test_the_check_by_its_own_button_and_cancelled(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "before", "deploy/network")
    page.locator("[data-field='network.mode'][data-value='static']").check()
    expect(page.locator("#network-trial-run")).to_have_attribute("aria-disabled", "true")
    fixed(page, SLOW)
    hold = cockpit.state_file.with_suffix(".hold")
    hold.touch()
    page.locator("#network-trial-run").click()
    trial(page, "running", "running")
    look(page, "light-deploy-network-running")
    # Next waits for what has begun; cancelling stays in the step.
    page.locator("#wizard-next").click()
    page.locator("#network-trial-cancel").click()
    trial(page, "idle", "untried")
    hold.unlink()
    fixed(page, "192.0.2.40")
    page.locator("#network-trial-run").click()
    trial(page, "done", "passed")
    expect(page.locator("[data-step='network']")).to_be_visible()
    look(page, "light-deploy-network-passed")
    page.locator("#wizard-next").click()
    expect(page.locator("[data-step='storage']")).to_be_visible()
    answers = sent(cockpit, "deploy.check_network")[-1]["answers"]
    assert answers["network"]["address"] == "192.0.2.40/24"
    assert set(answers) == {"version", "profile", "engine", "network"}
    context.close()
