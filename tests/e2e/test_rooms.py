"""Many rooms on one connection, and what people with a role do there, against the
real server by the independent client, which checks each room's log: offsets
without a gap, marks in the place of its own frames, and the chain."""

import pytest

from conclave1 import CONTROL, padded
from harness import PASSWORD, until


def make(p, name, **more):
    """p makes a room and enters it; its number."""
    made = p.request("room_new", name=name, **more)
    assert made["type"] == "done", made
    return enter(p, name)


def enter(p, name):
    a = p.request("room_join", name=name)
    assert a["type"] == "done", a
    p.until(lambda: p.rooms[a["room"]].joined)
    return a["room"]


def code(a):
    return a["code"] if a["type"] == "failed" else "done"


def says(p, room, text):
    with p.within(room):
        return p.say(text)


def heard(p, room, text):
    p.until(lambda: p.has("message", room=room, text=text))


def same_epoch(room, *peers):
    for p in peers:
        p.until(lambda: p.rooms[room].epoch == max(
            q.rooms[room].epoch for q in peers))


def trio(world, *args):
    """alice has made the den, is its operator, and bob and carol are there."""
    s = world.server(*args)
    a, b, c = (world.peer(s, n) for n in ("alice", "bob", "carol"))
    den = make(a, "den")
    enter(b, "den")
    enter(c, "den")
    for p in (a, b, c):
        p.until(lambda: len(p.rooms[den].users) == 3)
    same_epoch(den, a, b, c)
    return s, a, b, c, den


# --- rooms -------------------------------------------------------------------


def test_two_rooms_on_one_connection(world):
    s, a, b, c, den = trio(world)
    assert den != a.room
    says(a, den, "in the den")
    a.say("in the lobby")
    for p in (b, c):
        heard(p, den, "in the den")
        heard(p, p.room, "in the lobby")
    # its own frames are marks: each log is whole on each connection
    a.until(lambda: len([e for e in a.events if e["event"] == "mark"]) == 2)
    assert {e["room"] for e in a.events if e["event"] == "mark"} == {den, a.room}
    assert b.request("room_leave", room=den)["type"] == "done"
    a.until(lambda: a.has("leave", room=den, names=["bob"], quit=True))
    says(a, den, "without bob")
    a.say("with bob")
    heard(c, den, "without bob")
    heard(b, b.room, "with bob")
    assert not b.has("message", text="without bob")
    enter(b, "den")             # and back on the same connection
    a.until(lambda: a.has("join", room=den, names=["bob"]))


def test_the_list_of_rooms(world):
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    names = ["Zoo", "attic"] + ["room%02d" % i for i in range(12)]
    for n in names:
        assert a.request("room_new", name=n, topic="about " + n)["type"] == "done"
    assert a.request("room_new", name="hidden",
                     settings={"listed": False})["type"] == "done"
    seen = b.request("room_list", after="")
    want = sorted(names + ["lobby"], key=str.lower)
    assert [r["name"] for r in seen["rooms"]] == want and seen["total"] == len(want)
    assert [r["name"] for r in seen["rooms"] if r["mine"]] == ["lobby"]
    assert seen["rooms"][0]["topic"] == "about attic"
    after = b.request("room_list", after="room05")
    assert [r["name"] for r in after["rooms"]] == want[want.index("room05") + 1:]
    own = a.request("room_list", after="")
    assert "hidden" in [r["name"] for r in own["rooms"]]
    assert own["total"] == len(want) + 1


def test_a_list_of_many_pages(world):
    s = world.server("--rooms-per-identity", "0")
    a = world.peer(s, "alice")
    for i in range(70):
        a.ask("room_new", name="r%03d" % i)
        if i % 32 == 31:
            a.answer(a.req)
    a.answer(a.req)
    names, after = [], ""
    for _ in range(4):
        page = a.request("room_list", after=after)
        assert page["total"] == 71 and len(page["rooms"]) <= 32
        names += [r["name"] for r in page["rooms"]]
        after = names[-1]
    assert names == ["lobby"] + ["r%03d" % i for i in range(70)]
    assert a.request("room_list", after=after)["rooms"] == []


@pytest.mark.parametrize("alike", ["DEN-1", "den_1", "den.1", "den-l", "den-I"])
def test_names_that_look_alike(world, alike):
    s = world.server()
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    assert code(a.request("room_new", name="den-1")) == "done"
    no = b.request("room_new", name=alike)
    assert code(no) == "name_taken"
    assert "den-1" in no["text"] or alike.lower() == "den-1"
    assert code(b.request("room_new", name="den-2")) == "done"


