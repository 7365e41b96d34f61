"""Handing the new secret of a sealed room over by direct messages, with the real
programs: to those who have spoken there and nobody else, whatever the server or a
member who was removed says."""

import os

import pytest

import conclave1
import direct1
from harness import PASSWORD
from test_client import Terminal
from test_conclavectl import ctl
from test_direct_clients import reachable, second
from test_sealed import WORD, Reader, bytes_of, enter, make, say, secret_of, stored


def three(world, **more):
    """alice, bob and carol in a sealed room, where all have spoken."""
    s = world.server(ephemeral=False, **more)
    a = world.client(s, "alice")
    a.joined()
    invite = make(a)
    b = enter(world, invite, "bob")
    a.see("join", room="vault", names=["bob"])
    c = enter(world, invite, "carol")
    for other in (a, b):
        other.see("join", room="vault", names=["carol"])
    for who, name in ((a, "alice"), (b, "bob"), (c, "carol")):
        say(who, "I am " + name)
        for other in (a, b, c):
            if other is not who:
                other.see("message", text="I am " + name)
    reachable(world, 3)
    return s, a, b, c, invite


def renew(a, number=2):
    a.do(do="seal_new", room="vault")
    return a.see("seal", room="vault", reason="new", number=number)


def gets(e):
    return {p["name"]: p["gets"] for p in e["people"]}


def send(a, *names, **more):
    a.do(do="seal_send", room="vault", **({"who": list(names)} if names else {}), **more)


def test_the_others_go_on_by_themselves(world):
    s, a, b, c, invite = three(world)
    a.do(do="act", act="kick", room="vault", who="carol")
    c.see("left", room="vault", code="kicked")
    new = renew(a)
    assert gets(new) == {"bob": "all", "carol": "removed"}
    b.see("seal", room="vault", reason="other")
    say(b, "waits for it")
    send(a)
    assert a.see("seal", reason="sent")["who"] == "bob"
    taken = b.see("seal", room="vault", reason="taken", number=2)
    assert taken["who"] == "alice" and taken["may_speak"]
    a.see("message", text="waits for it")
    say(a, WORD)
    assert b.see("message", text=WORD)["verified"]
    # it is not sent twice, and not to her who was removed, by name either
    send(a)
    assert "nobody to hand" in a.see("error")["text"]
    send(a, "carol")
    assert "removed" in a.see("error", n=2)["text"]
    # carol comes back with what she has: she reads nothing
    c.do(do="join", room="vault")
    c.see("seal", room="vault", reason="other")
    say(a, WORD + " again")
    b.see("message", text=WORD + " again")
    c.do(do="users", room="vault")
    assert not [t for t in c.texts() if WORD in t]
    key = bytes_of(new["invite"])
    for path, text in stored(world.tmp):
        assert key not in text and secret_of(new["invite"]).encode() not in text, path
    assert secret_of(new["invite"]) not in "".join(s.out + s.err + b.err + a.err)


def test_an_operator_who_has_said_nothing(world):
    """bob knows her key, but not from this room: her client makes itself heard under the
    last secret before it makes the next."""
    s = world.server(ephemeral=False)
    a = world.client(s, "alice")
    a.joined()
    b = enter(world, make(a), "bob")
    a.see("join", room="vault", names=["bob"])
    say(b, "I am bob")
    a.see("message", text="I am bob")
    b.do(do="join", room="lobby")
    a.see("join", room="lobby", names=["bob"])
    a.say("hello from the lobby")
    b.see("message", text="hello from the lobby", room="lobby")
    reachable(world, 2)
    for number in (2, 3):
        renew(a, number)
        send(a)
        assert b.see("seal", reason="taken", number=number)["who"] == "alice"
    say(b, WORD)
    a.see("message", text=WORD)
    assert not a.events("message", text="I am alice")


def test_what_was_said_before_it_came(world):
    """bob is there, and carol comes back: neither has the new secret yet. What is said
    meanwhile is read when it comes, once, and the server is not blamed for it."""
    s, a, b, c, invite = three(world)
    c.do(do="leave", room="vault")
    a.see("leave", room="vault")
    renew(a)
    b.see("seal", room="vault", reason="other")
    c.do(do="join", room="vault")
    c.see("seal", room="vault", reason="other")
    a.see("join", room="vault", names=["carol"], n=2)
    for text in ("one", "two"):
        say(a, text)
    for other in (b, c):
        assert "secret that you lack" in other.see("dropped", n=2)["reason"]
    send(a, "bob", "carol")
    for other in (b, c):
        other.see("seal", room="vault", reason="taken")
    say(a, "three")
    for other in (b, c):
        other.see("message", text="three")
        assert other.texts()[-3:] == ["one", "two", "three"]
        assert not other.events("missing")


