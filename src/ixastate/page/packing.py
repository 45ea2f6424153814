"""Whole numbers as text that a browser unpacks by itself: differences, deflated, in letters of base 64."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable

# Seven bits a byte, the least first; the eighth says that more follow.
_MORE, _BITS = 0x80, 7


def packed(numbers: Iterable[int]) -> str:
    """Numbers of any sign as text.

    Each is written as the difference from the one before it, the first from 0; a difference as twice its size, less one
    where it is negative; and that in groups of seven bits.
    """
    content = bytearray()
    before = 0
    for number in numbers:
        difference = number - before
        before = number
        rest = -2 * difference - 1 if difference < 0 else 2 * difference
        while rest >= _MORE:
            content.append(rest % _MORE | _MORE)
            rest >>= _BITS
        content.append(rest)
    return base64.b64encode(zlib.compress(bytes(content), zlib.Z_BEST_COMPRESSION)).decode("ascii")


def packed_text(text: str) -> str:
    """A text, in UTF-8, deflated and in letters of base 64."""
    return base64.b64encode(zlib.compress(text.encode(), zlib.Z_BEST_COMPRESSION)).decode("ascii")
