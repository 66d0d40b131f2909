# SPDX-License-Identifier: Apache-2.0
"""An NFS export tested: mounted where nobody else sees it, looked at as QEMU's user, and gone again."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import Message, msg
from .earlier import wipe_files
from .files import Files
from .private_mounts import PrivateMounts
from .programs import Overdue
from .reach import name_step, port_step
from .steps import ERROR, OK, SKIPPED, UNKNOWN, WARNING, Found, Step, missing_program, undone_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .document import Nfs
    from .earlier import Earlier
    from .programs import Programs

logger = logging.getLogger(__name__)

PORT, PORTMAPPER = 2049, 111
#: A mount of the test gives up by itself where a real one would wait for ever. timeo is in tenths of a second.
_PATIENCE = ("soft", "timeo=30", "retrans=1", "retry=0")
_MOUNT_S = 15.0
_SHOWMOUNT_S = 5.0
_UNMOUNT_S = 8.0
#: Options by which NFS does not go over TCP: nfs(5).
_NOT_TCP = re.compile(r"udp6?|rdma|proto=(udp6?|rdma6?)")
_LOCAL_LOCKS = re.compile(r"nolock|local_lock=(all|posix|flock)")


class NfsTest:
    """One test of one export."""

    def __init__(
        self, document: Nfs, programs: Programs, need_gib: float | None, earlier: Earlier | None = None
    ) -> None:
        self._document = document
        self._programs = programs
        self._private = PrivateMounts(programs)
        self._files = Files(str(self._private.place), programs, need_gib, earlier=earlier)
        self._mounted = False
        if earlier is not None:
            earlier.unseen = next(iter(self._local_locks()), None)

    def steps(self) -> list[Step]:
        """In the order they are done."""
        shared = {step.id: step for step in self._files.steps()}
        return [
            Step(
                "client",
                msg("storage.nfs.client.title", "NFS client"),
                msg("storage.nfs.client.why", "Mounting needs the kernel's NFS client and a helper program."),
                self.client,
            ),
            Step(
                "name",
                msg("storage.name.title", "Server name"),
                msg("storage.name.why", "This host looks the name up at every mount, after each reboot too."),
                lambda: name_step([self._document.server], self._programs, {}),
            ),
            Step(
                "port",
                msg("storage.port.title", "Server port"),
                msg("storage.port.why", "A firewall that drops packets lets a mount hang for minutes."),
                self.port,
            ),
            Step(
                "export",
                msg("storage.nfs.export.title", "Export"),
                msg("storage.nfs.export.why", "The server must export this very path to this host."),
                self.export,
            ),
            Step(
                "mount",
                msg("storage.nfs.mount.title", "Mount"),
                msg("storage.nfs.mount.why", "Version and options are tried as they will be used."),
                self.mount,
            ),
            shared["write"],
            shared["root"],
            Step("locks", shared["locks"].title, shared["locks"].why, self.locks),
            shared["space"],
            shared["content"],
            shared["latency"],
            undone_step(self.undo),
        ]

    def client(self) -> Found:
        """mount.nfs and the kernel's client."""
        if shutil.which("mount.nfs") is None and not Path("/sbin/mount.nfs").exists():
            return self._kernel() or missing_program("mount.nfs", "nfs-common (Debian), nfs-utils (EL)")
        lacking = self._kernel()
        if lacking is not None:
            return lacking
        return Found(OK, msg("storage.nfs.client.ok", "This host can mount NFS."), [("PATH", "mount.nfs")])

    def _kernel(self) -> Found | None:
        known = Path("/proc/filesystems").read_text("utf-8")
        if re.search(r"\bnfs4?$", known, re.MULTILINE):
            return None
        try:
            done = self._programs.run(["modprobe", "nfs"], 10.0)
        except FileNotFoundError:
            reason = "no modprobe"
        else:
            if done.code == 0:
                return None
            reason = done.said
        return Found(
            ERROR,
            msg("storage.nfs.no_kernel", "There is no NFS client in this kernel."),
            [("/proc/filesystems", "no nfs"), ("modprobe nfs", reason)],
            msg(
                "storage.nfs.no_kernel.remedy",
                "Boot a kernel with the nfs module; in a container, load it on the machine below.",
            ),
            stop=True,
        )

    def port(self) -> Found:
        """2049, or what the options say; for version 3 the port mapper, too."""
        ports = _ports(self._document.server, self._document.version, self._document.options)
        if not ports:
            text = msg("storage.nfs.port.other", "The options choose another way than TCP; the mount will tell.")
            return Found(SKIPPED, text, [("options", ",".join(self._document.options))])
        return port_step(ports, self._programs, [])

    def export(self) -> Found:
        """What showmount lists; a server of version 4 alone need not tell, the mount does."""
        server, path = self._document.server, self._document.path
        if shutil.which("showmount") is None:
            text = msg("storage.nfs.export.no_program", "showmount is not installed; the mount will tell.")
            return Found(SKIPPED, text, [("PATH", "showmount")])
        source = f"showmount -e {server}"
        try:
            done = self._programs.run(["showmount", "--no-headers", "-e", "--", server], _SHOWMOUNT_S)
        except Overdue as error:
            return Found(SKIPPED, _UNLISTED, [(source, str(error))])
        if done.code != 0:
            return Found(SKIPPED, _UNLISTED, [(source, done.said)])
        exports = parse_exports(done.out)
        evidence = [(source, done.out or "nothing")]
        # A folder below an export can be mounted, too; with version 4 paths begin at the pseudo root.
        if any(path == known or path.startswith(known.rstrip("/") + "/") for known in exports):
            return Found(OK, msg("storage.nfs.export.ok", "The server exports {path}.", path=path), evidence)
        listed = ", ".join(sorted(exports)) or "-"
        text = msg(
            "storage.nfs.export.missing",
            "{path} is not among the server's exports: {listed}.",
            path=path,
            listed=listed,
        )
        remedy = msg(
            "storage.nfs.export.remedy", "Choose one of these, or export the path on the server (exportfs -ra)."
        )
        if self._document.version == "3":
            return Found(ERROR, text, evidence, remedy, stop=True)
        return Found(WARNING, text, evidence, remedy)

    def mount(self) -> Found:
        """Mount in a namespace of its own."""
        self._private.__enter__()
        inside = self._files.programs = self._private.programs
        source, options = self.source(), ",".join(self.options())
        argv = ["mount", "-t", "nfs", "-o", options, "--", source, str(self._private.place)]
        done = inside.run(argv, _MOUNT_S)
        evidence = [(" ".join(argv), done.said or "mounted")]
        if done.code != 0:
            text, remedy = explain_mount(done.said)
            return Found(ERROR, text, evidence, remedy, stop=True)
        self._mounted = True
        shown = mounted_options(inside.run(["cat", "/proc/self/mountinfo"], 5.0).out, str(self._private.place))
        evidence.append(("/proc/self/mountinfo", shown))
        version = re.search(r"(?:^|,)vers=([0-9.]+)", shown)
        if version is None:
            return Found(
                UNKNOWN, msg("storage.nfs.mount.unseen", "It is mounted, but the kernel does not show how."), evidence
            )
        if "ro" in shown.split(","):
            text = msg("storage.nfs.mount.read_only", "It is mounted read-only.")
            return Found(ERROR, text, evidence, msg("storage.nfs.mount.rw", "Leave out the option ro."), stop=True)
        text = msg("storage.nfs.mount.ok", "It is mounted as NFS version {version}.", version=version.group(1))
        return Found(OK, text, evidence)

    def source(self) -> str:
        """``server:path`` as mount(8) wants it."""
        server = self._document.server
        return f"[{server}]:{self._document.path}" if ":" in server else f"{server}:{self._document.path}"

    def options(self) -> list[str]:
        """The document's options, then the version, then what lets the test end; of two the later one holds."""
        version = [] if self._document.version == "auto" else [f"vers={self._document.version}"]
        asked = [option for option in self._document.options if option != "hard"]
        return [*asked, *version, *_PATIENCE]

    def _local_locks(self) -> list[str]:
        """Options that keep locks on this host."""
        return [option for option in self._document.options if _LOCAL_LOCKS.fullmatch(option)]

    def locks(self) -> Found:
        """Locks, and whether the other hosts would see them."""
        found = self._files.locks()
        local = self._local_locks()
        if found.severity == OK and local:
            text = msg(
                "storage.nfs.locks.local", "Because of {option} other hosts do not see the locks.", option=local[0]
            )
            remedy = msg("storage.nfs.locks.remedy", "Leave out that option, or two hosts can start the same guest.")
            return Found(WARNING, text, found.evidence, remedy)
        return found

    def wipe(self, files: Sequence[Mapping[str, str]], confirmed: bool) -> list[str]:
        """As :func:`wipe_files`, mounted for that long.

        Raises RhvError ``storage.silent``, ``storage.not_mounted``, ``storage.earlier.local``.
        """
        local = self._local_locks()
        if local:
            raise RhvError(
                "storage.earlier.local",
                msg(
                    "storage.earlier.local",
                    "With {option} this host does not see whether another one runs that engine.",
                    option=local[0],
                ),
                msg("storage.earlier.local.hint", "Nothing was deleted. Leave out that option and test again."),
            )
        refuse_silent(self._document.server, self._document.version, self._document.options, self._programs)
        try:
            found = self.mount()
            if found.stop:
                detail = "; ".join(f"{source}: {value}" for source, value in found.evidence)
                raise RhvError("storage.not_mounted", found.summary, found.remedy, detail)
            return wipe_files(self._files.path, self._files.programs, files, confirmed)
        finally:
            undone = self.undo()
            if undone.severity != OK:
                logger.warning("after deleting: %s", undone.summary)

    def undo(self) -> Found:
        """Unmount, and leave the namespace, which would unmount all the same."""
        evidence = []
        if self._mounted:
            undoing = self._files.programs.uncancelled()
            try:
                done = undoing.run(["umount", str(self._private.place)], _UNMOUNT_S)
                evidence.append((f"umount {self._private.place}", done.said or "unmounted"))
            except Overdue as error:
                # The namespace's end takes it away; the kernel lets go of the server when its own limits are over.
                evidence.append((f"umount {self._private.place}", str(error)))
        self._private.__exit__(None, None, None)
        here = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
        if mounted_options(here, str(self._private.place)):
            text = msg(
                "storage.undone.mounted", "The test's mount is still there: {place}.", place=str(self._private.place)
            )
            return Found(ERROR, text, evidence)
        return Found(OK, msg("storage.undone.ok", "Nothing of the test is left on this host."), evidence)


