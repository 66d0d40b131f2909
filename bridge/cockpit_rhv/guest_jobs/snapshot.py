# SPDX-License-Identifier: Apache-2.0
"""Snapshots that hold a guest's memory, as jobs: libvirt goes on with one when the page closes, and nobody would tell.

A job that was killed is resumed by looking at what libvirt made of it; nothing is done a second time that was done.
"""

from __future__ import annotations

import time
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
    identities,
    list_snapshots,
    parse_snapshot,
    revert_to_snapshot,
    verify_new_snapshot,
)
from ..machines.uptime import host_clock_s
from ..messages import msg
from ..workers import require_time
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
#: Seconds within which a job that was not held up looks at the guest.
_START_LIMIT_S = 120.0
#: Seconds such a job is expected to take before one has been measured on this host.
_EXPECTED_S = 30.0


def snapshot(
    conn: libvirt.virConnect,
    uuid: str,
    what: str,
    params: Mapping[str, Any],
    user: str,
    deadline: float,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str | None:
    """``what``: create, revert or delete. Do it, or start the job that does it; returns its id, None when it is done.

    ``params``: of the method ``machines.snapshot_<what>``. ``deadline``: monotonic seconds after which nothing is done
    or started. Raises RhvError ``snapshot.*``, ``machine.*``, ``job.*``, ``call.too_late``.
    """
    require_root()
    require_own(conn, uuid, engine_too=False)
    name = str(params["name"])
    if what == "create":
        verify_new_snapshot(conn, uuid, name)
    if not _is_long(conn, uuid, what, params):
        require_time(deadline)
        _do(conn, {**params, "uuid": uuid, "what": what})
        return None
    with domain_of(conn, uuid) as domain:
        guest, run = domain.name(), current_run(domain)
        meant = () if what == "create" else identities(domain, name, _with_children(what, params))
    work = {**params, "uuid": uuid, "what": what, "run": run.to_json(), "meant": meant, "asked_s": host_clock_s()}
    title = _title(what, name, guest)
    require_time(deadline)
    return start_guest_job("snapshot-guest", title, user, work, (uuid,), _EXPECTED_S, store, launcher)


def snapshot_guest(params: Mapping[str, Any], progress: ProgressFile) -> dict[str, Any]:
    """The job's work. ``params``: ``guest`` with ``what``, ``uuid``, ``run``, ``meant`` (as of
    :func:`~cockpit_rhv.machines.snapshots.identities`), ``asked_s`` (seconds since boot) and what the
    method was asked for.

    Raises RhvError ``snapshot.other``, ``snapshot.other_run``, ``snapshot.unclear`` and what the work itself raises.
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
            _verify_run(conn, work, again=begun.exists())
        if what == "create":
            verify_new_snapshot(conn, uuid, name)  # one that is there now is none of ours
        else:
            _verify_meant(conn, work)
        write_json(begun, {"current": _current(conn, uuid), "at_s": int(time.time())}, 0o600, gid=0, durable=True)
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


def _with_children(what: str, params: Mapping[str, Any]) -> bool:
    return what == "delete" and bool(params["children"])


def _verify_meant(conn: libvirt.virConnect, work: Mapping[str, Any]) -> None:
    """Raises RhvError ``snapshot.other`` when more would go, or go elsewhere, than what was confirmed."""
    meant = [(str(name), int(created_s)) for name, created_s in work["meant"]]
    with domain_of(conn, str(work["uuid"])) as domain:
        now = identities(domain, str(work["name"]), _with_children(str(work["what"]), work))
    if now[0] != meant[0] or not set(now) <= set(meant):
        raise RhvError(
            "snapshot.other",
            msg("snapshot.other", "The snapshot {name} is not what it was when this was asked for.", name=now[0][0]),
            msg("snapshot.other.hint", "Nothing was done to it. Look at the guest's snapshots, and ask for it anew."),
            f"then {meant}, now {list(now)}",
        )


def _verify_run(conn: libvirt.virConnect, work: Mapping[str, Any], *, again: bool) -> None:
    """Raises RhvError ``snapshot.other_run``, also when a whole run might be lost that cannot be seen any more.

    ``again``: an earlier attempt has looked.
    """
    run = GuestRun.from_json(work["run"])
    with domain_of(conn, str(work["uuid"])) as domain:
        now = current_run(domain)
    # a guest that was off, and is off when its job is resumed, may have run in between
    late = again or host_clock_s() > float(work["asked_s"]) + _START_LIMIT_S
    unseen = work["what"] == "revert" and run.id is None and late
    if unseen or not run.is_same(now):
        raise RhvError(
            "snapshot.other_run",
            msg(
                "snapshot.other_run",
                "The guest has been started or stopped since this was asked for, or may have been.",
            ),
            msg("snapshot.other_run.hint", "Nothing was done to it. Look at the guest, and ask for it anew."),
            f"then {run}, now {now}",
        )


def _was_done(conn: libvirt.virConnect, work: Mapping[str, Any], begun: Mapping[str, Any]) -> bool:
    """Whether libvirt finished what an earlier attempt asked it for. Raises RhvError ``snapshot.unclear``."""
    uuid, name, what = str(work["uuid"]), str(work["name"]), work["what"]
    with domain_of(conn, uuid) as domain:
        created_s = _created_s(domain, name)
        now = current_run(domain)
    if what == "create":
        # there was none of this name, or it would have been refused; an older one was brought back by somebody
        return created_s is not None and created_s >= int(begun["at_s"])
    if what == "delete":
        return created_s is None
    if _current(conn, uuid) != name or created_s != work["meant"][0][1]:
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


def _created_s(domain: libvirt.virDomain, name: str) -> int | None:
    named = (one for one in domain.listAllSnapshots() if one.getName() == name)
    return next((parse_snapshot(one.getXMLDesc(), None).created_s for one in named), None)


def _current(conn: libvirt.virConnect, uuid: str) -> str | None:
    with domain_of(conn, uuid) as domain:
        return next((one.name for one in list_snapshots(domain) if one.current), None)


def _title(what: str, name: str, guest: str) -> Message:
    if what == "create":
        return msg("snapshot.title.create", "Take the snapshot “{snapshot}” of {name}", snapshot=name, name=guest)
    if what == "revert":
        return msg("snapshot.title.revert", "Take {name} back to the snapshot “{snapshot}”", snapshot=name, name=guest)
    return msg("snapshot.title.delete", "Delete the snapshot “{snapshot}” of {name}", snapshot=name, name=guest)


def _done(what: str, name: str) -> dict[str, Any]:
    if what == "create":
        text = msg("snapshot.done.create", "The snapshot “{snapshot}” is there.", snapshot=name)
    elif what == "revert":
        text = msg("snapshot.done.revert", "The guest is as it was at the snapshot “{snapshot}”.", snapshot=name)
    else:
        text = msg("snapshot.done.delete", "The snapshot “{snapshot}” is deleted.", snapshot=name)
    return {"changed": True, "rhv_log": [{**text.to_json(), "severity": "info"}]}
