# SPDX-License-Identifier: Apache-2.0
"""Snapshots that hold a guest's memory, as jobs: libvirt goes on with one when the page closes, and nobody would tell.

A job that was killed is resumed by looking at what libvirt made of it; nothing is done a second time that was done.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..deploy.vm import connected
from ..errors import RhvError
from ..jobs.control import require_root
from ..jobs.files import read_json, write_json
from ..machines.actions import domain_of, require_own
from ..machines.snapshots import (
    create_snapshot,
    delete_snapshot,
    list_snapshots,
    revert_to_snapshot,
    verify_new_snapshot,
)
from ..messages import msg
from .guest_run import GuestRun, current_run
from .long_call import CALL_LIMIT_S, long_call, until_idle
from .starting import job_uri, start_guest_job

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from ..deploy.progress import ProgressFile
    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..messages import Message

#: Seconds for what is done at once, and for looking before a job is started.
SNAPSHOT_LIMIT_S = 600.0
#: Seconds such a job is expected to take before one has been measured on this host.
_EXPECTED_S = 30.0


def snapshot(
    conn: libvirt.virConnect,
    uuid: str,
    what: str,
    params: Mapping[str, Any],
    user: str,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str | None:
    """``what``: create, revert or delete. Do it, or start the job that does it; returns its id, None when it is done.

    ``params``: of the method ``machines.snapshot_<what>``. Raises RhvError ``snapshot.*``, ``machine.*``, ``job.*``.
    """
    require_root()
    require_own(conn, uuid, engine_too=False)
    name = str(params["name"])
    if what == "create":
        verify_new_snapshot(conn, uuid, name)
    if not _is_long(conn, uuid, what, params):
        _do(conn, {**params, "uuid": uuid, "what": what})
        return None
    with domain_of(conn, uuid) as domain:
        guest, run = domain.name(), current_run(domain)
    work = {**params, "uuid": uuid, "what": what, "run": run.to_json()}
    title = _title(what, name, guest)
    return start_guest_job("snapshot-guest", title, user, work, (uuid,), _EXPECTED_S, store, launcher)


def snapshot_guest(params: Mapping[str, Any], progress: ProgressFile) -> dict[str, Any]:
    """The job's work. ``params``: ``guest`` with ``what``, ``uuid``, ``run`` and what the method was asked for.

    Raises RhvError ``snapshot.other_run``, ``snapshot.unclear`` and what the work itself raises.
    """
    work = params["guest"]
    uuid, name, what = str(work["uuid"]), str(work["name"]), str(work["what"])
    begun = Path(params["job"]["folder"]) / "private" / "begun.json"
    with connected(job_uri(), CALL_LIMIT_S) as conn:
        if begun.exists():
            until_idle(conn, uuid)
            if _was_done(conn, work, read_json(begun)):
                return _done(what, name)
        if what != "delete":
            _verify_run(conn, uuid, GuestRun.from_json(work["run"]))
        write_json(begun, {"current": _current(conn, uuid)}, 0o600, gid=0, durable=True)
        long_call(conn, uuid, lambda: _do(conn, work), progress, writes=what == "create")
    return _done(what, name)


def _do(conn: libvirt.virConnect, work: Mapping[str, Any]) -> None:
    uuid, name = str(work["uuid"]), str(work["name"])
    if work["what"] == "create":
        create_snapshot(conn, uuid, name, str(work["description"]))
    elif work["what"] == "revert":
        revert_to_snapshot(conn, uuid, name)
    else:
        delete_snapshot(conn, uuid, name, bool(work["children"]))


def _is_long(conn: libvirt.virConnect, uuid: str, what: str, params: Mapping[str, Any]) -> bool:
    """Whether memory is written, read or deleted. What cannot be told here is refused by whoever does it."""
    with domain_of(conn, uuid) as domain:
        if what == "create":
            return bool(domain.isActive())
        known = list_snapshots(domain)
    names = {str(params["name"])}
    if what == "delete" and params["children"]:
        # in the order of their tree: a parent stands before its children
        for one in known:
            if one.parent in names:
                names.add(one.name)
    return any(one.memory for one in known if one.name in names)


def _verify_run(conn: libvirt.virConnect, uuid: str, run: GuestRun) -> None:
    with domain_of(conn, uuid) as domain:
        now = current_run(domain)
    if not run.is_same(now):
        raise RhvError(
            "snapshot.other_run",
            msg("snapshot.other_run", "The guest has been started or stopped since this was asked for."),
            msg("snapshot.other_run.hint", "Nothing was done to it. Look at the guest, and ask for it anew."),
            f"then {run}, now {now}",
        )


def _was_done(conn: libvirt.virConnect, work: Mapping[str, Any], begun: Mapping[str, Any]) -> bool:
    """Whether libvirt finished what an earlier attempt asked it for. Raises RhvError ``snapshot.unclear``."""
    uuid, name, what = str(work["uuid"]), str(work["name"]), work["what"]
    with domain_of(conn, uuid) as domain:
        there = any(one.name == name for one in list_snapshots(domain))
        now = current_run(domain)
    if what == "create":
        return there  # there was none of this name, or it would have been refused
    if what == "delete":
        return not there
    if _current(conn, uuid) != name:
        return False
    if begun["current"] != name or not GuestRun.from_json(work["run"]).is_same(now):
        return True
    raise RhvError(
        "snapshot.unclear",
        msg(
            "snapshot.unclear",
            "Whether the guest went back to {name} cannot be told.",
            name=name,
        ),
        msg("snapshot.unclear.hint", "Look at the guest; if it did not, go back to the snapshot anew."),
    )


def _current(conn: libvirt.virConnect, uuid: str) -> str | None:
    with domain_of(conn, uuid) as domain:
        return next((one.name for one in list_snapshots(domain) if one.current), None)


def _title(what: str, name: str, guest: str) -> Message:
    if what == "create":
        return msg("snapshot.title.create", "Take the snapshot {snapshot} of {name}", snapshot=name, name=guest)
    if what == "revert":
        return msg("snapshot.title.revert", "Take {name} back to the snapshot {snapshot}", snapshot=name, name=guest)
    return msg("snapshot.title.delete", "Delete the snapshot {snapshot} of {name}", snapshot=name, name=guest)


def _done(what: str, name: str) -> dict[str, Any]:
    if what == "create":
        text = msg("snapshot.done.create", "The snapshot {snapshot} is there.", snapshot=name)
    elif what == "revert":
        text = msg("snapshot.done.revert", "The guest is as it was at the snapshot {snapshot}.", snapshot=name)
    else:
        text = msg("snapshot.done.delete", "The snapshot {snapshot} is deleted.", snapshot=name)
    return {"changed": True, "rhv_log": [{**text.to_json(), "severity": "info"}]}
