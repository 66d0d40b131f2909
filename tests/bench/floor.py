# SPDX-License-Identifier: Apache-2.0
"""The floor under a deployment, run inside a test host: ``cp``, ``virsh``, wait for health.

``python3 floor.py ANSWERS.json`` prints one JSON object of seconds. Config drive and domain XML are made before the
clock starts, by the code the deployment uses, so that the engine VM is equal and equally fresh.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cockpit_rhv.deploy import domain_xml, drive, places, state
from cockpit_rhv.deploy.secrets import hash_admin_password

POLL_S = 0.1


def healthy(address: str) -> bool:
    """Whether the Manager's health page answers; its certificate is not looked at here."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        url = f"https://{address}/ovirt-engine/services/health"
        with urllib.request.urlopen(url, timeout=2, context=context) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)


def main() -> None:
    """Measure once; the engine VM is left running."""
    answers: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    name, folder = answers["engine"]["name"], answers["storage"]["path"]
    address = answers["network"]["address"].partition("/")[0]
    with tempfile.TemporaryDirectory() as scratch:
        deployment = state.Deployment.open("20260101-000000-flor", Path(scratch, "state"))
        iso = places.drive_file(folder, name)
        drive.build_drive(iso, drive.drive_files(deployment, answers, hash_admin_password("floor passphrase"), None))
        disk = places.disk_file(folder, name)
        plan = domain_xml.Plan(
            uuid=deployment.record.uuid,
            mac=deployment.record.mac,
            job=deployment.record.job,
            disk=str(disk),
            drive=str(iso),
            kvm=False,
        )
        xml = Path(scratch, "domain.xml")
        xml.write_text(domain_xml.engine_domain(answers, plan))
        began = time.monotonic()
        run("cp", answers["image"]["path"], str(disk))
        run("qemu-img", "resize", "-q", str(disk), f"{answers['engine']['disk_gib']}G")
        copied = time.monotonic()
        run("virsh", "define", str(xml))
        run("virsh", "start", name)
        started = time.monotonic()
        while not healthy(address):
            if time.monotonic() - started > 300:
                raise SystemExit("the engine did not answer within 300 s")
            time.sleep(POLL_S)
        ended = time.monotonic()
    print(json.dumps({"copy_s": copied - began, "boot_s": ended - copied, "total_s": ended - began}))


if __name__ == "__main__":
    main()
