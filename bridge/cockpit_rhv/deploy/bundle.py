# SPDX-License-Identifier: Apache-2.0
"""Everything about a job in one archive, for whoever is asked for help. Holds no password, hash, key or token.

What is put in is listed here file by file; ``private/vars.json`` (hashes) and the state folder's key and token are not.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
from typing import TYPE_CHECKING, Any, Callable

from .. import __version__
from ..checks.agent_port import AGENT_UNIT
from ..errors import RhvError
from ..host.facts import read_host_facts
from ..jobs.model import EXCLUSIVE_KINDS, unit_name
from ..jobs.store import JobStore
from ..redaction import redact_bytes
from . import places
from .config import read_engine_config
from .state import RECORD, read_record
from .upgrade_record import UPGRADE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from ..jobs.model import JobSpec
    from .config import EngineConfig
    from .state import Record

_COMMAND_S = 20.0
#: Of one file or one command's output; the end tells more than the beginning.
_LIMIT = 8 * 2**20


def write_bundle(job_id: str, output: BinaryIO, store: JobStore | None = None) -> None:
    """Write ``rhv-<job>.tar.gz`` to ``output``. Raises RhvError ``job.*``, ``access.denied``; OSError of the output.

    What cannot be read is in it as a file that says why.
    """
    store = store or JobStore()
    folder = store.folder(job_id)
    spec = store.spec(job_id)
    with tarfile.open(fileobj=output, mode="w|gz") as archive:
        for name, read in _contents(folder, spec):
            # None of it should hold a secret; what programs of others wrote might.
            content, _ = redact_bytes(read)
            entry = tarfile.TarInfo(f"rhv-{job_id}/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
            archive.addfile(entry, io.BytesIO(content))


def _vm(spec: JobSpec) -> str:
    """The engine VM a job is about. A cleanup or an upgrade has no answers: its engine is the one on record."""
    asked = spec.answers.get("engine", {}).get("name", "")
    if asked or spec.kind not in EXCLUSIVE_KINDS:
        return str(asked)
    readers: Sequence[Callable[[], EngineConfig | Record | None]] = (read_engine_config, read_record)
    for read in readers:
        try:
            found = read()
        except (OSError, RhvError):
            # The damaged file itself is in the archive.
            continue
        if found is not None and found.name:
            return found.name
    return ""


def _contents(folder: Path, spec: JobSpec) -> Iterator[tuple[str, bytes]]:
    about = {"cockpit_rhv": __version__, "written_s": round(time.time(), 3), "job": folder.name}
    yield "about.json", _json(about)
    yield "job/answers.json", _json(spec.to_json())
    for name in ("status.json", "events.ndjson", "summary.json"):
        yield f"job/{name}", _file(folder / name)
    for path in sorted((folder / "private" / "artifacts").glob("*/stdout")):
        yield f"job/output-{path.parent.name}.txt", _file(path)
    yield "host/facts.json", _or_why(lambda: _json(read_host_facts()))
    yield "host/checks.json", _or_why(_checks)
    yield "host/journal-job.txt", _command(["journalctl", "--no-pager", f"--unit={unit_name(folder.name)}"])
    yield "host/journal-agent.txt", _command(["journalctl", "--no-pager", "--lines=2000", f"--unit={AGENT_UNIT}"])
    libvirt = ["--unit=libvirtd", "--unit=virtqemud", "--unit=virtnetworkd"]
    yield "host/journal-libvirt.txt", _command(["journalctl", "--no-pager", "--lines=2000", *libvirt])
    yield "host/guests.txt", _command(["virsh", "--readonly", "list", "--all"])
    yield "host/networks.txt", _command(["ip", "address"]) + b"\n" + _command(["ip", "route"])
    vm = _vm(spec)
    if vm:
        # Not --security-info: a console's password stays out.
        yield "engine/domain.xml", _command(["virsh", "--readonly", "dumpxml", "--domain", vm])
        for path in places.vm_files(vm):
            yield f"engine/{path.name}", _file(path)
    yield "engine/engine.json", _file(places.engine_json())
    if spec.kind in EXCLUSIVE_KINDS:
        for name in (RECORD, UPGRADE):
            yield f"engine/{name}", _file(places.state_dir() / name)


def _checks() -> bytes:
    from ..checks.context import Context
    from ..checks.registry import run_checks

    return _json(run_checks(None, Context()).to_json())


def _json(value: Any) -> bytes:
    # Text of the host may hold what UTF-8 cannot say: half a surrogate pair, bytes of an old file name.
    return json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _file(path: Path) -> bytes:
    def read() -> bytes:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _LIMIT))
            return stream.read(_LIMIT)

    return _or_why(read)


def _command(argv: Sequence[str]) -> bytes:
    def run() -> bytes:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_COMMAND_S,
            check=False,
        )
        return done.stdout[-_LIMIT:]

    return _or_why(run)


def _or_why(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - a defect of ours in one part must not cost the others
        return f"(not to be had: {error})\n".encode("utf-8", "backslashreplace")
