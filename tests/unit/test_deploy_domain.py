# SPDX-License-Identifier: Apache-2.0
"""The engine's domain: libvirt accepts it, and it says what was asked for."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy.domain_xml import FIRST_CONTACT_PORT, Plan, drive_element, engine_domain
from cockpit_rhv.machines import xml as machines_xml

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from pathlib import Path

libvirt = pytest.importorskip("libvirt")
UUID = "6f3a4f0e-7d9c-4a55-9d2c-0d9d6a4c2b11"


def plan(**changes: Any) -> Plan:
    values: dict[str, Any] = {
        "uuid": UUID,
        "mac": "52:54:00:12:34:56",
        "job": world.JOB,
        "disk": "/images/HostedEngine.qcow2",
        "drive": "/images/HostedEngine-cidata.iso",
        "kvm": True,
    }
    return Plan(**{**values, **changes})


def build(changes: dict[str, Any] | None = None, **planned: Any) -> ET.Element:
    return ET.fromstring(engine_domain(world.changed(world.answers(), changes or {}), plan(**planned)))


@pytest.mark.parametrize("kvm", [True, False])
def test_libvirt_takes_it_and_gives_it_back(kvm: bool) -> None:
    # The test driver knows its own domain type only; all the rest is parsed as for QEMU.
    document = build(kvm=kvm)
    document.set("type", "test")
    kind = document.find("os/type")
    assert kind is not None
    for attribute in ("arch", "machine"):
        del kind.attrib[attribute]
    connection = libvirt.open("test:///default")
    try:
        # The flag also holds it against libvirt's schema, which refuses what the parser would only pass over.
        domain = connection.defineXMLFlags(
            ET.tostring(document, encoding="unicode"), libvirt.VIR_DOMAIN_DEFINE_VALIDATE
        )
        try:
            back = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        finally:
            domain.undefine()
    finally:
        connection.close()
    assert (back.findtext("name"), back.findtext("uuid"), back.findtext("vcpu")) == ("HostedEngine", UUID, "2")
    assert back.findtext("memory") == str(1024 * 1024)
    facts = machines_xml.parse(ET.tostring(back, encoding="unicode"))
    assert facts.owner == "engine"
    assert facts.serial_log == "/var/log/libvirt/qemu/HostedEngine-serial0.log"
    assert [display.address for display in facts.graphics] == ["0.0.0.0"]
    mark = back.find("metadata/{https://cockpit-rhv.org/engine/1}engine")
    assert mark is not None
    assert mark.get("job") == world.JOB


@pytest.mark.parametrize(("kvm", "kind", "cpu"), [(True, "kvm", "host-passthrough"), (False, "qemu", "custom")])
def test_type_and_processor_follow_the_hardware(kvm: bool, kind: str, cpu: str) -> None:
    document = build(kvm=kvm)
    element = document.find("cpu")
    assert element is not None
    assert (document.get("type"), element.get("mode")) == (kind, cpu)


@pytest.mark.parametrize(
    ("changes", "kind", "source"),
    [
        ({}, "bridge", {"bridge": "ovirtmgmt"}),
        ({"network.kind": "nat", "network.name": "default"}, "network", {"network": "default"}),
    ],
)
def test_network(changes: dict[str, Any], kind: str, source: dict[str, str]) -> None:
    nic = build(changes).find("devices/interface")
    assert nic is not None
    found, mac = nic.find("source"), nic.find("mac")
    assert found is not None
    assert mac is not None
    assert (nic.get("type"), found.attrib, mac.get("address")) == (kind, source, "52:54:00:12:34:56")


def test_first_contact_is_a_file_begun_anew_at_each_start() -> None:
    channel = build().find("devices/channel")
    assert channel is not None
    source, target = channel.find("source"), channel.find("target")
    assert source is not None
    assert target is not None
    assert target.attrib == {"type": "virtio", "name": FIRST_CONTACT_PORT}
    assert source.attrib == {"path": "/var/lib/libvirt/qemu/HostedEngine.first-contact", "append": "off"}


def test_the_appliances_guest_agent_has_a_port() -> None:
    agent = next(one for one in build().findall("devices/channel") if one.get("type") == "unix")
    target = agent.find("target")
    assert target is not None
    assert target.attrib == {"type": "virtio", "name": "org.qemu.guest_agent.0"}
    assert agent.find("source") is None, "libvirt makes the socket, where its own rights allow it"


def test_libvirt_hears_of_a_panic_and_leaves_the_vm_as_it_is() -> None:
    panic = build().find("devices/panic")
    assert panic is not None
    assert panic.get("model") == "isa"
    assert build().findtext("on_crash") == "preserve"


def test_the_drive_is_there_only_when_planned() -> None:
    assert len(build().findall("devices/disk")) == 2
    assert len(build(drive=None).findall("devices/disk")) == 1
    element = drive_element("/x.iso")
    assert element.find("readonly") is not None


def test_answers_stay_text(tmp_path: Path) -> None:
    hostile = "/images/<a href='x'>&amp;\"$(id) {{ y }}"
    disk = build(disk=f"{hostile}/d.qcow2").find("devices/disk/source")
    assert disk is not None
    assert disk.get("file") == f"{hostile}/d.qcow2"
