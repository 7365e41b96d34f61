"""What outlasts the server, against the real one by the independent client: rooms,
roles, bans and memberships after a stop and after kill -9; the log of a room with a
history, each entry opened, its signature and the chain checked; and what somebody may
not read."""

import json
import os
import signal
import sqlite3

from conclave1 import HISTORY, b64, ed25519
from harness import Proxy
from test_rooms import code, heard, make, same_epoch, says
from test_rooms import enter as enters

KEPT = {"history": "members"}


def lasting(world, *args):
    return world.server(*args, ephemeral=False)


def enter(p, room, *others):
    """p enters; then it and the others have the newest key."""
    number = enters(p, room)
    for q in (p, *others):
        q.until(lambda: len(q.rooms[number].users) == len(p.rooms[number].users))
    same_epoch(number, p, *others)
    return number


def killed(s):
    """The relay is killed; its keeper writes what it has, and ends."""
    s.signal(signal.SIGKILL)
    s.wait()


def people(*names):
    return {n: ed25519.Ed25519PrivateKey.generate() for n in names}


def comes(world, s, ids, name, room=None):
    p = world.peer(s, name, identity=ids[name])
    return (p, enter(p, room)) if room else p


def all_of(p, room, after=0):
    """Reads all that p may read there, batch by batch."""
    got = []
    while True:
        b = p.history(room, after=after)
        assert not isinstance(b, str), b
        if b.first == 0:
            return got
        got += b.entries
        after = b.last


def texts(entries):
    return [e["content"]["text"] for e in entries
            if not e["mark"] and e["content"]["type"] == "message"]


def opens(entries):
    return [e for e in entries if not e["mark"]]


# --- rooms and rights ----------------------------------------------------------


def test_rooms_roles_and_bans_are_there_again(world):
    ids = people("alice", "bob", "carol")
    s = lasting(world)
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    den = make(a, "den", topic="of bears", settings={"entry": "invited"})
    c = comes(world, s, ids, "carol")
    assert code(a.act("ban", "bob", den)) == "done"
    assert code(a.act("invite", "carol", den)) == "done"
    assert code(a.act("role", "carol", den, value="operator")) == "done"
    assert s.stop() == 0
    s = lasting(world)
    a, b, c = (comes(world, s, ids, n) for n in ("alice", "bob", "carol"))
    assert enter(a, "den") == den
    assert a.rooms[den].topic == "of bears"
    assert a.rooms[den].settings["entry"] == "invited"
    assert code(b.request("room_join", name="den")) in ("banned", "no_room")
    enter(c, "den")
    assert code(c.request("room_set", room=den, topic="carol's")) == "done"
    assert code(a.act("unban", "bob", den)) == "done"
    assert code(a.act("invite", "bob", den)) == "done"
    enter(b, "den")
    # The lobby is still where those go who name no room.
    assert a.first.room_name == "lobby"


def test_answered_is_kept(world):
    """A room that was made, a topic that was set: whatever was answered is there
    after kill -9."""
    ids = people("alice")
    rooms, made, topic = {}, 0, {}
    for turn in range(4):
        s = lasting(world)
        a = comes(world, s, ids, "alice")
        for name, number in rooms.items():
            assert enter(a, name) == number
            assert a.rooms[number].topic == topic[name]
        for _ in range(3):
            name = "room-%d" % made
            made += 1
            answer = a.request("room_new", name=name, topic="one")
            assert answer["type"] == "done"
            rooms[name], topic[name] = answer["room"], "one"
        last = enter(a, name)
        assert code(a.request("room_set", room=last, topic="two")) == "done"
        topic[name] = "two"
        a.ask("room_new", name="unanswered-%d" % turn)
        killed(s)
    assert len(set(rooms.values())) == made


def test_a_server_without_a_store_has_no_history(world):
    s = world.server()
    a = world.peer(s, "alice")
    assert code(a.request("room_new", name="den", settings=KEPT)) == "unavailable"


# --- the log ---------------------------------------------------------------------


