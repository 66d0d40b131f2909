# SPDX-License-Identifier: Apache-2.0
"""What the wizard needs to draw itself."""

from __future__ import annotations

import json

from .texts import PROFILE, Json, msg


def form(kvm: bool) -> Json:
    schema = json.loads((PROFILE / "answers.schema.json").read_text())
    profile = json.loads((PROFILE / "profile.json").read_text())
    values: Json = {}
    origins: dict[str, str] = {}
    for section, part in schema["properties"].items():
        for name, field in part.get("properties", {}).items():
            if "default" in field:
                values.setdefault(section, {})[name] = field["default"]
                origins[f"{section}.{name}"] = "default"
    detected = {
        "engine.fqdn": "engine.example.com",
        "host.name": "host1",
        "network.kind": "bridge" if kvm else "nat",
        "network.name": "br0" if kvm else "default",
    }
    for path, value in detected.items():
        section, name = path.split(".")
        values.setdefault(section, {})[name] = value
        origins[path] = "detected"
    nat = {"path": "network.kind", "equals": "nat"}
    bridge = {"path": "network.kind", "equals": "bridge"}
    notices = [
        {
            "id": "network.nat",
            "severity": "warning",
            "step": "network",
            "confirm": None,
            "when": nat,
            "message": msg("notice.nat", "Only this host can reach the Manager: the engine VM is behind NAT."),
        }
    ]
    if not kvm:
        notices.append(
            {
                "id": "emulation",
                "severity": "danger",
                "step": "engine",
                "confirm": "accept.emulation",
                "when": None,
                "message": msg(
                    "notice.emulation",
                    "This host cannot use hardware virtualization: guests run many times slower.",
                ),
            }
        )
    choices = [{"value": "default", "label": "default", "description": None, "when": nat}]
    if kvm:
        choices.insert(
            0,
            {
                "value": "br0",
                "label": "br0",
                "description": msg("choice.bridge", "This host has {addresses} on it.", addresses="192.0.2.20/24"),
                "when": bridge,
            },
        )
    return {
        "profile": "embedded",
        "title": profile["title"],
        "schema": schema,
        "values": values,
        "origins": origins,
        "choices": {"network.name": choices},
        "notices": notices,
        "phases": [{key: phase[key] for key in ("id", "title", "expected_s")} for phase in profile["phases"]],
    }
