# SPDX-License-Identifier: Apache-2.0
"""How a helper ends, what it keeps off its stdout, and what it refuses to an ordinary user."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.rpc.schema import RpcSchema

from tests.wire.helper_process import TREE, HelperProcess, RpcFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.conftest import Start

NOBODY = 65534

#: valid parameters of every method that changes something; a new one has to be added here
EXAMPLES: dict[str, dict[str, object]] = {
    "deploy.start": {"profile": "x", "answers": {}, "secrets": {"admin_password": "long enough"}},
    "deploy.answers": {"job": "x"},
    "deploy.resume_plan": {"job": "x", "answers": {}},
    "deploy.resume": {"job": "x", "answers": {}},
    "deploy.cleanup_plan": {},
    "deploy.cleanup": {"fingerprint": "x"},
    "engine.upgrade": {},
    "engine.rollback": {},
    "engine.drop_previous": {},
    "tasks.start": {"task": "x", "params": {}},
    "jobs.resume": {"job": "x"},
    "jobs.cancel": {"job": "x"},
    "jobs.output": {"job": "x", "offset": 0},
    "machines.start": {"uuid": "x"},
    "machines.shutdown": {"uuid": "x"},
    "machines.power_off": {"uuid": "x"},
    "machines.act": {"action": "power_off", "uuids": ["x"]},
    "machines.console": {"uuid": "x"},
    "machines.serial_log": {"uuid": "x", "offset": 0},
    "machines.open_display": {"uuid": "x"},
    "machines.set_vcpus": {"uuid": "x", "next": 1},
    "machines.set_memory": {"uuid": "x", "next_mib": 1},
    "machines.change_medium": {"uuid": "x", "target": "x", "path": None, "now": True, "next": False},
    "machines.shut_down": {"uuids": ["x"], "wait_s": 1},
    "machines.snapshot_create": {"uuid": "x", "name": "x", "description": ""},
    "machines.snapshot_revert": {"uuid": "x", "name": "x"},
    "machines.snapshot_delete": {"uuid": "x", "name": "x", "children": False},
    "machines.define_xml": {"uuid": "x", "text": "x", "fingerprint": "x"},
    "machines.set_boot_order": {"uuid": "x", "order": []},
    "machines.disk_choices": {"uuid": "x"},
    "machines.add_disk": {"uuid": "x", "bus": "virtio", "format": "raw", "path": "x", "now": True, "next": False},
    "machines.remove_disk": {"uuid": "x", "target": "x", "now": True, "next": False, "delete": False},
    "machines.add_nic": {
        "uuid": "x",
        "kind": "user",
        "source": None,
        "model": "virtio",
        "mac": None,
        "now": True,
        "next": False,
    },
    "machines.remove_nic": {"uuid": "x", "mac": "x", "now": True, "next": False},
    "machines.set_link": {"uuid": "x", "mac": "x", "up": True, "now": True, "next": False},
    "machines.agent": {"uuid": "x"},
    "machines.create": {
        "name": "x",
        "source": {"kind": "empty", "path": None},
        "folder": "/x",
        "disk_gib": 1,
        "memory_mib": 64,
        "vcpus": 1,
        "network": None,
        "firmware": "bios",
        "autostart": False,
        "start": False,
        "cloud": None,
    },
    "machines.clone_plan": {"uuid": "x"},
    "machines.clone": {"uuid": "x", "name": "x", "folder": "/x", "start": False},
    "machines.removal_plan": {"uuid": "x"},
    "machines.remove": {"uuid": "x", "paths": []},
    "storage.test": {"document": {"type": "directory", "path": "/x"}},
    "storage.cancel": {},
    "storage.wipe_engine": {
        "document": {"type": "directory", "path": "/x"},
        "engine": "x",
        "files": [{"name": "x", "mark": "x"}],
    },
    "storage.discover": {"portal": "x"},
    "storage.luns": {},
    "storage.create": {"name": "x", "kind": "dir", "target": "/x", "autostart": False},
    "storage.act": {"pool": "x", "action": "activate"},
    "storage.volume_create": {"pool": "x", "name": "x", "format": "raw", "capacity_bytes": 1048576, "full": False},
    "storage.volume_remove": {"pool": "x", "name": "x"},
    "storage.upload_begin": {"pool": "x", "name": "x", "size_bytes": 1},
    "networks.plan": {"plan": {"kind": "mtu", "name": "x", "mtu": 1500}},
    "networks.change": {"plan": {"kind": "mtu", "name": "x", "mtu": 1500}, "confirm_s": 30},
    "networks.confirm": {"job": "x", "keep": True},
    "logs.list": {},
    "logs.delete": {"archive": "x"},
}

RUN_HELPER = "import runpy; runpy.run_module('cockpit_rhv.helper', run_name='__main__')"

# replaces the reading of the host by something that misbehaves, then runs the helper
MISBEHAVE = """
import sys, time
import cockpit_rhv.host.facts as facts
honest = facts.read_host_facts
def misbehave():
    {what}
    return honest()
