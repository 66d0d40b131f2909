# SPDX-License-Identifier: Apache-2.0
"""What a deployment must remember to be resumed: identities of the VM, the job's key, the enrolment token.

Everything lies in one folder, 0700, its files 0600; :meth:`Deployment.forget_secrets` ends key and token.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..checks.agent_port import AGENT_UNIT
from ..errors import RhvError
from ..jobs.files import read_json, sync_folder, write_json
from ..messages import msg
from . import places
from .stored import from_stored

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VERSION = 1
RECORD = "deployment.json"
_KEY = "job.key"
_TOKEN = "token"  # noqa: S105 - a file's name
_CA = "ca.pem"
_TOKEN_BYTES = 32


@dataclass
class Record:
    """``deployment.json``. ``disk_inode`` and ``disk_sha256``: the finished copy and the image it is a copy of.

    ``started``: a VM has been started on that disk. ``leftovers``: files earlier, unfinished deployments made.
    ``closing``: the Manager is being told to forget the key. ``discard``: the answers have changed; the unfinished VM
    and its disk go before anything else is made. ``made``: pairs of kind and name of everything else that was not so
    before, noted before it was changed; None in a record of version 0.1.0, which noted nothing. ``folder``, ``file``:
    made; ``pool``: libvirt's storage pool, defined; ``volume``: logical volume, made; ``lock_manager``: libvirt's,
    turned on; ``lease_enabled``, ``lease_started``: units, switched on for it; ``signed``: this host's name beside a
    disk on shared storage; ``network_started``, ``network_autostart``, ``unit_enabled``, ``unit_started``: switched
    on; ``domain``: VM of an unfinished deployment that was taken over, named by its job.
    """

    job: str
    uuid: str
    mac: str
    instance_id: str
    name: str = ""
    disk: str = ""
    disk_inode: int = 0
    disk_sha256: str = ""
    started: bool = False
    drive: str = ""
    ca_sha256: str = ""
    address: str = ""
    engine_version: str = ""
    host_id: str = ""
    host_name: str = ""
    host_address: str = ""
    closing: bool = False
    finished: bool = False
    discard: bool = False
    leftovers: list[str] = field(default_factory=list)
    made: list[list[str]] | None = None

    def files(self) -> frozenset[str]:
        """Every file this deployment and unfinished ones before it have made; a volume's device is none."""
        paths = (self.disk, self.drive, *self.leftovers)
        return frozenset(path for path in paths if path and not path.startswith("/dev/"))


