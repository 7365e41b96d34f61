"""The other side of conclave/1 in Python: a relay that is honest until a test
tells it to lie. Written, as conclave1.py is, from the protocol's text; the real
clients connect to it. One thread: nothing moves but inside until()."""

import json
import os
import socket
import struct
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import mlkem
from blobrelay1 import Files
from conclave1 import (BLOB, CONTROL, G, GROUP, M, N, ORDER, Breach, Direction, Epoch,
                       Place, add, b64, check_padded, decode, dumps, encode, expand,
                       extract, fingerprint, join_step, label, mul, neg, padded,
                       ready, roster_of, sha, spake_keys, spki, stretch, unb64, verify, xor)
from harness import PASSWORD, WAIT

MARK = 5
SETTINGS = {"listed": True, "entry": "open", "history": "none", "keep_days": 0,
            "keep_count": 0, "voice": "all", "sealed": False}
KDF = {"name": "scrypt", "n": 16384, "r": 8, "p": 1}


def number():
    return int.from_bytes(os.urandom(48), "big") % (ORDER - 1) + 1


def roster_told(users):
    """The roster of a list as it is on the wire: a lie that fits itself."""
    return roster_of((u["member"], u["name"], unb64(u["identity"], 44),
                      unb64(u["card"], 32)) for u in users)


class Log:
    """A room's log as somebody has it: the newest offset, and the chain there."""

    def __init__(self, log, offset=0, chain=None):
        self.log, self.offset = log, offset
        self.chain = chain or sha(label("conclave/1 log") + log)

    def copy(self):
        return Log(self.log, self.offset, self.chain)

    def add(self, digest):
        self.offset += 1
        self.chain = sha(label("conclave/1 log") + self.chain +
                         struct.pack(">Q", self.offset) + digest)
        return self.offset

    def view(self):
        return b64(struct.pack(">Q", self.offset) + self.chain + self.log[:8])


class Seat:
    """A client in one room: what it was told there."""

    def __init__(self, room, place, log):
        self.room, self.place, self.log = room, place, log
        self.notice_seq = room.notice_seq