@pytest.mark.parametrize("how", ["killed", "quit"])
def test_who_was_away(world, how):
    s, a, b, c, invite = three(world)
    (b.kill if how == "killed" else b.quit)()
    a.see("leave", room="vault")
    say(a, "while bob is away")
    new = renew(a)
    assert gets(new) == {"bob": "all" if how == "killed" else "named", "carol": "all"}
    send(a, *(() if how == "killed" else ("bob", "carol")))
    a.see("seal", reason="sent", who="bob")
    c.see("seal", reason="taken")
    say(a, WORD)
    c.see("message", text=WORD)
    # no secret is given, and the room is where he begins: the secret has come
    b = world.client(invite.split(",s=")[0], "bob")
    b.see("seal", room="vault", reason="taken", number=2)
    assert b.see("message", text=WORD)["verified"]
    assert b.see("message", text="while bob is away")["past"]
    say(b, "back")
    a.see("message", text="back")
    b.quit()
    # and he remembers it
    b = world.client(invite.split(",s=")[0], "bob")
    b.see("joined", room="vault")
    say(b, "again")
    a.see("message", text="again")
    assert not b.events("seal", reason="other")


# --- a server, or somebody, that lies ----------------------------------------------

class Holder(Reader, direct1.Device):
    """A member by the protocol, with prekeys: reads and writes as it is told."""

    def hand(self, who, **content):
        """A secret, to each device of theirs."""
        with self.within("vault"):
            log = self.log
        o = {"type": "seal", "id": conclave1.b64(os.urandom(16)), "room": "vault",
             "log": conclave1.b64(log), "number": 2, "secret": conclave1.b64(os.urandom(32)),
             "ts": 1767225602000, **content}
        for spki, key, _ in self.get(who):
            body = conclave1.padded({k: v for k, v in o.items() if v is not None})
            self.answer(self.send_direct(spki, key, body))
        return o


def holder(world, s, name="mallory", invite=None):
    """invite: whoever has it can speak there."""
    conclave1.rsa_key(2048)
    p = Holder(s.address)
    world.peers.append(p)
    p.join(PASSWORD, name)
    assert p.request("room_join", name="vault")["type"] == "done"
    p.publish()
    p.mine()
    if invite:
        p.secret = bytes_of(invite)
        with p.within("vault"):
            p.say("I am " + name)
    return p


def test_a_member_that_the_server_invents(world):
    """In the room, with prekeys, and never heard under the seal: the server's word that
    somebody is a member gets them nothing, nor does a device that it puts into an
    account."""
    s, a, b, c, invite = three(world)
    m = holder(world, s)
    a.see("join", room="vault", names=["mallory"])
    # without the seal it is nobody's word
    with m.within("vault"):
        m.say("without a seal")
    a.see("dropped", room="vault")
    # it says something directly, and is pinned: that is not enough either
    m.tell("alice", "hello")
    a.see("direct", text="hello")
    d = second(world, s, b)
    reachable(world, 5)
    new = renew(a)
    assert gets(new) == {"bob": "all", "carol": "all"}
    send(a, "mallory")
    assert "have not spoken here" in a.see("error")["text"]
    send(a)
    for name in ("bob", "carol"):
        a.see("seal", reason="sent", who=name)
    for who in (b, c):
        who.see("seal", reason="taken", number=2)
    m.round_trip()
    say(a, WORD)
    b.see("message", text=WORD)
    assert not m.spoiled and not [x for x in m.mail if b'"seal"' in x[3]]
    d.do(do="users", room="lobby")
    d.do(do="direct", to="alice", text="not sealed for me")
    a.see("direct", text="not sealed for me")
    assert not d.events("seal")
    key = bytes_of(new["invite"])
    m.until(lambda: m.read(key) == [WORD])     # the frame is there, and opens with it alone
    assert WORD not in m.read(None, bytes_of(invite))


def test_whose_key_is_another(world):
    """The pinned key decides, not the name."""
    s, a, b, c, invite = three(world)
    b.quit()
    a.see("leave", room="vault", names=["bob"])
    # the server gives the name to somebody else
    assert ctl(world, "forget", "bob").returncode == 0
    world.client(s, "bob", home="bob-of-the-server").joined()
    new = renew(a)
    assert gets(new)["bob"] == "named"
    send(a, "bob")
    e = a.see("seal", reason="unsent", who="bob")
    assert "does not name the device" in e["text"] or "not the pinned one" in e["text"]


@pytest.mark.parametrize("wrong, code", [
    ({"number": 1}, "old"), ({"log": conclave1.b64(bytes(32))}, "room"),
    ({"room": "lobby"}, "room"), ({"room": "elsewhere"}, "room"),
])
def test_hand_overs_that_are_wrong(world, wrong, code):
    s, a, b, c, invite = three(world)
    m = holder(world, s, "mallory", invite)
    b.see("message", text="I am mallory")
    m.hand("bob", **wrong)
    assert b.see("seal", reason="ignored", who="mallory")["code"] == code
    say(b, "goes on")
    a.see("message", text="goes on")


