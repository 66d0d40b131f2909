# SPDX-License-Identifier: Apache-2.0
"""Bad things on a test host for the tests of bad input; all of them are taken away again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.testhost.host import TestHost

FOLDER = "/srv/bad"
ELSEWHERE = "elsewhere.rhv.test"

_MAKE = f"""\
set -eu
mkdir -p {FOLDER}
cd {FOLDER}
seal() {{ for image; do sha256sum "$image" > "$image.sha256"; done; }}
qemu-img create -q -f qcow2 good.qcow2 3G
qemu-img create -q -f qcow2 large.qcow2 6G
cp good.qcow2 truncated.qcow2
cp good.qcow2 cut.qcow2
cp good.qcow2 altered.qcow2
cp good.qcow2 unsealed.qcow2
echo 'not a disk at all' > text.qcow2
qemu-img create -q -f qcow2 -F qcow2 -b good.qcow2 overlay.qcow2
seal good.qcow2 large.qcow2 truncated.qcow2 altered.qcow2 text.qcow2 overlay.qcow2
truncate -s 196700 truncated.qcow2
truncate -s 100000 cut.qcow2
seal cut.qcow2
printf x | dd of=altered.qcow2 bs=1 seek=150000 conv=notrunc status=none
mkdir readonly taken linked-disk earlier 'full of others' target
mkdir -m 0700 closed
mount --bind readonly readonly
mount -o remount,bind,ro readonly
ln -s target strangers-link
chown -h viewer: strangers-link
ln -s target roots-link
ln -s /nonexistent/images dangling
ln -s circle circle
echo "somebody's" > taken/HostedEngine.qcow2
ln -s /etc/shadow linked-disk/HostedEngine.qcow2
cp large.qcow2 earlier/HostedEngine.qcow2
echo x > 'full of others/other.qcow2'
printf '198.51.100.9 {ELSEWHERE} # bad\\n@host@ alias.rhv.test # bad\\n' >> /etc/hosts
ping -c 1 -W 2 -n @gateway@ > /dev/null
"""

_REMOVE = f"""\
umount {FOLDER}/readonly
rm -rf {FOLDER}
sed -i '/ # bad$/d' /etc/hosts
"""


class Things:
    """Made by a shell inside; :meth:`fill` puts this network's addresses into a text."""

    def __init__(self, host: TestHost) -> None:
        self._host = host
        address = host.network.address
        self._names = {
            "gateway": address(1),
            "host": address(10),
            "free": address(50),
            "silent": address(77),
            "zero": address(0),
            # This machine's bridge is the gateway: the test host's bridge has heard of it.
            "peer": Path(f"/sys/class/net/{host.network.bridge}/address").read_text().strip(),
        }

    def make(self) -> None:
        """Set everything up."""
        script = _MAKE
        for name in ("host", "gateway"):
            script = script.replace(f"@{name}@", self._names[name])
        self._host.container.run("sh", "-c", script)

    def remove(self) -> None:
        """Undo it."""
        self._host.container.run("sh", "-c", _REMOVE)

    def fill(self, text: str) -> str:
        """``text`` with each {name} replaced."""
        for name, value in self._names.items():
            text = text.replace(f"{{{name}}}", value)
        return text
