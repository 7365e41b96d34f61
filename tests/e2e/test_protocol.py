"""PROTOCOL.md against the real server, by the independent client: its promises
about epochs, checked on the recorded bytes, and the protocol errors listed below."""

import json
import os
import struct
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conclave1 import (CONTROL, GROUP, Breach, Closed, Epoch, Refused, b64, dumps,
                       join_step, sha)
from harness import PASSWORD, WAIT
from test_accounts import record


def both(*peers):
    for p in peers:
        p.pump(0.3)


def settle(*peers):
    """Until all are in the same epoch."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        both(*peers)
        if len({p.epoch for p in peers}) == 1:
            return
    raise TimeoutError


def test_independent_clients_join_talk_and_rekey(world):
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    c = world.client(s, "carol")
    c.joined()
    settle(a, b)
    a.say("hello from elsewhere")
    assert c.see("message", text="hello from elsewhere")["trust"] == "new"
    c.say("hello back")
    a.until(lambda: "hello back" in a.texts("carol"))
    b.until(lambda: "hello back" in b.texts("carol"))
    b.bye()
    a.until(lambda: a.has("leave", names=["bob"]))
    c.see("leave", names=["bob"])
    c.say("on the new key")
    a.until(lambda: "on the new key" in a.texts("carol"))
    a.say("me too")
    c.see("message", text="me too")
    assert c.quit() is None
    a.until(lambda: a.has("leave", names=["carol"]))


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_every_rsa_size(world, bits):
    s = world.server()
    assert world.peer(s, "alice", bits=bits).joined


def test_a_leaver_opens_nothing_later(world):
    s = world.server()
    a, b, spy = world.peer(s, "alice"), world.peer(s, "bob"), world.peer(s, "spy")
    settle(a, b, spy)
    a.say("before")
    spy.until(lambda: "before" in spy.texts())
    b.until(lambda: "before" in b.texts())
    known = dict(spy.epochs)
    spy.bye()
    spy.close()
    b.until(lambda: b.has("leave", names=["spy"]))
    a.until(lambda: a.has("leave", names=["spy"]))
    n = len(b.frames)
    a.say("after")
    b.until(lambda: "after" in b.texts())
    body = [body for kind, body in b.frames[n:] if kind == GROUP][-1]
    epoch = struct.unpack(">I", body[12:16])[0]
    assert epoch not in known
    # not even by stepping on: every secret that follows from bob's by join steps
    u = b.users[a.member]
    for e in known.values():
        secret = e.secret
        for guess in range(e.epoch, epoch + 3):
            with pytest.raises(Breach):
                Epoch(b.room, epoch, secret).open(
                    b.session, a.member, u["card"], u["name"], u["identity"], body)
            secret = join_step(secret)


def test_a_newcomer_opens_nothing_earlier(world):
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    settle(a, b)
    a.say("an old secret")
    b.until(lambda: b.texts())
    body = [body for kind, body in b.frames if kind == GROUP][-1]
    new = world.peer(s, "newcomer")
    settle(a, b, new)
    u = new.users[a.member]
    with pytest.raises(Breach):
        Epoch(new.room, b.epoch - 1, new.epochs[new.epoch].secret).open(
            new.session, a.member, u["card"], u["name"], u["identity"], body)
    assert min(new.epochs) > struct.unpack(">I", body[12:16])[0]
    # and does not get a frame sealed before its epoch, even if it arrives now
    a.send_frames((GROUP, a.seal(2, a.content("old epoch, late"), epoch=new.epoch - 1)))
    b.until(lambda: "old epoch, late" in b.texts())
    a.seq = 2
    a.say("new epoch")
    new.until(lambda: "new epoch" in new.texts())
    assert new.texts() == ["new epoch"]


def test_in_flight_across_a_fence_arrives_once_sealed_anew(world):
    s = world.server()
    a, b, c = world.crowd(s, ("alice", "bob", "carol"))
    settle(a, b, c)
    a.say("one")
    a.until(lambda: not a.unacked)
    a.hold_fresh = True         # the new key is still on its way to alice
    c.bye()
    b.until(lambda: b.has("leave", names=["carol"]))
    a.say("two")                # sealed in the epoch before the fence
    a.say("three")
    both(a, b)
    assert b.texts() == ["one"]         # dropped in silence, not counted
    assert not a.has("bye")
    a.late()                    # now alice learns of the fence: both again
    b.until(lambda: len(b.texts()) == 3)
    a.until(lambda: not a.unacked)
    both(a, b)
    assert b.texts() == ["one", "two", "three"]
    assert [e["seq"] for e in b.events if e["event"] == "message"] == [1, 2, 3]


def test_one_frame_is_the_same_bytes_for_everybody(world):
    s = world.server()
    a, b, c = world.crowd(s, ("alice", "bob", "carol"))
    settle(a, b, c)
    a.say("x" * 5000)
    b.until(lambda: b.texts())
    c.until(lambda: c.texts())
    assert b.frames[-1] == c.frames[-1]
    offset = struct.unpack(">Q", b.frames[-1][1][:8])[0]
    a.until(lambda: a.has("sent", offset=offset))


def test_offsets_run_from_one_notices_included(world):
    s = world.server()
    a = world.peer(s, "alice")
    b = world.peer(s, "bob")
    settle(a, b)
    a.say("x")
    b.until(lambda: b.texts())
    a.until(lambda: not a.unacked)
    seen = [struct.unpack(">Q", body[:8])[0] for k, body in a.frames if k == GROUP]
    mine = [e["offset"] for e in a.events if e["event"] == "sent"]
    last = max(seen + mine)
    c = world.peer(s, "carol")
    settle(a, b, c)
    seen = [struct.unpack(">Q", body[:8])[0] for k, body in a.frames if k == GROUP]
    assert max(seen) == last + 1


def test_150_people_come_in_pages(world):
    s = world.server("--max-users", "200")
    first = world.peer(s, "first")
    ps = []
    for i in range(150):
        ps.append(world.peer(s))
        ps[-1].handshake(PASSWORD, "p%d" % i)
    for p in ps[::10]:
        p.until(lambda: p.joined)
    first.until(lambda: len(first.users) == 151)
    last = world.peer(s, "last")
    assert len(last.users) == 152
    assert list(last.users) == sorted(last.users)
    last.say("to all")
    for p in ps[::25] + [first]:
        p.until(lambda: "to all" in p.texts())


def test_identity_requests(world):
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    settle(a, b)
    a.send_control({"type": "identity", "member": b.member})
    a.until(lambda: a.has("control", what="identity"))
    e = next(e for e in a.events if e.get("what") == "identity")
    import base64
    card = base64.b64decode(e["card"])
    assert card == b.card and sha(card) == a.users[b.member]["card"]
    b.identity.public_key().verify(base64.b64decode(e["signature"]),
                                   b"conclave/1 card\0" + card)
    a.send_control({"type": "identity", "member": 4000000})
    a.until(lambda: a.has("control", what="system", code="no_member", member=4000000))


def test_ping_and_unknown_things_are_fine(world):
    s = world.server()
    a = world.peer(s, "alice")
    a.send_control({"type": "ping", "id": -7})
    a.until(lambda: a.has("control", what="pong", id=-7))
    a.send_control({"type": "from the future", "x": {"y": [1]}})
    a.send_frames((77, b"unknown kind"), (78, b""))
    a.send_control({"type": "ping", "id": 1, "more": "keys"})
    a.until(lambda: a.has("control", what="pong", id=1))


def odd(o, depth=1):
    """The same JSON as another program might write it: keys in another order and
    escaped, white space wherever it is allowed, unknown keys."""
    if isinstance(o, dict):
        if depth == 1:
            o = {**o, "later": {"a": [None, True, -2**63, 2**63 - 1]}}
        pairs = (odd_string(k, len(k)) + "\r\n:\t" + odd(v, depth + 1)
                 for k, v in reversed(o.items()))
        return "{ " + " ,\n".join(pairs) + "\t}"
    if isinstance(o, list):
        return "[\n" + " , ".join(odd(v, depth + 1) for v in o) + " ]"
    if isinstance(o, str):
        return odd_string(o, 1)
    return json.dumps(o)


def odd_string(s, n):
    """Escapes the first n characters, non-ASCII characters and slashes."""
    return ('"' + "".join("\\u%04X" % ord(c) for c in s[:n])
            + json.dumps(s[n:])[1:-1].replace("/", "\\/") + '"')


def test_a_peer_that_writes_other_json(world, monkeypatch):
    import conclave1
    monkeypatch.setattr(conclave1, "dumps", lambda o: odd(o).encode())
    s = world.server()
    c = world.client(s, "carol")
    c.joined()
    a = world.peer(s, "alice")
    settle(a)
    a.say("odd / \u00e9 \U0001f600")
    c.see("message", text="odd / \u00e9 \U0001f600")
    a.until(lambda: not a.unacked)
    a.send_control({"type": "identity", "member": a.member})
    a.until(lambda: a.has("control", what="identity", member=a.member))
    a.send_control({"type": "bye", "code": "quit", "text": ""})
    c.see("leave", names=["alice"])


def test_rekey_by_the_timer(world):
    s = world.server("--rekey-interval", "2s")
    a = world.peer(s, "alice")
    a.until(lambda: a.has("epoch", reason="timer"))
    a.say("fresh")
    a.until(lambda: not a.unacked)


def test_at_most_one_epoch_a_second(world):
    s = world.server()
    a = world.peer(s, "alice")
    t = time.monotonic()
    first = a.epoch
    for i in range(6):
        p = world.peer(s)
        p.handshake(PASSWORD, "p%d" % i)
        p.close()
    a.pump(3)
    assert a.epoch - first <= time.monotonic() - t + 1


def frame(a, seq=1, **change):
    """A member's frame with one thing changed."""
    body = bytearray(a.seal(seq, a.content("x")))
    for k, v in change.items():
        at = {"offset": (0, ">Q"), "room": (8, ">I"), "epoch": (12, ">I"),
              "sender": (16, ">I"), "seq": (20, ">Q")}[k]
        struct.pack_into(at[1], body, at[0], v)
    return GROUP, bytes(body)


