# SPDX-License-Identifier: Apache-2.0
"""Takes secrets out of text that leaves the host: one redactor for the log archive and a job's bundle.

It knows shapes, not values: what stands behind a name that means a secret, private keys, tokens, hashes, tickets. It
removes rather too much than too little; who reads the rest sees where something was by :data:`MARK`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MARK = "[removed]"

#: Whatever a secret is called; anything may stand before and up to 40 characters of a name behind it.
_NAMES = (
    *("password", "passwd", "passphrase", "passwort", "contraseña", "pwd", "psk", "chap_pass", "community"),
    *("secret", "token", "ticket", "cookie", "credential", "assertion", "authorization", "x-auth", "session_id"),
    *("sessionid", "keyring", "apikey", "api_key", "api-key", "private_key", "private-key", "privatekey"),
    *("user_data", "user-data", "userdata", "vendor_data", "vendor-data"),
)
_NAME = "(?:" + "|".join(map(re.escape, _NAMES)) + r")(?!validto)[\w.-]{0,40}"
#: Words that tell how something is set and not what it is.
_HARMLESS = r"(?!(?:on|off|yes|no|true|false|null|none|expired|\[removed\]|\*+)(?![\w*]))"
_QUOTED = r"\"(?:[^\"\\\n]|\\.)*(?:\"|$)|'(?:[^'\\\n]|\\.)*(?:'|$)"
_END = r"(?:\\*[\"'])?"

#: Over several lines; the text before is tested, because most texts hold none of them.
_WHOLE: Sequence[tuple[str, re.Pattern[str], str]] = (
    (
        "private key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
        MARK,
    ),
    # Of a document for cloud-init nothing is needed, and anything in it may be a secret.
    ("#cloud-config", re.compile(r"#cloud-config.*\Z", re.DOTALL), "#cloud-config " + MARK),
    ("fwcfg", re.compile(r"(<sysinfo\s[^>]*type=.fwcfg.[^>]*>).*?(</sysinfo>|\Z)", re.DOTALL), r"\1" + MARK + r"\2"),
    ("oemstrings", re.compile(r"(<oemStrings>).*?(</oemStrings>|\Z)", re.DOTALL), r"\1" + MARK + r"\2"),
)
_KEY_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{1,100}")
_BLOCKS: Sequence[tuple[re.Pattern[str], str]] = (
    # YAML: "password: |" and the indented lines below it.
    (
        re.compile(
            rf"({_NAME}{_END}[ \t]*:[ \t]*[|>][+-]?)[ \t]*\n(?:(?:[ \t]+[^\n]*)?\n)*(?:[ \t]+[^\n]*\Z)?", re.IGNORECASE
        ),
        rf"\1 {MARK}\n",
    ),
    # A list or an object of secrets over several lines.
    (re.compile(rf"({_NAME}{_END}[ \t]*[:=][ \t]*)\[(?!removed\])[^\]\[]{{0,20000}}\]", re.IGNORECASE), rf'\1"{MARK}"'),
    (re.compile(rf"(<([\w:]*{_NAME})(?:\s[^<>]*)?>)[^<]+(</\2)", re.IGNORECASE), rf"\1{MARK}\3"),
)
_LINES: Sequence[tuple[tuple[str, ...], re.Pattern[str], str]] = (
    # "Authorization: Digest …" has several values: all to the end of the string it stands in, else of the line.
    (
        ("authorization", "cookie"),
        re.compile(
            rf"([\"'][^\"'\n]{{0,20}}(?:authorization|cookie)2?[ \t]*:[ \t]*){_HARMLESS}(?![ \t\[])"
            rf"[^\n\"']+",
            re.IGNORECASE,
        ),
        rf"\1{MARK}",
    ),
    (
        ("authorization", "cookie"),
        re.compile(
            rf"(^[^\"'\n]*(?:authorization|cookie)2?[ \t]*[:=][ \t]*){_HARMLESS}(?![ \t\[\"'\\])"
            rf"[^\n]+",
            re.IGNORECASE,
        ),
        rf"\1{MARK}",
    ),
    # name = value, name: value, "name": "value", name='value'; quotes stay, so that JSON and XML remain what they are.
    (
        tuple(_NAMES),
        re.compile(
            rf"({_NAME}{_END}[ \t]*(?:=>|[:=])[ \t]*[bu]?(?P<quote>\\*[\"'])?)(?(quote)|{_HARMLESS})"
            rf"(?(quote)(?!\[removed\])(?:[^\"'\\\n]|\\+[^\"'\n]|(?!(?P=quote))\\*[\"'])+|[^\s\"'\\,;&<>{{}}()\]]+)",
            re.IGNORECASE,
        ),
        rf"\1{MARK}",
    ),
    # "password: two words" at the end of a line: the value goes to its end, spaces and all.
    (
        tuple(_NAMES),
        re.compile(rf"({_NAME}[ \t]*[:=][ \t]*){re.escape(MARK)}[ \t][^\n{{}}=:\"']+$", re.IGNORECASE),
        rf"\1{MARK}",
    ),
    # --password value
    (
        tuple(_NAMES),
        re.compile(rf"((?<![\w-])--?[\w-]{{0,40}}{_NAME}[ \t]+)(?!-){_HARMLESS}(?:{_QUOTED}|[^\s\"']+)", re.IGNORECASE),
        rf"\1{MARK}",
    ),
    (
        ("bearer", "basic", "negotiate"),
        re.compile(r"\b((?:Bearer|Basic|Negotiate)[ \t]+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
        rf"\1{MARK}",
    ),
    (("eyj",), re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}\.?[\w-]*"), MARK),
    # What crypt(3) and we make of a password.
    (("$",), re.compile(r"\$(?:1|2[abxy]|5|6|7|y|gy|argon2\w{0,2})\$[^\s:\"'<>\\]{8,}"), MARK),
    (("scrypt$",), re.compile(r"scrypt\$\d+\$[^\s:\"'<>\\]{8,}"), MARK),
    (("aq",), re.compile(r"\bAQ[A-Za-z0-9+/]{36}=="), MARK),
    (
        ("://",),
        re.compile(
            r"(\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@\"'<>]{0,100})"
            r":[^@\s/\"'<>]{1,200}@",
            re.IGNORECASE,
        ),
        rf"\1:{MARK}@",
    ),
    # QEMU's secret objects, in both of their spellings.
    (("secret",), re.compile(r"(\"qom-type\":\s*\"secret\"[^}\n]*?\"data\":\s*)\"[^\"\n]*\""), rf'\1"{MARK}"'),
    (("secret",), re.compile(r"(\bsecret,[^\s]*?\bdata=)[^,\s]+"), rf"\1{MARK}"),
)


def redact(text: str) -> tuple[str, int]:
    """``text`` without what looks like a secret, and how many places were changed (at least)."""
    count = 0
    lowered = text.lower()
    for word, pattern, instead in _WHOLE:
        if word in lowered:
            text, changed = pattern.subn(instead, text)
            count += changed
    if any(name in lowered for name in _NAMES):
        for pattern, instead in _BLOCKS:
            text, changed = pattern.subn(instead, text)
            count += changed
    lines = text.split("\n")
    if "private key-----" in lowered:
        count += _drop_headless_keys(lines)
    for index, line in enumerate(lines):
        clean, changed = _redact_line(line)
        if changed:
            lines[index] = clean
            count += changed
    return "\n".join(lines), count


def redact_bytes(data: bytes) -> tuple[bytes, int]:
    """The same for bytes that are mostly UTF-8: what is not stays as it is."""
    text, count = redact(data.decode("utf-8", "surrogateescape"))
    return text.encode("utf-8", "surrogateescape"), count


def _drop_headless_keys(lines: list[str]) -> int:
    """The ends of private keys whose beginnings were cut off: lines of Base64, whatever a journal puts before each."""
    count = 0
    for end, line in enumerate(lines):
        if not _KEY_END.search(line):
            continue
        first = end
        while first > 0 and _BASE64.fullmatch(lines[first - 1].rstrip().rpartition(" ")[2]):
            first -= 1
        lines[first : end + 1] = [MARK] * (end + 1 - first)
        count += 1
    return count


def _redact_line(line: str) -> tuple[str, int]:
    lowered = line.lower()
    count = 0
    for words, pattern, instead in _LINES:
        for word in words:
            if word in lowered:
                line, changed = pattern.subn(instead, line)
                count += changed
                break
    return line, count
