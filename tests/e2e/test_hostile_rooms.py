"""Attacks on rooms: members who act without the right, and those who are put out in
the moment in which they come in, against the real server; and a relay that lies in
its answers, against the real client."""

import pytest

from conclave1 import CONTROL, GROUP, padded
from harness import PASSWORD, until
from relay1 import SETTINGS
from test_conclavectl import ctl, serve
from test_hostile_log import broken
from test_hostile_relay import people, relay, seen  # noqa: F401
from test_rooms import code, enter, heard, make, same_epoch, says, trio

ACTS = {"kick": "kicked", "ban": "banned"}


# --- put out while it comes in -----------------------------------------------


@pytest.mark.parametrize("act", ACTS)
def test_put_out_before_its_key(world, act):
    """A newcomer waits until the room may change its key again. One who is put out
    meanwhile was never in: no room_left names a room that it does not know."""
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    den = make(a, "den")
    for _ in range(20):
        c = a.request("room_leave", room=den)
        enter(a, "den")         # the room has just changed its key
        joined = b.ask("room_join", name="den")
        assert code(b.request("room_list", after="")) == "done"     # b waits there
        waits = joined not in b.answers
        assert code(a.act(act, "bob", den)) == "done"
        if waits and code(b.answer(joined)) == ACTS[act]:
            break
        b.until(lambda: den not in b.rooms)
        a.act("unban", "bob", den)
    assert code(b.answers[joined]) == ACTS[act] and c["type"] == "done"
    b.say("still here")
    heard(a, a.room, "still here")
    assert b.has("left") == (_ > 0)
    a.act("unban", "bob", den)
    enter(b, "den")


def test_put_out_of_the_card_s_room_before_its_key(world):
    s = world.server()
    a = world.peer(s, "alice")
    den = make(a, "den")
    for _ in range(20):
        a.request("room_leave", room=den)
        enter(a, "den")
        b = world.peer(s)
        b.handshake(PASSWORD, "bob", "den")
        b.until(lambda: b.role is not None)
        assert code(a.act("kick", "bob", den)) == "done"
        b.pump(0.5)
        if b.closed:
            break
        b.close()
        a.until(lambda: a.has("leave", names=["bob"]) or a.has("kick", names=["bob"]))
    assert b.has("bye", code="kicked") and not b.rooms


def test_put_out_with_its_key_queued(world):
    """bob does not read while he enters and is kicked: of the room he gets no key, no
    list and no room_left, and his request has one answer."""
    s, a, b, c, den = trio(world, "--rate", "0", "--rate-bytes", "0")
    attic = make(a, "attic")
    for i in range(56):     # what bob has to read before anything else
        a.say("x" * 16000)
        c.pump()
    joined = b.ask("room_join", name="attic")
    left = b.ask("room_leave", room=den)
    a.until(lambda: a.has("join", room=attic, names=["bob"]))
    assert code(a.act("kick", "bob", attic)) == "done"
    a.until(lambda: a.has("act", room=attic, act="kick"))
    assert code(b.answer(joined)) == "kicked"
    assert code(b.answer(left)) == "done"
    assert attic not in b.rooms and not b.has("left", room=attic)
    enter(b, "attic")
    a.until(lambda: len([e for e in a.events if e["event"] == "join" and
                         e["room"] == attic]) == 2)
    same_epoch(attic, a, b)
    says(b, attic, "in again")
    heard(a, attic, "in again")


def test_a_client_put_out_while_it_enters(world):
    """The real client takes each of these as a refusal, and stays."""
    s = world.server()
    a = world.peer(s, "alice")
    den = make(a, "den")
    b = world.client(s, "bob")
    b.joined()
    for i in range(8):
        a.request("room_leave", room=den)
        enter(a, "den")
        b.do(do="join", room="den")
        until(lambda: code(a.act("kick", "bob", den)) == "done")
        e = b.see("left", n=i + 1, room="den")
        assert (e["code"], b.p.poll()) == ("kicked", None)
    b.say("still here")
    heard(a, a.room, "still here")
    b.quit()


# --- acting without the right ------------------------------------------------


