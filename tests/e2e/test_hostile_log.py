"""A relay that lies about a room's log, about rooms and about answers, and what
the real clients do. relay1.py keeps a log for each client, so it can show two of
them two logs."""

import os
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conclave1 import b64, dumps, sha, spki
from relay1 import Log
from test_hostile_relay import people, relay, seen, signed, told  # noqa: F401


def broken(relay, client, why):
    e = seen(relay, client, "closed")
    assert e["status"] == 6 and why in e["text"], e
    assert client.wait() == 6
    assert not client.events("fork")


def skips(relay, bob):
    bob.log.offset += 1


def repeats(relay, bob):
    bob.log.offset -= 1


@pytest.mark.parametrize("lie,why", [(skips, "number is missing"),
                                     (repeats, "number came again")])
def test_offsets_with_a_gap(world, relay, lie, why):
    a, b = people(world, relay, "alice", "bob")
    lie(relay, relay.conn("bob"))
    a.say("one")
    broken(relay, b, why)


def of_another_digest(relay, alice):
    mark = alice.mark
    alice.mark = lambda d, seq=0, room=None: mark(sha(d), seq, room)
    return "the log of a room"


def of_another_number(relay, alice):
    mark = alice.mark
    alice.mark = lambda d, seq=0, room=None: mark(d, seq + 1, room)
    return "the log of a room"


def twice(relay, alice):
    mark = alice.mark
    alice.mark = lambda d, seq=0, room=None: [mark(d, seq, room), mark(d, seq, room)]
    return "the log of a room"


def at_another_offset(relay, alice):
    control = alice.control
    alice.control = lambda **o: control(**{
        **o, **({"offset": o["offset"] + 1} if o["type"] == "ack" else {})})
    return "the log of a room"


@pytest.mark.parametrize("lie", [of_another_digest, of_another_number, twice,
                                 at_another_offset])
def test_false_marks_of_what_was_said(world, relay, lie):
    a, = people(world, relay, "alice")
    why = lie(relay, relay.conn("alice"))
    a.say("one")
    broken(relay, a, why)


def test_a_mark_of_what_was_never_said(world, relay):
    a, = people(world, relay, "alice")
    relay.conn("alice").mark(os.urandom(32), seq=1)
    broken(relay, a, "the log of a room")


def another_room_left(c):
    c.control(type="room_left", room=7, code="kicked", by="bob", text="")


def voice_in_another_room(c):
    c.control(type="voice", room=7, may=False, until=0, by="bob")


def done_what_nobody_asked(c):
    c.control(type="done", req=1)


def failed_what_nobody_asked(c):
    c.control(type="failed", req=77, code="denied", text="")


def rooms_that_nobody_asked_for(c):
    c.control(type="done", req=1, **c.relay.page(c, ""))


def a_mark_in_another_room(c):
    c.send_frames((5, struct.pack(">QIQ", 1, 7, 0) + bytes(32)))


@pytest.mark.parametrize("lie", [
    another_room_left, voice_in_another_room, done_what_nobody_asked,
    failed_what_nobody_asked, rooms_that_nobody_asked_for, a_mark_in_another_room])
def test_about_what_does_not_exist(world, relay, lie):
    a, = people(world, relay, "alice")
    lie(relay.conn("alice"))
    broken(relay, a, "broke the protocol")


def test_a_log_that_is_shorter_after_a_reconnect(world, relay):
    a, b = people(world, relay, "alice", "bob")
    before = relay.log.copy()
    a.say("one")
    seen(relay, b, "message", text="one")
    relay.cut(relay.conn("bob"))
    relay.log = before
    broken(relay, b, "the log of a room")


def none(entry):
    return None


def of_an_empty_log(entry):
    return {**entry, "offset": 0, "chain": b64(sha(b"another"))}


@pytest.mark.parametrize("face", ["--json", "--plain"])
def test_no_entry(world, relay, face):
    """Without the head of the log, nobody could notice two of them."""
    relay.entry = none
    a = world.client(relay.invite, "alice", face=face)
    relay.until(lambda: any(c.card for c in relay.conns))
    conn = relay.conn("alice")
    relay.until(conn.byes)
    relay.until(lambda: a.p.poll() is not None)
    assert a.wait() == 6
    said = ([e["text"] for e in a.events("closed")] if face == "--json" else
            a.out + a.err)
    assert any("the log of a room" in line for line in said), said
    assert face == "--plain" or not a.events("connected")
    assert conn.byes() == ["protocol"]


@pytest.mark.parametrize("lie", [none, of_an_empty_log])
def test_no_entry_of_a_second_room(world, relay, lie):
    a, = people(world, relay, "alice")
    den = relay.add_room("den")
    entry = den.entry
    den.entry = lambda conn: lie(entry(conn))
    a.do(do="join", room="den")
    broken(relay, a, "the log of a room")


def test_no_entry_after_a_reconnect(world, relay):
    a, = people(world, relay, "alice")
    a.say("one")
    seen(relay, a, "sent")
    relay.entry = none
    relay.cut(relay.conn("alice"))
    broken(relay, a, "the log of a room")


def test_a_fence_between_a_mark_and_its_acknowledgement(world, relay):
    a, = people(world, relay, "alice")
    alice = relay.conn("alice")
    control = alice.control
    alice.control = lambda **o: relay.rekey() if o["type"] == "ack" else control(**o)
    a.say("one")
    broken(relay, a, "the log of a room")


# --- two logs ---------------------------------------------------------------


