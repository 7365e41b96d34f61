"""kill -9 of the server again and again while three people talk without a
pause: they come back by themselves, nothing is shown twice or out of order,
nothing that was typed is lost. CONCLAVE_KILLS= says how often (make soak)."""

import json
import os
import random
import signal
import threading
import time

import pytest

from harness import until

KILLS = int(os.environ.get("CONCLAVE_KILLS", "6"))
NAMES = ("alice", "bob", "carol")
LINES_A_SECOND = 40     # of each


class Talker:
    """Says numbered lines until stopped, whatever happens to the server."""

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
    """Counts what a client shows, each line of its output once."""

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
            elif e["event"] in ("missing", "dropped", "error"):
                self.other.append(e)
        return self

    def count(self, event):
        return self.look().counts.get(event, 0)

    def has(self, name):
        return len(self.look().texts[name])


def people(c):
    """Whom it has seen in the room."""
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
        # All are in the room, and talk; most of them stay for the moment after
        # which the next pause is a short one again.
        until(lambda: all(r.count("connected") == kill + 1 for r in readers), 60,
              "everybody after kill %d" % kill)
        if kill:
            away.append(time.monotonic() - killed)
        time.sleep(2.2 + dice.random() / 2 if kill % 4 else dice.random())
        server.signal(signal.SIGKILL)
        server.wait()
        killed = time.monotonic()
        time.sleep(dice.choice((0, 0, 0.3)))
        server = world.server(ephemeral=False, listen="127.0.0.1:%d" % port)
    until(lambda: all(r.count("connected") == KILLS + 1 for r in readers), 60, "everybody")
    for t in talkers:
        t.stop()
    for r in readers:
        for t in talkers:
            if t.client is not r.client:
                name = t.client.name
                until(lambda: r.has(name) >= t.said, 60, "%s of %s: %d of %d" % (
                    r.client.name, name, r.has(name), t.said))
        until(lambda: r.count("sent") >= talkers[clients.index(r.client)].said, 60, "acks")
    time.sleep(0.5)     # for what should not come
    for r in readers:
        for t in talkers:
            if t.client is not r.client:
                assert r.look().texts[t.client.name] == list(range(1, t.said + 1))
        assert r.count("sent") == talkers[clients.index(r.client)].said
        assert not r.other
    print("%d kills, %d lines; all were back after %.1f s on average, %.1f s at most" % (
        KILLS, sum(t.said for t in talkers), sum(away) / len(away), max(away)))