@pytest.mark.parametrize("wrong", [
    {"number": 0}, {"number": 1000000001}, {"number": "2"}, {"number": None},
    {"secret": conclave1.b64(bytes(31))}, {"secret": "x"}, {"secret": None},
    {"log": conclave1.b64(bytes(33))}, {"log": None}, {"room": ""}, {"room": "no room"},
    {"room": None}, {"id": None}, {"ts": None}, {"ts": "now"},
])
def test_hand_overs_that_are_malformed(two_holders, wrong):
    m, b, n = two_holders
    m.hand("bob", **wrong)
    b.see("dropped", reason="malformed", n=n())
    assert not b.events("seal", reason="handed")


@pytest.fixture(scope="module")
def two_holders(request, tmp_path_factory):
    from conftest import World
    w = World(tmp_path_factory.mktemp("holders"))
    request.addfinalizer(w.end)
    s, a, b, c, invite = three(w)
    m = holder(w, s, "mallory", invite)
    b.see("message", text="I am mallory")
    count = iter(range(1, 100))
    return m, b, lambda: next(count)


def test_a_stranger_and_a_replay(world):
    s, a, b, c, invite = three(world)
    m = holder(world, s)
    a.see("join", room="vault", names=["mallory"])
    # never heard under the seal; not pinned, and pinned
    m.hand("bob")
    assert b.see("seal", reason="ignored", who="mallory")["code"] == "unpinned"
    m.tell("bob", "hello")
    b.see("direct", text="hello")
    o = m.hand("bob")
    assert b.see("seal", reason="ignored", who="mallory", n=2)["code"] == "stranger"
    # the right one, from alice; then mallory, who speaks under the old one only
    renew(a)
    send(a)
    b.see("seal", reason="taken", number=2)
    m.secret = bytes_of(invite)
    with m.within("vault"):
        m.say("I am late")
    b.see("message", text="I am late")
    m.hand("bob", number=3, secret=o["secret"])
    assert b.see("seal", reason="ignored", who="mallory", n=3)["code"] == "stranger"
    # the older secret again: there is nothing to say
    m.hand("bob", number=9, secret=conclave1.b64(bytes_of(invite)))
    m.hand("bob", number=1)
    b.see("seal", reason="ignored", who="mallory", n=4)
    say(b, WORD)
    a.see("message", text=WORD)


def test_a_removed_member_hands_one_out(world):
    """carol, with the server, which says that her secret is the room's."""
    s, a, b, c, invite = three(world)
    m = holder(world, s, "mallory", invite)
    for who in (a, b):
        who.see("message", text="I am mallory")
    a.do(do="act", act="role", room="vault", who="mallory", value="operator")
    a.see("act", act="role")
    a.do(do="act", act="kick", room="vault", who="mallory")
    b.see("leave", room="vault", names=["mallory"])
    m.hand("bob")
    assert b.see("seal", reason="ignored", who="mallory")["code"] == "removed"
    new = renew(a)
    send(a)
    b.see("seal", reason="taken", number=2)
    assert gets(new)["mallory"] == "removed"
    say(b, WORD)
    a.see("message", text=WORD)


# --- the other faces -----------------------------------------------------------------

def test_plain_and_the_screen(world):
    s, a, b, c, invite = three(world)
    t = Terminal(world.tmp / "erin", "--plain", "--name", "erin", "--password", PASSWORD,
                 "--rsa-bits", "2048", invite)
    t.see("you are in vault")
    a.see("join", room="vault", names=["erin"])
    for who in (b, c):
        who.see("join", room="vault", names=["erin"])
        say(who, "hello from " + who.name)
        t.see("hello from " + who.name)
    t.type("I am erin\r")
    c.see("message", text="I am erin")
    a.do(do="act", act="role", room="vault", who="erin", value="operator")
    a.see("act", act="role")
    t.type("/kick bob\r")
    t.see("Remove bob from vault")
    t.type("y\r")
    b.see("left", room="vault", code="kicked")
    t.type("/seal new\r")
    t.see(r"(?s)/seal send hands it over.*: carol")
    t.see(r"(?s)they were removed.*: bob")
    t.type("/seal send bob\r")
    t.see(r"(?s)bob does not get the room.s secret: they were removed")
    t.type("/seal send\r")
    t.see(r"(?s)on its way to carol")
    assert c.see("seal", reason="taken", number=2)["who"] == "erin"
    c.quit()
    # carol comes back in the full screen, and hands it on by name
    u = Terminal(world.tmp / "carol", "--name", "carol", "--password", PASSWORD,
                 "--rsa-bits", "2048", invite.split(",s=")[0], size=(24, 80))
    u.see("sealed")
    a.see("join", room="vault", names=["carol"], n=2)
    u.type("/seal send alice\r")
    u.see("on its way to alice")
    assert a.see("seal", reason="taken", number=2)["who"] == "carol"
    u.type("/quit\r")
    t.type("/quit\r")
