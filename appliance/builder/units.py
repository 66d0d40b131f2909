# SPDX-License-Identifier: Apache-2.0
"""Which of Debian's units, generators and udev rules an engine VM starts. Under emulation each one left out is felt."""

from __future__ import annotations

ENABLED = (
    "rhv-engine.service",
    "rhv-engine-firstboot.service",
    "rhv-engine-grow.service",
    "rhv-engine-late.service",
    "ssh.service",
    "systemd-networkd.service",
)

DISABLED = (
    # Started by rhv-engine-late.service: their own place is before sysinit.target, thus before the engine.
    "systemd-resolved.service",
    "systemd-timesyncd.service",
    # Nothing is upgraded behind the administrator's back: a Manager must not restart in the middle of its work.
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    # Checks of LVM snapshots; there is no LVM.
    "e2scrub_reap.service",
    "e2scrub_all.timer",
    # The console is the serial line.
    "getty@tty1.service",
    "systemd-pstore.service",
)

MASKED = (
    # Nothing at boot waits for the network; the engine listens on all addresses, whenever they come.
    "systemd-networkd-wait-online.service",
    # File systems that nothing here uses; each is a mount, and some load a module first.
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "run-lock.mount",
    "proc-sys-fs-binfmt_misc.automount",
    "remote-fs.target",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "modprobe@drm.service",
    # Interpreters of foreign binaries, settings by credential or kernel command line, resuming from hibernation.
    "systemd-binfmt.service",
    "systemd-network-generator.service",
    "systemd-udev-load-credentials.service",
    "systemd-hibernate-clear.service",
    # Device nodes of drivers not loaded yet, and lists of modules: there are none.
    "kmod-static-nodes.service",
    "systemd-modules-load.service",
    "systemd-tmpfiles-setup-dev-early.service",
    "systemd-tmpfiles-setup-dev.service",
    # The initramfs has mounted the root file system as it is to be.
    "systemd-remount-fs.service",
)

# Kept: all that have something to find here.
GENERATORS = frozenset({"systemd-debug-generator", "systemd-fstab-generator", "systemd-getty-generator"})

# Kept: what names and announces disks, network cards, serial ports, virtio channels and the power button, and loads
# drivers.
UDEV_RULES = frozenset(
    {
        "50-udev-default.rules",
        "60-block.rules",
        "60-cdrom_id.rules",
        "60-input-id.rules",
        "60-persistent-storage.rules",
        "60-qemu-guest-agent.rules",
        "60-serial.rules",
        "64-ext4.rules",
        "70-power-switch.rules",
        "70-rhv-engine.rules",
        "75-net-description.rules",
        "80-drivers.rules",
        "80-net-setup-link.rules",
        "99-systemd.rules",
    }
)