def test_what_was_said_while_away(world):
    ids = people("alice", "bob")
    s = lasting(world)
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    den = make(a, "den", settings=KEPT)
    enter(b, "den", a)
    assert b.rooms[den].since is None
    for i in range(20):
        says(a if i % 2 else b, den, "live %d" % i)
    heard(a, den, "live 18")
    heard(b, den, "live 19")
    knows = b.rooms[den].offset
    chains = dict(b.rooms[den].chains)
    b.close()
    a.until(lambda: len(a.rooms[den].users) == 1)
    for i in range(5):
        says(a, den, "missed %d" % i)
    a.until(lambda: not a.rooms[den].unacked)
    killed(s)
    s = lasting(world)
    a = comes(world, s, ids, "alice")
    assert enter(a, "den") == den
    says(a, den, "after the restart")
    a.until(lambda: not a.rooms[den].unacked)
    b = comes(world, s, ids, "bob")
    assert enter(b, "den") == den
    r = b.rooms[den]
    assert r.since is not None and r.since <= knows
    r.chains.update(chains)     # what bob knew: a Batch compares
    got = all_of(b, den, after=knows)
    assert texts(got) == ["missed %d" % i for i in range(5)] + ["after the restart"]
    # All of it, back from the newest, in small steps.
    back, before = [], r.offset + 1
    while True:
        p = b.history(den, before=before, count=7)
        if p.first == 0:
            break
        back = p.entries + back
        before = p.first
        assert p.oldest <= p.first
    assert [e["offset"] for e in back] == list(range(r.since + 1, r.offset + 1))
    assert sorted(texts(back)[:20]) == sorted("live %d" % i for i in range(20))
    assert texts(back)[20:] == texts(got)


def test_newcomers_get_nothing_earlier(world):
    ids = people("alice", "bob", "carol")
    s = lasting(world)
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    den = make(a, "den", settings=KEPT)
    enter(b, "den", a)
    for i in range(6):
        says(a, den, "secret %d" % i)
    a.until(lambda: not a.rooms[den].unacked)
    heard(b, den, "secret 5")
    earlier = [e["body"] for e in all_of(b, den) if not e["mark"]]
    assert len(earlier) >= 6
    c = comes(world, s, ids, "carol")
    enter(c, "den", a, b)
    came = c.rooms[den].offset
    assert c.rooms[den].since is None
    says(a, den, "with carol")
    heard(c, den, "with carol")
    got = all_of(c, den) + all_of(c, den, after=2)
    assert all(e["offset"] > came for e in got)
    assert texts(got) == ["with carol"] * 2
    for b4 in (came + 1, 3, 1):
        assert c.history(den, before=b4).first == 0
    seen = b"".join(body for _, body in c.frames)
    assert not any(body[28:] in seen for body in earlier)
    # Nor after a restart, when it is a member already.
    assert s.stop() == 0
    s = lasting(world)
    c = comes(world, s, ids, "carol")
    enter(c, "den")
    got = all_of(c, den)
    assert texts(got) == ["with carol"]
    seen = b"".join(body for _, body in c.frames)
    assert not any(body[28:] in seen for body in earlier)


def holds(data, *secrets):
    """Whether one of these is among the bytes, as it is, in base64 or in hex."""
    forms = [f for s in secrets for f in (s, b64(s).encode(), s.hex().encode())]
    return any(f in data for f in forms)


