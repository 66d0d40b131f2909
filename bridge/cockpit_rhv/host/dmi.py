# SPDX-License-Identifier: Apache-2.0
"""What the firmware says about the machine (DMI), as the kernel exports it; no dmidecode needed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .files import read_optional


class DmiFacts(NamedTuple):
    """Each None where the firmware has none or, for serial and uuid, for anyone but root. ``uuid`` as the kernel
    prints it: lower case.
    """

    manufacturer: str | None
    product_name: str | None
    version: str | None
    serial_number: str | None
    uuid: str | None
    family: str | None


def read_dmi(root: Path = Path("/")) -> DmiFacts:
    """From /sys/class/dmi/id; all None on machines without DMI. Raises nothing."""
    folder = root / "sys/class/dmi/id"
    names = ("sys_vendor", "product_name", "product_version", "product_serial", "product_uuid", "product_family")
    return DmiFacts(*(read_optional(folder / name) for name in names))
