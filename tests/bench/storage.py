# SPDX-License-Identifier: Apache-2.0
"""The storage page with a hundred pools of which two are dead, an upload from the browser beside a plain copy over the
same channel, and how long a test of storage takes in guests with a whole kernel."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.bench import empty_page
from tests.bench.deploy import new_host
from tests.bench.guests import FLOOR, Kind, frame_of, logged_in, shown
from tests.browser.cockpit import CHROMIUM_ARGS, CHROMIUM_PATH, go_to
from tests.testhost.root import BUILD
from tests.testhost.steps import TOP
from tests.wholekernel import pools
from tests.wholekernel.session import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.bench.report import Report
    from tests.testhost.host import TestHost
    from tests.wholekernel.guest import Guest

ROUNDS = 5
POOLS, VOLUMES, DEAD = 100, 1000, 2
UPLOAD_BYTES = 1_000_000_000
UPLOAD_ROUNDS = 3
UPLOAD_PATIENCE_MS = 300_000
_MIB = 1024 * 1024
_INSIDE = "/root/dead_server.py"
_SIGNAL = "/run/bench-dead"

STORAGE = Kind("rhv#/storage", "cockpit1:localhost/rhv", "[data-card='pools'] tbody tr", "", "")

_CHAP = {"user": pools.CHAP_USER, "secret": pools.CHAP_SECRET}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "nfs": {"type": "nfs", "server": "server.wk.test", "path": "/srv/nfs/good", "version": "4.2"},
    "iscsi": {"type": "iscsi", "portals": ["10.77.0.1:3260"], "target": pools.TARGET, "lun": 1, "chap": _CHAP},
}

# A plain copy: what arrives is written, and told every 256 KiB, because Cockpit 337 itself never holds a browser back.
_COPY = """
import sys
got = told = 0
with open(sys.argv[1], "wb") as file:
    while got < int(sys.argv[2]):
        data = sys.stdin.buffer.raw.read(1 << 18)
        if not data: break
        file.write(data)
        got += len(data)
        if got - told >= 1 << 18 or got == int(sys.argv[2]):
            told = got
            print(got, flush=True)
    file.flush()
print("end", flush=True)
"""

# The same frames and window as an upload (src/storage/frames.ts), of one piece that lies in memory already.
_SEND = """([script, path, size]) => new Promise((resolve, reject) => {
    const FRAME = 64 * 1024, WINDOW = 16 * FRAME, piece = new Uint8Array(FRAME).fill(7);
    const channel = cockpit.channel(
        { payload: "stream", spawn: ["python3", "-c", script, path, String(size)], superuser: "try", binary: true });
    const begun = performance.now(), decoder = new TextDecoder();
    let sent = 0, told = 0, text = "";
    const send = () => {
        while (sent < size && sent - told < WINDOW) {
            const part = piece.subarray(0, Math.min(FRAME, size - sent));
            channel.send(part);
            sent += part.length;
        }
    };
    channel.addEventListener("message", (_event, data) => {
        text += decoder.decode(data);
        const lines = text.split("\\n");
        text = lines.pop();
        for (const line of lines) {
            if (line === "end") { resolve((performance.now() - begun) / 1000); channel.close(); return; }
            told = Number(line);
        }
        send();
    });
    channel.addEventListener("close", (_event, { problem, message }) => reject(new Error(`${problem} ${message}`)));
    send();
})"""


def make_pools(host: TestHost) -> None:
    """Directories of this host; the last ones will be dead."""
    root = host.container.root / "var/lib/bench"
    for pool in range(POOLS - DEAD):
        folder = root / f"pool-{pool:03d}"
        folder.mkdir(parents=True)
        for volume in range(VOLUMES):
            with (folder / f"disk-{volume:04d}.raw").open("wb") as file:
                file.truncate(_MIB)
    define = (
        'for p in "$@"; do virsh pool-define-as "$p" dir --target "/var/lib/bench/$p" && virsh pool-start "$p"; done'
    )
    names = [f"pool-{pool:03d}" for pool in range(POOLS - DEAD)]
    host.container.run("sh", "-ec", define, "sh", *names, limit_s=600)


@contextmanager
def dead_pools(host: TestHost) -> Iterator[None]:
    """Pools that were well when they were started, and whose server answers no more."""
    host.container.write(_INSIDE, (TOP / "tests/bench/dead_server.py").read_text())
    host.container.run("sh", "-c", "test -e /dev/fuse || mknod /dev/fuse c 10 229")
    names = [f"pool-{POOLS - DEAD + number:03d}" for number in range(DEAD)]
    servers = []
    try:
        for name in names:
            folder = f"/var/lib/bench/{name}"
            host.container.run("mkdir", "-p", folder)
            server = host.container.popen(
                "python3", _INSIDE, folder, _SIGNAL, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            servers.append(server)
            assert server.stdout is not None
            assert server.stdout.readline() == b"mounted\n"
            host.container.run("virsh", "pool-define-as", name, "dir", "--target", folder)
            host.container.run("virsh", "pool-start", name)
        host.container.run("touch", _SIGNAL)
        yield
    finally:
        for server in servers:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(10)


def measure_pools(report: Report, browser: Browser, host: TestHost) -> None:
    """pools_100_first_rows_s: from navigation to the first ten pools, beside a page with nothing in it."""
    make_pools(host)
    empty_page.install(host)
    with dead_pools(host), logged_in(browser, host) as context:
        floors, rounds = [], []
        for _ in range(ROUNDS):
            floors.append(shown(context, host, FLOOR).rows)
            rounds.append(shown(context, host, STORAGE).rows)
        report.put("pools_100_first_rows_s", statistics.median(rounds))
        report.put("pools_100_empty_page_s", statistics.median(floors))


def copy_s(page: Page, path: str) -> float:
    """Seconds for as many bytes into a file, by the same page over a channel of the same kind."""
    return float(frame_of(page, STORAGE).evaluate(_SEND, [_COPY, path, UPLOAD_BYTES]))


def upload_s(page: Page, file: Path) -> float:
    """Seconds from the button to the sentence that it has arrived."""
    frame = frame_of(page, STORAGE)
    frame.locator("#upload").click()
    frame.locator("#upload-file").set_input_files(file)
    begun_s = time.monotonic()
    frame.locator("#edit-confirm").click()
    frame.locator("[data-upload='done']").wait_for(timeout=UPLOAD_PATIENCE_MS)
    taken_s = time.monotonic() - begun_s
    frame.locator("[data-upload='done'] button").first.click()
    return taken_s


def heap_mib(context: BrowserContext, page: Page) -> float:
    """What the page's scripts hold, after a collection."""
    session = context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / _MIB


