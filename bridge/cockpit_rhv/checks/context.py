# SPDX-License-Identifier: Apache-2.0
"""What checks look at: the host's facts, libvirt's view, a few commands, and the planned deployment if there is one."""

from __future__ import annotations

import os
import queue
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from ..host.arp import arp_probe
from ..host.facts import read_host_facts
from ..host.listeners import port_owner
from ..host.services import unit_states
from ..host.space import read_space
from ..storage.engine_folder import engine_folder, engine_volume
from ..storage.logical import find_volume
from .hypervisor import read_hypervisor
from .pool_facts import read_pools

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..host.services import UnitState
    from ..host.space import Space
    from ..storage.logical import Volume
    from ..storage.steps import Report
    from .hypervisor import DomainFact, Hypervisor
    from .pool_facts import PoolFact

T = TypeVar("T")

#: Seconds a name may take; the wizard waits for it.
RESOLVE_S = 3.0
_NO_SUCH_NAME = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))


#: Seconds for another machine's TLS handshake.
PEER_S = 4.0


def read_peer_certificate(host: str, port: int) -> bytes:
    """DER of the certificate another machine shows on a TLS port, unverified: it is read, not trusted.

    Raises OSError, TimeoutError among them.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=PEER_S) as plain, tls.wrap_socket(plain) as wrapped:
        return wrapped.getpeercert(binary_form=True) or b""


class Once(Generic[T]):
    """A value read when first asked for; whoever else asks meanwhile waits, and a failure is told to all of them."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._values: list[T] = []
        self._error: Exception | None = None

    def get(self) -> T:
        """The value; raises what reading it raised."""
        with self._lock:
            if self._error is None and not self._values:
                try:
                    self._values.append(self._read())
                except Exception as error:
                    self._error = error
                    raise
            if self._error is not None:
                raise self._error
            return self._values[0]


@dataclass(frozen=True)
class Finished:
    """A command's end: ``code`` is its exit status, ``output`` both of its streams."""

    code: int
    output: str


def run_command(argv: Sequence[str], limit_s: float) -> Finished:
    """Run a program without a shell, its words untranslated.

    Raises OSError, or subprocess.TimeoutExpired after ``limit_s`` seconds.
    """
    done = subprocess.run(
        list(argv),
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=limit_s,
        check=False,
        text=True,
        errors="replace",
    )
    return Finished(done.returncode, done.stdout.strip())


def resolve_name(name: str, limit_s: float = RESOLVE_S) -> list[str]:
    """Addresses the system's resolver gives for ``name``; [] when it knows none.

    Raises OSError when it cannot ask, TimeoutError after ``limit_s`` seconds: dead name servers take half a minute.
    """
    return _ask_resolver(
        lambda: sorted({str(item[4][0]) for item in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}), limit_s
    )


def reverse_name(address: str, limit_s: float = RESOLVE_S) -> list[str]:
    """Names the system's resolver gives for ``address``; [] when it knows none. Raises like :func:`resolve_name`."""

    def ask() -> list[str]:
        try:
            name, aliases, _ = socket.gethostbyaddr(address)
        except socket.herror:
            return []
        return [name, *aliases]

    return _ask_resolver(ask, limit_s)


def _ask_resolver(question: Callable[[], list[str]], limit_s: float) -> list[str]:
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(question())
        except OSError as error:
            answer.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        outcome = answer.get(timeout=limit_s)
    except queue.Empty:
        raise TimeoutError(f"no name server answered within {limit_s} s") from None
    if isinstance(outcome, socket.gaierror) and outcome.errno in _NO_SUCH_NAME:
        return []
    if isinstance(outcome, OSError):
        raise outcome
    return outcome


def try_shared_storage(document: Mapping[str, Any], need_gib: float) -> Report:
    """Try a storage and undo it; raises RhvError ``storage.document``."""
    from ..storage.testing import try_storage  # few hosts ever need it

    return try_storage(document, need_gib)


@dataclass
class Probes:
    """The ways out of the program, so that a test can give recorded answers. Each may raise OSError or RhvError."""

    facts: Callable[[], Mapping[str, Any]] = read_host_facts
    hypervisor: Callable[[], Hypervisor] = read_hypervisor
    run: Callable[[Sequence[str], float], Finished] = run_command
    arp: Callable[[str, str], str | None] = arp_probe
    resolve: Callable[[str], Sequence[str]] = resolve_name
    reverse: Callable[[str], Sequence[str]] = reverse_name
    port_owner: Callable[[int], Mapping[str, Any] | None] = port_owner
    unit_states: Callable[[Sequence[str]], Mapping[str, UnitState]] = unit_states
    pools: Callable[[], Sequence[PoolFact]] = read_pools
    space: Callable[[Path], Space] = read_space
    peer_certificate: Callable[[str, int], bytes] = read_peer_certificate
    try_storage: Callable[[Mapping[str, Any], float], Report] = try_shared_storage
    find_volume: Callable[[str], Volume | None] = find_volume
    root: Path = field(default_factory=lambda: Path("/"))


class Context:
    """One run of checks.

    ``answers``: a complete, valid answers document (``deploy.validate.complete_answers``), or None for a host as it is.
    ``job``: the deployment that asks; what it holds already is not held against it. ``own_files``: files it, or an
    unfinished one before it, has made; ``own_volumes``: logical volumes (group/name), likewise.
    """

    def __init__(
        self,
        answers: Mapping[str, Any] | None = None,
        job: str | None = None,
        own_files: frozenset[str] = frozenset(),
        probes: Probes | None = None,
        own_volumes: frozenset[str] = frozenset(),
    ) -> None:
        self._answers = answers
        self.job = job
        self.own_files = own_files
        self.own_volumes = own_volumes
        self.probes = probes or Probes()
        self._facts = Once(self.probes.facts)
        self._hypervisor = Once(self.probes.hypervisor)
        self._pools = Once(self.probes.pools)

    @property
    def has_answers(self) -> bool:
        """A deployment is planned."""
        return self._answers is not None

    def answer(self, path: str, default: Any = None) -> Any:
        """The answer at a dotted path, ``default`` when it was not given."""
        value: Any = self._answers or {}
        for part in path.split("."):
            if not isinstance(value, dict) or part not in value:
                return default
            value = value[part]
        return value

    @property
    def facts(self) -> Mapping[str, Any]:
        """HostFacts of ``schemas/common.json``; raises what reading them raised."""
        return self._facts.get()

    @property
    def hypervisor(self) -> Hypervisor:
        """libvirt's view; raises RhvError ``libvirt.*``."""
        return self._hypervisor.get()

    @property
    def pools(self) -> Sequence[PoolFact]:
        """libvirt's storage pools; raises RhvError ``libvirt.*``."""
        return self._pools.get()

    def engine_folder(self) -> Path:
        """Where the planned engine's files are to lie."""
        return engine_folder(self.answer("engine.name", ""), self.answer("storage", {}))

    def engine_volume(self) -> str | None:
        """``group/name`` of the logical volume that the planned engine's disk is to be; None for a file."""
        return engine_volume(self.answer("engine.name", ""), self.answer("storage", {}))

    def own_domain(self) -> DomainFact | None:
        """The engine VM this very deployment has already defined: its memory, disk and address are taken by itself."""
        if self.job is None:
            return None
        domain = self.hypervisor.domain(self.answer("engine.name", ""))
        return domain if domain is not None and domain.job == self.job else None
