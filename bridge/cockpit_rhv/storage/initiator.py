# SPDX-License-Identifier: Apache-2.0
"""open-iscsi, asked in private: its records and settings lie in memory that nobody else sees, secrets among them."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import Message, msg
from .private_mounts import PrivateMounts
from .programs import Overdue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from .document import Chap, Portal
    from .programs import Done, Programs

CONFIGURATION = "/etc/iscsi/iscsid.conf"
#: Where open-iscsi keeps its settings, and on Debian its records; where it keeps those on EL.
FOLDERS = ("/etc/iscsi", "/var/lib/iscsi")
_LIMIT_S = 20.0
#: Nothing is scanned at login, so that no LVM group on a foreign LUN is activated; no record starts at boot.
_SETTINGS = (
    ("node.startup", "manual"),
    ("node.session.scan", "manual"),
    ("node.session.initial_login_retry_max", "1"),
    ("node.conn[0].timeo.login_timeout", "5"),
    ("node.session.timeo.replacement_timeout", "10"),
    ("discovery.sendtargets.timeo.login_timeout", "5"),
    ("discovery.sendtargets.reopen_max", "0"),
)
_OURS = {name for name, _ in _SETTINGS} | {"node.leading_login"}
_AUTH = re.compile(r"(node\.session|discovery\.sendtargets)\.auth\.(authmethod|username|password)(_in)?$")
_TARGET = re.compile(r"(?P<portal>\S+),(?P<group>-?\d+)\s+(?P<target>\S+)")
#: iscsiadm(8), "EXIT STATUS".
_EXISTS, _TIMEOUTS, _AUTH_FAILED, _NOT_FOUND = 15, (4, 8, 11), 24, 21


class TargetPortal(NamedTuple):
    """A line of a discovery. ``portal``: address:port as the target tells it."""

    target: str
    portal: str
    group: int


class Initiator:
    """A context: inside it, ``iscsiadm`` works with records of its own. ``chap`` goes in through a pipe."""

    def __init__(self, programs: Programs, chap: Chap | None, folders: Sequence[str] = FOLDERS) -> None:
        self._folders = folders
        self._private = PrivateMounts(programs)
        self._chap = chap
        self._programs = programs

    def __enter__(self) -> Initiator:
        """Raises RhvError ``storage.namespace``, ``storage.iscsi.*``, OSError, Overdue, Cancelled."""
        self._private.__enter__()
        try:
            self._programs = self._private.programs
            self._configure(None)
        except BaseException:
            self._private.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._private.__exit__(kind, error, trace)

    def discover(self, portal: Portal) -> list[TargetPortal]:
        """What SendTargets answers; CHAP is tried where the portal wants it. Raises RhvError ``storage.iscsi.*``."""
        argv = ["iscsiadm", "-m", "discovery", "-t", "sendtargets", "-p", str(portal), "-o", "nonpersistent"]
        done = self._programs.run(argv, _LIMIT_S)
        if done.code == _AUTH_FAILED and self._chap is not None:
            # Only then: a target that wants no CHAP for its discovery may refuse one who offers it.
            self._configure(self._chap)
            done = self._programs.run(argv, _LIMIT_S)
        if done.code == _NOT_FOUND:
            return []
        if done.code != 0:
            raise iscsi_error(done, str(portal))
        return parse_targets(done.out)

    def login(self, target: str, portal: Portal) -> bool:
        """Log in; False when this host was logged in there already. Raises RhvError ``storage.iscsi.*``, Overdue."""
        self._configure(self._chap)
        record = ["iscsiadm", "-m", "node", "-T", target, "-p", str(portal)]
        done = self._programs.run([*record, "-o", "new"], _LIMIT_S)
        if done.code == 0:
            done = self._programs.run([*record, "--login"], _LIMIT_S)
        if done.code == _EXISTS:
            return False
        if done.code != 0:
            raise iscsi_error(done, str(portal))
        return True

    def _configure(self, chap: Chap | None) -> None:
        """Empty records, and the host's settings with ours instead; nothing of it outside the namespace."""
        # Read outside: inside it is ours already when it is asked for again.
        settings = private_settings(Path(self._folders[0], "iscsid.conf").read_text("utf-8", "replace"), chap)
        done = self._programs.run(["sh", "-eu", "-c", _PREPARE, "sh", *self._folders], _LIMIT_S, settings)
        if done.code != 0:
            text = msg("storage.iscsi.private", "open-iscsi's records could not be set apart for the test.")
            raise RhvError("storage.iscsi.private", text, None, done.said)


#: Run with the settings on stdin, which go to memory (tmpfs) readable by root alone. Whole folders are covered: a fresh
#: host has no folder for records yet, and iscsiadm would make it, with the secret in it.
_PREPARE = """
work=/run/cockpit-rhv/storage-test
umask 077
if ! mountpoint -q "$work"; then
    mount -t tmpfs -o mode=0700,size=8m tmpfs "$work"
    for folder; do
        if [ -d "$folder" ]; then
            kept="$work/$(echo "$folder" | tr / _)"
            mkdir "$kept"
            for file in initiatorname.iscsi ifaces; do
                if [ -e "$folder/$file" ]; then cp -a "$folder/$file" "$kept/"; fi
            done
            mount --bind "$kept" "$folder"
        fi
    done
fi
cat > "$1/iscsid.conf"
"""


