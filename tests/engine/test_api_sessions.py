# SPDX-License-Identifier: Apache-2.0
"""Who is let in: HTTP Basic, session cookies, tokens; and how guessing is slowed down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.engine.manager_support import PASSWORD, USER

if TYPE_CHECKING:
    from tests.engine.manager_support import ManagerProcess


def test_basic_authentication(manager: ManagerProcess) -> None:
    good = manager.get("/api", auth=(USER, PASSWORD))
    assert good.status_code == 200
    assert "set-cookie" not in good.headers
    assert manager.get("/api", auth=(USER, PASSWORD)).status_code == 200
    assert manager.get("/api", auth=(USER, "wrong")).status_code == 401
    assert manager.get("/api", auth=("someone@internal", PASSWORD)).status_code == 401
    for value in ("Basic !!!", "Basic " + "YWJj", "Digest x", "Bearer", "Basic"):
        assert manager.get("/api", headers={"Authorization": value}).status_code == 401, value


def test_a_session_by_cookie(manager: ManagerProcess) -> None:
    with manager.client() as client:
        url = f"{manager.url}/api"
        first = client.get(url, auth=(USER, PASSWORD), headers={"Prefer": "persistent-auth"})
        assert first.headers["session-ttl"] == "30"
        cookie = first.headers["set-cookie"]
        assert {"Secure", "HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
        assert client.get(url).status_code == 200, "the cookie alone is enough"
        assert client.get(url, auth=(USER, PASSWORD), headers={"Prefer": "new-auth"}).status_code == 401
        assert client.get(url).status_code == 401, "the session is gone"


def test_a_protected_session_needs_its_header(manager: ManagerProcess) -> None:
    with manager.client() as client:
        url = f"{manager.url}/api"
        client.get(url, auth=(USER, PASSWORD), headers={"Prefer": "persistent-auth, csrf-protection"})
        assert client.get(url).status_code == 403
        assert client.get(url, headers={"JSESSIONID": client.cookies["JSESSIONID"]}).status_code == 200


def test_signing_on_and_off(manager: ManagerProcess) -> None:
    answer = manager.login()
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert "ovirt-app-api" in body["scope"].split()
    assert int(body["exp"]) > 1_700_000_000_000
    assert answer.headers["cache-control"] == "no-store"
    token = body["access_token"]
    assert len(token) >= 43, "256 bits"
    info = manager.request("POST", "/sso/oauth/token-info", data={"token": token}).json()
    assert (info["active"], info["user_id"]) == (True, USER)
    off = manager.request("POST", "/services/sso-logout", data={"scope": "ovirt-app-api", "token": token})
    assert (off.status_code, off.json()) == (200, {})
    assert manager.request("POST", "/sso/oauth/token-info", data={"token": token}).json() == {"active": False}
    assert manager.request("POST", "/services/sso-logout", data={"token": token}).json() == {}


def test_signing_on_wrongly(manager: ManagerProcess) -> None:
    wrong = manager.login(password="wrong")
    assert (wrong.status_code, wrong.json()["error_code"]) == (400, "access_denied")
    assert manager.login(user="root@internal").status_code == 400
    assert manager.login(password="x" * 5000).status_code == 400
    # What the SDK sends when it has a token only and the token has expired.
    assert "error" in manager.login(user="None", password="None").json()
    form = {"grant_type": "client_credentials"}
    assert manager.request("POST", "/sso/oauth/token", data=form).json()["error"] == "unsupported_grant_type"
    form = {"grant_type": "password", "scope": "other", "username": USER, "password": PASSWORD}
    assert manager.request("POST", "/sso/oauth/token", data=form).json()["error"] == "invalid_scope"
    assert manager.request("POST", "/sso/oauth/token", content="x" * 100_000).status_code == 413
    log = manager.log()
    assert PASSWORD not in log
    assert "x" * 100 not in log


def test_guessing_is_slowed_down_but_locks_nobody_out(fresh: ManagerProcess) -> None:
    fresh.start()
    began = time.monotonic()
    answers = [fresh.login(password=f"guess{number}") for number in range(12)]
    assert {answer.status_code for answer in answers} == {400}
    assert time.monotonic() - began > 3.9, "ten at once, then one every two seconds"
    assert fresh.login().status_code == 200, "the right password still opens"
    events = fresh.get("/api/events?search=type%3D114&max=50", headers=fresh.admin()).json()["event"]
    assert len(events) == 12
    assert "guess" not in str(events)
