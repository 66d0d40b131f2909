# SPDX-License-Identifier: Apache-2.0
"""The event log, with oVirt's codes and severities.

Source of the numbers: ``AuditLogType`` and ``AuditLogSeverity`` of oVirt/ovirt-engine (facts; the sentences are ours).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit_rhv.messages import msg, render
from sqlalchemy import delete, func, select

from .db.models import Event

if TYPE_CHECKING:
    from cockpit_rhv.messages import Message
    from sqlalchemy.orm import Session

    from .changes import Changes
    from .db.models import Host
    from .db.store import Store

NORMAL, WARNING, ERROR, ALERT = "normal", "warning", "error", "alert"
SEVERITIES = (NORMAL, WARNING, ERROR, ALERT)
"""In rising order, as ``severity > normal`` has it."""

KEEP = 10_000
"""Events kept; the oldest go first."""
_PRUNE_EVERY = 500


@dataclass(frozen=True)
class Entry:
    """Something to record. ``message`` is translated by whoever shows it; the ids are of what it is about."""

    code: int
    severity: str
    message: Message
    user: str | None = None
    host_id: str | None = None
    vm_id: str | None = None
    correlation_id: str | None = None


class EventLog:
    """Appends to the log and tells the subscribers of ``events``."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._since_prune = 0

    async def add(self, entry: Entry) -> int:
        """Record; returns the event's id."""
        self._since_prune += 1
        prune = self._since_prune >= _PRUNE_EVERY
        if prune:
            self._since_prune = 0
        event_id = await self._store.run(lambda session: _insert(session, entry, prune=prune))
        self._changes.publish("events", str(event_id))
        return event_id

    async def newest(self, limit: int, after: int = 0, before: int | None = None) -> list[Event]:
        """Up to ``limit`` events with an id above ``after`` and below ``before``, newest first."""
        query = select(Event).where(Event.id > after).order_by(Event.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Event.id < before)
        return await self._store.run(lambda session: list(session.scalars(query)))

    async def get(self, id: int) -> Event | None:
        """One event."""
        return await self._store.run(lambda session: session.get(Event, id))


def description(event: Event) -> str:
    """The English sentence."""
    return render(event.text, event.params)


def _insert(session: Session, entry: Entry, *, prune: bool) -> int:
    message = entry.message
    event = Event(
        code=entry.code, severity=entry.severity, time_s=time.time(), message_id=message.id, text=message.text,
        params=dict(message.params), correlation_id=entry.correlation_id, user=entry.user, host_id=entry.host_id,
        vm_id=entry.vm_id,
    )  # fmt: skip
    session.add(event)
    session.flush()
    if prune:
        newest = session.execute(select(func.max(Event.id))).scalar_one()
        session.execute(delete(Event).where(Event.id <= newest - KEEP))
    return event.id


def engine_started() -> Entry:
    """VDC_START."""
    return Entry(1, NORMAL, msg("event.engine.started", "The Manager started."))


def engine_stopped() -> Entry:
    """VDC_STOP."""
    return Entry(2, NORMAL, msg("event.engine.stopped", "The Manager stopped."))


def logged_in(user: str, address: str) -> Entry:
    """USER_VDC_LOGIN."""
    text = msg("event.login", "User {user} logged in from {address}.", user=user, address=address)
    return Entry(30, NORMAL, text, user=user)


def logged_out(user: str) -> Entry:
    """USER_VDC_LOGOUT."""
    return Entry(31, NORMAL, msg("event.logout", "User {user} logged out.", user=user), user=user)


def login_failed(user: str, address: str) -> Entry:
    """USER_VDC_LOGIN_FAILED."""
    text = msg("event.login_failed", "User {user} failed to log in from {address}.", user=user[:100], address=address)
    return Entry(114, WARNING, text)


def certificate_issued(name: str, address: str, how: str) -> Entry:
    """HOST_CERTIFICATE_ENROLLMENT_FINISHED."""
    text = msg(
        "event.certificate", "A certificate was issued for host {host} ({address}), asked with {how}.", host=name,
        address=address, how=how,
    )  # fmt: skip
    return Entry(845, NORMAL, text)


