# SPDX-License-Identifier: Apache-2.0
"""``checks.run`` and ``deploy.*``: judge this host, and deploy the hosted engine on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .users import asking_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Call

#: Checks have time limits of their own, all below this.
CHECK_LIMIT_S = 60.0
READ_LIMIT_S = 20.0
START_LIMIT_S = 120.0


async def run_checks(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """All checks, or those named; whoever follows topic ``health`` sees the results, too."""
    return (await call.session.topics.health.run(params.get("ids"))).to_json()


async def form(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What the wizard needs to draw itself; the default profile unless one is named."""

    def build() -> dict[str, Any]:
        from ..deploy.form import build_form
        from ..deploy.profile import load_profile

        return build_form(load_profile(params.get("profile")))

    return await call.session.library.run(build, limit_s=READ_LIMIT_S)


async def validate(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What is wrong with the answers."""

    def check() -> dict[str, Any]:
        from ..deploy.profile import load_profile
        from ..deploy.validate import validate_answers

        errors = validate_answers(load_profile(params["profile"]), params["answers"])
        return {"errors": [error.to_json() for error in errors]}

    return await call.session.library.run(check, limit_s=READ_LIMIT_S)


async def preflight(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What is wrong with the answers, and what this host says to them."""

    def check() -> dict[str, Any]:
        from ..deploy.preflight import run_preflight
        from ..deploy.profile import load_profile

        return run_preflight(load_profile(params["profile"]), params["answers"])

    return await call.session.library.run(check, limit_s=CHECK_LIMIT_S)


async def check_network(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What is wrong with the network's answers, and what this host and the wire say to them."""

    def check() -> dict[str, Any]:
        from ..deploy import preflight
        from ..deploy.profile import load_profile

        return preflight.check_network(load_profile(params["profile"]), params["answers"], params.get("job"))

    return await call.session.library.run(check, limit_s=CHECK_LIMIT_S)


async def start(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Start the deployment; the job goes on without us."""

    def begin() -> str:
        from ..deploy.profile import load_profile
        from ..deploy.start import start_deployment

        profile = load_profile(params["profile"])
        return start_deployment(profile, params["answers"], params["secrets"], asking_user())

    return {"job": await call.session.library.run(begin, limit_s=START_LIMIT_S)}


DEPLOY_METHODS = {
    "checks.run": run_checks,
    "deploy.form": form,
    "deploy.validate": validate,
    "deploy.preflight": preflight,
    "deploy.check_network": check_network,
    "deploy.start": start,
}