class Deployment:
    """The state of one deployment. Not safe against two deployments at once: the job engine sees to that."""

    def __init__(self, folder: Path, record: Record) -> None:
        self.folder = folder
        self.record = record

    @classmethod
    def open(cls, job: str, folder: Path | None = None) -> Deployment:
        """The state of this job, made anew when there is none or an unfinished one of another job.

        Raises RhvError ``engine.deployed`` when another job's engine is in use, ``state.damaged``; OSError.
        """
        folder = folder or places.state_dir()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(folder, 0o700)
        known = read_record(folder)
        if known is not None and known.job == job:
            return cls(folder, known)
        if known is not None and known.finished and places.engine_json().exists():
            raise RhvError(
                "engine.deployed",
                msg("engine.deployed", "An engine is already deployed from this host."),
                msg("engine.deployed.hint", "Use that engine, or remove it first; a second one is never put over it."),
                f"deployment {known.job}",
            )
        # What an unfinished deployment before this one left is this one's to remove.
        deployment = cls(folder, _taking_over(job, known) if known else new_record(job, []))
        # A token or key of an unfinished deployment must not open the engine of the next.
        deployment.forget_secrets()
        deployment.save()
        return deployment

    def save(self) -> None:
        """Write the record, durably. Raises OSError."""
        write_json(
            self.folder / RECORD, {"version": VERSION, **dataclasses.asdict(self.record)}, 0o600, gid=0, durable=True
        )

    def update(self, **changes: Any) -> None:
        """Change fields of the record and save it when that made a difference."""
        fresh = dataclasses.replace(self.record, **changes)
        if fresh != self.record:
            self.record = fresh
            self.save()

    def note(self, kind: str, name: str) -> None:
        """Remember, before it is made or switched on, what a cleanup has to undo; see :class:`Record`."""
        known = made_by(self.record)
        if [kind, name] not in known:
            self.update(made=[*known, [kind, name]])

    def note_new_file(self, path: Path) -> None:
        """As :meth:`note`, for a file, and only when it does not exist yet."""
        if not os.path.lexists(path):
            self.note("file", str(path))

    def note_new_folder(self, path: Path) -> None:
        """As :meth:`note`, for a folder and those above it that do not exist yet."""
        for folder in reversed([path, *path.parents]):
            if not folder.exists():
                self.note("folder", str(folder))

    def begin_anew(self) -> None:
        """Fresh identities for the engine VM, after the one of the answers before was thrown away."""
        old = self.record
        fresh = new_record(old.job, sorted(old.files()), made_by(old))
        self.forget_secrets()
        self.ca_file.unlink(missing_ok=True)
        self.record = fresh
        self.save()

    def job_key(self) -> Ed25519PrivateKey:
        """The key that signs the job's assertions; made when first asked for."""
        from . import job_key

        path = self.folder / _KEY
        if not path.exists():
            _write_secret(path, job_key.generate())
        try:
            return job_key.load(path.read_bytes())
        except ValueError as error:
            raise _damaged(f"{path}: {error}") from error

    def job_public_key(self) -> str:
        """PEM, SubjectPublicKeyInfo."""
        from .job_key import public_pem

        return public_pem(self.job_key())

    def token(self) -> str:
        """The one-time enrolment token; made when first asked for."""
        path = self.folder / _TOKEN
        if not path.exists():
            _write_secret(path, secrets.token_urlsafe(_TOKEN_BYTES).encode("ascii"))
        return path.read_text(encoding="ascii")

    def has_secrets(self) -> bool:
        """Key and token have not been forgotten yet."""
        return (self.folder / _KEY).exists()

    def forget_secrets(self) -> None:
        """Delete key and token."""
        for name in (_KEY, _TOKEN):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def ca_file(self) -> Path:
        """The Manager's CA once its fingerprint has been proved."""
        return self.folder / _CA

    def pin_ca(self, pem: str) -> None:
        """Keep the proved CA."""
        _write_secret(self.ca_file, pem.encode("ascii"))


def new_record(job: str, leftovers: list[str], made: list[list[str]] | None = None) -> Record:
    """Fresh identities. The MAC is of QEMU's own range (52:54:00)."""
    tail = ":".join(f"{byte:02x}" for byte in secrets.token_bytes(3))
    vm = str(uuid.uuid4())
    return Record(
        job=job,
        uuid=vm,
        mac=f"52:54:00:{tail}",
        instance_id=f"rhv-{vm}",
        leftovers=leftovers,
        made=[] if made is None else made,
    )


def _taking_over(job: str, old: Record) -> Record:
    made = made_by(old)
    if old.started or old.drive:
        # Its VM may be there still, under another name: it is found by the mark of its deployment.
        made = [*made, ["domain", old.job]]
    return new_record(job, sorted(old.files()), made)


def made_by(record: Record) -> list[list[str]]:
    """``record.made``, or what version 0.1.0 made without noting it.

    The latter without folders and networks: those it may have found there.
    """
    if record.made is not None:
        return record.made
    files = [*places.pki_files(), places.engine_json()]
    if record.name:
        files += places.vm_files(record.name)
    agent = record.host_id or places.engine_json().exists()
    units = [["unit_enabled", AGENT_UNIT], ["unit_started", AGENT_UNIT]] if agent else []
    return [*units, *(["file", str(path)] for path in files)]


def read_record(folder: Path | None = None) -> Record | None:
    """The record of the current or last deployment, None without one. Raises RhvError ``state.damaged``."""
    path = (folder or places.state_dir()) / RECORD
    try:
        value = read_json(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(f"{path}: {error}") from error
    try:
        return from_stored(Record, value)
    except ValueError as error:
        raise _damaged(f"{path}: {error}") from error


def _damaged(detail: str) -> RhvError:
    return RhvError(
        "state.damaged",
        msg("state.damaged", "The state of the deployment on this host is damaged."),
        msg(
            "state.damaged.hint",
            "Restore the file from a backup. Or clean up (cockpit-rhv cleanup): that finds the engine VM by its mark "
            "and keeps the damaged file.",
        ),
        detail,
    )


def _write_secret(path: Path, content: bytes) -> None:
    """Whole or not at all, 0600, on the disk when this returns."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
