# SPDX-License-Identifier: Apache-2.0
"""A deployment in a real browser on a real Cockpit that loses its audience, fails, is mended, resumed and removed.

The engine VM is never let boot to its end here: tests/host/test_fault_*.py see resumed deployments succeed.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import recovery, wizard
from tests.browser.cockpit import no_axe_violations, shot, visit
from tests.conftest import ADMIN_PASSWORD
from tests.host.deployment import Deployment, leave_nothing
from tests.host.hoststate import changes, host_state
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Frame

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.slow, pytest.mark.timeout(600)]

CONFIGURATION = "/etc/cockpit/cockpit.conf"
#: What a bundle must not hold: a password's hash of either kind, a private key.
SECRETS = (b"scrypt$", b"$6$", b"PRIVATE KEY")


@pytest.fixture(autouse=True)
def nothing_left(faulty: TestHost) -> Iterator[None]:
    yield
    recovery.forget_sessions(faulty)
    recovery.thaw(faulty)
    leave_nothing(faulty)


def deploy(page: Page, frame: Frame, host: TestHost) -> Deployment:
    """By the wizard, up to the wait for an engine VM that stands still."""
    wizard.fill_in(page, frame, ADMIN_PASSWORD)
    wizard.start(frame)
    deployment = Deployment(host, job=newest_job(host))
    assert deployment.status["user"] == host.user
    deployment.until_phase("engine")
    # Before that the phase would start a VM that is found dead.
    until("the wait begins", lambda: deployment.status["progress"], bool, limit_s=30)
    recovery.freeze(host)
    return deployment


def newest_job(host: TestHost) -> str:
    folders = (host.container.root / "var/lib/cockpit-rhv/jobs").glob("*-*-*/status.json")
    return max(folders, key=lambda path: path.parent.stat().st_ctime).parent.name


def lose_everybody(browser: Browser, page: Page, deployment: Deployment) -> tuple[Page, Frame]:
    """Each way a session ends, but Cockpit's own clock; the job does not notice."""
    host = deployment.host
    with recovery.undisturbed(deployment, "the tab is closed"):
        page.context.close()
        page, frame = recovery.running_again(browser, host)
    with recovery.undisturbed(deployment, "logged out"):
        recovery.log_out(page)
        page.context.close()
        page, frame = recovery.running_again(browser, host)
    with recovery.undisturbed(deployment, "the network is lost"):
        recovery.kill_sessions(host)
        page.locator(".curtains-ct, #login-user-input").first.wait_for()
        shot(page, "host-session-killed")
        page.context.close()
        page, frame = recovery.running_again(browser, host)
    with recovery.undisturbed(deployment, "administrative access is dropped"):
        recovery.limit_access(page)
        expect(frame.locator("main[data-view='running'] #limited-access")).to_be_visible()
        expect(frame.locator("#job-summary")).to_be_visible()
        shot(page, "host-job-limited")
        no_axe_violations(frame, "a job with limited access")
        recovery.administrative_access(page, host)
        expect(frame.locator("#limited-access")).to_have_count(0)
        expect(frame.locator("#cancel-job")).to_be_enabled()
    return page, frame


def test_a_deployment_loses_its_audience_fails_goes_on_and_is_removed(browser: Browser, faulty: TestHost) -> None:
    page, frame = recovery.enter(browser, faulty)
    before = host_state(faulty)  # sudo leaves a mark at the first login of all
    deployment = deploy(page, frame, faulty)
    page, frame = lose_everybody(browser, page, deployment)

    # The VM dies.
    faulty.container.run("pkill", "-9", "-f", recovery.VM)
    recovery.failure(page, frame, "failed", "engine.stopped", "engine-stopped", limit_s=15)
    # What the hint speaks of is there.
    expect(frame.locator("[data-tab='serial']")).to_be_visible()
    look_into_bundle(page, frame, deployment)
    frame.locator("#resume-job").click()
    frame.locator("main[data-view='running']").wait_for()
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)
    recovery.freeze(faulty)

    # libvirt goes away; the button brings it back.
    faulty.container.run("systemctl", "stop", *recovery.LIBVIRT_UNITS)
    recovery.failure(page, frame, "failed", "libvirt.unreachable", "libvirt-away", limit_s=45)
    recovery.thaw(faulty)
    frame.locator("[data-remedy-task='start_libvirt']").click()
    frame.locator("[data-remedy='succeeded']").wait_for(timeout=60_000)
    shot(page, "host-failure-libvirt-mended")
    no_axe_violations(frame, "mended")
    change_an_answer(page, frame, deployment)

    # The runner itself dies.
    deployment.until_phase("engine")
    deployment.kill_runner()
    recovery.failure(page, frame, "interrupted", "job.interrupted", "interrupted", limit_s=15)
    recovery.unbroken(deployment)

    remove(page, frame)
    recovery.forget_sessions(faulty)
    assert changes(before, host_state(faulty)) == []
    page.context.close()


