# SPDX-License-Identifier: Apache-2.0
"""What every module of a playbook does around its work: parameters in, result or ``rhv_error`` out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from .progress import ProgressFile

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Parameters of every module; ``answers`` is the complete answers document.
ARGUMENTS: dict[str, Any] = {
    "job": {"type": "dict", "required": True},
    "answers": {"type": "dict", "required": True},
}

Work = Callable[["Mapping[str, Any]", ProgressFile], "Mapping[str, Any]"]


def carry_out(module: Any, work: Work) -> None:
    """Run ``work(params, progress)`` for an ``AnsibleModule`` and end the process with its result.

    An RhvError becomes ``rhv_error``, as does an OSError; anything else is a fault of ours and ends in a traceback.
    """
    logging.basicConfig(level=logging.WARNING)  # to stderr, which the runner keeps
    path = module.params["job"].get("progress")
    progress = ProgressFile(Path(path) if path else None)
    try:
        result = dict(work(module.params, progress))
    except OSError as error:
        fail(module, _os_fault(error))
    except RhvError as error:
        fail(module, error)
    else:
        module.exit_json(**{"changed": False, **result})
    finally:
        progress.close()


def fail(module: Any, error: RhvError) -> None:
    """End the module with this error."""
    module.fail_json(msg=str(error.message), rhv_error=error.to_json())


def _os_fault(error: OSError) -> RhvError:
    reason = error.strerror or str(error)
    if error.filename:
        text = msg(
            "deploy.os_error_at",
            "The system refused an operation on {path}: {reason}",
            path=str(error.filename),
            reason=reason,
        )
    else:
        text = msg("deploy.os_error", "The system refused an operation: {reason}", reason=reason)
    return RhvError(
        "deploy.os_error",
        text,
        msg("deploy.os_error.hint", "Correct that, then resume."),
        f"{type(error).__name__}: {error}",
    )