def test_acting_on_a_higher_role(world):
    """alice is an operator of her room. carol is its owner, dave an operator of the
    server, whom the server's owner has made that."""
    s = serve(world)
    a, b, c, d = (world.peer(s, n) for n in ("alice", "bob", "carol", "dave"))
    den = make(a, "den")
    for p in (b, c, d):
        enter(p, "den")
    assert ctl(world, "role", "carol", "owner", "den").returncode == 0
    assert ctl(world, "role", "dave", "operator").returncode == 0
    d.until(lambda: d.role == "operator")
    for who in ("carol", "CAROL"):
        for act, more in (("kick", {}), ("ban", {}), ("mute", {}), ("invite", {}),
                          ("role", {"value": "guest"}), ("role", {"value": "owner"})):
            assert code(a.act(act, who, den, **more)) == "denied", (act, who)
    assert code(a.act("role", "alice", den, value="owner")) == "denied"
    assert code(a.act("kick", "dave", 0)) == "denied"
    assert code(a.act("role", "alice", 0, value="operator")) == "denied"
    # In the room the server's operator is one, too: an equal, not a higher one.
    assert code(d.act("mute", "alice", den)) == "done"
    assert code(d.act("kick", "carol", den)) == "denied"
    assert code(d.act("role", "dave", 0, value="owner")) == "denied"
    assert code(c.act("role", "alice", den, value="member")) == "done"
    assert code(c.act("kick", "dave", 0)) == "denied"       # an owner of a room only
    assert code(a.act("kick", "bob", den)) == "denied"
    b.say("all are here")
    for p in (a, c, d):
        heard(p, p.room, "all are here")
        assert den in p.rooms


def test_acts_on_their_way_when_the_role_is_lost(world):
    """bob does not know yet that he is no operator any more: from the answer on, none
    of what he asks is done."""
    s, a, b, c, den = trio(world)
    assert code(a.act("role", "bob", den, value="operator")) == "done"
    assert code(b.act("mute", "carol", den)) == "done"
    asked = [b.ask("act", act="unmute", who="carol", room=den) for _ in range(20)]
    lost = a.ask("act", act="role", who="bob", room=den, value="member")
    assert code(a.answer(lost)) == "done"
    late = [b.ask(*q, room=den, **more) for q, more in (
        (("act",), {"act": "kick", "who": "alice"}),
        (("act",), {"act": "ban", "who": "carol"}),
        (("act",), {"act": "mute", "who": "carol"}),
        (("act",), {"act": "invite", "who": "carol"}),
        (("act",), {"act": "role", "who": "bob", "value": "operator"}),
        (("room_set",), {"topic": "bob's"}),
        (("room_set",), {"settings": {"voice": "operators"}}))]
    assert [code(b.answer(n)) for n in late] == 7 * ["denied"]
    answers = [code(b.answer(n)) for n in asked]
    assert set(answers) <= {"done", "denied"} and sorted(
        answers, key="done denied".index) == answers
    assert b.rooms[den].topic == "" and den in a.rooms and den in c.rooms


def test_in_another_room(world):
    """What is of one room does nothing in another, whatever number it names."""
    s, a, b, c, den = trio(world)
    attic = make(b, "attic")            # where bob is the operator
    assert code(b.act("kick", "alice", den)) == "denied"
    assert code(b.act("kick", "alice", attic)) == "no_member"
    assert code(b.request("room_set", room=den, topic="bob's")) == "denied"
    assert code(c.request("room_leave", room=attic)) == "no_room"
    assert code(c.act("mute", "bob", attic)) == "denied"
    for number in (77, 2**31, 2**32 - 1):
        assert code(b.act("kick", "alice", number)) == "no_room"
        assert code(b.request("room_set", room=number, topic="x")) == "no_room"
    says(b, attic, "alone")
    b.until(lambda: not b.rooms[attic].unacked)
    # A frame of bob's own, sealed for the attic, with the den's number on it.
    with b.within(attic):
        body = b.seal(2, b.content("moved"))
    b.send_frames((GROUP, body[:8] + den.to_bytes(4, "big") + body[12:]))
    b.to_end()
    assert b.has("bye", code="protocol")
    # carol speaks in a room that she is not in.
    with c.within(den):
        body = c.seal(1, c.content("here, too"))
    c.send_frames((GROUP, body[:8] + attic.to_bytes(4, "big") + body[12:]))
    c.to_end()
    assert c.has("bye", code="protocol")
    a.until(lambda: len(a.rooms[den].users) == 1)
    assert not a.has("message", text="moved") and not a.has("message", text="here, too")


