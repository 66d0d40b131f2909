# SPDX-License-Identifier: Apache-2.0
"""A bridge that is made from inside the wizard: nothing typed is lost, and afterwards it is chosen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, new_context, open_page, see, sent

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


def ask_for(page: Page, name: str) -> None:
    page.locator("#make-bridge").click()
    page.locator("#net-name").fill(name)
    page.locator("#net-on").select_option("enp4s0f0")
    page.locator("#edit-confirm").click()
    expect(page.locator("[data-preview] li")).to_have_count(2)


@pytest.mark.parametrize("look_as", FORMS)
def test_a_bridge_is_made_confirmed_and_chosen(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "before", "deploy/network")
    page.locator("[data-field='network.mode'][data-value='static']").check()
    page.locator("[data-field='network.address']").fill("192.0.2.40/24")
    expect(page.locator("#make-bridge")).to_be_enabled()
    see((page, look_as), "deploy-bridge-offered")
    ask_for(page, "guests")
    see((page, look_as), "deploy-bridge-review", whole=False)
    forms = len(sent(cockpit, "deploy.form"))
    page.locator("#edit-confirm").click()
    expect(page.locator("[data-change='confirming']")).to_be_visible()
    expect(page.locator("#make-bridge")).to_be_disabled()
    expect(page.locator("[data-field='network.name']")).to_have_value("br0")
    see((page, look_as), "deploy-bridge-question", whole=False)
    page.locator("#keep-change").click()
    expect(page.locator("[data-field='network.name.other']")).to_have_value("guests")
    expect(page.locator("[data-change='kept']")).to_be_visible()
    expect(page.locator("[data-field='network.address']")).to_have_value("192.0.2.40/24")
    see((page, look_as), "deploy-bridge-made", whole=False)
    assert len(sent(cockpit, "deploy.form")) == forms + 1, "the choices are read anew"
    context.close()


def test_a_bridge_that_was_taken_back_is_not_chosen(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "before", "deploy/network")
    ask_for(page, "guests")
    page.locator("#edit-confirm").click()
    expect(page.locator("[data-change='confirming']")).to_be_visible()
    cockpit.show("nets-undone")
    expect(page.locator("[data-change='undone']")).to_contain_text("everything is as before")
    expect(page.locator("[data-field='network.name']")).to_have_value("br0")
    expect(page.locator("#make-bridge")).to_be_enabled()
    context.close()


def test_the_question_is_asked_in_whichever_step_one_is(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "before", "deploy/network")
    ask_for(page, "guests")
    page.locator("#edit-confirm").click()
    expect(page.locator("[data-change='confirming']")).to_be_visible()
    page.locator("#wizard-next").click()
    expect(page.locator("[data-step='storage']")).to_be_visible()
    page.locator("#keep-change").click()
    expect(page.locator("[data-change]")).to_have_count(0)
    page.locator("#wizard-back").click()
    expect(page.locator("[data-field='network.name.other']")).to_have_value("guests")
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_a_host_that_cannot_make_one_says_why(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    reasons = {
        "nets-plain": "#no-bridge-maker",
        "nets-owned": "#no-bridge-maker li:has-text('eth0')",
        "nets-bare": "[data-error='networks.command']",
        "limited": "#make-bridge:disabled",
    }
    for state, reason in reasons.items():
        page = open_page(context, cockpit, state, "deploy/network")
        expect(page.locator(reason)).to_be_visible()
        expect(page.locator("#make-bridge:enabled")).to_have_count(0)
        see((page, look_as), f"deploy-bridge-{state}")
        page.close()
    context.close()
