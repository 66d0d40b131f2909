# SPDX-License-Identifier: Apache-2.0
"""An iSCSI LUN tested, and targets and LUNs found: logged in to for that long, with records nobody else sees."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from .blocks import Lun, read_luns
from .initiator import CONFIGURATION, Initiator, TargetPortal
from .left_sessions import end_left_sessions
from .luns import LunSteps, found_lun
from .made_sessions import Sessions
from .reach import name_step, port_step
from .steps import ERROR, OK, UNKNOWN, WARNING, Found, Step, missing_program, undone_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .document import Chap, Iscsi, Portal
    from .programs import Programs

logger = logging.getLogger(__name__)

_SYS = Path("/sys")


class IscsiTest:
    """One test of one LUN."""

    def __init__(self, document: Iscsi, programs: Programs, need_gib: float | None) -> None:
        self._document = document
        self._programs = programs
        self._initiator = Initiator(programs, document.chap)
        self._entered = False
        self._sessions = Sessions(document.target, programs)
        self._answering: list[tuple[str, int]] = []
        self._lun = LunSteps(programs, need_gib)

    def steps(self) -> list[Step]:
        """In the order they are done."""
        hosts = [portal.host for portal in self._document.portals]
        return [
            Step(
                "client",
                msg("storage.iscsi.client.title", "iSCSI initiator"),
                msg("storage.iscsi.client.why", "Logging in needs open-iscsi and the kernel's initiator."),
                lambda: check_client(self._programs),
            ),
            Step(
                "name",
                msg("storage.name.title", "Server name"),
                msg("storage.name.why", "This host looks the name up at every mount, after each reboot too."),
                lambda: name_step(hosts, self._programs, {}),
            ),
            Step(
                "port",
                msg("storage.port.title", "Server port"),
                msg(
                    "storage.iscsi.port.why",
                    "Each portal is a way to the disk; a lost one is not noticed until it is needed.",
                ),
                lambda: port_step([(p.host, p.port) for p in self._document.portals], self._programs, self._answering),
            ),
            Step(
                "target",
                msg("storage.iscsi.target.title", "Target"),
                msg("storage.iscsi.target.why", "The portal must offer this very target to this host."),
                self.target,
            ),
            Step(
                "login",
                msg("storage.iscsi.login.title", "Login"),
                msg("storage.iscsi.login.why", "The target lets in whom it knows, by name and by CHAP."),
                self.login,
            ),
            Step(
                "lun",
                msg("storage.lun.title", "LUN"),
                msg("storage.lun.why", "The storage must show the LUN to this host."),
                self.find,
            ),
            *self._lun.steps(),
            undone_step(self.undo),
        ]

    def target(self) -> Found:
        """Discovery at the first portal that answers."""
        self._initiator.__enter__()
        self._entered = True
        portal = self._portals()[0]
        try:
            found = self._initiator.discover(portal)
        except RhvError as error:
            return Found(ERROR, error.message, [(error.code, error.detail or "")], error.hint, stop=True)
        names = sorted({line.target for line in found})
        evidence = [
            (f"iscsiadm discovery {portal}", "; ".join(f"{line.portal} {line.target}" for line in found) or "nothing")
        ]
        if self._document.target in names:
            return Found(OK, msg("storage.iscsi.target.ok", "The portal offers the target."), evidence)
        text = msg("storage.iscsi.target.missing", "The portal offers other targets: {names}.", names=", ".join(names))
        if not names:
            text = msg("storage.iscsi.target.none", "The portal offers no target to this host.")
        remedy = msg(
            "storage.iscsi.target.remedy", "Correct the target's name, or allow this host's initiator name on it."
        )
        return Found(ERROR, text, evidence, remedy, stop=True)

    def login(self) -> Found:
        """At each portal that answers."""
        evidence = []
        failed: RhvError | None = None
        good = 0
        for portal in self._portals():
            try:
                made = self._sessions.login(self._initiator, portal)
            except RhvError as error:
                failed = error
                evidence.append((f"login {portal}", error.detail or error.code))
            else:
                good += 1
                evidence.append((f"login {portal}", "logged in" if made else "this host was logged in already"))
        if failed is not None and not good:
            return Found(ERROR, failed.message, evidence, failed.hint, stop=True)
        if failed is not None:
            return Found(WARNING, failed.message, evidence, failed.hint)
        return Found(
            OK, msg("storage.iscsi.login.ok", "The target lets this host in: {count} sessions.", count=good), evidence
        )

    def find(self) -> Found:
        """The LUN asked for, and no other, is made known to this host."""
        names = self._sessions.disks(self._document.lun)
        lun = next(iter(luns_of(read_luns(self._programs), names)), None)
        if lun is None and not self._sessions.made:
            text = msg(
                "storage.iscsi.not_scanned",
                "This host is logged in to the target already, without LUN {lun}; its session is not scanned.",
                lun=self._document.lun,
            )
            remedy = msg("storage.iscsi.not_scanned.remedy", "Scan that session (iscsiadm -m session --rescan).")
            return Found(UNKNOWN, text, [("/sys/class/scsi_device", "no disk of that LUN")], remedy, stop=True)
        if lun is None:
            text = msg("storage.iscsi.no_lun", "The target has no LUN {lun} for this host.", lun=self._document.lun)
            remedy = msg("storage.iscsi.no_lun.remedy", "Choose another LUN, or map it to this host on the target.")
            return Found(ERROR, text, [("scan", ", ".join(names) or "no disk came")], remedy, stop=True)
        self._lun.lun = lun
        return found_lun(lun)

    def undo(self) -> Found:
        """Log out of what was logged in to; the records go with their namespace."""
        try:
            kept = self._sessions.end()
        finally:
            if self._entered:
                self._initiator.__exit__(None, None, None)
        if kept:
            text = msg("storage.iscsi.kept", "The test's session could not be ended.")
            remedy = msg("storage.iscsi.kept.remedy", "See what uses its disks; the next test tries again.")
            return Found(ERROR, text, [("session kept", "; ".join(kept))], remedy)
        return Found(OK, msg("storage.undone.ok", "Nothing of the test is left on this host."))

    def _portals(self) -> list[Portal]:
        return [portal for portal in self._document.portals if (portal.host, portal.port) in self._answering]


def check_client(programs: Programs) -> Found:
    """open-iscsi and the kernel's initiator; what a killed test left is ended here."""
    if not any((_SYS / "module" / name).exists() for name in ("iscsi_tcp", "bnx2i", "qedi", "cxgb4i")):
        try:
            done = programs.run(["modprobe", "iscsi_tcp"], 10.0)
            reason = "" if done.code == 0 else done.said
        except FileNotFoundError:
            reason = "no modprobe"
        if reason:
            return Found(
                ERROR,
                msg("storage.iscsi.no_kernel", "There is no iSCSI initiator in this kernel."),
                [("modprobe iscsi_tcp", reason)],
                msg(
                    "storage.iscsi.no_kernel.remedy",
                    "Boot a kernel with the iscsi_tcp module; in a container, load it on the machine below.",
                ),
                stop=True,
            )
    if shutil.which("iscsiadm") is None or not Path(CONFIGURATION).exists():
        return missing_program("iscsiadm", "open-iscsi (Debian), iscsi-initiator-utils (EL)")
    left = end_left_sessions(programs)
    evidence = [("left by a killed test, ended now", ", ".join(map(str, left.sids)))] if left.sids else []
    evidence += [("left by a killed test, in use by now", use) for use in left.used]
    return Found(OK, msg("storage.iscsi.client.ok", "This host can log in to iSCSI targets."), evidence)


