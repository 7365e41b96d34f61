"""What SECURITY.md says that others can do, done: each test is a claim that no
test of an attack shows."""

import hashlib
import json
import struct

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import conclave1
from harness import PASSWORD, until


def evidence(reader, name):
    """What a reader shows to somebody outside: public keys and one message."""
    body = next(b for kind, b in reader.frames
                if kind == conclave1.GROUP and b[16:20] != bytes(4))
    epoch, member, seq = struct.unpack(">IIQ", body[12:28])
    e, user = reader.epochs[epoch], reader.users[member]
    key, iv = e.sender(member, user["card"])
    plain = AESGCM(key).decrypt(conclave1.xor(iv, seq), body[28:], body[8:28])
    context = e.context(reader.place, member, user["card"], seq, name, plain[64:])
    return user["identity"], plain[:64], context, plain[64:]


def test_a_reader_can_prove_what_was_said(world):
    """Without a key of the room or the server: the author's signature is enough."""
    s = world.server()
    a, b = world.client(s, "alice"), world.peer(s, "bob")
    a.joined()
    a.say("I never said this")
    b.until(lambda: b.texts("alice"))
    identity, signature, context, content = evidence(b, "alice")
    s.stop()
    outsider = ed25519.Ed25519PublicKey.from_public_bytes(identity[-32:])
    assert b"I never said this" in content
    assert context.endswith(hashlib.sha256(content).digest())
    outsider.verify(signature, context)
    other = content.replace(b"never", b"often")
    with pytest.raises(InvalidSignature):
        outsider.verify(signature, context[:-32] + hashlib.sha256(other).digest())


WATCHER = ed25519.Ed25519PrivateKey.generate()


def identity_of(world, server, home, *args):
    """The identity with which this user is known on a server."""
    c = world.client(server, "alice", *args, home=home)
    c.joined()
    watcher = world.peer(server, "watcher", identity=WATCHER)
    watcher.until(lambda: "alice" in watcher.names())
    found = next(u["identity"] for u in watcher.users.values() if u["name"] == "alice")
    c.quit()
    watcher.bye()
    watcher.to_end()
    return found


def test_one_identity_on_all_servers(world):
    """Two servers that compare their lists know that it is the same person,
    unless that person uses another key."""
    home = world.tmp / "alice"
    first, second = world.server(), world.server(control=True)
    known = identity_of(world, first, home)
    assert identity_of(world, second, home) == known
    own = str(home / "another.pem")
    second.forget("alice")      # whose name it would be otherwise
    assert identity_of(world, second, home, "--identity", own) != known


def test_wrap_and_agree_are_new_at_each_start(world):
    """The identity is the same each time."""
    s = world.server()
    watcher = world.peer(s, "watcher")
    cards = []
    for _ in range(2):
        c = world.client(s, "alice", home="alice")
        c.joined()
        watcher.until(lambda: "alice" in watcher.names())
        watcher.events.clear()
        watcher.send_control({"type": "identity", "member": next(
            m for m, u in watcher.users.items() if u["name"] == "alice")})
        watcher.until(lambda: watcher.has("control", what="identity"))
        cards.append(json.loads(conclave1.unb64(next(
            e["card"] for e in watcher.events if e.get("what") == "identity"))))
        c.quit()
        watcher.until(lambda: "alice" not in watcher.names())
    first, second = cards
    assert first["identity"] == second["identity"]
    for key in ("wrap", "agree"):
        assert first[key] != second[key]


def test_the_log_has_names_and_addresses(world):
    """And nothing that was said."""
    s = world.server()
    p = world.peer(s, "alice", source="127.0.0.77")
    text = "said where only the room hears it"
    p.say(text)
    p.until(lambda: not p.unacked)
    p.bye()
    p.to_end()
    until(lambda: s.said("alice.*127.0.0.77|127.0.0.77.*alice"), what="the log's line")
    s.stop()
    log = "\n".join(s.err)
    assert text not in log and PASSWORD not in log
