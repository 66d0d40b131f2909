# SPDX-License-Identifier: Apache-2.0
"""Events and log archives on a local Cockpit with a scripted helper: filters, pages, files, a collection."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_states.texts import TASK
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, sent, unfold

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

#: State of the helper, address in the page.
VIEWS = [
    ("logs", "logs"),
    ("before", "logs"),
    ("logs-limited", "logs"),
    ("logs-collecting", "logs"),
    ("logs-collected", "logs"),
    ("logs-failed", "logs"),
    ("logs", "events"),
    ("before", "events"),
    ("before", "events?severity=warning"),
    ("before", "events?guest=nobody"),
    ("logs-limited", "events"),
    ("logs-none", "events"),
]


@pytest.fixture
def page(browser: Browser, cockpit: LocalCockpit) -> Iterator[Page]:
    context = new_context(browser, cockpit)
    yield open_page(context, cockpit, "before", "events")
    context.close()


def seqs(page: Page) -> list[int]:
    return [int(row.get_attribute("data-event") or 0) for row in page.locator("tr[data-event]").all()]


@pytest.mark.parametrize("look_as", FORMS)
def test_every_view_of_the_logs(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    for state, address in VIEWS:
        page = open_page(context, cockpit, state, address)
        if address == "logs" and state != "logs-limited":
            expect(page.locator("#archives[data-state='ready']")).to_be_visible()
        look(page, "-".join([look_as, state, *re.findall(r"[\w-]+", address)]))
        if look_as == "es":
            unfold(page)
            left = english(page.locator("body").inner_text())
            assert not left, f"{state} {address}: in English: {left}"
        page.close()
    context.close()


def test_filters_are_in_the_address_and_come_back_from_it(page: Page) -> None:
    expect(page.locator("tr[data-event]")).to_have_count(9)
    page.locator("#events-severity").select_option("warning")
    expect(page.locator("tr[data-event]")).to_have_count(3)
    page.locator("#events-kind").select_option("guest")
    expect(page.locator("tr[data-event]")).to_have_count(2)
    page.locator("#events-search input").fill("watchdog")
    expect(page.locator("tr[data-event]")).to_have_count(1)
    page.wait_for_url(re.compile(r"#/events\?text=watchdog&kind=guest&severity=warning"))
    page.reload()
    expect(page.locator("tr[data-event]")).to_have_count(1)
    expect(page.locator("#events-search input")).to_have_value("watchdog")
    page.locator("#events-search input").fill("watchdog nowhere")
    expect(page.locator("[data-empty='filtered']")).to_be_visible()
    page.locator("#clear-filters").click()
    expect(page.locator("tr[data-event]")).to_have_count(9)


def test_what_happens_appears_by_itself(page: Page, cockpit: LocalCockpit) -> None:
    expect(page.locator("tr[data-event]")).to_have_count(9)
    cockpit.show("logs-more")
    expect(page.locator("tr[data-event='10']")).to_contain_text("The guest was powered off.")
    assert seqs(page) == list(range(10, 0, -1))


def test_older_ones_follow_and_nothing_is_twice(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("logs")
    expect(page.locator("tr[data-event]")).to_have_count(50)
    page.locator("#events-more").click()
    expect(page.locator("tr[data-event]")).to_have_count(100)
    page.locator("#events-more").click()
    expect(page.locator("tr[data-event]")).to_have_count(120)
    expect(page.locator("#events-more")).to_have_count(0)
    assert seqs(page) == list(range(120, 0, -1))


def test_files_hold_all_that_match(page: Page, tmp_path: Path) -> None:
    page.locator("#events-kind").select_option("guest")
    expect(page.locator("tr[data-event]")).to_have_count(5)
    with page.expect_download() as saved:
        page.locator("#events-csv").click()
    saved.value.save_as(tmp_path / "events.csv")
    with (tmp_path / "events.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["subject"][:4] for row in rows] == ["web", "db", "db", "web", 'a "n']
    assert rows[0]["message"] == "The guest was started."
    with page.expect_download() as saved:
        page.locator("#events-json").click()
    saved.value.save_as(tmp_path / "events.json")
    assert [event["seq"] for event in json.loads((tmp_path / "events.json").read_text())] == [9, 6, 5, 4, 3]


def test_logs_are_collected_with_the_keyboard(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("logs-fresh")
    page.locator("#tab-logs").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main[data-page='logs']")).to_be_visible()
    page.locator("#collect-since").select_option("1w")
    page.locator("#collect-guests").focus()
    page.keyboard.press("Space")
    page.locator("#collect-start").focus()
    page.keyboard.press("Enter")
    running = page.locator("[data-collect='running']")
    expect(running).to_contain_text("Reading the state of the storage")
    assert sent(cockpit, "tasks.start")[-1] == {"task": "collect-logs", "params": {"since": "1w", "guests": "no"}}
    expect(page.locator("#collect-start")).to_be_disabled()
    expect(page.locator("[data-archive]")).to_have_count(1)
    cockpit.show("logs-collected")
    expect(page.locator("[data-collect='succeeded']")).to_contain_text("The archive is ready.")
    # The list follows by itself.
    expect(page.locator("[data-archive]")).to_have_count(2)


def test_a_collection_is_cancelled(page: Page, cockpit: LocalCockpit) -> None:
    cockpit.show("logs-collecting")
    page.locator("#tab-logs").click()
    page.locator("#collect-cancel").click()
    page.locator("#confirm-action").click()
    expect(page.locator("#confirm-action")).to_have_count(0)
    assert sent(cockpit, "jobs.cancel")[-1] == {"job": TASK}


def test_an_archive_is_had_and_removed(browser: Browser, cockpit: LocalCockpit) -> None:
    context = new_context(browser, cockpit)
    page = open_page(context, cockpit, "logs", "logs")
    first = page.locator(f"[data-archive='{TASK}']")
    with page.expect_download() as saved:
        first.locator("[data-download]").click()
    assert saved.value.suggested_filename == f"rhv-logs-{TASK}.tar.xz"
    assert Path(saved.value.path()).read_bytes()
    first.locator("[data-delete]").click()
    page.locator("#confirm-action").click()
    expect(page.locator("#confirm-action")).to_have_count(0)
    assert sent(cockpit, "logs.delete")[-1] == {"archive": TASK}
    context.close()
