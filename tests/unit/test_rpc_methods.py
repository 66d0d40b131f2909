# SPDX-License-Identifier: Apache-2.0
"""The helper serves the contract: each of its methods, and nothing beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit_rhv.helper import methods
from cockpit_rhv.helper.users import asking_user, user_name
from cockpit_rhv.rpc.dispatcher import Dispatcher
from cockpit_rhv.rpc.schema import RpcSchema

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from cockpit_rhv.helper.session import Call


def test_every_method_has_a_handler() -> None:
    dispatcher: Dispatcher[Call] = Dispatcher()
    methods.register(dispatcher)
    assert dispatcher.methods == sorted(RpcSchema().methods)


def test_the_user_who_logged_in_is_the_one_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loginuid = tmp_path / "loginuid"
    monkeypatch.setenv("SUDO_USER", "somebody")
    loginuid.write_text("0")
    assert asking_user(loginuid) == user_name(0)
    loginuid.write_text(str(2**32 - 1))  # a container's process has no login
    assert asking_user(loginuid) == "somebody"
    assert asking_user(tmp_path / "missing") == "somebody"
    monkeypatch.delenv("SUDO_USER")
    assert asking_user(tmp_path / "missing")
