# SPDX-License-Identifier: Apache-2.0
"""A real libvirtd that asks for a password before it lets anybody write, as vdsm sets it up."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import opening

from tests.wire.libvirt_daemon import MISSING, NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.libvirt_daemon import LibvirtDaemon

_LIBRARY, _PLUGINS = "libsasl2.so.2", "*-linux-gnu/sasl2/libsasldb.so"
pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    pytest.mark.skipif(not list(Path("/usr/lib").glob(_PLUGINS)), reason="needs libsasl2-modules-db"),
]

PASSWORD = "a password of vdsm's"


def make_database(path: Path, password: bytes) -> None:
    """What ``saslpasswd2 -a libvirt -u ovirt vdsm`` makes, for tests on a machine without that program."""
    sasl = ctypes.CDLL(_LIBRARY)
    options = {b"sasldb_path": str(path).encode(), b"auxprop_plugin": b"sasldb", b"pwcheck_method": b"auxprop"}
    texts = ctypes.POINTER(ctypes.c_char_p)
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, texts, ctypes.POINTER(ctypes.c_uint)
    )

    def option(_context: object, _plugin: bytes, name: bytes, value: ctypes.Array[ctypes.c_char_p], _size: int) -> int:
        if name not in options:
            return -1
        value[0] = options[name]
        return 0

    class Callback(ctypes.Structure):
        _fields_ = (("id", ctypes.c_ulong), ("function", ctypes.c_void_p), ("context", ctypes.c_void_p))

    option_function = kind(option)
    # The library keeps no copy, and without them it writes to the host's own database.
    callbacks = (Callback * 2)(
        Callback(1, ctypes.cast(option_function, ctypes.c_void_p), None), Callback(0, None, None)
    )
    assert sasl.sasl_server_init(callbacks, b"libvirt") == 0
    connection = ctypes.c_void_p()
    assert sasl.sasl_server_new(b"libvirt", None, b"ovirt", None, None, None, 0, ctypes.byref(connection)) == 0
    assert sasl.sasl_setpass(connection, b"vdsm", password, len(password), None, 0, 1) == 0
    sasl.sasl_dispose(ctypes.byref(connection))
    sasl.sasl_server_done()
    del callbacks, option_function
    assert path.exists()


@pytest.fixture
def locked(daemon: LibvirtDaemon) -> Iterator[LibvirtDaemon]:
    """The daemon with a password before its socket, until the test ends."""
    folder = daemon.folder / "sasl"
    folder.mkdir()
    make_database(folder / "passwd.db", PASSWORD.encode())
    (folder / "libvirt.conf").write_text(f"mech_list: scram-sha-256\nsasldb_path: {folder}/passwd.db\n")
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, NOBODY, NOBODY)
    settings = daemon.folder / "libvirtd.conf"
    before = settings.read_text()
    daemon.stop()
    settings.write_text(before.replace('auth_unix_rw="none"', 'auth_unix_rw="sasl"'))
    daemon.environ["SASL_CONF_PATH"] = str(folder)
    daemon.start()
    yield daemon
    daemon.stop()
    settings.write_text(before)
    daemon.start()


@pytest.fixture
def password_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "libvirt_password"
    monkeypatch.setattr(opening, "VDSM_PASSWORD", file)
    return file


def test_with_vdsms_password_guests_are_changed(locked: LibvirtDaemon, password_file: Path) -> None:
    password_file.write_text(f"{PASSWORD}\n")
    opened = opening.open_libvirt(locked.uri(), writable=True)
    try:
        assert (opened.access, opened.user) == ("read-write", "vdsm@ovirt")
        domain = opened.conn.defineXML(
            "<domain type='qemu'><name>one</name><memory>8192</memory>"
            "<os><type arch='x86_64' machine='pc'>hvm</type></os></domain>"
        )
        domain.undefine()
    finally:
        opened.conn.close()


@pytest.mark.parametrize("written", [None, "another password\n"])
def test_without_the_right_one_nobody_gets_in(
    locked: LibvirtDaemon, password_file: Path, written: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    if written is not None:
        password_file.write_text(written)
    with pytest.raises(RhvError) as caught:
        opening.open_libvirt(locked.uri(), writable=True)
    assert caught.value.code == "libvirt.auth"
    assert written is None or written.strip() not in f"{caught.value.detail}{capfd.readouterr()}"
