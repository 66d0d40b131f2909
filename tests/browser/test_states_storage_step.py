# SPDX-License-Identifier: Apache-2.0
"""The wizard's storage step: a directory of this host, or an export of an NFS server, each tested on the spot."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, PASSWORD, english, look, new_context, open_page, see, sent
from tests.waiting import until

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


def at_storage(
    browser: Browser, cockpit: LocalCockpit, look_as: str, state: str = "before"
) -> tuple[BrowserContext, Page]:
    """The wizard of a new deployment, at its storage."""
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, state, "deploy/engine")
    for field in ("secrets.admin_password", "secrets.admin_password.repeat"):
        page.locator(f"[data-field='{field}']").fill(PASSWORD)
    for step in ("network", "storage"):
        page.locator("#wizard-next").click()
        expect(page.locator(f"[data-step='{step}']")).to_be_visible()
    return context, page


def nfs(page: Page, path: str) -> None:
    page.locator("[data-field='storage.kind'][data-value='nfs']").check()
    page.locator("[data-field='storage.server']").fill("nas.example.com")
    page.locator("[data-field='storage.export']").fill(path)


@pytest.mark.parametrize("look_as", FORMS)
def test_an_nfs_export(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context, page = at_storage(browser, cockpit, look_as)
    expect(page.locator("[data-field='storage.server']")).to_have_count(0)
    page.locator("[data-field='storage.kind'][data-value='nfs']").check()
    expect(page.locator("[data-field='storage.path']")).to_have_count(0)
    # Next says what is missing, and where.
    page.locator("#wizard-next").click()
    expect(page.locator("[data-problem='storage.server']")).to_be_visible()
    expect(page.locator("[data-field='storage.server']")).to_be_focused()
    page.locator("[data-field='storage.server']").fill("nas example")
    expect(page.locator("[data-problem='storage.server']")).to_be_visible()
    page.locator("[data-field='storage.server']").fill("nas.example.com")
    page.locator("[data-field='storage.export']").fill("srv/rhv")
    expect(page.locator("[data-problem='storage.export']")).to_be_visible()
    page.locator("[data-step='storage'] .pf-v6-c-expandable-section__toggle button").click()
    look(page, f"{look_as}-deploy-storage-nfs")
    if look_as == "es":
        left = english(page.locator("body").inner_text())
        assert not left, f"in English: {left}"
    page.locator("[data-field='storage.export']").fill("/srv/rhv")
    page.locator("#wizard-next").click()
    expect(page.locator("[data-preflight='done']")).to_be_visible()
    storage = sent(cockpit, "deploy.preflight")[-1]["answers"]["storage"]
    assert storage == {"kind": "nfs", "server": "nas.example.com", "export": "/srv/rhv", "nfs_version": "auto"}
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_a_test_that_runs_and_is_cancelled_by_keyboard(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context, page = at_storage(browser, cockpit, look_as)
    nfs(page, "/srv/slow")
    expect(page.locator("#deploy-obstacle")).not_to_be_empty()
    page.locator("#test-storage").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-trial='running'] [data-severity='running']")).to_be_visible()
    assert page.locator("[data-trial-step]").evaluate_all("nodes => nodes.map(node => node.dataset.severity)")[:4] == [
        "ok", "ok", "running", "waiting",
    ]  # fmt: skip
    see((page, look_as), "storage-test-running")
    page.locator("#test-storage").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#cancel-storage-test")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-trial='done']")).to_be_visible()
    expect(page.locator("#cancel-storage-test")).to_have_count(0)
    expect(page.locator("#test-storage")).to_be_focused()
    expect(page.locator("#deploy-obstacle")).not_to_be_empty()
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_results_are_of_what_was_tested(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    before = sent(cockpit, "storage.test")
    context, page = at_storage(browser, cockpit, look_as)
    # what is not whole is not tested
    page.locator("[data-field='storage.kind'][data-value='nfs']").check()
    page.locator("#test-storage").click()
    expect(page.locator("[data-field='storage.server']")).to_be_focused()
    assert sent(cockpit, "storage.test") == before
    nfs(page, "/srv/ill")
    page.locator("#test-storage").click()
    expect(page.locator("[data-trial='done'][data-current='true']")).to_be_visible()
    assert sent(cockpit, "storage.test")[-1] == {
        "document": {"type": "nfs", "server": "nas.example.com", "path": "/srv/ill", "version": "auto", "options": ""},
        "need_gib": 10,
        "engine": "HostedEngine",
    }
    for severity in ("ok", "warning", "unknown", "error", "skipped"):
        expect(page.locator(f"[data-trial-step][data-severity='{severity}']").first).to_be_visible()
    page.locator("#storage-trial-title").evaluate("node => node.scrollIntoView()")
    see((page, look_as), "storage-test-ill")
    # another answer: stale
    page.locator("[data-field='storage.export']").fill("/srv/rhv")
    expect(page.locator("[data-trial='done'][data-current='false'] [data-stale]")).to_be_visible()
    see((page, look_as), "storage-test-stale")
    page.locator("#test-storage").click()
    expect(page.locator("[data-trial='done'][data-current='true'] [data-tone='good']").first).to_be_visible()
    expect(page.locator("#deploy-obstacle")).to_be_empty()
    # it stays when the step is left and entered again
    page.locator("#wizard-back").click()
    expect(page.locator("[data-step='network']")).to_be_visible()
    page.locator("#wizard-next").click()
    expect(page.locator("[data-trial='done'][data-current='true']")).to_be_visible()
    context.close()


def test_a_directory_without_rights_and_a_test_that_is_left(browser: Browser, cockpit: LocalCockpit) -> None:
    context, page = at_storage(browser, cockpit, "light", "limited")
    expect(page.locator("#test-storage")).to_have_attribute("aria-disabled", "true")
    context.close()
    context, page = at_storage(browser, cockpit, "light")
    page.locator("[data-field='storage.path']").last.fill("/srv/slow")
    page.locator("#test-storage").click()
    expect(page.locator("[data-trial='running'] [data-severity='running']")).to_be_visible()
    assert sent(cockpit, "storage.test")[-1]["document"] == {"type": "directory", "path": "/srv/slow", "make": True}
    cancelled = len(sent(cockpit, "storage.cancel"))
    page.locator("#wizard-cancel").click()
    expect(page.locator("[data-step='storage']")).to_have_count(0)
    until(
        "the test that was left is cancelled", lambda: len(sent(cockpit, "storage.cancel")), lambda now: now > cancelled
    )
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_an_earlier_engine_is_named_before_it_is_deleted(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context, page = at_storage(browser, cockpit, look_as)
    nfs(page, "/srv/earlier")
    page.locator("#test-storage").click()
    expect(page.locator("[data-earlier='free']")).to_contain_text("HostedEngine.qcow2")
    see((page, look_as), "storage-earlier")
    page.locator("#wipe-engine").click()
    expect(page.locator("#confirm-body")).to_contain_text("HostedEngine-cidata.iso")
    see((page, look_as), "storage-earlier-delete")
    tested = len(sent(cockpit, "storage.test"))
    page.locator("#confirm-action").click()
    expect(page.locator("#confirm-body")).to_have_count(0)
    until("it is tested again", lambda: len(sent(cockpit, "storage.test")), lambda now: now == tested + 1)
    wiped = sent(cockpit, "storage.wipe_engine")[-1]
    assert (wiped["engine"], [file["name"] for file in wiped["files"]]) == (
        "HostedEngine", ["HostedEngine.qcow2", "HostedEngine-cidata.iso"],
    )  # fmt: skip
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_another_hosts_engine_is_deleted_only_by_its_name(
    browser: Browser, cockpit: LocalCockpit, look_as: str
) -> None:
    context, page = at_storage(browser, cockpit, look_as)
    nfs(page, "/srv/earlier-elsewhere")
    page.locator("#test-storage").click()
    expect(page.locator("[data-earlier='free']")).to_contain_text("host7.example.com")
    see((page, look_as), "storage-earlier-elsewhere")
    page.locator("#wipe-engine").click()
    expect(page.locator("#confirm-body")).to_contain_text("host7.example.com")
    expect(page.locator("#confirm-action")).to_be_disabled()
    page.locator("#cleanup-name").fill("HostedEngine ")
    expect(page.locator("#confirm-action")).to_be_disabled()
    page.locator("#cleanup-name").fill("HostedEngine")
    see((page, look_as), "storage-earlier-elsewhere-delete")
    page.locator("#confirm-action").click()
    expect(page.locator("#confirm-body")).to_have_count(0)
    assert sent(cockpit, "storage.wipe_engine")[-1]["typed"] == "HostedEngine"
    context.close()