def measure_upload(report: Report, browser: Browser, host: TestHost) -> None:
    """upload_ratio: a gigabyte from the browser into a pool over the same bytes through a plain channel, in turns."""
    folder = "/var/lib/bench/uploads"
    host.container.run("mkdir", "-p", folder)
    host.container.run("virsh", "pool-define-as", "uploads", "dir", "--target", folder)
    host.container.run("virsh", "pool-start", "uploads")
    uuid = host.container.run("virsh", "pool-uuid", "uploads").stdout.strip()
    file = BUILD / "bench" / "upload.raw"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        for _ in range(UPLOAD_BYTES // 1_000_000):
            out.write(os.urandom(1_000_000))
    try:
        with logged_in(browser, host) as context:
            page = context.new_page()
            go_to(page, f"{host.cockpit_url}rhv#/storage/{uuid}")
            frame_of(page, STORAGE).locator("#upload").wait_for()
            before = heap_mib(context, page)
            copies, uploads = [], []
            for number in range(UPLOAD_ROUNDS):
                copies.append(copy_s(page, f"{folder}/copy.raw"))
                named = file.rename(file.with_name(f"upload-{number}.raw"))
                try:
                    uploads.append(upload_s(page, named))
                finally:
                    named.rename(file)
                host.container.run("sh", "-c", f"rm -f {folder}/copy.raw {folder}/upload-*")
            report.put("upload_s", statistics.median(uploads))
            report.put("upload_copy_s", statistics.median(copies))
            report.put("upload_ratio", statistics.median(uploads) / statistics.median(copies))
            report.put("upload_heap_growth_mib", heap_mib(context, page) - before, 1)
    finally:
        file.unlink()


def storage_test_s(host: Guest, document: dict[str, Any]) -> float:
    """Of the steps, undoing among them; the shell that starts the test is not counted: the page has its helper."""
    done = host.run("cockpit-rhv storage test - --json", input=json.dumps(document), check=False, limit_s=300)
    report = json.loads(done.stdout)
    failed = [step["summary"]["text"] for step in report["steps"] if step["severity"] in ("error", "unknown")]
    assert not failed, failed
    return float(report["elapsed_s"])


def measure_tests(report: Report) -> None:
    """storage_test_nfs_s and storage_test_iscsi_s; host and server are both emulated."""
    with running() as guests:
        for kind, document in DOCUMENTS.items():
            storage_test_s(guests.host, document)  # the first one loads modules and starts services
            taken = [storage_test_s(guests.host, document) for _ in range(ROUNDS)]
            report.put(f"storage_test_{kind}_s", statistics.median(taken))


def measure(report: Report) -> None:
    """pools_100_*, upload_*, storage_test_*."""
    host = new_host()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM_PATH, args=CHROMIUM_ARGS)
        measure_upload(report, browser, host)
        measure_pools(report, browser, host)
        browser.close()
    host.down()
    measure_tests(report)
