# SPDX-License-Identifier: Apache-2.0
"""What an operation would do: resume with other answers, a cleanup, an import."""

from __future__ import annotations

import hashlib
import json

from .form import form
from .jobs import profile_phases
from .texts import GIB, Json, error, msg

DISK = "/var/lib/libvirt/images/HostedEngine.qcow2"


#: The disk of the version before, as the engine's settings have it.
PREVIOUS = {"disk": f"{DISK}.previous", "version": "0.1.0", "replaced_s": 1_767_358_900}


class Refused(Exception):
    """The answer is an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(error["code"])
        self.error = error


def begun_answers() -> Json:
    """What the unfinished deployment was started with: a fixed address that is wrong."""
    values: Json = json.loads(json.dumps(form(True)["values"]))
    network = {"kind": "bridge", "name": "br0", "mode": "static", "address": "192.0.2.30/24", "gateway": "192.0.2.1"}
    return {**values, "version": 1, "profile": "embedded", "network": network}


def resume_plan(answers: Json, new_password: bool) -> Json:
    """Changes are found as the real helper does; any of them reaches the engine VM."""
    old = _leaves(begun_answers())
    new = _leaves(answers)
    unset = {"accept.emulation": False}
    changes = [
        {"path": path, "old": old.get(path), "new": new.get(path)}
        for path in dict.fromkeys([*old, *new])
        if old.get(path, unset.get(path)) != new.get(path, unset.get(path))
    ]
    errors = []
    if new.get("network.address") == "192.0.2.20/24":
        taken = error("address.taken", msg("address.taken", "Enter an IP address, such as 192.0.2.1."))
        errors.append({"path": "network.address", "error": taken})
    order = [phase["id"] for phase in profile_phases("phases")]
    unfinished = order[order.index("engine") :]
    inside = bool(changes) or new_password
    run = order if inside else unfinished
    text = msg("resume.discards", "The unfinished engine VM and its disk are thrown away and made anew.")
    return {
        "errors": errors,
        "changes": [] if errors else changes,
        "phases": [] if errors else run,
        "again": [] if errors else [phase for phase in run if phase not in unfinished],
        "discards": text if inside and not errors else None,
    }


def _leaves(value: Json, prefix: str = "") -> Json:
    found: Json = {}
    for name, member in value.items():
        if isinstance(member, dict):
            found.update(_leaves(member, f"{prefix}{name}."))
        else:
            found[prefix + name] = member
    return found


def cleanup_plan(kind: str) -> Json:
    """``rest`` of a deployment, ``grown`` (one thing more), the whole ``engine``, a ``damaged`` one, ``nothing``."""
    disk = msg("cleanup.disk", "The engine's disk, with everything on it.")
    items = [
        _item(
            "domain",
            "HostedEngine",
            msg("cleanup.domain", "The engine VM: it is switched off and its definition removed."),
        ),
        _item("disk", DISK, disk, int(2.6 * GIB)),
        _item(
            "drive",
            "/var/lib/libvirt/images/HostedEngine-config.iso",
            msg("cleanup.drive", "The config drive of the engine VM's first start."),
            401_408,
        ),
        _item(
            "network",
            "default",
            msg("cleanup.network_started", "libvirt's network is stopped again, unless another guest uses it."),
        ),
        _item(
            "state",
            "/var/lib/cockpit-rhv/engine",
            msg("cleanup.state", "What the deployment remembers to be resumed: identities, its key, its token."),
        ),
    ]
    # Where its settings are lost the engine goes by the name of its VM.
    engine = {"engine": "engine.example.com", "damaged": "HostedEngine"}.get(kind)
    if kind == "damaged":
        about = msg(
            "cleanup.aside",
            "Damaged. It is not removed, but gets the name {kept}.",
            kept="/etc/cockpit-rhv/engine.json.damaged",
        )
        items.append(_item("file", "/etc/cockpit-rhv/engine.json", about))
    if kind in ("grown", "engine"):
        items += [
            _item(
                "unit",
                "cockpit-rhv-agent.service",
                msg("cleanup.unit", "The agent of this host is stopped, and no longer starts with it."),
            ),
            _item("file", "/etc/cockpit-rhv/engine.json", msg("cleanup.file", "A file of this deployment."), 4096),
            _item("file", "/etc/cockpit-rhv/pki/agent.key", msg("cleanup.file", "A file of this deployment."), 4096),
            _item(
                "registration",
                "host1",
                msg(
                    "cleanup.registration",
                    "This host's entry and certificate in the Manager go together with the engine's disk.",
                ),
            ),
        ]
    items = [] if kind == "nothing" else items
    return {
        "fingerprint": hashlib.sha256(json.dumps([item["id"] for item in items]).encode()).hexdigest(),
        "items": items,
        "kept": [msg("cleanup.kept.jobs", "The logs of earlier jobs stay, so that you can read what happened.")],
        "loses_engine": engine is not None,
        "engine": engine,
        "complete": True,
    }


def _item(kind: str, name: str, about: Json, size_bytes: int | None = None) -> Json:
    return {"id": f"{kind}:{name}", "kind": kind, "name": name, "about": about, "size_bytes": size_bytes}


def upgrade_plan(kind: str) -> Json:
    """There is ``none`` to make, a ``newer`` appliance, or the way ``back`` after one."""
    plan: Json = {
        "running": "0.2.0" if kind == "back" else "0.1.0",
        "image": None,
        "newer": False,
        "refusal": None,
        "phases": profile_phases("upgrade"),
        "notes": [
            msg(
                "upgrade.note.down",
                "The Manager cannot be reached for about a minute. Guests on the hosts go on running.",
            )
        ],
        "previous": None,
        "unfinished": None,
        "back": None,
    }
    if kind == "newer":
        path = "/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2"
        plan.update(newer=True, image={"path": path, "version": "0.2.0", "size_bytes": int(1.1 * GIB)})
    if kind == "back":
        loss = msg(
            "rollback.loss",
            "The engine returns to version {version} as it was when it was shut down for the upgrade. What was changed"
            " in the Manager since then is lost. Guests on the hosts go on running.",
            version="0.1.0",
        )
        plan["previous"] = {**PREVIOUS, "size_bytes": 2 * GIB}
        plan["back"] = {"version": "0.1.0", "loss": loss}
    return plan


def denied() -> Json:
    return error(
        "access.denied",
        msg("access.denied", "Only an administrator may do this."),
        msg("access.denied.hint", "Turn on administrative access."),
    )


def changed() -> Json:
    return error(
        "cleanup.changed",
        msg("cleanup.changed", "What there is to remove has changed since it was shown."),
        msg("cleanup.changed.hint", "Look at the new list; nothing was removed."),
    )


def imported(text: str) -> Json:
    """Answers of a file of JSON, the only kind this stand-in reads."""
    try:
        answers = json.loads(text)
    except ValueError as reason:
        message = msg("answers.syntax", "The answers are neither YAML nor JSON.")
        raise Refused(error("answers.syntax", message, None, str(reason))) from reason
    errors = []
    if answers.get("engine", {}).get("memory_mib", 1024) < 768:
        low = msg("validate.range", "Enter a number from {minimum} to {maximum}.", minimum=768, maximum=1_048_576)
        errors.append({"path": "engine.memory_mib", "error": error("answers.range", low)})
    return {"answers": answers, "errors": errors}
