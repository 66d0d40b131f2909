# SPDX-License-Identifier: Apache-2.0
"""oVirt's hosted engine: does it run, could another host take it over, and does a maintenance mode forbid that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Remedy, RhvError
from ..host.files import read_text
from ..messages import msg
from .asking import ask, shown
from .ha_status import BASE_SCORE, LOG, STRANGE, parse_status, read_penalties
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check
from .units import start_unit

if TYPE_CHECKING:
    from .context import Context
    from .ha_status import HaHost, HaStatus

CONFIG = "etc/ovirt-hosted-engine/hosted-engine.conf"
_COMMAND = ("hosted-engine", "--vm-status", "--json")
_STARTING = ("EngineStart", "EngineStarting")
AGENT, BROKER = "ovirt-ha-agent.service", "ovirt-ha-broker.service"
#: Exit status of `hosted-engine` while the domain of an unfinished deployment is there.
_UNFINISHED = 2
_READ_LOG = msg("checks.ha.silent.remedy", "See why with: journalctl -u ovirt-ha-broker -u ovirt-ha-agent")


def _end_maintenance() -> Remedy:
    return Remedy("ha_maintenance", msg("remedy.ha_maintenance", "End maintenance"), {"mode": "none"})


def check_hosted_engine(context: Context) -> Outcome:
    """Asked of the agents, which know the other hosts too."""
    if not (context.probes.root / CONFIG).exists():
        text = msg("checks.ha.none", "No hosted engine of oVirt is deployed on this host.")
        return Outcome(NOT_APPLICABLE, text, [Evidence(f"/{CONFIG}", "absent")])
    source = " ".join(_COMMAND)
    try:
        done = ask(context, _COMMAND, 15.0)
        if done is not None and done.code == _UNFINISHED:
            return _unfinished(Evidence(source, shown(done.output)))
        if done is None or done.code != 0:
            raise RhvError("checks.ha.strange", STRANGE, detail="not found" if done is None else shown(done.output))
        status = parse_status(done.output)
    except RhvError as error:
        evidence = [Evidence(source, error.detail or "")]
        return Outcome(UNKNOWN, error.message, evidence, _READ_LOG, remedy_job=start_unit(BROKER))
    return _judge(context, status, _own_id(read_text(context.probes.root / CONFIG)))


def _unfinished(evidence: Evidence) -> Outcome:
    return Outcome(
        WARNING,
        msg("checks.ha.unfinished", "A deployment of the hosted engine is under way here, or was left unfinished."),
        [evidence],
        msg("checks.ha.unfinished.remedy", "If none is under way, remove what is left: ovirt-hosted-engine-cleanup"),
    )


def _own_id(config: str) -> int | None:
    values = dict(line.split("=", 1) for line in config.splitlines() if "=" in line)
    own = values.get("host_id", "").strip()
    return int(own) if own.isdecimal() else None


def _judge(context: Context, status: HaStatus, own_id: int | None) -> Outcome:
    own = next((host for host in status.hosts if host.id == own_id), None)
    evidence = [Evidence(f"{host.name} ({host.id})", host.said()) for host in status.hosts]
    evidence.append(Evidence("global maintenance", "on" if status.global_maintenance else "off"))
    live = [host for host in status.hosts if host.live]
    if not live:
        return Outcome(
            UNKNOWN,
            msg("checks.ha.stale_all", "What the agents of the hosted engine tell is old: no host reports any more."),
            evidence,
            _READ_LOG,
            remedy_job=start_unit(AGENT),
        )
    trouble = _engine_trouble(status, live)
    if trouble is None:
        penalties = _penalties(context, own)
        evidence += penalties
        trouble = _mode(status, own) or _takeover(status, own, penalties)
    if trouble is not None:
        return Outcome(trouble.severity, trouble.summary, evidence, trouble.remedy, remedy_job=trouble.remedy_job)
    runs = next(host.name for host in live if host.vm == "up")
    text = (
        msg("checks.ha.alone", "The engine runs on {host}, the only host that could run it.", host=runs)
        if len(status.hosts) == 1
        else msg("checks.ha.ok", "The engine runs on {host}; another host can take it over.", host=runs)
    )
    return Outcome(OK, text, evidence)


def _engine_trouble(status: HaStatus, live: list[HaHost]) -> Outcome | None:
    """The engine itself; what a host that is not live said of it does not count."""
    running = [host for host in live if host.vm == "up"]
    if any(host.health == "good" for host in running):
        return None
    if any(host.state in _STARTING for host in live):
        text = msg("checks.ha.starting", "The engine is being started.")
        return Outcome(WARNING, text, (), msg("checks.ha.starting.remedy", "Wait: it may take ten minutes."))
    if running:
        host = running[0]
        return Outcome(
            ERROR,
            msg(
                "checks.ha.sick",
                "The engine VM runs on {host}, but the engine in it does not answer ({reason}).",
                host=host.name,
                reason=host.reason or host.detail,
            ),
            (),
            msg(
                "checks.ha.sick.remedy",
                "Look at its console with “hosted-engine --console”; its agents restart it after five minutes.",
            ),
        )
    if status.global_maintenance:
        return Outcome(
            ERROR,
            msg(
                "checks.ha.down_kept",
                "The engine VM does not run, and global maintenance keeps the hosts from starting it.",
            ),
            (),
            msg("checks.ha.down_kept.remedy", "End maintenance, or start it yourself: hosted-engine --vm-start"),
            remedy_job=_end_maintenance(),
        )
    reasons = sorted({f"{host.name}: {host.reason}" for host in live if host.reason})
    return Outcome(
        ERROR,
        msg(
            "checks.ha.down",
            "The engine VM runs on no host ({reasons}).",
            reasons="; ".join(reasons) or "no reason told",
        ),
        (),
        msg(
            "checks.ha.down.remedy",
            "Start it with “hosted-engine --vm-start”; the agents' log tells why they do not: /{log}",
            log=LOG,
        ),
    )


def _mode(status: HaStatus, own: HaHost | None) -> Outcome | None:
    remedy = msg("checks.ha.maintenance.remedy", "When the work is done: hosted-engine --set-maintenance --mode=none")
    if status.global_maintenance:
        text = msg("checks.ha.global", "Global maintenance: no host restarts the engine if it fails.")
        return Outcome(WARNING, text, (), remedy, remedy_job=_end_maintenance())
    if own is not None and own.live and own.maintenance:
        text = msg("checks.ha.local", "Local maintenance: this host does not take over the engine.")
        return Outcome(WARNING, text, (), remedy, remedy_job=_end_maintenance())
    return None


def _takeover(status: HaStatus, own: HaHost | None, penalties: list[Evidence]) -> Outcome | None:
    if own is None:
        text = msg("checks.ha.stranger", "The other hosts of the hosted engine do not know this one.")
        return Outcome(UNKNOWN, text, (), _READ_LOG, remedy_job=start_unit(AGENT))
    if own.stopped or not own.live:
        text = msg("checks.ha.own_silent", "The agent of this host does not report: it would not take over the engine.")
        return Outcome(ERROR, text, (), _READ_LOG, remedy_job=start_unit(AGENT))
    stale = [host.name for host in status.hosts if not host.live]
    if stale:
        text = msg(
            "checks.ha.stale",
            "These hosts of the hosted engine do not report any more: {hosts}",
            hosts=", ".join(stale),
        )
        hint = msg(
            "checks.ha.stale.remedy",
            "Start them; of a host that is gone for good forget the data: hosted-engine --clean-metadata --host-id=N "
            "--force-cleanup",
        )
        return Outcome(WARNING, text, (), hint)
    if own.score < BASE_SCORE:
        reasons = ", ".join(item.value for item in penalties)
        text = msg(
            "checks.ha.score",
            "This host's score is {score} of {best} ({reasons}).",
            score=own.score,
            best=BASE_SCORE,
            reasons=reasons,
        )
        return Outcome(
            WARNING,
            text,
            (),
            msg(
                "checks.ha.score.remedy",
                "Mend what takes points: gateway, management network, load or memory; see /{log}",
                log=LOG,
            ),
        )
    if len(status.hosts) > 1 and not any(host.score > 0 for host in status.hosts if host.vm != "up"):
        text = msg("checks.ha.nobody", "No other host could take over the engine: none has a score.")
        return Outcome(
            WARNING, text, (), msg("checks.ha.nobody.remedy", "End local maintenance of another host, or mend it.")
        )
    return None


def _penalties(context: Context, own: HaHost | None) -> list[Evidence]:
    """The parts of this host's score, if it is not the best."""
    if own is None or not own.live or own.score >= BASE_SCORE or own.maintenance:
        return []
    try:
        parts = read_penalties(context.probes.root)
    except OSError as error:
        return [Evidence(f"/{LOG}", f"unreadable: {error.strerror}")]
    if not parts:
        return [Evidence(f"/{LOG}", "no reasons told")]
    return [
        Evidence(f"/{LOG}", f"-{points} {reason}" if points else f"0 in all: {reason}")
        for reason, points in parts.items()
    ]


CHECKS = (
    Check(
        "engine.ha",
        msg("checks.ha.title", "Hosted engine of oVirt"),
        msg(
            "checks.ha.why",
            "Without the engine nobody manages the hosts; without a second host of good score nobody brings it back.",
        ),
        check_hosted_engine,
        health_only=True,
        limit_s=20.0,
    ),
)
