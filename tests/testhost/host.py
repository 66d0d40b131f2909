# SPDX-License-Identifier: Apache-2.0
"""A virtualization host for the demo and the tests: container, network, users, Cockpit's certificate, our package."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.testhost import certs, root
from tests.testhost.container import Container
from tests.testhost.network import HOST_MAC, Network
from tests.testhost.root import BUILD

if TYPE_CHECKING:
    from pathlib import Path

BRIDGE = "ovirtmgmt"

_BRIDGE_PROFILE = f"""\
[connection]
id={BRIDGE}
type=bridge
interface-name={BRIDGE}
autoconnect=true
[bridge]
stp=false
[ethernet]
cloned-mac-address={HOST_MAC}
[ipv4]
method=auto
[ipv6]
method=link-local
"""

_PORT_PROFILE = f"""\
[connection]
id=host0
type=ethernet
interface-name=host0
controller={BRIDGE}
port-type=bridge
master={BRIDGE}
slave-type=bridge
autoconnect=true
"""

# Without udev in the container NetworkManager would wait for it for ever before it manages a veth. What tests make
# (rhv…) is theirs: else it asks for an address there, and after 45 s in vain takes the interface out of its bridge.
_NM_CONF = """\
[main]
plugins=keyfile
[device]
match-device=*
managed=1
[keyfile]
unmanaged-devices=interface-name:virbr*;interface-name:vnet*;interface-name:rhv*
"""


@dataclass
class TestHost:
    """One host. ``suite`` names the Debian release, ``network`` its range on this machine."""

    __test__ = False  # not a test class, whatever its name

    name: str
    suite: str
    network: Network
    fqdn: str = "host1.rhv.test"
    user: str = "admin"

    def __post_init__(self) -> None:
        folder = BUILD / "hosts" / self.name
        self.images = folder / "images"
        appliance = BUILD / "appliance"
        self.container = Container(
            self.name,
            BUILD / "roots" / self.suite,
            self.network,
            binds={self.images: "/var/lib/libvirt/images"},
            read_only_binds={appliance: "/usr/share/cockpit-rhv/appliance"},
        )
        self.run_dir = folder / "run"

    @property
    def address(self) -> str:
        return self.network.address(10)

    @property
    def cockpit_url(self) -> str:
        return f"https://{self.address}:9090/"

    @property
    def password_file(self) -> Path:
        return self.container.folder / "password"

    @property
    def password(self) -> str:
        return self.password_file.read_text().strip()

    @property
    def ca_file(self) -> Path:
        """The CA that signed Cockpit's certificate."""
        return self.container.folder / "ca" / "ca.pem"

    @property
    def provisioned(self) -> bool:
        return self.password_file.exists()

    def up(self, *debs: Path) -> None:
        """Bring the host up with our packages installed; what exists already is used again."""
        root.build(self.suite)
        self.network.up(self.run_dir)
        self.container.mount()
        self.images.mkdir(exist_ok=True)
        if not self.provisioned:
            self._provision()
        self.container.boot()
        if debs:
            self.install(*debs)

    def _provision(self) -> None:
        box = self.container
        box.write("/etc/hostname", self.fqdn.split(".")[0] + "\n")
        box.write("/etc/hosts", f"127.0.0.1 localhost\n{self.address} {self.fqdn} {self.fqdn.split('.')[0]}\n")
        box.write("/etc/NetworkManager/NetworkManager.conf", _NM_CONF)
        box.write(f"/etc/NetworkManager/system-connections/{BRIDGE}.nmconnection", _BRIDGE_PROFILE, 0o600)
        box.write("/etc/NetworkManager/system-connections/host0.nmconnection", _PORT_PROFILE, 0o600)
        certificate, key = certs.issue(self.container.folder / "ca", self.fqdn, self.address)
        box.write("/etc/cockpit/ws-certs.d/50-testhost.cert", certificate)
        box.write("/etc/cockpit/ws-certs.d/50-testhost.key", key, 0o600)
        box.boot()
        password = secrets.token_urlsafe(12)
        box.run("useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", self.user)
        box.run("useradd", "--create-home", "--shell", "/bin/bash", "viewer")
        box.run("chpasswd", input=f"{self.user}:{password}\nviewer:{password}\n")
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(password + "\n")

    def install(self, *debs: Path) -> None:
        """Install our packages with apt, as an administrator would; a package of the same content is left alone."""
        for deb in debs:
            inside = f"/var/tmp/{deb.name}"
            target = self.container.root / inside.lstrip("/")
            if target.exists() and target.read_bytes() == deb.read_bytes():
                continue
            shutil.copyfile(deb, target)
            self.container.run(
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "install",
                "-y",
                "--no-install-recommends",
                "--reinstall",
                "--allow-downgrades",
                inside,
            )

    def down(self) -> None:
        """Remove everything this host put on the machine."""
        self.container.stop()
        self.network.down()
        self.container.remove()
