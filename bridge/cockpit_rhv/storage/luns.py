# SPDX-License-Identifier: Apache-2.0
"""The steps that LUNs share, however they are reached: use, size, writing without a change, latency."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..messages import msg
from .blocks import Lun, parse_blkid, read_luns
from .files import judge_room
from .latency import judge_latency
from .steps import ERROR, OK, SKIPPED, UNKNOWN, WARNING, Found, Step

if TYPE_CHECKING:
    from .document import Fc
    from .programs import Programs

_LIMIT_S = 10.0
_PROBE = Path(__file__).with_name("block_probe.py")


class LunSteps:
    """``lun`` is set by the step that finds it."""

    def __init__(self, programs: Programs, need_gib: float | None) -> None:
        self._programs = programs
        self._need_gib = need_gib
        self.lun: Lun | None = None
        self._empty = False
        self._measured: dict[str, Any] = {}

    def steps(self) -> list[Step]:
        """In the order they are done."""
        return [
            Step(
                "space",
                msg("storage.lun.size.title", "Size"),
                msg("storage.lun.size.why", "A LUN grows only on the storage; the engine's disk must fit on it."),
                self.size,
            ),
            Step(
                "content",
                msg("storage.content.title", "Contents"),
                msg("storage.lun.content.why", "Whatever is on the LUN is lost when it is used."),
                self.content,
            ),
            Step(
                "write",
                msg("storage.lun.write.title", "Writing"),
                msg("storage.lun.write.why", "A LUN can be given to a host for reading only."),
                self.write,
            ),
            Step(
                "latency",
                msg("storage.latency.title", "Write latency"),
                msg("storage.latency.why", "Each commit of a guest's database waits for one such write."),
                self.latency,
            ),
        ]

    def size(self) -> Found:
        """Large enough, or not known to be too small."""
        assert self.lun is not None
        return judge_room(self.lun.size, self.lun.size, self._need_gib, f"lsblk {self.lun.device}")

    def content(self) -> Found:
        """In use, holding data, or empty."""
        lun = self.lun
        assert lun is not None
        evidence = [(f"lsblk {lun.device}", "; ".join(f"{use.kind}: {use.what}" for use in lun.uses) or "nothing")]
        another = msg("storage.lun.content.remedy", "Choose another LUN, or free this one first.")
        busy = [use for use in lun.uses if use.kind in ("mounted", "lvm", "holder", "raid")]
        if busy:
            text = msg(
                "storage.lun.busy",
                "The LUN is in use on this host: {uses}.",
                uses=", ".join(f"{u.kind} {u.what}" for u in busy),
            )
            return Found(ERROR, text, evidence, another, stop=True)
        done = self._programs.run(["blkid", "-p", "-o", "export", "--", lun.device], _LIMIT_S)
        signature = parse_blkid(done)
        evidence.append((f"blkid -p {lun.device}", signature.found or "nothing"))
        if not signature.readable:
            return Found(UNKNOWN, msg("storage.lun.unread", "What is on the LUN cannot be read."), evidence, another)
        shown = signature.found or ", ".join(use.what for use in lun.uses)
        if shown:
            text = msg("storage.lun.data", "The LUN holds data: {what}. It would be lost.", what=shown)
            return Found(WARNING, text, evidence, another)
        self._empty = True
        return Found(OK, msg("storage.lun.empty", "No file system, partition or volume was found on it."), evidence)

    def write(self) -> Found:
        """Zeros over zeros where nothing was found; else only what the kernel says."""
        lun = self.lun
        assert lun is not None
        source = f"open {lun.device}"
        if lun.read_only:
            text = msg("storage.lun.read_only", "The LUN can only be read.")
            remedy = msg("storage.lun.read_only.remedy", "Let the storage give it to this host for writing.")
            return Found(ERROR, text, [(f"lsblk {lun.device}", "RO 1")], remedy, stop=True)
        asked = json.dumps({"path": lun.device, "write": self._empty})
        done = self._programs.run([sys.executable, "-I", "-S", str(_PROBE)], _LIMIT_S, asked)
        if done.code != 0:
            raise OSError(f"the probe ended with {done.code}: {done.said[-300:]}")
        self._measured = json.loads(done.out)
        if "errno" in self._measured:
            text = msg(
                "storage.lun.write.failed",
                "The LUN cannot be opened or written: {error}.",
                error=self._measured["errno"],
            )
            remedy = msg("storage.lun.write.remedy", "See the kernel's log and the storage's own.")
            return Found(ERROR, text, [(source, self._measured["detail"])], remedy, stop=True)
        if not self._measured["wrote"]:
            text = msg("storage.lun.write.untried", "Nothing was written: the LUN is not empty.")
            return Found(SKIPPED, text, [(source, "first or last MiB are not zero, or something was found on it")])
        return Found(OK, msg("storage.lun.write.ok", "The LUN can be written."), [(source, "zeros over zeros")])

    def latency(self) -> Found:
        """Of writes, or of reads where nothing may be written."""
        reads = not self._measured["wrote"]
        source = "4 KiB, O_DIRECT" if reads else "4 KiB, O_DIRECT and O_DSYNC"
        return judge_latency(self._measured["ms"], source, reads=reads)


class FcTest:
    """One test of a LUN that this host has already."""

    def __init__(self, document: Fc, programs: Programs, need_gib: float | None) -> None:
        self._document = document
        self._programs = programs
        self._lun = LunSteps(programs, need_gib)

    def steps(self) -> list[Step]:
        """In the order they are done."""
        found = Step(
            "lun",
            msg("storage.lun.title", "LUN"),
            msg("storage.lun.why", "The storage must show the LUN to this host."),
            self.find,
        )
        return [found, *self._lun.steps()]

    def find(self) -> Found:
        """By its wwid, in lsblk's form or multipath's."""
        wanted = same_wwid(self._document.wwid)
        luns = read_luns(self._programs)
        self._lun.lun = next((lun for lun in luns if lun.wwid is not None and same_wwid(lun.wwid) == wanted), None)
        evidence = [("lsblk", ", ".join(lun.wwid or lun.device for lun in luns) or "no LUN")]
        if self._lun.lun is None:
            text = msg("storage.lun.unseen", "This host sees no such LUN.")
            remedy = msg(
                "storage.lun.unseen.remedy", "Let the storage show it to this host's adapters, and scan again."
            )
            return Found(ERROR, text, evidence, remedy, stop=True)
        return found_lun(self._lun.lun)


def same_wwid(text: str) -> str:
    """The part that multipath (``3`` before it), udev (``wwn-0x``) and lsblk have in common."""
    bare = text.lower()
    for before in ("wwn-0x", "0x", "naa.", "scsi-3"):
        if bare.startswith(before):
            return bare[len(before) :]
    return bare[1:] if len(bare) in (17, 33) and bare.startswith("3") else bare


def found_lun(lun: Lun) -> Found:
    """The LUN with its paths, which must all work."""
    evidence = [(path.device, f"{path.address} {path.state}") for path in lun.paths]
    sick = [path for path in lun.paths if path.state not in ("running", "active ready")]
    if sick:
        text = msg(
            "storage.lun.path", "{bad} of {all} paths to the LUN do not work.", bad=len(sick), all=len(lun.paths)
        )
        remedy = msg("storage.lun.path.remedy", "See cable, switch and port of each path.")
        return Found(ERROR if len(sick) == len(lun.paths) else WARNING, text, evidence, remedy)
    text = msg(
        "storage.lun.ok",
        "The LUN is {vendor} {model}, {count} paths.",
        vendor=lun.vendor,
        model=lun.model,
        count=len(lun.paths),
    )
    return Found(OK, text, evidence)
