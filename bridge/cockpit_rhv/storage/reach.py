# SPDX-License-Identifier: Apache-2.0
"""Whether a server's name has an address and its port answers, within seconds."""

from __future__ import annotations

import queue
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..messages import msg
from .programs import Cancelled
from .steps import ERROR, OK, UNKNOWN, WARNING, Found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .programs import Programs

T = TypeVar("T")

#: Seconds for the resolver, and for a TCP connection. A storage network answers in milliseconds.
RESOLVE_S = 4.0
CONNECT_S = 3.0
_NO_SUCH_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


class Answer(NamedTuple):
    """``address`` answered on ``port`` after ``ms``; or ``refusal`` says why it did not."""

    address: str
    port: int
    ms: float
    refusal: str | None


def addresses(host: str, programs: Programs) -> list[str]:
    """Addresses of ``host``; [] when there are none. Raises OSError, TimeoutError among them, and Cancelled."""
    outcome: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            # The order is the system's preference; a name may have the same address twice.
            outcome.put(list(dict.fromkeys(str(item[4][0]) for item in found)))
        except OSError as error:
            outcome.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    answer = _patiently(outcome, RESOLVE_S, programs)
    if isinstance(answer, socket.gaierror) and answer.errno in _NO_SUCH_NAME:
        return []
    if isinstance(answer, OSError):
        raise answer
    return answer


def connect(address: str, port: int) -> Answer:
    """Open a TCP connection and close it."""
    began = time.monotonic()
    try:
        with socket.create_connection((address, port), timeout=CONNECT_S):
            return Answer(address, port, (time.monotonic() - began) * 1000, None)
    except OSError as error:
        return Answer(address, port, (time.monotonic() - began) * 1000, error.strerror or str(error))


def name_step(hosts: Sequence[str], programs: Programs, known: dict[str, list[str]]) -> Found:
    """Each of ``hosts`` has an address; they are put into ``known``."""
    evidence = []
    unknown = []
    for host in dict.fromkeys(hosts):
        try:
            known[host] = addresses(host, programs)
        except OSError as error:
            evidence.append((f"getaddrinfo {host}", str(error)))
            text = msg("storage.name.unasked", "No name server answers for {host}.", host=host)
            remedy = msg("storage.name.unasked.remedy", "See the name servers of this host, or use an address.")
            return Found(UNKNOWN, text, evidence, remedy, stop=True)
        evidence.append((f"getaddrinfo {host}", ", ".join(known[host]) or "no such name"))
        if not known[host]:
            unknown.append(host)
    if unknown:
        text = msg("storage.name.unknown", "{host} has no address.", host=", ".join(unknown))
        remedy = msg("storage.name.unknown.remedy", "Correct the name, add it to DNS or /etc/hosts, or use an address.")
        return Found(ERROR, text, evidence, remedy, stop=True)
    shown = "; ".join(", ".join(known[host]) for host in dict.fromkeys(hosts))
    return Found(OK, msg("storage.name.ok", "The address is {addresses}.", addresses=shown), evidence)


def port_step(ports: Sequence[tuple[str, int]], programs: Programs, answered: list[tuple[str, int]]) -> Found:
    """Each host and port answers, at one of the host's addresses; those that do are put into ``answered``."""
    outcome: queue.SimpleQueue[tuple[int, Answer]] = queue.SimpleQueue()
    known: dict[str, list[str]] = {host: addresses(host, programs) for host, _ in ports}
    asked = [(index, address, port) for index, (host, port) in enumerate(ports) for address in known[host]]
    for index, address, port in asked:
        threading.Thread(
            target=lambda i=index, a=address, p=port: outcome.put((i, connect(a, p))), name="connect", daemon=True
        ).start()
    answers = [_patiently(outcome, CONNECT_S + 1, programs) for _ in asked]
    good = {index for index, answer in answers if answer.refusal is None}
    answered.extend(ports[index] for index in sorted(good))
    evidence = [
        (f"connect {answer.address} port {answer.port}", answer.refusal or f"answered in {answer.ms:.1f} ms")
        for _, answer in sorted(answers)
    ]
    silent = [f"{host} port {port}" for index, (host, port) in enumerate(ports) if index not in good]
    remedy = msg(
        "storage.port.remedy", "See whether the service runs there, and the firewalls on the way and on the server."
    )
    if not good:
        text = msg("storage.port.none", "Nothing answers at {where}.", where=", ".join(silent))
        return Found(ERROR, text, evidence, remedy, stop=True)
    if silent:
        return Found(
            WARNING, msg("storage.port.some", "Not all answer: {where}.", where=", ".join(silent)), evidence, remedy
        )
    best = min(answer.ms for _, answer in answers if answer.refusal is None)
    return Found(OK, msg("storage.port.ok", "It answers in {ms} ms.", ms=round(best, 1)), evidence)


def _patiently(outcome: queue.SimpleQueue[T], limit_s: float, programs: Programs) -> T:
    deadline = time.monotonic() + limit_s
    while True:
        if programs.cancel.is_set():
            raise Cancelled
        try:
            return outcome.get(timeout=min(0.1, max(0.01, deadline - time.monotonic())))
        except queue.Empty:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"no answer within {limit_s:g} s") from None
