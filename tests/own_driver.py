# SPDX-License-Identifier: Apache-2.0
"""libvirt's test driver with a guest of one's own.

All connections of a process to ``test:///default`` share one host, which lives until the last of them is freed; and a
domain that an exception's traceback still holds keeps its connection. What one test did to its guest was seen by
another, hundreds of tests later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEST_GUEST = "6695eb01-f6a4-8304-79aa-97f2502e193f"
"""The one guest, named ``test``; it runs from the start."""

_HOST = f"""
<node>
  <domain type='test'>
    <name>test</name>
    <uuid>{TEST_GUEST}</uuid>
    <memory unit='KiB'>8388608</memory>
    <vcpu>2</vcpu>
    <os><type arch='i686'>hvm</type></os>
  </domain>
</node>
"""


def own_test_driver(folder: Path) -> str:
    """The URI of a host whose every connection begins anew; it is described in ``folder``."""
    file = folder / "test-driver.xml"
    file.write_text(_HOST)
    return f"test://{file}"
