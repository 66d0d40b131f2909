# SPDX-License-Identifier: Apache-2.0
"""The list of guests beside cockpit-machines': 500 and 2,000 guests of which 50 run, on one host, in one browser."""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from playwright.sync_api import Error, Frame, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

from tests.bench import empty_page, peer
from tests.bench.deploy import new_host
from tests.browser.cockpit import CHROMIUM_ARGS, CHROMIUM_PATH, go_to, log_in
from tests.testhost.steps import TOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.bench.report import Report
    from tests.testhost.host import TestHost

INSIDE = "/root/guests_inside.py"
RUNNING = 50
ROUNDS = 5
STARTS = 9
#: Seconds after which a page that shows nothing is given up.
PATIENCE_S = 90.0


class Kind(NamedTuple):
    """A page: its place in Cockpit, its frame, a selector of rows, and scripts that say what a row shows."""

    place: str
    frame: str
    rows: str
    usage: str
    state: str


OURS = Kind(
    "rhv#/guests",
    "cockpit1:localhost/rhv",
    "tr[data-guest]",
    # every guest in view that runs has its load
    """() => {
        const rows = [...document.querySelectorAll("tr[data-guest][data-state='running']")];
        const has = (row, column, what) => what.test(row.querySelector(`[data-column='${column}']`).textContent);
        return rows.length > 0 && rows.every(row => has(row, "cpu", /%/) && has(row, "memory", /[0-9]/));
    }""",
    """name => {
        const rows = [...document.querySelectorAll("tr[data-guest]")];
        return rows.find(row => row.textContent.includes(name))?.dataset.state;
    }""",
)
THEIRS = Kind(
    "machines",
    "cockpit1:localhost/machines",
    "tr[data-row-id^='vm-']",
    "",  # it shows no usage above twenty guests
    "name => document.querySelector(`#vm-${name}-system-state`)?.textContent",
)

#: What no page can be quicker than.
FLOOR = Kind("empty", "cockpit1:localhost/empty", "tr", "", "")

# When the state of a row changes, by the browser's clock, which is this machine's.
_WATCH = """([state, name]) => {
    const read = eval(state), before = read(name);
    window.__changed = new Promise(resolve => {
        const look = () => { if (read(name) !== before) { observer.disconnect(); resolve(Date.now() / 1000); } };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    });
    return before ?? null;
}"""


def inside(host: TestHost, *argv: str, limit_s: float = 900) -> str:
    """What the script on the host prints."""
    return host.container.run("python3", INSIDE, *argv, limit_s=limit_s).stdout


def frame_of(page: Page, kind: Kind) -> Frame:
    element = page.wait_for_selector(f"iframe[name='{kind.frame}']", state="attached", timeout=30_000)
    frame = element.content_frame() if element else None
    assert frame is not None
    return frame


def wait_in(page: Page, kind: Kind, script: str, argument: Any, limit_s: float) -> None:
    """Wait for a script to say yes; the shell may load the frame anew meanwhile."""
    deadline = time.monotonic() + limit_s
    while True:
        left_ms = max(1.0, (deadline - time.monotonic()) * 1000)
        try:
            frame_of(page, kind).wait_for_function(script, arg=argument, timeout=left_ms)
        except NotInTime:
            raise
        except Error:
            if time.monotonic() > deadline:
                raise
        else:
            return


class Shown(NamedTuple):
    """Seconds from navigation, in a new tab, to what is seen."""

    rows: float
    usage: float


def shown(context: BrowserContext, host: TestHost, kind: Kind, limit_s: float = PATIENCE_S) -> Shown:
    """Open a page until its first ten rows and the usage of those in view are there."""
    page = context.new_page()
    try:
        begun_s = time.monotonic()
        go_to(page, host.cockpit_url + kind.place, wait_until="commit")
        wait_in(page, kind, "rows => document.querySelectorAll(rows).length >= 10", kind.rows, limit_s)
        rows_s = time.monotonic() - begun_s
        if kind.usage:
            wait_in(page, kind, kind.usage, None, limit_s)
        return Shown(rows_s, time.monotonic() - begun_s)
    finally:
        page.close()