def two_logs(relay, a):
    """bob is shown that alice said something else, which he cannot read."""
    relay.deliver = lambda s, r, body: [] if r.name == "bob" else [body]
    bob = relay.conn("bob")
    mark, lies = bob.mark, []
    bob.mark = lambda d, seq=0, room=None: mark(
        sha(d) if not lies.append(0) and len(lies) == 1 else d, seq, room)
    a.say("we meet at nine")
    relay.until(lambda: lies)
    relay.deliver = lambda s, r, body: [body]


def test_two_logs(world, relay):
    a, b, c = people(world, relay, "alice", "bob", "carol")
    two_logs(relay, a)
    seen(relay, c, "message", text="we meet at nine")
    assert not b.events("fork")     # the server has withheld it
    a.say("see you there")
    e = seen(relay, b, "fork")
    assert (e["room"], e["who"]) == ("lobby", "alice") and e["offset"] > 0
    # once for each person; he stays, and so do they
    a.say("bring cake")
    c.say("I will")
    seen(relay, b, "message", text="I will")
    seen(relay, b, "fork", n=2)
    b.say("nine?")
    assert seen(relay, a, "fork")["who"] == "bob"
    assert seen(relay, c, "fork")["who"] == "bob"
    assert [e["who"] for e in b.events("fork")] == ["alice", "carol"]
    assert len(a.events("fork")) == 1
    assert b.texts("alice") == ["see you there", "bring cake"]


def test_two_logs_and_a_strict_program(world, relay):
    a, = people(world, relay, "alice")
    b = world.client(relay.invite, "bob", "--strict")
    seen(relay, b, "connected")
    seen(relay, a, "join", names=["bob"])
    two_logs(relay, a)
    a.say("see you there")
    assert seen(relay, b, "fork")["who"] == "alice"
    assert seen(relay, b, "closed")["status"] == 6
    assert b.wait() == 6
    relay.until(lambda: relay.conn("alice").seats and len(relay.members) == 1)


def test_who_only_listens_is_a_witness(world, relay):
    """bob says nothing. Before he goes, alice learns what he was shown."""
    a, b = people(world, relay, "alice", "bob")
    two_logs(relay, a)
    b.do(do="rooms")
    seen(relay, b, "rooms")     # he has what was before it
    b_frames = len(relay.conn("bob").groups)
    b.do(do="quit")
    e = seen(relay, a, "fork")
    assert e["who"] == "bob"
    relay.until(lambda: len(relay.conns) == 1)
    assert b.wait() == 0
    assert not a.texts("bob") and not a.events("dropped")
    assert b_frames == 0


def test_nothing_false_at_joins_leaves_and_reconnects(world, relay):
    a, b = people(world, relay, "alice", "bob")
    for i in range(3):
        a.say("a%d" % i)
        b.say("b%d" % i)
        c, = people(world, relay, "carol%d" % i)
        c.say("c%d" % i)
        seen(relay, a, "message", text="c%d" % i)
        seen(relay, c, "sent")
        relay.rekey()
        c.do(do="quit")
        seen(relay, a, "leave", names=["carol%d" % i])
        assert c.wait() == 0 and not c.events("fork")
        relay.cut(relay.conn("bob"))
        seen(relay, b, "connected", n=i + 2)
    b.say("the end")
    seen(relay, a, "message", text="the end")
    for client in (a, b):
        assert not client.events("fork") and not client.events("dropped")


def member_of_our_own(relay, bob, name="mallory"):
    """A member who says what a test wants, whom only bob is told of."""
    key = ed25519.Ed25519PrivateKey.generate()
    alice = relay.conn("alice")
    old = relay.epoch
    user = alice.user(member=901, name=name, identity=b64(spki(key.public_key())))
    from conclave1 import join_step
    from relay1 import roster_told
    relay.enter(join_step(old.secret), old.epoch + 1)
    roster = roster_told([m.user() for m in relay.members] + [user])
    bob.notice(old, "join", user, roster=b64(roster))

    def say(seq, **content):
        content = dumps({"id": b64(os.urandom(16)), "ts": 1, **content})
        plain = signed(relay, key, alice, seq, content, name, 901, roster)
        bob.show(relay.sealed(plain, seq, alice, member=901))
    return say


def test_a_member_who_lies_about_the_log(world, relay):
    a, b = people(world, relay, "alice", "bob")
    bob = relay.conn("bob")
    say = member_of_our_own(relay, bob)
    other = Log(bob.log.log, bob.log.offset, os.urandom(32))
    say(1, type="message", text="one", view=bob.log.view())
    say(2, type="message", text="two", view=Log(os.urandom(32)).view())
    seen(relay, b, "message", text="two")
    assert not b.events("fork")
    say(3, type="message", text="three", view=other.view())
    assert seen(relay, b, "fork")["who"] == "mallory"
    say(4, type="view", view=other.view())
    say(5, type="message", text="five", view="AAAA")
    say(6, type="system", event="act", act="role", by="server", who="mallory",
        value="owner")
    seen(relay, b, "dropped", n=2)
    assert told(b) == ["one", "two", "three", ("dropped", "mallory", "not a message"),
                       ("dropped", "mallory", "not a message")]
    assert len(b.events("fork")) == 1


def test_plain_lines_exit_too(world, relay):
    a, = people(world, relay, "alice")
    b = world.client(relay.invite, "bob", "--strict", face="--plain")
    seen(relay, a, "join", names=["bob"])
    two_logs(relay, a)
    a.say("see you there")
    relay.until(lambda: b.p.poll() is not None)
    assert b.wait() == 6
    assert any("alice sees a different conversation in this room than you" in line
               for line in b.out), b.out
