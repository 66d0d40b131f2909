# SPDX-License-Identifier: Apache-2.0
"""Parts of the page that load when they are opened: ahead of time, late, and not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.local_cockpit import PAGE, LocalCockpit, obstacle
from tests.browser.states_page import FORMS, new_context, see

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

PARTS = ("guest", "create", "storage", "networks", "logs", "engine")


def file_of(part: str) -> re.Pattern[str]:
    """The address of a part: its name changes with what is in it."""
    return re.compile(rf"/{part}-[A-Z0-9]{{8}}\.js")


ANY = re.compile(r"/[a-z]+-[A-Z0-9]{8}\.js")
INDEX = re.compile(r"/index\.js")


@pytest.fixture
def form() -> str:
    return "light"


@pytest.fixture
def context(browser: Browser, cockpit: LocalCockpit, form: str) -> Iterator[BrowserContext]:
    context = new_context(browser, cockpit, form)
    yield context
    context.close()


def refuse(route: Route) -> None:
    route.abort()


def opened(context: BrowserContext, cockpit: LocalCockpit, address: str) -> Page:
    """A page whose browser complains of files that do not come, as it is to do here."""
    cockpit.show("guests")
    page = context.new_page()
    page.goto(f"{cockpit.url}#/{address}", wait_until="commit")
    return page


def watch(page: Page, asked: list[str]) -> None:
    page.on("request", lambda request: asked.append(request.url))


def ready(page: Page, name: str) -> None:
    expect(page.locator(f"main[data-page='{name}'][data-state='ready']")).to_be_visible()


def test_each_part_is_one_file_and_what_they_share_another() -> None:
    names = sorted(path.name.split(".js")[0] for path in PAGE.glob("*-*.js*"))
    assert [name.rpartition("-")[0] for name in names] == sorted([*PARTS, "chunk"])


def test_the_first_sight_needs_no_part(context: BrowserContext, cockpit: LocalCockpit) -> None:
    for address, name in (("", "overview"), ("guests", "guests")):
        asked: list[str] = []
        page = context.new_page()
        watch(page, asked)
        context.route(ANY, refuse)
        cockpit.show("guests")
        page.goto(f"{cockpit.url}#/{address}")
        ready(page, name)
        ours = {url.rpartition("/")[2] for url in asked if "/rhv/" in url and url.endswith(".js")}
        assert {"start.js", "index.js"} <= ours
        page.close()


def test_the_helper_starts_before_the_page_has_arrived(context: BrowserContext, cockpit: LocalCockpit) -> None:
    held: list[Route] = []
    context.route(INDEX, lambda route: held.append(route))
    before = cockpit.requests().count("hello")
    page = opened(context, cockpit, "guests")
    for _ in range(100):
        if held and cockpit.requests().count("hello") > before:
            break
        page.wait_for_timeout(100)
    assert cockpit.requests().count("hello") > before
    assert page.locator("main").count() == 0
    held[0].continue_()
    ready(page, "guests")


@pytest.mark.parametrize("form", FORMS)
def test_a_part_that_does_not_load(context: BrowserContext, cockpit: LocalCockpit, form: str) -> None:
    context.route(file_of("storage"), refuse)
    page = opened(context, cockpit, "")
    ready(page, "overview")
    page.locator("#nav-storage").click()
    expect(page.locator("[data-part-error='page.part']")).to_be_visible()
    expect(page.locator("#nav-storage")).to_have_attribute("aria-current", "page")
    see((page, form), "part-error")
    # The rest of the page goes on, and the error comes back with its part.
    page.locator("#nav-guests").click()
    ready(page, "guests")
    page.locator("#nav-storage").click()
    expect(page.locator("[data-part-error]")).to_be_visible()
    context.unroute(file_of("storage"))
    page.locator("#reload-page").click()
    ready(page, "storage")
    assert page.url.endswith("#/storage")


def test_a_page_opened_at_a_part_that_does_not_load(context: BrowserContext, cockpit: LocalCockpit) -> None:
    context.route(file_of("engine"), refuse)
    page = opened(context, cockpit, "engine")
    expect(page.locator("[data-part-error]")).to_be_visible()
    context.unroute(file_of("engine"))
    page.locator("#reload-page").focus()
    page.keyboard.press("Enter")
    ready(page, "engine")


def test_a_late_part_shows_a_skeleton(context: BrowserContext, cockpit: LocalCockpit) -> None:
    held: list[Route] = []
    context.route(file_of("networks"), lambda route: held.append(route))
    page = opened(context, cockpit, "")
    ready(page, "overview")
    page.locator("#nav-networks").click()
    expect(page.locator("main[data-page='networks'][data-state='loading'] .rhv-card-skeleton")).to_have_count(2)
    held[0].continue_()
    expect(page.locator("main[data-page='networks'] .rhv-card-skeleton")).to_have_count(0)
    ready(page, "networks")


def test_pointing_at_a_link_loads_what_it_leads_to(context: BrowserContext, cockpit: LocalCockpit) -> None:
    # The first one that is fetched ahead fails: nothing is fetched because of time alone.
    context.route(file_of("guest"), refuse)
    page = opened(context, cockpit, "")
    ready(page, "overview")
    with page.expect_request(file_of("networks")):
        page.locator("#nav-networks").hover()
    with page.expect_request(file_of("logs")):
        page.locator("#nav-logs").focus()
    assert page.locator("main[data-page='overview']").count() == 1


def test_parts_are_fetched_before_they_are_opened(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = context.new_page()
    cockpit.show("guests")
    asked: set[str] = set()
    page.on("response", lambda response: asked.update(part for part in PARTS if file_of(part).search(response.url)))
    page.goto(f"{cockpit.url}#/")
    for _ in range(300):
        if asked == set(PARTS):
            break
        page.wait_for_timeout(100)
    assert asked == set(PARTS)
    # Now a new package may take them away.
    context.route(ANY, refuse)
    for name in ("storage", "networks", "logs", "engine"):
        page.locator(f"#nav-{name}").click()
        ready(page, name)


@pytest.mark.parametrize("form", FORMS)
def test_a_page_that_does_not_load(context: BrowserContext, cockpit: LocalCockpit, form: str) -> None:
    context.route(INDEX, refuse)
    page = opened(context, cockpit, "guests")
    expect(page.locator("main[data-page='guard'] button")).to_be_visible()
    see((page, form), "guard")
    context.unroute(INDEX)
    page.locator("main[data-page='guard'] button").click()
    ready(page, "guests")
