"""Who made a bundle: Ed25519 against the standard's examples and a kept library, and keys as words."""

from __future__ import annotations

import random
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from latam_edge.bundle import ed25519, fingerprint, signature
from latam_edge.bundle.wordlists import WORDS
from latam_edge.core.errors import BundleUnsigned, UnreadableFile

EXAMPLES = [  # RFC 8032, section 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
        "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
        "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("public", "message", "signed"), EXAMPLES)
def test_the_examples_of_the_standard_are_accepted(public: str, message: str, signed: str) -> None:
    assert ed25519.verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signed))


def test_what_a_kept_library_signs_is_accepted_and_any_changed_bit_is_not() -> None:
    draw = random.Random(1)
    for _ in range(12):
        secret = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
        public = secret.public_key().public_bytes_raw()
        message = draw.randbytes(draw.randrange(300))
        signed = secret.sign(message)
        assert ed25519.verify(public, message, signed)
        for number, data in enumerate((public, signed)):
            place = draw.randrange(8 * len(data))
            changed = bytearray(data)
            changed[place // 8] ^= 1 << place % 8
            pair = [public, signed]
            pair[number] = bytes(changed)
            assert not ed25519.verify(pair[0], message, pair[1])
        assert not ed25519.verify(public, message + b"\0", signed)


def test_a_second_form_of_a_signature_is_refused() -> None:
    public, message, signed = (bytes.fromhex(text) for text in EXAMPLES[1])
    scalar = int.from_bytes(signed[32:], "little") + ed25519.L
    assert not ed25519.verify(public, message, signed[:32] + scalar.to_bytes(32, "little"))


def test_a_key_of_small_order_that_would_accept_anything_is_refused() -> None:
    neutral = (1).to_bytes(32, "little")
    # With the neutral point as key and as commitment, s = 0 fits every message.
    assert not ed25519.verify(neutral, b"anything", neutral + bytes(32))


@pytest.mark.parametrize(
    ("public", "signed"), [(b"", b""), (bytes(31), bytes(64)), (b"\xff" * 32, bytes(64))]
)
def test_what_is_no_key_and_no_signature_is_refused_without_a_fault(public: bytes, signed: bytes) -> None:
    assert not ed25519.verify(public, b"", signed)


def test_a_manifest_is_signed_and_checked(tmp_path: Path) -> None:
    key = tmp_path / "deep" / "key"
    text = signature.sign(b"list", key)
    public = signature.check(b"list", text.encode(), tmp_path)
    assert signature.check(b"list", signature.sign(b"list", key).encode(), tmp_path) == public
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text(encoding="ascii").strip() not in text
    with pytest.raises(BundleUnsigned):
        signature.check(b"lisT", text.encode(), tmp_path)


@pytest.mark.parametrize("text", ["", "x", "a\nb\nc", "latam-edge bundle signature 1\n00\n00", "\xff"])
def test_a_file_that_is_no_signature_is_no_signature(text: str, tmp_path: Path) -> None:
    with pytest.raises(BundleUnsigned):
        signature.check(b"list", text.encode("latin-1"), tmp_path)


def test_a_signature_of_something_else_does_not_fit_a_manifest(tmp_path: Path) -> None:
    secret = Ed25519PrivateKey.generate()
    public = secret.public_key().public_bytes_raw()
    text = f"{signature.FORM}\n{public.hex()}\n{secret.sign(b'list').hex()}\n"
    with pytest.raises(BundleUnsigned):
        signature.check(b"list", text.encode(), tmp_path)


def test_a_damaged_key_is_told_and_not_replaced(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("zz", encoding="ascii")
    with pytest.raises(UnreadableFile):
        signature.sign(b"list", key)
    assert key.read_text(encoding="ascii") == "zz"


@pytest.mark.parametrize("lang", ["es", "pt", "en"])
def test_the_word_lists_can_be_read_aloud_and_typed(lang: str) -> None:
    words = WORDS[lang]
    assert len(words) == len(set(words)) == 256
    assert len({word[:4] for word in words}) == 256
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 9 for word in words)


def test_the_words_of_a_key_never_change() -> None:
    public = bytes.fromhex(EXAMPLES[0][0])
    assert fingerprint.all_languages(public) == {
        "es": fingerprint.words(public, "es"),
        "pt": fingerprint.words(public, "pt"),
        "en": fingerprint.words(public, "en"),
    }
    assert fingerprint.words(public, "es") == "bola zapato cama sapo mango - doble mano feria fiesta fuego"
    assert (
        fingerprint.words(public, "pt") == "bombom xarope capim semente mel - eclipse menta fita flauta ganso"
    )


def test_another_key_has_other_words() -> None:
    keys = [bytes([n]) * 32 for n in range(100)]
    for lang in ("es", "pt", "en"):
        assert len({fingerprint.words(key, lang) for key in keys}) == 100


def test_a_signature_in_another_spelling_is_a_changed_one(tmp_path: Path) -> None:
    """A stick flips one bit of a letter: in hexadecimal that may say the same."""
    good = signature.sign(b"{}", tmp_path / "key")
    assert signature.check(b"{}", good.encode(), tmp_path)
    head, public, signed = good.splitlines()
    for text in (
        f"{head}\n{public.upper()}\n{signed}\n",
        f"{head}\n{public}\n{signed.upper()}\n",
        good.replace("\n", "\r\n"),
        good.rstrip("\n"),
        good + "\n",
        f"{head}\n {public}\n{signed}\n",
    ):
        with pytest.raises(BundleUnsigned):
            signature.check(b"{}", text.encode(), tmp_path)
