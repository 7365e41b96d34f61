"""Accounts, devices, own passwords and invites against the real server, by the
independent client: the table of PROTOCOL.md section 5c, what outlasts a restart,
and who may not."""

import os
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave1 import G, ORDER, Closed, Refused, b64, encode, mul, raw, stretch
from harness import PASSWORD, until

OWN = {"name": "scrypt", "n": 65536, "r": 8, "p": 1}


def key():
    return Ed25519PrivateKey.generate()


def comes(world, s, name, password=PASSWORD, **more):
    """The connection, or the code of the refusal."""
    p = world.peer(s)
    try:
        return p.join(password, name, **more)
    except Refused as e:
        return e.code
    except Closed:
        return said(p)


def said(p):
    """The code of the bye with which the server ended it."""
    if not p.closed:
        p.to_end()
    return [e["code"] for e in p.events if e["event"] == "bye"][-1]


def record(name, password, **more):
    salt = os.urandom(32)
    w0, w1 = stretch(password.encode(), name.lower().encode(), b"conclave/1", salt, OWN)
    return {"salt": b64(salt), "kdf": OWN, "w0": b64(w0.to_bytes(32, "big")),
            "l": b64(encode(mul(w1, G))), **more}


def code(a):
    return a.get("code", "done")


def serve(world, *args, ephemeral=True):
    return world.server(*args, ephemeral=ephemeral, control=True)


def operator(world, s, name="ann", **more):
    p = world.peer(s, name, **more)
    assert s.owner(do="role", who=name, role="operator")[-1]["type"] == "done"
    p.until(lambda: p.role == "operator")
    return p


def test_a_name_is_its_accounts(world):
    """Beside each other: another device of the same identity, and another start of
    the client. A name is somebody's for good, whatever its case; the same
    instance again takes the place of the one before."""
    s = serve(world)
    me = key()
    a = world.peer(s, "Alice", identity=me)
    assert (a.known_as, a.has_password) == ("Alice", False)
    b = comes(world, s, "alice", identity=me)
    assert b.known_as == "Alice"
    a.until(lambda: len(a.users) == 2)
    assert comes(world, s, "ALICE") == "name_taken"
    again = world.peer(s)
    again.instance = a.instance
    again.join(PASSWORD, "Alice", identity=me)
    assert said(a) == "replaced"
    b.until(lambda: sum(e["event"] == "join" for e in b.events) == 1)
    b.say("still here")
    again.until(lambda: "still here" in again.texts())
    again.bye()
    again.to_end()
    b.bye()
    b.to_end()
    assert comes(world, s, "alice") == "name_taken"


def test_a_password_of_ones_own(world):
    """It lets a new device in, which the others are told; the gate's does not.
    A wrong one and that of nobody are refused alike."""
    s = serve(world)
    me, phone = key(), key()
    a = world.peer(s, "Alice", identity=me)
    b = world.peer(s, "bob")
    assert code(a.request("account_password", **record("Alice", "my own"))) == "done"
    a.until(lambda: a.has_password)
    assert comes(world, s, "Alice", identity=phone) == "name_taken"
    assert comes(world, s, "Alice", "wrong", account="alice", identity=phone) == "bad_password"
    assert comes(world, s, "Alice", "my own", account="nobody", identity=phone) == "bad_password"
    assert comes(world, s, "bob", "my own", account="alice", identity=phone) == "bad_name"
    p = comes(world, s, "Alice", "my own", account="alice", identity=phone)
    assert p.has_password
    seen = raw(phone.public_key())
    for q in (a, b):
        q.until(lambda q=q: q.has("device", who="Alice", identity=b64(seen)))
    a.until(lambda: a.devices == [seen])
    devices = p.request("account_devices")["devices"]
    assert sorted(d["identity"] for d in devices) == sorted(
        b64(raw(k.public_key())) for k in (me, phone))
    assert all(d["here"] and d["first"] > 0 for d in devices)
    # It is a device now, also by the gate; and is taken away again.
    assert code(p.request("account_forget", identity=b64(seen))) == "bad_value"
    assert code(a.request("account_forget", identity=b64(raw(b.identity.public_key())))) == \
        "bad_value"
    assert code(a.request("account_forget", identity=b64(seen))) == "done"
    assert said(p) == "kicked"
    assert comes(world, s, "Alice", identity=phone) == "name_taken"
    # Without one of its own the word is nobody's again.
    assert code(a.request("account_password")) == "done"
    assert comes(world, s, "Alice", "my own", account="alice", identity=phone) == "bad_password"


