"""conclave/1 once more, written from the design text that shared/PROTOCOL.md rewords.

An independent client for the tests: it shares no line with the C programs, so
that a misreading of the protocol shows as two programs that do not understand
one another. Each step can be taken alone and each byte changed, for the tests
that attack. Slow, not constant in time: never use it to chat.
"""

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import os
import select
import socket
import struct
import time

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import mlkem

CONTROL, GROUP, DIRECT, BLOB, MARK, HISTORY = 1, 2, 3, 4, 5, 6

# --- P-256 and SPAKE2+ (RFC 9383) --------------------------------------------

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(p, q):
    if p is None:
        return q
    if q is None:
        return p
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        m = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P) % P
    else:
        m = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (m * m - p[0] - q[0]) % P
    return x, (m * (p[0] - x) - p[1]) % P


def mul(k, p):
    """Double and add in Jacobian coordinates: one inversion at the end."""
    rx, ry, rz = 0, 1, 0
    for bit in bin(k)[2:]:
        # double
        yy = ry * ry % P
        s = 4 * rx * yy % P
        zz = rz * rz % P
        m = 3 * (rx - zz) * (rx + zz) % P
        x = (m * m - 2 * s) % P
        rz = 2 * ry * rz % P
        ry = (m * (s - x) - 8 * yy * yy) % P
        rx = x
        if bit == "0":
            continue
        if rz == 0:
            rx, ry, rz = p[0], p[1], 1
            continue
        # add the affine p
        zz = rz * rz % P
        h = (p[0] * zz - rx) % P
        r = (p[1] * zz * rz - ry) % P
        if h == 0:      # equal or opposite: cannot happen below the order
            raise ArithmeticError("a scalar past the order")
        hh = h * h % P
        v = rx * hh % P
        x = (r * r - h * hh - 2 * v) % P
        ry = (r * (v - x) - ry * h * hh) % P
        rz = rz * h % P
        rx = x
    if rz == 0:
        return None
    i = pow(rz, -1, P)
    return rx * i * i % P, ry * i * i * i % P


def neg(p):
    return None if p is None else (p[0], -p[1] % P)


def decompress(b):
    x = int.from_bytes(b[1:], "big")
    y = pow((x * x * x - 3 * x + B) % P, (P + 1) // 4, P)
    return x, y if y & 1 == b[0] & 1 else P - y


def encode(p):
    return b"\4" + p[0].to_bytes(32, "big") + p[1].to_bytes(32, "big")


def decode(b):
    if len(b) != 65 or b[0] != 4:
        raise Breach("a share that is no uncompressed point")
    x, y = int.from_bytes(b[1:33], "big"), int.from_bytes(b[33:], "big")
    if x >= P or y >= P or (y * y - (x * x * x - 3 * x + B)) % P:
        raise Breach("a share that is not on the curve")
    return x, y


M = decompress(bytes.fromhex(
    "02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f"))
N = decompress(bytes.fromhex(
    "03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49"))


def le8(b):
    return struct.pack("<Q", len(b)) + b


@functools.lru_cache()
def scrypt(password, salt, n, r, p):
    """Cached: all peers of a server have the same salt."""
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=2**30,
                          dklen=80)


def stretch(password, id_prover, id_verifier, salt, kdf):
    out = scrypt(le8(password) + le8(id_prover) + le8(id_verifier), salt,
                 kdf["n"], kdf["r"], kdf["p"])
    return (int.from_bytes(out[:40], "big") % ORDER,
            int.from_bytes(out[40:], "big") % ORDER)


def spake_keys(context, id_prover, id_verifier, share_p, share_v, z, v, w0):
    """confirmP, confirmV, K_shared"""
    tt = b"".join(map(le8, (
        context, id_prover, id_verifier, encode(M), encode(N), share_p,
        share_v, encode(z), encode(v), w0.to_bytes(32, "big"))))
    k_main = hashlib.sha256(tt).digest()
    confirm = expand(extract(b"", k_main), b"ConfirmationKeys", 64)
    shared = expand(extract(b"", k_main), b"SharedKey", 32)
    return mac(confirm[:32], share_v), mac(confirm[32:], share_p), shared


# --- small pieces ------------------------------------------------------------


def ready(things, wait):
    """Those of them that can be read, within `wait` seconds (None: without end). Unlike
    select, it takes files of any number."""
    of, p = {}, select.poll()
    for x in things:
        fd = x if isinstance(x, int) else x.fileno()
        of[fd] = x
        p.register(fd, select.POLLIN)
    return [of[fd] for fd, _ in p.poll(None if wait is None else 1000 * max(0, wait))]


class Breach(Exception):
    """The other side broke the protocol."""


class Refused(Exception):
    """An error message in the handshake."""

    def __init__(self, code, text=""):
        super().__init__(code, text)
        self.code, self.text = code, text


