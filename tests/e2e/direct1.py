"""Direct messages from PROTOCOL.md section 6 alone: a device's prekeys, its frames,
and what it checks of the server."""

import os
import struct
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import conclave1 as c

DAY = 86400


class Key:
    """A prekey with its private half."""

    def __init__(self, device, once, made=None, private=None):
        self.private = private or x25519.X25519PrivateKey.generate()
        self.public = c.raw(self.private.public_key())
        self.once, self.made = once, int(made if made is not None else time.time())
        self.signature = device.identity.sign(prekey_text(
            c.sha(device.server), once, self.made, self.public))

    def json(self):
        return {"key": c.b64(self.public), "made": self.made,
                "signature": c.b64(self.signature)}


def prekey_text(server, once, made, key):
    return c.label("conclave/1 prekey") + server + bytes([once]) + struct.pack(">Q", made) + key


def frame_key(shared, head):
    return c.expand(c.extract(c.label("conclave/1 direct"), shared), head[8:136], 44)


def signed(server, head, content):
    return c.label("conclave/1 direct") + server + head[8:136] + c.sha(content)


def seal(server, identity, to, prekey, content, number, e=None):
    """A frame. identity: the sender's private key; to: the recipient's SPKI."""
    e = e or x25519.X25519PrivateKey.generate()
    head = (struct.pack(">Q", number) + c.sha(to) +
            c.sha(c.spki(identity.public_key())) + prekey + c.raw(e.public_key()))
    k = frame_key(e.exchange(x25519.X25519PublicKey.from_public_bytes(prekey)), head)
    signature = identity.sign(signed(server, head, content))
    return head + AESGCM(k[:32]).encrypt(k[32:], signature + content, head[8:136])


def spki_of(raw):
    """Of a raw Ed25519 key."""
    return bytes.fromhex("302a300506032b6570032100") + raw


class Device(c.Peer):
    """A peer with prekeys. `mail` has (name, identity, number, content) of each frame
    that opened; `spoiled` the frames that did not."""

    def __init__(self, address, **more):
        super().__init__(address, **more)
        self.keys, self.lasting = {}, None
        self.sender = None
        self.number = 0
        self.mail, self.spoiled, self.low, self.certified = [], [], [], []

    def prekeys(self, n=10, lasting=True, **more):
        """What a request publishes."""
        if lasting or not self.lasting:
            self.lasting = Key(self, 0)
            self.keys[self.lasting.public] = self.lasting
        once = [Key(self, 1) for _ in range(n)]
        self.keys.update((k.public, k) for k in once)
        return {"lasting": self.lasting.json(), "once": [k.json() for k in once], **more}

    def publish(self, n=10, **more):
        a = self.request("prekeys", **self.prekeys(n, **more))
        if a["type"] != "done":
            raise c.Breach(a)

    def mine(self):
        """What the server has; from now on frames come here."""
        a = self.request("prekeys_mine")
        return a.get("lasting"), a["once"]

    def on_plain_control(self, kind, o):
        if kind == "direct_from":
            self.sender = o["name"], c.unb64(o["identity"], 32)
            if "certificate" in o:
                self.certified.append(c.unb64(o["certificate"]))
        elif kind == "prekeys_low":
            self.low.append(o["left"])
        else:
            super().on_plain_control(kind, o)

    # what others are sent

    def get(self, who, **more):
        """The checked keys of somebody's devices: (SPKI, key, once)."""
        a = self.request("prekeys_get", who=who, **more)
        if a["type"] != "done":
            raise c.Refused(a["code"], a["text"])
        out, last = [], b""
        for d in a["prekeys"]:
            identity = c.unb64(d["identity"], 32)
            if identity <= last:
                raise c.Breach("devices out of order")
            last = identity
            if "key" not in d:
                continue
            k = d["key"]
            key = c.unb64(k["key"], 32)
            c.verify(spki_of(identity), c.unb64(k["signature"], 64),
                     prekey_text(c.sha(self.server), d["once"], k["made"], key))
            if k["made"] > time.time() + DAY or (
                    not d["once"] and k["made"] < time.time() - 42 * DAY):
                raise c.Breach("a key that is too old or too new")
            out.append((spki_of(identity), key, d["once"]))
        if a["more"]:
            out += self.get(who, after=c.b64(last))
        return out

    def content_of(self, text, **more):
        return c.padded({"type": "message", "id": c.b64(os.urandom(16)), "text": text,
                         "ts": int(time.time() * 1000), **more})

    def send_direct(self, to, key, content, number=None, change=None):
        """Sends a frame; its request's number. change: what becomes of its bytes."""
        self.req += 1
        body = seal(c.sha(self.server), self.identity, to, key, content,
                    self.req if number is None else number)
        self.send_body(change(body) if change else body)
        return self.req

    def send_body(self, *bodies):
        self.send_frames(*[(c.DIRECT, self.tx.seal(b, c.DIRECT)) for b in bodies])

    def tell(self, who, text):
        """To each device; the answers."""
        return [self.answer(self.send_direct(spki, key, self.content_of(text)))
                for spki, key, _ in self.get(who)]

    # what it gets

    def on_direct(self, body):
        if not 216 <= len(body) <= 65752:
            raise c.Breach("the size of a direct frame")
        number = struct.unpack(">Q", body[:8])[0]
        if number <= self.number:
            raise c.Breach("numbers do not ascend")
        self.number = number
        if body[8:40] != c.sha(c.spki(self.identity.public_key())):
            raise c.Breach("a frame for somebody else")
        if not self.sender or body[40:72] != c.sha(spki_of(self.sender[1])):
            raise c.Breach("not from the one that the server named")
        try:
            content = self.open(body)
        except (KeyError, InvalidTag, ValueError, c.Breach):
            self.spoiled.append(body)
            return
        self.mail.append((self.sender[0], self.sender[1], number, content))

    def open(self, body):
        k = self.keys[body[72:104]]
        e = x25519.X25519PublicKey.from_public_bytes(body[104:136])
        key = frame_key(k.private.exchange(e), body)
        plain = AESGCM(key[:32]).decrypt(key[32:], body[136:], body[8:136])
        content = plain[64:]
        c.verify(spki_of(self.sender[1]), plain[:64],
                 signed(c.sha(self.server), body, content))
        return content

    def ack(self, upto=None):
        self.send_control({"type": "direct_ack",
                           "upto": self.number if upto is None else upto})

    def round_trip(self):
        """Everything before it has arrived."""
        self.request("blocks")
