"""Matrices as PNG images in the page: a heat map of 128 x 128 rectangles each is too much SVG."""

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]

# Dark blue over grey to yellow: rises in lightness throughout, so that it reads the same
# with every colour vision and in print.
ANCHORS = [(0, 34, 78), (67, 78, 108), (124, 123, 120), (188, 174, 108), (254, 232, 56)]
LEVELS = 64


def colour(share: float) -> tuple[int, int, int]:
    """Of 0 (dark) to 1 (bright)."""
    position = share * (len(ANCHORS) - 1)
    lower = min(int(position), len(ANCHORS) - 2)
    part = position - lower
    low, high = ANCHORS[lower], ANCHORS[lower + 1]
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(low, high, strict=True))
    return red, green, blue


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(shares: Shares) -> bytes:
    """An image of shares from 0 to 1, one pixel each, [height, width] (RFC 2083)."""
    palette = bytes(part for i in range(LEVELS) for part in colour(i / (LEVELS - 1)))
    levels = np.rint(shares.clip(0, 1) * (LEVELS - 1)).astype(np.uint8)
    # Each line starts with its filter: 0, none.
    lines = np.pad(levels, ((0, 0), (1, 0))).tobytes()
    height, width = shares.shape
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", palette)
        + chunk(b"IDAT", zlib.compress(lines, 9))
        + chunk(b"IEND", b"")
    )


def data_uri(shares: Shares) -> str:
    return "data:image/png;base64," + base64.b64encode(png(shares)).decode()


def gradient() -> str:
    """The same colours as a CSS background, dark to bright."""
    stops = ", ".join(f"rgb({r} {g} {b})" for r, g, b in ANCHORS)
    return f"linear-gradient(to right, {stops})"
