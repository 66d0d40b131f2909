# SPDX-License-Identifier: Apache-2.0
"""Logs in at a display of QEMU as a viewer does, only to learn whether a password lets one in."""

from __future__ import annotations

import socket
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import load_der_public_key

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
except ImportError:  # before cryptography 43
    from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES

_SPICE_KEY_BYTES = 162


def vnc_lets_in(port: int, password: str) -> bool:
    """RFC 6143, 7.1 and 7.2.2."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        _read(line, 12)
        line.sendall(b"RFB 003.008\n")
        kinds = _read(line, _read(line, 1)[0])
        assert 2 in kinds, f"no password is asked for: {kinds!r}"
        line.sendall(b"\x02")
        # each byte's bits in the other order; three times the same key is plain DES
        key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode()[:8].ljust(8, b"\0"))
        cipher = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()
        line.sendall(cipher.update(_read(line, 16)))
        (failed,) = struct.unpack(">I", _read(line, 4))
        return bool(failed == 0)


def spice_lets_in(port: int, password: str) -> bool:
    """The link stage of the protocol's description, without a choice of the authentication."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        main_channel = struct.pack("<IBBIII", 0, 1, 0, 0, 0, 18)
        line.sendall(struct.pack("<4sIII", b"REDQ", 2, 2, len(main_channel)) + main_channel)
        magic, _major, _minor, size = struct.unpack("<4sIII", _read(line, 16))
        assert magic == b"REDQ"
        reply = _read(line, size)
        assert reply[:4] == bytes(4), reply[:4]
        key = load_der_public_key(reply[4 : 4 + _SPICE_KEY_BYTES])
        assert isinstance(key, rsa.RSAPublicKey)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        line.sendall(key.encrypt(password.encode() + b"\0", oaep))
        (failed,) = struct.unpack("<I", _read(line, 4))
        return bool(failed == 0)


def _read(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = line.recv(count - len(data))
        assert piece, f"it hung up after {data!r}"
        data += piece
    return data
