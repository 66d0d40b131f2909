# SPDX-License-Identifier: Apache-2.0
"""The preflight report."""

from __future__ import annotations

from .errors import add_name
from .texts import Json, msg


def check(
    id: str,
    title: str,
    severity: str,
    why: str,
    summary: Json,
    remedy: Json | None = None,
    remedy_job: Json | None = None,
) -> Json:
    return {
        "id": id,
        "title": msg(f"check.{id}", title),
        "severity": severity,
        "summary": summary,
        "evidence": [{"source": "/proc/cpuinfo", "value": "flags: fpu vme de pse tsc msr pae mce cx8"}],
        "why": msg(f"check.{id}.why", why),
        "remedy": remedy,
        "remedy_job": remedy_job,
        "path": None,
    }


def report(kind: str) -> Json:
    kvm = "Without it guests run ten to a hundred times slower: enough to try things out, not to work."
    port = "The Manager reaches this host over port 54321, and only one agent can own a host."
    results = [
        check(
            "kvm",
            "Hardware virtualization",
            "ok",
            kvm,
            msg("kvm.ok", "Guests run with hardware virtualization ({flag}).", flag="svm"),
        ),
        check(
            "memory",
            "Memory",
            "ok",
            "A host that runs out of memory kills its largest process, which would be the engine VM.",
            msg("memory.ok", "{free} MiB are free, {asked} MiB are asked for.", free=51_200, asked=1024),
        ),
    ]
    if kind in ("warning", "error"):
        results.append(
            check(
                "disk",
                "Disk space",
                "warning",
                "A guest whose disk cannot grow is paused in the middle of its work.",
                msg(
                    "disk.tight",
                    "{free} GiB are free; the engine's disk of {asked} GiB would take nearly all.",
                    free=11,
                    asked=10,
                ),
                msg("disk.remedy", "Make room, choose another directory, or ask for a smaller disk."),
            )
        )
    if kind == "unresolved":
        results.append(
            check(
                "resolves",
                "Name resolution",
                "warning",
                "Administrators and clients reach the Manager by its name, and its certificate is made for it.",
                msg(
                    "checks.resolves.unknown",
                    "{fqdn} is not known to this host's name service.",
                    fqdn="engine.example.com",
                ),
                msg(
                    "checks.resolves.hosts_file",
                    "Add it to the DNS, or this line to /etc/hosts of every machine that uses it: {line}",
                    line="192.0.2.40 engine.example.com",
                ),
                add_name(),
            )
        )
    if kind == "error":
        results.append(
            check(
                "vdsm",
                "Agent port",
                "error",
                port,
                msg("vdsm", "vdsm runs here (pid {pid}): this host already belongs to a Manager.", pid="812"),
                msg("vdsm.remedy", "Remove the host from that Manager and stop vdsmd, or deploy on another host."),
            )
        )
    else:
        results.append(check("vdsm", "Agent port", "ok", port, msg("vdsm.ok", "Port {port} is free.", port="54321")))
    verdict = {"unresolved": "warning"}.get(kind, kind)
    return {"verdict": verdict, "results": results, "elapsed_s": 0.4}
