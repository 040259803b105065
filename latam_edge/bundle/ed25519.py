"""Ed25519 signatures, checked in Python alone.

The machine that a stick is carried to has Python and nothing else, so checking
can't wait for a library. Signing uses one (`signature.sign`). Checking handles
no secret, which is why code that does not run in constant time is good enough.

Source: RFC 8032, sections 5.1.3 (decoding), 5.1.4 (addition) and 5.1.7 (checking).
"""

from __future__ import annotations

from hashlib import sha512

P = 2**255 - 19
"""The field's prime."""
L = 2**252 + 27742317777372353535851937790883648493
"""The order of the base point's group."""
D = -121665 * pow(121666, -1, P) % P
"""The curve: -x² + y² = 1 + D x² y²."""
_SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x·y = T/Z."""
_NEUTRAL: Point = (0, 1, 1, 0)


def _add(p: Point, q: Point) -> Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _multiply(scalar: int, point: Point) -> Point:
    total = _NEUTRAL
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _equal(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def _decode(data: bytes) -> Point | None:
    """The point of 32 bytes: y, little endian, with the lowest bit of x on top. None: not on the curve."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _SQRT_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


_BASE = _decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the holder of `public` (32 bytes) made `signature` (64 bytes) of `message`. Never raises."""
    if len(public) != 32 or len(signature) != 64 or _BASE is None:
        return False
    key, commitment = _decode(public), _decode(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    # A key of small order would accept any message; a scalar of L or more is a second form of one signature.
    if key is None or commitment is None or scalar >= L or _equal(_multiply(8, key), _NEUTRAL):
        return False
    challenge = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    return _equal(_multiply(scalar, _BASE), _add(commitment, _multiply(challenge, key)))
