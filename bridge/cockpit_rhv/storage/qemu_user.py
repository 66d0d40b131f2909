# SPDX-License-Identifier: Apache-2.0
"""The user QEMU runs as, from libvirt's configuration: storage is tested with its rights, not with root's."""

from __future__ import annotations

import grp
import os
import pwd
import re
from pathlib import Path
from typing import NamedTuple

from ..errors import RhvError
from ..messages import msg

CONFIGURATION = Path("/etc/libvirt/qemu.conf")
_SETTING = re.compile(r'^\s*(user|group)\s*=\s*"([^"]*)"', re.MULTILINE)
#: What libvirt was built with: Debian's name, then that of EL and openSUSE.
_USUAL = ("libvirt-qemu", "qemu")


class QemuUser(NamedTuple):
    """``groups``: all of them, as libvirt sets them for QEMU."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def read_qemu_user(configuration: Path = CONFIGURATION) -> QemuUser:
    """Raises RhvError ``storage.no_qemu_user`` when this host has none; OSError for an unreadable configuration."""
    try:
        settings = dict(_SETTING.findall(configuration.read_text("utf-8", "replace")))
    except FileNotFoundError:
        settings = {}
    for name in [settings["user"]] if "user" in settings else _USUAL:
        user = _user(name)
        if user is None:
            continue
        gid = _group(settings.get("group", user.pw_name), user.pw_gid)
        return QemuUser(user.pw_name, user.pw_uid, gid, tuple(sorted(set(os.getgrouplist(user.pw_name, gid)))))
    raise RhvError(
        "storage.no_qemu_user",
        msg("storage.no_qemu_user", "The user that QEMU runs as does not exist on this host."),
        msg("storage.no_qemu_user.hint", "Install libvirt and QEMU, or correct user in /etc/libvirt/qemu.conf."),
    )


def _user(name: str) -> pwd.struct_passwd | None:
    # "+107" and "107" are numbers to libvirt.
    number = name.lstrip("+")
    try:
        return pwd.getpwuid(int(number)) if number.isdigit() else pwd.getpwnam(name)
    except KeyError:
        return None


def _group(name: str, usual: int) -> int:
    number = name.lstrip("+")
    if number.isdigit():
        return int(number)
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return usual
