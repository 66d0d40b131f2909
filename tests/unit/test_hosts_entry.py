# SPDX-License-Identifier: Apache-2.0
"""The host task that adds the engine's name to /etc/hosts: ours is replaced, nobody else's is touched."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cockpit_rhv.checks.names import HOSTS_MARK

TOP = Path(__file__).parents[2]
PLAYBOOK = TOP / "ansible/host/hosts_entry.yml"
BASE = "127.0.0.1 localhost\n# 192.0.2.99 engine.example.com # cockpit-rhv\n192.0.2.7 xengine.example.com\n"
ENTRY = f"192.0.2.20 engine.example.com # {HOSTS_MARK}\n"


def run(hosts: Path, address: str = "192.0.2.20") -> tuple[int, int, str]:
    """Exit status, number of changes and output of a run that works on ``hosts`` instead of /etc/hosts."""
    values = {"hosts_file": str(hosts), "rhv_task": {"address": address, "fqdn": "engine.example.com"}}
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [str(program), "-i", "localhost,", "-c", "local", "-e", json.dumps(values), str(PLAYBOOK)],
        env={"PATH": "/usr/bin:/bin", "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"changed=(\d+)", done.stdout)
    return done.returncode, int(found.group(1)) if found else -1, done.stdout + done.stderr


def test_an_entry_is_added_once_and_follows_its_address(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(BASE)
    assert run(hosts)[:2] == (0, 1)
    assert hosts.read_text() == BASE + ENTRY
    assert run(hosts)[:2] == (0, 0), "a second run changes nothing"
    assert run(hosts, "192.0.2.21")[:2] == (0, 1)
    assert hosts.read_text() == BASE + ENTRY.replace(".20", ".21"), "ours is replaced"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("192.0.2.30\tother Engine.Example.com # by hand", 2),
        ("192.0.2.20 engine.example.com alias # by hand", 0),
    ],
)
def test_an_entry_of_somebody_else_is_left_alone(tmp_path: Path, line: str, status: int) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{BASE}{line}\n")
    code, changes, output = run(hosts)
    assert (code, changes) == (status, 0), output
    assert hosts.read_text() == f"{BASE}{line}\n"
    assert code == 0 or "is left alone" in output
