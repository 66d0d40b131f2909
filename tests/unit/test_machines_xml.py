# SPDX-License-Identifier: Apache-2.0
"""What domain XML is read as."""

from __future__ import annotations

import pytest
from cockpit_rhv.machines.model import Graphics
from cockpit_rhv.machines.xml import parse

FULL = """
<domain type='qemu' id='3'>
  <name>engine &amp; more</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <metadata>
    <x:other xmlns:x='http://example.org/'/>
    {metadata}
  </metadata>
  <memory unit='{unit}'>{memory}</memory>
  <currentMemory unit='KiB'>1024</currentMemory>
  <vcpu placement='static' current='2'>8</vcpu>
  <devices>
    <interface type='network'><mac address='52:54:00:00:00:01'/></interface>
    <interface type='bridge'/>
    <interface type='bridge'><mac address='52:54:00:00:00:02'/></interface>
    <serial type='pty'><log file='/var/log/engine.log' append='on'/><target port='0'/></serial>
    <console type='pty'><log file='/var/log/console.log'/></console>
    <graphics type='vnc' port='5901' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>
    <graphics type='spice' port='-1' tlsPort='5902'><listen type='address' address='::1'/></graphics>
    <graphics type='sdl'/>
  </devices>
</domain>
"""


def full(metadata: str = "", unit: str = "KiB", memory: int = 4194304) -> str:
    return FULL.format(metadata=metadata, unit=unit, memory=memory)


def test_all_that_is_said() -> None:
    facts = parse(full())
    assert facts.name == "engine & more"
    assert facts.uuid == "6695eb01-f6a4-8304-79aa-97f2502e193f"
    assert facts.emulated
    assert facts.vcpus == 2
    assert facts.memory_mib == 4096
    assert facts.macs == ("52:54:00:00:00:01", "52:54:00:00:00:02")
    assert facts.graphics == (Graphics("vnc", "0.0.0.0", 5901, None), Graphics("spice", "::1", None, 5902))
    assert facts.serial_log == "/var/log/engine.log"
    assert facts.owner == "local"


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ("<e:engine xmlns:e='https://cockpit-rhv.org/engine/1' job='x'/>", "engine"),
        ("<o:vm xmlns:o='http://ovirt.org/vm/1.0'/>", "managed"),
        ("<o:qos xmlns:o='http://ovirt.org/vm/tune/1.0'/><engine/>", "local"),
    ],
)
def test_the_owner_is_in_the_metadata(metadata: str, owner: str) -> None:
    assert parse(full(metadata)).owner == owner


@pytest.mark.parametrize(
    ("unit", "memory", "mib"), [("KiB", 1048576, 1024), ("GiB", 3, 3072), ("b", 2**30, 1024), ("MB", 1024, 976)]
)
def test_memory_has_units(unit: str, memory: int, mib: int) -> None:
    assert parse(full(unit=unit, memory=memory)).memory_mib == mib


def test_a_domain_with_next_to_nothing() -> None:
    facts = parse("<domain type='kvm'><name>x</name></domain>")
    assert (facts.vcpus, facts.memory_mib, facts.macs, facts.graphics, facts.serial_log) == (1, 0, (), (), None)
    assert not facts.emulated


@pytest.mark.parametrize("text", ["", "<domain", "<network/>", "no xml"])
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)