def test_a_device_that_was_away_is_told_once(world):
    """When it comes next, with the key and since when; also after a restart. One
    that was there is told at once, and not again."""
    s = serve(world, ephemeral=False)
    me, phone, tablet = key(), key(), key()

    def visit(identity, **more):
        p = comes(world, s, "ann", identity=identity, **more)
        p.say("hello")      # what is told to it comes before the ack
        p.until(lambda: not p.unacked)
        return p

    def leave(*peers):
        for p in peers:
            p.bye()
            p.to_end()
        time.sleep(1.1)     # the server counts seconds

    a = visit(me)
    assert code(a.request("account_password", **record("ann", "her own"))) == "done"
    leave(a)
    p = visit(phone, password="her own", account="ann")
    assert p.devices == []
    a = visit(me)
    assert a.devices == [raw(phone.public_key())]
    leave(a, p)
    assert s.stop() == 0
    s = serve(world, ephemeral=False)
    a, p = visit(me), visit(phone)
    assert (a.devices, p.devices) == ([], [])
    leave(p)
    t = visit(tablet, password="her own", account="ann")
    a.until(lambda: a.devices == [raw(tablet.public_key())])
    leave(a, t)
    a, p, t = visit(me), visit(phone), visit(tablet)
    assert (a.devices, p.devices, t.devices) == ([], [raw(tablet.public_key())], [])
    for q in (a, p, t):
        leave(q)


def test_what_is_no_record_of_a_password(world):
    s = serve(world)
    a = world.peer(s, "alice")
    good = record("alice", "x")
    point = mul(12345, G)
    compressed = bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big") + bytes(32)
    for bent in ({"l": b64(bytes(65))}, {"l": b64(compressed)},
                 {"l": b64(encode(point)[:-1] + bytes([encode(point)[-1] ^ 1]))},
                 {"w0": b64(bytes(32))}, {"w0": b64(ORDER.to_bytes(32, "big"))},
                 {"w0": b64(b"\xff" * 32)}, {"kdf": {**OWN, "n": 16384}}):
        assert code(a.request("account_password", **{**good, **bent})) == "bad_value"
    assert not a.has_password
    assert code(a.request("account_password", **good)) == "done"


def test_an_invite_is_used_up(world):
    """It makes an account with its role, by an id that lets nobody in afterwards;
    its devices then come by the gate."""
    s = serve(world, "--registration", "invite")
    assert comes(world, s, "stranger") == "no_account"
    v = s.owner(do="invite", uses=1, role="operator")[0]
    at, secret = v["invite"].rsplit(",i=", 1)[1].split(".")
    assert at == v["id"]
    me = key()
    a = comes(world, s, "ann", secret, account="+" + at, identity=me)
    a.until(lambda: a.role == "operator")
    assert comes(world, s, "second", secret, account="+" + at) == "bad_password"
    assert comes(world, s, "ann", identity=me).known_as == "ann"
    # Two at once with one use: both prove it, one is let in.
    made = a.request("invite_new", uses=1, seconds=3600)
    both = [world.peer(s) for _ in range(2)]
    for p in both:
        p.hello(account="+" + made["id"])
        p.share(made["secret"])
        p.confirm()
    got = []
    for n, p in enumerate(both):
        p.finish(p.make_card("twin%d" % n, "", key()))
        try:
            p.until(lambda: p.joined)
            got.append("in")
        except Closed:
            got.append(said(p))
    assert sorted(got) == ["in", "no_account"]


def test_who_may_invite(world):
    s = serve(world)
    a = operator(world, s)
    m = world.peer(s, "mia")
    assert code(m.request("invite_new", uses=1)) == "denied"
    assert code(a.request("invite_new", uses=1, role="owner")) == "denied"
    assert code(a.request("invite_new", uses=1, room=99)) == "no_room"
    assert code(a.request("invite_new", uses=1001)) == "bad_value"
    made = [a.request("invite_new", uses=2) for _ in range(3)]
    listed = a.request("invite_list", after="")
    assert [v["id"] for v in listed["invites"]] == sorted(v["id"] for v in made)
    assert listed["total"] == 3 and listed["invites"][0]["by"] == "ann"
    assert m.request("invite_list", after="")["invites"] == []
    assert code(m.request("invite_revoke", id=made[0]["id"])) == "bad_value"
    assert code(a.request("invite_revoke", id=made[0]["id"])) == "done"
    assert comes(world, s, "late", made[0]["secret"], account="+" + made[0]["id"]) == "bad_password"
    assert len(s.owner(do="invites")) == 3
    assert s.owner(do="revoke", id=made[1]["id"])[-1]["type"] == "done"
    assert a.request("invite_list", after="")["total"] == 1


