# SPDX-License-Identifier: Apache-2.0
"""Errors with vdsm's numbers, which its clients act upon."""

from __future__ import annotations

from ..errors import RhvError
from ..messages import Message, msg

NO_SUCH_VM = 1
MISSING_PARAMETER = 11
INITIALIZING = 99
RESOURCES_EXHAUSTED = 1100


class VerbError(RhvError):
    """``rpc_code`` is vdsm's (lib/vdsm/common/exception.py); ``code`` is ours, and so is the sentence."""

    def __init__(self, rpc_code: int, code: str, message: Message, detail: str | None = None) -> None:
        super().__init__(code, message, None, detail)
        self.rpc_code = rpc_code


def no_such_vm(vm_id: str) -> VerbError:
    """No guest has this UUID; vdsm's 1."""
    return VerbError(
        NO_SUCH_VM, "agent.no_such_vm", msg("agent.no_such_vm", "Virtual machine does not exist: {vm}", vm=vm_id)
    )


def missing_parameter(name: str) -> VerbError:
    """A parameter without a default is absent or has the wrong type; vdsm's 11."""
    return VerbError(
        MISSING_PARAMETER,
        "agent.missing_parameter",
        msg("agent.missing_parameter", "Missing required parameter: {name}", name=name),
    )


def exhausted() -> VerbError:
    """More requests are under way on one connection than we serve at a time; vdsm's 1100."""
    return VerbError(RESOURCES_EXHAUSTED, "agent.busy", msg("agent.busy", "Not enough resources"))


def initializing() -> VerbError:
    """libvirt's guests are being read for the first time; vdsm's 99, at which its clients try again."""
    return VerbError(
        INITIALIZING, "agent.initializing", msg("agent.initializing", "Recovering from crash or Initializing")
    )
