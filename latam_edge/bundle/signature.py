"""The signature of a manifest: who made the bundle.

`manifest.sig` is three lines of text: a name for the form, the public key and the
signature, both in hexadecimal. What is signed is a prefix of our own and the
manifest's bytes, so that no other signed text can pass for a manifest.
"""

from __future__ import annotations

import os
from pathlib import Path

from latam_edge.bundle import ed25519
from latam_edge.core import paths
from latam_edge.core.atomic import disk_errors, write_text
from latam_edge.core.errors import BundleUnsigned, MissingExtra, UnreadableFile

FORM = "latam-edge bundle signature 1"
PREFIX = b"latam-edge bundle manifest 1\n"
MAX_BYTES = 4096


def key_file() -> Path:
    """The maker's secret key, made at the first `bundle make`."""
    return paths.config_dir() / "bundle-key"


def sign(manifest: bytes, key: Path | None = None) -> str:
    """The text of `manifest.sig` for these bytes, with the key in `key` (made when there is none).

    Raises MissingExtra without the package `cryptography`, UnreadableFile, DiskFull, ReadOnlyPlace."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError:
        raise MissingExtra(package="cryptography", extra="bundle") from None

    secret = Ed25519PrivateKey.from_private_bytes(_secret(key or key_file()))
    public = secret.public_key().public_bytes_raw()
    return _text(public, secret.sign(PREFIX + manifest))


def _text(key: bytes, value: bytes) -> str:
    return f"{FORM}\n{key.hex()}\n{value.hex()}\n"


def _secret(path: Path) -> bytes:
    """The 32 bytes in `path`, hexadecimal; random ones are written when it does not exist."""
    try:
        return _hex(path.read_text(encoding="ascii"), 32)
    except FileNotFoundError:
        pass
    except (OSError, ValueError):
        raise UnreadableFile(path=path) from None
    secret = os.urandom(32)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, secret.hex() + "\n", private=True)
    return secret


def _hex(text: str, size: int) -> bytes:
    value = bytes.fromhex(text.strip())
    if len(value) != size:
        raise ValueError(size)
    return value


def check(manifest: bytes, signature: bytes, path: Path) -> bytes:
    """The public key (32 bytes) that signed the manifest. Raises BundleUnsigned, which names `path`.

    One spelling alone is taken: a capital letter says the same in hexadecimal, and is a changed byte."""
    try:
        _, public, signed = signature.decode("ascii").splitlines()
        key, value = _hex(public, 32), _hex(signed, 64)
    except ValueError:
        raise BundleUnsigned(path=path) from None
    if signature != _text(key, value).encode() or not ed25519.verify(key, PREFIX + manifest, value):
        raise BundleUnsigned(path=path)
    return key
