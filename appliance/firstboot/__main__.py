# SPDX-License-Identifier: Apache-2.0
"""Runs early at every boot; does something at the first, and when a drive with a new instance-id is attached.

At the first boot there is a config drive, or the disk of the engine that this one takes the place of.

What it prints goes to the journal and the serial console.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from . import drive, previous, settings, system

_STATE = Path("/var/lib/rhv-engine-firstboot/instance-id")
_MOUNT_POINT = Path("/run/rhv-engine-firstboot/drive")
_PREVIOUS_MOUNT_POINT = Path("/run/rhv-engine-firstboot/previous")
_FIRST_WAIT_S = 20.0


def _say(text: str) -> None:
    sys.stdout.write(f"RHV engine first boot: {text}\n")
    sys.stdout.flush()


def _later_drive() -> Path | None:
    """Once configured, only what udev already knows of counts."""
    found = drive.find()
    if found is None:
        subprocess.run(["udevadm", "settle", "--timeout=10"], check=False)
        found = drive.find()
    return found


def _wait_for_first() -> tuple[Path | None, Path | None]:
    """Config drive and previous disk; waits for one of them: a SATA drive comes with a module that udev loads."""
    deadline = time.monotonic() + _FIRST_WAIT_S
    while True:
        found = drive.find(), previous.find()
        if any(found) or time.monotonic() >= deadline:
            return found
        time.sleep(0.2)


def _take_over(disk: Path) -> int:
    """The upgrade: this disk is new, the engine is the one of the previous disk."""
    # Imported here: no other boot needs it, and under emulation each import is felt.
    from . import adopt

    settings_file = Path("/") / adopt.SETTINGS
    try:
        with previous.mounted(disk, _PREVIOUS_MOUNT_POINT) as folder:
            taken = adopt.adopt(folder)
        system.set_root_password(taken.root_password_hash)
        system.write(_STATE, f"{taken.instance_id}\n")
    except (drive.DriveError, OSError, subprocess.CalledProcessError) as error:
        # The next boot takes everything over again; until then no Manager may write to what would be replaced.
        settings_file.unlink(missing_ok=True)
        raise drive.DriveError(f"the engine of the previous disk was not taken over: {error}") from error
    system.set_hostname(taken.hostname)
    _say(f"took over {taken.hostname}, instance {taken.instance_id}, from the previous disk")
    return 0


def main() -> int:
    """0 when the appliance is configured, now or before."""
    configured_as = _STATE.read_text().strip() if _STATE.exists() else None
    try:
        if configured_as is not None:
            device, old_disk = _later_drive(), None
        else:
            device, old_disk = _wait_for_first()
        if device is None and old_disk is not None:
            return _take_over(old_disk)
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
