# SPDX-License-Identifier: Apache-2.0
"""Passwords become hashes exactly as typed, or are refused by the stated rule."""

from __future__ import annotations

import base64
import hashlib
import subprocess

import pytest
from cockpit_rhv.deploy import secrets
from cockpit_rhv.errors import RhvError

ODD = [
    "p'a\"s`s\\",
    "{{ 7*7 }}pass",
    "$(id)`id`;&|",
    " leading and trailing ",
    "contraseña-ñandú",
    "パスワードパスワード",
    "%s%n%x--pass",
    "-stdin -in x",
    "a" * 255,
]


@pytest.mark.parametrize("password", [*ODD, "x" * 1024])
def test_the_admin_hash_is_that_of_the_password_as_typed(password: str) -> None:
    kind, n, r, p, salt, stored = secrets.hash_admin_password(password).split("$")
    assert (kind, n, r, p) == ("scrypt", "16384", "8", "1")
    raw = base64.b64decode(salt, validate=True)
    assert len(raw) == 16
    again = hashlib.scrypt(password.encode("utf-8"), salt=raw, n=16384, r=8, p=1, dklen=32, maxmem=2**26)
    assert base64.b64decode(stored, validate=True) == again


def test_two_hashes_of_one_password_differ() -> None:
    assert secrets.hash_admin_password("same password") != secrets.hash_admin_password("same password")


@pytest.mark.parametrize("password", ODD)
def test_the_root_hash_is_that_of_the_password_as_typed(password: str) -> None:
    stored = secrets.hash_root_password(password)
    assert stored.startswith("$6$")
    salt = stored.split("$")[2]
    again = subprocess.run(
        ["openssl", "passwd", "-6", "-salt", salt, "-stdin"],
        input=password.encode() + b"\n",
        capture_output=True,
        check=True,
    )
    assert again.stdout.decode().strip() == stored


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("", "password.short"),
        ("seven77", "password.short"),
        ("x" * 1025, "password.long"),
        ("x" * 4096, "password.long"),
        ("line\nbreak", "password.control"),
        ("null\0byte", "password.control"),
        ("escape\x1b[0m", "password.control"),
        ("half\ud800character", "password.control"),
    ],
)
def test_what_breaks_the_rule_is_refused(password: str, message: str) -> None:
    for turn in (secrets.hash_admin_password, secrets.hash_root_password):
        with pytest.raises(RhvError) as caught:
            turn(password)
        assert caught.value.message.id == message
        if password:
            assert password not in repr(caught.value.to_json())


def test_a_root_password_openssl_would_cut_is_refused() -> None:
    with pytest.raises(RhvError) as caught:
        secrets.hash_root_password("é" * 128)
    assert caught.value.message.id == "password.root_long"


def test_no_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RhvError) as caught:
        secrets.hash_root_password("long enough")
    assert caught.value.code == "secrets.no_openssl"


def test_a_password_is_never_in_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda argv, **options: seen.append(argv) or real(argv, **options))  # type: ignore[func-returns-value]
    secrets.hash_root_password("marker-4711-password")
    assert "marker" not in repr(seen)
