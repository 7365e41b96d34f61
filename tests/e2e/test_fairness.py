"""One member sends large messages as fast as it may, and no reader is let go for
that: who fills a reader's queue waits until the reader has taken it, and the
others are heard. CONCLAVE_FAIR_SECONDS=60 and pytest -s measure it."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from conclave1 import ready
from harness import TOP, WAIT
from test_relay import pair

SECONDS = float(os.environ.get("CONCLAVE_FAIR_SECONDS", 4))
FAST = 8


class Apart:
    """readers.py"""

    def __init__(self, server, kind, count):
        self.p = subprocess.Popen(
            [sys.executable, os.path.join(TOP, "tests", "e2e", "readers.py"),
             *map(str, server.address), kind, str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def joined(self):
        assert self.p.stdout.readline() == "in\n"

    def pour(self):
        self.p.stdin.write("pour\n")
        self.p.stdin.flush()

    def end(self):
        out, _ = self.p.communicate(timeout=WAIT)
        return json.loads(out)


@pytest.fixture
def apart():
    """apart(server, kind=count ...) makes members in processes of their own, and
    returns when they have joined."""
    made = []

    def make(server, **kinds):
        new = [Apart(server, kind, count) for kind, count in kinds.items()]
        made.extend(new)
        for a in new:
            a.joined()
        return new
    yield make
    for a in made:
        a.p.kill()
        a.p.communicate(timeout=WAIT)


def pump(peers, done, seconds):
    """Each handles what arrives, as clients do, until done() or for that time."""
    end = time.monotonic() + seconds
    while not done():
        assert not any(p.closed for p in peers)
        left = end - time.monotonic()
        if left <= 0:
            return False
        for p in ready(peers, left):
            p.step()
    return True


def delays(a, b, seconds, what):
    """How long a message from one to the other takes, in ms, sorted."""
    out, end, n = [], time.monotonic() + seconds, 0
    while n < 5 or time.monotonic() < end:
        text = "%s %d" % (what, n)
        then, had = time.monotonic(), len(b.events)
        a.say(text)
        assert pump([a, b], lambda: any(e.get("text") == text for e in b.events[had:]), WAIT)
        out.append(1000 * (time.monotonic() - then))
        pump([a, b], lambda: False, 0.03)
        n += 1
    return sorted(out)


def p99(d):
    return d[min(len(d) - 1, len(d) * 99 // 100)]


@pytest.mark.parametrize("limits", [["--workers", "1"],
                                    ["--workers", "2", "--rate", "0", "--rate-bytes", "0"]],
                         ids=["as fast as the default allows", "without a limit"])
def test_who_sends_much_costs_no_reader_its_place(world, apart, limits):
    s = world.server(*limits)
    a, b = pair(world, s)
    readers, slow, flood = apart(s, fast=FAST, slow=1, flood=1)
    assert pump([a, b], lambda: len(a.names()) == len(b.names()) == FAST + 4, WAIT)
    quiet = delays(a, b, SECONDS / 2, "quiet")
    flood.pour()
    loud = delays(a, b, SECONDS, "loud")
    assert not s.said("leave: ")
    ends = [r for x in (readers, slow, flood) for r in x.end()]
    assert not [r for r in ends if r["lost"]]
    sent = sum(r["sent"] for r in ends)
    print("%d B/s came in, %d pings; quiet %.1f ms, p99 %.1f; loud %.1f, p99 %.1f (%d, %d messages)" % (
        sent / SECONDS, sum(r["pings"] for r in ends), quiet[len(quiet) // 2], p99(quiet),
        loud[len(loud) // 2], p99(loud), len(quiet), len(loud)))
    assert sent > 1 << 20       # it did send much


def test_a_reader_that_takes_nothing_goes_in_the_end(world, apart):
    """It holds back who sends much for ten seconds, and nobody who sends little."""
    s = world.server("--rate", "0", "--rate-bytes", "0")
    a, b = pair(world, s)
    stuck = world.peer(s, "stuck")
    stuck.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    flood, = apart(s, flood=1)
    assert pump([a, b], lambda: len(a.names()) == len(b.names()) == 4, WAIT)
    flood.pour()
    end = time.monotonic() + 2 * WAIT
    while not b.has("leave", names=["stuck"]):
        assert time.monotonic() < end
        delays(a, b, 0, "little")
    assert s.said("leave: stuck .*slow")
    assert not flood.end()[0]["lost"]
