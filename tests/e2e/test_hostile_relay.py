"""A lying relay, and what the real clients show. The relay has the group key,
decides the order of everything, and knows who is there; it has no member's
identity key."""

import copy
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conclave1 import b64, dumps, fingerprint, sha, spki
from relay1 import Relay, roster_told


@pytest.fixture
def relay():
    r = Relay()
    yield r
    r.close()
    assert r.breaches == []


def seen(relay, client, event, n=1, **match):
    """Waits for a client's n-th event of this kind, while the relay goes on."""
    relay.until(lambda: len(client.events(event, **match)) >= n or
                client.p.poll() is not None)
    if client.p.poll() is not None:
        client.wait()       # its last lines
    got = client.events(event, **match)
    assert len(got) >= n, (client.out[-8:], client.err)
    return got[n - 1]


def people(world, relay, *names):
    """Real clients in the room, one after the other."""
    clients = []
    for name in names:
        clients.append(world.client(relay.invite, name))
        seen(relay, clients[-1], "connected")
        for c in clients[:-1]:
            seen(relay, c, "join", names=[name])
    return clients


def told(client, *kinds):
    """What a person reads about others, in order."""
    out = []
    for e in client.events():
        if e["event"] == "message" and e["from"] != client.name:
            out.append(e["text"] if e["trust"] != "changed" else "?" + e["text"])
        elif e["event"] in ("missing", "dropped", "changed") + kinds:
            out.append((e["event"], e.get("from", e.get("name")),
                        e.get("count", e.get("reason"))))
    return out


def test_an_honest_one(world, relay):
    a, b = people(world, relay, "alice", "bob")
    a.say("one")
    assert seen(relay, b, "message", text="one")["trust"] == "new"
    c, = people(world, relay, "carol")
    seen(relay, b, "join", names=["carol"])
    c.say("two")
    seen(relay, a, "message", text="two")
    relay.rekey()
    seen(relay, a, "epoch", reason="timer")
    a.say("three")
    seen(relay, c, "message", text="three")
    c.do(do="quit")
    seen(relay, a, "leave", names=["carol"])
    b.say("four")
    seen(relay, a, "message", text="four")
    assert told(a) == ["two", "four"] and told(b) == ["one", "two", "three"]


def test_drops_a_message(world, relay):
    a, b = people(world, relay, "alice", "bob")
    numbers = iter(range(9))
    relay.deliver = lambda s, r, body: [] if next(numbers) == 1 else [body]
    for text in ("one", "two", "three"):
        a.say(text)
    seen(relay, b, "message", text="three")
    assert told(b) == ["one", ("missing", "alice", 1), "three"]


def test_shows_a_message_twice(world, relay):
    a, b = people(world, relay, "alice", "bob")
    relay.deliver = lambda s, r, body: [body, body, body]
    a.say("one")
    a.say("two")
    seen(relay, b, "dropped", n=4)
    assert [t for t in told(b) if isinstance(t, str)] == ["one", "two"]
    assert {e["reason"] for e in b.events("dropped")} == {"replayed"}


def test_changes_the_order(world, relay):
    b, a = people(world, relay, "bob", "alice")
    held = []

    def deliver(sender, receiver, body):
        held.append(body)
        return held[::-1] if len(held) == 3 else []
    relay.deliver = deliver
    for text in ("one", "two", "three"):
        a.say(text)
    seen(relay, b, "dropped", n=2)
    # messages of one sender are never shown out of order
    assert told(b) == [("missing", "alice", 2), "three",
                       ("dropped", "alice", "replayed"),
                       ("dropped", "alice", "replayed")]


def test_delays_it_beyond_the_next_key(world, relay):
    b, a = people(world, relay, "bob", "alice")
    held = []
    relay.deliver = lambda s, r, body: held.append(body) or []
    a.say("late")
    seen(relay, a, "sent")
    relay.deliver = lambda s, r, body: [body]
    relay.rekey()
    seen(relay, b, "epoch", reason="timer")
    relay.conn("bob").show(held[0])
    seen(relay, b, "dropped")
    a.say("in time")
    seen(relay, b, "message", text="in time")
    assert told(b) == [("dropped", "alice", "unknown epoch"),
                       ("missing", "alice", 1), "in time"]


