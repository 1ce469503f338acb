"""Fills a buffer in pieces, several at once.

One request at a time is slower than most disks and networks, and so is one thread that takes
bytes from the kernel's cache: most of its time goes into memory that is touched for the first
time.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

PIECE = 16 << 20

# Reads the bytes from an offset on into a part of the buffer.
Fetch = Callable[[int, memoryview], None]


class Filler:
    def __init__(self, at_once: int) -> None:
        self.pool = ThreadPoolExecutor(at_once, thread_name_prefix="read-piece")

    def fill(self, length: int, fetch: Fetch) -> memoryview:
        """A buffer of so many bytes, all of them fetched; raises what a piece raised."""
        # Not a bytearray: to write zeros first takes as long as to read.
        buffer = np.empty(length, np.uint8).data

        def fetch_piece(offset: int) -> None:
            fetch(offset, buffer[offset : offset + PIECE])

        run = self.pool.map if length > PIECE else map
        for _ in run(fetch_piece, range(0, length, PIECE)):
            pass
        return buffer