def reflected(a):
    """A record with the right number, under the keys of the other direction."""
    seq, a.rx.seq = a.rx.seq, a.tx.seq
    r = a.rx.record([frame(a)])
    a.rx.seq = seq
    return r


BREACHES = {
    "another sender": lambda a, b: a.send_frames(frame(a, sender=b.member)),
    "the server as sender": lambda a, b: a.send_frames(frame(a, sender=0)),
    "another room": lambda a, b: a.send_frames(frame(a, room=a.room + 1)),
    "an epoch to come": lambda a, b: a.send_frames(frame(a, epoch=a.epoch + 1)),
    "an epoch before one's own": lambda a, b: b.send_frames(frame(b, epoch=b.epoch - 1)),
    "a sequence number twice": lambda a, b: a.send_frames(frame(a, 1), frame(a, 1)),
    "a sequence number left out": lambda a, b: a.send_frames(frame(a, 2)),
    "sequence number zero": lambda a, b: a.send_frames(frame(a, 0)),
    "an offset of one's own": lambda a, b: a.send_frames(frame(a, offset=1)),
    "too short a frame": lambda a, b: a.send_frames((GROUP, frame(a)[1][:28 + 79])),
    "too long a frame": lambda a, b: a.send_frames(
        (GROUP, frame(a)[1][:28] + bytes(65536 + 64 + 16 + 1))),
    "no frame": lambda a, b: a.send_frames(),
    "key_exchange": lambda a, b: a.send_control(
        {"type": "key_exchange", "room": {"id": a.room}, "epoch": 9,
         "secret": b64(bytes(32)), "commit": b64(bytes(32)), "reason": "leave"}),
    "an ack": lambda a, b: a.send_control({"type": "ack", "room": 1, "seq": 1, "offset": 1}),
    "no type": lambda a, b: a.send_control({"x": 1}),
    "an ill-typed key": lambda a, b: a.send_control({"type": "ping", "id": "1"}),
    "a fraction under an unknown key": lambda a, b: a.send_control(
        b'{"type":"ping","id":1,"x":1.5}'),
    "an exponent": lambda a, b: a.send_control(b'{"type":"ping","id":1e3}'),
    "too large a number": lambda a, b: a.send_control(
        b'{"type":"ping","id":9223372036854775808}'),
    "white space after it": lambda a, b: a.send_control(b'{"type":"ping","id":1} '),
    "white space before it": lambda a, b: a.send_control(b' {"type":"ping","id":1}'),
    "a key twice": lambda a, b: a.send_control(b'{"type":"ping","id":1,"i\\u0064":1}'),
    "U+0000": lambda a, b: a.send_control(b'{"type":"ping","id":1,"x":"\\u0000"}'),
    "a lone surrogate": lambda a, b: a.send_control(b'{"type":"ping","id":1,"x":"\\ud800"}'),
    "broken UTF-8": lambda a, b: a.send_control(b'{"type":"ping","id":1,"x":"\xff"}'),
    "nesting of seven": lambda a, b: a.send_control(b'{"type":"ping","id":1,"x":[[[[[[]]]]]]}'),
    "a list": lambda a, b: a.send_control(b'["type"]'),
    "another room's list": lambda a, b: a.send_control(
        {"type": "user_list", "room": a.room + 1, "after": 0}),
    "a control frame twice": lambda a, b: (
        a.tx.seal(b"{}"), a.send_frames((CONTROL, a.tx.seal(b'{"type":"ping","id":1}')))),
    "a bad mac": lambda a, b: a.send_raw(a.tx.record([frame(a)])[:-1] + b"x"),
    "a record twice": lambda a, b: a.send_raw(a.tx.record([frame(a)]) * 2),
    "a record left out": lambda a, b: (a.tx.record([frame(a)]),
                                       a.send_raw(a.tx.record([frame(a)]))),
    "too long a record": lambda a, b: a.send_raw(struct.pack(">I", 256 * 1024 + 1) + bytes(99)),
    "too short a record": lambda a, b: a.send_raw(struct.pack(">I", 23) + bytes(23)),
    "a reflected record": lambda a, b: a.send_raw(reflected(a)),
    "another's record": lambda a, b: a.send_raw(b.tx.record([frame(a)])),
}


