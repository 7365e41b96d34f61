"""A batch of a room's history, from PROTOCOL.md section 5b alone: what its head says,
and each of its entries checked as if it were live."""

import struct

from conclave1 import Breach, Epoch, Place, expand, label, sha, unb64

MARK = 0xFFFF


def epoch_of_base(room, o):
    e = Epoch.__new__(Epoch)
    e.room, e.epoch, e.secret = room, o["epoch"], None
    e.base, e.roster, e.agreed = unb64(o["base"], 32), unb64(o["roster"], 32), True
    e.commit = expand(e.base, label("conclave/1 commit") +
                      struct.pack(">II", room, e.epoch), 32)
    return e


class Batch:
    """room: the Room of conclave1 that it is of. server: the server's key."""

    def __init__(self, room, server, o):
        self.room, self.server = room, server
        self.req, self.oldest = o["req"], o["oldest"]
        self.first, self.last = o["first"], o["last"]
        self.chain = unb64(o["chain"], 32)
        self.offset = self.first - 1
        if len(o["runs"]) > 32 or sum(len(r["epochs"]) for r in o["runs"]) > 200 or \
                sum(len(r["users"]) for r in o["runs"]) > 100:
            raise Breach("a head that is too long")
        if (self.first == 0) != (self.last == 0) or self.last < self.first:
            raise Breach("the range of a batch")
        if self.first == 0 and (any(self.chain) or o["runs"]):
            raise Breach("a batch without entries has a chain or a run")
        self.check_chain()
        self.places, self.epochs, self.users, self.seqs = [], [], [], {}
        for r in o["runs"]:
            self.places.append(Place(server, unb64(r["session"], 32), room.log,
                                     room.room_name))
            numbers = [e["epoch"] for e in r["epochs"]]
            members = [u["member"] for u in r["users"]]
            if numbers != sorted(set(numbers)) or members != sorted(set(members)):
                raise Breach("a run is not in order")
            self.epochs.append({e["epoch"]: epoch_of_base(room.room, e)
                                for e in r["epochs"]})
            self.users.append({u["member"]: u for u in r["users"]})
        self.entries = []

    def check_chain(self):
        known = self.room.chains.get(self.offset)
        if self.first and known not in (None, self.chain):
            raise Breach("rewritten")

    def over(self):
        return self.first == 0 or self.offset == self.last

    def chained(self, offset, digest):
        if offset != self.offset + 1 or offset > self.last:
            raise Breach("a gap in a batch")
        self.chain = sha(label("conclave/1 log") + self.chain +
                         struct.pack(">Q", offset) + digest)
        self.offset = offset
        self.check_chain()

    def add(self, body):
        """The next frame of kind 6."""
        run, body = struct.unpack(">H", body[:2])[0], body[2:]
        if run == MARK:
            offset, room, seq = struct.unpack(">QIQ", body[:20])
            if len(body) != 52 or room != self.room.room or seq != 0:
                raise Breach("a mark in a batch")
            self.chained(offset, body[20:])
            self.seqs.clear()
            self.entries.append({"offset": offset, "mark": True})
            return
        offset, room, epoch, sender, seq = struct.unpack(">QIIIQ", body[:28])
        if run >= len(self.places) or room != self.room.room:
            raise Breach("another run or room")
        self.chained(offset, sha(body[8:]))
        if self.seqs.get((run, sender), seq - 1) != seq - 1:
            raise Breach("a seq in a batch")
        self.seqs[run, sender] = seq
        e, place = self.epochs[run][epoch], self.places[run]
        if sender == 0:
            name, c = "", e.open(place, 0, bytes(32), "", self.server, body)
        else:
            u = self.users[run][sender]
            name = u["name"]
            c = e.open(place, sender, unb64(u["card"], 32), name,
                       unb64(u["identity"], 44), body)
        self.entries.append({"offset": offset, "mark": False, "run": run, "epoch": epoch,
                             "from": name, "content": c, "body": body})

    def texts(self):
        return [e["content"]["text"] for e in self.entries
                if not e["mark"] and e["content"].get("type") == "message"]
