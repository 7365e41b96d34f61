"""A lying client against the real server: every message in every state, data
before the finish, finishes of other connections, unknown accounts, guesses from
many addresses, and a member that lost its place in the room."""

import itertools
import math
import socket
import statistics
import struct
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conclave1 import (CONTROL, G, GROUP, Breach, Closed, Direction, Refused, b64,
                       dumps, encode, expand, extract, label, sha)
from harness import PASSWORD, until
from test_accounts import record

PROTOCOL = dumps({"type": "system", "event": "error", "code": "protocol", "text": ""})


def addresses(net):
    """Loopback addresses that no other test uses, because each may guess only a few
    times before it must wait."""
    for a, b in itertools.product(range(256), range(1, 255)):
        yield "127.%d.%d.%d" % (net, a, b)


def rest(p, seconds=15):
    """Everything that the server sends until it closes."""
    p.sock.settimeout(seconds)
    out = p.inbuf
    while True:
        try:
            data = p.sock.recv(65536)
        except ConnectionResetError:
            return out
        if not data:
            return out
        out += data


def framed(b):
    return struct.pack(">I", len(b)) + b


# --- every message in every state ----------------------------------------------


def step(name, **more):
    return dumps({"type": "handshake", "step": name, **more})


MESSAGES = {
    "hello": step("hello", protocols=["conclave/1"], account="*", nonce=b64(bytes(32))),
    "challenge": step(
        "challenge", protocol="conclave/1", session=b64(bytes(32)),
        identity=b64(bytes(44)), kdf={"name": "scrypt", "n": 16384, "r": 8, "p": 1},
        salt=b64(bytes(32)), nonce=b64(bytes(32))),
    "share": step("share", share=b64(encode(G))),
    "confirm": step("confirm", share=b64(encode(G)), confirm=b64(bytes(32)),
                    proof=b64(bytes(64))),
    "finish": step("finish", confirm=b64(bytes(32)), card=b64(bytes(500))),
    "a sixth step": step("rekey"),
    "an error": PROTOCOL,
    "a ping": dumps({"type": "ping", "id": 1}),
    "a bye": dumps({"type": "bye", "code": "quit", "text": ""}),
    "a key": dumps({"type": "key_exchange", "room": {"id": 1}, "epoch": 9,
                    "secret": b64(bytes(32)), "commit": b64(bytes(32)),
                    "reason": "leave"}),
    "a record": bytes(8) + struct.pack(">IB", 18, CONTROL) + bytes(17) + bytes(16),
    "nothing": b"",
}
STATES = ["new", "challenged", "guessed"]
NEXT = {"new": "hello", "challenged": "share", "guessed": "finish"}


def at(world, server, state, source):
    p = world.peer(server, source=source)
    if state != "new":
        p.hello()
    if state == "guessed":
        p.send_share(encode(G))
        p.read_message("confirm")
    return p


def test_every_message_in_every_state(world):
    s = world.server()
    source = addresses(21)
    for state, name in itertools.product(STATES, MESSAGES):
        p = at(world, s, state, next(source))
        p.send_raw(framed(MESSAGES[name]))
        if NEXT[state] == name and name != "finish":
            p.read_message({"hello": "challenge", "share": "confirm"}[name])
            p.close()
            continue
        # the same answer to any message, and the end
        want = framed(PROTOCOL)
        if NEXT[state] == name:
            want = want.replace(b"protocol", b"bad_password")
            want = framed(want[4:])
        assert rest(p) == want, (state, name)
    a = world.peer(s, "alice")
    a.say("unharmed")
    a.until(lambda: not a.unacked)


def test_data_before_the_finish(world):
    """A record in place of the finish, with the keys of an empty finish."""
    s = world.server()
    source = addresses(22)
    p = world.peer(s, source=next(source))
    p.hello()
    p.share(PASSWORD)
    p.confirm()
    s5 = extract(p.th4, extract(p.th4, p.shared))
    tx = Direction(expand(s5, label("conclave/1 c2s seal"), 44),
                   expand(s5, label("conclave/1 c2s mac"), 32))
    p.send_raw(tx.record([(CONTROL, tx.seal(b'{"type":"ping","id":1}'))]))
    assert rest(p) == framed(PROTOCOL)


def with_the_finish(p, name, more):
    """Sends the output of `more` in one write with the finish."""
    held, send = [], p.send_raw
    p.hello()
    p.share(PASSWORD)
    p.confirm()
    p.send_raw = held.append
    p.finish(p.make_card(name, "", ed25519.Ed25519PrivateKey.generate()))
    more(p)
    p.send_raw = send
    send(b"".join(held))


def test_a_finish_of_another_connection(world):
    s = world.server()
    a, b = world.peer(s), world.peer(s)
    held = []
    for p in (a, b):
        p.hello()
        p.share(PASSWORD)
        p.confirm()
    send, a.send_raw = a.send_raw, held.append
    a.finish(a.make_card("alice", "", ed25519.Ed25519PrivateKey.generate()))
    b.send_raw(held[0])
    with pytest.raises(Refused) as e:
        b.read_message("nothing")
    assert e.value.code == "bad_password"
    send(held[0])
    a.until(lambda: a.joined)


