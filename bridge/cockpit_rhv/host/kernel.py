# SPDX-License-Identifier: Apache-2.0
"""Switches and abilities of the running kernel that a Manager asks about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .files import read_optional, read_optional_int

if TYPE_CHECKING:
    from collections.abc import Mapping


class KernelFacts(NamedTuple):
    """``selinux``: enforcing, permissive or disabled. ``vulnerabilities``: the kernel's file name to its text."""

    command_line: str
    realtime: bool
    nested_virtualization: bool
    selinux: str
    fips: bool
    iommu: bool
    numa_balancing: int | None
    random_sources: tuple[str, ...]
    vulnerabilities: Mapping[str, str]


def read_kernel(root: Path = Path("/")) -> KernelFacts:
    """Raises nothing: what the kernel does not export is off."""
    enforce = read_optional(root / "sys/fs/selinux/enforce")
    nested = (read_optional(root / f"sys/module/{module}/parameters/nested") for module in ("kvm_intel", "kvm_amd"))
    groups = root / "sys/kernel/iommu_groups"
    return KernelFacts(
        command_line=read_optional(root / "proc/cmdline") or "",
        realtime=read_optional(root / "sys/kernel/realtime") == "1",
        nested_virtualization=any(value in ("Y", "1") for value in nested),
        selinux={None: "disabled", "1": "enforcing"}.get(enforce, "permissive"),
        fips=read_optional(root / "proc/sys/crypto/fips_enabled") == "1",
        iommu=groups.is_dir() and any(groups.iterdir()),
        numa_balancing=read_optional_int(root / "proc/sys/kernel/numa_balancing"),
        random_sources=tuple(name for name in ("random", "hwrng") if (root / "dev" / name).exists()),
        vulnerabilities=_read_vulnerabilities(root / "sys/devices/system/cpu/vulnerabilities"),
    )


def _read_vulnerabilities(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        return {}
    return {path.name: read_optional(path) or "" for path in sorted(folder.iterdir())}


def read_transparent_huge_pages(root: Path = Path("/")) -> str | None:
    """always, madvise or never: the word in brackets; None when the kernel has none."""
    text = read_optional(root / "sys/kernel/mm/transparent_hugepage/enabled") or ""
    _, bracket, rest = text.partition("[")
    return rest.partition("]")[0] if bracket else None
