"""Kills the server (-9) repeatedly while three people talk without a pause. They
reconnect by themselves, and read in the history of the room what they missed:
nothing is shown twice or out of order, and nothing that was typed is lost.
CONCLAVE_KILLS= sets the number of kills."""

import json
import os
import random
import signal
import threading
import time

import pytest

from harness import WAIT, until

KILLS = int(os.environ.get("CONCLAVE_KILLS", "5"))
NAMES = ("alice", "bob", "carol")
LINES_A_SECOND = 40 * 60 / WAIT     # of each; fewer where programs are slower
BACK = 3 * WAIT         # for everybody, on a machine that has much else to do


class Talker:
    """Sends numbered lines until stopped, whatever happens to the server."""

    def __init__(self, client):
        self.client, self.said, self.going = client, 0, True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.going:
            self.said += 1
            self.client.say("%s %d %s" % (self.client.name, self.said, "x" * (self.said % 200)))
            time.sleep(1 / LINES_A_SECOND)

    def stop(self):
        self.going = False
        self.thread.join()


class Reader:
    """Counts the messages that a client shows; reads each output line once."""

    def __init__(self, client):
        self.client, self.at = client, 0
        self.counts, self.texts, self.other = {}, {n: [] for n in NAMES}, []

    def look(self):
        lines = self.client.out
        while self.at < len(lines):
            e = json.loads(lines[self.at])
            self.at += 1
            self.counts[e["event"]] = self.counts.get(e["event"], 0) + 1
            if e["event"] == "message":
                self.texts[e["from"]].append(int(e["text"].split()[1]))
            elif e["event"] in ("missing", "dropped", "error", "held", "unsaid",
                                "rewritten", "fork", "refused"):
                self.other.append(e)
        return self

    def count(self, event):
        return self.look().counts.get(event, 0)

    def lacks(self, talker):
        """The numbers of the lines that the client has not shown."""
        shown = set(self.look().texts[talker.client.name])
        return [n for n in range(1, talker.said + 1) if n not in shown]


def quiet(readers, done):
    """Waits until done(), or until no client has shown a message or an
    acknowledgement for WAIT."""
    shown, since = None, time.monotonic()
    while not done() and time.monotonic() - since < WAIT:
        now = [r.count("message") + r.count("sent") for r in readers]
        if now != shown:
            shown, since = now, time.monotonic()
        time.sleep(0.05)


def people(c):
    """The names that the client has seen in the room."""
    return {n for e in c.events("join") for n in e["names"]} | {
        u["name"] for e in c.events("connected") for u in e["users"]}


@pytest.mark.parametrize("seed", [1] if "CONCLAVE_KILLS" in os.environ else [1, 2])
def test_killed_again_and_again(world, seed):
    dice = random.Random(seed)
    server = world.server(ephemeral=False)
    port = server.address[1]
    clients = [world.client(server, n) for n in NAMES]
    for c in clients:
        c.joined()
    readers = [Reader(c) for c in clients]
    until(lambda: all(people(c) == set(NAMES) for c in clients), what="all of them")
    talkers = [Talker(c) for c in clients]
    away = []
    for kill in range(KILLS):
        # All are in the room and talk, and most stay long enough to make the
        # next pause short again.
        until(lambda: all(r.count("connected") == kill + 1 for r in readers), BACK,
              "everybody after kill %d" % kill)
        if kill:
            away.append(time.monotonic() - killed)
        time.sleep(2.2 + dice.random() / 2 if kill % 4 else dice.random())
        server.signal(signal.SIGKILL)
        server.wait()
        killed = time.monotonic()
        time.sleep(dice.choice((0, 0, 0.3)))
        server = world.server(ephemeral=False, listen="127.0.0.1:%d" % port)
    until(lambda: all(r.count("connected") == KILLS + 1 for r in readers), BACK, "everybody")
    for t in talkers:
        t.stop()
    pairs = [(r, t) for r in readers for t in talkers if r.client is not t.client]
    stopped = time.monotonic()
    quiet(readers, lambda: all(
        r.count("sent") >= t.said for r, t in zip(readers, talkers)) and not any(
        r.lacks(t) for r, t in pairs))
    last = time.monotonic() - stopped
    time.sleep(0.5)     # for what should not come
    lacking = ["%s lacks %d lines of %s, %d to %d of %d" % (
        r.client.name, len(lost), t.client.name, lost[0], lost[-1], t.said)
        for r, t in pairs for lost in [r.lacks(t)] if lost]
    assert not lacking, lacking
    for r, t in pairs:
        assert r.look().texts[t.client.name] == list(range(1, t.said + 1))
    for r, t in zip(readers, talkers):
        assert r.count("sent") == t.said
        assert not r.other
    print("%d kills, %d lines; all were back after %.1f s on average, %.1f s at most; "
          "the last line came %.1f s after it was said" % (
              KILLS, sum(t.said for t in talkers), sum(away) / len(away), max(away), last))