def look_into_bundle(page: Page, frame: Frame, deployment: Deployment) -> None:
    files = recovery.bundle(page, frame)
    assert json.loads(files["job/status.json"])["error"]["code"] == "engine.stopped"
    logs = [name for name in files if name.startswith("engine/") and name.endswith(".log")]
    assert logs, sorted(files)
    assert any(files[name] for name in logs), logs
    private = json.loads((deployment.folder / "private/vars.json").read_text())
    secrets = [ADMIN_PASSWORD.encode(), ADMIN_PASSWORD.strip().encode(), *SECRETS]
    secrets += [str(value).encode() for name, value in private.items() if "hash" in name and value]
    for name, content in files.items():
        assert not [secret for secret in secrets if secret in content], name


def change_an_answer(page: Page, frame: Frame, deployment: Deployment) -> None:
    """Resume with other answers: the plan says what that costs before it is done."""
    old = deployment.host.container.run("virsh", "domuuid", "HostedEngine").stdout
    frame.locator("#resume-other").click()
    frame.locator("main[data-view='resume'] [data-step='engine']").wait_for()
    memory = frame.locator("[data-field='engine.memory_mib']")
    if not memory.is_visible():
        frame.locator(".pf-v6-c-expandable-section__toggle button").first.click()
    expect(memory).to_have_value("1024")
    memory.fill("1280")
    for step in ("network", "storage", "review"):
        frame.locator("#wizard-next").click()
        frame.locator(f"[data-step='{step}']").wait_for()
    change = frame.locator("[data-plan='done'] [data-change]")
    expect(change).to_have_count(1)
    expect(change.locator("del")).to_contain_text("1024")
    expect(change.locator("ins")).to_contain_text("1280")
    expect(frame.locator("#plan-discards")).to_contain_text("thrown away")
    expect(frame.locator("[data-phase='image'][data-runs='true']")).to_be_visible()
    expect(frame.locator("body")).not_to_contain_text(ADMIN_PASSWORD.strip())
    shot(page, "host-resume-plan")
    no_axe_violations(frame, "plan")
    frame.locator("#start-deployment").click()
    frame.locator("main[data-page='job'][data-view='running']").wait_for()
    deployment.until_phase("engine")
    assert deployment.host.container.run("virsh", "domuuid", "HostedEngine").stdout != old
    defined = deployment.host.container.run("virsh", "dumpxml", "HostedEngine").stdout
    assert f">{1280 * 1024}</memory>" in defined


def remove(page: Page, frame: Frame, engine: str | None = None) -> None:
    """Clean up by clicking; then the page is the one before a deployment."""
    if engine:
        frame.locator("#engine-more").click()
        frame.locator("#engine-remove").click()
    else:
        frame.locator("#clean-up").click()
    for kind in ("domain", "disk", "state"):
        expect(frame.locator(f"#cleanup-dialog [data-kind='{kind}'] [data-item]").first).to_be_visible()
    if engine:
        frame.locator("#cleanup-name").fill(engine)
    shot(page, f"host-cleanup-dialog{'-engine' if engine else ''}")
    no_axe_violations(frame, "cleanup dialog")
    frame.locator("#start-cleanup").click()
    frame.locator("#job-succeeded").wait_for(timeout=60_000)
    expect(frame.locator("#job-succeeded")).to_contain_text("The host is as it was before")
    shot(page, f"host-cleanup-done{'-engine' if engine else ''}")
    no_axe_violations(frame, "cleaned up")
    visit(frame, "engine", "engine")
    frame.locator("main[data-page='engine'][data-view='none'][data-state='ready']").wait_for()
    expect(frame.locator("#deploy-engine")).to_be_visible()
    expect(frame.locator("#history [data-kind='cleanup']").first).to_be_visible()


@contextmanager
def impatient(host: TestHost) -> Iterator[None]:
    """A Cockpit that logs out who does nothing for a minute."""
    path = host.container.root / CONFIGURATION.lstrip("/")
    assert not path.exists()
    host.container.write(CONFIGURATION, "[Session]\nIdleTimeout=1\n")
    try:
        host.container.run("systemctl", "try-restart", "cockpit.service")
        yield
    finally:
        path.unlink()
        host.container.run("systemctl", "try-restart", "cockpit.service")


def test_cockpit_logs_out_who_only_watches_and_the_engine_comes_up(browser: Browser, faulty: TestHost) -> None:
    page, frame = recovery.enter(browser, faulty)
    before = host_state(faulty)
    page.context.close()
    with impatient(faulty):
        page, frame = recovery.enter(browser, faulty)
        deployment = deploy(page, frame, faulty)
        with recovery.undisturbed(deployment, "Cockpit's idle time-out"):
            page.locator("#login-user-input").wait_for(timeout=120_000)
            shot(page, "host-session-idle")
    page.context.close()
    page, frame = recovery.running_again(browser, faulty)
    recovery.thaw(faulty)
    wizard.wait_for_engine(frame)
    recovery.unbroken(deployment)
    assert deployment.until_ended("succeeded")["attempt"] == 1
    remove(page, frame, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []
    page.context.close()
