"""At a limit, the member who caused it is disconnected or slowed, the log says so
once, and the others go on."""

import socket
import threading
import time

import pytest

from harness import WATCHED, until
from test_relay import control, frames, pair


def rss_mib(s):
    with open("/proc/%d/status" % s.p.pid) as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS")) / 1024


@pytest.mark.parametrize("workers", ["1", "3"])
def test_max_memory(world, workers):
    """Twelve members request megabytes of answers and read none: together they
    exceed --max-memory, though none does alone."""
    s = world.server("--max-memory", "16M", "--rate", "0", "--rate-bytes", "0", "--workers", workers)
    a, b = pair(world, s)
    before = rss_mib(s)
    greedy = world.crowd(s, ["greedy%d" % i for i in range(12)])
    for g in greedy:
        # Otherwise the kernel would buffer everything.
        g.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        g.send_frames(*[control(g, type="identity", member=b.member)
                        for _ in range(1900)])
    until(lambda: s.said("memory: .*--max-memory"), what="the log's word")
    until(lambda: s.said(r"leave: greedy\d+ \(.*\) in lobby: "), what="who is let go")
    # The members who read go on talking meanwhile.
    for i in range(5):
        a.say("still here %d" % i)
        # Each leave makes a fence: alice seals again what it dropped.
        until(lambda: (a.pump(0.05), b.pump(0.05), "still here %d" % i in b.texts())[2])
    if not WATCHED:     # its allocator keeps freed memory
        assert rss_mib(s) - before < 64
    assert 1 <= sum("max-memory" in line for line in s.err) <= int(workers)
    # With memory free again, newcomers can join.
    c = world.peer(s, "carol")
    c.say("hello")
    until(lambda: (c.pump(0.05), b.pump(0.05), "hello" in b.texts())[2])


def test_a_flood_starves_nobody(world):
    """One member sends as fast as --rate permits; another member's message arrives
    at once."""
    s = world.server("--rate", "100")
    a, b = pair(world, s)
    flood = world.peer(s, "flood")
    stop = threading.Event()

    def pour():
        while not stop.is_set():
            flood.send_frames(*frames(flood, ["x" * 4000] * 8))

    t = threading.Thread(target=pour)
    t.start()
    try:
        b.until(lambda: len(b.texts("flood")) > 20)
        for i in range(5):
            then = time.monotonic()
            a.say("quiet %d" % i)
            b.until(lambda: "quiet %d" % i in b.texts("alice"))
            assert time.monotonic() - then < 5
            a.pump(0)
    finally:
        stop.set()
        t.join(30)
    assert len(b.texts("flood")) > 20