def private_settings(text: str, chap: Chap | None) -> str:
    """iscsid.conf for a test: the host's ``text`` without what we set, and our settings."""
    kept = []
    for line in text.splitlines():
        name = line.partition("=")[0].strip()
        if name in _OURS or _AUTH.match(name):
            continue
        kept.append(line)
    kept += [f"{name} = {value}" for name, value in _SETTINGS]
    if chap is not None:
        for kind in ("node.session", "discovery.sendtargets"):
            kept.append(f"{kind}.auth.authmethod = CHAP")
            kept += [f"{kind}.auth.username = {chap.out.user}", f"{kind}.auth.password = {chap.out.secret}"]
            if chap.back is not None:
                kept += [f"{kind}.auth.username_in = {chap.back.user}", f"{kind}.auth.password_in = {chap.back.secret}"]
    return "\n".join(kept) + "\n"


def parse_targets(text: str) -> list[TargetPortal]:
    """Lines such as ``10.0.0.1:3260,1 iqn.2024-01.lab.wk:t1``; others are passed over."""
    return [
        TargetPortal(found["target"], found["portal"], int(found["group"]))
        for line in text.splitlines()
        if (found := _TARGET.fullmatch(line.strip()))
    ]


def iscsi_error(done: Done, portal: str) -> RhvError:
    """By iscsiadm's exit code; its words are the detail, and hold no secret."""
    detail = f"iscsiadm ended with {done.code}: {done.said}"
    if done.code == _AUTH_FAILED:
        return RhvError("storage.iscsi.auth", _AUTH_TEXT, _AUTH_REMEDY, detail)
    if done.code in _TIMEOUTS:
        text: Message = msg("storage.iscsi.silent", "The portal {portal} does not answer as iSCSI does.", portal=portal)
        return RhvError("storage.iscsi.silent", text, _SILENT_REMEDY, detail)
    if done.code in (18, 20):
        text = msg("storage.iscsi.daemon", "The iSCSI service of this host (iscsid) does not answer.")
        remedy = msg("storage.iscsi.daemon.remedy", "Start it: systemctl enable --now iscsid.socket")
        return RhvError("storage.iscsi.daemon", text, remedy, detail)
    if done.code in (5, 19, 13):
        text = msg("storage.iscsi.refused", "The target refuses this host at {portal}.", portal=portal)
        remedy = msg(
            "storage.iscsi.refused.remedy",
            "Allow this host's initiator name on the target; it stands in /etc/iscsi/initiatorname.iscsi.",
        )
        return RhvError("storage.iscsi.refused", text, remedy, detail)
    text = msg("storage.iscsi.failed", "iSCSI failed at {portal} (code {code}).", portal=portal, code=done.code)
    return RhvError("storage.iscsi.failed", text, _SILENT_REMEDY, detail)


_AUTH_TEXT = msg("storage.iscsi.auth", "The target does not accept the CHAP name or secret, or wants CHAP.")
_AUTH_REMEDY = msg(
    "storage.iscsi.auth.remedy", "Compare name and secret with those of the target; of both ways each has its own pair."
)
_SILENT_REMEDY = msg("storage.iscsi.silent.remedy", "See the target's portals and its log.")


class LeftSession(NamedTuple):
    """A session a test made. ``sid``: the kernel's number of it."""

    sid: int
    target: str


def sessions(root: Path = Path("/sys")) -> list[LeftSession]:
    """All iSCSI sessions of this kernel; [] where it has no iSCSI."""
    found = []
    for folder in sorted((root / "class/iscsi_session").glob("session*")):
        try:
            name = (folder / "targetname").read_text("utf-8").strip()
        except OSError:
            continue  # it ended while we looked
        found.append(LeftSession(int(folder.name[len("session") :]), name))
    return found


def leads_to(sid: int, portal: Portal, root: Path = Path("/sys")) -> bool:
    """Whether a session was made with this portal. Where only a name is known, its port must do."""
    for folder in (root / "class/iscsi_connection").glob(f"connection{sid}:*"):
        try:
            address = (folder / "persistent_address").read_text("ascii").strip()
            port = (folder / "persistent_port").read_text("ascii").strip()
        except OSError:
            continue  # it ended while we looked
        if port == str(portal.port) and _same_address(address, portal.host):
            return True
    return False


def _same_address(one: str, other: str) -> bool:
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return True


def logout(sid: int, programs: Programs) -> str:
    """End a session; "" when it is gone, else what iscsiadm said."""
    try:
        done = programs.run(["iscsiadm", "-m", "session", "-r", str(sid), "--logout"], _LIMIT_S)
    except Overdue as error:
        return str(error)
    return "" if done.code == 0 else done.said