def test_plays_old_messages_to_who_comes_back(world, relay):
    a, b = people(world, relay, "alice", "bob")
    bodies = []
    relay.deliver = lambda s, r, body: bodies.append(body) or [body]
    a.say("long ago")
    seen(relay, b, "message", text="long ago")
    relay.cut(relay.conn("bob"))
    assert seen(relay, b, "reconnect")["reason"]
    seen(relay, b, "connected", n=2)
    old, conn = bodies[0], relay.conn("alice")
    relay.conn("bob").show(old)                 # as it was
    seen(relay, b, "dropped", n=1)
    seq = struct.unpack(">Q", old[20:28])[0]
    plain = relay.opened(conn, old)                         # in today's epoch
    relay.conn("bob").show(relay.sealed(plain, seq, conn))
    seen(relay, b, "dropped", n=2)
    assert [e["reason"] for e in b.events("dropped")] == [
        "unknown epoch", "signature"]
    assert b.texts("alice") == ["long ago"]


def signed(relay, key, conn, seq, content, name=None, member=None, roster=None):
    """The plaintext of a frame in the newest epoch, signed with that key."""
    e = copy.copy(relay.epoch)
    e.roster = roster or e.roster
    context = e.context(relay.place, member or conn.member, sha(conn.card), seq,
                        name or conn.name, content)
    return key.sign(context) + content


def forge(relay, conn, text, seq=1, name=None, key=None, member=None, roster=None):
    """A message as that member would have made it, except for the signing key."""
    key = key or ed25519.Ed25519PrivateKey.generate()
    content = dumps({"type": "message", "id": b64(sha(text.encode())[:16]),
                     "text": text, "ts": 1})
    return relay.sealed(signed(relay, key, conn, seq, content, name, member, roster),
                        seq, conn, member=member)


def test_forges_with_the_groups_key(world, relay):
    """By the relay, or by any member that the relay permits."""
    a, b = people(world, relay, "alice", "bob")
    alice, bob = relay.conn("alice"), relay.conn("bob")
    bob.show(forge(relay, alice, "I am alice"))
    bob.show(forge(relay, alice, "so am I", key=relay.identity))
    bob.show(relay.sealed(bytes(64) + b"{}", 1, alice))
    seen(relay, b, "dropped", n=3)
    a.say("really me")
    seen(relay, b, "message", text="really me")
    assert told(b) == 3 * [("dropped", "alice", "signature")] + ["really me"]


def test_moves_a_message(world, relay):
    """To another number, another member, another epoch: the signature covers the
    place of a message, whatever key it is sealed with."""
    a, b, c = people(world, relay, "alice", "bob", "carol")
    held = []
    relay.deliver = lambda s, r, body: held.append(body) or []
    a.say("pay me 1")
    seen(relay, a, "sent")
    alice, bob, carol = (relay.conn(n) for n in ("alice", "bob", "carol"))
    plain = relay.opened(alice, held[0])
    bob.show(relay.sealed(plain, 2, alice))
    bob.show(relay.sealed(plain, 1, carol))
    relay.rekey()
    bob.show(relay.sealed(plain, 1, alice))
    seen(relay, b, "dropped", n=3)
    assert told(b) == [("dropped", "alice", "signature"),
                       ("dropped", "carol", "signature"),
                       ("dropped", "alice", "signature")]


