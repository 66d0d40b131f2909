# SPDX-License-Identifier: Apache-2.0
"""The first boot takes an engine over from its previous disk; a test changes the one thing it is about."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from appliance.firstboot import __main__ as firstboot
from appliance.firstboot import adopt, previous, system
from appliance.firstboot.drive import DriveError

if TYPE_CHECKING:
    from pathlib import Path

Owners = list[tuple[str, int, int]]


def put(root: Path, name: str, text: str, mode: int = 0o644) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The root file system of an engine; its Manager has the number 990."""
    root = tmp_path / "old"
    put(
        root,
        "etc/passwd",
        "root:x:0:0::/root:/bin/bash\nrhv-engine:x:990:990::/:/bin/false\nsomebody:x:1000:1000::/:\n",
    )
    put(root, "etc/group", "root:x:0:\nrhv-engine:x:990:\n")
    put(root, "etc/shadow", "root:$y$hash:1::::::\nrhv-engine:!*:1::::::\n", 0o640)
    put(root, "etc/hostname", "engine\n")
    put(root, "etc/hosts", "127.0.1.1 engine.example.com engine\n")
    put(root, "etc/machine-id", "a" * 32 + "\n")
    put(root, "etc/rhv-engine/engine.json", '{"fqdn": "engine.example.com"}', 0o640)
    put(root, "etc/ssh/ssh_host_ed25519_key", "host key", 0o600)
    put(root, "etc/ssh/sshd_config.d/05-rhv-engine-root-password.conf", "PermitRootLogin yes\n")
    put(root, "etc/ssh/sshd_config.d/10-rhv-engine.conf", "of the old image\n")
    put(root, "etc/systemd/network/10-rhv-engine-engine.network", "[Match]\n")
    put(root, "root/.ssh/authorized_keys", "ssh-ed25519 AAAA\n", 0o600)
    put(root, "var/lib/rhv-engine/engine.db", "database", 0o640)
    put(root, "var/lib/rhv-engine/pki/ca.key", "secret", 0o600)
    put(root, "var/lib/rhv-engine-firstboot/instance-id", "rhv-1\n")
    return root


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A fresh appliance; its Manager has the number 985."""
    root = tmp_path / "new"
    put(root, "etc/passwd", "root:x:0:0::/root:/bin/bash\nrhv-engine:x:985:986::/:/bin/false\n")
    put(root, "etc/group", "root:x:0:\nrhv-engine:x:986:\n")
    put(root, "etc/machine-id", "b" * 32 + "\n")
    put(root, "etc/ssh/sshd_config.d/10-rhv-engine.conf", "of the new image\n")
    return root


@pytest.fixture(autouse=True)
def owners(monkeypatch: pytest.MonkeyPatch, old: Path) -> Owners:
    """Who files were given to. The old disk's Manager owns what is below /var/lib/rhv-engine."""
    given: Owners = []

    def chown(path: Path, user: int, group: int, **_more: bool) -> None:
        given.append((path.name, user, group))

    class Translated(adopt.Owners):
        def of(self, status: os.stat_result) -> tuple[int, int]:
            return self._users.get(990, 0), self._groups.get(990, 0)

    monkeypatch.setattr("appliance.firstboot.adopt.os.chown", chown)
    monkeypatch.setattr(adopt, "Owners", Translated)
    return given


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_everything_of_the_engine_is_taken_over(old: Path, new: Path, owners: Owners) -> None:
    taken = adopt.adopt(old, new)
    assert taken == adopt.Adopted("rhv-1", "engine", "$y$hash")
    same = set(names(old)) - {"etc/passwd", "etc/group", "etc/shadow", adopt.INSTANCE_ID}
    for name in same - {"etc/ssh/sshd_config.d/10-rhv-engine.conf"}:
        assert (new / name).read_text() == (old / name).read_text(), name
        assert stat.S_IMODE((new / name).stat().st_mode) == stat.S_IMODE((old / name).stat().st_mode), name
    # Numbers of users are the new image's.
    assert {(user, group) for _, user, group in owners} == {(985, 986)}
    assert not [name for name in names(new) if ".new" in name or "adopting" in name]


def test_the_image_s_own_files_and_accounts_stay(old: Path, new: Path) -> None:
    adopt.adopt(old, new)
    assert (new / "etc/ssh/sshd_config.d/10-rhv-engine.conf").read_text() == "of the new image\n"
    assert "985" in (new / "etc/passwd").read_text()
    # The last word is the caller's: until it is said the next boot does everything again.
    assert not (new / adopt.INSTANCE_ID).exists()