def test_refusals(world):
    s = world.server("--rooms-per-identity", "3")
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    assert code(a.request("room_new", name="no name")) == "bad_name"
    assert code(a.request("room_new", name="den", settings={"history": "all"})) \
        == "unavailable"
    assert code(a.request("room_new", name="den", settings={"voice": "none"})) \
        == "bad_value"
    assert code(a.request("dance")) == "unknown"
    assert code(a.request("room_join", name="lobby")) == "in_room"
    assert code(a.request("room_join", name="attic")) == "no_room"
    assert code(a.request("room_leave", room=99)) == "no_room"
    assert code(a.request("room_set", room=99, topic="x")) == "no_room"
    assert code(a.request("room_set", room=a.room, topic="x")) == "denied"
    for n in ("one", "two", "three"):
        assert code(a.request("room_new", name=n)) == "done"
    assert code(a.request("room_new", name="four")) == "full"
    assert code(b.request("room_new", name="four")) == "done"
    assert code(a.act("kick", "nobody")) == "no_member"
    a.say("still here")
    heard(b, b.room, "still here")


def test_who_may_make_rooms(world):
    s = world.server("--room-creation", "operators")
    assert code(world.peer(s, "alice").request("room_new", name="den")) == "denied"


def test_guests(world):
    s = world.server("--newcomers", "guest")
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    assert a.role == "guest"
    assert code(a.request("room_new", name="den")) == "denied"
    assert code(a.act("kick", "bob")) == "denied"
    a.until(lambda: len(a.users) == 2)
    same_epoch(a.room, a, b)
    a.say("guests talk")
    heard(b, b.room, "guests talk")
    assert all(u["role"] == "guest" for u in b.users.values())


def test_unlisted_and_invited(world):
    s, a, b, c, den = trio(world)
    assert code(a.request("room_set", room=den, topic="two",
                          settings={"entry": "invited"})) == "done"
    b.until(lambda: b.has("room", by="alice", topic="two"))
    assert b.rooms[den].settings["entry"] == "invited"
    d = world.peer(s, "dave")
    assert code(d.request("room_join", name="den")) == "not_invited"
    assert code(b.act("invite", "dave", den)) == "denied"
    assert code(a.act("invite", "dave", den)) == "done"
    b.until(lambda: b.has("act", act="invite", by="alice", who="dave"))
    assert enter(d, "den") == den
    # who leaves on purpose has left; who was there when it closed has not
    assert code(d.request("room_leave", room=den)) == "done"
    assert code(d.request("room_join", name="den")) == "not_invited"
    identity = c.identity
    c.close()
    a.until(lambda: a.has("leave", room=den, names=["carol"], quit=False) or
            a.has("leave", room=den, names=["carol"]))
    c = world.peer(s, "carol", identity=identity)
    assert enter(c, "den") == den
    assert code(a.request("room_set", room=den, settings={"listed": False})) == "done"
    assert code(d.request("room_join", name="den")) == "no_room"
    assert code(d.request("room_set", room=den, topic="x")) == "no_room"
    assert code(d.act("kick", "carol", den)) == "no_room"
    assert "den" not in [r["name"] for r in d.request("room_list", after="")["rooms"]]
    e = world.peer(s)
    e.handshake(PASSWORD, "erin", "den")
    e.to_end()
    assert e.has("bye", code="no_room")


def test_sixty_five_rooms(world):
    s = world.server("--rooms-per-identity", "0")
    a = world.peer(s, "alice")
    for i in range(64):
        assert code(a.request("room_new", name="r%d" % i)) == "done"
    joins = [a.ask("room_join", name="r%d" % i) for i in range(63)]
    assert all(code(a.answer(j)) == "done" for j in joins)
    assert code(a.request("room_join", name="r63")) == "full"
    assert code(a.request("room_leave", room=a.room)) == "done"
    assert code(a.request("room_join", name="r63")) == "done"
    assert len(a.rooms) == 64


def test_a_number_twice(world):
    s = world.server()
    a = world.peer(s, "alice")
    make(a, "den")
    assert code(a.request("room_leave", room=2)) == "done"
    a.asking.append("den")
    a.send_frames(*[(CONTROL, a.tx.seal(padded(
        {"type": "room_join", "req": 77, "name": "den"}))) for _ in range(2)])
    a.req = 77
    a.to_end()
    assert a.has("bye", code="protocol")


def test_a_request_without_a_number(world):
    s = world.server()
    a = world.peer(s, "alice")
    a.send_control({"type": "room_list", "after": ""})
    a.to_end()
    assert a.has("bye", code="protocol")


def test_a_flood_of_rooms(world):
    """One makes rooms until there are as many as may be. The others are heard
    meanwhile, and may still make theirs."""
    n = 2000        # test_server_registry makes ten thousand
    s = world.server("--rooms-per-identity", "0", "--rate", "0",
                     "--rate-bytes", "0", "--rooms", str(n))
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    c = world.peer(s, "carol")
    b.until(lambda: len(b.users) == 3)
    for i in range(0, n, 50):
        for k in range(i, i + 50):
            a.ask("room_new", name="flood%d" % k)
        a.answer(a.req)
    b.say("heard")
    heard(c, c.room, "heard")
    assert code(b.request("room_new", name="den")) == "done"
    assert code(b.request("room_join", name="den")) == "done"
    assert b.request("room_list", after="zzz")["total"] == n
    assert code(a.request("room_join", name="flood0")) == "no_room"