def _ports(server: str, version: str, options: Sequence[str]) -> list[tuple[str, int]]:
    """The server's TCP ports, one of which answers when a mount can be tried; none where TCP is not the way."""
    if any(_NOT_TCP.fullmatch(option) for option in options):
        return []
    said = [option.partition("=")[2] for option in options if option.startswith("port=")]
    # 0: the port mapper is asked
    port = int(said[-1]) if said and said[-1].isdigit() else PORT
    return [(server, port or PORT), *([(server, PORTMAPPER)] if version == "3" or port == 0 else [])]


def refuse_silent(server: str, version: str, options: Sequence[str], programs: Programs) -> None:
    """Raise RhvError ``storage.silent`` unless one of the server's ports answers, within seconds.

    A mount of a server that is silent takes minutes to fail, and whoever waits for it takes libvirt for dead.
    """
    try:
        found = name_step([server], programs, {})
        ports = _ports(server, version, options)
        if not found.stop and ports:
            found = port_step(ports, programs, [])
    except OSError as error:
        text = msg("storage.step.unreadable", "What the step needs cannot be read: {reason}", reason=str(error))
        raise RhvError("storage.silent", text, None, str(error)) from error
    if found.stop:
        detail = "; ".join(f"{source}: {value}" for source, value in found.evidence)
        raise RhvError("storage.silent", found.summary, found.remedy, detail)


