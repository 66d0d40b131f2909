# SPDX-License-Identifier: Apache-2.0
"""Runs early at every boot; does something at the first, and when a drive with a new instance-id is attached.

What it prints goes to the journal and the serial console.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from . import drive, settings, system

_STATE = Path("/var/lib/rhv-engine-firstboot/instance-id")
_MOUNT_POINT = Path("/run/rhv-engine-firstboot/drive")
_FIRST_WAIT_S = 20.0


def _say(text: str) -> None:
    sys.stdout.write(f"RHV engine first boot: {text}\n")
    sys.stdout.flush()


def _device(configured: bool) -> Path | None:
    """At the first boot the drive is worth waiting for; later only what udev already knows of counts."""
    if not configured:
        return drive.wait_for(_FIRST_WAIT_S)
    found = drive.find()
    if found is None:
        subprocess.run(["udevadm", "settle", "--timeout=10"], check=False)
        found = drive.find()
    return found


def main() -> int:
    """0 when the appliance is configured, now or before."""
    configured_as = _STATE.read_text().strip() if _STATE.exists() else None
    try:
        device = _device(configured_as is not None)
        if device is None:
            if configured_as is not None:
                return 0
            _say(f"no config drive (an ISO 9660 volume named {drive.LABEL}); there is no network, no login, no engine")
            return 1
        with drive.mounted(device, _MOUNT_POINT) as folder:
            wanted = settings.parse(drive.read(folder))
    except drive.DriveError as error:
        _say(str(error))
        return 1
    if wanted.instance_id == configured_as:
        return 0
    if configured_as is not None:
        system.forget_host_keys()
    system.apply(wanted)
    # Last: whatever interrupts this run, the next boot does it again.
    system.write(_STATE, f"{wanted.instance_id}\n")
    access = ["by key"] if wanted.ssh_authorized_keys else []
    access += ["by password"] if wanted.root_password_hash else []
    _say(
        f"configured as {wanted.fqdn}, instance {wanted.instance_id}; root logs in {' and '.join(access) or 'nowhere'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
