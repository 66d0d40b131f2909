# SPDX-License-Identifier: Apache-2.0
"""Real hosts without real hardware: systemd-nspawn containers with systemd, Cockpit, libvirt and our own package."""