def parse_exports(text: str) -> dict[str, str]:
    """Path and clients of each line of ``showmount --no-headers -e``. The last word is clients."""
    exports = {}
    for line in text.splitlines():
        words = line.rsplit(None, 1)
        if words and words[0].startswith("/"):
            exports[words[0].strip()] = words[1] if len(words) == 2 else ""
    return exports


def mounted_options(mountinfo: str, place: str) -> str:
    """Options, the file system's own among them, of what lies on ``place`` (proc_pid_mountinfo(5)); "" for nothing."""
    shown = ""
    for line in mountinfo.splitlines():
        fields, dash, rest = line.partition(" - ")
        words, tail = fields.split(), rest.split()
        if dash and len(words) >= 6 and words[4] == place:
            shown = ",".join([words[5], *tail[2:3]])
    return shown


def explain_mount(said: str) -> tuple[Message, Message]:
    """Sentence and remedy for what mount.nfs printed: its exit code is 32 whatever is wrong."""
    lowered = said.lower()
    for words, text, remedy in _MOUNT_FAILURES:
        if any(word in lowered for word in words):
            return text, remedy
    return (
        msg(
            "storage.nfs.mount.failed", "It cannot be mounted: {reason}", reason=said.splitlines()[-1] if said else "?"
        ),
        msg("storage.nfs.mount.failed.remedy", "See the server's log for this host's request."),
    )