def test_entering_and_leaving_again_and_again(world):
    s, a, b, c, den = trio(world)
    for _ in range(10):
        left = b.ask("room_leave", room=den)
        joined = b.ask("room_join", name="den")
        assert code(b.answer(left)) == "done"
        gone = b.ask("room_leave", room=den)   # perhaps before it is in
        assert code(b.answer(joined)) in ("done", "quit")
        assert code(b.answer(gone)) == "done"
        enter(b, "den")
    c.until(lambda: len(c.rooms[den].users) == 3)
    same_epoch(den, a, b, c)
    says(b, den, "here")
    heard(c, den, "here")


# --- acts --------------------------------------------------------------------


def test_a_kick(world):
    """The kicked one is sent nothing more of that room and stays in the other;
    the others have a fresh key at once, and are told in this order."""
    s, a, b, c, den = trio(world)
    before = dict(b.rooms[den].epochs)
    n = len(c.events)
    assert code(a.act("kick", "bob", den, reason="noise")) == "done"
    b.until(lambda: b.has("left", room=den, code="kicked", by="alice", text="noise"))
    c.until(lambda: c.has("act", act="kick", by="alice", who="bob", reason="noise"))
    order = [e["event"] for e in c.events[n:] if e.get("room") == den]
    assert order == ["epoch", "kick", "act"]
    assert c.has("epoch", room=den, reason="kick")
    says(a, den, "secret")
    heard(c, den, "secret")
    a.say("to all")
    heard(b, b.room, "to all")
    assert not b.has("message", text="secret")
    after = c.rooms[den].epoch
    assert after not in before
    # what it had on its way when it did not know is dropped, not a breach
    assert code(b.request("room_list", after="")) == "done"
    b.say("still in the lobby")
    heard(a, a.room, "still in the lobby")


def test_kicked_with_bytes_queued(world):
    """One who does not read is kicked: what waits for it of that room is not
    sent. Counts the bytes that it gets."""
    s, a, b, c, den = trio(world, "--rate", "0", "--rate-bytes", "0")
    for i in range(56):
        says(a, den, "x" * 16000)
        c.pump()
    c.until(lambda: len([e for e in c.events if e["event"] == "message"]) == 56)
    before = b.got_bytes
    assert code(a.act("kick", "bob", den)) == "done"
    c.until(lambda: c.has("act", act="kick", who="bob"))
    a.say("end")
    b.until(lambda: b.has("message", text="end"))
    assert b.has("left", room=den, code="kicked")
    # What the kernel has taken, and the record that was being written, arrive.
    assert b.got_bytes - before < 56 * 16000 // 2
    n = next(i for i, e in enumerate(b.events) if e["event"] == "left")
    assert not [e for e in b.events[n + 1:] if e.get("room") == den]


def test_acting_without_the_right(world):
    s, a, b, c, den = trio(world)
    attic = make(b, "attic")
    assert code(c.act("kick", "bob", den)) == "denied"          # no role
    assert code(b.act("kick", "carol", den)) == "denied"        # another room's
    assert code(b.act("kick", "carol", 0)) == "denied"          # the server
    assert code(a.act("role", "bob", den, value="operator")) == "done"
    c.until(lambda: c.has("act", act="role", who="bob", value="operator"))
    assert code(b.act("role", "carol", den, value="owner")) == "denied"
    assert code(b.act("mute", "carol", den)) == "done"
    assert code(a.act("role", "bob", den, value="member")) == "done"
    assert code(b.act("unmute", "carol", den)) == "denied"      # lost it
    assert code(c.act("role", "carol", den, value="operator")) == "denied"
    assert code(a.act("invite", "carol", 0)) == "denied"
    assert code(c.act("kick", "alice", attic)) == "denied"


def test_a_ban(world):
    s, a, b, c, den = trio(world)
    assert code(a.act("ban", "bob", den, seconds=3600, reason="spam")) == "done"
    b.until(lambda: b.has("left", room=den, code="banned", by="alice"))
    c.until(lambda: c.has("act", act="ban", who="bob"))
    assert code(b.request("room_join", name="den")) == "banned"
    identity = b.identity
    b.bye()
    b.to_end()
    again = world.peer(s, "bobby", identity=identity)       # another name
    assert code(again.request("room_join", name="den")) == "banned"
    again.bye()
    again.to_end()
    assert code(a.act("unban", "bob", den)) == "done"
    back = world.peer(s, "bobby", identity=identity)
    assert code(back.request("room_join", name="den")) == "done"


