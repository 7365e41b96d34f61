"""Personal invites and own passwords with the real programs: the owner's commands
about accounts, coming in by an invite, coming back, other devices, and a password
that was forgotten."""

import os
import re
import time

from harness import PASSWORD, together, until
from test_client import Terminal
from test_conclavectl import ctl, rows, serve


def invite(world, *args):
    """What the owner gives to somebody: the invite, and its id."""
    r = ctl(world, "invite", *args)
    assert r.returncode == 0, r
    uri = r.stdout.strip()
    return uri, re.search(r",i=([a-z2-7]{8})\.[\w-]{22}$", uri)[1]


def comes(world, where, name, *args, password=None, **more):
    """A client that may not ask; its own password is in a file."""
    if password is not None:
        path = world.tmp / (more.get("home", name) + ".password")
        path.write_text(password + "\n")
        args += ("--password-file", str(path))
    return world.client(where, name, "--no-reconnect", *args, password=None, **more)


def own_password_is_set(c):
    """What the server answers; the record takes a moment."""
    return c.see("done", **{"for": "password"})


def refused(c):
    """Why the server did not let it in, or ended it."""
    assert c.wait() == 4, c.out
    return c.see("closed")["reason"]


def plain_invite(s):
    """The server's own, which is nothing personal."""
    assert ",i=" not in s.invite
    return s.invite


def round_trips(a, b, n, what):
    """Seconds until the last of n messages, each said when the one before has come."""
    begun = time.monotonic()
    for i in range(n):
        a.do(do="say", text="%s %d" % (what, i))
        b.see("message", text="%s %d" % (what, i))
    return time.monotonic() - begun


def key_of(c):
    return next(u["identity"] for u in c.see("connected")["users"] if u["self"])


def test_owner_makes_and_takes_back_invites(world):
    s = serve(world)
    uri, at = invite(world, "--uses", "2", "--for", "1h", "--role", "operator", "lobby")
    assert uri.startswith(s.invite + ",i=")
    one = rows(world, "invite", "--room", "lobby", "--uses", "1")[0]
    assert one["type"] == "invite" and one["invite"].endswith(one["invite"].split(",i=")[1])
    assert one["id"] == re.search(r",i=(\w+)", one["invite"])[1]
    got = {x["id"]: x for x in rows(world, "invites")}
    assert set(got) == {at, one["id"]}
    assert (got[at]["uses"], got[at]["left"], got[at]["role"], got[at]["room"]) == \
        (2, 2, "operator", "lobby")
    assert got[at]["until"] > 0 and got[one["id"]]["until"] == 0
    table = ctl(world, "invites").stdout
    assert re.search(r"^%s +(59m \d+s|1h 0m) +2 of 2 +operator +lobby +server$" % at, table, re.M), table
    assert re.search(r"^%s +always +1 of 1 +member +" % one["id"], table, re.M), table
    assert ctl(world, "revoke", at).returncode == 0
    r = ctl(world, "revoke", at)
    assert r.returncode == 1 and "no such invite" in r.stderr and r.stderr.count("\n") == 1
    assert [x["id"] for x in rows(world, "invites")] == [one["id"]]
    c = comes(world, uri, "late")
    assert c.wait() == 4
    for args, says in ((["invite", "--uses", "0"], "1 to 1000"),
                       (["invite", "--role", "king"], "owner, operator"),
                       (["invite", "lobby", "--room", "lobby"], "twice"),
                       (["password", "--for", "1h"], "account"),
                       (["revoke"], "argument is missing")):
        r = ctl(world, *args)
        assert r.returncode == 2 and says in r.stderr and r.stderr.count("\n") == 1, r
    for args, says in ((["invite", "nowhere", "--uses", "2"], "no such room"),
                       (["revoke", "short"], "not that of an invite"),
                       (["password", "nobody.here"], "no account of this name"),
                       (["accounts", "nobody.here"], "no account of this name"),
                       (["forget", "nobody.here"], "no account of this name")):
        r = ctl(world, *args)
        assert r.returncode == 1 and says in r.stderr and r.stderr.count("\n") == 1, r
    acts = [(x["act"], x.get("text")) for x in rows(world, "audit")][1:]
    assert acts == [("invite_new", at), ("invite_new", one["id"]), ("invite_revoke", at)]


