# SPDX-License-Identifier: Apache-2.0
"""Shut guests down, and power off those that still run when their time is up: a job, so that no page must stay open.

Only the run that was asked is ever powered off: a guest that went off and was started anew meanwhile is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..deploy.playbook import failure
from ..errors import RhvError
from ..jobs.control import require_root
from ..machines.actions import domain_of, require_own
from ..machines.faults import unreadable
from ..messages import msg
from ..workers import require_time
from .asked import Asked
from .guest_run import GuestRun, current_run
from .starting import start_guest_job
from .waiting import wait_for_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import libvirt

    from ..deploy.progress import ProgressFile
    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..messages import Message

#: Seconds: the definition of each guest is read.
START_LIMIT_S = 120.0
#: Names in one line of the job's log.
_NAMES = 50
#: Guests whose failure is told with its reason; a job's log takes 200 lines of a task.
_TOLD = 60


def start_shut_down(
    conn: libvirt.virConnect,
    uuids: Sequence[str],
    wait_s: int,
    user: str,
    deadline: float,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> dict[str, Any]:
    """Method ``machines.shut_down``. A guest that cannot be shut down is refused here when it is the only one.

    Of several it has its result in the job. ``deadline``: monotonic seconds, after which nothing is started. Raises
    RhvError ``machine.*``, ``job.*``, ``call.too_late``.
    """
    require_root()
    guests = [_entry(conn, uuid) for uuid in dict.fromkeys(uuids)]
    if len(guests) == 1 and guests[0]["error"]:
        raise RhvError.from_json(guests[0]["error"])
    minutes = max(1, round(wait_s / 60))
    title = (
        msg(
            "shutdown.title",
            "Shut down {name}, and power it off after {minutes} min",
            name=guests[0]["name"],
            minutes=minutes,
        )
        if len(guests) == 1
        else msg(
            "shutdown.title_many",
            "Shut down {count} guests, and power them off after {minutes} min",
            count=len(guests),
            minutes=minutes,
        )
    )
    work = {"wait_s": wait_s, "guests": guests}
    named = [guest["uuid"] for guest in guests if not guest["error"]]
    require_time(deadline)
    return {"job": start_guest_job("shut-down-guests", title, user, work, named, float(wait_s), store, launcher)}


def shut_down_guests(params: Mapping[str, Any], progress: ProgressFile) -> dict[str, Any]:
    """The job's work. ``params``: ``guest`` with ``wait_s`` and ``guests``; each attempt waits its whole time anew.

    Fails with ``shutdown.some_failed`` when a guest's run goes on.
    """
    work = params["guest"]
    asked = [
        Asked(
            one["uuid"],
            one["name"],
            GuestRun.from_json(one["run"]) if one["run"] else None,
            error=RhvError.from_json(one["error"]) if one["error"] else None,
        )
        for one in work["guests"]
    ]
    wait_for_all(asked, float(work["wait_s"]), progress)
    log = _log(asked)
    failed = [one for one in asked if one.error]
    if not failed:
        return {"changed": True, "rhv_log": log}
    error = RhvError(
        "shutdown.some_failed",
        msg(
            "shutdown.some_failed",
            "{count} of {total} guests were not shut down: {names}",
            count=len(failed),
            total=len(asked),
            names=_joined(failed[:10]),
        ),
        msg("shutdown.some_failed.hint", "The log of the job tells why for each; mend that and shut them down again."),
        "\n".join(f"{one.name}: {one.error.code}: {one.error.detail or one.error}" for one in failed[:50] if one.error),
    )
    if len(failed) == len(asked) == 1 and failed[0].error is not None:
        error = failed[0].error
    return {**failure(error), "rhv_log": log}


def _entry(conn: libvirt.virConnect, uuid: str) -> dict[str, Any]:
    """What the job is told of one guest; ``run`` None: it is off already, or ``error`` says why it is left alone."""
    name = uuid
    try:
        with domain_of(conn, uuid) as domain:
            name = domain.name()
            require_own(conn, uuid, engine_too=False)
            run = current_run(domain)
    except RhvError as error:
        return {"uuid": uuid, "name": name, "run": None, "error": error.to_json()}
    except ValueError as error:  # its definition is no XML that we can read: whose it is cannot be known
        return {"uuid": uuid, "name": name, "run": None, "error": unreadable(error).to_json()}
    return {"uuid": uuid, "name": name, "run": run.to_json() if run.id is not None else None, "error": None}


def _log(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """A result for each guest: what went wrong first, names together where there is nothing else to say."""
    log: list[tuple[Message, str]] = []
    failed = [one for one in asked if one.error]
    for one in failed[:_TOLD]:
        assert one.error is not None
        log.append((msg("shutdown.failed", "{name} was not shut down:", name=one.name), "error"))
        log.append((one.error.message, "error"))
    for names in _chunks(failed[_TOLD:]):
        log.append((msg("shutdown.failed_too", "Not shut down either: {names}", names=names), "error"))
    late = [one for one in asked if one.late and one.outcome == "powered_off" and not one.error]
    for names in _chunks(late):
        text = msg(
            "shutdown.late",
            "libvirt answered late; had somebody started these anew meanwhile, that run was powered off: {names}",
            names=names,
        )
        log.append((text, "warning"))
    for outcome in ("powered_off", "restarted", "off", "was_off"):
        for names in _chunks([one for one in asked if one.outcome == outcome and not one.error]):
            log.append((_told(outcome, names), "warning" if outcome in ("powered_off", "restarted") else "info"))
    return [{**message.to_json(), "severity": severity} for message, severity in log]


def _told(outcome: str, names: str) -> Message:
    if outcome == "powered_off":
        return msg("shutdown.forced", "Powered off when the time was up: {names}", names=names)
    if outcome == "restarted":
        return msg("shutdown.restarted", "Started anew meanwhile, and left running: {names}", names=names)
    if outcome == "off":
        return msg("shutdown.off", "Shut down: {names}", names=names)
    return msg("shutdown.was_off", "Off already: {names}", names=names)


def _chunks(asked: Sequence[Asked]) -> list[str]:
    return [_joined(asked[first : first + _NAMES]) for first in range(0, len(asked), _NAMES)]


def _joined(asked: Sequence[Asked]) -> str:
    return ", ".join(one.name for one in asked)
