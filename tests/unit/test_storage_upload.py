# SPDX-License-Identifier: Apache-2.0
"""Files that are not an upload's own, and folders that are another, are left as they are."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from typing import TYPE_CHECKING, Callable

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.storage import upload
from cockpit_rhv.storage.upload import Ticket, Upload, begin, opened, read_ticket
from cockpit_rhv.storage.upload_rest import identity, not_arriving, part_name

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 8
DATA = b"12345678"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_RHV_UPLOADS", str(tmp_path / "uploads"))
    path = tmp_path / "images"
    path.mkdir()
    return path


def ticket(folder: Path, name: str = "a.iso", size: int = SIZE) -> Ticket:
    return read_ticket(begin(Ticket("pool", str(folder), name, size))[0])


def code(call: Callable[[], object]) -> str:
    with pytest.raises(RhvError) as caught:
        call()
    return caught.value.code


def enter(one: Ticket) -> None:
    with opened(one):
        pass


def finish(file: Upload) -> str:
    file.take_stock(lambda _: None)
    file.write(DATA[file.offset :])
    return file.finish(hashlib.sha256(DATA).hexdigest())


def test_a_download_of_a_browser_is_not_touched(folder: Path) -> None:
    (folder / "a.iso.part").write_bytes(b"a browser's")
    with opened(ticket(folder)) as file:
        part = (folder / part_name("a.iso")).stat()
        assert part.st_mode & 0o777 == 0o600
        finish(file)
    assert (folder / "a.iso.part").read_bytes() == b"a browser's"
    assert (folder / "a.iso").read_bytes() == DATA
    assert (folder / "a.iso").stat().st_mode & 0o777 == 0o644


def test_what_somebody_else_has_put_there_is_refused(folder: Path) -> None:
    first = ticket(folder)
    part = folder / part_name("a.iso")
    part.write_bytes(b"1234")
    assert code(lambda: enter(first)) == "upload.other_file"
    assert code(lambda: ticket(folder)) == "upload.other_file"
    assert part.read_bytes() == b"1234"
    part.unlink()
    with opened(first) as file:
        file.write(b"1234")
    assert begin(first)[1] == 4
    # the same name and content, another file
    part.rename(folder / "kept")
    part.write_bytes(b"1234")
    assert code(lambda: enter(first)) == "upload.other_file"
    part.unlink()
    (folder / "kept").rename(part)
    (record,) = (folder.parent / "uploads").glob("*.rest")
    device, inode, owner = json.loads(record.read_text())
    record.write_text(json.dumps([device, inode, owner + 1]))
    assert code(lambda: enter(first)) == "upload.other_file"


def test_what_comes_there_after_the_look_is_refused_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ticket(folder)
    part = folder / part_name("a.iso")
    part.write_bytes(b"not ours")
    monkeypatch.setattr(upload, "_look", lambda *_: 0)
    assert code(lambda: enter(first)) == "upload.other_file"
    assert part.read_bytes() == b"not ours"


def test_a_file_is_another_when_its_owner_is() -> None:
    assert identity(os.stat_result((0o100600, 7, 8, 1, 1234, 5, 6, 0, 0, 0))) == (8, 7, 1234)


def test_only_the_file_that_was_written_gets_the_name_or_is_deleted(folder: Path) -> None:
    part = folder / part_name("a.iso")
    for gone in (False, True):
        with opened(ticket(folder)) as file:
            part.unlink()
            if not gone:
                part.write_bytes(b"not ours")
            assert code(lambda: finish(file)) == "upload.replaced"
            assert code(file.discard) == "upload.replaced"
            assert not file.ended
        assert not (folder / "a.iso").exists()
        assert part.exists() is not gone
        part.unlink(missing_ok=True)


def test_what_is_gone_when_the_lock_is_had_is_not_written_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locks = fcntl.flock

    def last_moment(file: int, operation: int) -> None:
        (folder / part_name("a.iso")).unlink()
        locks(file, operation)

    first = ticket(folder)
    monkeypatch.setattr(fcntl, "flock", last_moment)
    assert code(lambda: enter(first)) == "upload.replaced"


def test_another_folder_at_the_same_place_takes_nothing(folder: Path) -> None:
    first = ticket(folder)
    folder.rename(folder.with_name("unmounted"))
    assert code(lambda: enter(first)) == "upload.write"
    assert code(lambda: ticket(folder)) == "upload.write"
    folder.mkdir()
    assert code(lambda: enter(first)) == "upload.other_folder"
    assert list(folder.iterdir()) == []


def test_what_is_refused_leaves_nothing(folder: Path) -> None:
    first = ticket(folder)
    (folder / "a.iso").write_bytes(b"somebody was faster")
    assert code(lambda: enter(first)) == "storage.volume_exists"
    assert [path.name for path in folder.iterdir()] == ["a.iso"]


def test_what_arrives_is_not_deleted(folder: Path) -> None:
    path = str(folder / part_name("a.iso"))
    first = ticket(folder)

    def remove() -> None:
        with not_arriving(path):
            # and nobody goes on with what is being deleted
            assert code(lambda: enter(first)) == "upload.busy"

    with opened(first):
        assert code(remove) == "upload.busy"
    remove()
    os.unlink(path)
    with not_arriving(path), not_arriving(str(folder)):
        pass
