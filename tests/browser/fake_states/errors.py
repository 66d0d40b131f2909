# SPDX-License-Identifier: Apache-2.0
"""How jobs of the states fail, in the words of the real ones."""

from __future__ import annotations

from .texts import Json, error, msg


def ca_mismatch() -> Json:
    return error(
        "engine.ca_mismatch",
        msg(
            "engine.ca_mismatch",
            "The machine at {address} is not the engine VM: it has another CA.",
            address="192.0.2.30",
        ),
        msg(
            "engine.ca_mismatch.hint",
            "Find out who else has that address; the deployment trusts no one it cannot prove.",
        ),
        "expected 4f:9a:…:11\nreceived 77:02:…:c4\nGET https://192.0.2.30/ovirt-engine/services/pki-resource -> 200",
    )


def not_up() -> Json:
    return error(
        "host.not_up",
        msg(
            "host.not_up",
            "The Manager does not report this host up; its word is {status}.",
            status="non_responsive",
        ),
        msg(
            "host.not_up.hint",
            "The engine must reach port {port} of this host: look at firewall and agent.",
            port=54321,
        ),
        "agent: active (success)\nNov 22 23:30:12 host1 cockpit-rhv-agent[812]: listening on [::]:54321",
        msg("cause.not_up.firewalld", "This host's firewall (firewalld) does not let port {port} through.", port=54321),
        open_port(),
    )


def open_port() -> Json:
    return {
        "task": "open_port",
        "params": {"port": 54321, "zone": "libvirt"},
        "title": msg("remedy.open_port", "Open port {port} in the firewall", port=54321),
    }


def add_name() -> Json:
    return {
        "task": "hosts_entry",
        "params": {"address": "192.0.2.40", "fqdn": "engine.example.com"},
        "title": msg("checks.fqdn.add_entry", "Add {fqdn} to this host's /etc/hosts", fqdn="engine.example.com"),
    }


def interrupted() -> Json:
    return error(
        "job.interrupted",
        msg("job.interrupted", "The job was interrupted: its process ended without a word."),
        msg("job.interrupted.hint", "Resume the job: it goes on at its first unfinished phase."),
        None,
        msg("job.cause.reboot", "This host was restarted, or lost power, while the job ran."),
    )


def task_failed() -> Json:
    return error(
        "job.task_failed",
        msg("job.interrupted", "The job was interrupted: its process ended without a word."),
        None,
        "firewall-cmd: FirewallD is not running",
    )


def config_damaged() -> Json:
    return error(
        "engine.config_damaged",
        msg("engine.config_damaged", "The file {path} is damaged.", path="/etc/cockpit-rhv/engine.json"),
        msg(
            "engine.config_damaged.hint",
            "Restore it from a backup; the engine itself is not affected. Or remove the engine (cockpit-rhv cleanup): "
            "the damaged file is kept.",
        ),
        "Expecting value: line 1 column 1 (char 0)",
    )


def libvirt_stopped() -> Json:
    return error(
        "libvirt.unreachable",
        msg("libvirt.unreachable", "libvirt does not answer."),
        msg(
            "libvirt.start_it",
            "Start the service libvirtd (Debian) or virtqemud (Enterprise Linux), then look at its log.",
        ),
        None,
        msg("cause.libvirt.stopped", "libvirt's daemon does not run."),
        {"task": "start_libvirt", "params": {}, "title": msg("remedy.start_libvirt", "Start libvirt")},
    )


def other_ca() -> Json:
    return error(
        "upgrade.other_ca",
        msg("upgrade.other_ca", "The engine VM came up with another CA: it did not take the engine's data over."),
        None,
        "SHA-256 pinned 4f9a…, found 7702…",
    )


def not_shut_down() -> Json:
    text = "{count} of {total} guests were not shut down: {names}"
    hint = "The log of the job tells why for each; mend that and shut them down again."
    return error(
        "shutdown.some_failed",
        msg("shutdown.some_failed", text, count=1, total=3, names="web-2"),
        msg("shutdown.some_failed.hint", hint),
        "web-2: machine.managed: This guest is run by a Manager.",
    )