def test_the_default_shows_newcomers_nothing_earlier(world):
    """The first room and a new one, as the server makes them: of all bytes that a
    newcomer got, on the wire and decrypted, none is of what was said before, or of a
    key that opens it."""
    ids = people("alice", "bob", "carol")
    s = lasting(world, "--rekey-interval", "1s")
    assert any(line == "history: new rooms keep what is said for 7 days, at most 100000 "
               "entries, for their members" for line in s.out)
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    den = make(a, "den")
    enter(b, "den", a)
    rooms = (a.room, den)
    for room in rooms:
        kept = a.rooms[room].settings
        assert (kept["history"], kept["keep_days"], kept["keep_count"]) == (
            "members", 7, 100000)
    for i in range(3):      # in epochs with secrets of their own
        epochs = {room: b.rooms[room].epoch for room in rooms}
        for room in rooms:
            says(a, room, "earlier %d" % i)
        for room in rooms:
            a.until(lambda: not a.rooms[room].unacked)
            heard(b, room, "earlier %d" % i)
            b.until(lambda: b.rooms[room].epoch > epochs[room])
    earlier = {room: [e["body"] for e in opens(all_of(b, room))] for room in rooms}
    bases = {room: {e: p.base for batch in b.batches.values() if batch.room.room == room
                    for run in batch.epochs for e, p in run.items()} for room in rooms}
    door = Proxy(s)
    c = world.peer(("127.0.0.1", door.port), "carol", identity=ids["carol"])
    enter(c, "den", a, b)
    for room in rooms:
        says(a, room, "with carol")
        a.until(lambda: not a.rooms[room].unacked)
        heard(c, room, "with carol")
        assert texts(all_of(c, room)) == ["with carol"]
        assert all_of(c, room, after=1) and c.history(room, before=2).first == 0
    read = [e["content"] for batch in c.batches.values() for e in batch.entries
            if not e["mark"]]
    got = [bytes(door.passed[1]), b"".join(c.controls), json.dumps(read).encode(),
           json.dumps(c.events).encode()]
    door.close()
    assert got[0] and b'"base"' in got[1] and b"with carol" in got[2] + got[3]
    for room in rooms:
        first = min(c.rooms[room].epochs)
        old = [base for epoch, base in bases[room].items() if epoch < first]
        assert len(old) >= 3 and len(earlier[room]) >= 3
        for data in got:
            assert not holds(data, *old)
            assert not holds(data, *(body[28:] for body in earlier[room]))
            assert b"earlier" not in data
        for base in old:    # and what carol has makes none of them
            assert base not in {p.base for p in c.rooms[room].epochs.values()}


def test_what_the_owner_says(world):
    """The server's options for new rooms; rooms that exist keep what they are set to."""
    ids = people("alice", "bob")
    s = lasting(world)
    a = comes(world, s, ids, "alice")
    den = make(a, "den")
    assert s.stop() == 0
    s = lasting(world, "--history", "none", "--keep-days", "2", "--max-keep-days", "5")
    assert "history: new rooms keep nothing of what is said" in s.out
    a = comes(world, s, ids, "alice")
    assert a.first.settings["history"] == "members"
    assert enter(a, "den") == den
    assert a.rooms[den].settings["keep_days"] == 7
    attic = make(a, "attic")
    assert a.rooms[attic].settings["history"] == "none"
    for settings in ({"keep_days": 6}, {"keep_days": 0}, {"keep_count": 0}):
        wants = {"history": "members", **settings}
        assert code(a.request("room_new", name="loft", settings=wants)) == "bad_value"
        answer = a.request("room_set", room=attic, settings=wants)
        assert answer["code"] == "bad_value"
        assert answer["text"] == ("this server keeps at most 5 days and 1000000 entries "
                                  "of a room")
    assert code(a.request("room_set", room=attic, settings=KEPT)) == "done"
    says(a, attic, "kept")
    a.until(lambda: not a.rooms[attic].unacked)
    assert texts(all_of(a, attic)) == ["kept"]


def test_a_history_for_all(world):
    ids = people("alice", "bob")
    s = lasting(world)
    a = comes(world, s, ids, "alice")
    den = make(a, "den", settings={"history": "all"})
    for i in range(3):
        says(a, den, "early %d" % i)
    a.until(lambda: not a.rooms[den].unacked)
    b = comes(world, s, ids, "bob")
    enter(b, "den")
    assert b.rooms[den].since == 0
    assert texts(all_of(b, den)) == ["early 0", "early 1", "early 2"]
    # From now on only what each was there for; bob is a member since he came.
    assert code(a.request("room_set", room=den, settings=KEPT)) == "done"
    assert texts(all_of(b, den)) == []


def test_membership_ends(world):
    ids = people("alice", "bob")
    s = lasting(world)
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    den = make(a, "den", settings=KEPT)
    enter(b, "den", a)
    for put_out in (True, False):
        text = "before the kick" if put_out else "before leaving"
        says(a, den, text)
        heard(b, den, text)
        assert texts(all_of(b, den)) == [text]
        if put_out:
            assert code(a.act("kick", "bob", den)) == "done"
            b.until(lambda: den not in b.rooms)
        else:
            assert code(b.request("room_leave", room=den)) == "done"
        assert b.history(den, after=0) == "no_room"
        a.until(lambda: len(a.rooms[den].users) == 1)
        enter(b, "den", a)
        assert b.rooms[den].since is None
        assert texts(all_of(b, den)) == []


