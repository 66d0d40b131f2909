# SPDX-License-Identifier: Apache-2.0
"""The database behind one worker thread, so that no disk and no remote server can hold up the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session

from .migrations import migrate

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

T = TypeVar("T")


class Store:
    """Runs units of work, each in a transaction of its own, one after another.

    Objects a unit returns are detached and stay readable: they are records, changed only through a further unit.
    """

    def __init__(self, url: str) -> None:
        """``url``: SQLAlchemy's, ``sqlite:///...`` or ``postgresql+...``. Nothing is opened yet."""
        self._engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _tune_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        self._executor = ThreadPoolExecutor(1, "database")

    async def open(self) -> int:
        """Migrate the schema; returns the number of steps run. Raises SchemaTooNew, SQLAlchemyError."""
        return await self._in_thread(lambda: _migrate(self._engine))

    async def run(self, work: Callable[[Session], T]) -> T:
        """The result of ``work(session)``, committed. Raises what ``work`` raises, after a rollback."""

        def unit() -> T:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                return work(session)

        return await self._in_thread(unit)

    async def close(self) -> None:
        """Finish the unit under way and disconnect."""
        await self._in_thread(self._engine.dispose)
        self._executor.shutdown()

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)


def sqlite_url(path: Path) -> str:
    """URL of a SQLite file."""
    return f"sqlite:///{path}"


def _migrate(engine: Engine) -> int:
    with engine.begin() as connection:
        return migrate(connection)


def _tune_sqlite(connection: Any, _record: object) -> None:
    # Otherwise the driver commits before DDL by itself and a migration could stop half way.
    connection.isolation_level = None
    cursor = connection.cursor()
    # WAL: a reader (sqlite3 on the shell, a backup) does not block us. NORMAL: no fsync per event; a power cut may
    # lose the last moments but never corrupts.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