class Conn:
    """One client, from the relay's side. Without another room it is the lobby
    that is meant."""

    def __init__(self, relay, sock):
        self.relay, self.sock = relay, sock
        self.inbuf, self.transcript = b"", b""
        self.account = self.card = self.member = None
        self.step, self.linked = self.on_hello, False
        self.controls, self.groups = [], []     # received frames
        self.seats = {}     # by number of the room
        self.sending = {}   # blobs whose pieces it sends

    def seat(self, room=None):
        return self.seats[(room or self.relay).room]

    @property
    def log(self):
        return self.seat().log

    @property
    def notice_seq(self):
        return self.seat().notice_seq

    # bytes

    def read(self):
        """Returns False at the end of file."""
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        self.inbuf += data
        while len(self.inbuf) >= 4:
            n, = struct.unpack(">I", self.inbuf[:4])
            if len(self.inbuf) < 4 + n:
                break
            head, body = self.inbuf[:4], self.inbuf[4:4 + n]
            self.inbuf = self.inbuf[4 + n:]
            if self.linked:
                self.on_record(body)
            else:
                self.transcript += head + body
                self.step(json.loads(body))
        return bool(data)

    def send_raw(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            pass

    def say(self, **o):
        b = dumps({"type": "handshake", **o})
        m = struct.pack(">I", len(b)) + b
        self.transcript += m
        self.send_raw(m)

    # section 2

    def on_hello(self, o):
        r = self.relay
        r.hellos += 1
        if r.refusal:
            b = dumps({"type": "system", "event": "error", "code": r.refusal, "text": ""})
            return self.send_raw(struct.pack(">I", len(b)) + b)
        r.shown.append(unb64(o["ticket"], 104) if "ticket" in o else None)
        self.account = o["account"].encode()
        self.signer = r.identity
        self.place = Place(r.spki, r.session, r.place.log, r.place.room)
        offer = o.get("kem", {}).get("mlkem768")
        r.offers.append(offer)
        self.kem = unb64(offer, mlkem.PUBLIC) if r.pq and offer else None
        self.kem_secret = b""
        chosen = r.chosen or ("mlkem768" if self.kem else None)
        self.say(step="challenge", protocol="conclave/1", session=b64(r.session),
                 identity=b64(r.spki), kdf=KDF, salt=b64(r.salt),
                 nonce=b64(os.urandom(32)), **({"kem": chosen} if chosen else {}))
        self.step = self.on_share

    def on_share(self, o):
        r = self.relay
        r.shares += 1
        context = b"conclave/1" + sha(self.before(o))
        share_p = unb64(o["share"], 65)
        y = number()
        share_v = encode(add(mul(y, G), mul(r.w0, N)))
        x = add(decode(share_p), neg(mul(r.w0, M)))
        self.confirm_p, confirm_v, self.shared = spake_keys(
            context, self.account, b"conclave/1", share_p, share_v,
            mul(y, x), mul(y, r.verifier), r.w0)
        th3 = sha(self.transcript)
        sealed = b""
        if self.kem:
            sealed, self.kem_secret = mlkem.encaps(self.kem, os.urandom(32))
        sealed = r.bend_kem(sealed)
        proof = self.signer.sign(label("conclave/1 server proof") + th3 +
                                share_v + confirm_v + sealed)
        sealed = r.bend_signed_kem(sealed)
        self.say(step="confirm", share=b64(share_v), confirm=b64(confirm_v),
                 proof=b64(proof), **({"kem": b64(sealed)} if sealed else {}))
        self.step = self.on_finish

    def before(self, o):
        """The transcript without its last message."""
        at = 0
        while True:
            n, = struct.unpack(">I", self.transcript[at:at + 4])
            if at + 4 + n == len(self.transcript):
                return self.transcript[:at]
            at += 4 + n

    def on_finish(self, o):
        if unb64(o["confirm"], 32) != self.confirm_p:
            raise Breach("confirmP")
        th4 = sha(self.before(o))
        s4 = extract(th4, self.shared + self.kem_secret)
        k = expand(s4, label("conclave/1 card key"), 44)
        try:
            plain = AESGCM(k[:32]).decrypt(k[32:], unb64(o["card"]),
                                           th4 + self.confirm_p)
        except InvalidTag:
            raise Breach("the card does not open") from None
        signature, self.card = plain[:64], plain[64:]
        self.signature = signature
        c = json.loads(self.card)
        self.name, self.identity = c["name"], unb64(c["identity"], 44)
        verify(self.identity, signature, label("conclave/1 card") + self.card)
        self.instance = unb64(c["instance"], 16)
        if (unb64(c["binding"]), unb64(c["session"])) != (th4, self.place.session):
            raise Breach("binding")
        self.wrap = serialization.load_der_public_key(unb64(c["wrap"]))
        self.th5 = sha(self.transcript)
        s5 = extract(self.th5, s4)

        def key(s, n):
            return expand(s5, label("conclave/1 " + s), n)
        self.tx = Direction(key("s2c seal", 44), key("s2c mac", 32))
        self.rx = Direction(key("c2s seal", 44), key("c2s mac", 32))
        self.linked = True
        self.relay.on_card(self)

    # section 3

    def send_frames(self, *frames):
        self.send_raw(self.tx.record(list(frames)))

    def control(self, **o):
        self.send_frames((CONTROL, self.tx.seal(padded(o))))
        if o["type"] == "key_exchange":
            self.tx.next()

    def on_record(self, data):
        for kind, body in self.rx.parse(data):
            check_padded(kind, body)
            if kind == CONTROL:
                o = json.loads(self.rx.open(body))
                self.controls.append(o)
                if o["type"] == "ping":
                    self.control(type="pong", id=o["id"])
                elif o["type"] == "bye":
                    self.relay.gone(self)
                elif "req" in o:
                    self.relay.on_request(self, o)
                elif o["type"] == "identity":
                    self.relay.on_identity(self, o["member"])
            elif kind == GROUP:
                self.groups.append(body)
                number, = struct.unpack(">I", body[8:12])
                self.relay.numbers[number].on_group(self, body)
            elif kind == BLOB:
                self.relay.files.on_piece(self, body)

    # notices about this member and frames to it

    def user(self, **lie):
        mark = {"certificate": True} if "certificate" in json.loads(self.card) else {}
        return {"member": self.member, "name": self.name,
                "identity": b64(self.identity), "card": b64(sha(self.card)), **mark, **lie}

    def show(self, body, room=None):
        """A group frame, as the next entry of the log that this client has."""
        offset = self.seat(room).log.add(sha(body[8:]))
        self.send_frames((GROUP, struct.pack(">Q", offset) + body[8:]))

    def mark(self, digest, seq=0, room=None):
        """An entry in whose place this client gets a mark."""
        room = room or self.relay
        offset = self.seat(room).log.add(digest)
        self.send_frames((MARK, struct.pack(">QIQ", offset, room.room, seq) + digest))

    def notice(self, epoch, event, *users, room=None, **more):
        """A notice sealed in that epoch; it names the newest epoch."""
        room = room or self.relay
        seat = self.seat(room)
        seat.notice_seq += 1
        self.show(room.sealed_notice(epoch, event, users, seat.place, self.signer,
                                     seat.notice_seq, **more), room)

    def fresh(self, reason, secret=None, room=None):
        """The room's newest epoch, or another secret under its number."""
        room = room or self.relay
        e = room.epoch
        if secret is not None:
            e = Epoch(e.room, e.epoch, secret)
        self.control(type="key_exchange", room={"id": e.room}, epoch=e.epoch,
                     secret=b64(e.secret), commit=b64(e.commit),
                     roster=b64(room.epoch.roster), reason=reason)

    def byes(self):
        return [o["code"] for o in self.controls if o["type"] == "bye"]


class Room:
    """A room that is told honestly, until a test replaces something."""

    def __init__(self, relay, number, name, log=None):
        self.relay, self.room, self.topic = relay, number, ""
        self.place = Place(relay.spki, relay.session, log or os.urandom(32), name)
        self.log = Log(self.place.log)
        self.members, self.notice_seq = [], 0
        self.epochs, self.fence = {}, 0
        self.enter(os.urandom(32), 1)

    # for tests to replace

    def users_for(self, conn):
        """The user list for a newcomer."""
        return [m.user() for m in self.members]

    def roster_for(self, conn, users):
        """The roster that a newcomer is told with that list."""
        return self.epoch.roster

    def deliver(self, sender, receiver, body):
        """The frames to show to another member for a member's frame; without one
        it gets a mark, and with None nothing: its log does not have the entry."""
        return [body]

    def log_for(self, conn):
        """The log that a newcomer has from now on."""
        return self.log.copy()

    def entry(self, conn):
        """What a newcomer is told of the room; None: nothing."""
        log = conn.seat(self).log
        return {"offset": log.offset, "chain": b64(log.chain), "topic": self.topic,
                "settings": SETTINGS}

    # epochs and people

    def enter(self, secret, epoch):
        self.epoch = self.epochs[epoch] = Epoch(self.room, epoch, secret)
        self.epoch.roster = self.roster()

    def roster(self):
        """Of those who are in the room."""
        return roster_of((m.member, m.name, m.identity, sha(m.card))
                         for m in self.members)

    def sealed_notice(self, epoch, event, users, place, signer, seq, **more):
        return epoch.seal(place, 0, bytes(32), "", signer.sign, seq, padded({
            "type": "system", "event": event, "epoch": self.epoch.epoch,
            "commit": b64(self.epoch.commit), "roster": b64(self.epoch.roster),
            "users": list(users), "ts": int(time.time() * 1000), **more}))

    def announce(self, to, epoch, event, *users, **more):
        """A notice to these, and to the log if somebody is there."""
        if not to:
            return
        more.setdefault("ts", int(time.time() * 1000))
        self.notice_seq += 1
        self.log.add(sha(self.sealed_notice(
            epoch, event, users, self.place, self.relay.identity, self.notice_seq,
            **more)[8:]))
        for m in to:
            if self is not self.relay:
                more["room"] = self
            m.notice(epoch, event, *users, **more)

    def join(self, conn):
        if conn.member is None:
            conn.member, self.relay.next_member = (
                self.relay.next_member, self.relay.next_member + 1)
        old, there = self.epoch, list(self.members)
        self.members.append(conn)
        self.enter(join_step(old.secret), old.epoch + 1)
        self.announce(there, old, "join", conn.user())
        place = conn.place if self is self.relay else self.place
        log = self.log_for(conn)
        if place.log != log.log:
            log = Log(place.log)
        conn.seats[self.room] = Seat(self, place, log)
        self.admit(conn)

    def admit(self, conn):
        e, place = self.epoch, conn.seat(self).place
        info = label("conclave/1 group key") + conn.th5 + struct.pack(
            ">III", self.room, e.epoch, conn.member)
        wrapped = conn.wrap.encrypt(e.secret, padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), info))
        conn.control(type="key_exchange", room={
            "id": self.room, "name": place.room, "log": b64(place.log)}, epoch=e.epoch,
            member=conn.member, wrapped=b64(wrapped), commit=b64(e.commit))
        users = self.users_for(conn)
        entry = self.entry(conn)
        conn.control(type="user_list", room=self.room, total=len(users),
                     seq=conn.seat(self).notice_seq, users=users,
                     roster=b64(self.roster_for(conn, users)),
                     **({} if entry is None else {"entry": entry}))

    def rekey(self, reason="timer"):
        self.enter(os.urandom(32), self.epoch.epoch + 1)
        self.fence = self.epoch.epoch
        for m in self.members:
            m.fresh(reason, **({} if self is self.relay else {"room": self}))

    def leave(self, conn, event="leave", **more):
        if conn in self.members:
            self.members.remove(conn)
            self.rekey(event)
            self.announce(list(self.members), self.epoch, event, conn.user(), **more)

    def on_group(self, conn, body):
        epoch, _, seq = struct.unpack(">IIQ", body[12:28])
        if epoch < self.fence:
            return      # its sender will seal it again
        digest = sha(body[8:])
        self.log.add(digest)
        for m in list(self.members):
            if m is conn:
                m.mark(digest, seq, self)
                continue
            shown = self.deliver(conn, m, body)
            for b in shown or []:
                m.show(b, self)
            if shown == []:
                m.mark(digest, room=self)
        conn.control(type="ack", room=self.room, seq=seq,
                     offset=conn.seat(self).log.offset)


