"""A second checker of transcripts, written from section 5e of PROTOCOL.md in another
language than `conclave verify`. check(files) returns what is proved, or raises
Wrong with the number of the line."""

import base64
import hashlib
import json
import struct

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SPKI = bytes.fromhex("302a300506032b6570032100")
ZERO = bytes(32)


class Wrong(Exception):
    pass


def H(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(line, key, n=None):
    s = line[key]
    raw = base64.b64decode(s, validate=True)
    if base64.b64encode(raw).decode() != s or (n is not None and len(raw) != n):
        raise Wrong(key)
    return raw


def signed(place, epoch, number, h, name, card, content):
    """What the signature of a group frame covers (section 4)."""
    room = place["room"].encode().lower()
    return (b"conclave/1 message\0" + H(SPKI + place["server"]) + place["session"] + place["log"] +
            bytes([len(room)]) + room + struct.pack(">II", h["room"], number) +
            epoch["commit"] + epoch["roster"] + struct.pack(">I", h["sender"]) + card +
            struct.pack(">Q", h["seq"]) + bytes([len(name)]) + name + H(content))


class Checker:
    def __init__(self):
        self.hash = None      # of the line before
        self.place = {}
        self.at = None        # (offset, chain) of the newest entry
        self.last = 0         # the newest offset ever
        self.epochs, self.people = {}, {}
        self.ended = False
        self.gaps = []
        self.entries = 0
        self.said = []        # (offset, name, identity, content)
        self.topics = []      # (offset, by, text); by the server: what is new
        self.first = None
        self.views = {}       # chain values that are known, by offset
        self.forks = []
        self.run_first = None
        self.signed = None    # (first, to, ts): complete, as the server signed
        self.checkpoints = 0
        self.number = None
        self.direct = None    # of direct messages?
        self.keys = {}        # fingerprint: (name, identity), since the last head
        self.letters = {}     # (sender, id): those who have signed that it was shown
        self.pairs = {}       # (from, to): frames

    def head(self, x, first_of_file):
        direct = x["format"] == "conclave/1 direct transcript"
        if not direct and x["format"] != "conclave/1 transcript":
            raise Wrong("format")
        if self.direct not in (None, direct):
            raise Wrong("another kind")
        self.direct = direct
        previous = b64(x, "previous", 32)
        if self.hash is None:                       # the first file that we have
            self.hash = previous
            if x["number"] == 1 and previous != ZERO:
                raise Wrong("previous")
        if previous != self.hash:
            raise Wrong("previous")
        place = {"server": b64(x, "server", 32)}
        if direct:
            place.update({"with": x["with"]})
        else:
            place.update({"room": x["room"], "log": b64(x, "log", 32)})
        if self.number is not None and x["number"] != self.number + first_of_file:
            raise Wrong("number")
        self.number = x["number"]
        if self.place and any(self.place[k] != v for k, v in place.items()):
            raise Wrong("another place")
        self.place.update(place)
        self.epochs, self.people = {}, {}
        self.place.pop("session", None)
        self.ended = False
        if direct:
            self.writer = H(SPKI + b64(x, "identity", 32))
            self.keys = {self.writer: (x["writer"], b64(x, "identity", 32))}
            x["with"] + x["writer"]                # are strings
            int(x["ts"])
            return
        self.start(x["offset"], b64(x, "chain", 32))

    def start(self, offset, chain):
        """A `head` or `from`: the entries go on after this one."""
        if self.at is None:
            if offset == 0 and chain != H(b"conclave/1 log\0", self.place["log"]):
                raise Wrong("chain")
            self.first = offset + 1
        elif offset < self.at[0]:
            raise Wrong("goes back")
        elif offset == self.at[0]:
            if chain != self.at[1]:
                raise Wrong("another chain")
        else:
            self.gaps.append((self.at[0] + 1, offset))
            self.views = {}
        if self.at is None or offset != self.at[0]:
            self.run_first = offset + 1
        self.at = (offset, chain)
        self.views[offset] = chain

    def entry(self, x):
        offset = x["offset"]
        if offset != self.at[0] + 1:
            raise Wrong("offset")
        if "frame" in x:
            frame = b64(x, "frame")
            d = H(frame)
            self.open(offset, frame, b64(x, "key", 44))
        else:
            d = b64(x, "digest", 32)
        self.at = (offset, H(b"conclave/1 log\0", self.at[1], struct.pack(">Q", offset), d))
        self.views[offset] = self.at[1]
        self.views.pop(offset - 4096, None)
        self.entries += 1

    def open(self, offset, frame, key):
        room, number, sender, seq = struct.unpack(">IIIQ", frame[:20])
        h = {"room": room, "sender": sender, "seq": seq}
        if "session" not in self.place or number not in self.epochs:
            raise Wrong("epoch")
        if sender == 0:
            who = {"name": "", "identity": self.place["server"], "card": ZERO, "last": (0, 0)}
            who = self.people.setdefault(0, who)
        elif sender not in self.people:
            raise Wrong("person")
        else:
            who = self.people[sender]
        if (number, seq) <= who["last"]:
            raise Wrong("seq")
        who["last"] = (number, seq)
        iv = bytes(a ^ b for a, b in zip(key[32:], bytes(4) + struct.pack(">Q", seq)))
        try:
            plain = AESGCM(key[:32]).decrypt(iv, frame[20:], frame[:20])
        except InvalidTag:
            raise Wrong("does not open") from None
        content = plain[64:]
        text = signed(self.place, self.epochs[number], number, h, who["name"].encode(), who["card"], content)
        try:
            Ed25519PublicKey.from_public_bytes(who["identity"]).verify(plain[:64], text)
        except InvalidSignature:
            raise Wrong("signature") from None
        said = json.loads(content)
        self.said.append((offset, who["name"], who["identity"], said))
        if sender != 0 and said["type"] == "topic":
            self.topics.append((offset, who["name"], said["text"]))
        if sender == 0 and said.get("event") == "room" and not said["settings"]["sealed"]:
            if [t for _, by, t in self.topics if by == "server"][-1:] != [said["topic"]]:
                self.topics.append((offset, "server", said["topic"]))
        if sender == 0 and said.get("event") == "checkpoint":
            at, chain = said["offset"], b64(said, "chain", 32)
            if self.views.get(at, chain) != chain:
                self.forks.append((offset, "server", at))
            elif at in self.views:
                self.checkpoints += 1
                if self.signed is None or at >= self.signed[1]:
                    self.signed = (self.run_first, at, said["ts"])
        if sender != 0 and "view" in said:
            view = b64(said, "view", 48)
            at, chain, log = struct.unpack(">Q32s8s", view)
            if log == self.place["log"][:8] and self.views.get(at, chain) != chain:
                self.forks.append((offset, who["name"], at))

    def letter(self, frame, key):
        """A direct frame, section 6."""
        if not 208 <= len(frame) <= 65744:
            raise Wrong("length")
        to, sender = frame[:32], frame[32:64]
        if to not in self.keys or sender not in self.keys or self.writer not in (to, sender):
            raise Wrong("whose")
        try:
            plain = AESGCM(key[:32]).decrypt(key[32:], frame[128:], frame[:128])
        except InvalidTag:
            raise Wrong("does not open") from None
        text = b"conclave/1 direct\0" + H(SPKI + self.place["server"]) + frame[:128] + H(plain[64:])
        name, identity = self.keys[sender]
        try:
            Ed25519PublicKey.from_public_bytes(identity).verify(plain[:64], text)
        except InvalidSignature:
            raise Wrong("signature") from None
        self.entries += 1
        said = json.loads(plain[64:])
        if said["type"] == "delivered":
            for i in said["ids"]:
                shown, recipients = self.letters.get((to, i), (None, ()))
                if sender in recipients:
                    shown.add(sender)
        elif said["type"] in ("message", "edit", "delete", "react", "file"):
            new = (sender, said["id"]) not in self.letters
            _, recipients = self.letters.setdefault((sender, said["id"]), (set(), set()))
            if to not in recipients:
                recipients.add(to)
                self.pairs[sender, to] = self.pairs.get((sender, to), 0) + 1
            if new:
                self.said.append((0, name, identity, said))

    def shown(self):
        return sum(bool(shown) for shown, _ in self.letters.values())

    def line(self, raw, first_of_file):
        tail = raw[-55:]
        if len(raw) <= 55 or not tail.startswith(b',"hash":"') or not tail.endswith(b'"}'):
            raise Wrong("hash")
        x = json.loads(raw)
        kind = x["type"]
        if first_of_file != (kind == "head") and (first_of_file or not self.ended and kind != "head"):
            if first_of_file:
                raise Wrong("head")
        if kind == "head":
            self.head(x, first_of_file)
        elif self.ended:
            raise Wrong("after the end")
        if b64(x, "hash", 32) != H(self.hash, raw[:-55]):
            raise Wrong("hash")
        self.hash = b64(x, "hash", 32)
        if kind not in ("head", "end") and self.direct != (kind in ("device", "direct")):
            raise Wrong("another kind of line")
        if kind == "device":
            self.keys.setdefault(H(SPKI + b64(x, "identity", 32)), (x["name"] + "", b64(x, "identity", 32)))
        elif kind == "direct":
            self.letter(b64(x, "frame"), b64(x, "key", 44))
        elif kind == "end" and self.direct:
            if "offset" in x or "chain" in x:
                raise Wrong("end")
            int(x["ts"])
            self.ended = True
        elif kind == "run":
            self.place["session"] = b64(x, "session", 32)
            self.epochs, self.people = {}, {}
        elif kind == "epoch":
            self.epochs[x["epoch"]] = {"commit": b64(x, "commit", 32), "roster": b64(x, "roster", 32)}
        elif kind == "person":
            if not 0 < x["member"] < 1 << 32 or not x["name"]:
                raise Wrong("person")
            old = self.people.get(x["member"], {"last": (0, 0)})
            self.people[x["member"]] = {"name": x["name"], "identity": b64(x, "identity", 32),
                                        "card": b64(x, "card", 32), "last": old["last"]}
        elif kind == "from":
            self.start(x["offset"], b64(x, "chain", 32))
        elif kind == "entry":
            self.entry(x)
        elif kind == "end":
            if (x["offset"], b64(x, "chain", 32)) != self.at:
                raise Wrong("end")
            self.ended = True
        elif kind != "head":
            raise Wrong("type")

    def file(self, data, whole=True):
        lines = data.split(b"\n")
        if lines.pop() != b"":
            raise Wrong("the last line is cut")
        for n, raw in enumerate(lines):
            try:
                self.line(raw, n == 0)
            except (Wrong, KeyError, TypeError, ValueError, AttributeError, struct.error) as e:
                raise Wrong("line %d: %s" % (n + 1, e)) from None
        if whole and not self.ended:
            raise Wrong("it does not end")


def check(*files, whole=True):
    c = Checker()
    for n, data in enumerate(files):
        c.file(data, whole or n + 1 < len(files))
    return c