# A member's message: the verdict before it is in the room, and in the room.
GOES_ON, BREACH, ENDS = "goes on", "breach", "ends"


def control(**o):
    return lambda p: p.send_control(o)


def frames(kind, n):
    return lambda p: p.send_frames((kind, bytes(n)))


def raw(name):
    return lambda p: p.send_raw(framed(MESSAGES[name]))


def say(p):
    if p.joined:
        p.say("hello")
    else:
        p.send_frames((GROUP, bytes(28 + 64 + 16)))


LINKED = {
    "a ping": (control(type="ping", id=1), GOES_ON, GOES_ON),
    "a pong": (control(type="pong", id=1), GOES_ON, GOES_ON),
    "an unknown type": (control(type="from the future"), GOES_ON, GOES_ON),
    "a step of the handshake, sealed": (control(type="handshake", step="hello"),
                                        GOES_ON, GOES_ON),
    "a list asked for": (control(type="user_list", room=1, after=0), BREACH, GOES_ON),
    "an identity asked for": (control(type="identity", member=1), BREACH, GOES_ON),
    "a list": (control(type="user_list", room=1, total=0, seq=0, users=[]),
               BREACH, BREACH),
    "a key": (control(type="key_exchange", room={"id": 1}, epoch=9,
                      secret=b64(bytes(32)), commit=b64(bytes(32)),
                      reason="timer"), BREACH, BREACH),
    "an ack": (control(type="ack", room=1, seq=0, offset=0), BREACH, BREACH),
    "a bye": (control(type="bye", code="quit", text=""), ENDS, ENDS),
    "a message": (say, BREACH, GOES_ON),
    "a direct frame that is too short": (frames(3, 231), BREACH, BREACH),
    "a blob frame": (frames(4, 60), GOES_ON, GOES_ON),
    "kind 0": (frames(0, 60), GOES_ON, GOES_ON),
    "kind 255, empty": (frames(255, 0), GOES_ON, GOES_ON),
    "a hello, in the clear": (raw("hello"), BREACH, BREACH),
    "a finish, in the clear": (raw("finish"), BREACH, BREACH),
    "a ping, in the clear": (raw("a ping"), BREACH, BREACH),
}


def verdict(p):
    try:
        p.send_control({"type": "ping", "id": 4711})
        p.until(lambda: p.has("control", what="pong", id=4711) or p.has("bye"))
    except (Closed, BrokenPipeError, ConnectionResetError):
        pass
    if p.has("bye", code="protocol", text=""):
        return BREACH
    return GOES_ON if p.has("control", what="pong", id=4711) else ENDS


def test_every_message_of_a_member(world):
    """In the room, and before it, in one write with the finish."""
    s = world.server()
    names = list(LINKED)
    inside = [world.peer(s) for _ in names]
    for i, p in enumerate(inside):
        p.handshake(PASSWORD, "in%d" % i)
    for p in inside:
        p.until(lambda: p.joined)
    for p, name in zip(inside, names):
        p.pump()
        LINKED[name][0](p)
        assert verdict(p) == LINKED[name][2], name
    for i, name in enumerate(names):
        p = world.peer(s)
        with_the_finish(p, "out%d" % i, LINKED[name][0])
        assert verdict(p) == LINKED[name][1], name
        p.close()


# --- accounts and guesses ------------------------------------------------------


def guess(world, server, account, source):
    """A whole failed try as it was on the wire: lengths and shapes."""
    p = world.peer(server, source=source)
    challenge = p.hello(account)
    p.share("not the password")
    at_share = len(p.transcript)
    with pytest.raises(Refused):
        p.confirm()
    seen = [list(challenge), challenge["kdf"], len(challenge["salt"]),
            len(p.transcript) - at_share]
    p.th4 = sha(p.transcript)
    p.finish(p.make_card("mallory", "", ed25519.Ed25519PrivateKey.generate()))
    return seen, rest(p)


def test_unknown_account_and_wrong_password_are_alike(world):
    """A name that has a password of its own, and an invite, beside those that do not
    exist."""
    s = world.server("--invites", "members")
    source = addresses(23)
    a = world.peer(s, "alice")
    a.request("account_password", **record("alice", "her own"))
    at = "+" + a.request("invite_new", uses=1)["id"]
    for real, others in (("alice", ("nobody", "x", "root", "n" * 24)),
                         (at, ("+aaaaaaaa", "+234567zz"))):
        known = guess(world, s, real, next(source))
        assert b"bad_password" in known[1]
        for account in others:
            assert guess(world, s, account, next(source)) == known


