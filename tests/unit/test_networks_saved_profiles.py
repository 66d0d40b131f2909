# SPDX-License-Identifier: Apache-2.0
"""NetworkManager's profiles are put back as they were: byte by byte, and nobody else's with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.networks.saved_profiles import digests, put_back, read_profiles

if TYPE_CHECKING:
    from pathlib import Path

UUID = "d0c1a2e4-0000-4000-8000-00000000000"
KEYFILES, VOLATILE = "etc/NetworkManager/system-connections", "run/NetworkManager/system-connections"


def profile(number: int, more: str = "") -> str:
    return f"[connection]\nid=p{number}\nuuid={UUID}{number}\n{more}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in (KEYFILES, VOLATILE, "etc/sysconfig/network-scripts", "var/lib/NetworkManager"):
        (tmp_path / folder).mkdir(parents=True)
    write(tmp_path, "eth0", profile(0, "# written by hand\n"))
    write(tmp_path, "wlan", profile(1))
    (tmp_path / VOLATILE / "auto").write_text(profile(2))
    (tmp_path / "etc/sysconfig/network-scripts/ifcfg-eth9").write_text(f'UUID="{UUID}9"\n')
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / KEYFILES / name
    path.write_text(text)
    path.chmod(0o600)


def files(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(root)): (path.lstat().st_mode, path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }


def changed(root: Path) -> None:
    """As a change does: one is modified, one is made, one is deleted, one moves out of /run."""
    write(root, "eth0", profile(0, "master=br0\n"))
    write(root, "br0", profile(3))
    (root / KEYFILES / "wlan").unlink()
    (root / VOLATILE / "auto").rename(root / KEYFILES / "auto")
    (root / "var/lib/NetworkManager/no-auto-default.state").write_text("52:54:00:00:00:01\n")


def test_everything_is_as_before(root: Path) -> None:
    before, all_before = read_profiles(root), files(root)
    changed(root)
    after = digests(read_profiles(root))
    restored = put_back(before, after, root)
    assert files(root) == all_before
    assert (restored.others, restored.failed) == ([], {})
    assert put_back(before, after, root).changed == []


def test_in_the_middle_it_is_as_before_too(root: Path) -> None:
    before, all_before = read_profiles(root), files(root)
    changed(root)
    put_back(before, None, root)
    assert files(root) == all_before


def test_after_a_boot_nothing_is_put_into_run(root: Path) -> None:
    before = read_profiles(root)
    changed(root)
    after = digests(read_profiles(root))
    put_back(before, after, root, booted=True)
    assert not (root / VOLATILE / "auto").exists()
    assert not (root / KEYFILES / "auto").exists()
    assert "written by hand" in (root / KEYFILES / "eth0").read_text()
    assert not (root / "var/lib/NetworkManager/no-auto-default.state").exists()


def test_what_somebody_wrote_since_stays_after_a_boot(root: Path) -> None:
    before = read_profiles(root)
    changed(root)
    after = digests(read_profiles(root))
    write(root, "eth0", profile(0, "by=an administrator\n"))
    write(root, "new", profile(7))
    restored = put_back(before, after, root, booted=True)
    assert restored.others == [f"{KEYFILES}/eth0", f"{KEYFILES}/new"]
    assert "administrator" in (root / KEYFILES / "eth0").read_text()
    assert (root / KEYFILES / "wlan").exists()


def test_networkmanagers_own_words_after_its_way_back_are_replaced(root: Path) -> None:
    """It writes comments away, and a profile that was deleted under another name; what others made is left alone."""
    before, all_before = read_profiles(root), files(root)
    changed(root)
    after = digests(read_profiles(root))
    write(root, "eth0", profile(0))
    write(root, f"p1-{UUID}1", profile(1))
    write(root, "new", profile(7))
    restored = put_back(before, after, root)
    assert restored.others == [f"{KEYFILES}/new"]
    (root / KEYFILES / "new").unlink()
    assert files(root) == all_before


def test_a_link_that_hides_a_profile_comes_back(root: Path) -> None:
    hidden = root / KEYFILES / "hidden.nmmeta"
    hidden.symlink_to("/dev/null")
    before = read_profiles(root)
    hidden.unlink()
    put_back(before, digests(read_profiles(root)), root)
    assert str(hidden.readlink()) == "/dev/null"


def test_what_cannot_be_written_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_profiles(root)
    changed(root)
    monkeypatch.setattr("os.replace", refuse)
    restored = put_back(before, None, root)
    assert "No space left" in restored.failed[f"{KEYFILES}/eth0"]
    assert not (root / KEYFILES / "br0").exists(), "the others are put back all the same"


def refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")