def luns_of(luns: Sequence[Lun], disks: Sequence[str]) -> list[Lun]:
    """Those of ``luns`` that one of these disks (kernel names) leads to."""
    devices = {f"/dev/{name}" for name in disks}
    return [lun for lun in luns if any(path.device in devices for path in lun.paths)]


def discover(portal: Portal, chap: Chap | None, programs: Programs) -> list[TargetPortal]:
    """The portal's targets; nothing is stored. Raises RhvError ``storage.*``, OSError, Overdue, Cancelled."""
    _client(programs)
    answered: list[tuple[str, int]] = []
    for found in (
        name_step([portal.host], programs, {}),
        port_step([(portal.host, portal.port)], programs, answered),
    ):
        if found.stop:
            raise RhvError(
                "storage.unreachable", found.summary, found.remedy, "; ".join(": ".join(e) for e in found.evidence)
            )
    with Initiator(programs, chap) as initiator:
        return initiator.discover(portal)


def target_luns(portals: Sequence[Portal], target: str, chap: Chap | None, programs: Programs) -> list[Lun]:
    """The target's LUNs, logged in to for that long. Raises as :func:`discover`."""
    _client(programs)
    made = Sessions(target, programs)
    with Initiator(programs, chap) as initiator:
        try:
            for portal in portals:
                made.login(initiator, portal)
            disks = made.disks(None)
            return luns_of(read_luns(programs), disks)
        finally:
            for kept in made.end():
                logger.warning("kept: %s", kept)


def _client(programs: Programs) -> None:
    found = check_client(programs)
    if found.stop:
        raise RhvError(
            "storage.iscsi.client", found.summary, found.remedy, "; ".join(": ".join(e) for e in found.evidence)
        )
