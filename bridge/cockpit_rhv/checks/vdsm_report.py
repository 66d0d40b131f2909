# SPDX-License-Identifier: Apache-2.0
"""vdsm's own report of an oVirt or RHV host: storage domains, paths, the network's settings, MOM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .asking import ask, json_in, shown
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .multipath import PATH_REMEDY
from .registry import Check
from .units import start_unit
from .vdsm_units import VDSM

if TYPE_CHECKING:
    from .context import Context

_COMMAND = ("vdsm-client", "Host", "getStats")
MOM = "mom-vdsm.service"
#: Seconds a storage domain may take to read its metadata; the Manager's MaxStorageVdsDelayCheckSec is the same.
SLOW_S = 5.0


class Domain(NamedTuple):
    """``code``: 0, or vdsm's number of what is wrong. ``delay_s``: of the last read. ``acquired``: it holds its id."""

    id: str
    valid: bool
    code: int
    delay_s: float
    checked_s: float
    acquired: bool


class VdsmReport(NamedTuple):
    """``failed_paths``: disk to working paths and failed devices. ``dirty``: network settings that were not saved."""

    domains: tuple[Domain, ...]
    failed_paths: dict[str, tuple[int, tuple[str, ...]]]
    dirty: bool
    mom: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    score: int | None