@pytest.mark.parametrize("what", BREACHES)
def test_breach(world, what):
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    settle(a, b)
    guilty, other = (b, a) if what == "an epoch before one's own" else (a, b)
    BREACHES[what](a, b)
    guilty.to_end()
    byes = [e for e in guilty.events if e["event"] == "bye"]
    assert byes == [{"event": "bye", "code": "protocol", "text": ""}]
    other.until(lambda: other.has("leave"))
    assert s.p.poll() is None


CARDS = {
    "another binding": ("bad_card", lambda c: c.update(binding=b64(bytes(32)))),
    "another session": ("bad_card", lambda c: c.update(session=b64(bytes(32)))),
    "no name": ("bad_card", lambda c: c.pop("name")),
    "no agree": ("bad_card", lambda c: c.pop("agree")),
    "another version": ("bad_card", lambda c: c.update(v=2)),
    "a small-order identity": ("bad_card", lambda c: c.update(
        identity=b64(bytes.fromhex("302a300506032b6570032100") + b"\1" + bytes(31)))),
    "a small-order agree": ("bad_card", lambda c: c.update(agree=b64(bytes(32)))),
    "a wrap key with trailing bytes": ("bad_card", lambda c: c.update(
        wrap=b64(__import__("base64").b64decode(c["wrap"]) + b"\0"))),
    "e = 1": ("bad_card", lambda c: c.update(
        wrap=b64(__import__("base64").b64decode(c["wrap"])[:-3] + b"\0\0\1"))),
    "a name that is no name": ("bad_name", lambda c: c.update(name="a b")),
    "a room that is no room": ("no_room", lambda c: c.update(room="a b")),
}


