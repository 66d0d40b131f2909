# SPDX-License-Identifier: Apache-2.0
"""Is there an engine already: deployed, half deployed, or a foreign guest of that name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, OK, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

ENGINE_CONFIG = "etc/cockpit-rhv/engine.json"


def check_deployed(context: Context) -> Outcome:
    """``engine.json`` is the last thing a deployment writes."""
    path = context.probes.root / ENGINE_CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Outcome(
            OK, msg("checks.deployed.none", "No engine is deployed from this host."), [Evidence(str(path), "absent")]
        )
    evidence = [Evidence(str(path), f"{config.get('fqdn')}, deployment {config.get('job')}")]
    if config.get("job") == context.job:
        return Outcome(OK, msg("checks.deployed.this", "This deployment has finished before."), evidence)
    return Outcome(
        ERROR,
        msg(
            "checks.deployed.other",
            "An engine is already deployed from this host: {fqdn}",
            fqdn=str(config.get("fqdn")),
        ),
        evidence,
        msg("checks.deployed.remedy", "Use that engine, or remove it first; a second one is never put over it."),
    )


def check_name(context: Context) -> Outcome:
    """A guest of that name is ours when it carries the mark of this deployment."""
    name = str(context.answer("engine.name"))
    domain = context.hypervisor.domain(name)
    source = f"virDomainLookupByName({name})"
    if domain is None:
        return Outcome(
            OK, msg("checks.name.free", "No guest is named {name}.", name=name), [Evidence(source, "no such domain")]
        )
    evidence = [
        Evidence(
            source, f"{domain.uuid}, {'running' if domain.active else 'shut off'}, deployment {domain.job or 'none'}"
        )
    ]
    if domain.job is None:
        return Outcome(
            ERROR,
            msg("checks.name.foreign", "A guest named {name} exists and is not an engine VM of ours.", name=name),
            evidence,
            msg("checks.name.foreign.remedy", "Choose another name for the engine VM; that guest is left alone."),
        )
    if domain.job == context.job:
        return Outcome(
            OK, msg("checks.name.ours", "The engine VM {name} belongs to this deployment.", name=name), evidence
        )
    return Outcome(
        ERROR,
        msg(
            "checks.name.unfinished", "The engine VM {name} belongs to the deployment {job}.", name=name, job=domain.job
        ),
        evidence,
        msg("checks.name.unfinished.remedy", "Resume that deployment; to begin anew, remove its engine VM first."),
    )


CHECKS = (
    Check(
        "engine.deployed",
        msg("checks.deployed.title", "Existing engine"),
        msg(
            "checks.deployed.why",
            "One host keeps one engine; a second deployment would overwrite the keys of the first.",
        ),
        check_deployed,
        needs_answers=True,
    ),
    Check(
        "engine.name",
        msg("checks.name.title", "Engine VM name"),
        msg("checks.name.why", "A guest that exists is never overwritten."),
        check_name,
        needs_answers=True,
        path="engine.name",
    ),
)
