# SPDX-License-Identifier: Apache-2.0
"""The config drive: four small files on an ISO 9660 volume, as NoCloud has it; see docs/architecture.md."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.tools import find_program
from ..errors import RhvError
from ..messages import msg
from .answers import get

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import Deployment

LABEL = "cidata"
ADMIN_USER = "admin@internal"
#: Seconds after the engine's first start in which the token is good.
TOKEN_VALID_S = 3600


def drive_files(
    deployment: Deployment, answers: Mapping[str, Any], admin_password_hash: str, root_password_hash: str | None
) -> dict[str, str]:
    """Name to content. ``answers`` are complete and valid; of the token only its hash is here."""
    fqdn = get(answers, "engine.fqdn")
    hostname = fqdn.partition(".")[0]
    user: dict[str, Any] = {"hostname": hostname, "fqdn": fqdn, "ssh_authorized_keys": []}
    key = get(answers, "engine.root_ssh_key")
    if key:
        user["ssh_authorized_keys"] = [key.strip()]
    if root_password_hash:
        user["root_password_hash"] = root_password_hash
    engine = {
        "version": 1,
        "fqdn": fqdn,
        "admin": {"user": ADMIN_USER, "password_hash": admin_password_hash},
        "enrollment": {
            "token_sha256": hashlib.sha256(deployment.token().encode("ascii")).hexdigest(),
            "valid_s": TOKEN_VALID_S,
        },
        "job_public_key": deployment.job_public_key(),
    }
    return {
        "meta-data": _json({"instance-id": deployment.record.instance_id, "local-hostname": hostname}),
        "user-data": "#cloud-config\n" + _json(user),
        "network-config": _json(network_config(answers, deployment.record.mac)),
        "rhv-engine.json": _json(engine),
    }


def network_config(answers: Mapping[str, Any], mac: str) -> dict[str, Any]:
    """Netplan, version 2, for the one NIC with this MAC address."""
    port: dict[str, Any] = {"match": {"macaddress": mac}}
    if get(answers, "network.mode") == "static":
        port["dhcp4"] = False
        port["addresses"] = [get(answers, "network.address")]
        port["routes"] = [{"to": "default", "via": get(answers, "network.gateway")}]
    else:
        port["dhcp4"] = True
    dns = get(answers, "network.dns")
    if dns:
        port["nameservers"] = {"addresses": list(dns)}
    return {"version": 2, "ethernets": {"engine": port}}


def build_drive(target: Path, files: Mapping[str, str]) -> None:
    """Write the ISO to ``target``, 0600, whole or not at all. Raises RhvError ``drive.*``; OSError.

    The files lie in a 0700 folder beside it while the tool runs: they hold password hashes, and neither /tmp nor an
    argument list is the place for those.
    """
    tool = find_program(("xorriso", "genisoimage", "mkisofs"))
    if tool is None:
        raise RhvError(
            "drive.no_tool",
            msg("drive.no_tool", "No program to build the config drive is installed."),
            msg("drive.no_tool.hint", "Install the package xorriso."),
        )
    # xorriso is its own program unless told to speak mkisofs.
    personality = ["-as", "mkisofs"] if Path(tool).name == "xorriso" else []
    for stale in scratch_folders(target):
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        content = Path(folder, "content")
        content.mkdir(mode=0o700)
        for name, text in files.items():
            with open(
                os.open(content / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
            ) as out:
                out.write(text)
        image = Path(folder, "image")
        image.touch(mode=0o600)
        argv = [tool, *personality, "-quiet", "-J", "-R", "-V", LABEL, "-o", str(image), str(content)]
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True
        )
        if done.returncode != 0:
            raise RhvError(
                "drive.failed",
                msg("drive.failed", "The config drive could not be built."),
                msg("drive.failed.hint", "Is there room in {folder}?", folder=str(target.parent)),
                done.stdout.strip(),
            )
        os.chmod(image, 0o600)
        os.replace(image, target)


def scratch_folders(target: Path) -> list[Path]:
    """What :func:`build_drive` leaves beside ``target`` when it is killed; it holds the hashes of passwords."""
    name = re.compile(re.escape(f".{target.name}.") + "[a-z0-9_]{8}")  # as tempfile names it
    try:
        with os.scandir(target.parent) as entries:
            return [
                Path(entry) for entry in entries if name.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, indent=1) + "\n"