def test_owner_sees_and_forgets_accounts(world):
    s = serve(world)
    a = world.client(s, "Alice", "--no-reconnect")
    a.joined()
    b = world.client(s, "bob", "--no-reconnect")
    b.joined()
    r = world.client(s, "ALICE", "--no-reconnect", home="other")
    assert refused(r) == "name_taken"
    got = rows(world, "accounts")
    assert [(x["type"], x["name"], x["role"], x["password"], len(x["devices"])) for x in got] == \
        [("account", "Alice", "member", False, 1), ("account", "bob", "member", False, 1)]
    d = got[0]["devices"][0]
    assert d["fingerprint"] == key_of(a) and d["here"] and d["first"] > 0
    table = ctl(world, "accounts").stdout.splitlines()
    assert table[0].split() == ["NAME", "ROLE", "PASSWORD", "DEVICES", "SEEN", "MADE"]
    assert re.match(r"Alice +member +1 +now +\d+s ago$", table[1])
    assert rows(world, "accounts", "alice") == got[:1]
    table = ctl(world, "accounts", "alice").stdout.splitlines()
    assert re.match(key_of(a) + r" +now +\d+s ago$", table[1]) and len(table) == 2
    # A device, by the beginning of its fingerprint.
    r = ctl(world, "forget", "Alice", key_of(b)[:12])
    assert r.returncode == 1 and "no such device" in r.stderr
    r = ctl(world, "forget", "Alice", "no/fingerprint")
    assert r.returncode == 1 and "fingerprint" in r.stderr
    assert ctl(world, "forget", "bob", key_of(b)[:12]).returncode == 0
    assert b.wait() == 4
    assert rows(world, "accounts", "bob")[0]["devices"] == []
    # The whole: its connections end, and the name is free.
    assert ctl(world, "forget", "alice").returncode == 0
    assert refused(a) == "kicked"
    r = world.client(s, "ALICE", "--no-reconnect", home="other")
    r.joined()
    assert [x["name"] for x in rows(world, "accounts")] == ["ALICE", "bob"]
    acts = [(x["act"], x.get("who"), x.get("text")) for x in rows(world, "audit")][1:]
    assert acts == [("forget_device", "bob", key_of(b)), ("forget", "Alice", None)]


def test_in_by_an_invite_and_back_by_ones_own_password(world):
    s = serve(world, "--registration", "invite")
    assert ("new people: only with an invite of their own, which conclavectl invite --uses 1 "
            "makes") in s.out
    assert world.client(s, "eve", "--no-reconnect").wait() == 4
    uri, at = invite(world, "--uses", "2", "--role", "operator")
    a = comes(world, uri, "ann", password="ann's own words")
    a.joined()
    own_password_is_set(a)
    assert rows(world, "accounts")[0]["role"] == "operator"
    assert rows(world, "accounts")[0]["password"] is True
    wrong = uri[:-4] + ("a" if uri[-4] != "a" else "b") + uri[-3:]
    w = comes(world, wrong, "bo", password="x")
    assert refused(w) == "bad_password"
    b = comes(world, uri, "bo")          # without a password of one's own
    b.joined()
    assert any("no password of your own" in x for x in b.err)
    late = comes(world, uri, "cy", password="x")
    assert refused(late) == "bad_password"
    assert rows(world, "invites") == []
    # Nothing of it is anywhere in the client's files or words.
    secret = uri.rsplit(".", 1)[1]
    for top, _, names in os.walk(str(world.tmp / "ann")):
        for n in names:
            assert secret.encode() not in open(os.path.join(top, n), "rb").read(), n
    assert secret not in str(a.out + a.err)
    # Back, without the invite: --password-file is one's own from now on.
    a.quit()
    a = comes(world, plain_invite(s), "ann", password="ann's own words")
    a.joined()
    a.quit()
    a = comes(world, plain_invite(s), "ann", password="not hers")
    assert refused(a) == "bad_password"
    # Who has no own one comes with the server's.
    b.quit()
    b = world.client(s, "bo")
    b.joined()


def test_another_device_comes_and_goes(world):
    s = serve(world)
    a = world.client(s, "ann")
    a.joined()
    b = world.client(s, "bo")
    b.joined()
    a.do(do="password")
    a.p.stdin.write(b"a long one of her own\n")
    a.p.stdin.flush()
    own_password_is_set(a)
    taken = world.client(s, "ann", "--no-reconnect", home="phone")
    assert refused(taken) == "name_taken"
    p = comes(world, plain_invite(s), "ann", "--account", "own", home="phone",
              password="a long one of her own")
    p.joined()
    for c in (a, b):
        assert c.see("device", who="ann")["identity"] == key_of(p)
    (told,) = [e for e in a.events("device") if "room" not in e]
    assert time.time() - 60 < told["first"] <= time.time() + 1
    a.do(do="devices")
    both = a.see("devices")["devices"]
    assert {(d["identity"], d["self"], d["here"]) for d in both} == \
        {(key_of(a), True, True), (key_of(p), False, True)}
    a.do(do="forget_device", key=next(d["key"] for d in both if not d["self"]))
    assert refused(p) == "kicked"
    assert a.see("done", **{"for": "forget_device"})
    assert [d["fingerprint"] for d in rows(world, "accounts", "ann")[0]["devices"]] == [key_of(a)]


