# SPDX-License-Identifier: Apache-2.0
"""Turns what was typed into what is stored, in the first second; no plaintext goes further than this file.

The rule for a password: 8 to 1024 characters (root's: 8 to 255 bytes in UTF-8, the limit of crypt(3)'s tool), any
characters but control characters. It is never trimmed, normalised or interpreted.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import unicodedata

from ..errors import RhvError
from ..messages import Message, msg

MIN_LENGTH = 8
MAX_LENGTH = 1024
#: ``openssl passwd`` cuts longer ones.
MAX_ROOT_BYTES = 255
#: Parameters of docs/architecture.md, "Config drive".
_N, _R, _P, _SALT_BYTES, _HASH_BYTES = 16384, 8, 1, 16, 32


def check_password(password: str) -> Message | None:
    """None, or the sentence that says which part of the rule it breaks."""
    if len(password) < MIN_LENGTH:
        return msg("password.short", "The password needs at least {limit} characters.", limit=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return msg("password.long", "The password may have at most {limit} characters.", limit=MAX_LENGTH)
    # Cc: control characters; Cs: halves of a character, which UTF-8 cannot write.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        return msg("password.control", "The password has a line break or another control character in it.")
    return None


def hash_admin_password(password: str) -> str:
    """``scrypt$16384$8$1$<salt>$<hash>``, as the Manager reads it. Raises RhvError ``secrets.admin_password``."""
    problem = check_password(password)
    if problem is not None:
        raise RhvError("secrets.admin_password", problem)
    salt = os.urandom(_SALT_BYTES)
    key = hashlib.scrypt(password.encode("utf-8"), salt=salt, n=_N, r=_R, p=_P, dklen=_HASH_BYTES, maxmem=64 * 2**20)
    encoded = (base64.b64encode(part).decode("ascii") for part in (salt, key))
    return "$".join(["scrypt", str(_N), str(_R), str(_P), *encoded])


def hash_root_password(password: str) -> str:
    """``$6$…`` of crypt(3). Raises RhvError ``secrets.root_password``, or ``secrets.no_openssl`` when it cannot run.

    Python's own ``crypt`` is gone since 3.13, so openssl does it, with the password on its stdin.
    """
    problem = check_password(password)
    if problem is None and len(password.encode("utf-8")) > MAX_ROOT_BYTES:
        problem = msg("password.root_long", "The password may have at most {limit} bytes.", limit=MAX_ROOT_BYTES)
    if problem is not None:
        raise RhvError("secrets.root_password", problem)
    try:
        done = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"],
            input=password.encode("utf-8") + b"\n",
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        detail = (
            error.stderr.decode("utf-8", "replace") if isinstance(error, subprocess.CalledProcessError) else str(error)
        )
        raise RhvError(
            "secrets.no_openssl",
            msg("secrets.no_openssl", "The program openssl could not make the password's hash."),
            msg("secrets.no_openssl.hint", "Install the package openssl."),
            detail,
        ) from error
    return done.stdout.decode("ascii").strip()
