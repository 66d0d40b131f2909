# SPDX-License-Identifier: Apache-2.0
"""Through every front door a password arrives byte for byte in its hash, or is refused by the stated rule."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from cockpit_rhv import cli
from cockpit_rhv.checks import CheckReport
from cockpit_rhv.deploy import start
from cockpit_rhv.helper import methods
from cockpit_rhv.helper.library import Library
from cockpit_rhv.messages import Message
from cockpit_rhv.rpc.dispatcher import Dispatcher
from cockpit_rhv.rpc.lines import parse
from cockpit_rhv.rpc.schema import RpcSchema

from tests.unit import deploy_support as world

Door = Callable[[bytes], str]

GOOD = [
    "quotes ' \" ` end",
    "{{ 7*7 }}{% x %}",
    "$(id)${HOME}`id`;&|<>*?!",
    "  both ends  ",
    "\\n\\ \\\\ backslash",
    "contraseña ñandú ü",
    "e\u0301 is not \u00e9 here",
    "パスワード🔑🔑🔑",
    "--admin-password-fd 3 # x: [y]",
    "null\\u0000%00%s%n",
    "x" * 1024,
    "ß" * 1024,
]
BAD = [
    "line\nbreak in it",
    "carriage\rreturn in it",
    "tab\tin the middle",
    "x" * 1025,
    "x" * 4096,
    "too few",
]
RULES = ("at most 1024 characters", "at least 8 characters", "control character")


def fits(password: str, stored: str) -> bool:
    """Whether ``stored`` is the hash of exactly these bytes."""
    _, n, r, p, salt, key = stored.split("$")
    again = hashlib.scrypt(
        password.encode(), salt=base64.b64decode(salt), n=int(n), r=int(r), p=int(p), dklen=32, maxmem=2**26
    )
    return base64.b64decode(key) == again


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a job would have been given; a host on which everything is well."""
    found: list[str] = []

    def start_job(_spec: Any, _playbooks: Any, _plugins: Any, variables: Any, **_options: Any) -> str:
        found.append(variables["rhv_admin_password_hash"])
        return "20260102-030405-abcd"

    form = {"values": world.answers(), "notices": [], "origins": {}, "phases": []}
    fine = {"errors": [], "report": CheckReport((), 0.1).to_json()}
    monkeypatch.setattr(start, "start_job", start_job)
    monkeypatch.setattr(start, "require_root", lambda: None)
    monkeypatch.setattr("cockpit_rhv.cli_deploy.require_root", lambda: None)
    monkeypatch.setattr("cockpit_rhv.deploy.form.build_form", lambda *_: form)
    monkeypatch.setattr("cockpit_rhv.deploy.preflight.run_preflight", lambda *_: fine)
    monkeypatch.setattr("cockpit_rhv.cli_deploy._follow_up", lambda *_: 0)
    return found


class Shell:
    """``cockpit-rhv deploy`` with the password on a descriptor."""

    def __init__(self, number: int | None) -> None:
        self.number = number

    def __call__(self, password: bytes) -> int:
        read_end, write_end = os.pipe()
        os.write(write_end, password)
        os.close(write_end)
        if self.number is None:
            try:
                return cli.main(["deploy", "--admin-password-fd", str(read_end)])
            finally:
                os.close(read_end)
        kept = os.dup(self.number)
        os.dup2(read_end, self.number)
        try:
            return cli.main(["deploy", "--admin-password-stdin"])
        finally:
            os.dup2(kept, self.number)
            os.close(kept)
            os.close(read_end)


@pytest.fixture(params=["stdin", "stdin and a line end", "descriptor"])
def shell(request: pytest.FixtureRequest) -> Callable[[str], int]:
    door = Shell(None if request.param == "descriptor" else 0)
    end = b"\n" if "line end" in request.param else b""
    return lambda password: door(password.encode() + end)


@pytest.mark.parametrize("password", GOOD, ids=range(len(GOOD)))
def test_a_shell_hands_over_what_was_typed(shell: Callable[[str], int], hashes: list[str], password: str) -> None:
    assert shell(password) == 0
    (stored,) = hashes
    assert fits(password, stored)
    assert not fits(password.strip() + "x", stored)


@pytest.mark.parametrize("password", BAD, ids=range(len(BAD)))
def test_a_shell_refuses_by_the_rule(
    shell: Callable[[str], int], hashes: list[str], password: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell(password) != 0
    assert hashes == []
    said = capsys.readouterr().err
    assert any(rule in said for rule in RULES), said
    assert password not in said


# -- the page's door --------------------------------------------------------------------------------------------------


async def ask_helper(password: str, ascii_only: bool) -> Any:
    """A request as a line of bytes, through the parser, the schema and the dispatcher of a helper."""
    schema, library = RpcSchema(), Library()
    dispatcher: Dispatcher[Any] = Dispatcher(schema.validate)
    methods.register(dispatcher)
    params = {"profile": "embedded", "answers": world.answers(), "secrets": {"admin_password": password}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "deploy.start", "params": params}
    line = json.dumps(request, ensure_ascii=ascii_only).encode() + b"\n"
    try:
        return await dispatcher.handle(parse(line), SimpleNamespace(session=SimpleNamespace(library=library)))
    finally:
        await library.close()


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("password", GOOD, ids=range(len(GOOD)))
async def test_the_helper_hashes_what_was_typed(hashes: list[str], password: str, ascii_only: bool) -> None:
    answer = await ask_helper(password, ascii_only)
    assert answer.get("result") == {"job": "20260102-030405-abcd"}, answer
    assert fits(password, hashes[0])


@pytest.mark.parametrize("password", BAD, ids=range(len(BAD)))
async def test_the_helper_refuses_by_the_rule(hashes: list[str], password: str) -> None:
    answer = await ask_helper(password, ascii_only=True)
    assert hashes == []
    assert answer["error"]["data"]["code"] == "secrets.admin_password"
    assert password not in json.dumps(answer)
    told = Message.from_json(answer["error"]["data"]["message"])
    assert any(rule in str(told) for rule in RULES), told


# -- a terminal -------------------------------------------------------------------------------------------------------

ASK = """
from cockpit_rhv.cli_answers import ask_password
print("got", ask_password("first: ", "again: ").encode("utf-8", "surrogateescape").hex())
"""


def type_twice(typed: bytes) -> bytes:
    """What a program in a terminal reads when a person types ``typed`` at both prompts."""
    master, slave = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-c", ASK], stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True
    )
    os.close(slave)
    seen, deadline, answered = b"", time.monotonic() + 90, 0
    try:
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 0.5)[0]:
                continue
            try:
                seen += os.read(master, 65536)
            except OSError:  # the terminal's other end is closed
                break
            if answered < 2 and seen.count(b": ") > answered:
                answered += 1
                os.write(master, typed + b"\n")
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return seen


@pytest.mark.parametrize("password", GOOD, ids=range(len(GOOD)))
def test_a_terminal_hands_over_what_was_typed(password: str) -> None:
    seen = type_twice(password.encode())
    assert b"got " + password.encode().hex().encode() in seen, seen
    assert password.encode() not in seen, "what is typed is not shown"
