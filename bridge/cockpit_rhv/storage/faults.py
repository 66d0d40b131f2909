# SPDX-License-Identifier: Apache-2.0
"""libvirt's errors in words of storage, found by code, never by text: libvirt speaks the host's language."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import Message, msg

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libvirt

_DETAILS = msg("storage.failed.hint", "The technical details are libvirt's own words.")


def _rules() -> dict[str, tuple[str, Message, Message | None]]:
    return {
        "VIR_ERR_NO_STORAGE_POOL": (
            "storage.no_pool",
            msg("storage.no_pool", "This storage does not exist any more."),
            None,
        ),
        "VIR_ERR_NO_STORAGE_VOL": (
            "storage.no_volume",
            msg("storage.no_volume", "This volume does not exist any more."),
            msg("storage.no_volume.hint", "Read the storage again: somebody may have removed it."),
        ),
        "VIR_ERR_STORAGE_VOL_EXIST": (
            "storage.volume_exists",
            msg("storage.volume_exists", "There is a volume of this name already."),
            msg("storage.volume_exists.hint", "Choose another name; nothing is overwritten."),
        ),
        "VIR_ERR_OPERATION_FAILED": (
            "storage.failed",
            msg("storage.failed", "libvirt could not do this with the storage."),
            _DETAILS,
        ),
        "VIR_ERR_OPERATION_INVALID": (
            "storage.wrong_state",
            msg("storage.wrong_state", "The storage is not in a state that allows this."),
            _DETAILS,
        ),
        "VIR_ERR_OPERATION_DENIED": (
            "libvirt.denied",
            msg("libvirt.denied", "libvirt does not allow this on a read-only connection."),
            msg("libvirt.denied.hint", "Turn on administrative access."),
        ),
        "VIR_ERR_NO_SUPPORT": (
            "storage.unsupported",
            msg("storage.unsupported", "libvirt on this host cannot do that with this type of storage."),
            msg(
                "storage.unsupported.hint", "A storage driver of libvirt may be missing; the technical details name it."
            ),
        ),
    }


@contextmanager
def mapped() -> Iterator[None]:
    """libvirt's errors leave the block as :class:`RhvError`."""
    import libvirt

    try:
        yield
    except libvirt.libvirtError as error:
        raise from_libvirt(error) from error


def from_libvirt(error: libvirt.libvirtError) -> RhvError:
    """The :class:`RhvError` for a ``libvirtError``; its detail is libvirt's own text with code and domain."""
    import libvirt

    code = error.get_error_code()
    detail = f"{error.get_error_message()} (libvirt error {code}, domain {error.get_error_domain()})"
    for name, (ours, message, hint) in _rules().items():
        # a constant that this libvirt does not have matches nothing
        if getattr(libvirt, name, -1) == code:
            return RhvError(ours, message, hint, detail)
    if code == libvirt.VIR_ERR_INTERNAL_ERROR and error.get_error_domain() != libvirt.VIR_FROM_RPC:
        # a mount, a login or a volume group that failed has no code of its own
        return RhvError(*_rules()["VIR_ERR_OPERATION_FAILED"], detail)
    if code == libvirt.VIR_ERR_INTERNAL_ERROR or code == libvirt.VIR_ERR_NO_CONNECT:
        return RhvError("libvirt.unreachable", msg("libvirt.unreachable", "libvirt does not answer."), None, detail)
    return RhvError("libvirt.failed", msg("libvirt.failed", "libvirt reports an error."), None, detail)
