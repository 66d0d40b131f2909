# SPDX-License-Identifier: Apache-2.0
"""The schema's steps, in order. A step is never changed once released; the next change is a new step.

A test compares the outcome of all steps with ``models``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_SERIAL = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "postgresql": "BIGSERIAL PRIMARY KEY"}

STEPS: tuple[Sequence[str], ...] = (
    (
        "CREATE TABLE meta (key VARCHAR(64) PRIMARY KEY, value TEXT NOT NULL)",
        "CREATE TABLE data_centers (id VARCHAR(36) PRIMARY KEY, name VARCHAR(255) NOT NULL UNIQUE,"
        " description TEXT NOT NULL, comment TEXT NOT NULL)",
        "CREATE TABLE clusters (id VARCHAR(36) PRIMARY KEY, name VARCHAR(255) NOT NULL UNIQUE,"
        " data_center_id VARCHAR(36) NOT NULL REFERENCES data_centers(id), description TEXT NOT NULL,"
        " comment TEXT NOT NULL, cpu_type VARCHAR(255) NOT NULL)",
        "CREATE TABLE hosts (id VARCHAR(36) PRIMARY KEY, name VARCHAR(255) NOT NULL UNIQUE,"
        " address VARCHAR(255) NOT NULL UNIQUE, port INTEGER NOT NULL,"
        " cluster_id VARCHAR(36) NOT NULL REFERENCES clusters(id), comment TEXT NOT NULL,"
        " maintenance BOOLEAN NOT NULL, seen_up BOOLEAN NOT NULL, created_s DOUBLE PRECISION NOT NULL)",
        "CREATE TABLE networks (id VARCHAR(36) PRIMARY KEY, name VARCHAR(255) NOT NULL,"
        " data_center_id VARCHAR(36) NOT NULL REFERENCES data_centers(id), description TEXT NOT NULL,"
        " comment TEXT NOT NULL, vlan INTEGER, mtu INTEGER NOT NULL, usages JSON NOT NULL)",
        "CREATE TABLE vnic_profiles (id VARCHAR(36) PRIMARY KEY, name VARCHAR(255) NOT NULL,"
        " network_id VARCHAR(36) NOT NULL REFERENCES networks(id))",
        "CREATE TABLE events (id {serial}, code INTEGER NOT NULL, severity VARCHAR(16) NOT NULL,"
        " time_s DOUBLE PRECISION NOT NULL, message_id VARCHAR(64) NOT NULL, text TEXT NOT NULL, params JSON NOT NULL,"
        " correlation_id VARCHAR(50), user_name VARCHAR(255), host_id VARCHAR(36), vm_id VARCHAR(36))",
        "CREATE TABLE tokens (digest VARCHAR(64) PRIMARY KEY, user_name VARCHAR(255) NOT NULL,"
        " scope VARCHAR(255) NOT NULL, created_s DOUBLE PRECISION NOT NULL, used_s DOUBLE PRECISION NOT NULL)",
        "CREATE TABLE used_assertions (jti VARCHAR(255) PRIMARY KEY, used_s DOUBLE PRECISION NOT NULL)",
    ),
)


class SchemaTooNew(Exception):
    """The database was written by a newer Manager."""


def migrate(connection: Connection) -> int:
    """Bring the schema up to date inside the caller's transaction; returns the number of steps run.

    Raises SchemaTooNew rather than guess at tables of a later version.
    """
    if not inspect(connection).has_table("schema_version"):
        connection.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO schema_version VALUES (0)"))
    version = connection.execute(text("SELECT version FROM schema_version")).scalar_one()
    if version > len(STEPS):
        raise SchemaTooNew(f"the database has schema version {version}, this Manager knows {len(STEPS)}")
    serial = _SERIAL[connection.dialect.name]
    for step in STEPS[version:]:
        for statement in step:
            connection.execute(text(statement.replace("{serial}", serial)))
    if version < len(STEPS):
        connection.execute(text("UPDATE schema_version SET version = :version"), {"version": len(STEPS)})
    return len(STEPS) - int(version)