def test_ten_thousand_rooms_of_one(world):
    """One asks for ten thousand rooms and gets the sixteen that one person may have;
    others talk and make theirs meanwhile."""
    n = 10000
    s = world.server("--rate", "0", "--rate-bytes", "0")
    a, b, c = (world.peer(s, x) for x in ("alice", "bob", "carol"))
    b.until(lambda: len(b.users) == 3)
    done = 0
    for i in range(0, n, 50):
        a.send_frames(*[(CONTROL, a.tx.seal(padded(
            {"type": "room_new", "req": k + 1, "name": "flood%d" % k})))
            for k in range(i, i + 50)])
        a.req = i + 50
        if i == n // 2:
            b.say("heard")
            heard(c, c.room, "heard")
            assert code(b.request("room_new", name="den")) == "done"
        for k in range(i + 1, i + 51):
            done += code(a.answer(k)) == "done"
        a.frames.clear()
    assert done == 16
    assert {o["code"] for o in a.answers.values() if o["type"] == "failed"} == {"full"}
    assert c.request("room_list", after="")["total"] == 18
    assert code(c.request("room_join", name="den")) == "done"


# --- a relay that lies in its answers ----------------------------------------


def many_rooms(n):
    return [{"id": 100 + i, "name": "room%05d" % i, "topic": "", "people": 0,
             "mine": False, "settings": SETTINGS} for i in range(n)]


@pytest.mark.parametrize("n", [33, 200])
def test_so_many_rooms_in_a_page(world, relay, n):
    a, = people(world, relay, "alice")
    relay.page = lambda conn, after: {"total": n, "rooms": many_rooms(n)}
    a.do(do="rooms")
    broken(relay, a, "broke the protocol")
    assert not a.events("rooms")


def test_ten_thousand_rooms_in_a_page(world, relay):
    """They are in no record that the client takes. A length is not under the mac, so
    anybody on the way can have written it: it comes again. It asks once more, and not
    for ever."""
    a, = people(world, relay, "alice")
    relay.page = lambda conn, after: {"total": 10000, "rooms": many_rooms(10000)}
    a.do(do="rooms")
    assert "outside its bounds" in seen(relay, a, "reconnect")["reason"]
    lost = seen(relay, a, "failed")
    assert lost["code"] == "lost" and "twice" in lost["text"]
    assert not a.events("rooms")
    relay.page = lambda conn, after: {"total": 1, "rooms": many_rooms(1)}
    a.do(do="rooms")
    assert [r["room"] for r in seen(relay, a, "rooms")["rooms"]] == ["room00000"]


def test_a_list_without_an_end(world, relay):
    """Each page is full and promises more. The client asks for a page when the user
    wants one, and shows what it got."""
    a, = people(world, relay, "alice")
    pages = []

    def page(conn, after):
        pages.append(after)
        start = 32 * len(pages)
        return {"total": 2**53, "rooms": [
            {**r, "name": "room%05d" % (start + i)}
            for i, r in enumerate(many_rooms(32))]}
    relay.page = page
    for i in range(5):
        last = a.events("rooms")[-1]["rooms"][-1]["room"] if i else ""
        a.do(do="rooms", after=last)
        seen(relay, a, "rooms", n=i + 1)
    assert len(pages) == 5
    relay.page = lambda conn, after: {"total": 2**53, "rooms": many_rooms(32)}
    a.do(do="rooms", after="room00020")     # begins again: pages would never end
    broken(relay, a, "broke the protocol")


def twice(relay, conn, o, **more):
    conn.control(type="done", req=o["req"], **more)
    conn.control(type="done", req=o["req"], **more)


def done_and_failed(relay, conn, o, **more):
    conn.control(type="done", req=o["req"], **more)
    conn.control(type="failed", req=o["req"], code="denied", text="")


def another_first(relay, conn, o, **more):
    conn.control(type="done", req=o["req"] + 1, **more)


def one_that_nobody_asked(relay, conn, o, **more):
    conn.control(type="done", req=o["req"], **more)
    conn.control(type="failed", req=o["req"] + 63, code="full", text="")


ROOMS = {"do": "rooms"}


