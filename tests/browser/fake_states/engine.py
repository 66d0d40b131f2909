# SPDX-License-Identifier: Apache-2.0
"""Topic ``engine``: the hosted engine of this host."""

from __future__ import annotations

import time

from . import errors, plans
from .texts import JOB, UUID, Json, msg


def component(id: str, title: str, state: str, message: str, **params: str) -> Json:
    return {
        "id": id,
        "title": msg(f"component.{id}", title),
        "state": state,
        "message": msg(f"component.{id}.{state}", message, **params),
    }


def engine(state: str, vm: str = "running", kept: bool = False) -> Json:
    """``kept``: the disk of the version before is still there."""
    if state == "damaged":
        raise plans.Refused(errors.config_damaged())
    starting = vm == "starting"
    off = vm == "shut_off"
    manager = "starting" if starting else "stopped" if off else "ok"
    health = {"ok": "good", "starting": "bad", "stopped": "bad"}[manager]
    config = {
        "version": 1,
        "profile": "embedded",
        "name": "HostedEngine",
        "uuid": UUID,
        "fqdn": "engine.example.com",
        "address": "192.0.2.30",
        "url": "https://engine.example.com/",
        "ca_sha256": "4f9a" * 16,
        "ca_file": "/etc/cockpit-rhv/pki/ca.pem",
        "host_id": "h1",
        "host_name": "host1",
        "host_address": "192.0.2.20",
        "network_kind": "nat",
        "network_name": "default",
        "disk": "/var/lib/libvirt/images/HostedEngine.qcow2",
        "deployed_s": 1_767_258_900,
        "job": JOB,
        "engine_version": "0.1.0",
        "previous": plans.PREVIOUS if kept else None,
    }
    return {
        "state": state,
        "config": config if state == "deployed" else None,
        "job": JOB if state in ("deploying", "failed") else None,
        "vm_state": None if state == "none" else ("running" if starting else vm),
        "uuid": None if state == "none" else UUID,
        "health": {
            "state": health if state == "deployed" else "unknown",
            "checked_s": time.time(),
            "message": msg("engine.health.good", "The Manager is healthy.")
            if health == "good"
            else msg("engine.health.bad", "The Manager has not been asked yet."),
        },
        "version": "0.1.0" if state == "deployed" and not off else None,
        "components": [
            component("libvirt", "libvirt", "ok", "libvirt {version} answers.", version="11.3.0"),
            component("network", "Network", "ok", "{name} is up.", name="default"),
            component(
                "vm",
                "Engine VM",
                "stopped" if off else "ok",
                "The engine VM is shut off." if off else "The engine VM runs.",
            ),
            component(
                "manager",
                "Manager",
                manager,
                {
                    "ok": "The Manager is healthy.",
                    "starting": "The Manager starts.",
                    "stopped": "The engine VM does not run.",
                }[manager],
            ),
            component("agent", "Agent of this host", "ok", "The agent runs and the Manager is connected to it."),
        ]
        if state == "deployed"
        else [],
        "reachable_only_here": True,
    }
