"""The wire alone: no (key, nonce) seals two texts, a length reveals only a class
of lengths, and an observer sees who sends when."""

import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import conclave1
from harness import PASSWORD, Proxy, until


class Watched:
    """Records every (key, nonce) of both sides in conclave1.py. It sees the server's
    when a peer opens a frame, which needs the right key and nonce."""

    seen, twice = {}, []

    def __init__(self, key):
        self.key, self.real = key, AESGCM(key)

    def note(self, nonce, sealed):
        h = hashlib.sha256(sealed).digest()
        # A group frame has the same bytes for everybody.
        if self.seen.setdefault((self.key, nonce), h) != h:
            self.twice.append(nonce)

    def encrypt(self, nonce, plain, aad):
        sealed = self.real.encrypt(nonce, plain, aad)
        self.note(nonce, sealed)
        return sealed

    def decrypt(self, nonce, sealed, aad):
        plain = self.real.decrypt(nonce, sealed, aad)
        self.note(nonce, sealed)
        return plain


@pytest.fixture
def watched(monkeypatch):
    Watched.seen, Watched.twice = {}, []
    monkeypatch.setattr(conclave1, "AESGCM", Watched)
    return Watched


def test_no_key_and_nonce_seals_twice(world, watched):
    """During joins, leaves, rekeys, one identity in two places, and two kills of the
    server, which restarts with the same state. (tests/unit/test_client_nonces.c
    has more than a thousand connections of the real client.)"""
    twin = ed25519.Ed25519PrivateKey.generate()
    # a name stays with its identity for a while after a loss
    keys = [ed25519.Ed25519PrivateKey.generate() for _ in range(10)]
    for life in range(3):
        s = world.server("--rekey-interval", "2s", ephemeral=False)
        for _ in range(2):
            peers = []
            for i in range(12):
                p = world.peer(s)
                peers.append(p)
                # the last two have one identity: the second replaces the first
                same = i >= 10
                p.handshake(PASSWORD, "twin" if same else "p%d" % i,
                            identity=twin if same else keys[i])
            for p in peers[:10] + peers[11:]:
                p.until(lambda: p.joined)
                for _ in range(3):
                    p.say("the same text")
            for p in peers[:10] + peers[11:]:
                p.until(lambda: not p.unacked)
            for p in peers[:5]:
                p.bye()
            for p in peers[6:8]:
                p.close()
            peers[5].until(lambda: peers[5].has("epoch", reason="leave"))
            peers[5].say("the same text")
            peers[5].until(lambda: not peers[5].unacked)
            for p in peers[5:6] + peers[8:]:
                p.pump(0.1)
                p.close()
        s.p.kill()
        s.p.wait()
    assert len(watched.seen) > 500 and not watched.twice


def test_the_watch_sees(watched):
    key, nonce = bytes(32), bytes(12)
    for _ in range(2):
        conclave1.AESGCM(key).encrypt(nonce, b"one", None)
    assert not watched.twice
    conclave1.AESGCM(key).encrypt(nonce, b"two", None)
    assert watched.twice


def tapped(data):
    """The frames of one direction, as an observer without a key sees them."""
    frames, linked = [], False
    while len(data) >= 5:
        n, first = struct.unpack(">IB", data[:5])
        if len(data) < 4 + n:
            break
        record, data = data[4:4 + n], data[4 + n:]
        linked = linked or first != 0x7B    # the handshake's messages begin with {
        rest = record[8:-16] if linked else b""
        while rest:
            size, kind = struct.unpack(">IB", rest[:5])
            frames.append((kind, bytes(rest[5:4 + size])))
            rest = rest[4 + size:]
    return frames


def test_every_frame_is_of_a_class(world):
    """Also a text that fills its content to the limit, a page of people, a notice
    of many, a rekey, and goodbyes. Both programs, both directions."""
    # Long enough not to be found by chance in what looks random.
    names = ("alice-of-lobby", "bob-of-lobby")
    s = world.server("--rekey-interval", "2s")
    proxy = Proxy(s)
    try:
        a = world.client("127.0.0.1:%d" % proxy.port, names[0])
        a.joined()
        crowd = world.crowd(s, ["p%d" % i for i in range(5)])
        b = world.client("127.0.0.1:%d" % proxy.port, names[1])
        b.joined()
        texts = ["x" * n for n in (1, 30, 94, 95, 102, 103, 104, 200, 222, 223, 4000, 16384)]
        texts.append("\x01" * 10895)     # 6 bytes of JSON each: 65,523 in all
        for text in texts:
            a.say(text)
        until(lambda: len(b.texts(names[0])) == len(texts), what="the texts")
        assert [len(t) for t in b.texts(names[0])] == [len(t) for t in texts]
        b.see("epoch", reason="timer")
        for p in crowd[:3]:
            p.bye()
        a.see("leave")
        b.quit()
        a.see("leave", names=[names[1]])
        a.quit()
        up = [f for d in proxy.passed[0::2] for f in tapped(d)]
        down = [f for d in proxy.passed[1::2] for f in tapped(d)]
    finally:
        proxy.close()
    for data in proxy.passed:
        for secret in [*names, PASSWORD] + texts[2:]:
            assert secret.encode() not in data, secret
    both = {conclave1.CONTROL, conclave1.GROUP}
    for frames, expected in ((up, both), (down, both | {conclave1.MARK})):
        assert {kind for kind, _ in frames} == expected
        for kind, body in frames:
            conclave1.check_padded(kind, body)
    assert max(len(body) for _, body in down) == 108 + 65536
    # the sender's number and the message's stand in the clear
    said = [struct.unpack(">IQ", body[16:28]) for kind, body in up
            if kind == conclave1.GROUP]
    alice = said[0][0]
    assert [n for m, n in said if m == alice] == list(range(1, len(texts) + 1))
    # bob only listened: before he leaves he sends what he has of the log, with
    # probability 5 / people
    assert [n for m, n in said if m != alice] in ([], [1])


def test_a_length_says_no_more_than_a_class(world):
    """Nothing is compressed: repetitive text is as long as random text. Texts of
    one class have one length."""
    s = world.server()
    a, b = world.client(s, "alice"), world.peer(s, "bob")
    a.joined()
    b.until(lambda: len(b.users) == 2)
    digests = "".join(hashlib.sha256(b"%d" % i).hexdigest() for i in range(40))
    for text in ("a" * 2000, digests[:2000], PASSWORD + "a" * (2000 - len(PASSWORD)),
                 "a" * 2390, "a" * 1900):
        a.say(text)
    b.until(lambda: len(b.texts("alice")) == 5)
    lengths = {len(body) for kind, body in b.frames
               if kind == conclave1.GROUP and body[16:20] != bytes(4)}
    assert lengths == {108 + 2560}, lengths
