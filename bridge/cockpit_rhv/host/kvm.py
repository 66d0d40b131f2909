# SPDX-License-Identifier: Apache-2.0
"""Whether guests can use hardware virtualization.

/dev/kvm alone proves nothing: on some machines it opens and creates a VM although the CPU offers neither vmx nor svm,
and a Linux guest then hangs at its first instructions. So the CPU's flag counts first.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Callable, NamedTuple

from ..messages import Message, msg

KVM_GET_API_VERSION = 0xAE00
"""ioctl of linux/kvm.h."""
KVM_API_VERSION = 12
"""What it has returned since Linux 2.6.22; a kernel that says anything else is to be refused (KVM API, 4.1)."""

NO_PERMISSION = "host.kvm.no_permission"
"""The reason that is one of the user, not of the host."""


class KvmFacts(NamedTuple):
    """``reason`` says why it is not usable, None when it is."""

    usable: bool
    reason: Message | None


def read_kvm(
    virtualization_flag: str | None,
    root: Path = Path("/"),
    api_version: Callable[[Path], int] | None = None,
) -> KvmFacts:
    """``virtualization_flag`` as :func:`~cockpit_rhv.host.cpu.read_cpu` found it; ``api_version`` replaces the ioctl.

    Raises nothing: whatever fails is the reason.
    """
    reason = _obstacle(virtualization_flag, root / "dev/kvm", api_version or ask_api_version)
    return KvmFacts(reason is None, reason)


def ask_api_version(device: Path) -> int:
    """What KVM_GET_API_VERSION says. Raises OSError."""
    descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC)
    try:
        return fcntl.ioctl(descriptor, KVM_GET_API_VERSION, 0)
    finally:
        os.close(descriptor)


def _obstacle(flag: str | None, device: Path, api_version: Callable[[Path], int]) -> Message | None:
    if flag is None:
        return msg(
            "host.kvm.no_flag",
            "The CPU offers no hardware virtualization, or the firmware has it switched off.",
        )
    try:
        version = api_version(device)
    except FileNotFoundError:
        return msg("host.kvm.no_device", "The kernel offers no KVM device; its module is not loaded.")
    except PermissionError:
        return msg("host.kvm.no_permission", "This user may not open the KVM device.")
    except OSError as error:
        return msg("host.kvm.unusable", "The KVM device cannot be used: {reason}", reason=os.strerror(error.errno or 0))
    if version != KVM_API_VERSION:
        return msg("host.kvm.api", "The kernel's KVM has the unknown interface version {version}.", version=version)
    return None
