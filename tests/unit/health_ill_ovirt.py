# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 - a table is read along its rows
"""What can be wrong with an oVirt or RHV host by its own tools: a row each, as in health_ill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from cockpit_rhv.checks.context import Finished

from tests.unit.health_ill_tools import HANGS, MISSING
from tests.unit.health_ovirt import AGENT_LOG, NODE_CHECK, SECOND, UP, domain, ha, ha_host, ha_said, node, stats, vdsm

if TYPE_CHECKING:
    from tests.unit.health_support import Host

LOG = {"var/log/ovirt-hosted-engine-ha/agent.log": AGENT_LOG}
GATEWAY = ha_host(1, score=1400, state="EngineDown")
UP2 = ha_host(2, vm="up", health="good", state="EngineUp")
SICK = ha_host(1, vm="up", health="bad", state="EngineUpBadHealth")
BROKER_DOWN = Finished(
    0, "{'exception': 'Failed to connect to broker, the number of errors has exceeded the limit (1)'}"
)
NO_PATH = {"36001405": {"valid_paths": 0, "failed_paths": ["sdb", "sdc"]}}
FULL = {
    **NODE_CHECK,
    "status": "bad",
    "thin_storage": {"status": "failed", "checking_available_space_in_thinpool": {"status": "failed - data 91.2 %"}},
}
ILL: list[tuple[str, Callable[[Host], Any], str, str, str | None]] = [
    # check, what is wrong, severity, message, host task that mends it
    ("engine.ha", ha(UP, SECOND), "ok", "checks.ha.ok", None),
    ("engine.ha", ha(UP), "ok", "checks.ha.alone", None),
    ("engine.ha", ha(UP, SECOND, before="/usr/lib/python3.9/site-packages/x.py:1: DeprecationWarning: y\n  [warn]\n"), "ok", "checks.ha.ok", None),
    ("engine.ha", ha(ha_host(1), SECOND), "error", "checks.ha.down", None),
    ("engine.ha", ha(ha_host(1), SECOND, maintenance=True), "error", "checks.ha.down_kept", "ha_maintenance"),
    ("engine.ha", ha({**UP, "live-data": False}, SECOND), "error", "checks.ha.down", None),
    ("engine.ha", ha(SICK, SECOND), "error", "checks.ha.sick", None),
    ("engine.ha", ha(ha_host(1, state="EngineStarting", vm="up"), SECOND), "warning", "checks.ha.starting", None),
    ("engine.ha", ha(UP, SECOND, maintenance=True), "warning", "checks.ha.global", "ha_maintenance"),
    ("engine.ha", ha(ha_host(1, score=0, state="LocalMaintenance", maintenance=True), UP2), "warning", "checks.ha.local", "ha_maintenance"),
    ("engine.ha", ha(ha_host(1, score=0, state="AgentStopped", stopped=True), UP2), "error", "checks.ha.own_silent", "start_unit"),
    ("engine.ha", ha({**ha_host(1), "live-data": False}, UP2), "error", "checks.ha.own_silent", "start_unit"),
    ("engine.ha", ha(UP, {**SECOND, "live-data": False}), "warning", "checks.ha.stale", None),
    ("engine.ha", ha({**UP, "live-data": False}, {**SECOND, "live-data": False}), "unknown", "checks.ha.stale_all", "start_unit"),
    ("engine.ha", ha(GATEWAY, UP2, files=LOG), "warning", "checks.ha.score", None),
    ("engine.ha", ha(GATEWAY, UP2), "warning", "checks.ha.score", None),
    ("engine.ha", ha(UP, ha_host(2, score=0, maintenance=True)), "warning", "checks.ha.nobody", None),
    ("engine.ha", ha(UP2), "unknown", "checks.ha.stranger", "start_unit"),
    ("engine.ha", ha_said(BROKER_DOWN), "unknown", "checks.ha.strange", "start_unit"),
    ("engine.ha", ha_said(Finished(1, "Traceback (most recent call last):\njson.decoder.JSONDecodeError: Invalid control character")), "unknown", "checks.ha.strange", "start_unit"),
    ("engine.ha", ha_said(Finished(0, "{}")), "unknown", "checks.ha.strange", "start_unit"),
    ("engine.ha", ha_said(Finished(2, "It seems like a previous attempt to deploy hosted-engine failed or it's still in progress.")), "warning", "checks.ha.unfinished", None),
    ("engine.ha", ha_said(MISSING), "unknown", "checks.ha.strange", "start_unit"),
    ("engine.ha", ha_said(HANGS), "unknown", "checks.silent", "start_unit"),
    ("node.image", node(NODE_CHECK), "ok", "checks.node.ok", None),
    ("node.image", node(NODE_CHECK, kind="rhvh"), "ok", "checks.node.ok", None),
    ("node.image", node(FULL), "error", "checks.node.wrong", None),
    ("node.image", node({**NODE_CHECK, "status": "warn", "vdsmd": {"status": "bad"}}), "warning", "checks.node.wrong", None),
    ("node.image", node(NODE_CHECK, info=Finished(1, "Traceback")), "ok", "checks.node.ok", None),
    ("node.image", node(Finished(1, "Traceback (most recent call last):\n  KeyError: 'x'")), "unknown", "checks.node.strange", None),
    ("node.image", node(Finished(0, '{"bootloader": {"status": "ok"}}')), "unknown", "checks.node.strange", None),
    ("node.image", node(MISSING), "unknown", "checks.node.strange", None),
    ("node.image", node(HANGS), "unknown", "checks.silent", None),
    ("vdsm.report", vdsm(stats()), "ok", "checks.vdsm_report.ok", None),
    ("vdsm.report", vdsm(stats(before="WARNING: x\n")), "ok", "checks.vdsm_report.ok", None),
    ("vdsm.report", vdsm(stats(storageDomains={"a": domain(), "b": domain(valid=False, code=358)})), "error", "checks.vdsm_report.lost", None),
    ("vdsm.report", vdsm(stats(storageDomains={"a": domain(code="200")})), "error", "checks.vdsm_report.lost", None),
    ("vdsm.report", vdsm(stats(multipathHealth={"36001405": {"valid_paths": 1, "failed_paths": ["sdb"]}})), "warning", "checks.multipath.failed", None),
    ("vdsm.report", vdsm(stats(multipathHealth=NO_PATH)), "error", "checks.multipath.failed", None),
    ("vdsm.report", vdsm(stats(storageDomains={"a": domain(acquired=False)})), "warning", "checks.vdsm_report.loose", None),
    ("vdsm.report", vdsm(stats(storageDomains={"a": domain(delay="5.01")})), "warning", "checks.vdsm_report.slow", None),
    ("vdsm.report", vdsm(stats(netConfigDirty="True")), "warning", "checks.vdsm_report.dirty", None),
    ("vdsm.report", vdsm(stats(momStatus="inactive")), "warning", "checks.vdsm_report.mom", "start_unit"),
    ("vdsm.report", vdsm(Finished(1, "vdsm-client: Command Host.getStats with args {} failed:\n(code=99, message=Recovering from crash or Initializing)")), "unknown", "checks.vdsm_report.silent", None),
    ("vdsm.report", vdsm(Finished(0, "{}")), "unknown", "checks.vdsm_report.strange", None),
    ("vdsm.report", vdsm(MISSING), "unknown", "checks.vdsm_report.silent", None),
    ("vdsm.report", vdsm(HANGS), "unknown", "checks.silent", None),
]  # fmt: skip
