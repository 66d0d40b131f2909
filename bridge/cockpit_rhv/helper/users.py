# SPDX-License-Identifier: Apache-2.0
"""Who is asking: behind sudo or polkit there is still the person who logged in."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

#: the kernel's answer for a process that no login led to
_NO_LOGIN = 2**32 - 1


def user_name(uid: int) -> str:
    """The name of a user, the number as text for one without an entry."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def asking_user(loginuid: Path = Path("/proc/self/loginuid")) -> str:
    """The user who logged in; where the kernel does not record that, the one sudo names, else who we run as."""
    try:
        uid = int(loginuid.read_text())
    except (OSError, ValueError):
        uid = _NO_LOGIN
    if uid != _NO_LOGIN:
        return user_name(uid)
    return os.environ.get("SUDO_USER") or user_name(os.geteuid())