@pytest.mark.parametrize("lie,ask", [
    (twice, ROOMS), (done_and_failed, ROOMS), (another_first, ROOMS),
    (one_that_nobody_asked, ROOMS), (twice, {"do": "room_new", "room": "den"}),
    (twice, {"do": "act", "act": "kick", "room": "lobby", "who": "bob"}),
    (done_and_failed, {"do": "topic", "room": "lobby", "text": "mine"})],
    ids=lambda x: x["do"] if isinstance(x, dict) else x.__name__)
def test_answered_twice(world, relay, lie, ask):
    a, = people(world, relay, "alice")

    def answer(conn, o):
        more = {"room": 2} if o["type"] == "room_new" else {}
        if o["type"] == "room_list":
            more = relay.page(conn, o["after"])
        lie(relay, conn, o, **more)
    relay.on_request = answer
    a.do(**ask)
    broken(relay, a, "broke the protocol")
    assert len(a.events("done")) + len(a.events("rooms")) <= 1


def joined_twice(relay, conn, o):
    relay.numbers[2].join(conn)
    relay.done(conn, o, room=2)
    relay.done(conn, o, room=2)


def done_without_a_key(relay, conn, o):
    relay.done(conn, o, room=2)


def another_number(relay, conn, o):
    relay.numbers[2].join(conn)
    relay.done(conn, o, room=3)


def failed_after_the_key(relay, conn, o):
    relay.numbers[2].join(conn)
    conn.control(type="failed", req=o["req"], code="denied", text="")


def left_before_the_key(relay, conn, o):
    conn.control(type="room_left", room=2, code="kicked", by="bob", text="")


def two_keys(relay, conn, o):
    relay.numbers[2].join(conn)
    relay.numbers[2].admit(conn)


@pytest.mark.parametrize("lie", [joined_twice, done_without_a_key, another_number,
                                 failed_after_the_key, left_before_the_key, two_keys],
                         ids=lambda f: f.__name__)
def test_lies_about_entering(world, relay, lie):
    a, = people(world, relay, "alice")
    assert relay.add_room("den").room == 2
    relay.on_request = lambda conn, o: lie(relay, conn, o)
    a.do(do="join", room="den")
    broken(relay, a, "broke the protocol")


def test_kicked_by_an_answer(world, relay):
    """What the real server says to one who is put out before it has its key."""
    a, = people(world, relay, "alice")
    relay.add_room("den")
    relay.on_request = lambda conn, o: conn.control(
        type="failed", req=o["req"], code="kicked", text="\x1b[2Jkicked")
    a.do(do="join", room="den")
    e = seen(relay, a, "left")
    assert (e["room"], e["code"]) == ("den", "kicked") and "\x1b" not in "".join(a.out)
    del relay.on_request
    a.say("still here")
    seen(relay, a, "sent")
    a.do(do="join", room="den")
    seen(relay, a, "joined", room="den")


def test_a_fresh_key_while_it_leaves(world, relay):
    """What was said just before is dropped by a fresh key, which comes when the client
    has asked to leave: it must not say it again, because it is out then, and whoever
    speaks in a room in which it is not breaks the protocol. The user is told."""
    a, = people(world, relay, "alice")
    den = relay.add_room("den")
    a.do(do="join", room="den")
    seen(relay, a, "joined", room="den")
    alice, said = relay.conn("alice"), []
    den.on_group = lambda conn, body: said.append(body)     # older than the fence

    def leave(conn, o):
        if o["type"] != "room_leave":
            return type(relay).on_request(relay, conn, o)
        del den.on_group
        den.rekey("leave")
        den.members.remove(conn)
        den.on_group = lambda conn, body: relay.breaches.append("speaks where it is not")
        return relay.done(conn, o)
    relay.on_request = leave
    a.do(do="say", room="den", text="goodbye")
    a.do(do="leave", room="den")
    assert seen(relay, a, "left", room="den")["code"] == "quit"
    a.say("still in the lobby")
    seen(relay, a, "sent")
    assert said == [b for b in alice.groups if b[8:12] == bytes([0, 0, 0, 2])]
    assert len(said) == 1
    a.p.stdin.close()
    relay.until(lambda: a.p.poll() is not None)
    assert a.wait() == 7        # not all that was put in was said