def test_tells_members_different_keys(world, relay):
    """bob gets another secret under the same number. The relay carries messages
    over; the commit that alice signed reveals it."""
    a, b = people(world, relay, "alice", "bob")
    alice, bob = relay.conn("alice"), relay.conn("bob")
    relay.enter(bytes(32), relay.epoch.epoch + 1)
    relay.fence = relay.epoch.epoch
    honest = relay.epoch
    alice.fresh("timer")
    bob.fresh("timer", secret=b"\1" * 32)
    own = type(honest)(honest.room, honest.epoch, b"\1" * 32)
    own.roster = honest.roster
    seen(relay, b, "epoch", reason="timer")
    seen(relay, a, "epoch", reason="timer")

    def deliver(sender, receiver, body):
        plain = relay.opened(sender, body)
        seq, = struct.unpack(">Q", body[20:28])
        return [body, relay.sealed(plain, seq, sender, epoch=own)]
    relay.deliver = deliver
    a.say("to all of us")
    seen(relay, b, "dropped", n=2)
    assert told(b) == [("dropped", "alice", "does not open"),
                       ("dropped", "alice", "signature")]


def test_hides_a_member(world, relay):
    """bob does not learn of alice. The roster that she and carol sign has her."""
    a, c = people(world, relay, "alice", "carol")
    alice = relay.conn("alice")
    relay.users_for = lambda conn: [m.user() for m in relay.members if m is not alice]
    b = world.client(relay.invite, "bob")       # the list and the roster differ
    assert seen(relay, b, "closed")["status"] == 6
    assert b.wait() == 6
    relay.roster_for = lambda conn, users: roster_told(users)
    b = world.client(relay.invite, "bob")       # a lie that fits itself
    seen(relay, b, "connected")
    a.say("can you see me?")
    assert seen(relay, b, "dropped")["reason"] == "unknown sender"
    c.say("alice, bob: hello")
    seen(relay, b, "dropped", n=2)
    assert told(b) == [("dropped", "", "unknown sender"),
                       ("dropped", "carol", "signature")]
    # and a notice that she left does not add her
    b.do(do="users")
    assert [u["name"] for u in seen(relay, b, "users")["users"]] == ["carol", "bob"]


def test_says_that_somebody_left(world, relay):
    """Messages of a member who is still there are dropped, and reported."""
    a, b = people(world, relay, "alice", "bob")
    alice, bob = relay.conn("alice"), relay.conn("bob")
    bob.notice(relay.epoch, "leave", alice.user())
    seen(relay, b, "leave", names=["alice"])
    a.say("I am here")
    assert seen(relay, b, "dropped")["reason"] == "unknown sender"
    # and her number is not accepted again, for her or for another
    bob.notice(relay.epoch, "join", alice.user())
    assert seen(relay, b, "closed")["status"] == 6
    assert b.wait() == 6


def test_takes_somebody_off_the_list(world, relay):
    """Who stays signs for a list with the one who is said to have left."""
    a, b, c = people(world, relay, "alice", "bob", "carol")
    relay.conn("bob").notice(relay.epoch, "leave", relay.conn("carol").user())
    seen(relay, b, "leave", names=["carol"])
    a.say("to carol, too")
    assert seen(relay, b, "closed")["status"] == 6
    assert b.wait() == 6 and told(b) == []


def test_invents_a_member(world, relay):
    """With carol, who joins, comes dave, whom only bob is told of. His messages
    are genuine for bob; nobody else's are any longer."""
    a, b = people(world, relay, "alice", "bob")
    alice, bob = relay.conn("alice"), relay.conn("bob")
    mallory = ed25519.Ed25519PrivateKey.generate()
    dave = alice.user(member=901, name="dave", identity=b64(spki(mallory.public_key())))
    honest, lie = bob.notice, []

    def notice(epoch, event, *users, **more):
        lie.append(roster_told([m.user() for m in relay.members] + [dave]))
        honest(epoch, event, *users, dave, **{**more, "roster": b64(lie[0])})
    bob.notice = notice
    c = world.client(relay.invite, "carol")
    seen(relay, c, "connected")
    seen(relay, b, "join", names=["carol", "dave"])
    bob.show(forge(relay, alice, "hello from dave", name="dave",
                   key=mallory, member=901, roster=lie[0]))
    m = seen(relay, b, "message", text="hello from dave")
    assert (m["verified"], m["trust"]) == (True, "new")
    a.say("who is dave?")
    seen(relay, b, "dropped", n=1)
    c.say("not me")
    seen(relay, b, "dropped", n=2)
    assert told(b) == ["hello from dave", ("dropped", "alice", "signature"),
                       ("dropped", "carol", "signature")]
    assert c.texts("alice") == ["who is dave?"]


