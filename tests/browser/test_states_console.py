# SPDX-License-Identifier: Apache-2.0
"""Consoles on a local Cockpit with a scripted program: every state in every look, keys, taking over, failing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.fake_states import guests as sample
from tests.browser.local_cockpit import LocalCockpit, obstacle
from tests.browser.states_page import FORMS, english, look, new_context, open_page, sent

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))

UUIDS = {guest["name"]: guest["uuid"] for guest in sample.few()}
WEB, WEB2, OFF, MANAGED = UUIDS["web-1"], UUIDS["web-2"], UUIDS["build-agent"], UUIDS["billing"]
NOBODY = "00000000-0000-0000-0000-00000000dead"

#: Counts pixels of the guest's picture that are not black.
LIT = """() => {
    const canvas = document.querySelector(".rhv-console__place canvas");
    if (!canvas || canvas.width === 0) return 0;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let lit = 0;
    for (let at = 0; at < data.length; at += 4)
        lit += data[at] + data[at + 1] + data[at + 2] > 0 ? 1 : 0;
    return lit;
}"""


@pytest.fixture
def context(browser: Browser, cockpit: LocalCockpit) -> Iterator[BrowserContext]:
    cockpit.console("picture")
    cockpit.forget_keys()
    context = new_context(browser, cockpit)
    yield context
    context.close()


def open_console(context: BrowserContext, cockpit: LocalCockpit, uuid: str = WEB, kind: str = "vnc") -> Page:
    return open_page(context, cockpit, "guests", f"console/{uuid}?type={kind}")


def is_open(page: Page) -> None:
    expect(page.locator("[data-console='open']")).to_be_visible()


def ended(page: Page, code: str) -> None:
    expect(page.locator(f"[data-console-ended='{code}']")).to_be_visible()


def keys_are(page: Page, cockpit: LocalCockpit, wanted: str) -> None:
    for _ in range(50):
        if cockpit.keys() == wanted:
            return
        page.wait_for_timeout(100)
    assert cockpit.keys() == wanted


#: State of the helper, what the program does, guest, kind, what is to be seen then.
VIEWS: list[tuple[str, str, str, str, str]] = [
    ("guests", "picture", WEB, "vnc", "[data-console='open']"),
    ("guests", "picture", WEB, "serial", "[data-console='open']"),
    ("guests", "hang", WEB, "vnc", ".rhv-console__wait"),
    ("guests", "silent", WEB, "vnc", "#console-silent"),
    ("guests", "none", WEB, "vnc", "[data-console-ended]"),
    ("guests", "busy", WEB, "serial", "[data-console-ended]"),
    ("guests", "overdue", WEB, "vnc", "[data-console-ended]"),
    ("guests", "crash", WEB, "vnc", "[data-console-ended]"),
    ("guests", "picture", OFF, "vnc", "[data-console-off]"),
    ("guests", "picture", MANAGED, "vnc", "[data-console='open']"),
    ("guests", "picture", NOBODY, "vnc", "[data-console-gone]"),
    ("guests-limited", "picture", WEB, "vnc", "[data-console-denied]"),
    ("guests-unknown", "overdue", WEB, "vnc", "[data-console-ended]"),
]


@pytest.mark.parametrize("look_as", FORMS)
def test_every_state_of_a_console(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    context = new_context(browser, cockpit, look_as)
    for state, mode, uuid, kind, seen in VIEWS:
        cockpit.console(mode)
        page = open_page(context, cockpit, state, f"console/{uuid}?type={kind}")
        expect(page.locator(seen)).to_be_visible()
        if (mode, kind) == ("picture", "serial"):
            expect(page.locator(".xterm-rows")).to_contain_text("web-1 login:")
        guest = {WEB: "web", OFF: "off", MANAGED: "managed", NOBODY: "gone"}[uuid]
        look(page, f"{look_as}-console-{state}-{mode}-{guest}-{kind}")
        if look_as == "es":
            left = english(page.locator("body").inner_text())
            assert not left, f"{state} {mode}: in English: {left}"
        page.close()
    context.close()


@pytest.mark.parametrize("look_as", FORMS)
def test_what_is_said_of_remote_viewer(browser: Browser, cockpit: LocalCockpit, look_as: str) -> None:
    cockpit.console("picture")
    context = new_context(browser, cockpit, look_as)
    page = open_console(context, cockpit)
    page.locator("#console-viewer").click()
    expect(page.locator("[data-error='console.local_only']")).to_be_visible()
    look(page, f"{look_as}-console-viewer-local")
    spanish(page, look_as)
    page.locator("#console-change").click()
    expect(page.locator("[data-outcome='changed']")).to_be_visible()
    assert sent(cockpit, "machines.open_display")[-1] == {"uuid": WEB}
    is_open(page)  # the console in the page goes on all the while
    page.close()
    page = open_console(context, cockpit, WEB2)
    with page.expect_download() as download:
        page.locator("#console-viewer").click()
    assert download.value.suggested_filename.endswith(".vv")
    expect(page.locator("[data-outcome='unlocked']")).to_be_visible()
    assert sent(cockpit, "machines.console")[-1] == {"uuid": WEB2, "host": "127.0.0.1"}
    look(page, f"{look_as}-console-viewer-unlocked")
    spanish(page, look_as)
    page.locator("#console-type").click()
    look(page, f"{look_as}-console-type")
    spanish(page, look_as)
    context.close()


def spanish(page: Page, look_as: str) -> None:
    if look_as == "es":
        left = english(page.locator("body").inner_text())
        assert not left, left


def test_the_picture_is_the_guests(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_console(context, cockpit)
    is_open(page)
    page.wait_for_function(f"() => ({LIT})() === {320 * 200}")
    colour = "() => [...document.querySelector('canvas').getContext('2d').getImageData({x}, 10, 1, 1).data.slice(0, 3)]"
    assert page.evaluate(colour.replace("{x}", "5")) == [0xC0, 0xC0, 0xC0]
    assert page.evaluate(colour.replace("{x}", "240")) == [0xC0, 0, 0] or page.evaluate(
        colour.replace("{x}", "220")
    ) == [0xC0, 0, 0]
    wide = page.locator("canvas").bounding_box()
    page.locator("#console-actual").click()
    page.wait_for_function("() => document.querySelector('canvas').getBoundingClientRect().width === 320")
    assert wide is not None
    assert wide["width"] > 320


def test_keys_reach_the_guest_and_shift_f12_leaves(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_console(context, cockpit)
    is_open(page)
    page.locator("canvas").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    keys_are(page, cockpit, "+ff09\n-ff09\n+ff1b\n-ff1b\n")
    expect(page.locator("canvas")).to_be_focused()
    cockpit.forget_keys()
    page.keyboard.down("Shift")
    page.keyboard.press("F12")
    page.keyboard.up("Shift")
    expect(page.locator("#console-vnc")).to_be_focused()
    page.wait_for_timeout(300)
    typed = cockpit.keys()
    assert typed.startswith("+ffe1\n-ffe1\n")
    assert "ffc9" not in typed, "the guest got F12"
    # the hint that says so belongs to the console
    assert "Shift+F12" in page.locator(f"#{page.locator('canvas').get_attribute('aria-describedby')}").inner_text()


def test_the_keyboard_gets_into_the_console(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_console(context, cockpit)
    is_open(page)
    page.locator("#console-viewer").focus()
    page.keyboard.press("Tab")
    expect(page.locator("canvas")).to_be_focused()


def test_combinations_are_sent(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_console(context, cockpit)
    is_open(page)
    page.locator("#console-keys").click()
    look(page, "light-console-keys")
    page.locator("[data-keys='Ctrl+Alt+Del']").click()
    keys_are(page, cockpit, "+ffe3\n+ffe9\n+ffff\n-ffff\n-ffe9\n-ffe3\n")
    cockpit.forget_keys()
    page.locator("#console-keys").click()
    page.locator("[data-keys='Ctrl+Alt+F3']").click()
    keys_are(page, cockpit, "+ffe3\n+ffe9\n+ffc0\n-ffc0\n-ffe9\n-ffe3\n")


def test_a_text_is_typed(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_console(context, cockpit)
    is_open(page)
    page.locator("#console-type").click()
    page.locator("#type-text").fill("aB!\nñ")
    page.locator("#type-send").click()
    expect(page.get_by_text("1 character was left out")).to_be_visible()
    keys_are(page, cockpit, "+61\n-61\n+ffe1\n+42\n-42\n-ffe1\n+ffe1\n+21\n-21\n-ffe1\n+ff0d\n-ff0d\n")


def test_the_clipboard_is_read_in(browser: Browser, cockpit: LocalCockpit) -> None:
    cockpit.console("picture")
    context = new_context(browser, cockpit)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = open_console(context, cockpit, kind="serial")
    is_open(page)
    page.evaluate("navigator.clipboard.writeText('apt update')")
    cockpit.forget_keys()
    page.locator("#console-type").click()
    expect(page.locator("#type-text")).to_have_value("apt update")
    page.locator("#type-send").click()
    keys_are(page, cockpit, "apt update")
    context.close()


def test_a_serial_console_is_taken_over(context: BrowserContext, cockpit: LocalCockpit) -> None:
    cockpit.console("busy")
    page = open_console(context, cockpit, kind="serial")
    ended(page, "serial.busy")
    page.locator("#console-take-over").click()
    is_open(page)
    page.locator(".xterm-helper-textarea").focus()
    page.keyboard.type("root")
    expect(page.locator(".xterm-rows")).to_contain_text("login: root")


def test_a_guest_that_ends_and_one_that_starts(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_console(context, cockpit)
    is_open(page)
    cockpit.console("ended")
    ended(page, "console.guest_ended")
    cockpit.console("picture")
    page.locator("#console-retry").click()
    is_open(page)


def test_silence_is_said_and_goes(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_console(context, cockpit)
    is_open(page)
    cockpit.console("silent")
    expect(page.locator("#console-silent")).to_contain_text("7 s")
    cockpit.console("picture")
    expect(page.locator("#console-silent")).to_have_count(0)
    is_open(page)


@pytest.mark.parametrize(("mode", "code"), [("junk", "page.console_ended"), ("crash", "page.console_ended")])
def test_a_program_that_fails_is_reported(context: BrowserContext, cockpit: LocalCockpit, mode: str, code: str) -> None:
    cockpit.console(mode)
    page = open_console(context, cockpit)
    ended(page, code)
    cockpit.console("picture")
    page.locator("#console-retry").click()
    is_open(page)


def test_viewers_that_do_not_load_are_asked_for_again(context: BrowserContext, cockpit: LocalCockpit) -> None:
    def refuse(route: Any) -> None:
        route.abort()

    page = context.new_page()
    context.route(re.compile(r"screens\.js"), refuse)
    cockpit.show("guests")
    page.goto(f"{cockpit.url}#/console/{WEB}?type=vnc")
    ended(page, "page.screens")
    context.unroute(re.compile(r"screens\.js"))
    page.locator("#console-retry").click()
    is_open(page)


@pytest.mark.parametrize("mode", ["hang", "picture"])
def test_a_screen_that_is_left_leaves_nothing_to_complain_of(
    context: BrowserContext, cockpit: LocalCockpit, mode: str
) -> None:
    cockpit.console(mode)
    page = open_console(context, cockpit)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    expect(
        page.locator("[data-console='connecting'] canvas" if mode == "hang" else "[data-console='open']")
    ).to_have_count(1)
    page.locator("#nav-guests").click()
    expect(page.locator("main[data-page='guests'][data-state='ready']")).to_be_visible()
    page.wait_for_timeout(4_000)  # noVNC waits three seconds for the end of its connection
    assert said == []


def test_the_list_leads_to_the_console_and_back(context: BrowserContext, cockpit: LocalCockpit) -> None:
    page = open_page(context, cockpit, "guests", "guests")
    page.locator(f"[data-guest='{WEB}'] .rhv-guest__menu button").click()
    page.locator("[data-action='console']").click()
    is_open(page)
    expect(page).to_have_url(re.compile(rf"#/console/{WEB}\?type=vnc$"))
    page.locator("#console-serial").click()
    expect(page).to_have_url(re.compile(r"type=serial$"))
    expect(page.locator(".xterm-rows")).to_contain_text("login:")
    page.locator("#console-guests").click()
    expect(page.locator("[data-guest]").first).to_be_visible()
