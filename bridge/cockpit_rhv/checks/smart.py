# SPDX-License-Identifier: Apache-2.0
"""What the disks of this host say of themselves (SMART)."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..host.files import read_optional
from ..messages import msg
from .asking import ask, json_in, shown
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .context import Context

#: Seconds for one disk, and for all together: below the check's limit, so that those that answered are told.
DISK_S, ALL_S = 4.0, 15.0
_REAL = re.compile(r"sd[a-z]+|nvme\d+n\d+|hd[a-z]")
#: Makers of disks that exist in a program only.
_VIRTUAL = re.compile(r"QEMU|VMware|Msft|VBOX|Virtual|Xen", re.IGNORECASE)
#: Disks of a storage network: their array watches them.
_ARRAY = re.compile(r"/rport-|/session\d")

HEALTHY, WORN, HOT, FAILING = "healthy", "worn", "hot", "failing"
UNSUPPORTED, HIDDEN, UNREAD = "unsupported", "hidden", "unread"
#: smartctl's word for an adapter that it cannot ask through, and nobody else.
_BRIDGE = re.compile(r"Unknown USB bridge|Unsupported USB bridge")
#: Bit of NVMe's critical warnings: above or below the temperatures it is made for. The disk itself is well.
_TEMPERATURE = 0x02


class DiskVerdict(NamedTuple):
    """``verdict``: one of the seven words above. ``said``: what the disk said, for a reader."""

    disk: str
    verdict: str
    said: str


def own_disks(root: Path) -> list[str]:
    """Disks that are in this host and are no program's. Raises OSError when /sys cannot be read."""
    found = []
    for device in sorted((root / "sys/block").iterdir()):
        if not _REAL.fullmatch(device.name) or read_optional(device / "hidden") == "1":
            continue
        maker = " ".join(read_optional(device / "device" / name) or "" for name in ("vendor", "model"))
        if not _VIRTUAL.search(maker) and not _ARRAY.search(str(device.resolve())):
            found.append(device.name)
    return found


def parse_smart(disk: str, output: str) -> DiskVerdict:
    """What ``smartctl --json`` printed of one disk. Raises nothing: what cannot be understood is unread."""
    try:
        told = json_in(output, dict)
        status = told.get("smart_status", {}).get("passed")
        nvme = told.get("nvme_smart_health_information_log", {})
        warning, used = int(nvme.get("critical_warning", 0)), int(nvme.get("percentage_used", 0))
        messages = "; ".join(str(item["string"]) for item in told.get("smartctl", {}).get("messages", ()))
        supported = told.get("smart_support", {}).get("available")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return DiskVerdict(disk, UNREAD, shown(output))
    if warning == _TEMPERATURE and used < 100:
        return DiskVerdict(disk, HOT, f"outside of its temperatures{_degrees(told)}")
    if warning not in (0, _TEMPERATURE) or (status is False and not warning):
        said = f"critical warning {warning:#x}" if warning else "failed its own assessment"
        return DiskVerdict(disk, FAILING, said)
    if used >= 100:
        return DiskVerdict(disk, WORN, f"{used} % of its endurance used")
    if status is True:
        return DiskVerdict(disk, HEALTHY, f"passed{f', {used} % of its endurance used' if nvme else ''}")
    if supported is False:
        return DiskVerdict(disk, UNSUPPORTED, "no SMART")
    return DiskVerdict(disk, HIDDEN if _BRIDGE.search(messages) else UNREAD, messages or "no verdict")


def _degrees(told: Mapping[str, Any]) -> str:
    temperature = told.get("temperature")
    degrees = temperature.get("current") if isinstance(temperature, dict) else None
    return f", {degrees} °C" if isinstance(degrees, int) else ""


