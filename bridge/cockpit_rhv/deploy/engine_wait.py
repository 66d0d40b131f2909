# SPDX-License-Identifier: Apache-2.0
"""Waits until the engine VM has said who it is, proves its Manager by that, and waits until it is healthy."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..machines.limited import answered
from ..machines.opening import DEFAULT_URI
from ..machines.states import reason_name, state_name
from ..messages import Message, msg
from . import places
from .answers import get
from .causes import silent_cause, stopped_cause
from .first_contact import FirstContact, read_last
from .manager import PORT, Manager, fetch_proved_ca
from .vm import connected, find_engine, start_again

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import libvirt

    from .progress import ProgressFile
    from .state import Deployment

#: A first boot under emulation takes about one minute; ten are more than any slow disk needs.
LIMIT_S = 600.0
POLL_S = 0.2
#: Seconds between two looks at the VM's state.
_STATE_S = 2.0
#: Seconds libvirt may be away.
_LIBVIRT_S = 20.0
#: Seconds a look at the VM's state may take, and its start: QEMU is slow to begin on a busy host.
_LOOK_S = 10.0
_START_S = 120.0
#: Seconds a Manager may run without an address: a bridge that learns its network first lets nothing through for 30 s.
_NO_ADDRESS_S = 60.0
_LOG_TAIL = 4096
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e\xa0-\U0010ffff]")


def patience_s(answers: Mapping[str, Any]) -> float:
    """As it was answered; a deployment of version 0.1.0 was not asked."""
    return float(get(answers, "engine.patience_s", LIMIT_S))


@dataclass
class Engine:
    """A Manager that is proved and healthy."""

    contact: FirstContact
    address: str
    manager: Manager


class EngineWait:
    """One wait. ``port`` and ``contact_file`` differ from the real ones in tests only."""

    def __init__(
        self,
        deployment: Deployment,
        answers: Mapping[str, Any],
        progress: ProgressFile,
        limit_s: float | None = None,
        uri: str = DEFAULT_URI,
        port: int = PORT,
        contact_file: Path | None = None,
    ) -> None:
        self._deployment = deployment
        self._answers = answers
        self._name = get(answers, "engine.name")
        self._fqdn = get(answers, "engine.fqdn")
        self._progress = progress
        self._limit_s = patience_s(answers) if limit_s is None else limit_s
        self._uri = uri
        self._port = port
        self._contact_file = contact_file or places.first_contact_file(self._name)
        self._began = time.monotonic()
        self._last: RhvError | None = None
        self._contact: FirstContact | None = None
        self._addressless: float | None = None

    def run(self) -> bool:
        """Start the VM if it is off, and wait; True when the record changed.

        Raises RhvError ``engine.silent``, ``engine.gone``, ``engine.stopped``, ``engine.other_name``, ``manager.*``,
        ``libvirt.*``.
        """
        before = self._deployment.record
        answered(_START_S, self._start)
        engine = self._wait()
        if (
            self._deployment.record.ca_sha256 != engine.contact.ca_sha256
            or self._deployment.record.address != engine.address
        ):
            self._deployment.update(
                ca_sha256=engine.contact.ca_sha256,
                address=engine.address,
                engine_version=engine.contact.engine_version,
            )
        return self._deployment.record != before

    def _start(self) -> None:
        with connected(self._uri) as connection:
            start_again(connection, self._domain(connection), self._deployment, self._answers)

    def _domain(self, connection: libvirt.virConnect) -> libvirt.virDomain:
        domain = find_engine(connection, self._deployment, self._name)
        if domain is None:
            raise RhvError(
                "engine.gone",
                msg("engine.gone", "The engine VM {name} no longer exists.", name=self._name),
                msg("engine.gone.hint", "Begin a new deployment."),
            )
        return domain

    def _wait(self) -> Engine:
        next_look = 0.0
        seen = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= next_look:
                try:
                    self._look()
                    seen = now
                except RhvError as error:
                    # A libvirt that is restarted, by an upgrade say, comes back; the VM does not notice.
                    if not error.code.startswith("libvirt.") or time.monotonic() - seen > _LIBVIRT_S:
                        raise
                # A look that hung has taken a while.
                next_look = time.monotonic() + _STATE_S
            engine = self._try()
            if engine is not None:
                return engine
            if now - self._began > self._limit_s:
                raise self._silent()
            time.sleep(POLL_S)

    def _state(self) -> tuple[int, int]:
        with connected(self._uri) as connection:
            number, reason = self._domain(connection).state()
        return number, reason

    def _look(self) -> None:
        number, reason = answered(_LOOK_S, self._state)
        state = state_name(number)
        if state in ("running", "blocked"):
            return
        raise RhvError(
            "engine.stopped",
            msg("engine.stopped", "The engine VM {name} does not run.", name=self._name, state=state),
            msg("engine.stopped.hint", "Its console log says why; resume starts it again."),
            serial_tail(self._name),
            cause=stopped_cause(state, reason_name(state, reason), os.path.dirname(self._deployment.record.disk)),
        )

    def _try(self) -> Engine | None:
        contact = read_last(self._contact_file)
        if contact is None:
            self._tell(msg("deploy.engine.booting", "The engine VM starts"))
            return None
        self._contact = contact
        if not contact.addresses:
            self._addressless = self._addressless or time.monotonic()
            if time.monotonic() - self._addressless > _NO_ADDRESS_S:
                raise self._silent()
            self._tell(msg("deploy.engine.no_address", "The Manager runs and waits for an address"))
            return None
        if contact.fqdn != self._fqdn:
            raise RhvError(
                "engine.other_name",
                msg(
                    "engine.other_name",
                    "The engine VM calls itself {found}, not {fqdn}.",
                    found=contact.fqdn,
                    fqdn=self._fqdn,
                ),
                msg("engine.other_name.hint", "Begin a new deployment with the name you want."),
            )
        for address in contact.addresses:
            try:
                engine = self._prove(contact, address)
            except RhvError as error:
                if error.code not in ("manager.unreachable", "manager.odd_answer"):
                    raise
                # Not yet: the Manager says its address a moment before it answers there.
                self._last = error
                continue
            if engine is not None:
                return engine
        text = msg("deploy.engine.starting", "The Manager starts at {address}", address=contact.addresses[0])
        self._tell(text)
        return None

    def _prove(self, contact: FirstContact, address: str) -> Engine | None:
        ca = self._deployment.ca_file
        if self._deployment.record.ca_sha256 == contact.ca_sha256 and ca.exists():
            pem = ca.read_text(encoding="ascii")
        else:
            pem = fetch_proved_ca(address, self._fqdn, contact.ca_sha256, self._port)
            self._deployment.pin_ca(pem)
            self._deployment.update(ca_sha256=contact.ca_sha256)
        manager = Manager(address, self._fqdn, pem, self._port)
        return Engine(contact, address, manager) if manager.healthy() else None

    def _tell(self, message: Message) -> None:
        self._progress.report(time.monotonic() - self._began, None, "seconds", message)

    def _silent(self) -> RhvError:
        reason = (
            f"{self._last.message}\n{self._last.detail}\n\n" if self._last else "no word on the first-contact port\n\n"
        )
        return RhvError(
            "engine.silent",
            msg(
                "engine.silent",
                "The Manager did not answer within {seconds} seconds.",
                seconds=round(time.monotonic() - self._began),
            ),
            msg(
                "engine.silent.hint",
                "The engine VM's console log shows how far it came; check its network, then resume.",
            ),
            reason + serial_tail(self._name),
            cause=silent_cause(self._answers, self._contact, self._last),
        )


def serial_tail(name: str, path: Path | None = None) -> str:
    """The end of the serial console's log, without control characters; says so when there is none."""
    log = path or places.serial_log_file(name)
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _LOG_TAIL))
            text = stream.read(_LOG_TAIL).decode("utf-8", "replace")
    except OSError as error:
        return f"(no console log: {error})"
    lines = (_CONTROL.sub("", line) for line in text.splitlines())
    return "\n".join(line for line in lines if line.strip())
