# SPDX-License-Identifier: Apache-2.0
"""What is stored. Times are epoch seconds (they survive a restart, where the monotonic clock does not)."""

from __future__ import annotations

from typing import Any, Optional

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite gives out row ids by itself only for a column declared INTEGER.
_EventId = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Base of all tables."""


class Meta(Base):
    """Single facts by key: the installation's id, when it first started, whether deployment is over."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class DataCenter(Base):
    """A data center."""

    __tablename__ = "data_centers"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    comment: Mapped[str] = mapped_column(Text, default="")


class Cluster(Base):
    """A cluster; ``cpu_type`` is empty until someone chooses one."""

    __tablename__ = "clusters"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    data_center_id: Mapped[str] = mapped_column(ForeignKey("data_centers.id"))
    description: Mapped[str] = mapped_column(Text, default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    cpu_type: Mapped[str] = mapped_column(String(255), default="")


class Host(Base):
    """A host as the administrator added it; what it reports lives in memory only."""

    __tablename__ = "hosts"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    address: Mapped[str] = mapped_column(String(255), unique=True)
    port: Mapped[int] = mapped_column(Integer, default=54321)
    cluster_id: Mapped[str] = mapped_column(ForeignKey("clusters.id"))
    comment: Mapped[str] = mapped_column(Text, default="")
    maintenance: Mapped[bool] = mapped_column(default=False)
    seen_up: Mapped[bool] = mapped_column(default=False)
    created_s: Mapped[float] = mapped_column(Float)


class Network(Base):
    """A logical network. ``vlan`` None: untagged; ``mtu`` 0: the default of the wire."""

    __tablename__ = "networks"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    data_center_id: Mapped[str] = mapped_column(ForeignKey("data_centers.id"))
    description: Mapped[str] = mapped_column(Text, default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    vlan: Mapped[Optional[int]] = mapped_column(Integer)
    mtu: Mapped[int] = mapped_column(Integer, default=0)
    usages: Mapped[list[str]] = mapped_column(JSON, default=list)


class VnicProfile(Base):
    """How a guest's NIC joins a network."""

    __tablename__ = "vnic_profiles"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    network_id: Mapped[str] = mapped_column(ForeignKey("networks.id"))


class Event(Base):
    """One line of the event log. ``text`` and ``params`` are a message to translate; ids are of what it is about."""

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(_EventId, primary_key=True, autoincrement=True)
    code: Mapped[int] = mapped_column(Integer)
    severity: Mapped[str] = mapped_column(String(16))
    time_s: Mapped[float] = mapped_column(Float)
    message_id: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    params: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    correlation_id: Mapped[Optional[str]] = mapped_column(String(50))
    user: Mapped[Optional[str]] = mapped_column("user_name", String(255))
    host_id: Mapped[Optional[str]] = mapped_column(String(36))
    vm_id: Mapped[Optional[str]] = mapped_column(String(36))


class Token(Base):
    """A bearer token, by the SHA-256 of its text; the text itself is never stored."""

    __tablename__ = "tokens"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column("user_name", String(255))
    scope: Mapped[str] = mapped_column(String(255))
    created_s: Mapped[float] = mapped_column(Float)
    used_s: Mapped[float] = mapped_column(Float)


class UsedAssertion(Base):
    """A signed assertion that was accepted, by its ``jti``; it is not accepted again."""

    __tablename__ = "used_assertions"
    jti: Mapped[str] = mapped_column(String(255), primary_key=True)
    used_s: Mapped[float] = mapped_column(Float)
