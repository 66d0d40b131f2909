# SPDX-License-Identifier: Apache-2.0
"""The lease as a check of the preflight: what a host lacks for it, with the package; what a deployment would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.context import Context, Probes
from cockpit_rhv.checks.engine_lease import check_lease
from cockpit_rhv.host.lock_manager import read_lock_manager
from cockpit_rhv.host.services import UnitState

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from collections.abc import Sequence


def asked(root: Path, kind: str = "nfs", *, units: str = "loaded", **storage: Any) -> Any:
    """The check's outcome on a host whose files are below ``root``."""
    answers = world.changed(world.answers(), {"storage.kind": kind, **{f"storage.{k}": v for k, v in storage.items()}})

    def states(names: Sequence[str]) -> dict[str, UnitState]:
        return {name: UnitState(units, "inactive", "", "disabled", "", None) for name in names}

    return check_lease(Context(answers, probes=Probes(root=root, unit_states=states)))


def host(root: Path, *plugins: str, settings: str | None = '#lock_manager = "lockd"\n') -> Path:
    for folder in ("etc/libvirt", "usr/lib/x86_64-linux-gnu/libvirt/lock-driver"):
        (root / folder).mkdir(parents=True)
    for plugin in plugins:
        (root / f"usr/lib/x86_64-linux-gnu/libvirt/lock-driver/{plugin}.so").touch()
    if settings is not None:
        (root / "etc/libvirt/qemu.conf").write_text(settings)
    return root


def test_a_disk_of_this_host_needs_none(tmp_path: Path) -> None:
    mounted(tmp_path, "/ ext4")
    assert asked(tmp_path, "directory").severity == "not_applicable"


def mounted(root: Path, *mounts: str) -> None:
    """The kernel's list of mounts: place and kind of each."""
    lines = [f"36 35 98:0 / {place} rw - {kind} source rw" for place, kind in (mount.split() for mount in mounts)]
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/mountinfo").write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/no-such/nas/images", "nfs4"),
        ("/no-such/nas", "nfs4"),
        ("/no-such/two words/x", "ceph"),
        ("/no-such/nas2/images", None),
        ("/no-such/nas/local/images", None),
        ("/no-such/twice", "fuse.glusterfs"),
    ],
)
def test_a_directory_that_an_administrator_mounts_from_elsewhere(tmp_path: Path, path: str, kind: str | None) -> None:
    """Other hosts reach it, and no lease keeps them away."""
    here = ["/no-such/twice ext4", "/no-such/twice fuse.glusterfs", "/no-such/nas/local xfs", "/no-such/nas nfs4"]
    mounted(tmp_path, "/ ext4", *here, r"/no-such/two\040words ceph")
    outcome = asked(tmp_path, "directory", path=path)
    assert outcome.severity == ("not_applicable" if kind is None else "warning")
    if kind is not None:
        assert outcome.summary.params == {"path": path, "kind": kind}


def test_what_will_be_changed_is_said(tmp_path: Path) -> None:
    outcome = asked(host(tmp_path, "lockd"))
    assert outcome.severity == "warning"
    assert "turns libvirt's lock manager lockd on" in str(outcome.summary)
    assert "restarts libvirt's daemon" in str(outcome.summary)


def test_one_that_is_on_is_well(tmp_path: Path) -> None:
    assert asked(host(tmp_path, "lockd", settings='  lock_manager="lockd"\n')).severity == "ok"


@pytest.mark.parametrize(
    ("kind", "package"), [("nfs", "libvirt-daemon-plugin-lockd"), ("iscsi", "libvirt-daemon-plugin-sanlock")]
)
def test_without_the_plugin_it_is_refused_with_its_package(tmp_path: Path, kind: str, package: str) -> None:
    outcome = asked(host(tmp_path), kind)
    assert outcome.severity == "error"
    assert "two hosts could start the engine at once" in str(outcome.summary)
    assert package in str(outcome.remedy)


@pytest.mark.parametrize("line", ["auto_disk_leases = 0", 'file_lockspace_dir = "/srv/locks"'])
def test_locks_that_are_not_on_the_disk_itself_are_refused(tmp_path: Path, line: str) -> None:
    root = host(tmp_path, "lockd")
    (root / "etc/libvirt/qemu-lockd.conf").write_text(f"#{line}\n")
    assert asked(root).severity == "warning"
    (root / "etc/libvirt/qemu-lockd.conf").write_text(f"# it is\n  {line}\n")
    outcome = asked(root)
    assert outcome.severity == "error"
    assert line in str(outcome.summary)


def test_without_the_daemon_it_is_refused(tmp_path: Path) -> None:
    outcome = asked(host(tmp_path, "sanlock"), "iscsi", units="not-found")
    assert outcome.severity == "error"
    assert "Install sanlock" in str(outcome.remedy)


def test_another_lock_manager_is_not_replaced(tmp_path: Path) -> None:
    outcome = asked(host(tmp_path, "lockd", settings='lock_manager = "sanlock"\n'))
    assert outcome.severity == "error"
    assert "here is sanlock" in str(outcome.summary)


@pytest.mark.parametrize("options", ["nolock", "hard,local_lock=all", "local_lock=posix"])
def test_locks_that_no_other_host_sees_are_no_lease(tmp_path: Path, options: str) -> None:
    outcome = asked(host(tmp_path, "lockd"), mount_options=options)
    assert (outcome.severity, outcome.path) == ("error", "storage.mount_options")
    assert asked(tmp_path, mount_options="hard,local_lock=flock").path != "storage.mount_options"


def test_whoever_may_not_read_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = host(tmp_path, "lockd")

    def denied(*_: Any) -> str:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "read_text", denied)
    assert asked(root).severity == "unknown"


@pytest.mark.parametrize(
    ("text", "manager"),
    [
        (None, None),
        ("", None),
        ('# lock_manager = "lockd"', None),
        ('lock_manager = "sanlock"\nlock_manager = "lockd"', "sanlock"),  # of two libvirt takes the first
        ('lock_manager = "nop"', "nop"),
    ],
)
def test_the_setting_is_read_as_libvirt_does(tmp_path: Path, text: str | None, manager: str | None) -> None:
    assert read_lock_manager(host(tmp_path, settings=text)) == manager