class Closed(Exception):
    """End of file."""


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def extract(salt, ikm):
    return mac(salt or bytes(32), ikm)


def expand(prk, info, n):
    out, t, i = b"", b"", 1
    while len(out) < n:
        t = mac(prk, t + info + bytes([i]))
        out, i = out + t, i + 1
    return out[:n]


def sha(b):
    return hashlib.sha256(b).digest()


def b64(b):
    return base64.b64encode(b).decode()


def unb64(s, n=None):
    b = base64.b64decode(s, validate=True)
    if b64(b) != s or (n is not None and len(b) != n):
        raise Breach("base64")
    return b


def label(s):
    return s.encode() + b"\0"


def xor(iv, n):
    return (int.from_bytes(iv, "big") ^ n).to_bytes(12, "big")


def dumps(o):
    return json.dumps(o, separators=(",", ":"), ensure_ascii=False).encode()


def size_class(n):
    """The size to which n bytes of JSON are filled up."""
    if n <= 64:
        return 64
    step = 128 if n <= 512 else 512
    return -(-n // step) * step


def padded(o):
    """o as the JSON of a control frame or content."""
    b = dumps(o)
    if len(b) == size_class(len(b)):
        return b
    n = len(dumps({**o, "pad": ""}))
    return dumps({**o, "pad": "." * (size_class(n) - n)})


def check_padded(kind, body):
    """Of a frame that one of the real programs made."""
    n = len(body) - {CONTROL: 16, GROUP: 28 + 64 + 16}.get(kind, 0)
    if kind in (CONTROL, GROUP) and n != size_class(n):
        raise Breach("a frame of kind %d with %d bytes of JSON" % (kind, n))


def raw(key):
    return key.public_bytes(serialization.Encoding.Raw,
                            serialization.PublicFormat.Raw)


def spki(key):
    return key.public_bytes(serialization.Encoding.DER,
                            serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(spki_der):
    return base64.urlsafe_b64encode(sha(spki_der)).decode().rstrip("=")


def verify(spki_der, signature, data):
    try:
        serialization.load_der_public_key(spki_der).verify(signature, data)
    except InvalidSignature:
        raise Breach("a signature does not verify") from None


_rsa = {}


def rsa_key(bits=2048):
    """One pair for all peers of a test run, because making one takes time."""
    if bits not in _rsa:
        _rsa[bits] = rsa.generate_private_key(65537, bits)
    return _rsa[bits]


# --- sections 4 and 5: the keys of an epoch -----------------------------------


class Place:
    """Where a room is: what each signature in it begins with."""

    def __init__(self, server, session, log, room):
        self.server, self.session, self.log = sha(server), session, log
        self.room = room

    def signed(self):
        name = self.room.lower().encode()
        return (label("conclave/1 message") + self.server + self.session +
                self.log + bytes([len(name)]) + name)


def roster_of(users):
    """users: (member, name, SPKI of the identity, H(card)), in any order."""
    return sha(b"".join(
        struct.pack(">I", m) + bytes([len(name)]) + name.encode() +
        identity[-32:] + card for m, name, identity, card in sorted(users)))


class Epoch:
    def __init__(self, room, epoch, secret, base=None):
        self.room, self.epoch, self.secret = room, epoch, secret
        self.roster = None      # as the server announced it
        self.agreed = False     # and the list gives the same
        self.base = base or extract(bytes(32), secret)
        self.commit = expand(self.base, label("conclave/1 commit") +
                             struct.pack(">II", room, epoch), 32)

    def sender(self, member, card):
        k = expand(self.base, label("conclave/1 sender") + struct.pack(
            ">III", self.room, self.epoch, member) + card, 44)
        return k[:32], k[32:]

    def context(self, place, member, card, seq, name, content):
        return (place.signed() + struct.pack(">II", self.room, self.epoch) +
                self.commit + self.roster + struct.pack(">I", member) + card +
                struct.pack(">Q", seq) + bytes([len(name)]) + name.encode() +
                sha(content))

    def seal(self, place, member, card, name, sign, seq, content):
        key, iv = self.sender(member, card)
        aad = struct.pack(">IIIQ", self.room, self.epoch, member, seq)
        plain = sign(self.context(place, member, card, seq, name, content)) + content
        return bytes(8) + aad + AESGCM(key).encrypt(xor(iv, seq), plain, aad)

    def open(self, place, member, card, name, identity, body):
        room, epoch, sender, seq = struct.unpack(">IIIQ", body[8:28])
        if (room, epoch, sender) != (self.room, self.epoch, member):
            raise Breach("another room, epoch or sender")
        key, iv = self.sender(member, card)
        try:
            plain = AESGCM(key).decrypt(xor(iv, seq), body[28:], body[8:28])
        except InvalidTag:
            raise Breach("a group frame does not open") from None
        content = plain[64:]
        verify(identity, plain[:64],
               self.context(place, member, card, seq, name, content))
        return json.loads(content)


def seal(secret, log):
    """Section 5f: seal and check of a sealed room's secret."""
    prk = extract(log, secret)
    return expand(prk, label("conclave/1 seal"), 32), expand(prk, label("conclave/1 seal check"), 16)


def sealed(epoch, secret, log):
    """The epoch for members' frames of a sealed room."""
    e = Epoch(epoch.room, epoch.epoch, None, extract(seal(secret, log)[0], epoch.base))
    e.roster, e.agreed = epoch.roster, epoch.agreed
    return e


def join_step(secret):
    return expand(secret, label("conclave/1 join"), 32)


# --- section 3 ---------------------------------------------------------------


class Direction:
    """One direction of a link: its keys, sequence number and counter."""

    def __init__(self, seal, mac_key):
        self.key, self.iv, self.mac_key = seal[:32], seal[32:], mac_key
        self.seq = self.counter = 0

    def next(self):
        n = expand(self.key, label("conclave/1 next"), 44)
        self.key, self.iv = n[:32], n[32:]

    def seal(self, plain, kind=CONTROL):
        c = AESGCM(self.key).encrypt(xor(self.iv, self.counter), plain, bytes([kind]))
        self.counter += 1
        return c

    def open(self, body, kind=CONTROL):
        try:
            p = AESGCM(self.key).decrypt(xor(self.iv, self.counter), body, bytes([kind]))
        except InvalidTag:
            raise Breach("a control or direct frame does not open") from None
        self.counter += 1
        return p

    def tag(self, seq, frames):
        return mac(self.mac_key, struct.pack(">Q", seq) + b"".join(
            bytes([k]) + (b[:8] + sha(b[8:]) if k == GROUP else sha(b))
            for k, b in frames))[:16]

    def record(self, frames):
        body = b"".join(struct.pack(">IB", len(b) + 1, k) + b for k, b in frames)
        seq = self.seq
        self.seq += 1
        out = struct.pack(">Q", seq) + body + self.tag(seq, frames)
        return struct.pack(">I", len(out)) + out

    def parse(self, data):
        """data: the bytes after the length."""
        seq, = struct.unpack(">Q", data[:8])
        frames, rest = [], data[8:-16]
        while rest:
            n, kind = struct.unpack(">IB", rest[:5])
            if n < 1 or len(rest) < 4 + n:
                raise Breach("a frame longer than its record")
            frames.append((kind, rest[5:4 + n]))
            rest = rest[4 + n:]
        if not frames or not hmac.compare_digest(self.tag(seq, frames), data[-16:]):
            raise Breach("bad mac")
        if seq != self.seq:
            raise Breach("a record is missing or came again")
        self.seq += 1
        return frames


# --- the client --------------------------------------------------------------


class Room:
    """One room of a connection."""

    def __init__(self):
        self.epochs, self.users, self.last = {}, {}, {}
        self.asked = ""
        self.room = self.member = self.epoch = self.place = None
        self.room_name = self.topic = self.settings = None
        self.joined = False
        self.unacked, self.seq = [], 0
        self.notice_seq = None
        self.log = self.offset = self.chain = None
        self.chains = {}            # offset: chain there
        self.own = {}               # seq: the digests that we sent with it
        self.may_speak = True
        self.since = None           # it may read the log behind this

    def chained(self, offset, digest):
        """The next entry of the log, which is there without a gap."""
        if offset != self.offset + 1:
            raise Breach("a gap in the log")
        self.chain = sha(label("conclave/1 log") + self.chain +
                         struct.pack(">Q", offset) + digest)
        self.offset = offset
        self.chains[offset] = self.chain

    def view(self):
        return struct.pack(">Q", self.offset) + self.chain + self.log[:8]


class Peer:
    """One connection. `events` collects the events, as dicts like those of
    --json; `frames` records (kind, body) as they were on the wire,
    `controls` the control frames as they were sealed.

    What it is in first is the room that its own attributes (`epoch`, `users`,
    ...) are about; `with peer.within(room):` they are about another one."""

    def __init__(self, address, timeout=60, source=None):
        rsa_key()       # slow: do it before the handshake's 15 s begin
        if isinstance(address, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(address)
        else:
            self.sock = socket.create_connection(
                address, timeout, source and (source, 0))
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.inbuf = b""
        self.transcript = b""
        self.sent_bytes = self.got_bytes = 0
        self.events, self.frames, self.controls = [], [], []
        self.first = self.at = Room()
        self.rooms, self.asking, self.leaving = {}, [], {}
        self.answers, self.req = {}, 0
        self.batches, self.batch = {}, None     # of histories, by request
        self.role = None            # on the server
        self.known_as, self.has_password = None, None       # what `welcome` says
        self.devices = []           # of its account, that were new
        self.instance = os.urandom(16)
        self.certificate = None     # DER, in the card
        self.views = True           # says what it has of the log
        self.closed = False
        self.wrote = []     # (id, identity, the message's id), of messages and edits
        self.auto_reseal = True     # a client seals again on a fresh secret
        self.hold_fresh = False     # for tests: delays key_exchange
        self.held = []
        self.tickets = []
        self.kem_private, self.kem_secret = None, b""
        self.hybrid = False         # is there a post-quantum part

    # bytes

    def fileno(self):
        return self.sock.fileno()

    def send_raw(self, data):
        self.sent_bytes += len(data)
        self.sock.sendall(data)

    def read_exact(self, n):
        while len(self.inbuf) < n:
            try:
                chunk = self.sock.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Closed()
            self.got_bytes += len(chunk)
            self.inbuf += chunk
        out, self.inbuf = self.inbuf[:n], self.inbuf[n:]
        return out

    def send_message(self, obj):
        b = obj if isinstance(obj, bytes) else dumps(obj)
        m = struct.pack(">I", len(b)) + b
        self.transcript += m
        self.send_raw(m)

    def read_message(self, step):
        head = self.read_exact(4)
        b = self.read_exact(struct.unpack(">I", head)[0])
        self.transcript += head + b
        o = json.loads(b)
        if o.get("type") == "system" and o.get("event") == "error":
            raise Refused(o["code"], o["text"])
        if o.get("type") != "handshake" or o.get("step") != step:
            raise Breach("expected " + step)
        return o

    # section 2, step by step

    def hello(self, account="*", nonce=None, ticket=None, kem=None):
        """kem: 64 bytes of seed to offer a post-quantum part, or, for tests
        that attack, what to send as the offer."""
        self.account = account
        m = {"type": "handshake", "step": "hello", "protocols": ["conclave/1"],
             "account": account, "nonce": b64(nonce or os.urandom(32))}
        if ticket:
            m["ticket"] = b64(ticket)
        if isinstance(kem, bytes):
            public, self.kem_private = mlkem.keygen(kem)
            m["kem"] = {"mlkem768": b64(public)}
        elif kem is not None:
            m["kem"] = kem
        self.send_message(m)
        c = self.read_message("challenge")
        self.session = unb64(c["session"], 32)
        self.server = unb64(c["identity"], 44)
        self.kdf, self.salt = c["kdf"], unb64(c["salt"], 32)
        self.hybrid = "kem" in c
        if self.hybrid and (kem is None or c["kem"] != "mlkem768"):
            raise Breach("kem")
        if c["protocol"] != "conclave/1" or self.kdf["name"] != "scrypt":
            raise Breach("challenge")
        return c

    def share(self, password, x=None):
        self.w0, self.w1 = stretch(password.encode(), self.account.encode(),
                                   b"conclave/1", self.salt, self.kdf)
        self.context = b"conclave/1" + sha(self.transcript)
        self.x = x or int.from_bytes(os.urandom(48), "big") % (ORDER - 1) + 1
        self.share_p = encode(add(mul(self.x, G), mul(self.w0, M)))
        self.send_share(self.share_p)

    def send_share(self, share):
        self.send_message({"type": "handshake", "step": "share", "share": b64(share)})
        self.th3 = sha(self.transcript)

    def confirm(self):
        c = self.read_message("confirm")
        share_v, confirm_v = unb64(c["share"], 65), unb64(c["confirm"], 32)
        sealed = unb64(c["kem"], mlkem.SEALED) if self.hybrid else b""
        verify(self.server, unb64(c["proof"], 64), label("conclave/1 server proof") +
               self.th3 + share_v + confirm_v + sealed)
        y = add(decode(share_v), neg(mul(self.w0, N)))
        self.confirm_p, want, self.shared = spake_keys(
            self.context, self.account.encode(), b"conclave/1", self.share_p,
            share_v, mul(self.x, y), mul(self.w1, y), self.w0)
        if want != confirm_v:
            raise Refused("bad_password", "confirmV does not match")
        self.kem_secret = mlkem.decaps(self.kem_private, sealed) if sealed else b""
        self.th4 = sha(self.transcript)

    def make_card(self, name, room, identity, bits=2048, agree=None):
        self.name, self.identity = name, identity
        self.wrap = rsa_key(bits)
        self.agree = agree or x25519.X25519PrivateKey.generate()
        return {"v": 1, "name": name, "room": room,
                "identity": b64(spki(identity.public_key())),
                "wrap": b64(spki(self.wrap.public_key())),
                "agree": b64(raw(self.agree.public_key())), "instance": b64(self.instance),
                "session": b64(self.session), "binding": b64(self.th4),
                **({"certificate": b64(self.certificate)} if self.certificate else {})}

    def finish(self, card, signature=None, confirm_p=None):
        card = card if isinstance(card, bytes) else dumps(card)
        self.card = card
        s4 = extract(self.th4, self.shared + self.kem_secret)
        k = expand(s4, label("conclave/1 card key"), 44)
        signature = signature or self.identity.sign(label("conclave/1 card") + card)
        confirm_p = confirm_p or self.confirm_p
        sealed = AESGCM(k[:32]).encrypt(k[32:], signature + card,
                                        self.th4 + confirm_p)
        self.send_message({"type": "handshake", "step": "finish",
                           "confirm": b64(confirm_p), "card": b64(sealed)})
        self.th5 = sha(self.transcript)
        s5 = extract(self.th5, s4)

        def key(s, n):
            return expand(s5, label("conclave/1 " + s), n)
        self.tx = Direction(key("c2s seal", 44), key("c2s mac", 32))
        self.rx = Direction(key("s2c seal", 44), key("s2c mac", 32))

    def handshake(self, password, name, room="", identity=None, account="*",
                  bits=2048, ticket=None, kem=None):
        self.asked = room
        self.hello(account, ticket=ticket, kem=kem)
        self.share(password)
        self.confirm()
        self.finish(self.make_card(
            name, room, identity or ed25519.Ed25519PrivateKey.generate(), bits))

    def join(self, password, name, room="", identity=None, **more):
        self.handshake(password, name, room, identity, **more)
        self.until(lambda: self.joined)
        return self

    # section 3

    def send_frames(self, *frames):
        self.send_raw(self.tx.record(list(frames)))

    def send_control(self, obj):
        b = obj if isinstance(obj, bytes) else padded(obj)
        self.send_frames((CONTROL, self.tx.seal(b)))

    def readable(self, wait):
        return bool(ready([self.sock], wait))

    def pump(self, seconds=0.0):
        """Handles everything that arrives within that time."""
        end = time.monotonic() + seconds
        while not self.closed and self.readable(end - time.monotonic()):
            self.step()

    def to_end(self, seconds=60):
        """Handles everything that arrives until the other side closes."""
        self.pump(seconds)
        if not self.closed:
            raise TimeoutError("the other side did not close")

    def until(self, done, seconds=60):
        end = time.monotonic() + seconds
        while not done():
            if self.closed:
                raise Closed()
            if self.readable(end - time.monotonic()):
                self.step()
            elif time.monotonic() >= end:
                raise TimeoutError("what was waited for did not come")

    def step(self):
        try:
            chunk = self.sock.recv(1 << 18)
        except ConnectionResetError:
            chunk = b""
        if not chunk:
            self.closed = True
            self.events.append({"event": "eof"})
            return
        self.got_bytes += len(chunk)
        self.inbuf += chunk
        while len(self.inbuf) >= 5:
            n, first = struct.unpack(">IB", self.inbuf[:5])
            if not 0 < n <= 256 * 1024:
                raise Breach("record length")
            if len(self.inbuf) < 4 + n:
                break
            data, self.inbuf = self.inbuf[4:4 + n], self.inbuf[4 + n:]
            if first == 0x7B:
                o = json.loads(data)
                raise Refused(o["code"], o["text"])
            if first != 0:
                raise Breach("neither a record nor a message")
            for kind, body in self.rx.parse(data):
                self.frames.append((kind, body))
                if kind == CONTROL or (kind == GROUP and body[16:20] == bytes(4)):
                    check_padded(kind, body)    # the server's own
                if kind == CONTROL:
                    self.controls.append(self.rx.open(body))
                    o = json.loads(self.controls[-1])
                    if o["type"] in ("key_exchange", "history"):
                        self.rx.next()
                    self.on_control(o)
                elif kind == GROUP:
                    with self.within(struct.unpack(">I", body[8:12])[0]):
                        self.at.chained(struct.unpack(">Q", body[:8])[0],
                                        sha(body[8:]))
                        self.on_group(body)
                elif kind == MARK:
                    self.on_mark(body)
                elif kind == HISTORY:
                    self.on_kept(body)
                elif kind == DIRECT:
                    self.on_direct(self.rx.open(body, DIRECT))

    def on_direct(self, body):
        raise Breach("a direct frame, and we have no prekeys")    # direct1.py

    # section 5: requests and rooms

    @contextlib.contextmanager
    def within(self, room):
        """room: a number, a name in lower case, or a Room."""
        before = self.at
        if isinstance(room, str):
            room = next(r for r in self.rooms.values()
                        if r.room_name.lower() == room)
        if not isinstance(room, Room):
            if room not in self.rooms:
                raise Breach("a frame of a room that we are not in")
            room = self.rooms[room]
        self.at = room
        try:
            yield room
        finally:
            self.at = before

    def ask(self, kind, **more):
        """Sends a request; its number."""
        self.req += 1
        if kind == "room_join":
            self.asking.append(more["name"].lower())
        if kind == "room_leave":
            self.leaving[self.req] = more["room"]
        self.send_control({"type": kind, "req": self.req, **more})
        return self.req

    def answer(self, req):
        self.until(lambda: req in self.answers)
        return self.answers[req]

    def request(self, kind, **more):
        """Sends a request and waits for its answer."""
        return self.answer(self.ask(kind, **more))

    def act(self, act, who, room=None, **more):
        return self.request("act", act=act, who=who, **more,
                            room=self.room if room is None else room)

    def on_answer(self, o):
        if o["req"] in self.answers or not 0 < o["req"] <= self.req:
            raise Breach("an answer to nothing")
        self.answers[o["req"]] = o
        # It may have left before it was let in.
        left = self.rooms.pop(self.leaving.pop(o["req"], None), None)
        if left:
            left.joined = False

    def on_batch(self, o):
        from batch1 import Batch    # it needs this module
        if not 0 < o["req"] <= self.req or o["req"] in self.answers or \
                o["req"] in self.batches:
            raise Breach("a batch that was not asked for")
        if any(not b.over() for b in self.batches.values()):
            raise Breach("two batches at once")
        self.batch = self.batches[o["req"]] = Batch(
            self.rooms[o["room"]], self.server, o)

    def on_kept(self, body):
        if self.batch is None or self.batch.over():
            raise Breach("an entry of no batch")
        self.batch.add(body)

    def history(self, room, count=500, **more):
        """Reads part of a room's log: a Batch, or the code of a refusal."""
        req = self.ask("history", room=room, count=count, **more)
        a = self.answer(req)
        if a["type"] == "failed":
            return a["code"]
        b = self.batches[req]
        if not b.over():
            raise Breach("a batch is not over")
        return b

    def on_room_left(self, o):
        if o["room"] not in self.rooms:
            raise Breach("out of a room that we are not in")
        r = self.rooms.pop(o["room"])
        r.joined = False
        self.events.append({"event": "left", **{k: v for k, v in o.items()
                                                if k not in ("type", "pad")}})

    def on_mark(self, body):
        offset, room, seq = struct.unpack(">QIQ", body[:20])
        if len(body) != 52:
            raise Breach("the size of a mark")
        with self.within(room) as r:
            r.chained(offset, body[20:])
            if seq and body[20:] not in r.own.get(seq, []):
                raise Breach("a mark for what we did not send")
            self.events.append({"event": "mark", "offset": offset, "room": room,
                                "seq": seq})

    def entering(self, o):
        """The room of a wrapped key: the first, or one that we asked for."""
        name = o["room"]["name"].lower()
        if self.first.room is None:
            r = self.first
        elif name in self.asking and o["room"]["id"] not in self.rooms:
            r = Room()
            self.asking.remove(name)
        else:
            raise Breach("a second wrapped key")
        self.rooms[o["room"]["id"]] = r
        return r

    def on_control(self, o):
        kind = o["type"]
        if kind == "key_exchange":
            room = self.entering(o) if "wrapped" in o else o["room"]["id"]
            with self.within(room):
                self.on_key_exchange(o)
        elif kind in ("user_list", "ack", "voice"):
            with self.within(o["room"]):
                self.on_room_control(kind, o)
        elif kind in ("done", "failed"):
            self.on_answer(o)
        elif kind == "history":
            self.on_batch(o)
        elif kind == "room_left":
            self.on_room_left(o)
        elif kind == "welcome":
            self.known_as, self.has_password = o["account"], o["password"]
            self.role = o["role"]
        elif kind == "device":
            self.devices.append(unb64(o["identity"], 32))
            if not 0 < o["first"] <= time.time() + 1:
                raise Breach(o)
        else:
            self.on_plain_control(kind, o)

    def on_room_control(self, kind, o):
        if kind == "voice":
            self.at.may_speak = o["may"]
            self.events.append({"event": "voice", "may": o["may"],
                                "until": o["until"], "by": o["by"],
                                "room": o["room"]})
        elif kind == "user_list":
            self.on_user_list(o)
        else:
            if o["seq"] > self.seq:
                raise Breach("an ack of what was not sent")
            self.unacked = [(s, c) for s, c in self.unacked if s > o["seq"]]
            self.events.append({"event": "sent", **o})

    def on_plain_control(self, kind, o):
        if kind == "ping":
            self.send_control({"type": "pong", "id": o["id"]})
        elif kind == "ticket":
            if not 0 < o["seconds"] <= 30 * 86400:
                raise Breach("a ticket that lasts too long")
            self.tickets.append(unb64(o["ticket"], 104))
        elif kind == "bye":
            self.events.append({"event": "bye", "code": o["code"], "text": o["text"]})
        else:
            self.events.append({**o, "event": "control", "what": kind})

    def on_user_list(self, o):
        for u in o["users"]:
            self.meet(u)
        self.announce(o["roster"])
        if self.notice_seq is None:
            self.notice_seq = o["seq"]
            if "entry" not in o:
                raise Breach("a first page without an entry")
            self.on_entry(o["entry"])
        elif "entry" in o:
            raise Breach("two entries")
        if len(o["users"]) == 100:
            self.send_control({"type": "user_list", "room": self.room,
                               "after": o["users"][-1]["member"]})
            return
        me = self.users[self.member]
        if (me["card"] != sha(self.card) or
                me["identity"] != spki(self.identity.public_key())):
            raise Breach("my own entry is not mine")
        if not self.joined:
            self.at.may_speak = not me["mute"]
        if len(self.users) != o["total"]:
            raise Breach("total")
        self.joined = True
        self.check_roster(self.epochs[self.epoch])

    def on_entry(self, e):
        """What a newcomer learns of the room."""
        r = self.at
        r.offset, r.chain = e["offset"], unb64(e["chain"], 32)
        r.chains[r.offset] = r.chain
        if r.offset == 0 and r.chain != sha(label("conclave/1 log") + r.log):
            raise Breach("the chain of an empty log")
        r.topic, r.settings = e["topic"], e["settings"]

    def announce(self, roster):
        """The server names the roster of the newest epoch."""
        e = self.epochs[self.epoch]
        if e.roster not in (None, unb64(roster, 32)):
            raise Breach("two rosters of one epoch")
        e.roster = unb64(roster, 32)

    def check_roster(self, epoch):
        """The list gives the roster that the server announced."""
        if self.joined and not epoch.agreed and epoch.roster != roster_of(
                (m, u["name"], u["identity"], u["card"])
                for m, u in self.users.items()):
            raise Breach("roster")
        epoch.agreed = self.joined

    def meet(self, u):
        self.users[u["member"]] = {
            "name": u["name"], "identity": unb64(u["identity"], 44),
            "card": unb64(u["card"], 32), "role": u.get("role", "member"),
            "mute": u.get("mute", False), "certificate": u.get("certificate", False)}

    def on_key_exchange(self, o):
        room = o["room"]["id"]
        if "wrapped" in o:
            self.room, self.member = room, o["member"]
            self.at.since = o.get("since")
            self.room_name, self.log = o["room"]["name"], unb64(o["room"]["log"], 32)
            self.place = Place(self.server, self.session, self.log,
                               self.room_name)
            if self.asked and self.asked.lower() != self.room_name.lower():
                raise Breach("another room")
            info = label("conclave/1 group key") + self.th5 + struct.pack(
                ">III", room, o["epoch"], self.member)
            secret = self.wrap.decrypt(unb64(o["wrapped"]), padding.OAEP(
                padding.MGF1(hashes.SHA256()), hashes.SHA256(), info))
        else:
            if self.hold_fresh:
                self.held.append((self.at, o))
                return
            if room != self.room or o["epoch"] <= self.epoch:
                raise Breach("an epoch that is not higher")
            secret = unb64(o["secret"], 32)
            self.check_roster(self.epochs[self.epoch])
            self.epochs.clear()
            self.events.append({"event": "epoch", "epoch": o["epoch"],
                                "reason": o["reason"], "room": room})
        self.enter(room, o["epoch"], secret, unb64(o["commit"], 32))
        if "secret" in o:
            self.announce(o["roster"])
        if "secret" in o and self.auto_reseal:
            self.reseal()

    def enter(self, room, epoch, secret, commit):
        e = Epoch(room, epoch, secret)
        if e.commit != commit:
            raise Breach("commit")
        self.epochs[epoch] = e
        self.epoch = epoch

    def reseal(self):
        if not self.at.may_speak or self.at.room in self.leaving.values():
            return
        for seq, content in self.unacked:
            self.send_frames((GROUP, self.seal(seq, content)))

    def late(self):
        """Delivers the key_exchanges that were held."""
        self.hold_fresh = False
        for room, o in self.held:
            with self.within(room):
                self.on_key_exchange(o)
        self.held = []

    def seal(self, seq, content, epoch=None):
        body = self.epochs[epoch or self.epoch].seal(
            self.place, self.member, sha(self.card), self.name,
            self.identity.sign, seq, content)
        self.at.own.setdefault(seq, []).append(sha(body[8:]))
        return body

    def content(self, text, **more):
        if self.views and self.chain:
            more = {**more, "view": b64(self.at.view())}
        return padded({"type": "message", "id": b64(os.urandom(16)),
                       "text": text, "ts": int(time.time() * 1000), **more})

    def send_content(self, content):
        self.seq += 1
        self.unacked.append((self.seq, content))
        self.send_frames((GROUP, self.seal(self.seq, content)))
        return self.seq

    def say(self, text, **more):
        return self.send_content(self.content(text, **more))

    def change(self, kind, key, message, **more):
        """Edits, deletes or reacts to a message, whoever wrote it."""
        return self.send_content(padded({
            "type": kind, "id": b64(os.urandom(16)), key: message,
            "ts": int(time.time() * 1000), **more}))

    def edit(self, of, text, **more):
        return self.change("edit", "of", of, text=text, **more)

    def delete(self, of, **more):
        return self.change("delete", "of", of, **more)

    def react(self, to, reaction, **more):
        return self.change("react", "to", to, **{"with": reaction, **more})

    def on_group(self, body):
        offset, _, epoch, sender, seq = struct.unpack(">QIIIQ", body[:28])
        if self.hold_fresh and epoch not in self.epochs:
            return
        if sender == 0:
            c = self.epochs[epoch].open(self.place, 0, bytes(32), "",
                                        self.server, body)
            if seq != self.notice_seq + 1:
                raise Breach("a notice is missing")
            self.notice_seq = seq
            self.on_notice(epoch, c)
            return
        u = self.users[sender]
        self.check_roster(self.epochs[epoch])
        c = self.epochs[epoch].open(self.place, sender, u["card"], u["name"],
                                    u["identity"], body)
        self.check_view(u["name"], c)
        if c["type"] not in ("message", "edit", "delete", "react"):
            self.last[sender] = seq
            return
        missing = seq - self.last[sender] - 1 if sender in self.last else 0
        self.last[sender] = seq
        kind = c["type"]
        named = c.get({"message": "re", "react": "to"}.get(kind, "of"))
        about = self.message_of(named, u["identity"], kind) if named else None
        if kind == "message" or (kind == "edit" and about):
            self.wrote.append((c["id"], u["identity"], about if kind == "edit" else c["id"]))
        self.events.append({
            "event": kind, "from": u["name"], "member": sender, "seq": seq,
            "epoch": epoch, "offset": offset, "text": c.get("text", c.get("with")),
            "id": c["id"], "about": about, "missing": missing, "room": self.room})

    def message_of(self, id, identity, kind):
        """The message that a change by that identity is about; None: it has no effect."""
        theirs = kind in ("edit", "delete")
        for known, who, message in self.wrote:
            if known == id and (not theirs or who == identity):
                return message
        return None

    def check_view(self, name, c):
        """What the sender had of the log is what we have."""
        if "view" not in c:
            return
        view = unb64(c["view"], 48)
        offset, = struct.unpack(">Q", view[:8])
        if (view[40:] == self.log[:8] and offset in self.at.chains and
                view[8:40] != self.at.chains[offset]):
            self.events.append({"event": "fork", "who": name, "offset": offset})

    def on_notice(self, epoch, c):
        if c["event"] == "join":
            if c["epoch"] == self.epoch + 1 and epoch == self.epoch:
                self.check_roster(self.epochs[epoch])
                self.enter(self.room, c["epoch"],
                           join_step(self.epochs[self.epoch].secret),
                           unb64(c["commit"], 32))
                self.events.append({"event": "epoch", "epoch": self.epoch,
                                    "reason": "join"})
            elif c["epoch"] != self.epoch:
                raise Breach("a step of more than one")
        self.announce(c["roster"])
        if c["event"] == "room":
            self.at.topic, self.at.settings = c["topic"], c["settings"]
        for u in c.get("users", []):
            if c["event"] == "join":
                if u["member"] in self.users:
                    raise Breach("a member joins twice")
                self.meet(u)
                self.last[u["member"]] = 0
            else:
                del self.users[u["member"]]
        more = {k: v for k, v in c.items() if k in (
            "quit", "act", "by", "who", "value", "until", "reason", "server",
            "topic", "settings", "identity", "offset")}
        self.events.append({"event": c["event"], "epoch": c["epoch"],
                            "room": self.room, **more,
                            "names": [u["name"] for u in c.get("users", [])]})

    # queries for tests

    def texts(self, name=None):
        return [e["text"] for e in self.events
                if e["event"] == "message" and name in (None, e["from"])]

    def names(self):
        return sorted(u["name"] for u in self.users.values())

    def has(self, event, **match):
        return any(e["event"] == event and
                   all(e.get(k) == v for k, v in match.items())
                   for e in self.events)

    def bye(self, code="quit"):
        self.send_control({"type": "bye", "code": code, "text": ""})

    def close(self):
        self.sock.close()
        self.closed = True


def of_room(name):
    return property(lambda p: getattr(p.at, name),
                    lambda p, value: setattr(p.at, name, value))


for _name in vars(Room()):
    setattr(Peer, _name, of_room(_name))