_UNLISTED = msg("storage.nfs.export.unlisted", "The server does not list its exports; the mount will tell.")
_VERSION = msg("storage.nfs.mount.version.remedy", "Choose another version, or automatic; see what the server offers.")
#: nfs-utils' words (utils/mount/error.c), recorded in tests/unit/test_storage_nfs.py.
_MOUNT_FAILURES: tuple[tuple[tuple[str, ...], Message, Message], ...] = (
    (
        ("access denied by server", "permission denied"),
        msg("storage.nfs.mount.denied", "The server does not let this host mount it."),
        msg("storage.nfs.mount.denied.remedy", "Export the path to this host's address on the server (exportfs -ra)."),
    ),
    (
        ("statd",),
        msg("storage.nfs.mount.statd", "Locks of NFS 3 need rpc.statd, which cannot be started."),
        msg("storage.nfs.mount.statd.remedy", "Start rpcbind and rpc-statd, or use version 4."),
    ),
    (
        ("no such file or directory",),
        msg("storage.nfs.mount.no_path", "The server has no such path."),
        msg(
            "storage.nfs.mount.no_path.remedy",
            "Correct the path; with version 4 it begins at the server's pseudo root (fsid=0).",
        ),
    ),
    (
        ("protocol not supported", "version or transport protocol is not supported", "protocol family not supported"),
        msg("storage.nfs.mount.version", "The server does not offer this version of NFS."),
        _VERSION,
    ),
    (
        ("incorrect mount option", "invalid argument", "bad option", "invalid value"),
        msg("storage.nfs.mount.options", "The mount options are not accepted."),
        msg("storage.nfs.mount.options.remedy", "Correct the options, or leave them out."),
    ),
    (
        ("stale file handle",),
        msg("storage.write.stale", "The server has forgotten this directory (stale file handle)."),
        msg("storage.write.stale.remedy", "Export it again on the server (exportfs -ra); it was removed or replaced."),
    ),
    (
        ("not a directory",),
        msg("storage.write.file", "It is not a directory."),
        msg("storage.write.gone.remedy", "Make the directory, or correct the path."),
    ),
    (
        ("timed out", "connection refused", "no route to host", "network is unreachable"),
        msg("storage.nfs.mount.silent", "The NFS server does not answer the mount."),
        msg("storage.step.overdue.remedy", "See whether the server is up and the way to it is free; try again."),
    ),
    (
        ("unknown filesystem type", "no such device"),
        msg("storage.nfs.no_kernel", "There is no NFS client in this kernel."),
        msg(
            "storage.nfs.no_kernel.remedy",
            "Boot a kernel with the nfs module; in a container, load it on the machine below.",
        ),
    ),
    (
        ("operation not permitted",),
        msg("storage.nfs.mount.forbidden", "The server refuses this host's way of asking."),
        msg(
            "storage.nfs.mount.forbidden.remedy",
            "The server may want ports below 1024: leave out noresvport, or export with insecure.",
        ),
    ),
)
