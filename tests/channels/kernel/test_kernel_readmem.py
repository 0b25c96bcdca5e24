"""A start's path and arguments, wherever in memory they lie."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import struct
import sys

import pytest

from agentwatch.channels.kernel import readmem
from agentwatch.channels.kernel.readmem import PAGE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")

PATH, ARGV, WORDS = 0, 2 * PAGE, 4 * PAGE


class Memory:
    """Our own, to be read like another's."""

    def __init__(self) -> None:
        self.pages = mmap.mmap(-1, 8 * PAGE)
        self.at = ctypes.addressof(ctypes.c_char.from_buffer(self.pages))

    def put(self, place: int, data: bytes) -> int:
        self.pages[place : place + len(data)] = data
        return self.at + place

    def start(self, path: bytes, words: list[bytes], path_at: int = PATH, at: int = ARGV) -> object:
        pointers, place = [], WORDS
        for word in words:
            pointers.append(self.put(place, word + b"\0"))
            place += len(word) + 1
        argv = self.put(at, struct.pack(f"{len(words) + 1}Q", *pointers, 0))
        return readmem.start(os.getpid(), self.put(path_at, path + b"\0"), argv)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.mark.parametrize(
    ("path_at", "at"),
    [
        (PATH, ARGV),
        (PATH + PAGE - 4, ARGV),
        (PATH, ARGV + PAGE - 16),
        (PATH, ARGV + 4),
        (PATH, ARGV + PAGE - 4),
    ],
    ids=["plain", "path across", "list across", "uneven", "pointer across"],
)
@pytest.mark.parametrize("count", [0, 1, 2, 31, 32, 300])
def test_it_is_read_as_it_was_written(memory: Memory, path_at: int, at: int, count: int) -> None:
    words = [b"word %d" % number for number in range(count)]
    assert memory.start(b"/bin/true", words, path_at, at) == (b"/bin/true", words)


def test_long_ones_are_read_whole(memory: Memory) -> None:
    path, words = b"/" + b"p" * 1000, [b"w" * 5000, b"", b"x", b"y" * 300, *[b"z"] * 100]
    assert memory.start(path, words) == (path, words)


def test_more_than_the_kernel_takes_is_too_much(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readmem, "ARGUMENTS_MAX", 200 * 10)
    words = [b"x"] * 200
    assert memory.start(b"p", words) == (b"p", words)
    with pytest.raises(OSError) as caught:
        memory.start(b"p", [*words, b"x"])
    assert caught.value.errno == errno.E2BIG


def test_no_arguments_at_all_are_none(memory: Memory) -> None:
    path = memory.put(PATH, b"/bin/true\0")
    assert readmem.start(os.getpid(), path, 0) == (b"/bin/true", [])


def test_what_is_not_there_is_the_callers_error(memory: Memory) -> None:
    path, argv = memory.put(PATH, b"x\0"), memory.put(ARGV, struct.pack("2Q", 8, 0))
    for pair in ((8, argv), (path, 8), (path, argv)):
        with pytest.raises(OSError) as caught:
            readmem.start(os.getpid(), *pair)
        assert caught.value.errno == errno.EFAULT
