# SPDX-License-Identifier: Apache-2.0
"""The helper and the page as a browser meets them: real Cockpit, real channel, a logged-in administrator."""

from __future__ import annotations

import gzip
import statistics
from typing import TYPE_CHECKING

from playwright.sync_api import Frame, Response, sync_playwright

from tests.bench.deploy import new_host
from tests.browser.cockpit import CHROMIUM_ARGS, CHROMIUM_PATH, log_in, open_page

if TYPE_CHECKING:
    from tests.bench.report import Report
    from tests.testhost.host import TestHost

ROUNDS = 15

# Opens the channel the page opens, asks what the page asks first, and stops the clock at the first snapshot.
_FIRST_SNAPSHOT = """
() => new Promise((resolve, reject) => {
    const began = performance.now();
    const spawn = ["/usr/libexec/cockpit-rhv/helper"];
    const channel = cockpit.channel({ payload: "stream", spawn, superuser: "try", err: "ignore" });
    let buffer = "";
    channel.addEventListener("message", (event, data) => {
        buffer += data;
        for (const line of buffer.split("\\n").slice(0, -1)) {
            const message = JSON.parse(line);
            if (message.error) reject(new Error(line));
            if (message.result && message.result.snapshot) {
                const elapsed = performance.now() - began;
                resolve(elapsed);
                channel.close();  // its close event comes at once, and finds the promise settled
            }
        }
        buffer = buffer.slice(buffer.lastIndexOf("\\n") + 1);
    });
    channel.addEventListener("close", (event, options) => reject(new Error(JSON.stringify(options))));
    const send = (id, method, params) => channel.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\\n");
    send(1, "hello", { client_version: "bench", language: "en" });
    send(2, "subscribe", { topic: "machines" });
})
"""


def _first_snapshots(frame: Frame) -> list[float]:
    return [float(frame.evaluate(_FIRST_SNAPSHOT)) for _ in range(ROUNDS)]


def _helper_rss_mb(host: TestHost) -> float:
    """Resident memory of the page's helper, the privileged one."""
    pid = host.container.run("pgrep", "-f", "-o", "cockpit-rhv/helper").stdout.split()[0]
    for line in host.container.run("cat", f"/proc/{pid}/status").stdout.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the helper's process has no VmRSS")


def measure(report: Report) -> None:
    """helper_first_snapshot_ms, helper_rss_mb, wizard_js_kb_gz, wizard_css_kb_gz."""
    host = new_host()
    scripts: dict[str, int] = {}
    styles: dict[str, int] = {}

    def seen(response: Response) -> None:
        path = response.url.split("?")[0]
        if "/rhv/" in path and response.ok:
            kind = scripts if path.endswith(".js") else styles if path.endswith(".css") else None
            if kind is not None:
                kind[path] = len(gzip.compress(response.body(), 9))

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM_PATH, args=CHROMIUM_ARGS)
        page = browser.new_page(ignore_https_errors=True)
        log_in(page, host, host.user)
        page.on("response", seen)
        frame = open_page(page, host)
        frame.locator("#deploy-engine").click()
        frame.locator("main[data-page='deploy'][data-state='ready'] [data-field='secrets.admin_password']").wait_for()
        report.put("wizard_js_kb_gz", sum(scripts.values()) / 1000, 1)
        report.put("wizard_css_kb_gz", sum(styles.values()) / 1000, 1)
        report.put("helper_rss_mb", _helper_rss_mb(host), 1)
        report.put("helper_first_snapshot_ms", statistics.median(_first_snapshots(frame)), 0)
        browser.close()
    host.down()
