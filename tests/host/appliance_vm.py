# SPDX-License-Identifier: Apache-2.0
"""The appliance in plain QEMU, without libvirt and without a host of ours: what it does by itself."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAC = "52:54:00:12:34:56"
FIRST_CONTACT = "org.cockpit-rhv.first-contact"


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Vm:
    """One virtual machine with its files in ``folder``: disk, serial log, first-contact file, QMP socket."""

    def __init__(self, folder: Path, image: Path, size: str, key: Path) -> None:
        self.folder, self.key = folder, key
        self.disk = folder / "disk.qcow2"
        self.https_port, self.ssh_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(image), str(self.disk), size]
        subprocess.run(command, check=True)

    def start(self, drive: Path | None) -> None:
        """Power on; serial log and first-contact file begin anew."""
        for name in ("serial", "contact"):
            (self.folder / name).write_bytes(b"")
        # As the deployment's domain has it: q35, the most capable processor, virtio.
        command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"]
        command += ["-smp", "1", "-m", "1024", "-nodefaults", "-no-user-config", "-display", "none"]
        command += ["-drive", f"file={self.disk},if=none,id=disk,discard=unmap", "-device", "virtio-blk-pci,drive=disk"]
        if drive is not None:
            command += ["-drive", f"file={drive},format=raw,if=none,id=drive,readonly=on"]
            command += ["-device", "virtio-blk-pci,drive=drive"]
        ports = f"hostfwd=tcp:127.0.0.1:{self.https_port}-:443,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"
        command += ["-netdev", f"user,id=net,{ports}", "-device", f"virtio-net-pci,netdev=net,mac={MAC}"]
        command += ["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]
        command += ["-chardev", f"file,id=contact,path={self.folder / 'contact'}"]
        command += ["-device", f"virtserialport,chardev=contact,name={FIRST_CONTACT}"]
        command += ["-chardev", f"file,id=serial,path={self.folder / 'serial'}", "-serial", "chardev:serial"]
        command += ["-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def serial(self) -> str:
        """What the serial console showed since power on, without terminal control sequences."""
        text = (self.folder / "serial").read_text(errors="replace")
        return re.sub(r"\x1b[^a-zA-Z]*[a-zA-Z]", "", text).replace("\r", "")

    def contact_lines(self) -> list[dict[str, object]]:
        """The complete lines of the first-contact file."""
        lines = (self.folder / "contact").read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def press_power_button(self) -> None:
        """What ``virsh shutdown`` does."""
        with socket.socket(socket.AF_UNIX) as qmp:
            qmp.settimeout(10)
            qmp.connect(str(self.folder / "qmp"))
            with qmp.makefile("rw") as stream:
                stream.readline()  # QEMU's greeting
                for verb in ("qmp_capabilities", "system_powerdown"):
                    stream.write(json.dumps({"execute": verb}) + "\n")
                    stream.flush()
                    while "return" not in (answer := json.loads(stream.readline())):
                        assert "event" in answer, answer

    def wait_for_end(self, limit_s: float) -> None:
        """Until QEMU ends by itself. Raises subprocess.TimeoutExpired."""
        assert self.process is not None
        assert self.process.wait(limit_s) == 0
        self.process = None

    def kill(self) -> None:
        """Whatever the test left running."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ssh_command(self, *options: str) -> list[str]:
        """ssh to root in the VM, asking for nothing and remembering nothing."""
        fixed = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=20"]
        command = ["ssh", "-p", str(self.ssh_port), "-o", "BatchMode=yes"]
        for option in (*fixed, *options):
            command += ["-o", option]
        return [*command, "root@127.0.0.1"]

    def run(self, command: str) -> str:
        """Output of a shell command in the VM, by root's key. Tried again while sshd starts."""
        deadline = time.monotonic() + 90
        while True:
            ssh = [*self.ssh_command("IdentitiesOnly=yes", f"IdentityFile={self.key}"), command]
            done = subprocess.run(ssh, capture_output=True, text=True, timeout=120, check=False)
            # 255 is ssh's own failure, all others are the command's.
            if done.returncode != 255 or time.monotonic() > deadline:
                assert done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}"
                return done.stdout
            time.sleep(1)