def test_a_ban_ends_by_itself(world):
    s, a, b, c, den = trio(world)
    assert code(a.act("ban", "bob", den, seconds=1)) == "done"
    b.until(lambda: b.has("left", room=den))
    until(lambda: code(b.request("room_join", name="den")) == "done", 30)


def test_a_mute(world):
    """Told first, then a fresh key; what was on its way is not counted, and the
    same number is sealed again after the next word."""
    s, a, b, c, den = trio(world)
    assert code(a.act("mute", "bob", den)) == "done"
    b.until(lambda: b.has("epoch", room=den, reason="voice"))
    order = [e["event"] for e in b.events if e.get("room") == den and
             e["event"] in ("voice", "epoch", "act")]
    assert order[order.index("voice"):] [:2] == ["voice", "epoch"]
    assert not b.rooms[den].may_speak
    c.until(lambda: c.has("act", act="mute", who="bob", by="alice"))
    says(c, den, "others speak")
    heard(b, den, "others speak")
    assert code(a.act("unmute", "bob", den)) == "done"
    b.until(lambda: b.has("voice", may=True, room=den))
    same_epoch(den, a, b, c)
    b.until(lambda: len([e for e in b.events if e["event"] == "epoch" and
                         e["reason"] == "voice"]) == 2)
    says(b, den, "again")
    heard(c, den, "again")


def test_speaking_while_muted(world):
    s, a, b, c, den = trio(world)
    assert code(a.act("mute", "bob", den)) == "done"
    b.until(lambda: b.has("epoch", room=den, reason="voice"))
    says(b, den, "nevertheless")
    b.to_end()
    assert b.has("bye", code="protocol")
    a.until(lambda: a.has("leave", room=den, names=["bob"]))
    assert not a.has("message", text="nevertheless")


def test_what_was_on_its_way_when_muted(world):
    s, a, b, c, den = trio(world)
    assert code(a.act("mute", "bob", den)) == "done"
    c.until(lambda: c.has("act", act="mute", who="bob"))
    says(b, den, "too late")    # b has not read of it: dropped, not counted
    b.until(lambda: b.has("epoch", room=den, reason="voice"))
    assert code(b.request("room_list", after="")) == "done"
    assert code(a.act("unmute", "bob", den)) == "done"
    b.until(lambda: not b.rooms[den].unacked)   # resealed with the same seq
    heard(c, den, "too late")
    assert [e["seq"] for e in c.events if e.get("text") == "too late"] == [1]
    assert not [e for e in b.events if e["event"] == "bye"]


def test_a_mute_ends_by_itself(world):
    s, a, b, c, den = trio(world)
    assert code(a.act("mute", "bob", den, seconds=1)) == "done"
    b.until(lambda: b.has("voice", room=den, may=False))
    assert next(e for e in b.events if e["event"] == "voice")["until"] > 0
    b.until(lambda: b.has("voice", room=den, may=True))


def test_only_operators_speak(world):
    s, a, b, c, den = trio(world)
    assert code(a.request("room_set", room=den,
                          settings={"voice": "operators"})) == "done"
    for p in (b, c):
        p.until(lambda: p.has("epoch", room=den, reason="voice"))
        assert not p.rooms[den].may_speak
    assert a.rooms[den].may_speak
    same_epoch(den, a, b, c)
    says(a, den, "a lecture")
    heard(c, den, "a lecture")
    assert code(a.act("role", "bob", den, value="operator")) == "done"
    b.until(lambda: b.rooms[den].may_speak)
    d = world.peer(s, "dave")           # comes later, and is told as well
    enter(d, "den")
    d.until(lambda: d.has("voice", may=False, room=den))
    assert {u["name"]: u["mute"] for u in d.rooms[den].users.values()} == {
        "alice": False, "bob": False, "carol": True, "dave": True}
    assert {u["name"]: u["role"] for u in d.rooms[den].users.values()} == {
        "alice": "operator", "bob": "operator", "carol": "member",
        "dave": "member"}


def test_kicking_oneself_is_answered(world):
    s, a, b, c, den = trio(world)
    assert code(a.act("kick", "alice", den)) == "done"
    a.until(lambda: a.has("left", room=den, code="kicked"))


def test_out_of_every_room_and_still_connected(world):
    s, a, b, c, den = trio(world)
    assert code(b.request("room_leave", room=b.room)) == "done"
    assert code(a.act("kick", "bob", den)) == "done"
    b.until(lambda: b.has("left", room=den))
    d = world.peer(s)           # its name is still its own
    d.handshake(PASSWORD, "bob")
    d.to_end()
    assert d.has("bye", code="name_taken")
    assert code(b.request("room_join", name="lobby")) == "done"
