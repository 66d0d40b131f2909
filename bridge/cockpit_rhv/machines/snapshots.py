# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a guest that its qcow2 disks hold themselves. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import Message, msg
from .actions import domain_of, require_own

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import libvirt

    from .definition import Definition

#: Snapshots that are listed; libvirt has no limit of its own, a message to the page has.
MOST_LISTED = 500


@dataclass(frozen=True)
class Snapshot:
    """``state``: of the guest when it was taken. ``memory``: whether its memory is in it. ``depth``: below how many
    others it stands. ``external``: some of it lies in files beside the disks."""

    name: str
    description: str
    created_s: int
    state: str
    memory: bool
    external: bool
    parent: str | None
    current: bool
    depth: int = 0

    def to_json(self) -> dict[str, Any]:
        """Definition ``GuestSnapshot`` of ``schemas/common.json``."""
        return asdict(self)


def list_snapshots(domain: libvirt.virDomain) -> tuple[Snapshot, ...]:
    """In the order of their tree, those of one parent by age. Raises libvirtError and ValueError."""
    import libvirt

    try:
        found = domain.listAllSnapshots()
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return ()
        raise
    current = domain.snapshotCurrent().getName() if found and domain.hasCurrentSnapshot() else None
    return in_tree_order(parse_snapshot(one.getXMLDesc(), current) for one in found[:MOST_LISTED])


def identities(domain: libvirt.virDomain, name: str, below: bool) -> tuple[tuple[str, int], ...]:
    """Name and ``created_s`` of the snapshot, then, if ``below``, of all below it: another one may get its name.

    Raises libvirtError, ValueError and RhvError ``snapshot.not_found``.
    """
    import libvirt

    found = _find(domain, name)
    all_below = found.listAllChildren(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_DESCENDANTS) if below else ()
    parsed = (parse_snapshot(one.getXMLDesc(), None) for one in (found, *all_below))
    return tuple((one.name, one.created_s) for one in parsed)


def parse_snapshot(text: str, current: str | None) -> Snapshot:
    """One snapshot's XML; raises ValueError when it is none."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - libvirt's own text
    except ET.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    if root.tag != "domainsnapshot":
        raise ValueError(f"a {root.tag} instead of a snapshot")
    memory = root.find("memory")
    kind = "no" if memory is None else memory.get("snapshot", "no")
    created = root.findtext("creationTime", "0")
    return Snapshot(
        name=root.findtext("name", ""),
        description=root.findtext("description", ""),
        created_s=int(created) if created.isascii() and created.isdigit() else 0,
        state=root.findtext("state", ""),
        memory=kind != "no",
        external=kind == "external" or any(disk.get("snapshot") == "external" for disk in root.findall("disks/disk")),
        parent=root.findtext("parent/name"),
        current=root.findtext("name", "") == current,
    )


def in_tree_order(snapshots: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """Each below its parent, with its depth; one whose parent is not among them stands by itself."""
    by_age = sorted(snapshots, key=lambda one: (one.created_s, one.name))
    names = {one.name for one in by_age}
    children: dict[str | None, list[Snapshot]] = {}
    for one in by_age:
        children.setdefault(one.parent if one.parent in names else None, []).append(one)
    placed = tuple(_below(children, None, 0))
    # parents that lead round in a circle lead nowhere: nothing is left out
    known = {one.name for one in placed}
    return (*placed, *(one for one in by_age if one.name not in known))


def _below(children: dict[str | None, list[Snapshot]], parent: str | None, depth: int) -> Iterator[Snapshot]:
    waiting = [(one, depth) for one in reversed(children.get(parent, []))]
    while waiting:
        one, level = waiting.pop()
        yield Snapshot(**{**asdict(one), "depth": level})
        waiting += [(child, level + 1) for child in reversed(children.get(one.name, []))]


def why_no_snapshots(definition: Definition, persistent: bool) -> RhvError | None:
    """Why no snapshot of the guest can be made, None when one can."""
    if not persistent:
        return _refused(
            "snapshot.transient",
            msg("snapshot.transient", "The guest has no stored definition, so its snapshots would be lost with it."),
        )
    written = [disk for disk in definition.disks if disk.source is not None and not disk.read_only]
    raw = [disk.target for disk in written if disk.format != "qcow2"]
    if raw:
        return _refused(
            "snapshot.not_qcow2",
            msg(
                "snapshot.not_qcow2",
                "Only disks in the format qcow2 can hold snapshots; these are in another: {disks}.",
                disks=", ".join(raw),
            ),
            msg("snapshot.not_qcow2.hint", "Convert them with qemu-img convert while the guest is off."),
        )
    if not written:
        return _refused(
            "snapshot.no_disk", msg("snapshot.no_disk", "The guest has no disk that could hold a snapshot.")
        )
    if definition.nvram:
        return _refused(
            "snapshot.efi",
            msg("snapshot.efi", "The settings of the guest's EFI firmware are in a file that cannot hold snapshots."),
        )
    return None


def verify_new_snapshot(conn: libvirt.virConnect, uuid: str, name: str) -> None:
    """Raises RhvError ``snapshot.*`` when no snapshot of that name can be taken, and as ``require_own`` does."""
    from .definition import parse_definition

    require_own(conn, uuid, engine_too=False)
    if not name.strip() or "/" in name or name.startswith(".") or any(ord(sign) < 32 for sign in name):
        raise _refused(
            "snapshot.bad_name",
            msg("snapshot.bad_name", "A snapshot's name is not empty, has no slash and begins with no dot."),
        )
    with domain_of(conn, uuid) as domain:
        refused = why_no_snapshots(parse_definition(domain.XMLDesc()), bool(domain.isPersistent()))
        if refused is not None:
            raise refused
        if any(one.name == name for one in list_snapshots(domain)):
            raise _refused(
                "snapshot.exists", msg("snapshot.exists", "The guest has a snapshot named {name}.", name=name)
            )


def create_snapshot(conn: libvirt.virConnect, uuid: str, name: str, description: str) -> None:
    """Keep the guest as it is, with its memory when it runs. Raises ``snapshot.*`` when that cannot be."""
    import libvirt

    verify_new_snapshot(conn, uuid, name)
    with domain_of(conn, uuid) as domain:
        root = ET.Element("domainsnapshot")
        ET.SubElement(root, "name").text = name
        if description:
            ET.SubElement(root, "description").text = _printable(description)
        domain.snapshotCreateXML(ET.tostring(root, encoding="unicode"), libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC)


def revert_to_snapshot(conn: libvirt.virConnect, uuid: str, name: str) -> None:
    """Make the guest again what it was: what has been written since is lost."""
    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        domain.revertToSnapshot(_find(domain, name))


def delete_snapshot(conn: libvirt.virConnect, uuid: str, name: str, children: bool) -> None:
    """Forget a snapshot; ``children``: and all below it, which otherwise move up to its parent."""
    import libvirt

    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        _find(domain, name).delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN if children else 0)


def _find(domain: libvirt.virDomain, name: str) -> libvirt.virDomainSnapshot:
    import libvirt

    try:
        return domain.snapshotLookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT:
            raise
        raise _refused(
            "snapshot.not_found", msg("snapshot.not_found", "The guest has no snapshot of this name (any more).")
        ) from error


def _printable(text: str) -> str:
    """XML cannot carry control characters."""
    return "".join(sign for sign in text if sign >= " " or sign in "\n\t")


def _refused(code: str, message: Message, hint: Message | None = None) -> RhvError:
    return RhvError(code, message, hint)
