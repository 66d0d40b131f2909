# SPDX-License-Identifier: Apache-2.0
"""A systemd-nspawn container on an overlay of a built root: provision, boot, run commands, reboot, remove."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.testhost import cgroups
from tests.testhost.root import BUILD

if TYPE_CHECKING:
    from tests.testhost.network import Network


class ContainerError(RuntimeError):
    """The container did not do what was asked; the text has the end of its console log."""


def _mounted(path: Path) -> bool:
    return any(line.split()[1] == str(path) for line in Path("/proc/mounts").read_text().splitlines())


@dataclass
class Container:
    """``name`` is also the machine name; everything of it lies in ``build/hosts/<name>/``."""

    name: str
    lower: Path
    network: Network
    binds: dict[Path, str] = field(default_factory=dict)
    read_only_binds: dict[Path, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return BUILD / "hosts" / self.name

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    # -- file system ----------------------------------------------------------------------------------------------

    def mount(self) -> None:
        """Lay a fresh writable layer over the built root; a layer that exists is used again."""
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        if not _mounted(self.root):
            options = f"lowerdir={self.lower},upperdir={self.folder / 'upper'},workdir={self.folder / 'work'}"
            subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(self.root)], check=True)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of the (mounted) root; ``path`` is absolute inside it."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(mode=mode)
        target.chmod(mode)
        target.write_text(text)

    # -- life -----------------------------------------------------------------------------------------------------

    def leader(self) -> int | None:
        """Pid, on this machine, of the container's init; None when it does not run."""
        try:
            nspawn = int((self.folder / "nspawn.pid").read_text())
            command = Path(f"/proc/{nspawn}/cmdline").read_bytes().split(b"\0")
            if f"--machine={self.name}".encode() not in command:
                return None
            children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()
            return int(children[0]) if children else None
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None

    def outer_pid(self, inner: int) -> int:
        """What this machine calls the process that the container calls ``inner``. Raises ContainerError."""
        space = os.readlink(f"/proc/{self.leader()}/ns/pid")
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                numbers = (entry / "status").read_text().partition("NSpid:")[2].split("\n")[0].split()
                if numbers[-1:] == [str(inner)] and os.readlink(entry / "ns/pid") == space:
                    return int(entry.name)
            except (FileNotFoundError, ProcessLookupError):
                continue
        raise ContainerError(f"{self.name} has no process {inner}")

    def boot(self, limit_s: float = 120) -> None:
        """Start the container and wait until its systemd has reached its default target."""
        if self.leader() is None:
            self._spawn()
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if self.leader() is not None:
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.2)
        raise ContainerError(f"{self.name} did not finish booting within {limit_s:.0f} s\n{self.console_tail()}")

    def _spawn(self) -> None:
        command = [
            "systemd-nspawn",
            f"--directory={self.root}",
            "--boot",
            "--register=no",
            "--keep-unit",
            f"--machine={self.name}",
            f"--network-bridge={self.network.bridge}",
            "--bind=/dev/net/tun",
            "--capability=all",
            "--system-call-filter=@known",
            "--resolv-conf=off",
            "--timezone=off",
            "--console=pipe",
            "--link-journal=no",
        ]
        command += [f"--bind={source}:{target}" for source, target in self.binds.items()]
        command += [f"--bind-ro={source}:{target}" for source, target in self.read_only_binds.items()]
        if Path("/dev/kvm").exists():
            command.append("--bind=/dev/kvm")
        if Path("/run/systemd/system").is_dir():
            # On a machine with systemd the container needs a scope whose cgroup tree is its own.
            command = [
                "systemd-run",
                "--scope",
                "--quiet",
                f"--unit=cockpit-rhv-testhost-{self.name}",
                "-p",
                "Delegate=yes",
                *command,
            ]
        else:
            command = [*cgroups.entering(f"rhv-{self.name}"), *command]
        with self.console.open("ab") as console:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )
        (self.folder / "nspawn.pid").write_text(f"{process.pid}\n")

    def console_tail(self, lines: int = 25) -> str:
        """The end of what the container's init has printed."""
        if not self.console.exists():
            return ""
        return "\n".join(self.console.read_text(errors="replace").splitlines()[-lines:])

    def stop(self, limit_s: float = 90) -> None:
        """Shut the container down, at last by force."""
        leader = self.leader()
        if leader is None:
            return
        nspawn = int((self.folder / "nspawn.pid").read_text())
        os.kill(leader, signal.SIGRTMIN + 4)  # systemd: poweroff.target
        deadline = time.monotonic() + limit_s
        while Path(f"/proc/{nspawn}").exists() and not _is_zombie(nspawn):
            if time.monotonic() > deadline:
                self.power_cut()
                break
            time.sleep(0.1)
        (self.folder / "nspawn.pid").unlink(missing_ok=True)

    def reboot(self, limit_s: float = 180) -> None:
        """Shut down and boot again, as a host does."""
        self.stop()
        self.boot(limit_s)

    def power_cut(self, limit_s: float = 30) -> None:
        """Everything in it stops at once, as by a power cut; its files are as they were at that moment."""
        leader = self.leader()
        if leader is None:
            return
        nspawn = int((self.folder / "nspawn.pid").read_text())
        os.kill(leader, signal.SIGKILL)
        os.kill(nspawn, signal.SIGKILL)
        # The kernel takes the processes and the network down a moment later; a boot before that finds them in its way.
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            gone = not Path(f"/proc/{leader}").exists() and (not Path(f"/proc/{nspawn}").exists() or _is_zombie(nspawn))
            if gone and not Path(f"/sys/class/net/vb-{self.name}").exists():
                break
            time.sleep(0.1)
        else:
            raise ContainerError(f"{self.name} is still there {limit_s:.0f} s after its power was cut")
        (self.folder / "nspawn.pid").unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop it and delete its writable layer."""
        self.stop()
        cgroups.remove(f"rhv-{self.name}")
        if _mounted(self.root):
            subprocess.run(["umount", str(self.root)], check=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)

    # -- commands -------------------------------------------------------------------------------------------------

    def command(self, *argv: str, user: str | None = None) -> list[str]:
        """The argv that runs ``argv`` inside the container, seen from this machine."""
        leader = self.leader()
        if leader is None:
            raise ContainerError(f"{self.name} does not run\n{self.console_tail()}")
        enter = [
            "nsenter",
            f"--target={leader}",
            "--all",
            "--",
            "env",
            "-i",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
            "LANG=C.UTF-8",
            "HOME=/root",
        ]
        if user:
            enter += ["runuser", "-u", user, "--"]
        return [*enter, *argv]

    def run(
        self, *argv: str, check: bool = True, input: str | None = None, limit_s: float = 300, user: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return its output; a failure raises ContainerError unless ``check`` is off."""
        result = subprocess.run(
            self.command(*argv, user=user), input=input, capture_output=True, text=True, timeout=limit_s, check=False
        )
        if check and result.returncode != 0:
            raise ContainerError(
                f"{' '.join(argv)} in {self.name} ended with {result.returncode}\n{result.stdout}\n{result.stderr}"
            )
        return result

    def popen(
        self,
        *argv: str,
        user: str | None = None,
        stdin: int | IO[bytes] | None = None,
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a command inside."""
        return subprocess.Popen(self.command(*argv, user=user), stdin=stdin, stdout=stdout, stderr=stderr)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
