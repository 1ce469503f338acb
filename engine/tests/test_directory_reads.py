"""Reading of a directory in pieces: all bytes once, or a sentence about the file."""

import os
import random
from pathlib import Path

import pytest

from stun.errors import StunError
from stun.storage import open_storage
from stun.storage.filling import PIECE, Filler

SIZE = 2 * PIECE + 7
DATA = random.Random(0).randbytes(SIZE)
SPANS = [(0, SIZE), (5, PIECE), (3, PIECE + 1), (9, 0), (2 * PIECE, 7), (SIZE, 0)]


@pytest.mark.parametrize(("start", "length"), SPANS)
def test_a_span_is_read_once(tmp_path: Path, start: int, length: int) -> None:
    (tmp_path / "big").write_bytes(DATA)
    storage = open_storage(str(tmp_path), "model")
    info = storage.find("big")
    assert info is not None
    assert storage.read(info, start, length) == DATA[start : start + length]
    assert storage.bytes_read == length


def test_a_file_that_was_cut_meanwhile_is_refused(tmp_path: Path) -> None:
    """Its time of change is set back, so that only the missing bytes tell."""
    path = tmp_path / "big"
    path.write_bytes(DATA)
    storage = open_storage(str(tmp_path), "model")
    info = storage.find("big")
    assert info is not None
    before = path.stat()
    os.truncate(path, SIZE - 1)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(StunError, match="big changed while it was read"):
        storage.read(info, 0, SIZE)


def test_what_a_piece_raised_is_raised() -> None:
    def fetch(offset: int, piece: memoryview) -> None:
        if offset == PIECE:
            raise OSError("gone")
        piece[:] = bytes(len(piece))

    with pytest.raises(OSError, match="gone"):
        Filler(2).fill(SIZE, fetch)
