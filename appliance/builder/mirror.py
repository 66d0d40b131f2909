# SPDX-License-Identifier: Apache-2.0
"""Where this machine's apt gets Debian from, to build other Debian roots from the same place.

Nothing is written down in the project: the mirror, its proxy and its certificate settings are read from apt itself.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_CARRIED_OPTIONS = re.compile(r"^Acquire::(http|https)::(Proxy|CAInfo|Verify-Peer|Timeout)\b", re.IGNORECASE)


class MirrorError(RuntimeError):
    """apt on this machine knows no Debian mirror."""


def _repositories() -> tuple[str, str | None]:
    """The URI of the main archive and, where configured, of the security archive."""
    output = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI)|$(CODENAME)|$(COMPONENT)|$(ORIGIN)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    main = security = None
    for line in output.splitlines():
        uri, codename, component, origin = line.split("|")
        if origin != "Debian" or component != "main":
            continue
        if codename.endswith("-security"):
            security = security or uri
        elif "backports" not in codename:
            main = main or uri
    if main is None:
        raise MirrorError(
            "apt knows no Debian repository here: run 'apt-get update' and look at /etc/apt/sources.list.d"
        )
    return main, security


def sources(suite: str, extra_suites: tuple[str, ...] = ()) -> str:
    """One-line-style apt sources for ``suite`` with its updates, security and ``extra_suites`` (such as backports)."""
    main, security = _repositories()
    lines = [f"deb [signed-by={KEYRING}] {main} {name} main" for name in (suite, f"{suite}-updates", *extra_suites)]
    if security:
        lines.append(f"deb [signed-by={KEYRING}] {security} {suite}-security main")
    return "\n".join(lines) + "\n"


def apt_options() -> list[str]:
    """The proxy and certificate options of this machine's apt, as ``Name "value";`` for another apt."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return [line for line in dump.splitlines() if _CARRIED_OPTIONS.match(line)]
