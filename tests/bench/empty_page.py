# SPDX-License-Identifier: Apache-2.0
"""A Cockpit page of nothing but rows that come with the first output of a process: the floor under every page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.testhost.host import TestHost

FOLDER = "/usr/share/cockpit/empty"

_HTML = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Empty</title>
<script src="../base1/cockpit.js"></script><script src="empty.js"></script></head><body><table></table></body></html>
"""

_SCRIPT = """// Ten rows, when a program of the host has said something over a channel such as every page opens
document.addEventListener("DOMContentLoaded", () => {
    const channel = cockpit.channel({ payload: "stream", spawn: ["/bin/echo", "up"], superuser: "try" });
    channel.addEventListener("message", () => {
        for (let row = 0; row < 10; row++)
            document.querySelector("table").insertRow().insertCell().textContent = "up";
    });
});
"""


def install(host: TestHost) -> None:
    """Sessions that begin afterwards have it, as ``empty``."""
    manifest = {"version": 0, "menu": {"index": {"label": "Empty", "order": 99}}}
    host.container.run("mkdir", "-p", FOLDER)
    host.container.write(f"{FOLDER}/manifest.json", json.dumps(manifest))
    host.container.write(f"{FOLDER}/index.html", _HTML)
    host.container.write(f"{FOLDER}/empty.js", _SCRIPT)