@pytest.mark.parametrize("what", CARDS)
def test_card(world, what):
    s = world.server()
    p = world.peer(s)
    p.hello()
    p.share(PASSWORD)
    p.confirm()
    code, change = CARDS[what]
    card = p.make_card("alice", "", ed25519.Ed25519PrivateKey.generate())
    change(card)
    p.finish(card)
    p.to_end()
    assert p.has("bye", code=code)


def test_a_card_signed_by_another(world):
    s = world.server()
    p = world.peer(s)
    p.hello()
    p.share(PASSWORD)
    p.confirm()
    card = dumps(p.make_card("alice", "", ed25519.Ed25519PrivateKey.generate()))
    other = ed25519.Ed25519PrivateKey.generate()
    p.finish(card, signature=other.sign(b"conclave/1 card\0" + card))
    p.to_end()
    assert p.has("bye", code="bad_card")


HANDSHAKE = [
    b"{}", b'{"type":"handshake"}', b'{"type":"handshake","step":"finish"}',
    b'{"type":"handshake","step":"hello","protocols":["conclave/2"],"account":"*","nonce":"'
    + b64(bytes(32)).encode() + b'"}',
    b'{"type":"handshake","step":"hello","protocols":["conclave/1"],"account":"*","nonce":"AA=="}',
    b'{"type":"handshake","step":"hello","protocols":"conclave/1","account":"*","nonce":"'
    + b64(bytes(32)).encode() + b'"}',
    b"{" * 100, b'{"a":' + b"1" * 5000 + b"}",
]


