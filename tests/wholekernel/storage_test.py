# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv storage test`` in a guest, and what of open-iscsi and udev it may not leave behind."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest

Steps = dict[str, dict[str, Any]]

#: Records of targets and portals, and rules; libvirt's pools leave records, too, so only a test itself is held to it.
_LEFT = "find /etc/iscsi /var/lib/iscsi /run/udev/rules.d /run/cockpit-rhv -type f 2> /dev/null | sort"


def try_storage(host: Guest, document: dict[str, Any], code: int | None = None) -> Steps:
    """The steps by their ids. ``code``: the exit status it must have."""
    before = host.run(_LEFT).stdout
    done = host.run("cockpit-rhv storage test - --json", input=json.dumps(document), check=False, limit_s=300)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    steps = {step["id"]: step for step in report["steps"]}
    assert code is None or done.returncode == code, {name: step["evidence"] for name, step in steps.items()}
    assert steps["undone"]["severity"] == "ok", steps["undone"]
    assert host.run(_LEFT).stdout == before
    return steps


def ill(steps: Steps) -> dict[str, str]:
    """What is not well: the sentence's id by the step's; each has a remedy."""
    found = {name: step for name, step in steps.items() if step["severity"] not in ("ok", "skipped")}
    assert all(step["remedy"] for step in found.values()), found
    return {name: step["summary"]["id"] for name, step in found.items()}


@contextmanager
def on_server(server: Guest, spoil: str, mend: str) -> Iterator[None]:
    """The server after ``spoil``, and after ``mend`` again whatever happened."""
    server.run(spoil)
    try:
        yield
    finally:
        server.run(mend)
