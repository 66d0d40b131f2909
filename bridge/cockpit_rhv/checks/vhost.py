# SPDX-License-Identifier: Apache-2.0
"""The kernel's help for guests' network cards: vhost-net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .model import OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context


def check_vhost(context: Context) -> Outcome:
    """The device is there as soon as the module can be loaded: udev makes it without loading."""
    device = context.probes.root / "dev/vhost-net"
    if device.exists():
        evidence = [Evidence("/dev/vhost-net", "present")]
        return Outcome(OK, msg("checks.vhost.ok", "The kernel moves guests' network packets itself."), evidence)
    # Else the folder itself cannot be read, and that the device is not in it proves nothing.
    device.parent.stat()
    return Outcome(
        WARNING,
        msg("checks.vhost.absent", "The kernel offers no vhost-net."),
        [Evidence("/dev/vhost-net", "absent")],
        msg(
            "checks.vhost.remedy",
            "Load the module: modprobe vhost_net. If there is none, install the kernel's extra modules.",
        ),
    )


CHECKS = (
    Check(
        "kernel.vhost_net",
        msg("checks.vhost.title", "Fast networking for guests"),
        msg(
            "checks.vhost.why",
            "Without vhost-net QEMU itself copies every packet: a fraction of the speed, for much more CPU.",
        ),
        check_vhost,
        health_only=True,
    ),
)
