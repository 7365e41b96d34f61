"""The wire alone: no (key, nonce) seals two texts, and a length reveals only a
length."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import conclave1
from harness import PASSWORD


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
            peers = [world.peer(s) for _ in range(12)]
            for i, p in enumerate(peers):
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


def test_a_length_says_no_more_than_a_length(world):
    """Nothing is compressed: repetitive text is as long as random text."""
    s = world.server()
    a, b = world.client(s, "alice"), world.peer(s, "bob")
    a.joined()
    b.until(lambda: len(b.users) == 2)
    digests = "".join(hashlib.sha256(b"%d" % i).hexdigest() for i in range(40))
    for text in ("a" * 2000, digests[:2000], PASSWORD + "a" * (2000 - len(PASSWORD))):
        a.say(text)
    b.until(lambda: len(b.texts("alice")) == 3)
    lengths = {len(body) for kind, body in b.frames
               if kind == conclave1.GROUP and len(body) > 2000}
    assert len(lengths) == 1, lengths
