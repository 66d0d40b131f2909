# SPDX-License-Identifier: Apache-2.0
"""The page in each of its states, on a local Cockpit with a scripted helper: what it says, how it looks, what it sends.

Screenshots go to build/screenshots/page-<form>-<state>.png.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states import CLEANUP, JOB, STATES, TASK, UPGRADE, form, plans, report
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import (
    FORMS,
    PASSWORD,
    catalogue,
    english,
    look,
    new_context,
    open_page,
    sent,
    unfold,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: State of the helper, address in the page.
VIEWS = [
    ("ill", "overview"),
    ("starting-pool", "overview"),
    ("cured", "overview"),
    ("deployed", "overview"),
    ("blind", "overview"),
    ("ovirt", "overview"),
    ("checking", "overview"),
    ("unchecked", "overview"),
    ("before", "engine"),
    ("emulated", "engine"),
    ("limited", "engine"),
    ("no-libvirt", "engine"),
    ("skew", "engine"),
    ("emulated", "deploy/engine"),
    ("emulated", "deploy/network"),
    ("before", "deploy/storage"),
    ("refused", "deploy/review"),
    ("limited", "deploy/review"),
    ("running", "engine"),
    ("failed", "engine"),
    ("limited-failed", "engine"),
    ("interrupted", "engine"),
    ("silent", "engine"),
    ("cancelled", "engine"),
    ("blocked", "engine"),
    ("mended", f"jobs/{TASK}?from={JOB}"),
    ("unmended", f"jobs/{TASK}?from={JOB}"),
    ("unresolved", "deploy/review"),
    ("cleaning", "engine"),
    ("cleaning", f"jobs/{CLEANUP}"),
    ("cleanup-failed", f"jobs/{CLEANUP}"),
    ("cleaned", f"jobs/{CLEANUP}"),
    ("cleaned", f"jobs/{JOB}"),
    ("cleaned", "engine"),
    ("upgrade-failed", f"jobs/{UPGRADE}"),
    ("upgraded", f"jobs/{UPGRADE}"),
    ("upgraded", "engine"),
    ("newer", "engine"),
    ("removing", "engine"),
    ("damaged", "engine"),
    ("libvirt-stopped", "engine"),
    ("failed", f"deploy/network?resume={JOB}"),
    ("failed", f"deploy/review?resume={JOB}"),
    ("limited-failed", f"deploy/engine?resume={JOB}"),
    ("deployed", f"jobs/{JOB}"),
    ("deployed", "engine"),
    ("starting", "engine"),
    ("stopped", "engine"),
]
pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "before")
    context.close()


def test_the_scripted_helper_says_what_the_real_one_says() -> None:
    """Else the states would be tested with texts that nobody translates."""
    known = {entry.msgid for entry in catalogue()}

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if "id" in value and isinstance(value.get("text"), str):
                yield value["text"]
            for member in value.values():
                yield from texts(member)
        elif isinstance(value, list):
            for element in value:
                yield from texts(element)

    def said(topic: Callable[[], Any]) -> Any:
        try:
            return topic()
        except plans.Refused as refused:
            return refused.error

    for make in STATES.values():
        state = make()
        plan = plans.cleanup_plan(state.cleanup)
        for answer in (
            *(said(topic) for topic in state.topics.values()),
            form(state.kvm),
            report(state.preflight),
            plan,
        ):
            assert set(texts(answer)) <= known
    assert set(texts([plans.resume_plan({}, True), plans.changed()])) <= known


@pytest.mark.parametrize("look_as", FORMS)
def test_every_view(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    for state, address in VIEWS:
        page = open_page(context, cockpit, state, address)
        if "review" in address:
            expect(page.locator("[data-preflight='done'], [data-plan='done']")).to_be_visible()
        look(page, "-".join([look_as, state, *re.findall(r"[\w-]+", address)]))
        if look_as == "es":
            assert page.evaluate("document.documentElement.lang") == "es"
            unfold(page)
            left = english(page.locator("body").inner_text())
            assert not left, f"{state} {address}: in English: {left}"
        page.close()
    context.close()


def test_only_the_password_must_be_typed(page: Page, cockpit: LocalCockpit) -> None:
    """From the explanation to a running deployment with the keyboard only."""
    page.locator("#deploy-engine").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step='engine']")).to_be_visible()
    page.locator("#wizard-next").click()
    # Next says what is missing and puts the cursor there.
    expect(page.locator("[data-field='secrets.admin_password']")).to_be_focused()
    expect(page.locator("[data-problem='secrets.admin_password']")).to_be_visible()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    for step in ("network", "storage", "review"):
        page.locator("#wizard-next").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"[data-step='{step}']")).to_be_visible()
    expect(page.locator("[data-answer='engine.fqdn']")).to_have_attribute("data-origin", "detected")
    expect(page.locator("[data-answer='engine.vcpus']")).to_have_attribute("data-origin", "default")
    expect(page.locator("body")).not_to_contain_text(PASSWORD)
    # A warning of the preflight does not stop anybody.
    expect(page.locator("#start-deployment")).not_to_have_attribute("aria-disabled", "true")
    page.locator("#start-deployment").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main[data-page='job'][data-view='running']")).to_be_visible()
    started = sent(cockpit, "deploy.start")[-1]
    assert started["secrets"] == {"admin_password": PASSWORD}
    assert started["answers"]["network"] == {"kind": "bridge", "name": "br0", "mode": "dhcp"}
    assert PASSWORD not in json.dumps(started["answers"])
    assert PASSWORD not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")


def test_problems_appear_while_typing(page: Page) -> None:
    page.goto(f"{page.url.split('#')[0]}#/deploy/engine")
    fqdn = page.locator("[data-field='engine.fqdn']")
    fqdn.fill("engine")
    expect(page.locator("[data-problem='engine.fqdn']")).to_be_visible()
    fqdn.fill("engine.lab.example.com")
    expect(page.locator("[data-problem='engine.fqdn']")).to_have_count(0)
    memory = page.locator("[data-field='engine.memory_mib']")
    memory.fill("12")
    expect(page.locator("[data-problem='engine.memory_mib']")).to_contain_text("768")
    memory.fill("1 GB")
    expect(page.locator("[data-problem='engine.memory_mib']")).to_be_visible()
    page.locator("[data-field='secrets.admin_password']").fill("short")
    expect(page.locator("[data-problem='secrets.admin_password']")).to_contain_text("8")
    page.locator("[data-field='secrets.admin_password']").fill(PASSWORD)
    page.locator("[data-field='secrets.admin_password.repeat']").fill("another one")
    expect(page.locator("[data-problem='secrets.admin_password.repeat']")).to_be_visible()
    look(page, "light-problems")


def test_a_fixed_address_and_nat(page: Page, cockpit: LocalCockpit) -> None:
    page.goto(f"{page.url.split('#')[0]}#/deploy/network")
    expect(page.locator("[data-field='network.address']")).to_have_count(0)
    page.locator("[data-field='network.mode'][data-value='static']").check()
    page.locator("#wizard-next").click()
    expect(page.locator("[data-field='network.address']")).to_be_focused()
    page.locator("[data-field='network.address']").fill("192.0.2.0/24")
    expect(page.locator("[data-problem='network.address']")).to_be_visible()
    page.locator("[data-field='network.address']").fill("192.0.2.40/24")
    page.locator("[data-field='network.gateway']").fill("192.0.2.1")
    page.locator("[data-field='network.dns']").fill("192.0.2.1 2001:db8::1")
    # The network follows the kind of connection, and NAT says what it costs.
    page.locator("[data-field='network.kind'][data-value='nat']").check()
    expect(page.locator("[data-field='network.name']")).to_have_value("default")
    expect(page.locator("[data-notice='network.nat']")).to_be_visible()
    page.locator("[data-field='network.address']").fill("192.168.122.40/24")
    page.locator("[data-field='network.gateway']").fill("192.168.122.1")
    page.locator("#wizard-next").click()
    expect(page.locator("[data-step='storage']")).to_be_visible()
    page.locator("#wizard-next").click()
    expect(page.locator("[data-preflight='done']")).to_be_visible()
    assert sent(cockpit, "deploy.preflight")[-1]["answers"]["network"] == {
        "kind": "nat",
        "name": "default",
        "mode": "static",
        "address": "192.168.122.40/24",
        "gateway": "192.168.122.1",
        "dns": ["192.0.2.1", "2001:db8::1"],
    }


def test_emulation_must_be_confirmed(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "emulated", "deploy/engine")
    page.locator("[data-field='secrets.admin_password']").fill(PASSWORD)
    page.locator("[data-field='secrets.admin_password.repeat']").fill(PASSWORD)
    page.locator("#wizard-next").click()
    expect(page.locator("[data-field='accept.emulation']")).to_be_focused()
    page.keyboard.press("Space")
    page.locator("#wizard-next").click()
    expect(page.locator("[data-step='network']")).to_be_visible()
    context.close()


def test_errors_of_the_preflight_stop(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "refused", "deploy/engine")
    page.locator("[data-field='secrets.admin_password']").fill(PASSWORD)
    page.locator("[data-field='secrets.admin_password.repeat']").fill(PASSWORD)
    for _ in range(3):
        page.locator("#wizard-next").click()
    expect(page.locator("[data-check='vdsm'][data-severity='error']")).to_contain_text("stop vdsmd")
    expect(page.locator("#start-deployment")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#deploy-obstacle")).to_contain_text("error")
    context.close()


def test_input_survives_elevation_and_a_lost_helper(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "limited", "deploy/engine")
    page.locator("[data-field='engine.fqdn']").fill("manager.example.org")
    page.locator("[data-field='secrets.admin_password']").fill(PASSWORD)
    cockpit.show("crash")
    expect(page.locator("#connection-lost")).to_be_visible()
    look(page, "light-lost")
    cockpit.show("before")
    expect(page.locator("#connection-lost")).to_have_count(0, timeout=60_000)
    expect(page.locator("[data-field='engine.fqdn']")).to_have_value("manager.example.org")
    expect(page.locator("[data-field='secrets.admin_password']")).to_have_value(PASSWORD)
    page.locator("#wizard-cancel").click()
    expect(page.locator("#limited-access")).to_have_count(0)
    page.locator("#deploy-engine").click()
    expect(page.locator("[data-field='engine.fqdn']")).to_have_value("manager.example.org")
    context.close()


def test_no_helper_at_all(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "crash")
    expect(page.locator("main[data-page='engine'][data-state='error']")).to_be_visible()
    cockpit.show("before")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("main[data-view='none']")).to_be_visible()
    context.close()


def test_following_a_deployment(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "running")
    expect(page.locator("#phase-image")).to_have_attribute("data-phase-state", "running")
    expect(page.locator("#task-progress")).to_contain_text("1.2 GiB of 3 GiB")
    page.locator("#log-error").click()
    expect(page.locator("[data-event]")).to_have_count(0)
    page.locator("[data-tab='output']").click()
    expect(page.get_by_role("region", name="Raw output of Ansible")).to_contain_text("PLAY [image]")
    page.locator("[data-tab='serial']").click()
    expect(page.get_by_role("region", name="Serial console of the engine VM")).to_contain_text("multi-user.target")
    page.locator("#cancel-job").click()
    look(page, "light-cancel-dialog")
    page.keyboard.press("Escape")
    # The page follows what happens on the host.
    cockpit.show("failed")
    expect(page.locator("#job-failed")).to_contain_text("is not the engine VM")
    page.locator("#job-failed").get_by_role("button", name="Technical details").click()
    expect(page.locator("#job-failed pre")).to_contain_text("received 77:02")
    look(page, "light-failed-details")
    page.locator("#resume-job").click()
    expect(page.locator("main[data-view='running']")).to_be_visible()
    context.close()


def test_a_deployed_engine(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "deployed")
    expect(page.locator("[data-engine='running']")).to_be_visible()
    expect(page.locator("#engine-portal")).to_have_attribute("href", "https://engine.example.com/")
    expect(page.locator("#ca-fingerprint")).to_have_text(re.compile("^4F:9A:"))
    page.locator("#show-serial").click()
    with page.expect_download() as download:
        page.locator("#console-viewer").click()
    assert download.value.suggested_filename == "HostedEngine.vv"
    engine = sent(cockpit, "machines.console")[-1]["uuid"]
    expect(page.locator("#console-window")).to_have_attribute("href", re.compile(f"#/console/{engine}\\?type=serial$"))
    page.locator("#engine-shutdown").click()
    look(page, "light-shutdown-dialog")
    page.locator("#confirm-action").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sent(cockpit, "machines.shutdown")
    cockpit.show("stopped")
    expect(page.locator("[data-engine='stopped']")).to_be_visible()
    page.locator("#engine-start").click()
    cockpit.show("starting")
    expect(page.locator("[data-engine='starting']")).to_contain_text("The Manager starts.")
    expect(page.locator("[data-component='manager']")).to_have_attribute("data-state", "starting")
    context.close()
