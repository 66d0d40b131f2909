# SPDX-License-Identifier: Apache-2.0
"""What can be done with a guest. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable

from ..errors import RhvError
from ..messages import msg
from .faults import GONE, GONE_HINT, from_libvirt
from .once import ANY_TIME, Once
from .states import ACTIVE, state_name
from .xml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libvirt

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


#: Seconds for an action: starting a guest may have to wait for its disks. libvirt gives up by itself before this.
ACTION_LIMIT_S = 60.0
#: Seconds to write a guest's memory to the host's disk.
SAVE_LIMIT_S = 600.0


def act_on_own(conn: libvirt.virConnect, uuid: str, once: Once) -> None:
    """Do an action to a guest that no Manager runs; to the run that there is now, and in time."""
    _act(conn, uuid, once, engine_too=True)


def act_on_local(conn: libvirt.virConnect, uuid: str, once: Once) -> None:
    """The same to a guest that is not this host's engine either."""
    _act(conn, uuid, once, engine_too=False)


def _act(conn: libvirt.virConnect, uuid: str, once: Once, engine_too: bool) -> None:
    with domain_of(conn, uuid) as domain:
        once.meant(domain)
    require_own(conn, uuid, engine_too=engine_too)
    _ACTIONS[once.name](conn, uuid, once)


def start(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Start a guest, from its saved state where there is one; does nothing when it is active already.

    libvirt refuses one that has crashed and still has its process.
    """
    with domain_of(conn, uuid) as domain:
        _unless(domain, lambda state: state in ACTIVE and state != "crashed", domain.create, once)


def shutdown(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Ask a guest's system to shut down; does nothing when it is off. Returns before the guest has done so."""
    with domain_of(conn, uuid) as domain:
        _unless(domain, _is_off, domain.shutdown, once)


def power_off(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """End a guest's process at once; does nothing when it is off."""
    with domain_of(conn, uuid) as domain:
        _unless(domain, _is_off, domain.destroy, once)


def reboot(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Ask a guest's system to start anew. Returns before the guest has done so."""
    with domain_of(conn, uuid) as domain:
        once.go(domain)
        domain.reboot()


def reset(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Start a guest's machine anew at once, as its reset button would, one whose system has crashed too."""
    with domain_of(conn, uuid) as domain:
        crashed = state_name(domain.state()[0]) == "crashed"
        once.go(domain)
        domain.reset()
        if crashed:
            # libvirt leaves it paused at its first instruction
            domain.resume()


def pause(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Stop a guest's CPUs; does nothing when they are stopped."""
    with domain_of(conn, uuid) as domain:
        _unless(domain, lambda state: state == "paused", domain.suspend, once)


def resume(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Let a paused guest go on, or wake one that sleeps; does nothing when it runs."""
    with domain_of(conn, uuid) as domain:
        sleeps = state_name(domain.state()[0]) == "suspended"
        _unless(
            domain, lambda state: state in ("running", "blocked"), domain.pMWakeup if sleeps else domain.resume, once
        )


def save(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Write a guest's memory to the host's disk and end it: its next start goes on there. Nothing when it is off."""
    import libvirt

    with domain_of(conn, uuid) as domain:
        try:
            if _is_off(state_name(domain.state()[0])):
                return
            once.go(domain)
            domain.managedSave()
        except libvirt.libvirtError as error:
            if _is_off(state_name(domain.state()[0])):
                if domain.hasManagedSaveImage():
                    return  # somebody else was faster
                raise  # it ended meanwhile, and its memory is lost
            # of a disk that is full libvirt has no code of its own
            if error.get_error_code() != libvirt.VIR_ERR_OPERATION_FAILED:
                raise
            raise _not_saved(domain, error) from error


def _not_saved(domain: libvirt.virDomain, error: libvirt.libvirtError) -> RhvError:
    return RhvError(
        "machine.not_saved",
        msg(
            "machine.not_saved", "The guest's memory could not be written to this host's disk; the guest is as it was."
        ),
        msg(
            "machine.not_saved.hint",
            "See that there is room for {memory} MiB where libvirt keeps it: /var/lib/libvirt/qemu/save",
            memory=domain.maxMemory() // 1024,
        ),
        error.get_error_message(),
    )


def nmi(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Send a non-maskable interrupt: most systems write a crash dump then."""
    with domain_of(conn, uuid) as domain:
        once.go(domain)
        domain.injectNMI()


def autostart_on(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Have libvirt start a guest with the host."""
    with domain_of(conn, uuid) as domain:
        once.go(domain)
        domain.setAutostart(True)


def autostart_off(conn: libvirt.virConnect, uuid: str, once: Once = ANY_TIME) -> None:
    """Have libvirt leave a guest off when the host starts."""
    with domain_of(conn, uuid) as domain:
        once.go(domain)
        domain.setAutostart(False)


#: By the names of ``machines.act`` in ``schemas/rpc.json``.
_ACTIONS: dict[str, Callable[[libvirt.virConnect, str, Once], None]] = {
    function.__name__: function
    for function in (
        start,
        shutdown,
        power_off,
        reboot,
        reset,
        pause,
        resume,
        save,
        nmi,
        autostart_on,
        autostart_off,
    )
}


def require_own(conn: libvirt.virConnect, uuid: str, engine_too: bool = True) -> None:
    """Raises :class:`RhvError` for a guest that is not to be changed here.

    ``machine.managed``: a Manager runs it and would undo what we do. ``machine.engine``: it is this host's engine, and
    ``engine_too`` is False.
    """
    with domain_of(conn, uuid) as domain:
        owner = parse(domain.XMLDesc()).owner
    if owner == "managed":
        raise RhvError(
            "machine.managed",
            msg("machine.managed", "This guest is run by a Manager."),
            msg("machine.managed.hint", "Use the Manager's portal to change it."),
        )
    if owner == "engine" and not engine_too:
        raise RhvError(
            "machine.engine",
            msg("machine.engine", "This guest is the hosted engine: the Manager runs in it."),
            msg("machine.engine.hint", "Start and stop it on the page “Hosted engine”."),
        )


@contextmanager
def domain_of(conn: libvirt.virConnect, uuid: str) -> Iterator[libvirt.virDomain]:
    """The guest's virDomain; libvirt's errors leave the block as :class:`RhvError`."""
    if not _UUID.fullmatch(uuid):
        raise RhvError("machine.not_found", GONE, GONE_HINT)
    with mapped():
        yield conn.lookupByUUIDString(uuid)


@contextmanager
def mapped() -> Iterator[None]:
    """libvirt's errors leave the block as :class:`RhvError`."""
    import libvirt

    try:
        yield
    except libvirt.libvirtError as error:
        raise from_libvirt(error) from error


def _unless(domain: libvirt.virDomain, done: Callable[[str], bool], act: Callable[[], object], once: Once) -> None:
    """Act, unless the guest's state is ``done`` already."""
    import libvirt

    if done(state_name(domain.state()[0])):
        return
    once.go(domain)
    try:
        act()
    except libvirt.libvirtError:
        # somebody else may have been faster: what was asked for is so, however it came about
        if not done(state_name(domain.state()[0])):
            raise


def _is_off(state: str) -> bool:
    return state not in ACTIVE
