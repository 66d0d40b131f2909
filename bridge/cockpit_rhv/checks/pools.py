# SPDX-License-Identifier: Apache-2.0
"""Storage pools: those that should be active are, and what they lie on answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import Remedy
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context
    from .pool_facts import PoolFact

#: What the host task start_pool takes: a name that no shell, XML or template can read otherwise.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def check_pools(context: Context) -> Outcome:
    """An inactive pool is an error when it starts with the host, else a warning; a folder that is gone is an error."""
    pools = context.pools
    if not pools:
        return Outcome(NOT_APPLICABLE, msg("checks.pools.none", "libvirt has no storage pools."))
    evidence = [
        Evidence(
            f"virStoragePoolLookupByName({pool.name})",
            f"{pool.kind}, {'active' if pool.active else 'inactive'}, autostart {'on' if pool.autostart else 'off'}",
        )
        for pool in pools
    ]
    unreachable = {pool.name: reason for pool in pools if (reason := _obstacle(context, pool))}
    if unreachable:
        evidence += [
            Evidence(f"statvfs({pool.target})", unreachable[pool.name]) for pool in pools if pool.name in unreachable
        ]
        name, reason = next(iter(unreachable.items()))
        return Outcome(
            ERROR,
            msg(
                "checks.pools.unreachable",
                "The pool {pool} is active, but its storage is not there: {reason}",
                pool=name,
                reason=reason,
            ),
            evidence,
            msg(
                "checks.pools.unreachable.remedy",
                "Bring back the disk or the file server it lies on, then refresh the pool.",
            ),
        )
    inactive = sorted((pool for pool in pools if not pool.active), key=lambda pool: not pool.autostart)
    if inactive:
        return Outcome(
            ERROR if inactive[0].autostart else WARNING,
            msg("checks.pools.inactive", "Inactive pools: {pools}", pools=", ".join(pool.name for pool in inactive)),
            evidence,
            msg(
                "checks.pools.inactive.remedy",
                "Start it, or remove the pool if it is not needed: virsh pool-start {pool}",
                pool=inactive[0].name,
            ),
            remedy_job=_start(inactive[0].name),
        )
    return Outcome(OK, msg("checks.pools.ok", "All pools are active and answer ({count}).", count=len(pools)), evidence)


def _obstacle(context: Context, pool: PoolFact) -> str | None:
    if not pool.active or pool.target is None:
        return None
    try:
        context.probes.space(context.probes.root / pool.target.lstrip("/"))
    except PermissionError:
        return None  # it answers, if not to this user
    except OSError as error:
        return error.strerror or str(error)
    return None


def _start(name: str) -> Remedy | None:
    if not _PLAIN.fullmatch(name):
        return None
    return Remedy("start_pool", msg("remedy.start_pool", "Start the pool {pool}", pool=name), {"pool": name})


CHECKS = (
    Check(
        "storage.pools",
        msg("checks.pools.title", "Storage pools"),
        msg(
            "checks.pools.why",
            "A guest whose disk lies in a pool that is not active, or does not answer, does not start.",
        ),
        check_pools,
        health_only=True,
        limit_s=20.0,
    ),
)