class Relay(Room):
    """The server, and its first room."""

    def __init__(self, password=PASSWORD):
        self.identity = ed25519.Ed25519PrivateKey.generate()
        self.spki = spki(self.identity.public_key())
        self.session, self.salt = os.urandom(32), os.urandom(32)
        self.numbers = {1: self}        # of rooms
        super().__init__(self, 1, "lobby")
        self.w0, w1 = stretch(password.encode(), b"*", b"conclave/1", self.salt, KDF)
        self.verifier = mul(w1, G)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.invite = "conclave://127.0.0.1:%d/lobby#%s" % (
            self.port, fingerprint(self.spki))
        self.conns, self.next_member = [], 1
        self.hellos, self.shares, self.breaches = 0, 0, []
        self.shown = []     # tickets, or None, of each hello
        self.offers = []    # the same for post-quantum keys
        self.pq = False     # take them
        self.chosen = None  # what the challenge says instead
        self.refusal = None     # a code: instead of a challenge
        self.files = Files()

    # for tests to replace

    def bend_kem(self, sealed):
        """The ciphertext of a confirm, before it is signed; b"": none."""
        return sealed

    def bend_signed_kem(self, sealed):
        """The same, on its way."""
        return sealed

    def on_card(self, conn):
        conn.control(type="welcome", account=conn.name, password=False, role="member",
                     limits={"rooms": 64, "text": 16384})
        self.join(conn)

    # rooms

    def add_room(self, name):
        number = max(self.numbers) + 1
        self.numbers[number] = Room(self, number, name)
        return self.numbers[number]

    def restart(self, log):
        """Another run, in which the first room has this log."""
        for c in list(self.conns):
            c.sock.close()
        self.conns, self.members = [], []
        self.session = os.urandom(32)
        self.place = Place(self.spki, self.session, log.log, self.place.room)
        self.log, self.notice_seq, self.fence = log, 0, 0
        self.epochs = {}
        self.enter(os.urandom(32), 1)

    def gone(self, conn):
        for room in self.numbers.values():
            room.leave(conn)

    def on_request(self, conn, o):
        """The answer to a request, which a test may replace."""
        found = [r for r in self.numbers.values()
                 if r.place.room.lower() == o.get("name", "").lower()]
        if o["type"] == "room_join" and found:
            found[0].join(conn)
            self.done(conn, o, room=found[0].room)
        elif o["type"] == "room_leave" and o["room"] in self.numbers:
            self.numbers[o["room"]].leave(conn, quit=True)
            self.done(conn, o)
        elif o["type"] == "room_list":
            self.done(conn, o, **self.page(conn, o["after"]))
        elif o["type"].startswith("blob_"):
            self.files.on_request(conn, o)
        else:
            conn.control(type="failed", req=o["req"], code="no_room", text="")

    def on_identity(self, conn, member):
        """Shows a member's card, which a test may replace."""
        m = next(m for m in self.members if m.member == member)
        conn.control(type="identity", member=member, card=b64(m.card), signature=b64(m.signature))

    def done(self, conn, o, **more):
        conn.control(type="done", req=o["req"], **more)

    def page(self, conn, after):
        rooms = sorted(self.numbers.values(), key=lambda r: r.place.room.lower())
        return {"total": len(rooms), "rooms": [
            {"id": r.room, "name": r.place.room, "topic": r.topic,
             "people": len(r.members), "mine": conn in r.members, "settings": SETTINGS}
            for r in rooms if r.place.room.lower() > after.lower()][:32]}

    # attacks of the server's owner, who has the group key

    def opened(self, conn, body):
        """The signature and the content of a member's frame."""
        epoch, = struct.unpack(">I", body[12:16])
        key, iv = self.epochs[epoch].sender(conn.member, sha(conn.card))
        seq, = struct.unpack(">Q", body[20:28])
        return AESGCM(key).decrypt(xor(iv, seq), body[28:], body[8:28])

    def content(self, conn, body):
        """What a member says, as the server's owner can read it."""
        return json.loads(self.opened(conn, body)[64:])

    def sealed(self, plain, seq, conn, epoch=None, member=None):
        """Seals the same content again, in another place."""
        e, member = epoch or self.epoch, member or conn.member
        key, iv = e.sender(member, sha(conn.card))
        aad = struct.pack(">IIIQ", e.room, e.epoch, member, seq)
        return bytes(8) + aad + AESGCM(key).encrypt(xor(iv, seq), plain, aad)

    # time

    def conn(self, name):
        return next(c for c in reversed(self.conns)
                    if c.card is not None and c.name == name)

    def until(self, done, seconds=WAIT):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TimeoutError("it did not come")
            self.turn(0.02)

    def turn(self, wait):
        found = ready([self.listener] + [c.sock for c in self.conns], wait)
        for s in found:
            if s is self.listener:
                sock = s.accept()[0]
                sock.settimeout(10)
                self.conns.append(Conn(self, sock))
                continue
            c = next(c for c in self.conns if c.sock is s)
            try:
                alive = c.read()
            except Breach as e:
                self.breaches.append(str(e))
                alive = False
            if not alive:
                self.cut(c)

    def cut(self, conn):
        """Ends the connection without a bye."""
        conn.sock.close()
        if conn in self.conns:
            self.conns.remove(conn)
        self.gone(conn)

    def close(self):
        self.listener.close()
        for c in self.conns:
            c.sock.close()