@pytest.mark.parametrize("n", range(len(HANDSHAKE)))
def test_bad_hello(world, n):
    s = world.server()
    p = world.peer(s)
    p.send_message(HANDSHAKE[n])
    with pytest.raises((Refused, Closed)) as e:
        p.read_message("challenge")
    assert e.type is Closed or e.value.code == "protocol"


@pytest.mark.parametrize("share", [
    b"\0" + bytes(64), b"\4" + bytes(64), bytes([2]) + bytes(64), b"\6" + bytes(64),
    b"\4" + b"\xff" * 64, b"\4" + bytes(range(64))])
def test_bad_share(world, share):
    s = world.server()
    p = world.peer(s)
    p.hello()
    p.send_share(share)
    with pytest.raises(Refused) as e:
        p.read_message("confirm")
    assert e.value.code == "protocol"


def test_unknown_accounts_look_like_the_known_one(world):
    s = world.server()
    seen = []
    world.peer(s, "alice").request("account_password", **record("alice", "her own"))
    for account in ("nobody", "nobody", "else", "alice"):
        p = world.peer(s)
        c = p.hello(account)
        seen.append((c["salt"], sorted(c), c["kdf"]))
        p.share("guess")
        with pytest.raises(Refused):
            p.confirm()         # a confirm came: the same path
        p.close()
    assert seen[0] == seen[1] and seen[0][0] != seen[2][0]
    assert seen[0][1:] == seen[3][1:]


def test_handshake_byte_by_byte(world):
    s = world.server()
    p = world.peer(s)
    send = p.send_raw
    p.send_raw = lambda data: [send(data[i:i + 1]) for i in range(len(data))]
    p.join(PASSWORD, "slowly")
    p.say("one byte at a time")
    p.until(lambda: not p.unacked)


def test_many_frames_in_one_record(world):
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    settle(a, b)
    frames = [(GROUP, a.seal(i, a.content("m%d" % i))) for i in range(1, 201)]
    a.send_frames(*frames)
    a.seq = 200
    b.until(lambda: len(b.texts()) == 200)
    assert b.texts() == ["m%d" % i for i in range(1, 201)]
    a.until(lambda: a.has("sent", seq=200))


def test_json_in_the_log_is_json(world):
    s = world.server("--log-format", "json", "--log-level", "debug")
    p = world.peer(s, "alice")
    p.close()
    q = world.peer(s, "bob")
    q.pump(1.5)
    for line in list(s.err):
        json.loads(line)
    assert len(s.err) >= 2
