# SPDX-License-Identifier: Apache-2.0
"""What clients other than the SDK rely on: JSON, negotiation, paths, bodies, refusals, TLS."""

from __future__ import annotations

import json
import socket
import ssl
import time
import warnings
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.engine.manager_support import ManagerProcess


def xml_of(answer: httpx.Response) -> ET.Element:
    assert answer.headers["content-type"] == "application/xml;charset=UTF-8"
    return ET.fromstring(answer.content)


def test_xml_and_json_tell_the_same(manager: ManagerProcess) -> None:
    """Golden shapes: attributes become keys, lists are named by their singular, everything but decimals is text."""
    (data_center,) = manager.get("/api/datacenters", headers=manager.admin()).json()["data_center"]
    assert data_center["local"] == "false"
    assert data_center["version"] == {"major": "4", "minor": "7"}
    assert data_center["href"] == f"/ovirt-engine/api/datacenters/{data_center['id']}"
    assert {"rel": "clusters", "href": f"{data_center['href']}/clusters"} in data_center["link"]
    root = xml_of(manager.get("/api/datacenters", headers=manager.admin("application/xml")))
    assert root.tag == "data_centers"
    (element,) = root
    assert (element.tag, element.get("id"), element.get("href")) == (
        "data_center", data_center["id"], data_center["href"],
    )  # fmt: skip
    assert element.findtext("version/minor") == "7"
    links = {link.get("rel"): link.get("href") for link in element.findall("link")}
    assert links["clusters"] == f"{data_center['href']}/clusters"


def test_empty_lists(manager: ManagerProcess) -> None:
    assert manager.get("/api/vms", headers=manager.admin()).json() == {}
    answer = manager.get("/api/operatingsystems", headers=manager.admin("application/xml"))
    assert answer.text.endswith("<operation_systems></operation_systems>")


def test_empty_strings_are_open_and_close(manager: ManagerProcess) -> None:
    """ElementTree cannot tell, the SDK can: <x/> is None to it and <x></x> is ''."""
    text = manager.get("/api/clusters", headers=manager.admin("application/xml")).text
    assert "<comment></comment>" in text
    assert "<comment/>" not in text


def test_dates(manager: ManagerProcess) -> None:
    event = manager.get("/api/events?max=1", headers=manager.admin()).json()["event"][0]
    root = xml_of(manager.get(f"/api/events/{event['id']}", headers=manager.admin("application/xml")))
    text = root.findtext("time") or ""
    assert len(text) == len("2026-11-22T18:29:25.000+00:00")
    assert text.endswith("+00:00")
    assert isinstance(event["time"], int)
    assert event["time"] > 1_700_000_000_000
    assert event["rhv_message"]["key"].startswith("event.")


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/xml"),
        ("*/*", "application/xml"),
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/xml"),
        ("application/json, */*;q=0.1", "application/json"),
        ("application/xml;q=0.5, application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/xml", "application/xml"),
    ],
)
def test_media(manager: ManagerProcess, accept: str | None, media: str) -> None:
    headers = {**manager.admin(), "Accept": accept or ""}
    assert manager.get("/api/clusters", headers=headers).headers["content-type"].startswith(media)


def test_other_media_and_versions_are_refused(manager: ManagerProcess) -> None:
    headers = manager.admin()
    assert manager.get("/api", headers={**headers, "Accept": "image/png"}).status_code == 406
    assert manager.get("/api", headers={**headers, "Version": "3"}).status_code == 400
    assert manager.get("/api", headers={**headers, "Version": "4"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/clusters/",
        "/api/v4/clusters",
        "/api/v4/clusters/",
        "/api/clusters;max=20",
        "/api//clusters",
        "/api/%63lusters",
    ],
)
def test_paths_that_are_the_same(manager: ManagerProcess, path: str) -> None:
    assert len(manager.get(path, headers=manager.admin()).json()["cluster"]) == 1


def test_matrix_parameters_count(manager: ManagerProcess) -> None:
    headers = manager.admin()
    assert len(manager.get("/api/events;max=2?search=", headers=headers).json()["event"]) == 2
    assert manager.get("/api/clusters;max=0", headers=headers).json() == {}
    assert manager.get("/api/clusters;max=x", headers=headers).status_code == 400
    assert "product_info" in manager.get("/api;foo=bar", headers=headers).json()


