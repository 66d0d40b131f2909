# SPDX-License-Identifier: Apache-2.0
"""The wizard's storage step: a directory of this host, or an export of an NFS server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, PASSWORD, english, look, new_context, open_page, sent

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


@pytest.mark.parametrize("look_as", FORMS)
def test_an_nfs_export(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    page = open_page(context, cockpit, "before", "deploy/engine")
    for field in ("secrets.admin_password", "secrets.admin_password.repeat"):
        page.locator(f"[data-field='{field}']").fill(PASSWORD)
    for step in ("network", "storage"):
        page.locator("#wizard-next").click()
        expect(page.locator(f"[data-step='{step}']")).to_be_visible()
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