def check_smart(context: Context) -> Outcome:
    """Each disk by itself; one that does not answer leaves the whole unknown, a failing one decides.

    A disk behind an adapter that nobody can ask through is named, and the others are judged.
    """
    disks = own_disks(context.probes.root)
    if not disks:
        text = msg("checks.smart.none", "This host has no disks of its own that could say how they are.")
        return Outcome(NOT_APPLICABLE, text, [Evidence("/sys/block", "no physical disks")])
    verdicts: list[DiskVerdict] = []
    end = time.monotonic() + ALL_S
    for disk in disks:
        if time.monotonic() > end:
            verdicts.append(DiskVerdict(disk, UNREAD, "no time left to ask"))
            continue
        try:
            done = ask(context, ("smartctl", "--json=c", "--info", "--health", "--attributes", f"/dev/{disk}"), DISK_S)
        except RhvError as error:
            verdicts.append(DiskVerdict(disk, UNREAD, str(error.message)))
            continue
        if done is None:
            text = msg("checks.smart.no_tool", "How the disks are nobody can tell: smartctl is not installed.")
            remedy = msg("checks.smart.no_tool.remedy", "Install the package smartmontools.")
            return Outcome(UNKNOWN, text, [Evidence("/sys/block", ", ".join(disks))], remedy)
        verdicts.append(parse_smart(disk, done.output))
    return _judge(verdicts)


def _judge(verdicts: Sequence[DiskVerdict]) -> Outcome:
    evidence = [Evidence(f"smartctl /dev/{found.disk}", f"{found.verdict}: {found.said}") for found in verdicts]

    def disks(verdict: str) -> str:
        return ", ".join(found.disk for found in verdicts if found.verdict == verdict)

    replace = msg(
        "checks.smart.remedy",
        "Save what is on it, then replace it; “smartctl -x /dev/{disk}” tells more.",
        disk=(disks(FAILING) or disks(WORN)).split(",")[0],
    )
    if disks(FAILING):
        return Outcome(
            ERROR,
            msg("checks.smart.failing", "Disks that are about to fail: {disks}", disks=disks(FAILING)),
            evidence,
            replace,
        )
    if disks(WORN):
        return Outcome(
            WARNING, msg("checks.smart.worn", "Disks that are worn out: {disks}", disks=disks(WORN)), evidence, replace
        )
    if disks(HOT):
        text = msg("checks.smart.hot", "Disks that are too hot or too cold: {disks}", disks=disks(HOT))
        remedy = msg(
            "checks.smart.hot.remedy", "Look after the fans and the air; the disk itself says that it is well."
        )
        return Outcome(WARNING, text, evidence, remedy)
    if disks(UNREAD):
        text = msg("checks.smart.unread", "These disks did not say how they are: {disks}", disks=disks(UNREAD))
        remedy = msg(
            "checks.smart.unread.remedy",
            "Ask as an administrator: smartctl -x /dev/{disk}",
            disk=disks(UNREAD).split(",")[0],
        )
        return Outcome(UNKNOWN, text, evidence, remedy)
    healthy = sum(found.verdict == HEALTHY for found in verdicts)
    if not healthy and disks(HIDDEN):
        text = msg(
            "checks.smart.hidden", "smartctl does not know the USB adapter of these disks: {disks}", disks=disks(HIDDEN)
        )
        remedy = msg(
            "checks.smart.hidden.remedy",
            "Name its kind: smartctl -d sat -x /dev/{disk}; “smartctl -h” lists others.",
            disk=disks(HIDDEN).split(",")[0],
        )
        return Outcome(UNKNOWN, text, evidence, remedy)
    if not healthy:
        text = msg(
            "checks.smart.unsupported", "The disks of this host do not say how they are; ask their RAID controller."
        )
        return Outcome(NOT_APPLICABLE, text, evidence)
    if disks(HIDDEN):
        text = msg(
            "checks.smart.ok_but_hidden",
            "Disks that are well by their own account: {count}. Unknown behind their USB adapter: {disks}",
            count=healthy,
            disks=disks(HIDDEN),
        )
        return Outcome(OK, text, evidence)
    return Outcome(
        OK, msg("checks.smart.ok", "Disks that are well by their own account: {count}", count=healthy), evidence
    )


CHECKS = (
    Check(
        "disks.smart",
        msg("checks.smart.title", "Disks"),
        msg("checks.smart.why", "A disk often tells that it will fail, days before it takes the guests on it along."),
        check_smart,
        health_only=True,
        limit_s=20.0,
    ),
)
