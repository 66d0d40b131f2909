# SPDX-License-Identifier: Apache-2.0
"""Who gets a certificate, for what; and who gets the deployment's token."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.engine.manager_support import TOKEN, USER, ManagerProcess, make_csr, sign_assertion

if TYPE_CHECKING:
    from pathlib import Path

NAME, ADDRESS = "node1.example.test", "192.0.2.11"


def dns(name: str) -> x509.DNSName:
    return x509.DNSName(name)


def ip(address: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_address(address))


def by_job(manager: ManagerProcess, csr: str, name: str = NAME, address: str = ADDRESS) -> Any:
    return manager.enrol(csr, name, address, token=None, headers=manager.deployer())


def test_the_certificate_names_the_host_and_nothing_else(manager: ManagerProcess) -> None:
    key, csr = make_csr(dns(NAME), ip(ADDRESS), common_name=NAME)
    answer = by_job(manager, csr)
    assert answer.status_code == 200, answer.text
    certificate = x509.load_pem_x509_certificate(answer.json()["certificate"].encode())
    ca = x509.load_pem_x509_certificate(answer.json()["ca_certificate"].encode())
    certificate.verify_directly_issued_by(ca)
    assert certificate.public_key() == key.public_key()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names) == {dns(NAME), ip(ADDRESS)}
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usages) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    common_name = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert common_name == NAME


def test_serial_numbers_are_random(manager: ManagerProcess) -> None:
    _, csr = make_csr()
    serials = {
        x509.load_pem_x509_certificate(by_job(manager, csr).json()["certificate"].encode()).serial_number
        for _ in range(3)
    }
    assert len(serials) == 3
    assert max(serials) - min(serials) > 2**64


@pytest.mark.parametrize(
    ("names", "common_name"),
    [
        ([dns(NAME), dns("node2.example.test")], None),
        ([ip("192.0.2.12")], None),
        ([], "node2.example.test"),
        ([dns("*.example.test")], None),
        ([x509.RFC822Name("root@example.test")], None),
        ([x509.UniformResourceIdentifier("https://node1.example.test")], None),
    ],
)
def test_a_request_that_asks_for_more_is_refused(
    manager: ManagerProcess, names: list[x509.GeneralName], common_name: str | None
) -> None:
    _, csr = make_csr(*names, common_name=common_name)
    answer = by_job(manager, csr)
    assert answer.status_code == 403, answer.text
    assert answer.json()["reason"] == "Certificate request refused"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("engine.example.test", ADDRESS),
        ("ENGINE.example.test.", ADDRESS),
        (NAME, "127.0.0.1"),
        ("localhost", ADDRESS),
        (NAME, "0:0:0:0:0:0:0:1"),
        ("no name", ADDRESS),
        (NAME, "*.example.test"),
        ("", ADDRESS),
    ],
)
def test_nobody_becomes_the_manager_or_everybody(manager: ManagerProcess, name: str, address: str) -> None:
    _, csr = make_csr()
    assert by_job(manager, csr, name, address).status_code == 403


def test_a_registered_hosts_name_is_its_own(manager: ManagerProcess) -> None:
    manager.add_host("taken", "192.0.2.50", 54321)
    _, csr = make_csr()
    for name, address in (("taken", "192.0.2.51"), ("other", "192.0.2.50")):
        answer = by_job(manager, csr, name, address)
        assert answer.status_code == 403
        assert "registered" in answer.json()["detail"]
    assert by_job(manager, csr, "taken", "192.0.2.50").status_code == 200, "the same host may renew"


def test_weak_and_broken_requests_are_refused(manager: ManagerProcess) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    assert "weak" in by_job(manager, make_csr(key=weak)[1]).json()["detail"]
    assert by_job(manager, make_csr(key=ec.generate_private_key(ec.SECP192R1()))[1]).status_code == 403
    assert (
        by_job(manager, "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----").status_code
        == 403
    )
    assert by_job(manager, "größer").status_code == 403
    _, csr = make_csr(common_name=NAME)
    forged = csr.splitlines()
    forged[-2] = ("A" if forged[-2][0] != "A" else "B") + forged[-2][1:]
    assert by_job(manager, "\n".join(forged)).status_code == 403


def test_without_token_or_bearer_nothing_is_signed(manager: ManagerProcess) -> None:
    _, csr = make_csr()
    for options in ({}, {"headers": {"Authorization": "Bearer nonsense"}}):
        assert manager.enrol(csr, NAME, ADDRESS, token=None, **options).status_code == 403
    wrong = manager.enrol(csr, NAME, ADDRESS, token="wrong")
    assert (wrong.status_code, wrong.json()["detail"]) == (403, "wrong token")
    documents: list[Any] = [{}, {"csr": 1, "name": "a", "address": "b"}, [], "text"]
    for document in documents:
        assert manager.request("POST", "/services/host-enrollment", json=document).status_code == 400


def test_the_token_is_good_once(fresh: ManagerProcess) -> None:
    fresh.start()
    _, csr = make_csr()
    refused = fresh.enrol(csr, "engine.example.test", ADDRESS)
    assert refused.status_code == 403, "a refused request leaves the token good"
    assert fresh.enrol(csr, NAME, ADDRESS).status_code == 200
    again = fresh.enrol(csr, NAME, ADDRESS)
    assert (again.status_code, again.json()["detail"]) == (403, "the token was used before")
    fresh.stop()
    fresh.start()
    assert fresh.enrol(csr, NAME, ADDRESS).status_code == 403, "a restart does not renew it"


def test_the_token_expires(fresh: ManagerProcess) -> None:
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    fresh.write_settings(enrollment={"token_sha256": digest, "valid_s": 2})
    fresh.start()
    _, csr = make_csr()
    time.sleep(2.1)
    expired = fresh.enrol(csr, NAME, ADDRESS)
    assert (expired.status_code, expired.json()["detail"]) == (403, "the token has expired")
    fresh.stop()
    fresh.start()
    assert fresh.enrol(csr, NAME, ADDRESS).status_code == 403, "a restart does not renew it"


def test_the_job_gets_a_token_of_little_power(manager: ManagerProcess) -> None:
    answer = manager.job()
    assert answer.json()["scope"] == "rhv-deploy"
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    for path in ("", "/hosts", "/clusters", "/datacenters"):
        assert manager.get(f"/api{path}", headers=headers).status_code == 200, path
    for path in ("/vms", "/events", "/users", "/permissions"):
        assert manager.get(f"/api{path}", headers=headers).status_code == 403, path


@pytest.mark.parametrize(
    "make",
    [
        lambda key: sign_assertion(ed25519.Ed25519PrivateKey.generate()),
        lambda key: sign_assertion(key, iss="someone"),
        lambda key: sign_assertion(key, aud="elsewhere"),
        lambda key: sign_assertion(key, exp=time.time() - 601),
        lambda key: sign_assertion(key, exp=float("nan")),
        lambda key: sign_assertion(key, exp="tomorrow"),
        lambda key: sign_assertion(key, nbf=time.time() + 700),
        lambda key: sign_assertion(key, drop=["exp"]),
        lambda key: sign_assertion(key, drop=["jti"]),
        lambda key: sign_assertion(key, jti=""),
        lambda key: sign_assertion(key, header={"alg": "none"}),
        lambda key: sign_assertion(key, header={"alg": "HS256"}),
        lambda key: sign_assertion(key, header={"alg": "EdDSA", "crit": ["exp"]}),
        lambda key: sign_assertion(key).rpartition(".")[0] + ".",
        lambda key: sign_assertion(key)[:-4] + "AAAA",
        lambda key: "a.b",
        lambda key: "",
    ],
)
def test_other_assertions_are_refused(manager: ManagerProcess, make: Any) -> None:
    answer = manager.job(make(manager.job_key) or " ")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "invalid_grant"
    assert "access_token" not in answer.json()


def test_clocks_may_differ_by_ten_minutes(manager: ManagerProcess) -> None:
    assert manager.job(sign_assertion(manager.job_key, exp=time.time() - 590)).status_code == 200
    assert manager.job(sign_assertion(manager.job_key, aud=["other", "rhv-engine"])).status_code == 200


def test_an_assertion_is_good_once(fresh: ManagerProcess) -> None:
    fresh.start()
    assertion = sign_assertion(fresh.job_key)
    assert fresh.job(assertion).status_code == 200
    replayed = fresh.job(assertion)
    assert (replayed.status_code, replayed.json()["error_description"]) == (400, "used before")
    fresh.stop()
    fresh.start()
    assert fresh.job(assertion).status_code == 400, "a restart does not forget it"


def test_after_finish_key_and_token_are_forgotten(fresh: ManagerProcess) -> None:
    fresh.start()
    headers = fresh.deployer()
    assert fresh.get("/services/info").json()["deployment_finished"] is False
    assert fresh.request("POST", "/services/deployment-finished").status_code == 403
    assert fresh.request("POST", "/services/deployment-finished", headers=headers).status_code == 200
    assert fresh.get("/services/info").json()["deployment_finished"] is True

    def nothing_works() -> None:
        assert fresh.get("/api/hosts", headers=headers).status_code == 401
        assert fresh.job().status_code == 400
        _, csr = make_csr()
        assert fresh.enrol(csr, NAME, ADDRESS).status_code == 403
        assert fresh.enrol(csr, NAME, ADDRESS, token=None, headers=headers).status_code == 403

    nothing_works()
    fresh.stop()
    fresh.start()
    nothing_works()
    assert fresh.request("POST", "/services/deployment-finished", headers=fresh.admin()).status_code == 200


def test_the_ca_is_for_everybody(manager: ManagerProcess, tmp_path: Path) -> None:
    query = {"resource": "ca-certificate", "format": "X509-PEM-CA"}
    answer = manager.get("/services/pki-resource", params=query)
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    ca = x509.load_pem_x509_certificate(answer.content)
    assert answer.content == manager.ca_file.read_bytes()
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is True
    years = (ca.not_valid_after_utc - ca.not_valid_before_utc).days / 365
    assert 9.9 < years < 10.1
    assert manager.get("/services/info").json()["ca_sha256"] == ca.fingerprint(hashes.SHA256()).hex()
    engine = manager.get("/services/pki-resource", params={"resource": "engine-certificate", "format": "X509-PEM"})
    x509.load_pem_x509_certificate(engine.content).verify_directly_issued_by(ca)
    ssh = manager.get(
        "/services/pki-resource", params={**query, "format": "OPENSSH-PUBKEY", "alias": "me"}
    ).text.split()
    assert (ssh[0], ssh[2]) == ("ecdsa-sha2-nistp256", "me")
    for wrong in ({}, {"resource": "ca.key"}, {"resource": "ca-certificate", "format": "X509-DER"}):
        assert manager.get("/services/pki-resource", params=wrong).status_code == 400
    assert USER not in answer.text