def test_numbers_without_a_name_here_become_root_s(old: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    translation = adopt.Owners(old, new)
    values = [0] * 10
    for user, group, expected in ((990, 990, (985, 986)), (1000, 1000, (0, 0)), (0, 0, (0, 0))):
        values[stat.ST_UID], values[stat.ST_GID] = user, group
        assert translation.of(os.stat_result(values)) == expected


def test_a_second_time_gives_the_same(old: Path, new: Path) -> None:
    adopt.adopt(old, new)
    # What a boot that failed in between made up by itself.
    put(new, "etc/ssh/ssh_host_ed25519_key", "made up", 0o600)
    put(new, "var/lib/rhv-engine/engine.db", "made up")
    put(new, "var/lib/.rhv-engine.adopting/half", "broken off")
    adopt.adopt(old, new)
    assert (new / "etc/ssh/ssh_host_ed25519_key").read_text() == "host key"
    assert (new / "var/lib/rhv-engine/engine.db").read_text() == "database"
    assert not (new / "var/lib/.rhv-engine.adopting").exists()


@pytest.mark.parametrize("name", adopt.REQUIRED)
def test_a_disk_without_an_engine_is_refused(old: Path, new: Path, name: str) -> None:
    (old / name).rename(old / "elsewhere")
    before = names(new)
    with pytest.raises(DriveError, match=name):
        adopt.adopt(old, new)
    assert names(new) == before


def test_the_manager_has_no_settings_until_all_else_is_there(
    old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt.adopt(old, new)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("appliance.firstboot.adopt.shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        adopt.adopt(old, new)
    assert not (new / adopt.SETTINGS).exists()


def test_a_large_database_grows_the_disk_first(old: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr("appliance.firstboot.adopt.subprocess.run", lambda command, **_: ran.append(command))
    adopt.adopt(old, new)
    assert ran == []
    monkeypatch.setattr(adopt, "_SPARE", 2**62)
    adopt.adopt(old, new)
    assert ran == [["/usr/lib/rhv-engine-firstboot/grow-root"]]


def test_links_and_no_devices(old: Path, new: Path) -> None:
    (old / "var/lib/rhv-engine/current").symlink_to("pki")
    os.mkfifo(old / "var/lib/rhv-engine/pipe")
    adopt.adopt(old, new)
    assert os.readlink(new / "var/lib/rhv-engine/current") == "pki"
    assert not (new / "var/lib/rhv-engine/pipe").exists()


def test_the_disk_is_known_by_its_serial_number(tmp_path: Path) -> None:
    for name, serial in (("vda", None), ("vdb", "rhv-previous"), ("vdc", "other")):
        (tmp_path / name).mkdir()
        if serial is not None:
            put(tmp_path, f"{name}/serial", serial)
    dev = tmp_path / "dev"
    assert previous.find(tmp_path, dev) == dev / "vdb1"
    (tmp_path / "vdb/serial").write_text("rhv-previous-2")
    assert previous.find(tmp_path, dev) is None


def test_a_failure_is_a_sentence_and_leaves_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "engine.json"
    settings.write_text("{}")
    monkeypatch.setattr(adopt, "SETTINGS", str(settings))
    monkeypatch.setattr(firstboot, "_STATE", tmp_path / "instance-id")
    monkeypatch.setattr(firstboot, "_wait_for_first", lambda: (None, tmp_path / "vdb1"))

    class Mounted:
        def __enter__(self) -> Path:
            raise DriveError("the previous disk is damaged")

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(previous, "mounted", lambda *_: Mounted())
    assert firstboot.main() == 1
    assert "was not taken over: the previous disk is damaged" in capsys.readouterr().out
    assert not settings.exists()
    assert not (tmp_path / "instance-id").exists()


def test_what_was_taken_over_is_said_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(firstboot, "_STATE", tmp_path / "instance-id")
    monkeypatch.setattr(firstboot, "_wait_for_first", lambda: (None, tmp_path / "vdb1"))

    class Mounted:
        def __enter__(self) -> Path:
            return tmp_path

        def __exit__(self, *_: object) -> None:
            done.append("unmounted")

    monkeypatch.setattr(previous, "mounted", lambda *_: Mounted())
    monkeypatch.setattr(adopt, "adopt", lambda _folder: adopt.Adopted("rhv-1", "engine", "*"))
    monkeypatch.setattr(system, "set_root_password", lambda text: done.append(f"password {text}"))
    monkeypatch.setattr(system, "set_hostname", lambda text: done.append(f"host {text}"))
    assert firstboot.main() == 0
    assert done == ["unmounted", "password *", "host engine"]
    assert (tmp_path / "instance-id").read_text() == "rhv-1\n"
    assert "took over engine, instance rhv-1" in capsys.readouterr().out
