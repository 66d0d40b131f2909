# SPDX-License-Identifier: Apache-2.0
"""What the tools of an oVirt or RHV host print, in the shapes they have there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

from cockpit_rhv.checks.context import Finished

if TYPE_CHECKING:
    from tests.unit.health_support import Host

CONFIG = "fqdn=engine.example.com\nvmid=5d1e\nhost_id=1\nconfigured=True\n"
AGENT_LOG = """MainThread::INFO::2026-01-02 02:00:00,100::states::131::ovirt_hosted_engine_ha.agent.hosted_engine.HostedEngine::(score) Penalizing score by 600 due to mgmt bridge status
MainThread::INFO::2026-01-02 03:00:01,100::states::131::ovirt_hosted_engine_ha.agent.hosted_engine.HostedEngine::(score) Penalizing score by 1600 due to gateway status
MainThread::INFO::2026-01-02 03:00:02,100::states::80::ovirt_hosted_engine_ha.agent.hosted_engine.HostedEngine::(_penalize_memory) Penalizing score by 400 due to free memory 812 being lower than required 4096
MainThread::INFO::2026-01-02 03:01:02,100::hosted_engine::517::ovirt_hosted_engine_ha.agent.hosted_engine.HostedEngine::(_monitoring_loop) Current state EngineDown (score: 1400)
MainThread::INFO::2026-01-02 03:01:03,100::states::80::ovirt_hosted_engine_ha.agent.hosted_engine.HostedEngine::(_penalize_memory) Penalizing score by 400 due to free memory 640 being lower than required 4096
"""  # noqa: E501 - as the agent writes it


def ha_host(
    number: int, *, vm: str = "down", health: str = "bad", state: str = "EngineDown", **more: Any
) -> dict[str, Any]:
    """One host as ``hosted-engine --vm-status --json`` tells it; dashes of a key are written as underscores."""
    engine = {"vm": vm, "health": health, "detail": "Up" if vm == "up" else "Down"}
    if health != "good":
        engine["reason"] = "vm not running on this host" if vm != "up" else "failed liveliness check"
    return {
        "host-id": number,
        "host-ts": 4262,
        "score": 3400,
        "engine-status": engine,
        "hostname": f"h{number}.example.com",
        "maintenance": False,
        "stopped": False,
        "crc32": "3fa48e03",
        "conf_on_shared_storage": True,
        "local_conf_timestamp": 4262,
        "extra": f"metadata_parse_version=1\nhost-id={number}\nscore=3400\nstate={state}\nstopped=False\n",
        "live-data": True,
        **{key.replace("_", "-"): value for key, value in more.items()},
    }


UP = ha_host(1, vm="up", health="good", state="EngineUp")
SECOND = ha_host(2)


def ha(
    *hosts: dict[str, Any], maintenance: bool = False, before: str = "", files: dict[str, str] | None = None
) -> Callable[[Host], None]:
    """A host of a hosted engine whose agents tell this."""
    told: dict[str, Any] = {str(host["host-id"]): host for host in hosts}
    return ha_said(Finished(0, before + json.dumps({**told, "global_maintenance": maintenance})), files)


def ha_said(done: Finished | Exception, files: dict[str, str] | None = None) -> Callable[[Host], None]:
    """A host of a hosted engine whose tool prints this."""

    def change(host: Host) -> None:
        host.files["etc/ovirt-hosted-engine/hosted-engine.conf"] = CONFIG
        host.files.update(files or {})
        host.commands["hosted-engine"] = done

    return change


NODE_CHECK: dict[str, Any] = {
    "status": "ok",
    "bootloader": {"status": "ok", "layer_boot_entries": {"status": "ok"}, "valid_boot_entries": {"status": "ok"}},
    "mount_points": {"status": "ok", "separate_var": {"status": "ok"}, "discard_is_used": {"status": "ok"}},
    "thin_storage": {"status": "ok", "checking_available_space_in_thinpool": {"status": "ok"}},
    "vdsmd": {"status": "ok"},
}
NODE_INFO = {
    "bootloader": {"default": "ovirt-node-ng-4.5.5-0.20231130.0 (5.14.0)", "entries": {}},
    "layers": {"ovirt-node-ng-4.5.5-0.20231130.0": ["ovirt-node-ng-4.5.5-0.20231130.0+1"]},
    "current_layer": "ovirt-node-ng-4.5.5-0.20231130.0+1",
}


def node(
    check: dict[str, Any] | Finished | Exception, info: Finished | Exception | None = None, kind: str = "ovirt_node"
) -> Callable[[Host], None]:
    """An image-based host whose nodectl says this."""

    def change(host: Host) -> None:
        host.facts["kind"] = kind
        host.commands["nodectl"] = Finished(1, json.dumps(check)) if isinstance(check, dict) else check
        host.commands["nodectl --machine-readable info"] = info or Finished(0, json.dumps(NODE_INFO))

    return change


def domain(**more: Any) -> dict[str, Any]:
    """A storage domain in vdsm's report."""
    return {
        "code": 0,
        "lastCheck": "3.2",
        "delay": "0.000438",
        "valid": True,
        "version": 5,
        "acquired": True,
        "actual": True,
        **more,
    }


def stats(before: str = "", **more: Any) -> Finished:
    """What ``vdsm-client Host getStats`` prints, shortened."""
    report = {
        "cpuLoad": "0.41",
        "memFree": 6000,
        "network": {
            "ovirtmgmt": {"name": "ovirtmgmt", "state": "up", "speed": "1000"},
            "eth1": {"name": "eth1", "state": "down", "speed": "1000"},
        },
        "storageDomains": {"0c8b7bd0-5a3e": domain(), "f3c1de22-77aa": domain()},
        "multipathHealth": {},
        "netConfigDirty": "False",
        "momStatus": "active",
        "haStats": {
            "configured": True,
            "active": True,
            "score": 3400,
            "globalMaintenance": False,
            "localMaintenance": False,
        },
        **more,
    }
    return Finished(0, before + json.dumps(report, indent=4, sort_keys=True))


def vdsm(done: Finished | Exception) -> Callable[[Host], None]:
    """A host of oVirt whose vdsm reports this."""

    def change(host: Host) -> None:
        host.units["vdsmd.service"] = "active"
        host.disabled.clear()
        host.commands["vdsm-client"] = done

    return change