def test_follow(manager: ManagerProcess) -> None:
    headers = manager.admin()
    query = {"follow": "data_center,networks.vnic_profiles,nonsense"}
    (cluster,) = manager.get("/api/clusters", headers=headers, params=query).json()["cluster"]
    assert cluster["data_center"]["name"] == "Default"
    assert cluster["networks"]["network"][0]["vnic_profiles"]["vnic_profile"][0]["name"] == "ovirtmgmt"
    deep = {"follow": "a.b.c.d.e.f"}
    assert manager.get("/api/clusters", headers=headers, params=deep).status_code == 400


def test_correlation_ids_come_back(manager: ManagerProcess) -> None:
    headers = manager.admin()
    given = manager.get("/api", headers={**headers, "Correlation-Id": "my id!_-9" + "x" * 50}).headers["correlation-id"]
    assert given == ("myid_-9" + "x" * 50)[:36]
    assert manager.get("/api?correlation_id=abc", headers=headers).headers["correlation-id"] == "abc"
    first, second = (manager.get("/api", headers=headers).headers["correlation-id"] for _ in range(2))
    assert len(first) == 36
    assert first != second


def test_refusals_are_xml_unless_json_is_wanted(manager: ManagerProcess) -> None:
    answer = manager.get("/api/vms", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, xml_of(answer).tag) == (401, "fault")
    assert answer.headers["www-authenticate"].startswith("Bearer"), "Basic would open the browser's own dialogue"
    assert manager.get("/api/vms").headers["www-authenticate"].startswith("Basic")
    missing = manager.get("/api/vms/nope", headers=manager.admin())
    assert missing.status_code == 404
    assert missing.json() == {"detail": "[Entity not found: Vm: id=nope]", "reason": "Operation Failed"}
    assert manager.get("/api/nope", headers=manager.admin()).status_code == 404
    assert manager.request("PATCH", "/api/vms", headers=manager.admin()).status_code == 405


def test_a_refused_action_is_an_action(manager: ManagerProcess) -> None:
    headers = manager.admin("application/xml")
    id_ = manager.add_host("idle", "192.0.2.77", 54321)
    answer = manager.request("POST", f"/api/hosts/{id_}/activate", headers=headers, content="<action/>")
    root = xml_of(answer)
    assert (answer.status_code, root.tag, root.findtext("status")) == (409, "action", "failed")
    assert root.findtext("fault/reason") == "Operation Failed"
    done = manager.request("POST", f"/api/hosts/{id_}/deactivate", headers=headers, content="<action/>")
    assert (done.status_code, xml_of(done).findtext("status")) == (200, "complete")
    removed = manager.request("DELETE", f"/api/hosts/{id_};async=true", headers=headers)
    assert (removed.status_code, removed.content) == (200, b"")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("<host><name>x</name></host>", "application/xml", 400),
        ("<host><name>x</name>", "application/xml", 400),
        ('<!DOCTYPE h [<!ENTITY e SYSTEM "file:///etc/passwd">]><host><name>&e;</name></host>', "application/xml", 400),
        ("<a>" * 100 + "</a>" * 100, "application/xml", 400),
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ("[]", "application/json", 400),
        ("name=x", "application/x-www-form-urlencoded", 415),
        ('{"name": "x", "address": "not a host"}', "application/json", 400),
        ('{"name": "x", "address": "192.0.2.1", "port": "70000"}', "application/json", 400),
        ('{"name": "x", "address": "192.0.2.1", "port": "many"}', "application/json", 400),
        ('{"name": "x", "address": "192.0.2.1", "cluster": {"name": "nope"}}', "application/json", 404),
        ("x" * (4 * 1024 * 1024 + 1), "application/json", 413),
        ("", "application/xml", 400),
    ],
)
def test_bodies_that_are_refused(manager: ManagerProcess, content: str, kind: str, status: int) -> None:
    headers = {**manager.admin(), "Content-Type": kind}
    answer = manager.request("POST", "/api/hosts", headers=headers, content=content)
    assert answer.status_code == status, answer.text
    assert "detail" in answer.json()


