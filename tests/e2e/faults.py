"""Faults in the real programs: an allocator and system calls that fail when a
test says so (tests/fault/*.c, preloaded; under AddressSanitizer linked in)."""

import ctypes
import mmap
import os

import harness

FAULT = os.path.join(harness.BUILD, "fault")
ALL = bool(os.environ.get("FAULT_ALL"))     # every n, as in `make faults`
FOREVER = 2**63


class Alloc:
    """struct fail_alloc of fail_alloc.h, shared with a program."""

    FIELDS = "armed main count start length failed live size".split()

    def __init__(self, path):
        with open(path, "w+b") as f:
            f.write(bytes(4096))
            f.flush()
            self.map = mmap.mmap(f.fileno(), 4096)
        self.words = (ctypes.c_int64 * 8).from_buffer(self.map)
        # libcrypto leaks when an allocation fails at its start; the sweeps in
        # one process count our own leaks.
        asan = os.environ.get("ASAN_OPTIONS", "")
        self.env = {"FAIL_ALLOC": str(path),
                    "ASAN_OPTIONS": asan + (":" if asan else "") + "detect_leaks=0"}
        if not os.path.exists(os.path.join(FAULT, "conclaved")):
            self.env["LD_PRELOAD"] = os.path.join(FAULT, "fail_alloc.so")

    def __getattr__(self, name):
        if name not in Alloc.FIELDS:
            raise AttributeError(name)
        return self.words[Alloc.FIELDS.index(name)]

    def put(self, name, value):
        self.words[Alloc.FIELDS.index(name)] = value

    def arm(self, n, length=1, main=False):
        """Fails the n-th allocation from now on, and length - 1 after it."""
        for name, value in (("count", 0), ("failed", 0), ("start", n),
                            ("length", length), ("main", int(main)), ("armed", 1)):
            self.put(name, value)

    def disarm(self):
        """Ends the shortage."""
        self.put("armed", 0)
        self.put("start", 0)


def program(name):
    """The one that can be made to fail."""
    linked = os.path.join(FAULT, name)
    return linked if os.path.exists(linked) else os.path.join(harness.BUILD, name)
