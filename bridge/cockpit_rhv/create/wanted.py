# SPDX-License-Identifier: Apache-2.0
"""What a new guest is to be, as it was asked for, and what is wrong with it by itself."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..deploy.secrets import hash_root_password
from ..deploy.validate import FieldError
from ..errors import RhvError
from ..messages import msg
from .images import GIB

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_NAME = 200
#: libvirt appends up to 8 bytes to the name for its own files, of which a name has 255.
MOST_NAME_BYTES = 240
LEAST_MEMORY_MIB = 32
MOST_DISK_GIB = 65_536
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE)
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_KEY = re.compile(r"(ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\x00-\x1f]*)?")


@dataclass(frozen=True)
class Cloud:
    """What cloud-init is told. ``password_hash``: as crypt(3) has it, empty for none; ``ssh_key`` may be empty."""

    hostname: str
    user: str
    ssh_key: str
    password_hash: str


@dataclass(frozen=True)
class Wanted:
    """``source``: empty, iso, image (a copy of one) or disk (one used as it is), with its ``path``.

    ``folder``: of the new disk. ``disk_gib``: None leaves an image as large as it is. ``network``: (network or
    bridge, its name), None for no card. ``firmware``: bios or efi.
    """

    name: str
    source: str
    path: str
    folder: str
    disk_gib: int | None
    memory_mib: int
    vcpus: int
    network: tuple[str, str] | None
    firmware: str
    autostart: bool
    start: bool
    cloud: Cloud | None

    def to_json(self) -> dict[str, Any]:
        """For the job; holds no plaintext."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Wanted:
        """Inverse of :meth:`to_json`."""
        cloud, network = value["cloud"], value["network"]
        return cls(
            **{
                **value,
                "cloud": Cloud(**cloud) if cloud else None,
                "network": (network[0], network[1]) if network else None,
            }
        )

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Wanted:
        """From the parameters of ``machines.create``: the password becomes its hash here.

        Raises RhvError ``secrets.root_password`` for one that breaks the rule, ``secrets.no_openssl``.
        """
        source, network, cloud = params["source"], params["network"], params["cloud"]
        return cls(
            name=params["name"],
            source=source["kind"],
            path=source["path"] or "",
            folder=params["folder"],
            disk_gib=params["disk_gib"],
            memory_mib=params["memory_mib"],
            vcpus=params["vcpus"],
            network=None if network is None else (network["kind"], network["name"]),
            firmware=params["firmware"],
            autostart=params["autostart"],
            start=params["start"],
            cloud=None
            if cloud is None
            else Cloud(
                cloud["hostname"],
                cloud["user"],
                cloud["ssh_key"].strip(),
                hash_root_password(cloud["password"]) if cloud["password"] else "",
            ),
        )


def check_name(name: str) -> RhvError | None:
    """What is wrong with a guest's name by itself."""
    if not name.strip():
        return RhvError("create.name", msg("create.name.empty", "A guest needs a name."))
    if len(name) > MOST_NAME or len(name.encode("utf-8", "replace")) > MOST_NAME_BYTES:
        return RhvError(
            "create.name",
            msg(
                "create.name.long",
                "The name is too long: {characters} characters and {size} bytes at most.",
                characters=MOST_NAME,
                size=MOST_NAME_BYTES,
            ),
        )
    if name != name.strip():
        return RhvError("create.name", msg("create.name.spaces", "The name must not begin or end with a space."))
    # Cc: control characters; Cs: halves of a character; Cn: U+FFFE and others that XML cannot have.
    if "/" in name or name in (".", "..") or any(unicodedata.category(one) in ("Cc", "Cs", "Cn") for one in name):
        return RhvError(
            "create.name", msg("create.name.signs", "The name must not have a slash, a line break or the like in it.")
        )
    return None


def check_wanted(wanted: Wanted) -> list[FieldError]:
    """Everything that is wrong by itself, at most one error a field; ``path`` as in ``machines.create``."""
    found: list[FieldError] = []
    problem = check_name(wanted.name)
    if problem is not None:
        found.append(FieldError("name", problem))
    if wanted.memory_mib < LEAST_MEMORY_MIB:
        found.append(_bounds("memory_mib", msg("create.memory.least", "At least {least} MiB.", least=LEAST_MEMORY_MIB)))
    if wanted.vcpus < 1:
        found.append(_bounds("vcpus", msg("create.vcpus.least", "At least one vCPU.")))
    if wanted.source in ("empty", "iso") and wanted.disk_gib is None:
        found.append(_bounds("disk_gib", msg("create.disk.missing", "The new disk needs a size.")))
    if wanted.disk_gib is not None and not 1 <= wanted.disk_gib <= MOST_DISK_GIB:
        text = msg("create.disk.bounds", "From 1 to {most} GiB.", most=MOST_DISK_GIB)
        found.append(_bounds("disk_gib", text))
    if wanted.cloud is not None:
        found += _check_cloud(wanted.cloud)
    return found


def disk_bytes(wanted: Wanted) -> int | None:
    """Size of the new disk, None for as large as its source is."""
    return None if wanted.disk_gib is None else wanted.disk_gib * GIB


def _check_cloud(cloud: Cloud) -> list[FieldError]:
    found = []
    if not _HOSTNAME.fullmatch(cloud.hostname) or len(cloud.hostname) > 253:
        text = msg("create.cloud.hostname", "A host name has letters, digits, inner hyphens and dots only.")
        found.append(FieldError("cloud.hostname", RhvError("create.cloud", text)))
    if not _USER.fullmatch(cloud.user):
        text = msg(
            "create.cloud.user",
            "A user name has small letters, digits, hyphens and underscores, 32 at most, and begins with a letter.",
        )
        found.append(FieldError("cloud.user", RhvError("create.cloud", text)))
    if cloud.ssh_key and not _KEY.fullmatch(cloud.ssh_key):
        text = msg("create.cloud.ssh_key", "This is no public SSH key: it begins with its kind, such as ssh-ed25519.")
        found.append(FieldError("cloud.ssh_key", RhvError("create.cloud", text)))
    if not cloud.ssh_key and not cloud.password_hash:
        text = msg("create.cloud.nothing", "Without a key and a password nobody could log in.")
        found.append(FieldError("cloud.ssh_key", RhvError("create.cloud", text)))
    return found


def _bounds(path: str, text: Any) -> FieldError:
    return FieldError(path, RhvError("create.bounds", text))
