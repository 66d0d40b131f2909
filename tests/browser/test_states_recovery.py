# SPDX-License-Identifier: Apache-2.0
"""What a person does about a deployment that did not succeed, on a local Cockpit with a scripted helper."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states import CLEANUP, JOB, TASK
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, PASSWORD, look, new_context, open_page, see, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

ANSWERS = {
    "version": 1,
    "profile": "embedded",
    "engine": {
        "fqdn": "lab.example.org",
        "name": "HostedEngine",
        "vcpus": 4,
        "memory_mib": 2048,
        "disk_gib": 20,
        "patience_s": 900,
    },
    "network": {"kind": "nat", "name": "default", "mode": "dhcp"},
    "storage": {"kind": "directory", "path": "/srv/engine"},
    "image": {"path": "/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2"},
    "accept": {"emulation": False},
}


@pytest.fixture(params=FORMS)
def look_as(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(browser: Browser, cockpit: LocalCockpit, look_as: str) -> Iterator[tuple[Page, str]]:
    """A page in one of the looks, and that look's name."""
    context = new_context(browser, cockpit, look_as)
    yield open_page(context, cockpit, "blocked"), look_as
    context.close()


def go(page: Page, cockpit: LocalCockpit, address: str) -> None:
    page.goto(f"{cockpit.url}#/{address}")


def test_a_remedy_is_carried_out_where_it_is_offered(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    cause = page.locator("[data-advice='cause']")
    expect(cause).to_contain_text("54321")
    page.locator("[data-remedy-task='open_port']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-remedy='running']")).to_be_visible()
    assert sent(cockpit, "tasks.start")[-1] == {"task": "open_port", "params": {"port": 54321, "zone": "libvirt"}}
    see(opened, "remedy-running")
    cockpit.show("unmended")
    expect(page.locator("[data-remedy='failed']")).to_be_visible()
    # It can be tried again.
    expect(page.locator("[data-remedy-task='open_port']")).to_be_enabled()
    see(opened, "remedy-failed")
    cockpit.show("mended")
    expect(page.locator("[data-remedy='succeeded']")).to_be_visible()
    see(opened, "remedy-done")
    # Its log leads back here, and what was done is still known.
    page.locator("[data-remedy='succeeded'] a").click()
    expect(page.locator("main[data-page='job'] #job-succeeded")).to_be_visible()
    page.locator("#job-next").click()
    expect(page.locator("[data-remedy='succeeded']")).to_be_visible()
    page.locator("#resume-job").click()
    expect(page.locator("main[data-view='running']")).to_be_visible()


def test_a_remedy_of_the_preflight_checks_again(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "unresolved", "deploy/review")
    check = page.locator("[data-check='resolves']")
    check.locator("[data-remedy-task='hosts_entry']").click()
    expect(check.locator("[data-remedy='running']")).to_be_visible()
    look(page, "light-preflight-remedy-running")
    asked = len(sent(cockpit, "deploy.preflight"))
    cockpit.show("resolved")
    expect(page.locator("[data-preflight='done'] [data-check='resolves']")).to_have_count(0)
    # It is gone while the host is checked, too: only then has the helper been asked for sure.
    expect(page.locator("[data-preflight='done']")).to_be_visible()
    assert len(sent(cockpit, "deploy.preflight")) == asked + 1
    assert sent(cockpit, "tasks.start")[-1]["task"] == "hosts_entry"
    context.close()


