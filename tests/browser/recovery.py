# SPDX-License-Identifier: Apache-2.0
"""Verbs for a deployment that is broken under the eyes of its page, and for the ways a browser session ends."""

from __future__ import annotations

import io
import json
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

from tests.browser.cockpit import DESKTOP, Requests, log_in, no_axe_violations, open_page, shot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Frame, Page

    from tests.host.deployment import Deployment
    from tests.testhost.host import TestHost

VM = "guest=HostedEngine"
LIBVIRT_UNITS = ("libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket", "libvirtd.service")
#: How soon the page of a job that runs must be there again after a login, the login itself not counted.
AT_ONCE_S = 20.0


def new_page(browser: Browser) -> Page:
    """A browser of its own, logged in nowhere."""
    context = browser.new_context(viewport=DESKTOP, ignore_https_errors=True, accept_downloads=True)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    return context.new_page()


def enter(browser: Browser, host: TestHost) -> tuple[Page, Frame]:
    """Log in as the ordinary administrator with a new browser and go to our page."""

    def look(page: Page) -> Frame:
        log_in(page, host, host.user)
        return open_page(page, host)

    return with_answers(browser, look)


def running_again(browser: Browser, host: TestHost) -> tuple[Page, Frame]:
    """Log in with a new browser; the front page is the running job from its beginning, without a click."""

    def look(page: Page) -> Frame:
        log_in(page, host, host.user)
        since = time.monotonic()
        frame = open_page(page, host)
        frame.locator("main[data-page='engine'][data-view='running']").wait_for()
        assert time.monotonic() - since < AT_ONCE_S
        expect(frame.locator("[data-event='job_started']")).to_be_attached()
        expect(frame.locator("#phase-engine[data-phase-state='running']")).to_be_attached()
        return frame

    return with_answers(browser, look)


def with_answers(browser: Browser, act: Callable[[Page], Frame], tries: int = 4) -> tuple[Page, Frame]:
    """A new browser's page and what ``act`` makes of it; anew only where Cockpit left a request without an answer."""
    for _ in range(tries - 1):
        page = new_page(browser)
        requests = Requests(page)
        try:
            return page, act(page)
        except (AssertionError, NotInTime):
            if not requests.unanswered():
                raise
        page.context.close()
    page = new_page(browser)
    return page, act(page)


@contextmanager
def undisturbed(deployment: Deployment, what: str) -> Iterator[None]:
    """The same process goes on with the same job, and no event is missing or told twice."""
    pid, before = deployment.runner_pid, deployment.status
    assert pid, f"no runner before: {what}"
    yield
    after = deployment.status
    assert deployment.runner_pid == pid, what
    assert (after["state"], after["attempt"]) == ("running", before["attempt"]), (what, after["error"])
    unbroken(deployment)


def unbroken(deployment: Deployment) -> None:
    """Every event is there once and in order."""
    lines = (deployment.folder / "events.ndjson").read_text("utf-8").splitlines()
    numbers = [json.loads(line)["seq"] for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


# -- the session ---------------------------------------------------------------------------------------------------


def log_out(page: Page) -> None:
    """By Cockpit's own menu."""
    page.locator("#toggle-menu").click()
    page.locator("#logout").click()
    page.locator("#login-user-input").wait_for(timeout=60_000)


def limit_access(page: Page) -> None:
    page.locator("#super-user-indicator button").first.click()
    page.get_by_role("button", name="Limit access", exact=True).click()


def administrative_access(page: Page, host: TestHost) -> None:
    page.locator("#super-user-indicator button").first.click()
    page.locator("input[type='password']").last.fill(host.password)
    page.get_by_role("button", name="Authenticate").click()


def kill_sessions(host: TestHost) -> None:
    """What a lost network leaves: nobody says good-bye."""
    host.container.run("pkill", "-9", "-f", "cockpit-(bridge|session)")


def forget_sessions(host: TestHost) -> None:
    """systemd keeps the units of killed sessions as failed ones."""
    host.container.run("systemctl", "reset-failed", "cockpit-session@*", check=False)


# -- faults --------------------------------------------------------------------------------------------------------


def freeze(host: TestHost) -> None:
    """The engine VM stands still: the deployment waits for it."""
    host.container.run("pkill", "-STOP", "-f", VM)


def thaw(host: TestHost) -> None:
    host.container.run("pkill", "-CONT", "-f", VM, check=False)


def failure(page: Page, frame: Frame, state: str, code: str, name: str, limit_s: float) -> None:
    """The page says within the limit that, why, and what to do; a screenshot of it."""
    card = frame.locator(f"#job-{state}[data-error='{code}']")
    card.wait_for(timeout=limit_s * 1000)
    expect(card.locator(".rhv-failure__sentence")).not_to_be_empty()
    expect(card.locator("[data-advice='cause']")).to_be_visible()
    expect(card.locator("[data-advice='hint']")).to_be_visible()
    expect(card.locator("#resume-job")).to_be_enabled()
    shot(page, f"host-failure-{name}")
    no_axe_violations(frame, name)


def bundle(page: Page, frame: Frame) -> dict[str, bytes]:
    """Download it by the page's link; its files by name, without the folder that is the job's name."""
    with page.expect_download() as download:
        frame.locator("#download-bundle").click()
    content = Path(download.value.path()).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        return {name.partition("/")[2]: stream.read() for name, stream in files.items() if stream}
