"""A self-signed certificate for localhost and its key, made each time: RSA of 2048 bits, valid for a day."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from pathlib import Path

_SMALL = [n for n in range(3, 2000, 2) if all(n % p for p in range(3, int(n**0.5) + 1, 2))]
_EXPONENT = 65537
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
RSA, SHA256_RSA = "2a864886f70d010101", "2a864886f70d01010b"
COMMON_NAME, SUBJECT_KEY, KEY_USAGE, OTHER_NAMES, CONSTRAINTS = "550403", "551d0e", "551d0f", "551d11", "551d13"


def _prime(bits: int) -> int:
    """A number of so many bits that is prime as far as 16 witnesses say."""
    while True:
        n = secrets.randbits(bits) | 3 << (bits - 2) | 1
        if all(n % p for p in _SMALL) and n % _EXPONENT != 1 and all(_witness(n) for _ in range(16)):
            return n


def _witness(n: int) -> bool:
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    x = pow(secrets.randbelow(n - 3) + 2, odd, n)
    return x in (1, n - 1) or any((x := x * x % n) == n - 1 for _ in range(twos - 1))


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag, *([] if len(body) < 128 else [0x80 | len(size)])]) + size + body


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, *parts)


def _number(n: int) -> bytes:
    return _der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def _named(oid: str) -> bytes:
    return _der(6, bytes.fromhex(oid))


def _bits(body: bytes) -> bytes:
    return _der(3, b"\0", body)


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return _sequence(_named(oid), _der(1, b"\xff") if critical else b"", _der(4, value))


def _pem(kind: str, body: bytes) -> str:
    text = base64.encodebytes(body).decode()
    return f"-----BEGIN {kind}-----\n{text}-----END {kind}-----\n"


def make_certificate(path: Path) -> Path:
    """Writes key and certificate into one file, as `ssl.SSLContext.load_cert_chain` reads them; the file is its own authority too."""
    p, q = _prime(1024), _prime(1024)
    n, d = p * q, pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = _sequence(_number(n), _number(_EXPONENT))
    private = _sequence(*map(_number, (0, n, _EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))))
    name = _sequence(_der(0x31, _sequence(_named(COMMON_NAME), _der(12, b"localhost"))))
    now = dt.datetime.now(dt.UTC)
    times = [f"{now + dt.timedelta(days=days):%y%m%d%H%M%SZ}".encode() for days in (-1, 1)]
    extensions = _sequence(
        _extension(CONSTRAINTS, _sequence(_der(1, b"\xff")), critical=True),
        _extension(KEY_USAGE, _der(3, bytes([2, 0b10100100])), critical=True),
        _extension(SUBJECT_KEY, _der(4, hashlib.sha1(public).digest())),
        _extension(OTHER_NAMES, _sequence(_der(0x82, b"localhost"), _der(0x87, bytes([127, 0, 0, 1])))),
    )
    algorithm = _sequence(_named(SHA256_RSA), _der(5))
    body = _sequence(
        _der(0xA0, _number(2)),
        _number(secrets.randbits(64)),
        algorithm,
        name,
        _sequence(*(_der(0x17, time) for time in times)),
        name,
        _sequence(_sequence(_named(RSA), _der(5)), _bits(public)),
        _der(0xA3, extensions),
    )
    padded = b"\0" + _SHA256_INFO + hashlib.sha256(body).digest()
    padded = b"\0\1" + b"\xff" * (256 - 2 - len(padded)) + padded
    signature = pow(int.from_bytes(padded, "big"), d, n).to_bytes(256, "big")
    path.write_text(_pem("RSA PRIVATE KEY", private) + _pem("CERTIFICATE", _sequence(body, algorithm, _bits(signature))))
    return path
