# SPDX-License-Identifier: Apache-2.0
"""Starting: certificates, the announcement, settings, the database's schema, the portal's files; and what it costs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from rhv_engine.addresses import own_addresses
from rhv_engine.db.migrations import STEPS, SchemaTooNew, migrate
from rhv_engine.db.models import Base
from rhv_engine.first_contact import announce
from rhv_engine.notify import notify
from rhv_engine.pki.authority import alternative_names
from rhv_engine.pki.store import Pki
from rhv_engine.settings import SettingsError, parse_settings
from sqlalchemy import create_engine, inspect, text

from tests.engine.manager_support import ROOT, ManagerProcess, settings
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

RSS_LIMIT_MB = 150


def test_the_first_start_announces_the_ca(fresh: ManagerProcess) -> None:
    fresh.start()
    ca = x509.load_pem_x509_certificate(fresh.ca_file.read_bytes())
    (line,) = fresh.first_contact.read_text().splitlines()
    assert json.loads(line) == {
        "version": 1, "ca_sha256": ca.fingerprint(hashes.SHA256()).hex(), "fqdn": "engine.example.test",
        "addresses": own_addresses(), "engine_version": "0.1.0",
    }  # fmt: skip
    shown = re.search(r"RHV engine CA SHA-256: ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})", fresh.console.read_text())
    assert shown
    assert bytes.fromhex(shown[1].replace(":", "")) == ca.fingerprint(hashes.SHA256())
    assert "RHV engine address:" in fresh.console.read_text()

    fresh.stop()
    fresh.start()
    first, second = fresh.first_contact.read_text().splitlines()
    assert first == second, "the same CA after a restart, announced at every start"


def test_a_port_that_comes_late_is_told_all_the_same(fresh: ManagerProcess) -> None:
    fresh.first_contact.unlink(missing_ok=True)
    fresh.start()
    shown = fresh.console.read_text()
    fresh.first_contact.touch()
    line = until("the late word", fresh.first_contact.read_text, lambda text: text.endswith("\n"), limit_s=60)
    assert json.loads(line)["fqdn"] == "engine.example.test"
    assert fresh.console.read_text() == shown, "people have read it already"


def test_the_state_is_private(fresh: ManagerProcess) -> None:
    fresh.start()
    state = fresh.folder / "state"
    assert (state / "pki").stat().st_mode & 0o777 == 0o700
    for name in ("ca.key", "server.pem", "client.pem"):
        assert (state / "pki" / name).stat().st_mode & 0o777 == 0o600
    assert (state / "engine.db").stat().st_mode & 0o007 == 0


def test_what_it_costs(fresh: ManagerProcess) -> None:
    seconds = fresh.start()
    fresh.admin()
    assert fresh.process is not None
    with open(f"/proc/{fresh.process.pid}/status", encoding="ascii") as status:
        rss_mb = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
    print(f"start {seconds:.2f} s, {rss_mb:.0f} MB")
    assert rss_mb < RSS_LIMIT_MB


def test_the_servers_certificate_follows_the_addresses(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "pki", "engine.example.test")
    assert pki.ensure_server(["192.0.2.10", "2001:db8::10"])
    assert pki.server_certificate is not None
    names = alternative_names(pki.server_certificate)
    assert names == {"engine.example.test", "localhost", "127.0.0.1", "::1", "192.0.2.10", "2001:db8::10"}
    assert not pki.ensure_server(["2001:db8::10", "192.0.2.10"]), "nothing changed"
    assert pki.ensure_server(["192.0.2.11"])
    again = Pki(tmp_path / "pki", "engine.example.test")
    assert again.authority.certificate == pki.authority.certificate
    assert not again.ensure_server(["192.0.2.11"])
    renamed = Pki(tmp_path / "pki", "other.example.test")
    assert renamed.authority.certificate == pki.authority.certificate, "the CA outlives a new name"
    assert renamed.ensure_server(["192.0.2.11"])


def test_a_damaged_leaf_is_made_anew_and_a_damaged_ca_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    pki = Pki(folder, "engine.example.test")
    pki.ensure_server([])
    (folder / "server.pem").write_text("damaged")
    assert Pki(folder, "engine.example.test").ensure_server([])
    (folder / "ca.key").write_bytes((folder / "client.pem").read_bytes())
    with pytest.raises(ValueError, match="not the key of"):
        Pki(folder, "engine.example.test")


def test_addresses_are_those_of_the_ip_command() -> None:
    if shutil.which("ip") is None:
        pytest.skip("there is no ip command")
    links = json.loads(subprocess.run(["ip", "-j", "addr"], capture_output=True, text=True, check=True).stdout)
    expected = {
        item["local"] for link in links for item in link["addr_info"]
        if item["scope"] == "global" and not item.get("temporary") and not item.get("tentative")
        and not item.get("deprecated")
    }  # fmt: skip
    assert set(own_addresses()) == expected


def test_the_job_hears_that_there_is_no_address_yet(tmp_path: Path) -> None:
    port, console = tmp_path / "port", tmp_path / "console"
    port.touch()
    console.touch()
    announce("ab" * 32, "engine.example.test", [], port, console)
    assert json.loads(port.read_text())["addresses"] == []
    assert "RHV engine address: none yet" in console.read_text()
    announce("ab" * 32, "engine.example.test", ["192.0.2.10", "2001:db8::1"], port, console)
    assert json.loads(port.read_text().splitlines()[-1])["addresses"] == ["192.0.2.10", "2001:db8::1"]
    assert console.read_text().endswith("RHV engine address: 192.0.2.10, 2001:db8::1\n")


def test_a_missing_channel_is_no_error(tmp_path: Path) -> None:
    announce("ab" * 32, "engine.example.test", [], tmp_path / "missing", tmp_path / "missing too")
    assert list(tmp_path.iterdir()) == [], "a missing device must not become a file"


def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify("READY=1")
        assert channel.recv(100) == b"READY=1"


def _without(document: dict[str, Any], *path: str) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


def test_settings_that_cannot_be_used() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    good = settings(Ed25519PrivateKey.generate())
    assert parse_settings({**good, "unknown": 1}).admin_user == "admin@internal"
    assert parse_settings(_without(good, "enrollment")).enrollment is None
    wrong: list[dict[str, Any]] = [
        _without(good, "fqdn"), _without(good, "admin"), _without(good, "admin", "password_hash"),
        {**good, "version": 2}, {**good, "fqdn": "192.0.2.1"}, {**good, "fqdn": "a b"},
        {**good, "admin": {**good["admin"], "user": "admin"}}, {**good, "enrollment": {"token_sha256": "zz"}},
        {**good, "enrollment": {**good["enrollment"], "valid_s": 0}}, {**good, "timing": {"nonsense": 1}},
        {**good, "timing": {"poll_s": 0}}, {**good, "token_idle_s": -1},
    ]  # fmt: skip
    for document in wrong:
        with pytest.raises(SettingsError):
            parse_settings(document)


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_without_settings_it_says_why_and_ends(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "engine.json").write_text(content)
    result = subprocess.run(
        [sys.executable, "-m", "rhv_engine", "--config", tmp_path / "engine.json", "--state", tmp_path / "state"],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'bridge'}:{ROOT / 'engine'}"},
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert result.returncode == 78
    assert "engine.json" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_steps_lead_to_the_models(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'stepped.db'}")
    with engine.begin() as connection:
        assert migrate(connection) == len(STEPS)
        assert migrate(connection) == 0
    modelled = create_engine(f"sqlite:///{tmp_path / 'modelled.db'}")
    Base.metadata.create_all(modelled)
    stepped_tables = set(inspect(engine).get_table_names()) - {"schema_version", "sqlite_sequence"}
    assert stepped_tables == set(inspect(modelled).get_table_names())
    for table in stepped_tables:
        assert _columns(engine, table) == _columns(modelled, table), table
    with engine.begin() as connection:
        connection.execute(text("UPDATE schema_version SET version = 99"))
    with engine.begin() as connection, pytest.raises(SchemaTooNew):
        migrate(connection)


def _columns(engine: Any, table: str) -> dict[str, tuple[str, bool, bool]]:
    found = {}
    for column in inspect(engine).get_columns(table):
        kind = str(column["type"]).replace("DOUBLE PRECISION", "FLOAT").replace("REAL", "FLOAT")
        key = bool(column["primary_key"])
        found[column["name"]] = (kind, key or bool(column["nullable"]), key)
    return found


def test_the_portal(fresh: ManagerProcess) -> None:
    portal = fresh.folder / "portal"
    portal.mkdir()
    (portal / "index.html").write_text("<!doctype html><title>portal</title>")
    (portal / "app-ABCD1234.js").write_text("export const x = 1;" * 100)
    (portal / "index.js").write_text("plain")
    (fresh.folder / "secret.txt").write_text("secret")
    (portal / "out").symlink_to(fresh.folder / "secret.txt")
    fresh.start()
    redirect = fresh.get("/../")
    assert (redirect.status_code, redirect.headers["location"]) == (302, "/ovirt-engine/")
    for path in ("/", "/portal", "/portal/", "/portal/hosts/1"):
        page = fresh.get(path)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
        assert page.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
    script = fresh.get("/portal/app-ABCD1234.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert fresh.get("/index.js").headers["cache-control"] == "no-cache"
    etag = fresh.get("/index.js").headers["etag"]
    assert fresh.get("/index.js", headers={"If-None-Match": etag}).status_code == 304
    (portal / "index.js").write_text("another")
    assert fresh.get("/index.js", headers={"If-None-Match": etag}).status_code == 200
    for path in (
        "/nothing.js",
        "/portal/nothing.js",
        "/out",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/a%00b",
        "/x/y",
    ):
        answer = fresh.get(path)
        assert answer.status_code == 404, path
        assert "secret" not in answer.text
    assert fresh.request("POST", "/index.js").status_code == 405


def test_without_a_portal_the_rest_works(fresh: ManagerProcess) -> None:
    fresh.start()
    assert fresh.get("/").status_code == 404
    assert fresh.get("/services/info").status_code == 200


def test_it_ends_at_once_with_streams_open(fresh: ManagerProcess) -> None:
    fresh.start()
    lines: list[str] = []

    def watch() -> None:
        headers = fresh.admin()
        with fresh.client() as client, client.stream("GET", f"{fresh.url}/services/changes", headers=headers) as answer:
            for line in answer.iter_lines():
                lines.append(line)

    watcher = threading.Thread(target=watch)
    watcher.start()
    until("the stream is open", lambda: lines)
    assert fresh.stop() == 0
    watcher.join(5)
    assert not watcher.is_alive()
    assert "graceful shutdown exceeded" not in fresh.log()
    assert lines[0] == ": connected"
