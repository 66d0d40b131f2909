# SPDX-License-Identifier: Apache-2.0
"""What every task of a playbook does around its work: parameters in, result or ``rhv_error`` out. Knows no Ansible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from .causes import diagnose
from .progress import ProgressFile

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Takes the task's arguments; returns the fields of its result.
Work = Callable[["Mapping[str, Any]", ProgressFile], "Mapping[str, Any]"]


def carry_out(params: Mapping[str, Any], work: Work) -> dict[str, Any]:
    """The result of a task: what ``work`` returns, or ``failed`` with ``rhv_error``.

    ``params`` has ``job`` (with ``progress``) and ``answers``. An RhvError and an OSError are failures a person can
    act on; anything else is a fault of ours, passes, and ends in a traceback.
    """
    path = params["job"].get("progress")
    progress = ProgressFile(Path(path) if path else None)
    try:
        return dict(work(params, progress))
    except RhvError as error:
        return failure(_diagnosed(error, params))
    except OSError as error:
        return failure(_diagnosed(_os_fault(error), params))
    finally:
        progress.close()


def _diagnosed(error: RhvError, params: Mapping[str, Any]) -> RhvError:
    try:
        return diagnose(error, params.get("answers") or {})
    except Exception as unsure:  # noqa: BLE001 - what cannot be found out about a failure must not hide the failure
        error.detail = "\n".join(part for part in (error.detail, f"(no cause found: {unsure})") if part)
        return error


def failure(error: RhvError) -> dict[str, Any]:
    """A failed task's result."""
    return {"failed": True, "msg": str(error.message), "rhv_error": error.to_json()}


def _os_fault(error: OSError) -> RhvError:
    reason = error.strerror or str(error)
    path = str(error.filename or "")
    if path:
        text = msg(
            "deploy.os_error_at", "The system refused an operation on {path}: {reason}", path=path, reason=reason
        )
    else:
        text = msg("deploy.os_error", "The system refused an operation: {reason}", reason=reason)
    hint = msg("deploy.os_error.hint", "Correct that, then resume.")
    return RhvError("deploy.os_error", text, hint, f"{type(error).__name__}: {error}")
