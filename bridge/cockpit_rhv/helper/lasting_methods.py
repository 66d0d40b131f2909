# SPDX-License-Identifier: Apache-2.0
"""``deploy.*`` of an unfinished or finished deployment, and ``tasks.start``: change, remove, mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .deploy_methods import READ_LIMIT_S, START_LIMIT_S
from .users import asking_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Call


async def import_answers(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What a file of answers says, and what is wrong with it."""

    def read() -> dict[str, Any]:
        from ..deploy.document import parse_answers
        from ..deploy.profile import load_profile
        from ..deploy.validate import validate_answers

        answers = parse_answers(params["text"].encode("utf-8", "replace"))
        errors = validate_answers(load_profile(), answers)
        return {"answers": answers, "errors": [error.to_json() for error in errors]}

    return await call.session.library.run(read, limit_s=READ_LIMIT_S)


async def answers(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """The answers of an unfinished deployment."""

    def read() -> dict[str, Any]:
        from ..deploy.resume import deployment_answers

        return deployment_answers(params["job"])

    return await call.session.library.run(read, limit_s=READ_LIMIT_S)


async def resume_plan(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What resuming with these answers would do."""

    def plan() -> dict[str, Any]:
        from ..deploy.resume import plan_resume

        return plan_resume(params["job"], params["answers"], params.get("new_password", False)).to_json()

    return await call.session.library.run(plan, limit_s=READ_LIMIT_S)


async def resume(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Resume with these answers."""

    def begin() -> str:
        from ..deploy.resume import resume_deployment

        return resume_deployment(params["job"], params["answers"], params.get("secrets", {}))

    return {"job": await call.session.library.run(begin, limit_s=START_LIMIT_S)}


async def cleanup_plan(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Exactly what a cleanup would remove."""

    def plan() -> dict[str, Any]:
        from ..deploy.cleanup_plan import plan_cleanup

        return plan_cleanup().to_json()

    return await call.session.library.run(plan, limit_s=READ_LIMIT_S)


async def cleanup(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Remove what was shown."""

    def begin() -> str:
        from ..deploy.cleanup import start_cleanup

        return start_cleanup(params["fingerprint"], params.get("engine"), asking_user())

    return {"job": await call.session.library.run(begin, limit_s=START_LIMIT_S)}


async def start_task(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Start the remedy behind a button."""

    def begin() -> str:
        from ..checks.remedies import start_task as start

        return start(params["task"], params["params"], asking_user())

    return {"job": await call.session.library.run(begin, limit_s=START_LIMIT_S)}


LASTING_METHODS = {
    "deploy.import": import_answers,
    "deploy.answers": answers,
    "deploy.resume_plan": resume_plan,
    "deploy.resume": resume,
    "deploy.cleanup_plan": cleanup_plan,
    "deploy.cleanup": cleanup,
    "tasks.start": start_task,
}
