# SPDX-License-Identifier: Apache-2.0
"""The header of a qcow2 image, read without QEMU: a preflight check must not start a process per question.

Source of the layout: docs/interop/qcow2.rst of QEMU, "Header".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from pathlib import Path

MAGIC = b"QFI\xfb"
_HEADER = struct.Struct(">4sIQIIQ")  # magic, version, backing offset, backing length, cluster bits, virtual size
_TABLES = struct.Struct(">IQQI")  # entries and offset of the L1 table, offset and clusters of the refcount table, at 36
_V3 = struct.Struct(">QQQ")  # incompatible, compatible and autoclear features, at byte 72
_CORRUPT, _EXTERNAL_DATA = 2, 4


@dataclass(frozen=True)
class Qcow2Header:
    """``virtual_size`` in bytes; ``backed``: it needs another image; ``external_data``: its data lies elsewhere.

    ``least_size``: bytes the file must have for its own tables; a shorter one has been cut off.
    """

    version: int
    virtual_size: int
    backed: bool
    external_data: bool = False
    corrupt: bool = False
    least_size: int = 0


def read_header(path: Path) -> Qcow2Header:
    """Raises RhvError ``image.not_qcow2`` for any other content, OSError when the file cannot be read."""
    with path.open("rb") as stream:
        start = stream.read(104)
    if len(start) < 72 or start[:4] != MAGIC:
        raise RhvError(
            "image.not_qcow2",
            msg("image.not_qcow2", "{path} is not a disk image in qcow2 format.", path=str(path)),
            msg("image.not_qcow2.hint", "Choose the appliance image, a file that ends in .qcow2."),
            f"it begins with the bytes {start[:8].hex(' ') or '(none)'}",
        )
    _, version, backing_offset, _, cluster_bits, virtual_size = _HEADER.unpack_from(start)
    l1_entries, l1_offset, refcounts_offset, refcounts_clusters = _TABLES.unpack_from(start, 36)
    # The shift is held within what QEMU allows: a damaged header must not become a number of a million digits.
    refcounts_end = refcounts_offset + (refcounts_clusters << min(cluster_bits, 21))
    features = _V3.unpack_from(start, 72)[0] if version >= 3 and len(start) >= 96 else 0
    return Qcow2Header(
        version,
        virtual_size,
        backing_offset != 0,
        bool(features & _EXTERNAL_DATA),
        bool(features & _CORRUPT),
        max(l1_offset + 8 * l1_entries, refcounts_end),
    )