def deployment_finished(user: str) -> Entry:
    """Ours; oVirt has no such event, so it takes a code from the range for external ones."""
    return Entry(9801, NORMAL, msg("event.deployment_finished", "The deployment is finished."), user=user)


def host_added(host: Host, user: str) -> Entry:
    """USER_ADD_VDS."""
    return _about(host, 42, NORMAL, msg("event.host.added", "Host {host} was added.", host=host.name), user)


def host_changed(host: Host, user: str) -> Entry:
    """USER_UPDATE_VDS."""
    return _about(host, 43, NORMAL, msg("event.host.changed", "Host {host} was changed.", host=host.name), user)


def host_removed(host: Host, user: str) -> Entry:
    """USER_REMOVE_VDS."""
    return _about(host, 44, NORMAL, msg("event.host.removed", "Host {host} was removed.", host=host.name), user)


def host_activated(host: Host, user: str) -> Entry:
    """VDS_ACTIVATE."""
    return _about(host, 16, NORMAL, msg("event.host.activated", "Host {host} was activated.", host=host.name), user)


def host_maintenance(host: Host, user: str) -> Entry:
    """USER_VDS_MAINTENANCE."""
    text = msg("event.host.maintenance", "Host {host} was switched to maintenance.", host=host.name)
    return _about(host, 600, NORMAL, text, user)


def host_up(host: Host) -> Entry:
    """VDS_DETECTED."""
    return _about(host, 13, NORMAL, msg("event.host.up", "Host {host} is up.", host=host.name))


def host_connecting(host: Host, reason: str, grace_s: float) -> Entry:
    """VDS_HOST_NOT_RESPONDING_CONNECTING. ``grace_s``: until it counts as not responding."""
    text = msg(
        "event.host.connecting", "Host {host} is not answering; waiting {seconds} s for it. {reason}", host=host.name,
        seconds=round(grace_s), reason=reason,
    )  # fmt: skip
    return _about(host, 9008, WARNING, text)


def host_non_responsive(host: Host, reason: str) -> Entry:
    """VDS_FAILURE."""
    text = msg("event.host.non_responsive", "Host {host} is not responding. {reason}", host=host.name, reason=reason)
    return _about(host, 12, ERROR, text)


def host_non_operational(host: Host, reason: str) -> Entry:
    """VDS_SET_NONOPERATIONAL."""
    text = msg(
        "event.host.non_operational", "Host {host} answers, but not usefully. {reason}", host=host.name, reason=reason
    )
    return _about(host, 517, ERROR, text)


def vm_started(host: Host, vm_id: str, name: str) -> Entry:
    """USER_RUN_VM."""
    text = msg("event.vm.started", "VM {vm} started on host {host}.", vm=name, host=host.name)
    return Entry(32, NORMAL, text, host_id=host.id, vm_id=vm_id)


def vm_down(host: Host, vm_id: str, name: str) -> Entry:
    """VM_DOWN."""
    return Entry(61, NORMAL, msg("event.vm.down", "VM {vm} is down.", vm=name), host_id=host.id, vm_id=vm_id)


def vm_down_error(host: Host, vm_id: str, name: str, reason: str) -> Entry:
    """VM_DOWN_ERROR."""
    text = msg("event.vm.down_error", "VM {vm} is down with an error. {reason}", vm=name, reason=reason)
    return Entry(119, ERROR, text, host_id=host.id, vm_id=vm_id)


def vm_paused(host: Host, vm_id: str, name: str) -> Entry:
    """VM_PAUSED."""
    return Entry(1025, NORMAL, msg("event.vm.paused", "VM {vm} is paused.", vm=name), host_id=host.id, vm_id=vm_id)


def _about(host: Host, code: int, severity: str, message: Message, user: str | None = None) -> Entry:
    return Entry(code, severity, message, user=user, host_id=host.id)