def parse_stats(output: str) -> VdsmReport:
    """What ``vdsm-client Host getStats`` printed; figures are numbers or text, by version.

    Raises RhvError ``checks.vdsm_report.strange``.
    """
    try:
        told = json_in(output, dict)
        domains = tuple(
            Domain(
                str(name),
                _true(found["valid"]),
                int(found["code"]),
                float(found["delay"]),
                float(found["lastCheck"]),
                _true(found.get("acquired", True)),
            )
            for name, found in sorted(told["storageDomains"].items())
        )
        paths = {
            str(name): (int(found["valid_paths"]), tuple(str(path) for path in found["failed_paths"]))
            for name, found in told.get("multipathHealth", {}).items()
        }
        links = {str(name): str(found["state"]) for name, found in told.get("network", {}).items()}
        score = told.get("haStats", {}).get("score") if _true(told.get("haStats", {}).get("configured")) else None
        return VdsmReport(
            domains,
            paths,
            _true(told.get("netConfigDirty")),
            str(told.get("momStatus", "not told")),
            tuple(sorted(name for name, state in links.items() if state == "up")),
            tuple(sorted(name for name, state in links.items() if state != "up")),
            None if score is None else int(score),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        text = msg("checks.vdsm_report.strange", "vdsm's report is in a form that is not known.")
        raise RhvError("checks.vdsm_report.strange", text, detail=shown(output)) from error


def _true(value: Any) -> bool:
    """A truth of JSON, or of Python as vdsm sometimes writes it."""
    return value is True or str(value).lower() == "true"


def check_report(context: Context) -> Outcome:
    """Asked of the local vdsm with its own client."""
    state = context.probes.unit_states([VDSM])[VDSM]
    if not state.installed or state.enabled == "disabled":
        return Outcome(NOT_APPLICABLE, msg("checks.vdsm.none", "This host has no vdsm, or does not use it."))
    done = ask(context, _COMMAND, 10.0)
    if done is None or done.code != 0:
        text = msg("checks.vdsm_report.silent", "vdsm does not report on this host.")
        said = "not found" if done is None else shown(done.output)
        remedy = msg("checks.vdsm.remedy", "See why with: journalctl -u {unit}", unit=VDSM)
        return Outcome(UNKNOWN, text, [Evidence(" ".join(_COMMAND), said)], remedy)
    report = parse_stats(done.output)
    evidence = _evidence(report)
    trouble = _storage(report) or _settings(report)
    if trouble is not None:
        return Outcome(trouble.severity, trouble.summary, evidence, trouble.remedy, remedy_job=trouble.remedy_job)
    text = msg("checks.vdsm_report.ok", "vdsm reaches all storage domains ({count}).", count=len(report.domains))
    return Outcome(OK, text, evidence)


def _evidence(report: VdsmReport) -> list[Evidence]:
    return [
        *(
            Evidence(
                f"storage domain {domain.id}",
                f"{'valid' if domain.valid else 'not valid'}, code {domain.code}, read in {domain.delay_s} s, "
                f"{domain.checked_s} s ago, host id {'held' if domain.acquired else 'not held'}",
            )
            for domain in report.domains
        ),
        *(
            Evidence(f"multipath {name}", f"{valid} paths work, failed: {', '.join(failed)}")
            for name, (valid, failed) in report.failed_paths.items()
        ),
        Evidence("network", f"up: {', '.join(report.up) or 'none'}; down: {', '.join(report.down) or 'none'}"),
        Evidence("netConfigDirty", str(report.dirty)),
        Evidence("momStatus", report.mom),
        *([] if report.score is None else [Evidence("haStats.score", str(report.score))]),
    ]


def _storage(report: VdsmReport) -> Outcome | None:
    lost = [domain.id for domain in report.domains if not domain.valid or domain.code != 0]
    if lost:
        text = msg(
            "checks.vdsm_report.lost", "vdsm does not reach these storage domains: {domains}", domains=", ".join(lost)
        )
        return Outcome(
            ERROR,
            text,
            (),
            msg(
                "checks.vdsm_report.lost.remedy",
                "Bring back the file server, array or path it lies on; /var/log/vdsm/vdsm.log names it.",
            ),
        )
    dead = [name for name, (valid, _) in report.failed_paths.items() if valid == 0]
    failed = sorted({path for _, paths in report.failed_paths.values() for path in paths})
    if failed or dead:
        text = msg("checks.multipath.failed", "Failed paths to disks: {paths}", paths=", ".join(failed or dead))
        return Outcome(ERROR if dead else WARNING, text, (), PATH_REMEDY)
    loose = [domain.id for domain in report.domains if not domain.acquired]
    if loose:
        text = msg(
            "checks.vdsm_report.loose",
            "This host does not hold its id in these storage domains: {domains}",
            domains=", ".join(loose),
        )
        return Outcome(
            WARNING,
            text,
            (),
            msg(
                "checks.vdsm_report.loose.remedy", "See what sanlock says: sanlock client status, /var/log/sanlock.log"
            ),
        )
    slow = [domain for domain in report.domains if domain.delay_s > SLOW_S]
    if slow:
        text = msg(
            "checks.vdsm_report.slow",
            "The storage domain {domain} takes {seconds} s to answer.",
            domain=slow[0].id,
            seconds=slow[0].delay_s,
        )
        return Outcome(
            WARNING,
            text,
            (),
            msg("checks.vdsm_report.slow.remedy", "Look for what loads the storage or the network to it."),
        )
    return None


def _settings(report: VdsmReport) -> Outcome | None:
    if report.dirty:
        text = msg(
            "checks.vdsm_report.dirty", "Network settings were changed and not saved: the next start undoes them."
        )
        return Outcome(
            WARNING,
            text,
            (),
            msg(
                "checks.vdsm_report.dirty.remedy",
                "Save them in the Manager, or with: vdsm-client Host setSafeNetworkConfig",
            ),
        )
    if report.mom == "inactive":
        text = msg("checks.vdsm_report.mom", "MOM does not run: nobody adjusts memory of guests to what the host has.")
        remedy = msg("checks.vdsm.remedy", "See why with: journalctl -u {unit}", unit=MOM)
        return Outcome(WARNING, text, (), remedy, remedy_job=start_unit(MOM))
    return None


CHECKS = (
    Check(
        "vdsm.report",
        msg("checks.vdsm_report.title", "vdsm's report"),
        msg(
            "checks.vdsm_report.why",
            "The Manager takes a host out of service by what vdsm reports; here it can be read before that.",
        ),
        check_report,
        health_only=True,
        limit_s=15.0,
    ),
)
