# SPDX-License-Identifier: Apache-2.0
"""vCPUs and memory of a guest, as it runs and as it starts next. Everything here blocks and raises RhvError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from ..errors import RhvError
from ..messages import Message, msg
from .actions import domain_of, require_own
from .definition import Definition, parse_definition
from .states import ACTIVE, state_name

if TYPE_CHECKING:
    import libvirt

_KIB = 1024


class Amounts(NamedTuple):
    """What is wanted: None where nothing is to change. ``now``: as it runs; ``next``: as it starts next, of at most
    ``most``. Of vCPUs a number, of memory MiB."""

    now: int | None
    next: int | None
    most: int | None


def set_vcpus(conn: libvirt.virConnect, uuid: str, wanted: Amounts) -> None:
    """Change the number of vCPUs; everything is looked at before anything is changed.

    Raises ``vcpus.too_many``, ``vcpus.topology``, ``machine.not_running``, ``machine.not_stored`` and libvirt's.
    """
    import libvirt

    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        live, stored = _definitions(domain, wanted)
        if live is not None:
            _within(wanted.now, live.vcpus_max, _too_many_vcpus)
        if stored is not None:
            most = wanted.most or stored.vcpus_max
            _within(wanted.next or min(stored.vcpus, most), most, _too_many_vcpus)
            if wanted.most is not None and stored.topology is not None and wanted.most != stored.topology:
                raise RhvError(
                    "vcpus.topology",
                    msg(
                        "vcpus.topology",
                        "The guest's CPU topology is of {count} vCPUs: the maximum cannot be another.",
                        count=stored.topology,
                    ),
                    msg("vcpus.topology.hint", "Change the topology in the definition (XML) together with it."),
                )
            config = libvirt.VIR_DOMAIN_AFFECT_CONFIG
            current = wanted.next or min(stored.vcpus, most)
            # libvirt lets neither be beyond the other at any moment
            steps = [(most, config | libvirt.VIR_DOMAIN_VCPU_MAXIMUM), (current, config)]
            for count, flags in steps if most >= stored.vcpus_max else reversed(steps):
                domain.setVcpusFlags(count, flags)
        if wanted.now is not None:
            domain.setVcpusFlags(wanted.now, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def set_memory(conn: libvirt.virConnect, uuid: str, wanted: Amounts) -> None:
    """The same for memory. A guest that runs gives memory back when its balloon driver is willing to.

    Raises ``memory.too_much``, ``memory.no_balloon``, ``machine.not_running``, ``machine.not_stored`` and libvirt's.
    """
    import libvirt

    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        live, stored = _definitions(domain, wanted)
        if live is not None and wanted.now is not None:
            _within(wanted.now, live.memory_max_mib, _too_much_memory)
            if not live.balloon:
                raise RhvError(
                    "memory.no_balloon",
                    msg(
                        "memory.no_balloon", "The guest has no memory balloon: its memory cannot change while it runs."
                    ),
                    msg("memory.no_balloon.hint", "Change it for the next start."),
                )
        if stored is not None:
            most = wanted.most or stored.memory_max_mib
            current = wanted.next or min(stored.memory_mib, most)
            _within(current, most, _too_much_memory)
            config = libvirt.VIR_DOMAIN_AFFECT_CONFIG
            steps = [(most, config | libvirt.VIR_DOMAIN_MEM_MAXIMUM), (current, config)]
            for amount, flags in steps if most >= stored.memory_max_mib else reversed(steps):
                domain.setMemoryFlags(amount * _KIB, flags)
        if wanted.now is not None:
            domain.setMemoryFlags(wanted.now * _KIB, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def _definitions(domain: libvirt.virDomain, wanted: Amounts) -> tuple[Definition | None, Definition | None]:
    """The definitions that are to change; raises when one of them does not exist."""
    import libvirt

    live = stored = None
    if wanted.now is not None:
        if state_name(domain.state()[0]) not in ACTIVE:
            raise not_running()
        live = parse_definition(domain.XMLDesc())
    if wanted.next is not None or wanted.most is not None:
        if not domain.isPersistent():
            raise not_stored()
        stored = parse_definition(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    return live, stored


def not_running() -> RhvError:
    """Something was to change while the guest runs, and it is off."""
    return RhvError(
        "machine.not_running",
        msg("machine.not_running", "The guest is off: there is nothing to change but its next start."),
    )


def not_stored() -> RhvError:
    """Something was to change for the next start of a guest without a stored definition."""
    return RhvError(
        "machine.not_stored",
        msg(
            "machine.not_stored", "The guest has no stored definition: it is gone when it is off and has no next start."
        ),
    )


def _within(amount: int | None, most: int, refuse: Callable[[int, int], RhvError]) -> None:
    if amount is not None and amount > most:
        raise refuse(amount, most)


def _too_many_vcpus(amount: int, most: int) -> RhvError:
    return RhvError(
        "vcpus.too_many",
        msg("vcpus.too_many", "{count} vCPUs are more than the maximum of {most}.", count=amount, most=most),
        _raise_it(),
    )


def _too_much_memory(amount: int, most: int) -> RhvError:
    return RhvError(
        "memory.too_much",
        msg("memory.too_much", "{amount} MiB are more than the maximum of {most} MiB.", amount=amount, most=most),
        _raise_it(),
    )


def _raise_it() -> Message:
    return msg("machine.raise_maximum", "Raise the maximum; it counts from the next start on.")