def test_on_and_off(world):
    """The history begins when it is switched on; switched off, all is destroyed."""
    ids = people("alice", "bob")
    s = lasting(world)
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    den = make(a, "den", settings={"history": "none"})
    enter(b, "den", a)
    assert b.history(den, after=0) == "unavailable"
    says(a, den, "before")
    heard(b, den, "before")
    assert code(a.request("room_set", room=den, settings=KEPT)) == "done"
    says(a, den, "kept")
    heard(b, den, "kept")
    assert texts(all_of(b, den)) == ["kept"]
    bodies = [e["body"][28:] for e in opens(all_of(b, den))]
    assert code(a.request("room_set", room=den, settings={"history": "none"})) == "done"
    assert b.history(den, after=0) == "unavailable"
    says(a, den, "forgotten")
    heard(b, den, "forgotten")
    assert s.stop() == 0
    db = os.path.join(str(world.tmp / "server"), "state", "conclave.db")
    with open(db, "rb") as f:
        data = f.read()
    assert not any(body in data for body in bodies)
    left = sqlite3.connect(db).execute("SELECT count(*) FROM segment WHERE room = ?", (den,))
    assert left.fetchone() == (0,)


def test_purge(world):
    ids = people("alice", "bob", "carol")
    s = lasting(world)
    a, b, c = (comes(world, s, ids, n) for n in ("alice", "bob", "carol"))
    den = make(a, "den", settings=KEPT)
    enter(b, "den", a)
    enter(c, "den", a, b)
    for text in ("first", "second", "third"):
        says(b, den, text)
        heard(c, den, text)
    place = {e["content"]["text"]: e for e in opens(all_of(b, den))
             if e["content"]["type"] == "message"}
    at = {t: e["offset"] for t, e in place.items()}
    assert code(c.request("purge", room=den, offset=at["first"])) == "denied"
    assert code(b.request("purge", room=den, offset=99999)) == "bad_value"
    assert code(b.request("purge", room=den, offset=at["first"])) == "done"
    assert code(a.request("purge", room=den, offset=at["second"])) == "done"
    assert code(a.request("purge", room=den, offset=at["second"])) == "bad_value"
    got = all_of(c, den)
    assert texts(got) == ["third"]
    assert [e["offset"] for e in got if e["mark"]] == [at["first"], at["second"]]
    notices = [e["content"] for e in opens(got)
               if e["content"].get("event") == "purge"]
    assert [(n["by"], n["offset"]) for n in notices] == [
        ("bob", at["first"]), ("alice", at["second"])]


def test_a_long_history_and_chat(world):
    """Batches of 500 at most; who reads them hears what is said meanwhile."""
    ids = people("alice", "bob")
    s = lasting(world, "--rate", "0")
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    den = make(a, "den", settings=KEPT)
    enter(b, "den", a)
    for i in range(1100):
        says(a, den, "n %d " % i + "x" * 1500)
        if i % 50 == 49:
            a.until(lambda: not a.rooms[den].unacked)
            b.pump()
    heard(b, den, "n 1099 " + "x" * 1500)
    b.frames.clear()
    req = [b.ask("history", room=den, after=n, count=500) for n in (0, 400, 800)]
    says(a, den, "meanwhile")
    for n in req:
        assert b.answer(n)["type"] == "done"
    heard(b, den, "meanwhile")
    kinds = [k for k, _ in b.frames]
    assert kinds.count(HISTORY) == sum(len(b.batches[n].entries) for n in req)
    for n in req:
        p = b.batches[n]
        assert p.over() and 0 < len(p.entries) <= 500
        assert sum(len(e["body"]) for e in p.entries if not e["mark"]) <= 1 << 20
    got = all_of(b, den)
    assert texts(got) == ["n %d " % i + "x" * 1500 for i in range(1100)] + ["meanwhile"]