def test_references_by_name_or_by_id_in_xml_or_json(manager: ManagerProcess) -> None:
    headers = manager.admin("application/json")
    (cluster,) = manager.get("/api/clusters", headers=headers).json()["cluster"]
    xml = "<host><name>r{0}</name><address>192.0.2.{0}</address>{1}</host>"
    bodies = [
        ("application/xml", xml.format(81, "<cluster><name>Default</name></cluster>")),
        ("application/xml", xml.format(82, f'<cluster id="{cluster["id"]}"/>')),
        ("application/json", json.dumps({"name": "r83", "address": "192.0.2.83", "cluster": {"id": cluster["id"]}})),
        ("application/json; charset=utf-8", json.dumps({"name": "r84", "address": "192.0.2.84"})),
    ]
    for kind, content in bodies:
        answer = manager.request("POST", "/api/hosts", headers={**headers, "Content-Type": kind}, content=content)
        assert answer.status_code == 201, answer.text
        assert answer.json()["cluster"]["id"] == cluster["id"]
        assert answer.headers["location"] == answer.json()["href"]
    for host in manager.get("/api/hosts?search=address%3D192.0.2.8*", headers=headers).json()["host"]:
        manager.request("POST", f"/api/hosts/{host['id']}/deactivate", headers=headers, json={})
        assert manager.request("DELETE", f"/api/hosts/{host['id']}", headers=headers).status_code == 200


def test_health_and_info(manager: ManagerProcess) -> None:
    health = manager.get("/services/health")
    assert (health.status_code, health.text) == (200, "DB Up!Welcome to Health Status!")
    info = manager.get("/services/info").json()
    assert (info["product"], info["version"]) == ("cockpit-rhv engine", "0.1.0")


def test_answers_do_not_wait_for_acknowledgements(manager: ManagerProcess) -> None:
    """With Nagle's algorithm on, every answer on a kept connection takes 40 ms and more; the quickest tells."""
    with manager.client() as client:
        url = f"{manager.url}/services/info"
        client.get(url)
        assert any(client.get(url).elapsed.total_seconds() < 0.02 for _ in range(200))


def test_tls_is_new_enough(manager: ManagerProcess) -> None:
    context = ssl.create_default_context(cafile=str(manager.ca_file))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", manager.port)) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname="127.0.0.1")
    modern = ssl.create_default_context(cafile=str(manager.ca_file))
    for name in ("engine.example.test", "localhost", "127.0.0.1"):
        with (
            socket.create_connection(("127.0.0.1", manager.port)) as raw,
            modern.wrap_socket(raw, server_hostname=name) as wrapped,
        ):
            assert wrapped.version() == "TLSv1.3"


def test_large_bodies_with_expect(manager: ManagerProcess) -> None:
    """curl, and so the SDK, asks for leave before it sends more than a megabyte."""
    context = ssl.create_default_context(cafile=str(manager.ca_file))
    host = urlsplit(manager.url).hostname or ""
    token = manager.admin()["Authorization"]
    body = b'{"name":"' + b"x" * 2_000_000 + b'","address":"192.0.2.1"}'
    with (
        socket.create_connection((host, manager.port)) as raw,
        context.wrap_socket(raw, server_hostname=host) as connection,
    ):
        head = (
            f"POST /ovirt-engine/api/hosts HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")


def test_a_client_that_hangs_up_half_way_leaves_no_trace(manager: ManagerProcess) -> None:
    context = ssl.create_default_context(cafile=str(manager.ca_file))
    token = manager.admin()["Authorization"]
    for path in ("/api/hosts", "/sso/oauth/token", "/services/host-enrollment"):
        with (
            socket.create_connection(("127.0.0.1", manager.port)) as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as connection,
        ):
            head = (
                f"POST /ovirt-engine{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n"
                "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
            )
            connection.sendall(head.encode())
            time.sleep(0.2)
    assert manager.get("/services/health").status_code == 200
    assert "Traceback" not in manager.log()
