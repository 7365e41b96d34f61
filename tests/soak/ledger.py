"""The ledger of a soak: what was acknowledged and what was shown, as the clients'
own output says it, and whether the two agree. It knows nothing of the programs:
its only sources are the lines of `conclave --json`, the database, and the
independent client (tests/e2e/conclave1.py). Everything is in a file as well, so
that a soak can go on after an interruption, and be judged again later."""

import contextlib
import hashlib
import os
import sqlite3
import struct

from segments import segments   # tests/e2e, see soak.py


class Wrong(Exception):
    """Something was lost, doubled, out of order, or different for two people."""


class Room:
    def __init__(self):
        self.text = {}      # offset -> key; a key is WHO.LIFE.N
        self.place = {}     # key -> offset
        self.acked = set()  # offsets


class Ledger:
    def __init__(self, path):
        self.rooms, self.first, self.seen, self.lives = {}, {}, {}, {}
        self.last = {}          # (who, room) -> the newest offset of this life
        self.kills = {"relay": 0, "keeper": 0, "client": 0}
        self.stops = self.acked = self.shown = self.again = 0
        if os.path.exists(path):
            with open(path) as f:
                for line in f:
                    if line.endswith("\n"):     # not the torn last one
                        self.take(line.split())
        self.file = open(path, "a")

    def write(self, *words):
        self.file.write(" ".join(map(str, words)) + "\n")
        self.take([str(w) for w in words])

    def take(self, words):
        getattr(self, "on_" + words[0])(*words[1:])

    def on_seed(self, seed):
        """Of what follows: that of the first start, or of a later one."""

    def on_killed(self, what, who):
        self.kills[what] += 1

    def on_stopped(self, who):
        self.stops += 1

    def on_life(self, who, number):
        """A client starts."""
        self.lives[who] = int(number)
        for key in [k for k in self.last if k[0] == who]:
            del self.last[key]

    def on_joined(self, who, room, offset):
        self.first.setdefault((who, room), int(offset))

    def room(self, name):
        return self.rooms.setdefault(name, Room())

    def placed(self, room, offset, key):
        r = self.room(room)
        if r.text.setdefault(offset, key) != key:
            raise Wrong("offset %d of %s is %s and %s" % (offset, room, r.text[offset], key))
        if r.place.setdefault(key, offset) != offset:
            raise Wrong("doubled: %s is at %d and %d of %s" % (key, r.place[key], offset, room))

    def on_acked(self, key, room, offset):
        offset = int(offset)
        self.placed(room, offset, key)
        if offset in self.room(room).acked:
            raise Wrong("%s was acknowledged twice" % key)
        self.room(room).acked.add(offset)
        self.acked += 1

    def on_shown(self, who, room, offset, key):
        offset = int(offset)
        self.placed(room, offset, key)
        if offset <= self.last.get((who, room), 0):
            raise Wrong("%s was shown %s (%d of %s) after %d" % (
                who, key, offset, room, self.last[who, room]))
        self.last[who, room] = offset
        seen = self.seen.setdefault((who, room), set())
        self.again += offset in seen
        seen.add(offset)
        self.shown += 1

    # what is still to come, and what never may be

    def lacks(self, who, room):
        """The offsets of others' acknowledged messages that were not shown."""
        r, seen = self.room(room), self.seen.get((who, room), set())
        first = self.first.get((who, room), 0)
        return sorted(o for o in r.acked - seen
                      if o > first and not r.text[o].startswith(who + "."))

    def in_order(self):
        """Each sender's messages are in the order in which they were said. Two lives of
        a client are two connections: what a killed one had sent, and nobody had
        acknowledged, may come after what the next one says."""
        for name, r in self.rooms.items():
            at, newest = {}, {}
            for offset in sorted(r.text):
                who, life, n = r.text[offset].split(".")
                late = int(life) < newest.get(who, 0) and offset in r.acked
                if late or int(n) <= at.get((who, life), 0):
                    raise Wrong("out of order: %s at %d of %s" % (r.text[offset], offset, name))
                at[who, life] = int(n)
                newest[who] = max(int(life), newest.get(who, 0))

    def last_said(self, who, life):
        """The highest number of a message of that life."""
        return max((int(k.split(".")[2]) for r in self.rooms.values() for k in r.place
                    if k.startswith("%s.%d." % (who, life))), default=0)

    def flush(self):
        self.file.flush()


def chains(database):
    """Of each room with a history {name: (log, {offset: chain})}, computed anew from
    the bytes of its entries, and compared with what the database says."""
    out = {}
    with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % database, uri=True)) as db:
        if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise Wrong("the database is damaged")
        for room, name, log, before in db.execute(
                "SELECT id, name, log, before FROM room WHERE history > 0").fetchall():
            chain = {}
            label = b"conclave/1 log\0"
            now = before or hashlib.sha256(label + log).digest()
            for s in segments(db, "room = ?", (room,)):
                for e in s.entries:
                    if chain and e.offset - 1 not in chain:
                        raise Wrong("a gap before %d of %s" % (e.offset, name))
                    d = e.digest or hashlib.sha256(e.body[8:]).digest()
                    now = hashlib.sha256(
                        label + now + struct.pack(">Q", e.offset) + d).digest()
                    chain[e.offset] = now
                if now != s.chain:
                    raise Wrong("the chain at %d of %s" % (e.offset, name))
            out[name.lower()] = (log, chain)
    return out
