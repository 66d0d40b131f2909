# SPDX-License-Identifier: Apache-2.0
"""Bad input on a real host, through the shell: each is named and explained, and nothing is changed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.host.bad_rows import DOCUMENTS, FIELDS, FREE, ROWS, SMALL, STATIC
from tests.host.bad_things import FOLDER, Things

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

pytestmark = pytest.mark.host

GOOD_PASSWORD = b"a good passphrase"


@pytest.fixture(autouse=True)
def fresh(host: TestHost) -> None:
    """What is deployed would be the reason of every refusal."""
    if (host.container.root / "etc/cockpit-rhv/engine.json").exists():
        pytest.skip("the host was kept from an earlier run and has an engine already")


@pytest.fixture(scope="module")
def things(host: TestHost) -> Iterator[Things]:
    """Bad images, directories, links, names and addresses on the host, for this file only."""
    made = Things(host)
    made.make()
    yield made
    made.remove()


def traces(host: TestHost) -> dict[str, Any]:
    """Everything a deployment could have changed."""
    listed = host.container.run(
        "sh", "-c", "virsh list --all --uuid; virsh net-list --all; virsh pool-list --all"
    ).stdout
    found: dict[str, Any] = {"libvirt": listed}
    for folder in ("var/lib/cockpit-rhv", "etc/cockpit-rhv", "etc/hosts", "srv"):
        for place, folders, files in os.walk(host.container.root / folder):
            for name in (*folders, *files):
                status = os.lstat(os.path.join(place, name))
                found[os.path.join(place, name)] = (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ino)
    for place, _, files in os.walk(host.images):
        found |= {os.path.join(place, name): os.lstat(os.path.join(place, name)).st_mtime_ns for name in files}
    return found


def deploy(
    host: TestHost, *arguments: str, password: bytes = GOOD_PASSWORD, user: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    argv = host.container.command("cockpit-rhv", "deploy", "--admin-password-stdin", *arguments, user=user)
    return subprocess.run(argv, input=password, capture_output=True, timeout=60, check=False)


def refused(host: TestHost, done: subprocess.CompletedProcess[bytes], *told: str) -> str:
    said = (done.stdout + done.stderr).decode()
    assert done.returncode not in (0, None), said
    assert "Traceback" not in said
    for part in told:
        assert part in said, said
    return said


def settings(things: Things, *given: str) -> list[str]:
    """Each with its ``--set``; {names} stand for addresses of this network."""
    arguments = ["--set", "accept.emulation=true"]
    for setting in given:
        arguments += ["--set", things.fill(setting)]
    return arguments


@pytest.mark.parametrize("fields", FIELDS, ids=range(len(FIELDS)))
def test_wrong_fields_are_told_all_at_once(host: TestHost, things: Things, fields: dict[str, str]) -> None:
    before = traces(host)
    told = [things.fill(sentence) for sentence in fields.values()]
    refused(host, deploy(host, *settings(things, *fields)), *told)
    assert traces(host) == before


@pytest.mark.parametrize(("given", "told"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_refused_before_anything_is_changed(
    host: TestHost, things: Things, given: tuple[str, ...], told: tuple[str, ...]
) -> None:
    before = traces(host)
    refused(host, deploy(host, *settings(things, *given)), *map(things.fill, told))
    assert traces(host) == before


@pytest.mark.parametrize(("document", "told"), [row[1:] for row in DOCUMENTS], ids=[row[0] for row in DOCUMENTS])
def test_documents_that_are_refused(host: TestHost, things: Things, document: bytes, told: str) -> None:
    (host.container.root / "srv/answers.yml").write_bytes(document)
    before = traces(host)
    try:
        said = refused(host, deploy(host, "--answers", "/srv/answers.yml", *settings(things)), told)
        assert traces(host) == before
        assert "secret password" not in said
    finally:
        (host.container.root / "srv/answers.yml").unlink()


@pytest.mark.parametrize(
    ("password", "told"),
    [
        (b"two\nlines in it", "control character"),
        (b"a line end twice\n\n", "control character"),
        (b"of Windows \r\n", "control character"),
        (b"x" * 4096, "at most 1024 characters"),
        (b"x" * 100_000, "cannot be read"),
        (b"seven77", "at least 8 characters"),
        (b"", "needs a password"),
        (b"null\0inside of it", "control character"),
        (b"not UTF-8 \xff\xfe", "cannot be read"),
    ],
    ids=range(9),
)
def test_passwords_that_are_refused(host: TestHost, things: Things, password: bytes, told: str) -> None:
    before = traces(host)
    said = refused(host, deploy(host, *settings(things, SMALL), password=password), told)
    assert traces(host) == before
    assert not password or password.decode("utf-8", "replace") not in said


def test_without_libvirt_it_is_said_how_to_start_it(host: TestHost, things: Things) -> None:
    units = ["libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket", "libvirtd.service"]
    before = traces(host)
    host.container.run("systemctl", "stop", *units)
    try:
        refused(host, deploy(host, *settings(things, SMALL)), "libvirt does not answer", "Start the service")
    finally:
        host.container.run("systemctl", "start", *units[:3])
    assert traces(host) == before


def test_an_ordinary_user_is_told_what_it_takes(host: TestHost, things: Things) -> None:
    before = traces(host)
    refused(host, deploy(host, *settings(things, SMALL), user="viewer"), "administrat")
    assert traces(host) == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(
            (*STATIC, *FREE, "engine.fqdn=unheard-of.rhv.test"), ("{free} unheard-of.rhv.test", "/etc/hosts"),
            id="name unknown",
        ),
        pytest.param(
            (*STATIC, "network.address={free}/24", "network.gateway={silent}"), ("{silent} does not answer",),
            id="gateway silent",
        ),
        pytest.param((f"storage.path={FOLDER}/roots-link", SMALL), (f"leads to {FOLDER}/target",), id="a link of root"),
        pytest.param((f"storage.path={FOLDER}/full of others", SMALL), (), id="not empty"),
    ],
)  # fmt: skip
def test_what_is_told_but_does_not_forbid(
    host: TestHost, things: Things, given: tuple[str, ...], told: tuple[str, ...]
) -> None:
    before = traces(host)
    done = deploy(host, "--dry-run", *settings(things, SMALL, *given))
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    for part in told:
        assert things.fill(part) in said, said
    assert traces(host) == before
