# SPDX-License-Identifier: Apache-2.0
"""What a finished deployment leaves on the host, and what it does not."""

from __future__ import annotations

import json
import socket
import ssl
import stat
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.testhost.steps import TOP
from tests.waiting import until

if TYPE_CHECKING:
    from tests.conftest import Engine

pytestmark = pytest.mark.host

#: The installed helper's answer to one method, as the page gets it.
ASK = r"""
import json, subprocess, sys
helper = subprocess.Popen(["/usr/libexec/cockpit-rhv/helper"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
def call(number, method, **params):
    helper.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
    helper.stdin.flush()
    for line in helper.stdout:
        message = json.loads(line)
        if message.get("id") == number:
            return message
    sys.exit("the helper has ended")
call(1, "hello", client_version="", language="en")
print(json.dumps(call(2, sys.argv[1], **json.loads(sys.argv[2]))))
helper.stdin.close()
helper.wait(10)
"""


#: What the agent of a guest says of its addresses, as the installed helper asks it; nothing without an agent.
ASK_ADDRESSES = """
import json, sys
import libvirt
from cockpit_rhv.machines.agent_addresses import ask_addresses
print(json.dumps(ask_addresses(libvirt.open("qemu:///system"), sys.argv[1])))
"""


def test_engine_json_is_of_its_schema_and_holds_no_secret(engine: Engine) -> None:
    common = json.loads((TOP / "schemas/common.json").read_text())
    jsonschema.validate(engine.config, {**common, "$ref": "#/definitions/EngineConfig"})
    file = engine.host.container.root / "etc/cockpit-rhv/engine.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert engine.password not in file.read_text()


def test_the_domain_starts_with_the_host_and_its_config_drive_is_gone(engine: Engine) -> None:
    box = engine.host.container
    name = engine.config["name"]
    assert "enable" in box.run("virsh", "dominfo", name).stdout.partition("Autostart:")[2].splitlines()[0]
    for flag in ([], ["--inactive"]):
        domain = ElementTree.fromstring(box.run("virsh", "dumpxml", *flag, name).stdout)
        for disk in domain.iter("disk"):
            source = disk.find("source")
            assert disk.get("device") == "disk" or source is None, ElementTree.tostring(disk)
    found = box.run("sh", "-c", "find /var/lib /run /tmp /var/tmp -xdev -iname '*.iso' -o -name '*cidata*'").stdout
    assert found == ""


def test_the_guest_agent_in_the_engine_vm_answers(engine: Engine) -> None:
    """A real agent in a real guest: the appliance's own, started by udev when the domain has its port."""
    box = engine.host.container
    question = json.dumps({"uuid": engine.config["uuid"]})
    # After a boot it starts behind the Manager.
    answer = until(
        "the guest agent answers",
        lambda: json.loads(box.run("python3", "-c", ASK, "machines.agent", question).stdout),
        accept=lambda answer: "result" in answer,
        limit_s=90,
        every_s=2,
    )
    facts = answer["result"]
    assert facts["hostname"] == engine.config["fqdn"].partition(".")[0]
    assert facts["system"].startswith("Debian GNU/Linux 13")
    root = next(one for one in facts["file_systems"] if one["mounted"] == "/")
    assert root["kind"] == "ext4"
    assert 0 < root["used_bytes"] < root["total_bytes"] <= 10 * 1024**3


def test_the_guest_agent_in_the_engine_vm_tells_its_address(engine: Engine) -> None:
    """Asked as the list of guests asks it; lease and ARP table, which know the address too, are left out."""
    box = engine.host.container
    name = engine.config["name"]
    domain = ElementTree.fromstring(box.run("virsh", "dumpxml", name).stdout)
    macs = [str(mac.get("address")).lower() for mac in domain.iterfind("devices/interface/mac")]
    known = until(
        "the guest agent tells addresses",
        lambda: json.loads(box.run("python3", "-c", ASK_ADDRESSES, engine.config["uuid"]).stdout),
        limit_s=90,
        every_s=2,
    )
    # loopback and link-local addresses, and cards that the guest has made itself, are not among them
    assert list(known) == macs
    assert engine.config["address"] in known[macs[0]]
    assert not [address for address in known[macs[0]] if address.startswith(("127.", "::1", "fe80:"))]


