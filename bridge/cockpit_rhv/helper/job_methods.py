# SPDX-License-Identifier: Apache-2.0
"""``jobs.*``: detached jobs that outlive the page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Call

#: Starting waits for systemd, cancelling until the whole process tree is gone.
CONTROL_LIMIT_S = 120.0
READ_LIMIT_S = 10.0
#: Bytes of one piece of output; with every byte escaped as \\uXXXX it still fits a line.
PIECE = 128 * 1024


async def resume(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Go on at the first unfinished phase."""
    from ..jobs.control import resume_job

    return {"job": await call.session.library.run(resume_job, params["job"], limit_s=CONTROL_LIMIT_S)}


async def cancel(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Stop a job; answered when nothing of it runs any more."""
    from ..jobs.control import cancel_job

    await call.session.library.run(cancel_job, params["job"], limit_s=CONTROL_LIMIT_S)
    return {}


async def output(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A piece of the raw output."""
    from ..jobs.output import read_output

    library = call.session.library
    chunk = await library.run(
        read_output, library.job_store(), params["job"], int(params["offset"]), PIECE, limit_s=READ_LIMIT_S
    )
    return asdict(chunk)


JOB_METHODS = {
    "jobs.resume": resume,
    "jobs.cancel": cancel,
    "jobs.output": output,
}