def test_resume_with_other_answers(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    cockpit.show("failed")
    page.locator("#resume-other").click()
    expect(page.locator("main[data-view='resume']")).to_be_visible()
    # Its own answers are there, and its passwords need not be typed again.
    expect(page.locator("[data-field='engine.fqdn']")).to_have_value("engine.example.com")
    page.locator("#wizard-next").click()
    address = page.locator("[data-field='network.address']")
    expect(address).to_have_value("192.0.2.30/24")
    # The browser's address knows the job: a reload leads back to its answers.
    page.reload()
    expect(address).to_have_value("192.0.2.30/24")
    address.fill("192.0.2.20/24")
    for step in ("storage", "review"):
        page.locator("#wizard-next").click()
        expect(page.locator(f"[data-step='{step}']")).to_be_visible()
    # The host objects, at the field.
    expect(page.locator("[data-answer='network.address'] .rhv-answer__problem")).to_be_visible()
    expect(page.locator("#start-deployment")).to_have_attribute("aria-disabled", "true")
    see(opened, "resume-objection")
    go(page, cockpit, f"deploy/network?resume={JOB}")
    # What was typed survives the loss of the helper, and of its privileges.
    address.fill("192.0.2.31/24")
    cockpit.show("limited-failed")
    page.wait_for_timeout(500)
    cockpit.show("failed")
    expect(page.locator("#limited-access")).to_have_count(0, timeout=60_000)
    expect(address).to_have_value("192.0.2.31/24")
    go(page, cockpit, f"deploy/engine?resume={JOB}")
    page.locator("[data-field='secrets.admin_password']").fill(PASSWORD)
    page.locator("[data-field='secrets.admin_password.repeat']").fill(PASSWORD)
    see(opened, "resume-engine")
    go(page, cockpit, f"deploy/review?resume={JOB}")
    change = page.locator("[data-change='network.address']")
    expect(change.locator("del")).to_have_text("192.0.2.30/24")
    expect(change.locator("ins")).to_have_text("192.0.2.31/24")
    expect(page.locator("#plan-discards")).to_be_visible()
    expect(page.locator("[data-phase='storage'][data-runs='true']")).to_be_visible()
    see(opened, "resume-review")
    page.locator("#start-deployment").click()
    expect(page.locator("main[data-page='job'][data-view='running']")).to_be_visible()
    resumed = sent(cockpit, "deploy.resume")[-1]
    assert resumed["job"] == JOB
    assert resumed["answers"]["network"]["address"] == "192.0.2.31/24"
    assert resumed["secrets"] == {"admin_password": PASSWORD}
    assert PASSWORD not in json.dumps(sent(cockpit, "deploy.resume_plan"))


def test_cleaning_up_after_a_deployment(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    cockpit.show("leftovers")
    page.locator("#clean-up").click()
    expect(page.locator("#cleanup-total")).to_have_text("2.6 GiB" if opened[1] != "es" else "2,6 GiB")
    expect(page.locator("#cleanup-name")).to_have_count(0)
    see(opened, "cleanup-dialog")
    # Something more has come up meanwhile: nothing is removed that was not shown.
    cockpit.show("grown")
    page.wait_for_timeout(300)
    page.locator("#start-cleanup").click()
    expect(page.locator("#cleanup-changed")).to_be_visible()
    expect(page.locator("[data-kind='unit']")).to_be_visible()
    see(opened, "cleanup-changed")
    page.locator("#start-cleanup").click()
    expect(page.locator("main[data-page='job'][data-view='running']")).to_be_visible()
    see(opened, "cleanup-running")
    cockpit.show("cleaned")
    expect(page.locator("#job-succeeded")).to_be_visible()
    page.locator("#job-next").click()
    expect(page.locator("[data-step='engine']")).to_be_visible()


def test_nothing_to_clean_up(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "nothing")
    page.locator("#clean-up").click()
    expect(page.locator("#cleanup-dialog")).to_contain_text("nothing to remove")
    expect(page.locator("#start-cleanup")).to_have_count(0)
    look(page, "light-cleanup-nothing")
    page.keyboard.press("Escape")
    expect(page.locator("#cleanup-dialog")).to_have_count(0)
    context.close()


def test_an_engine_is_removed_by_its_name(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    cockpit.show("deployed")
    page.locator("#engine-more").click()
    page.locator("#engine-remove").click()
    danger = page.locator("#start-cleanup")
    expect(danger).to_be_disabled()
    page.locator("#cleanup-name").fill("engine.example")
    expect(danger).to_be_disabled()
    see(opened, "remove-engine")
    page.locator("#cleanup-name").fill("engine.example.com")
    danger.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main[data-page='job'][data-view='running']")).to_be_visible()
    assert sent(cockpit, "deploy.cleanup")[-1]["engine"] == "engine.example.com"
    assert page.url.endswith(f"jobs/{CLEANUP}")


def load(page: Page, name: str, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/plain", "buffer": data})


def test_answers_from_a_file(opened: tuple[Page, str], cockpit: LocalCockpit) -> None:
    page, _ = opened
    cockpit.show("before")
    load(page, "answers.json", "no JSON: [")
    expect(page.locator("[data-error='answers.syntax']")).to_be_visible()
    see(opened, "import-refused")
    load(page, "empty.json", "{}")
    expect(page.locator("[data-error='page.no_answers']")).to_be_visible()
    load(page, "large.json", b" " * (1024 * 1024 + 1))
    expect(page.locator("[data-error='page.file_too_large']")).to_be_visible()
    load(page, "answers.json", json.dumps(ANSWERS))
    expect(page.locator("#answers-loaded")).to_be_visible()
    expect(page.locator("[data-field='engine.fqdn']")).to_have_value("lab.example.org")
    see(opened, "import-loaded")
    page.locator("[data-field='engine.vcpus']").fill("3")
    go(page, cockpit, "deploy/review")
    expect(page.locator("[data-answer='engine.fqdn']")).to_have_attribute("data-origin", "imported")
    expect(page.locator("[data-answer='engine.vcpus']")).to_have_attribute("data-origin", "typed")
    expect(page.locator("[data-preflight='done']")).to_be_visible()
    see(opened, "import-review")
    # What is saved and loaded again is the same.
    with page.expect_download() as download:
        page.locator("#save-answers").click()
    saved = Path(download.value.path()).read_text()
    assert json.loads(saved) == {**ANSWERS, "engine": {**ANSWERS["engine"], "vcpus": 3}}  # type: ignore[dict-item]
    load(page, "saved.json", saved)
    expect(page.locator("#answers-loaded")).to_contain_text("saved.json")
    go(page, cockpit, "deploy/review")
    expect(page.locator("[data-answer='engine.vcpus']")).to_have_attribute("data-origin", "imported")
    expect(page.locator("[data-preflight='done']")).to_be_visible()
    assert sent(cockpit, "deploy.preflight")[-1]["answers"] == json.loads(saved)


def test_a_file_with_a_wrong_answer(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "before", "deploy/network")
    load(page, "low.json", json.dumps({**ANSWERS, "engine": {**ANSWERS["engine"], "memory_mib": 12}}))  # type: ignore[dict-item]
    expect(page.locator("#answers-loaded")).to_contain_text("engine.memory_mib")
    expect(page.locator("[data-problem='engine.memory_mib']")).to_be_visible()
    look(page, "light-import-wrong")
    page.locator("#discard-answers").click()
    expect(page.locator("#answers-loaded")).to_have_count(0)
    expect(page.locator("[data-field='engine.fqdn']")).to_have_value("engine.example.com")
    context.close()


def test_the_bundle_is_a_download(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "failed")
    with page.expect_download() as download:
        page.locator("#download-bundle").click()
    assert download.value.suggested_filename == f"rhv-{JOB}.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        assert archive.getnames() == [f"{JOB}/README"]
    cockpit.show("limited-failed")
    expect(page.locator("#limited-access")).to_be_visible(timeout=60_000)
    expect(page.locator("#download-bundle")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#resume-job")).to_be_disabled()
    context.close()


def test_everybody_sees_what_runs_and_what_was(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "failed")
    cockpit.show("cleaning")
    expect(page.locator("#operation-running a")).to_have_attribute("href", f"#/jobs/{CLEANUP}")
    expect(page.locator("#resume-job")).to_be_disabled()
    expect(page.locator(f"#history [data-job='{CLEANUP}']")).to_be_visible()
    cockpit.show("cleaned")
    expect(page.locator("main[data-view='none']")).to_be_visible()
    expect(page.locator(f"#history [data-job='{JOB}']")).to_contain_text("admin")
    page.locator(f"#history [data-job='{CLEANUP}'] a").click()
    expect(page.locator("#job-succeeded")).to_be_visible()
    assert TASK not in page.content()
    context.close()


def test_libvirt_is_started_where_its_absence_is_told(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "libvirt-stopped")
    expect(page.locator("[data-advice='cause']")).to_contain_text("does not run")
    page.locator("[data-remedy-task='start_libvirt']").click()
    expect(page.locator("[data-remedy='running']")).to_contain_text("Start libvirt's sockets")
    assert sent(cockpit, "tasks.start")[-1] == {"task": "start_libvirt", "params": {}}
    context.close()