def test_unknown_account_and_wrong_password_take_the_same_time(world):
    """The time from the share to the confirm, many times, in turns. Only the fast
    ones are compared, during which the machine did nothing else, and remaining
    noise does not repeat five times. The unit test covers differences that are
    too small for a network."""
    s = world.server("--guesses", "0", "--guesses-net", "0", "--guesses-name", "0")
    source = addresses(24)
    world.peer(s, "alice").request("account_password", **record("alice", "her own"))
    rounds = []
    for _ in range(5):
        times = {"alice": [], "nobody": []}
        for _ in range(50):
            for account in times:
                p = world.peer(s, source=next(source))
                p.hello(account)
                t = time.perf_counter()
                p.send_share(encode(G))
                p.read_message("confirm")
                times[account].append(time.perf_counter() - t)
                p.close()
        known, unknown = (statistics.quantiles(times[a], n=10)[0]
                          for a in ("alice", "nobody"))
        rounds.append((known, unknown))
        if unknown < 1.5 * known and known < 1.5 * unknown:
            return
    raise AssertionError(rounds)


def test_guesses_from_everywhere_and_the_owner_gets_in(world):
    """More addresses than places for handshakes, each with as many tries as it
    gets: each is limited to its few, and the owner of the password can join."""
    s = world.server("--handshakes", "40")
    source = list(itertools.islice(addresses(25), 50))
    confirms = dict.fromkeys(source, 0)
    owner, held = None, []
    start = time.monotonic()
    for turn in range(12):
        for a in source:
            p = world.peer(s, source=a)
            held.append((a, p))
            try:
                p.hello()
                p.send_share(encode(G))
            except (Refused, Closed, OSError):
                pass
        if turn == 4:       # in the middle of it
            owner = world.client(s, "owner")
        for a, p in held[:-60]:
            confirms[a] += confirmed(p)
            p.close()
        held = held[-60:]
    owner.joined()
    for a, p in held:
        confirms[a] += confirmed(p)
        p.close()
    # 5 open at once, one more in the place of each of the first 4 that fail,
    # and then one after each of the pauses of 1, 2, 4 ... seconds
    most = 9 + math.log2(time.monotonic() - start + 1)
    assert 0 < max(confirms.values()) <= most, confirms
    owner.say("here I am")
    owner.see("sent", seq=1)
    assert s.p.poll() is None


def test_guesses_by_a_unix_socket(world):
    """A user of the socket is one address, which the kernel names. The guesses of
    one user do not delay other addresses, and the user can retry after a pause."""
    path = str(world.tmp / "s.sock")
    s = world.server("--listen", "unix:" + path)
    codes = []
    for _ in range(8):
        p = world.peer(path)
        p.hello()
        p.send_share(encode(G))
        try:
            p.read_message("confirm")
            codes.append("confirm")
        except Refused as e:
            codes.append(e.code)
        p.close()
    assert codes[:5] == ["confirm"] * 5 and "try_later" in codes[5:], codes
    world.peer(s, "alice")      # by TCP, at once

    def back():
        try:
            return world.peer(path, "bob")
        except Refused as e:
            assert e.code == "try_later"
            return time.sleep(0.5)

    until(back)


def confirmed(p):
    try:
        p.sock.settimeout(0.05)
        p.read_message("confirm")
        return 1
    except (Refused, Closed, Breach, OSError):
        return 0


# --- a place that was lost ------------------------------------------------------


def stalled(world, server, name, identity):
    """A member who stops reading, with a small receive buffer."""
    p = world.peer(server)
    p.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    return p.join(PASSWORD, name, identity=identity)


def test_nothing_queued_is_sent_after_a_lost_place(world):
    """When another connection takes a member's place, or when the member breaks the
    protocol, the server drops its queue. The last message is the reason."""
    s = world.server("--rate", "0", "--rate-bytes", "0")
    identity = ed25519.Ed25519PrivateKey.generate()
    a = world.peer(s, "alice")
    slow, guilty = (stalled(world, s, n, i) for n, i in (
        ("slow", identity), ("guilty", ed25519.Ed25519PrivateKey.generate())))
    a.until(lambda: len(a.users) == 3)
    sent = 60       # more would make the queues full, and alice wait
    for i in range(sent):
        a.say("%d %s" % (i, "z" * 15000))
        a.pump()
    a.until(lambda: not a.unacked, 30)
    again = world.peer(s)
    again.instance = slow.instance
    again.handshake(PASSWORD, "slow", identity=identity)
    guilty.send_frames((GROUP, bytes(28 + 64 + 16)))
    until(lambda: s.said("slow.*replaced") and s.said("protocol error: "))
    a.say("after")
    for p, code in ((slow, "replaced"), (guilty, "protocol")):
        with pytest.raises(Closed):
            p.until(lambda: False, 60)
        # unless the machine is so slow that the server did not wait to send it
        if p.has("bye"):
            assert [e.get("code") for e in p.events[-2:]] == [code, None]
        texts = p.texts("alice")
        assert "after" not in texts and len(texts) < sent, len(texts)
    again.until(lambda: again.joined)
    a.until(lambda: a.has("leave") and not a.unacked)