def test_invents_a_member_in_an_old_epoch(world, relay):
    """The roster of that epoch was announced already."""
    a, b = people(world, relay, "alice", "bob")
    alice, bob = relay.conn("alice"), relay.conn("bob")
    mallory = ed25519.Ed25519PrivateKey.generate()
    bob.notice(relay.epoch, "join", alice.user(
        member=901, name="dave", identity=b64(spki(mallory.public_key()))))
    bob.show(forge(relay, alice, "hello", name="dave", key=mallory,
                   member=901))
    assert seen(relay, b, "closed")["status"] == 6
    assert b.wait() == 6 and told(b) == []


def test_changes_a_members_key(world, relay):
    """bob knows alice. The relay puts its own key under her name, makes a roster
    that fits, and signs her messages again."""
    a, b = people(world, relay, "alice", "bob")
    relay.cut(relay.conn("bob"))
    alice = relay.conn("alice")
    mallory = ed25519.Ed25519PrivateKey.generate()
    told_to_bob = {"identity": b64(spki(mallory.public_key()))}
    relay.users_for = lambda conn: [
        m.user(**(told_to_bob if m is alice else {})) for m in relay.members]
    relay.roster_for = lambda conn, users: roster_told(users)
    seen(relay, b, "connected", n=2)

    def deliver(sender, receiver, body):
        text = relay.opened(sender, body)[64:]
        seq, = struct.unpack(">Q", body[20:28])
        lie = roster_told(relay.users_for(receiver))
        return [relay.sealed(signed(relay, mallory, sender, seq, text, roster=lie),
                             seq, sender)]
    relay.deliver = deliver
    a.say("hello")
    m = seen(relay, b, "message", text="hello")
    assert (m["verified"], m["trust"]) == (True, "changed")
    assert told(b) == [("changed", "alice", None), "?hello"]


def test_gives_a_name_to_another(world, relay):
    """carol's key under alice's name, new to bob: carol signs her own name."""
    a, b = people(world, relay, "alice", "bob")
    relay.users_for = lambda conn: [
        m.user(**({"name": "zoe"} if m.name == "alice" else {}))
        for m in relay.members]
    relay.roster_for = lambda conn, users: roster_told(users)
    c = world.client(relay.invite, "carol")
    seen(relay, c, "connected")
    a.say("my name is alice")
    assert seen(relay, c, "dropped")["reason"] == "signature"
    assert told(c) == [("dropped", "zoe", "signature")]


@pytest.mark.parametrize("what", ["server", "session", "log", "room"])
def test_shows_a_room_in_another_place(world, relay, what):
    """alice talks in one place. bob is shown her live frames, byte for byte and
    under the same keys, on a server of another key, in another run, or in a room
    of another log or name: none of them verifies."""
    a, = people(world, relay, "alice")
    room = "lobby"
    if what == "server":
        relay.identity = ed25519.Ed25519PrivateKey.generate()
        relay.spki = spki(relay.identity.public_key())
    elif what == "session":
        relay.session = sha(b"another run")
    elif what == "log":
        relay.place.log = sha(b"another log")
    else:
        relay.place.room = room = "board"
    b = world.client("conclave://127.0.0.1:%d/%s#%s" % (
        relay.port, room, fingerprint(relay.spki)), "bob")
    seen(relay, b, "connected")
    a.say("the board agrees")
    seen(relay, b, "dropped")
    c = world.client("conclave://127.0.0.1:%d/%s#%s" % (
        relay.port, room, fingerprint(relay.spki)), "carol")
    seen(relay, b, "join", names=["carol"])     # the notices are of bob's place
    seen(relay, c, "connected")
    c.say("hello, bob")                         # and so is carol
    seen(relay, b, "message", text="hello, bob")
    assert told(b) == [("dropped", "alice", "signature"), "hello, bob"]


