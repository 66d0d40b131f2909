# SPDX-License-Identifier: Apache-2.0
"""Walks the deployment wizard on a real host, as an administrator who types nothing but the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.cockpit import shot, visit

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

DEPLOY_LIMIT_MS = 480_000


def fill_in(page: Page, frame: Frame, password: str, screenshots: str | None = None) -> None:
    """From the explanation to the review with a finished preflight report."""
    frame.locator("#deploy-engine").click()
    frame.locator("[data-step='engine']").wait_for()
    confirm = frame.locator("[data-field='accept.emulation']")
    if confirm.count():
        confirm.check()
    frame.locator("[data-field='secrets.admin_password']").fill(password)
    frame.locator("[data-field='secrets.admin_password.repeat']").fill(password)
    for step in ("network", "storage", "review"):
        if screenshots:
            shot(page, f"{screenshots}-before-{step}")
        frame.locator("#wizard-next").click()
        frame.locator(f"[data-step='{step}']").wait_for()
    expect(frame.locator("[data-preflight='done']")).to_be_visible(timeout=60_000)
    if screenshots:
        shot(page, f"{screenshots}-review")


def start(frame: Frame) -> None:
    """Deploy, and wait until the page shows the job running: at its own address, or at the front page."""
    expect(frame.locator("#start-deployment")).not_to_have_attribute("aria-disabled", "true")
    frame.locator("#start-deployment").click()
    frame.locator("main[data-view='running']").wait_for(timeout=60_000)


def wait_for_engine(frame: Frame) -> None:
    """The job succeeded and the page shows a running engine whose parts are all ok."""
    frame.locator("#job-succeeded, main[data-view='deployed']").first.wait_for(timeout=DEPLOY_LIMIT_MS)
    visit(frame, "engine", "engine")
    frame.locator("[data-engine='running']").wait_for(timeout=60_000)
    expect(frame.locator("[data-component][data-state='ok']")).to_have_count(5, timeout=60_000)
