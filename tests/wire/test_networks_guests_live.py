# SPDX-License-Identifier: Apache-2.0
"""Guests of a real libvirt by the host's interface that they are plugged into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libvirt
import pytest
from cockpit_rhv.networks.virtual import read_virtual_and_guests

from tests.wire.libvirt_daemon import MISSING

if TYPE_CHECKING:
    from tests.wire.libvirt_daemon import LibvirtDaemon

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

GUEST = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>16</memory><os><type>hvm</type></os><devices>
<interface type='bridge'><source bridge='{bridge}'/></interface>
<interface type='direct'><source dev='eth9' mode='bridge'/></interface></devices></domain>"""


def test_a_guest_that_is_off_is_on_its_bridge(daemon: LibvirtDaemon) -> None:
    conn = libvirt.open(daemon.uri())
    try:
        for name, bridge in (("web", "br7"), ("db", "br7"), ("lab", "br8")):
            conn.defineXML(GUEST.format(name=name, bridge=bridge))
        guests = read_virtual_and_guests(conn).guests
        assert guests == {"br7": ["db", "web"], "br8": ["lab"], "eth9": ["db", "lab", "web"]}
    finally:
        conn.close()
