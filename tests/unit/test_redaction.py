# SPDX-License-Identifier: Apache-2.0
"""The redactor: no planted secret comes through, in whatever clothes, and what is no secret stays."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET

import pytest
from cockpit_rhv.redaction import MARK, redact, redact_bytes
from hypothesis import given
from hypothesis import strategies as st

SECRET = "Pl4nted-Zq9"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n{SECRET}\n-----END RSA PRIVATE KEY-----\n"

PLANTED = [
    f"<graphics type='vnc' port='-1' passwd='{SECRET}' passwdValidTo='2026-01-01T00:00:00'/>",
    f"passwd={SECRET}",
    f"password: {SECRET}",
    f"Nov 23 07:00:01 host1 prog[12]: password: correct {SECRET} horse",
    f'{{"password": "{SECRET} x", "user": "bob"}}',
    f"{{'passwd': '{SECRET}', 'a': 1}}",
    f"Authorization: Bearer {SECRET}abc",
    f'Authorization: Digest username="x", response="{SECRET}"',
    f'curl -H "Authorization: Basic {SECRET}aa" https://x',
    f"Cookie: a={SECRET}; b={SECRET}",
    f"X-Auth-Token: {SECRET}",
    f"node.session.auth.password = {SECRET}",
    f"node.session.auth.password_in = {SECRET}",
    f"chap userid=u password={SECRET}",
    f"//server/share /mnt cifs username=bob,password={SECRET},vers=3 0 0",
    f"https://bob:{SECRET}@host/x",
    f"curl --password {SECRET} --next",
    f"prog --token={SECRET}",
    f'msg="{{\\"token\\":\\"{SECRET}\\"}}"',
    KEY + "after",
    f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
    f'"key": "-----BEGIN PRIVATE KEY-----\\n{SECRET}\\n-----END PRIVATE KEY-----"',
    f"#cloud-config\nchpasswd:\n  list: |\n    root:{SECRET}",
    f"user-data: {SECRET}",
    f"password: |\n  {SECRET}\n  {SECRET}\nnext: 1",
    f'"tokens": [\n "{SECRET}",\n "{SECRET}"\n]',
    f"<x:adminPassword a='1'>{SECRET}</x:adminPassword>",
    f"root:$6$salt${SECRET}xxxxxxxx:19000:0",
    f"scrypt$16384$8$1$c2FsdA==${SECRET}",
    f'{{"qom-type":"secret","id":"s","data":"{SECRET}","keyid":"m"}}',
    f"-object secret,id=x,data={SECRET},format=raw",
    f"<sysinfo type='fwcfg'><entry name='opt/x'>{SECRET}</entry></sysinfo>",
    f"<oemStrings><entry>{SECRET}</entry></oemStrings>",
    f"ADMIN_PASSWORD={SECRET}",
    f'vnc_password = "{SECRET}"',
    f"admin_password => {SECRET}",
    f"password='{SECRET}' and more",
    f'pwd="{SECRET}',
]


@pytest.mark.parametrize("text", PLANTED)
@pytest.mark.parametrize("before", ["", "Nov 23 07:00:01 host1 vdsm[123]: ", "  "])
def test_no_planted_secret_comes_through(text: str, before: str) -> None:
    clean, count = redact("a line\n" + before + text + "\nthe end")
    assert SECRET not in clean
    assert MARK in clean
    assert count > 0
    assert clean.startswith("a line\n")


@pytest.mark.parametrize(
    "text",
    [
        "-vnc 0.0.0.0:0,password=on -object tls",
        "<secret type='ceph' uuid='4b0c1a2e-0000-4000-8000-000000000000'/>",
        "Nov  1 host1 sshd[1]: Failed password for root from 192.0.2.1 port 22",
        "<graphics type='vnc' passwdValidTo='1970-01-01T00:00:01'/>",
        "token expired",
        "base-passwd 3.6.1",
        "2026-03-01 10:15:00.123+0000: starting up libvirt version: 11.3.0",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == (text, 0)


def test_a_key_whose_beginning_was_cut_off() -> None:
    clean, count = redact("aGVsbG8hello0123456789+/\nNov 23 x: c2VjcmV0\nNov 23 x: -----END PRIVATE KEY-----\nafter")
    assert clean.splitlines() == [MARK, MARK, MARK, "after"]
    assert count == 1


def test_json_and_xml_remain_what_they_are() -> None:
    document = {"password": 'a "quoted" \\ one', "list": [{"secret": "x y"}], "plain": "stays", "token": None}
    clean, _ = redact(json.dumps(document))
    assert json.loads(clean) == {"password": MARK, "list": [{"secret": MARK}], "plain": "stays", "token": None}
    clean, _ = redact(f"<graphics type='vnc' passwd='{SECRET}' port='1'/>")
    assert ET.fromstring(clean).attrib == {"type": "vnc", "passwd": MARK, "port": "1"}


def test_redacting_twice_changes_nothing_more() -> None:
    once, _ = redact("\n".join(PLANTED[:20]))
    assert redact(once)[0] == once


@given(st.binary(max_size=400))
def test_bytes_of_any_kind_pass(data: bytes) -> None:
    clean, count = redact_bytes(data)
    assert count > 0 or clean == data


@given(
    st.sampled_from(["password", "api_key", "Token", "clientSecret", "user-data"]),
    st.sampled_from(["=", ": ", '="', "='", '": "']),
    st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/-._~!$%*", min_size=12, max_size=60),
)
def test_whatever_stands_behind_such_a_name_goes(name: str, between: str, value: str) -> None:
    clean, _ = redact(f"x {name}{between}QZ{value} y")
    assert f"QZ{value}" not in clean


@pytest.mark.parametrize(
    "text",
    [
        "password" * 20_000,
        '"' * 100_000,
        'password="' + "\\" * 100_000,
        "a" * 200_000 + "://",
        "-----END PRIVATE KEY-----" + "A" * 200_000,
        "-----BEGIN PRIVATE KEY-----" * 3000,
        "<password" * 20_000,
        "password=x " * 20_000,
        "tokens: [" * 5_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    began = time.monotonic()
    redact(text)
    assert time.monotonic() - began < 20
