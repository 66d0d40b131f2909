# SPDX-License-Identifier: Apache-2.0
"""Thin pools of LVM: how full their data and their metadata are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .asking import ask, json_in, shown
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .context import Context

#: Percent in use. The first is what oVirt Node's own check (imgbased) holds against a pool; the second is ours.
WARN_PERCENT, FULL_PERCENT = 80.0, 95.0
#: Not with --readonly: it does not ask the kernel, and then says neither how full a pool is nor whether it is active.
_COMMAND = (
    *("lvs", "--reportformat", "json", "--units", "b", "--nosuffix"),
    *("--select", "segtype=thin-pool"),
    *("--options", "vg_name,lv_name,lv_attr,lv_active,data_percent,metadata_percent"),
)
#: Ninth letter of lv_attr, lvs(8). A pool out of data space (D) is not broken: it wants room, not repair.
_BROKEN = {"F": "failed", "M": "metadata read only", "E": "error"}
_PARTIAL = "p"
#: LVM could not learn it from the kernel: nothing is known of such a pool, least of all that it wants repair.
_UNKNOWN = "X"


class ThinPool(NamedTuple):
    """``data`` and ``metadata``: percent in use, None when LVM does not say.

    ``partial``: a disk below it is not there. ``broken``: what LVM holds to be wrong with the pool itself.
    """

    name: str
    active: bool
    data: float | None
    metadata: float | None
    partial: bool
    broken: str | None


def parse_thin_pools(output: str) -> list[ThinPool]:
    """What ``lvs`` printed. Raises RhvError ``checks.thin.strange``."""
    try:
        rows = [row for report in json_in(output, dict)["report"] for row in report["lv"]]
        return [
            ThinPool(
                f"{row['vg_name']}/{row['lv_name']}",
                row["lv_active"] != "",
                _figure(row, "data_percent"),
                _figure(row, "metadata_percent"),
                str(row["lv_attr"])[8:9] == _PARTIAL,
                _BROKEN.get(str(row["lv_attr"])[8:9]),
            )
            for row in rows
        ]
    except (ValueError, KeyError, TypeError) as error:
        text = msg("checks.thin.strange", "The answer of LVM is in a form that is not known.")
        raise RhvError("checks.thin.strange", text, detail=shown(output)) from error


def _figure(row: Mapping[str, Any], name: str) -> float | None:
    return None if str(row["lv_attr"])[8:9] == _UNKNOWN else _percent(row[name])


def _percent(text: str) -> float | None:
    if not text:
        return None
    percent = float(text)
    if not 0 <= percent <= 100:
        raise ValueError(text)
    return percent


def check_thin_pools(context: Context) -> Outcome:
    """Metadata counts as much as data: a pool whose metadata is full must be repaired offline."""
    done = ask(context, _COMMAND, 8.0)
    if done is None:
        return Outcome(
            NOT_APPLICABLE, msg("checks.thin.no_lvm", "This host has no LVM."), [Evidence("lvs", "not found")]
        )
    if done.code != 0:
        text = msg("checks.thin.denied", "LVM does not tell of its volumes; only an administrator may ask.")
        return Outcome(UNKNOWN, text, [Evidence("lvs", shown(done.output))])
    pools = parse_thin_pools(done.output)
    if not pools:
        text = msg("checks.thin.none", "This host has no thin pools.")
        return Outcome(NOT_APPLICABLE, text, [Evidence("lvs --select segtype=thin-pool", "none")])
    return _judge(pools)


def _judge(pools: Sequence[ThinPool]) -> Outcome:
    evidence = [
        Evidence(
            f"lvs {pool.name}",
            f"data {_said(pool.data)}, metadata {_said(pool.metadata)}, "
            + (pool.broken or ("active" if pool.active else "inactive"))
            + (", a disk is missing" if pool.partial else ""),
        )
        for pool in pools
    ]
    partial = next((pool for pool in pools if pool.partial), None)
    if partial is not None:
        text = msg("checks.thin.partial", "A disk below the thin pool {pool} is missing.", pool=partial.name)
        remedy = msg(
            "checks.thin.partial.remedy",
            "Bring the disk back, “pvs” tells which; nothing is to be repaired or removed before.",
        )
        return Outcome(ERROR, text, evidence, remedy)
    for pool in pools:
        if pool.broken:
            text = msg(
                "checks.thin.broken", "The thin pool {pool} is damaged: {state}", pool=pool.name, state=pool.broken
            )
            remedy = msg(
                "checks.thin.broken.remedy",
                "Shut down the guests on it, make room, then repair it: lvconvert --repair {pool}",
                pool=pool.name,
            )
            return Outcome(ERROR, text, evidence, remedy)
    active = [pool for pool in pools if pool.active]
    if not active:
        return Outcome(NOT_APPLICABLE, msg("checks.thin.inactive", "No thin pool of this host is active."), evidence)
    silent = [pool for pool in active if pool.data is None or pool.metadata is None]
    fullest, percent, metadata = max(
        (
            (pool, figure, is_metadata)
            for pool in active
            for figure, is_metadata in ((pool.data or 0.0, False), (pool.metadata or 0.0, True))
        ),
        key=lambda found: found[1],
    )
    values: dict[str, str | int] = {"pool": fullest.name, "percent": round(percent)}
    if percent >= WARN_PERCENT:
        text, remedy = (
            (
                msg("checks.thin.metadata", "The metadata of the thin pool {pool} is {percent} % full.", **values),
                msg(
                    "checks.thin.metadata.remedy",
                    "Make it larger: lvextend --poolmetadatasize +1G {pool}",
                    pool=fullest.name,
                ),
            )
            if metadata
            else (
                msg("checks.thin.data", "The thin pool {pool} is {percent} % full.", **values),
                msg(
                    "checks.thin.data.remedy",
                    "Make it larger, or remove disks and snapshots from it: lvextend --size +20G {pool}",
                    pool=fullest.name,
                ),
            )
        )
        return Outcome(ERROR if percent >= FULL_PERCENT else WARNING, text, evidence, remedy)
    if silent:
        text = msg("checks.thin.silent", "LVM does not tell how full the thin pool {pool} is.", pool=silent[0].name)
        return Outcome(UNKNOWN, text, evidence)
    return Outcome(
        OK, msg("checks.thin.ok", "Thin pools have room; the fullest is {pool} with {percent} %.", **values), evidence
    )


def _said(percent: float | None) -> str:
    return "not told" if percent is None else f"{percent} %"


CHECKS = (
    Check(
        "storage.thin_pools",
        msg("checks.thin.title", "Thin pools"),
        msg(
            "checks.thin.why",
            "When a thin pool is full, every guest on it is paused or loses writes; full metadata damages the pool.",
        ),
        check_thin_pools,
        health_only=True,
    ),
)