@contextmanager
def told_events(host: TestHost) -> Iterator[IO[bytes]]:
    """libvirt's own events as another client of it gets them, a line each."""
    process = host.container.popen("python3", INSIDE, "events", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield process.stdout
    finally:
        process.stdin.close()
        process.wait(10)


def event_to_screen_ms(context: BrowserContext, host: TestHost, kind: Kind) -> float:
    """Median over some starts: from libvirt's event to the changed row."""
    page = context.new_page()
    taken: list[float] = []
    try:
        go_to(page, host.cockpit_url + kind.place, wait_until="commit")
        wait_in(page, kind, "rows => document.querySelectorAll(rows).length >= 10", kind.rows, PATIENCE_S)
        time.sleep(5)
        frame = frame_of(page, kind)
        with told_events(host) as events:
            for number in range(1, 1 + STARTS):
                name = f"bench-{number:04d}"
                frame.evaluate(_WATCH, [kind.state, name])
                host.container.run("virsh", "start", name)
                started_s = next(
                    told["at_s"]
                    for told in map(json.loads, events)
                    if told["name"] == name and told["event"] == 2  # VIR_DOMAIN_EVENT_STARTED
                )
                taken.append((float(frame.evaluate("() => window.__changed")) - started_s) * 1000)
        return statistics.median(taken)
    finally:
        page.close()
        for number in range(1, 1 + STARTS):
            host.container.run("virsh", "destroy", f"bench-{number:04d}", check=False)


@contextmanager
def logged_in(browser: Browser, host: TestHost) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    log_in(page, host, host.user)
    yield context
    context.close()


def script_kb_gz(context: BrowserContext, host: TestHost, kind: Kind) -> float:
    """All scripts a first visit loads, compressed."""
    page = context.new_page()
    sizes: dict[str, int] = {}
    folder = kind.place.split("#")[0]
    page.on(
        "response",
        lambda response: (
            sizes.update({response.url: len(gzip.compress(response.body(), 9))})
            if f"/{folder}/" in response.url and ".js" in response.url and response.ok
            else None
        ),
    )
    go_to(page, host.cockpit_url + kind.place)
    wait_in(page, kind, "rows => document.querySelectorAll(rows).length >= 1", kind.rows, PATIENCE_S)
    page.close()
    return sum(sizes.values()) / 1000


def measure_ours(report: Report, browser: Browser, host: TestHost, count: int) -> None:
    with logged_in(browser, host) as context:
        if count == 500:
            report.put("page_js_kb_gz", script_kb_gz(context, host, OURS), 1)
        floors, rounds = [], []
        for _ in range(ROUNDS):  # in turns: what else the machine does meets both
            floors.append(shown(context, host, FLOOR))
            rounds.append(shown(context, host, OURS))
        report.put(f"guests_{count}_first_rows_s", statistics.median(one.rows for one in rounds))
        report.put(f"guests_{count}_all_usage_s", statistics.median(one.usage for one in rounds))
        report.put(f"guests_{count}_empty_page_s", statistics.median(one.rows for one in floors))
        if count == 500:
            report.put("event_to_screen_ms", event_to_screen_ms(context, host, OURS), 0)


def do_without_kvm(context: BrowserContext, host: TestHost) -> None:
    """It shows no list on a machine without hardware virtualization before somebody has pressed Ignore."""
    page = context.new_page()
    go_to(page, host.cockpit_url + THEIRS.place)
    page.frame_locator(f"iframe[name='{THEIRS.frame}']").get_by_role("button", name="Ignore").click(timeout=30_000)
    page.close()


def measure_theirs(report: Report, browser: Browser, host: TestHost) -> None:
    print(f"  beside it: cockpit-machines {peer.install(host)}", flush=True)
    with logged_in(browser, host) as context:
        do_without_kvm(context, host)
        try:
            rows_s = shown(context, host, THEIRS).rows
            print(f"  cockpit-machines with the message bus as it comes: rows after {rows_s:.1f} s", flush=True)
            report.put("peer_stock_500_first_rows_s", rows_s)
        except NotInTime:
            print(f"  cockpit-machines with the message bus as it comes: no list after {PATIENCE_S:.0f} s", flush=True)
    peer.raise_dbus_limits(host)
    with logged_in(browser, host) as context:
        do_without_kvm(context, host)
        rounds = [shown(context, host, THEIRS).rows for _ in range(3)]
        report.put("peer_500_first_rows_s", statistics.median(rounds))
        report.put("peer_event_to_screen_ms", event_to_screen_ms(context, host, THEIRS), 0)


def measure(report: Report) -> None:
    """guests_500_*, guests_2000_*, event_to_screen_ms, tick_*, page_js_kb_gz; peer_* of cockpit-machines.

    ``guests_*_empty_page_s`` is the floor under the others: a page of Cockpit's with nothing in it.
    """
    host = new_host()
    host.container.write(INSIDE, (TOP / "tests/bench/guests_inside.py").read_text())
    inside(host, "define", "0", "500", str(RUNNING))
    empty_page.install(host)
    time.sleep(30)  # fifty BIOSes that look for a disk
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM_PATH, args=CHROMIUM_ARGS)
        measure_ours(report, browser, host, 500)
        for name, value in json.loads(inside(host, "ticks")).items():
            report.put(name, value)
        measure_theirs(report, browser, host)
        inside(host, "define", "500", "2000", "0")
        measure_ours(report, browser, host, 2000)
        for figure in ("first_rows_s", "all_usage_s"):
            of = report.figures
            report.put(f"guests_2000_{figure}_ratio", of[f"guests_2000_{figure}"] / of[f"guests_500_{figure}"])
        browser.close()
    host.down()
