# SPDX-License-Identifier: Apache-2.0
"""libvirt's errors in our words, found by code and domain: libvirt speaks the host's language, QEMU always English."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import Message, msg

if TYPE_CHECKING:
    from collections.abc import Iterable

    import libvirt


GONE = msg("machine.not_found", "This guest does not exist.")
GONE_HINT = msg("machine.not_found.hint", "It may have been removed, or have moved to another host.")


class _Rule(NamedTuple):
    """``code``: a constant VIR_ERR_*. ``domain``: a constant VIR_FROM_*, or None for all of them.

    ``said``: words of QEMU's that must be in the text, where the numbers tell too little.
    """

    code: str
    domain: str | None
    error: str
    message: Message
    hint: Message
    said: str = ""


_LEASED = msg(
    "machine.leased", "Another host holds the lease of this guest's disk, so the guest is not started here as well."
)
_LEASED_HINT = msg(
    "machine.leased.hint",
    "Stop the guest there. If that host is dead, its lease ends by itself after the storage's lease time.",
)
_START_LIBVIRT = msg(
    "libvirt.start_it", "Start the service libvirtd (Debian) or virtqemud (Enterprise Linux), then look at its log."
)
_DETAILS = msg("machine.unsupported.hint", "The technical details say what stands in the way.")
_NAMED = msg("machine.named.hint", "The technical details name it.")

# what several codes stand for
_AUTH = msg("libvirt.auth", "libvirt refused the authentication.")
_UNREACHABLE = ("libvirt.unreachable", msg("libvirt.unreachable", "libvirt does not answer."), _START_LIBVIRT)
_UNSUPPORTED = (
    "machine.unsupported",
    msg("machine.unsupported", "The guest as it is defined does not allow this."),
    _DETAILS,
)
_CANNOT_RUN = (
    "machine.cannot_run_here",
    msg("machine.cannot_run_here", "This host cannot run the guest as it is defined."),
    _DETAILS,
)
_DISK = (
    "machine.disk",
    msg("machine.disk", "A disk of the guest cannot be opened."),
    msg("machine.disk.hint", "The technical details name it. See that it exists and that its storage is there."),
)
_BAD_XML = ("machine.bad_xml", msg("machine.bad_xml", "libvirt refuses the guest's definition."), _DETAILS)
_BAD_VALUE = ("machine.bad_value", msg("machine.bad_value", "libvirt does not take this value."), _DETAILS)
_NO_DEVICE = (
    "machine.no_device",
    msg("machine.no_device", "The guest, or this host, has no such device."),
    msg("machine.no_device.hint", "The technical details name it. Somebody else may have removed it meanwhile."),
)
_SECRET = (
    "machine.secret",
    msg("machine.secret", "libvirt does not know a secret that a disk of the guest needs."),
    msg("machine.secret.hint", "Define the secret with virsh secret-define and give it its value."),
)
_SILENT_AGENT = (
    "agent.silent",
    msg("agent.silent", "The agent inside the guest does not answer."),
    msg("agent.silent.hint", "Install qemu-guest-agent in the guest and start its service."),
)

# the first rule that fits is taken: a rule with a domain stands before the one without
_RULES = (
    _Rule("VIR_ERR_NO_DOMAIN", None, "machine.not_found", GONE, GONE_HINT),
    _Rule(
        "VIR_ERR_OPERATION_INVALID",
        "VIR_FROM_NETWORK",
        "network.inactive",
        msg("network.inactive", "A network that the guest uses is not started."),
        msg("network.inactive.hint", "Start the network; the technical details name it."),
    ),
    _Rule(
        "VIR_ERR_OPERATION_INVALID",
        None,
        "machine.wrong_state",
        msg("machine.wrong_state", "The guest is not in a state that allows this."),
        msg("machine.wrong_state.hint", "Look at its state: somebody else may have changed it meanwhile."),
    ),
    _Rule(
        "VIR_ERR_OPERATION_DENIED",
        None,
        "libvirt.denied",
        msg("libvirt.denied", "libvirt does not allow this on a read-only connection."),
        msg("libvirt.denied.hint", "Turn on administrative access."),
    ),
    _Rule(
        "VIR_ERR_ACCESS_DENIED",
        None,
        "libvirt.forbidden",
        msg("libvirt.forbidden", "libvirt's access control does not allow this."),
        msg("libvirt.forbidden.hint", "A rule of polkit forbids it; the technical details name the right."),
    ),
    _Rule(
        "VIR_ERR_AUTH_FAILED",
        None,
        "libvirt.auth",
        _AUTH,
        msg("libvirt.auth.hint", "A host managed by VDSM asks for a password that only root can read."),
    ),
    _Rule(
        "VIR_ERR_AUTH_UNAVAILABLE",
        None,
        "libvirt.auth",
        _AUTH,
        msg("libvirt.auth.polkit", "Turn on administrative access, or join the group libvirt."),
    ),
    _Rule("VIR_ERR_SYSTEM_ERROR", "VIR_FROM_RPC", *_UNREACHABLE),
    _Rule("VIR_ERR_NO_CONNECT", None, *_UNREACHABLE),
    _Rule("VIR_ERR_INTERNAL_ERROR", "VIR_FROM_RPC", *_UNREACHABLE),
    _Rule(
        "VIR_ERR_OPERATION_TIMEOUT",
        None,
        "machine.busy",
        msg("machine.busy", "The guest is busy with something else."),
        msg("machine.busy.hint", "Try again when it has ended; a guest whose disk does not answer stays busy."),
    ),
    _Rule(
        "VIR_ERR_RESOURCE_BUSY",
        None,
        "machine.in_use",
        msg("machine.in_use", "Something that the guest needs is used by somebody else."),
        _NAMED,
    ),
    _Rule(
        "VIR_ERR_NO_SUPPORT",
        None,
        "libvirt.unsupported",
        msg("libvirt.unsupported", "This version of libvirt cannot do that."),
        _DETAILS,
    ),
    _Rule("VIR_ERR_OPERATION_UNSUPPORTED", None, *_UNSUPPORTED),
    _Rule("VIR_ERR_ARGUMENT_UNSUPPORTED", None, *_UNSUPPORTED),
    _Rule("VIR_ERR_CONFIG_UNSUPPORTED", None, *_CANNOT_RUN),
    _Rule("VIR_ERR_CPU_INCOMPATIBLE", None, *_CANNOT_RUN),
    _Rule("VIR_ERR_SYSTEM_ERROR", "VIR_FROM_STORAGE", *_DISK),
    _Rule("VIR_ERR_NO_STORAGE_VOL", None, *_DISK),
    _Rule(
        "VIR_ERR_SYSTEM_ERROR",
        None,
        "machine.host_refused",
        msg("machine.host_refused", "The system of this host refused something that the guest needs."),
        msg("machine.host_refused.hint", "The technical details name it: a device, a bridge, a file, or room for it."),
    ),
    _Rule("VIR_ERR_XML_ERROR", None, *_BAD_XML),
    _Rule("VIR_ERR_XML_DETAIL", None, *_BAD_XML),
    _Rule("VIR_ERR_XML_INVALID_SCHEMA", None, *_BAD_XML),
    _Rule("VIR_ERR_INVALID_ARG", None, *_BAD_VALUE),
    _Rule("VIR_ERR_OVERFLOW", None, *_BAD_VALUE),
    _Rule("VIR_ERR_DEVICE_MISSING", None, *_NO_DEVICE),
    _Rule("VIR_ERR_NO_DEVICE", None, *_NO_DEVICE),
    _Rule("VIR_ERR_NO_NODE_DEVICE", None, *_NO_DEVICE),
    _Rule("VIR_ERR_NO_SECRET", None, *_SECRET),
    _Rule("VIR_ERR_INVALID_SECRET", None, *_SECRET),
    _Rule(
        "VIR_ERR_NO_NETWORK",
        None,
        "network.not_found",
        msg("network.not_found", "The network that the guest uses does not exist."),
        msg("network.not_found.hint", "Define it, or plug the guest into another one; the technical details name it."),
    ),
    _Rule(
        "VIR_ERR_NO_NWFILTER",
        None,
        "network.no_filter",
        msg("network.no_filter", "A network filter that the guest uses does not exist."),
        _NAMED,
    ),
    _Rule("VIR_ERR_RESOURCE_BUSY", "VIR_FROM_LOCKSPACE", "machine.leased", _LEASED, _LEASED_HINT),
    _Rule("VIR_ERR_RESOURCE_BUSY", "VIR_FROM_LOCKING", "machine.leased", _LEASED, _LEASED_HINT),
    _Rule(
        "VIR_ERR_INTERNAL_ERROR",
        "VIR_FROM_QEMU",
        "machine.disk_locked",
        msg("machine.disk_locked", "Another guest, here or on another host, has a disk of this guest open."),
        msg("machine.disk_locked.hint", "Stop that guest. The technical details name the disk."),
        said='Failed to get "write" lock',
    ),
    _Rule(
        "VIR_ERR_NO_DOMAIN_SNAPSHOT",
        None,
        "snapshot.not_found",
        msg("snapshot.not_found", "The guest has no snapshot of this name (any more)."),
        msg("snapshot.not_found.hint", "Look at its snapshots again: somebody may have removed it meanwhile."),
    ),
    _Rule(
        "VIR_ERR_HOOK_SCRIPT_FAILED",
        None,
        "machine.hook",
        msg("machine.hook", "A hook script of this host did not allow it."),
        msg("machine.hook.hint", "The scripts lie in /etc/libvirt/hooks; the technical details say what it said."),
    ),
    _Rule(
        "VIR_ERR_OPERATION_ABORTED",
        None,
        "machine.aborted",
        msg("machine.aborted", "Somebody has cancelled it."),
        msg("machine.aborted.hint", "Try again; the events of this host may say who."),
    ),
    _Rule("VIR_ERR_AGENT_UNRESPONSIVE", None, *_SILENT_AGENT),
    _Rule("VIR_ERR_AGENT_UNSYNCED", None, *_SILENT_AGENT),
    _Rule(
        "VIR_ERR_INTERNAL_ERROR",
        "VIR_FROM_QEMU",
        "machine.qemu_failed",
        msg("machine.qemu_failed", "QEMU could not run the guest."),
        msg("machine.qemu_failed.hint", "The guest's log in /var/log/libvirt/qemu says more."),
    ),
    _Rule(
        "VIR_ERR_OPERATION_FAILED",
        None,
        "machine.failed",
        msg("machine.failed", "libvirt could not do this with the guest."),
        _DETAILS,
    ),
)

_OTHER = msg("libvirt.failed", "libvirt reports an error.")
_OTHER_HINT = msg(
    "libvirt.failed.hint",
    "The technical details are its own words; its log says more: journalctl -u libvirtd -u virtqemud",
)


def from_libvirt(error: libvirt.libvirtError) -> RhvError:
    """The :class:`RhvError` for a ``libvirtError``; its detail is libvirt's own text with code and domain."""
    return from_numbers(error.get_error_code(), error.get_error_domain(), error.get_error_message())


def from_numbers(code: int | None, domain: int | None, text: str | None) -> RhvError:
    """The same from an error's parts, which are None where libvirt gave none."""
    detail = f"{text} (libvirt error {code}, domain {domain})"
    for rule in _matching(code, domain, text or ""):
        return RhvError(rule.error, rule.message, rule.hint, detail)
    return RhvError("libvirt.failed", _OTHER, _OTHER_HINT, detail)


def unreadable(error: ValueError) -> RhvError:
    """The :class:`RhvError` for a definition that :func:`~.xml.parse` refuses."""
    return RhvError(
        "machine.unreadable",
        msg("machine.unreadable", "libvirt describes this guest in an unexpected way."),
        msg(
            "machine.unreadable.hint", "Look at its definition: virsh dumpxml. The technical details name what is odd."
        ),
        str(error),
    )


def _matching(code: int | None, domain: int | None, text: str) -> Iterable[_Rule]:
    import libvirt

    for rule in _RULES:
        # a constant that this libvirt does not have matches nothing
        if getattr(libvirt, rule.code, -1) != code or rule.said not in text:
            continue
        if rule.domain is None or getattr(libvirt, rule.domain, -1) == domain:
            yield rule