def test_says_that_it_took_what_was_not_sent(world, relay):
    a, = people(world, relay, "alice")
    relay.conn("alice").control(type="ack", room=relay.room, seq=1, offset=9)
    assert seen(relay, a, "closed")["status"] == 6
    assert a.wait() == 6 and not a.events("sent")
    relay.until(lambda: len(relay.conns) == 0)


@pytest.mark.parametrize("seq,offset", [(2**64 - 1, 1), (2**63, 1), (1, 2**63)])
def test_numbers_that_json_cannot_name(world, relay, seq, offset):
    """From a member who cooperates with the relay, which should refuse such frames."""
    a, b = people(world, relay, "alice", "bob")
    alice, bob = relay.conn("alice"), relay.conn("bob")
    mallory = ed25519.Ed25519PrivateKey.generate()
    bob.notice(relay.epoch, "join", alice.user(
        member=901, name="dave", identity=b64(spki(mallory.public_key()))))
    body = forge(relay, alice, "hello", seq, "dave", mallory, 901)
    bob.send_frames((2, struct.pack(">Q", offset) + body[8:]))
    assert seen(relay, b, "closed")["status"] == 6
    assert b.wait() == 6 and told(b) == []


def test_sends_one_the_records_of_another(world, relay):
    a, b = people(world, relay, "alice", "bob")
    alice, bob = relay.conn("alice"), relay.conn("bob")
    bob.send_raw(alice.tx.record([(2, forge(relay, alice, "x"))]))
    # Anybody on the way can do that: bob leaves, and comes again.
    assert "the MAC of a record" in seen(relay, b, "reconnect")["reason"]
    seen(relay, b, "connected", n=2)
    assert told(b) == [] and not b.events("closed")


def test_cuts_instead_of_closing(world, relay):
    """An unauthenticated end is reported as a lost connection, and the client
    reconnects; after a bye with a reason it does not."""
    a, b = people(world, relay, "alice", "bob")
    relay.cut(relay.conn("alice"))
    seen(relay, a, "reconnect")
    seen(relay, a, "connected", n=2)
    relay.conn("bob").control(type="bye", code="kicked", text="")
    assert seen(relay, b, "closed")["status"] == 4
    assert b.wait() == 4 and not b.events("reconnect")


def test_a_kicked_member_sends_nothing_more(world, relay):
    """Unacknowledged and later messages stay on the client when it can no longer
    be in the room."""
    a, b = people(world, relay, "alice", "bob")
    relay.on_group = lambda conn, body: None        # taken, and not acknowledged
    b.say("one")
    relay.until(lambda: len(relay.conn("bob").groups) == 1)
    back = []

    def on_card(conn):
        back.append(conn)
        conn.control(type="bye", code="kicked", text="")
    relay.on_card = on_card
    relay.cut(relay.conn("bob"))
    b.say("two")
    assert seen(relay, b, "closed")["reason"] == "kicked"
    assert b.wait() == 4 and not b.events("sent")
    relay.turn(0.1)
    assert len(back) == 1 and back[0].groups == [] and back[0].byes() in ([], ["quit"])


def test_without_the_password(world):
    """A false server with the pinned key but without the password: it gets one
    guess and nothing about the client, which does not reconnect by itself."""
    r = Relay(password="a guess")
    a = world.client(r.invite, "alice")
    r.until(lambda: a.p.poll() is not None)
    assert a.wait() == 4 and not a.events("connected")
    r.turn(0.1)
    assert r.hellos == 1 and r.breaches == []
    assert all(c.card is None for c in r.conns)
    r.close()


def test_under_another_key(world, relay):
    """The password but not the pinned key: it gets only a hello."""
    other = Relay()
    invite = "conclave://127.0.0.1:%d/lobby#%s" % (
        other.port, relay.invite.split("#")[1])
    a = world.client(invite, "alice")
    other.until(lambda: a.p.poll() is not None)
    assert a.wait() == 5 and not a.events("connected")
    assert (other.hellos, other.shares) == (1, 0) and other.breaches == []
    assert all(c.card is None for c in other.conns)
    other.close()