def test_a_forgotten_password(world):
    """The invite is for that account alone, for one new device, once; what the account
    is stays."""
    s = serve(world)
    uri, _ = invite(world, "--role", "operator")
    a = comes(world, uri, "ann", password="soon forgotten")
    a.joined()
    own_password_is_set(a)
    a.quit()
    r = ctl(world, "password", "Ann", "--for", "1h")
    assert r.returncode == 0
    back = r.stdout.strip()
    got = rows(world, "invites")
    assert [(x["account"], x["left"]) for x in got] == [("ann", 1)] and got[0]["until"] > 0
    assert rows(world, "accounts")[0]["password"] is False
    w = comes(world, back, "mallory", password="mine", home="mallory")
    assert refused(w) == "name_taken"
    n = comes(world, back, "ann", password="better remembered", home="new")
    n.joined()
    own_password_is_set(n)
    assert rows(world, "accounts")[0]["role"] == "operator"
    assert len(rows(world, "accounts")[0]["devices"]) == 2 and rows(world, "invites") == []
    again = comes(world, back, "ann", password="x", home="third")
    assert refused(again) == "bad_password"


def test_a_member_invites_in_the_room(world):
    s = serve(world, "--invites", "members")
    a = world.client(s, "ann")
    a.joined()
    a.do(do="invite", uses=1, seconds=3600)
    made = a.see("done", **{"for": "invite"})
    a.do(do="invites")
    assert [v["id"] for v in a.see("invites")["invites"]] == [made["id"]]
    b = comes(world, made["invite"], "bo", password="bo's words")
    b.joined()
    own_password_is_set(b)
    a.see("join", names=["bo"])
    a.do(do="invite", role="operator")
    assert a.see("failed", **{"for": "invite"})["code"] == "denied"


def test_a_burst_of_invites_does_not_stall_the_chat(world):
    """Each takes some 30 ms to make, which is not the event loop's time. Beside them two
    people talk, and the owner asks as well; everybody gets an invite of his own."""
    s = serve(world, "--invites", "members", "--workers", "1")
    members = [world.client(s, "m%d" % i) for i in range(5)]
    a, b = world.client(s, "ann"), world.client(s, "bo")
    together(a, b, *members)
    alone = round_trips(a, b, 20, "before")
    for m in members:
        for _ in range(8):
            m.do(do="invite", uses=1)
    beside = round_trips(a, b, 20, "beside")
    owners, _ = invite(world, "--uses", "1")
    ids = set()
    for m in members:
        m.see("done", n=8, **{"for": "invite"})
        ids |= {e["id"] for e in m.events("done", **{"for": "invite"})}
    assert len(ids) == 40 and re.search(r",i=(\w+)", owners)[1] not in ids
    # The thread and the two of them share the machine; 40 of them take over a second.
    assert beside < 1 + 2 * alone, (alone, beside)


def test_it_is_asked_for_twice(world):
    """On a terminal: a new password for the invite, then that one at the next start."""
    s = serve(world)
    uri, _ = invite(world, "--uses", "1")
    home = world.tmp / "ann"
    t = Terminal(home, "--plain", "--name", "ann", uri)
    try:
        t.see("Choose a password of your own")
        t.see("Your new password: ")
        t.type("all my own words\r")
        t.see("The same again: ")
        t.type("all my own sword\r")
        t.see("(?s)These two differ.*Your new password: ")
        t.type("all my own words\r")
        t.see("(?s)These two differ.*The same again: ")
        t.type("all my own words\r")
        t.see("that is your own password from now on")
        assert "own words" not in t.text
        t.type("/quit\r")
        assert t.wait() == 0
    finally:
        t.stop()
    t = Terminal(home, "--plain", "--name", "ann", plain_invite(s))
    try:
        t.see("Password of ann on ")
        t.type("all my own words\r")
        t.see("you are in lobby")
        t.type("/quit\r")
        assert t.wait() == 0
    finally:
        t.stop()
    until(lambda: rows(world, "people") == [])
