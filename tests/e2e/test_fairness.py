"""One member sends large messages as fast as it may, and no reader is let go for
that: who fills a reader's queue waits until the reader has taken it, and the
others are heard. CONCLAVE_FAIR_SECONDS=60 and pytest -s measure it."""

import os
import select
import socket
import threading
import time

import pytest

from conclave1 import Closed
from test_relay import frames, pair

SECONDS = float(os.environ.get("CONCLAVE_FAIR_SECONDS", 4))
EACH = 63000                # bytes of text: almost as long as a frame may be
LINE = 10_000_000 // 8      # bytes a second that the slower reader takes
READERS = 8


class Readers:
    """Take whatever comes, in a thread of their own."""

    def __init__(self, fast, slow=()):
        self.fast, self.slow, self.lost, self.took = list(fast), list(slow), [], {}
        self.over = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def take(self, p, most):
        try:
            got = len(p.sock.recv(most, socket.MSG_DONTWAIT))
        except BlockingIOError:
            return
        except ConnectionError:
            got = 0
        self.took[p] = self.took.get(p, 0) + got
        if got == 0:
            self.lost.append(p)

    def run(self):
        began = time.monotonic()
        while not self.over:
            allowed = LINE * (time.monotonic() - began)
            ready = [p for p in self.slow if self.took.get(p, 0) < allowed] + self.fast
            for p in select.select([p.sock for p in ready if p not in self.lost], [], [],
                                   0.005)[0]:
                who = next(q for q in ready if q.sock is p)
                self.take(who, 1 << 20 if who in self.fast else 8192)

    def stop(self):
        self.over = True
        self.thread.join()


def pours(p, stop, sent):
    """Sends large messages until told to stop."""
    try:
        while not stop.is_set():
            p.send_frames(*frames(p, ["x" * EACH]))
            sent.append(EACH)
    except (OSError, Closed):
        pass


def delays(a, b, seconds, what):
    """How long a message from one to the other takes, in ms, sorted."""
    out, end, n = [], time.monotonic() + seconds, 0
    while n < 5 or time.monotonic() < end:
        text = "%s %d" % (what, n)
        then = time.monotonic()
        a.say(text)
        b.until(lambda: text in b.texts("alice")[-3:])
        out.append(1000 * (time.monotonic() - then))
        a.pump(0.03)
        n += 1
    return sorted(out)


def p99(d):
    return d[min(len(d) - 1, len(d) * 99 // 100)]


@pytest.mark.parametrize("limits", [["--workers", "1"],
                                    ["--workers", "2", "--rate", "0", "--rate-bytes", "0"]],
                         ids=["as fast as the default allows", "without a limit"])
def test_who_sends_much_costs_no_reader_its_place(world, limits):
    s = world.server(*limits)
    a, b = pair(world, s)
    flood = world.peer(s, "flood")
    fast = [world.peer(s, "fast%d" % i) for i in range(READERS)]
    slow = world.peer(s, "slow")
    slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    everybody = 4 + READERS
    for p in (a, b, flood):
        p.until(lambda: len(p.names()) == everybody)
    readers = Readers(fast + [flood], [slow])
    stop, sent = threading.Event(), []
    t = threading.Thread(target=pours, args=(flood, stop, sent))
    try:
        quiet = delays(a, b, SECONDS / 2, "quiet")
        t.start()
        loud = delays(a, b, SECONDS, "loud")
        assert readers.lost == []
        assert not s.said("leave: ")
    finally:
        stop.set()
        s.stop()
        if t.ident is not None:
            t.join()
        readers.stop()
    print("%d B/s came in; quiet %.1f ms, p99 %.1f; loud %.1f, p99 %.1f (%d, %d messages)" % (
        sum(sent) / SECONDS, quiet[len(quiet) // 2], p99(quiet), loud[len(loud) // 2],
        p99(loud), len(quiet), len(loud)))
    assert sum(sent) > 1 << 20      # it did send much


def test_a_reader_that_takes_nothing_goes_in_the_end(world):
    """It holds back who sends much for ten seconds, and nobody who sends little."""
    s = world.server("--rate", "0", "--rate-bytes", "0")
    a, b = pair(world, s)
    flood, stuck = world.peer(s, "flood"), world.peer(s, "stuck")
    stuck.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for p in (a, b, flood):
        p.until(lambda: len(p.names()) == 4)
    readers = Readers([flood])
    stop, sent = threading.Event(), []
    t = threading.Thread(target=pours, args=(flood, stop, sent))
    t.start()
    try:
        end = time.monotonic() + 120
        while not b.has("leave", names=["stuck"]):
            assert time.monotonic() < end
            n = len(b.texts("alice"))
            a.say("little")
            b.until(lambda: len(b.texts("alice")) > n)
            a.pump(0.1)
        assert s.said("leave: stuck .*slow")
        assert readers.lost == []
    finally:
        stop.set()
        s.stop()
        t.join()
        readers.stop()