def test_the_agent_is_enabled_and_its_key_is_roots_alone(engine: Engine) -> None:
    box = engine.host.container
    assert box.run("systemctl", "is-enabled", "cockpit-rhv-agent").stdout.strip() == "enabled"
    assert box.run("systemctl", "is-active", "cockpit-rhv-agent").stdout.strip() == "active"
    key = box.root / "etc/cockpit-rhv/pki/agent.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_nothing_but_hashes_remains(engine: Engine) -> None:
    """The admin password is in no file and no journal; job key and enrolment token are deleted."""
    box = engine.host.container
    state = box.root / "var/lib/cockpit-rhv/engine"
    leftovers = (
        [path.name for path in state.iterdir() if "key" in path.name or "token" in path.name] if state.exists() else []
    )
    assert leftovers == []
    search = "grep -rlF --exclude-dir=images -f /dev/stdin /etc /var /run /root /tmp /home 2> /dev/null"
    # Its last word is random, and stands in a file however the rest was escaped.
    word = engine.password.split()[-1]
    found = box.run("sh", "-c", search, input=f"{engine.password}\n{word}\n", check=False).stdout
    assert found == ""
    journal = box.run("journalctl", "--no-pager", limit_s=60).stdout
    assert engine.password not in journal
    assert word not in journal


def test_the_job_can_be_read_from_its_beginning(engine: Engine) -> None:
    box = engine.host.container
    folder = box.root / "var/lib/cockpit-rhv/jobs" / str(engine.config["job"])
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "succeeded"
    assert [phase["id"] for phase in status["phases"]] == [
        "preflight",
        "storage",
        "image",
        "vm",
        "engine",
        "host",
        "finish",
    ]
    assert all(phase["state"] == "done" for phase in status["phases"])
    events = [json.loads(line) for line in (folder / "events.ndjson").read_text().splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "job_started"
    assert events[-1]["type"] == "job_ended"
    assert stat.S_IMODE((folder / "private").stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "events.ndjson").stat().st_mode) == 0o640


def test_a_second_deployment_is_explained_not_done(engine: Engine) -> None:
    box = engine.host.container
    before = box.run("virsh", "dumpxml", engine.config["name"]).stdout
    result = box.run(
        "cockpit-rhv",
        "deploy",
        "--admin-password-stdin",
        "--set",
        "accept.emulation=true",
        input="another passphrase",
        check=False,
    )
    assert result.returncode != 0
    assert "already" in (result.stdout + result.stderr).lower()
    assert box.run("virsh", "dumpxml", engine.config["name"]).stdout == before


def _handshake(engine: Engine, context: ssl.SSLContext) -> bytes:
    """Connect to the agent from this machine, ask for a STOMP session, return what it says."""
    with (
        socket.create_connection((engine.host.address, 54321), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=engine.host.address) as secure,
    ):
        secure.sendall(b"CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0")
        answer = secure.recv(4096)
    if not answer:
        raise ConnectionError("closed without a word")
    return answer


def test_the_agent_gives_nothing_without_a_certificate_of_the_engines_ca(engine: Engine) -> None:
    context = ssl.create_default_context(cafile=str(engine.ca_file))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(engine, context)


def test_the_agent_refuses_a_certificate_of_another_ca(engine: Engine) -> None:
    context = ssl.create_default_context(cafile=str(engine.ca_file))
    foreign = engine.host.container.folder / "ca"
    context.load_cert_chain(foreign / "server.pem", foreign / "server.key")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(engine, context)


def test_the_agent_answers_a_certificate_of_the_engines_ca(engine: Engine) -> None:
    """The counterpart of the refusals: the same dialogue, with the host's own certificate, succeeds."""
    context = ssl.create_default_context(cafile=str(engine.ca_file))
    pki = engine.host.container.root / "etc/cockpit-rhv/pki"
    context.load_cert_chain(pki / "agent.pem", pki / "agent.key")
    assert _handshake(engine, context).startswith(b"CONNECTED\n")
