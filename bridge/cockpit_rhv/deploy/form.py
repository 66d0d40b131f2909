# SPDX-License-Identifier: Apache-2.0
"""What a wizard or a command line needs to ask for a deployment: schema, prefilled answers, choices, notices."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..checks.hypervisor import read_hypervisor
from ..errors import RhvError
from ..host.facts import read_host_facts
from ..messages import Message, msg
from ..storage.logical import Group, list_groups
from . import answers as document
from .detect import Host, detect_answers, find_images
from .estimate import scaled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..jobs.model import PhaseSpec
    from .profile import Profile

logger = logging.getLogger(__name__)


def build_form(profile: Profile, host: Host | None = None) -> dict[str, Any]:
    """Definition ``DeployForm`` of ``schemas/common.json`` for this host.

    ``host`` stands in for it in tests. Blocks for some 50 ms. Raises RhvError ``host.*``; OSError.
    """
    host = host or read_host(profile)
    fields = dict(document.fields(profile.schema))
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    detected = detect_answers(host)
    for path, field in fields.items():
        if path in detected:
            value, origin = detected[path], "detected"
        elif "const" in field or "default" in field:
            value, origin = field.get("const", field.get("default")), "default"
        else:
            continue
        document.put(values, path, value)
        # A value that was looked at and left alone is the default all the same.
        origins[path] = "default" if value == field.get("default", field.get("const")) else origin
    return {
        "profile": profile.id,
        "title": profile.title.to_json(),
        "schema": profile.schema,
        "values": values,
        "origins": origins,
        "choices": {path: choices for path, choices in _choices(host).items() if path in fields and choices},
        "notices": [notice for notice in _notices(host) if _concerns(notice, fields)],
        "phases": [_public(phase) for phase in scaled(profile.phases)],
    }


def _public(phase: PhaseSpec) -> dict[str, Any]:
    return {"id": phase.id, "title": phase.title.to_json(), "expected_s": phase.expected_s}


def read_host(profile: Profile) -> Host:
    """The host as it is; without libvirt the form still comes, the preflight says what is missing."""
    try:
        hypervisor = read_hypervisor()
    except RhvError as error:
        logger.info("the form is built without libvirt: %s", error)
        hypervisor = None
    default = dict(document.fields(profile.schema)).get("image.path", {}).get("default", "")
    return Host(read_host_facts(), hypervisor, find_images(default), _volume_groups())


def _volume_groups() -> list[Group]:
    """Those with room for anything; a host that does not tell them has a field to type in."""
    try:
        return [group for group in list_groups() if group.free > 0]
    except RhvError as error:
        logger.info("the form is built without volume groups: %s", error)
        return []


def _choices(host: Host) -> dict[str, list[dict[str, Any]]]:
    bridges = [
        _choice(nic["name"], _bridge_text(nic), {"path": "network.kind", "equals": "bridge"}) for nic in host.bridges
    ]
    networks = [
        _choice(network.name, _network_text(network.active), {"path": "network.kind", "equals": "nat"})
        for network in host.networks
    ]
    groups = [_choice(group.name, _group_text(group.free), None) for group in host.groups]
    images = [_choice(str(path), None, None) for path in host.images] if len(host.images) > 1 else []
    return {"network.name": [*bridges, *networks], "storage.volume_group": groups, "image.path": images}


def _choice(value: str, description: Message | None, when: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "value": value,
        "label": value,
        "description": description.to_json() if description else None,
        "when": when,
    }


def _bridge_text(nic: Mapping[str, Any]) -> Message:
    own = ", ".join(f"{item['address']}/{item['prefix']}" for item in nic["addresses"] if item["family"] == "ipv4")
    if own:
        return msg("form.bridge", "This host has {addresses} on it.", addresses=own)
    return msg("form.bridge_bare", "This host has no address on it.")


def _network_text(active: bool) -> Message:
    if active:
        return msg("form.network_active", "libvirt's network, active.")
    return msg("form.network_inactive", "libvirt's network, inactive; the deployment starts it.")


def _group_text(free: int) -> Message:
    return msg("form.group", "{gib} GiB are free.", gib=round(free / 2**30, 1))


def _notices(host: Host) -> list[dict[str, Any]]:
    notices = []
    if not host.facts["kvm"]["usable"]:
        text = msg("form.emulation", "This host cannot use hardware virtualization: guests run many times slower.")
        notices.append(_notice("emulation", "danger", "engine", text, confirm="accept.emulation"))
    text = msg("form.nat", "Only this host can reach the Manager: the engine VM is behind NAT.")
    notices.append(_notice("nat", "warning", "network", text, when={"path": "network.kind", "equals": "nat"}))
    return notices


def _notice(
    notice_id: str,
    severity: str,
    step: str,
    message: Message,
    confirm: str | None = None,
    when: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": notice_id,
        "severity": severity,
        "step": step,
        "message": message.to_json(),
        "confirm": confirm,
        "when": when,
    }


def _concerns(notice: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """A profile without the answer a notice is about has no use for the notice."""
    about = notice["confirm"] or (notice["when"] or {}).get("path")
    return about is None or about in fields
