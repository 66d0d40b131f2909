# SPDX-License-Identifier: Apache-2.0
"""What the administrator configured, in memory: read once from the database, every change written there first."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import delete, select, update

from .db.models import Base, Cluster, DataCenter, Host, Meta, Network, VnicProfile
from .db.seed import INSTANCE_ID, seed

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from .db.store import Store

Record = TypeVar("Record", bound=Base)


class Inventory:
    """Records by id. They are read freely and changed only by the methods here."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.instance_id = ""
        self.data_centers: dict[str, DataCenter] = {}
        self.clusters: dict[str, Cluster] = {}
        self.hosts: dict[str, Host] = {}
        self.networks: dict[str, Network] = {}
        self.vnic_profiles: dict[str, VnicProfile] = {}

    async def load(self) -> None:
        """Seed an empty database and read everything."""

        def work(session: Session) -> None:
            seed(session)
            self.instance_id = session.get_one(Meta, INSTANCE_ID).value
            self.data_centers = _by_id(session, DataCenter)
            self.clusters = _by_id(session, Cluster)
            self.hosts = _by_id(session, Host)
            self.networks = _by_id(session, Network)
            self.vnic_profiles = _by_id(session, VnicProfile)

        await self._store.run(work)

    def default_cluster(self) -> Cluster:
        """The cluster of a host that was added without one."""
        return next(iter(sorted(self.clusters.values(), key=lambda cluster: cluster.name != "Default")))

    async def add_host(self, name: str, address: str, port: int, cluster: Cluster, comment: str) -> Host:
        """Store a new host. The caller has checked that name and address are free."""
        host = Host(
            id=str(uuid.uuid4()), name=name, address=address, port=port, cluster_id=cluster.id, comment=comment,
            maintenance=False, seen_up=False, created_s=time.time(),
        )  # fmt: skip
        await self._store.run(lambda session: session.add(host))
        self.hosts[host.id] = host
        return host

    async def remove_host(self, host: Host) -> None:
        """Forget a host."""
        await self._store.run(lambda session: session.execute(delete(Host).where(Host.id == host.id)))
        del self.hosts[host.id]

    async def change_host(self, host: Host, *, name: str, address: str, comment: str) -> Host:
        """Call it another name, find it elsewhere. The caller has checked that name and address are free."""
        return await self._change_host(host, name=name, address=address, comment=comment)

    async def set_maintenance(self, host: Host, *, maintenance: bool) -> Host:
        """Remember that the administrator wants it out of service, or back."""
        return await self._change_host(host, maintenance=maintenance)

    async def set_seen_up(self, host: Host) -> None:
        """Remember that it has been up at least once."""
        if not host.seen_up and host.id in self.hosts:
            await self._change_host(host, seen_up=True)

    async def _change_host(self, host: Host, **values: Any) -> Host:
        await self._store.run(lambda session: session.execute(update(Host).where(Host.id == host.id).values(**values)))
        for name, value in values.items():
            setattr(host, name, value)
        return host


def _by_id(session: Session, kind: type[Record]) -> dict[str, Record]:
    return {record.id: record for record in session.scalars(select(kind))}  # type: ignore[attr-defined]