facts.read_host_facts = misbehave
"""
MISBEHAVE += RUN_HELPER


def test_it_ends_with_its_stdin(helper: HelperProcess) -> None:
    helper.subscribe("machines")
    helper.subscribe("jobs")
    assert helper.close() == 0


def test_it_ends_before_the_first_request(helper: HelperProcess) -> None:
    assert helper.close() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_cleanly(helper: HelperProcess, number: signal.Signals) -> None:
    helper.subscribe("machines")
    helper.process.send_signal(number)
    assert helper.wait() == 0


def test_it_ends_when_nobody_reads_its_answers(start_helper: Start) -> None:
    reader, writer = os.pipe()
    script = f"import os; os.dup2({writer}, 1); " + RUN_HELPER
    os.set_inheritable(writer, True)
    helper = start_helper(argv=[sys.executable, "-c", script], pass_fds=(writer,))
    os.close(writer)
    helper.write(b'{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"topic":"machines"}}\n')
    assert os.read(reader, 1)
    os.close(reader)
    assert helper.wait() == 0


def test_it_ends_on_request_after_the_answer(helper: HelperProcess) -> None:
    assert helper.call("exit") == {}
    assert helper.wait() == 0


def test_a_call_that_hangs_does_not_keep_it_alive(start_helper: Start) -> None:
    helper = start_helper(argv=[sys.executable, "-c", MISBEHAVE.format(what="time.sleep(600)")])
    helper.write(b'{"jsonrpc":"2.0","id":"h","method":"subscribe","params":{"topic":"host"}}\n')
    helper.call("hello", client_version="1", language="en")  # and it holds up nobody else
    assert helper.close() == 0


def test_stray_output_does_not_get_between_the_answers(start_helper: Start) -> None:
    what = "print('stray'); sys.stdout.flush()"
    helper = start_helper(argv=[sys.executable, "-c", MISBEHAVE.format(what=what)])
    helper.subscribe("host")
    assert helper.close() == 0
    assert b"stray" in helper.stderr


def test_a_defect_is_answered_and_not_shown_as_a_traceback(start_helper: Start) -> None:
    helper = start_helper(argv=[sys.executable, "-c", MISBEHAVE.format(what="1 / 0")])
    with pytest.raises(RpcFailure) as caught:
        helper.subscribe("host")
    assert caught.value.number == -32603
    assert caught.value.data["detail"] == "ZeroDivisionError: division by zero"
    helper.call("hello", client_version="1", language="en")


def test_something_else_than_pipes_is_refused(start_helper: Start) -> None:
    script = "import os; os.dup2(os.open('/dev/null', 0), 0); " + RUN_HELPER
    assert start_helper(argv=[sys.executable, "-c", script]).wait() == 1


@pytest.fixture
def nobodys_tree() -> Iterator[Path]:
    """The program where an ordinary user can read it."""
    folder = Path(tempfile.mkdtemp(prefix="rhv-wire-"))
    folder.chmod(0o755)
    shutil.copytree(TREE / "bridge", folder / "bridge", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TREE / "schemas", folder / "schemas")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process as somebody else")
def test_an_ordinary_user_sees_and_is_refused_what_changes_things(start_helper: Start, nobodys_tree: Path) -> None:
    helper = start_helper(argv=["/usr/bin/python3", "-m", "cockpit_rhv.helper"], user=NOBODY, tree=nobodys_tree)
    hello = helper.call("hello", client_version="1", language="en")
    assert hello["uid"] == NOBODY
    assert hello["privileged"] is False
    helper.subscribe("machines")
    # a guest that is slow to read follows the list
    state = helper.until("machines", lambda state: state["libvirt"]["state"] == "connected" and state["machines"])
    assert state["libvirt"]["access"] == "read-only"
    rpc = RpcSchema()
    refused = 0
    for method in filter(rpc.is_privileged, rpc.methods):
        with pytest.raises(RpcFailure) as caught:
            helper.call(method, **EXAMPLES[method])
        assert caught.value.code == "access.denied"
        assert caught.value.data["hint"]
        refused += 1
    assert refused >= 8
    assert helper.close() == 0