def test_an_invite_to_a_room(world):
    s = serve(world)
    a = operator(world, s)
    den = a.request("room_new", name="den", settings={"entry": "invited", "listed": False})
    v = a.request("invite_new", uses=1, room=den["room"])
    assert comes(world, s, "bob", room="den") == "no_room"
    b = comes(world, s, "bob", v["secret"], account="+" + v["id"], room="den")
    assert b.room == den["room"]


def test_a_forgotten_password(world):
    """The owner's invite is for that account alone, lets one new device in, and
    ends the old password. forget removes an account."""
    s = serve(world)
    a = world.peer(s, "alice")
    a.request("account_password", **record("alice", "forgotten"))
    v = s.owner(do="recover", who="alice")[0]
    at, secret = v["invite"].rsplit(",i=", 1)[1].split(".")
    assert comes(world, s, "alice", "forgotten", account="alice") == "bad_password"
    assert comes(world, s, "mallory", secret, account="+" + at) == "name_taken"
    me = key()
    back = comes(world, s, "alice", secret, account="+" + at, identity=me)
    assert not isinstance(back, str), (back, s.err[-6:])
    assert back.known_as == "alice" and not back.has_password
    assert comes(world, s, "alice", secret, account="+" + at) == "bad_password"
    rows = s.owner(do="accounts")[:-1]
    assert [(r["name"], len(r["devices"])) for r in rows] == [("alice", 2)]
    assert s.owner(do="forget", who="alice")[-1]["type"] == "done"
    assert said(a) == "kicked"
    assert comes(world, s, "alice").known_as == "alice"


def test_a_ban_is_for_all_devices(world):
    """Somebody banned does not come back under another name with the same key."""
    s = serve(world)
    me = key()
    a = world.peer(s, "alice", identity=me)
    s.owner(do="ban", who="alice")
    assert said(a) == "banned"
    assert comes(world, s, "alice", identity=me) == "banned"
    assert comes(world, s, "other", identity=me) == "banned"
    assert comes(world, s, "other").known_as == "other"


def test_accounts_outlast_the_server(world):
    """Names, devices, passwords and invites, and the salts of those that are not."""
    s = serve(world, ephemeral=False)
    me = key()
    a = operator(world, s, "Ann", identity=me)
    a.request("account_password", **record("Ann", "my own"))
    v = a.request("invite_new", uses=2)

    def salts():
        got = []
        for word in ("ann", "nobody", "+" + v["id"], "+aaaaaaaa"):
            p = world.peer(s)
            p.hello(account=word)
            got.append((p.salt, p.kdf["n"]))
            p.close()
        return got
    before = salts()
    assert [n for _, n in before] == [65536, 65536, 16384, 16384]
    assert s.stop() == 0
    s = serve(world, ephemeral=False)
    assert salts() == before
    assert comes(world, s, "ann") == "name_taken"
    p = comes(world, s, "ann", "my own", account="ann")
    assert p.known_as == "Ann" and p.role == "operator"
    assert comes(world, s, "eve", v["secret"], account="+" + v["id"]).known_as == "eve"
    assert p.request("invite_list", after="")["invites"][0]["left"] == 1
    until(lambda: len(p.request("account_devices")["devices"]) == 2)


def test_no_more_than_the_limits(world):
    s = serve(world, "--accounts", "2", "--registration", "open")
    me = key()
    assert comes(world, s, "one", identity=me).known_as == "one"
    assert comes(world, s, "two").known_as == "two"
    assert comes(world, s, "three") == "full"
    for _ in range(7):
        assert comes(world, s, "one", identity=me).known_as == "one"
    assert comes(world, s, "one", identity=me) == "full"
    closed = serve(world, "--registration", "closed")
    assert "new people: none (--registration closed)" in closed.out
    assert comes(world, closed, "one") == "no_account"
