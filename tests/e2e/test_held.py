"""What was typed for the people who were there is not sealed for somebody who came
later: it is held, and the user is asked. With the real server behind a line that
holds back or is cut, and with a relay that lies."""

import pytest

from harness import PASSWORD, Proxy, until
from relay1 import Relay
from test_client import terminal  # noqa: F401

FRAME = 300     # bytes: a short message in its record has more, a ping has fewer


@pytest.fixture
def room(world):
    """A server with bob, and a line to it."""
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()
    line = Proxy(s)
    yield s, bob, line
    line.close()


def stranger(world, server, line, *there, name="carol"):
    """Holds the line; carol comes; the line is cut."""
    carol = world.client(server, name)
    carol.joined()
    for c in there:
        c.see("join", names=[name])
    line.cut()
    return carol


def say_into(line, c, text):
    """Holds the line, and says it: to those who are there now, since the client has
    taken it before anybody else comes, and a frame has come as far as the line. That
    alone may be one with the client's prekeys, which it gives the server by itself."""
    line.hold()
    before = len(line.passed[0])
    c.say(text)
    took(c)
    until(lambda: len(line.passed[0]) >= before + FRAME, what="a frame")


def took(c, wait=until):
    """The client has taken all lines that it was given; it answers this by itself."""
    n = len(c.events("users")) + 1
    c.do(do="users")
    wait(lambda: len(c.events("users")) >= n)


def said(*clients):
    return [c.texts("alice") for c in clients]


def held_for_carol(world, room, *args):
    s, bob, line = room
    alice = world.client(line.invite, "alice", *args)
    alice.joined()
    bob.see("join", names=["alice"])
    say_into(line, alice, "for bob only")
    carol = stranger(world, s, line, bob)
    alice.joined(n=2)
    return s, bob, carol, alice


def test_a_cut_line_and_a_stranger_the_user_sends(world, room):
    s, bob, carol, alice = held_for_carol(world, room)
    held = alice.see("held", reason="ask")
    assert held == {"event": "held", "room": "lobby", "reason": "ask", "count": 1,
                    "people": 1, "names": ["carol"]}
    # What is said later waits behind it.
    alice.say("for both")
    bob.say("are you there?")
    carol.see("message", text="are you there?")
    alice.see("message", text="are you there?")
    assert said(bob, carol) == [[], []] and not alice.events("sent")
    alice.do(do="send_held")
    alice.see("sent", n=2)
    for c in (bob, carol):
        c.see("message", text="for both")
    assert said(bob, carol) == [["for bob only", "for both"]] * 2
    assert [e["reason"] for e in alice.events("held")] == ["ask", "send"]
    alice.do(do="drop_held")
    assert alice.see("error")["code"] == "held"
    alice.quit()


def test_the_user_drops(world, room):
    s, bob, carol, alice = held_for_carol(world, room)
    alice.see("held", reason="ask")
    alice.say("for both")
    alice.do(do="drop_held")
    for c in (bob, carol):
        c.see("message", text="for both")
    assert said(bob, carol) == [["for both"]] * 2
    assert [(e["reason"], e["count"]) for e in alice.events("held")] == [("ask", 1), ("drop", 1)]
    alice.quit()


def test_the_stranger_leaves(world, room):
    s, bob, carol, alice = held_for_carol(world, room)
    alice.see("held", reason="ask")
    carol.quit()
    bob.see("message", text="for bob only")
    assert alice.see("held", n=2)["reason"] == "gone"
    assert carol.texts() == []
    alice.quit()


@pytest.mark.parametrize("how", ["send", "drop"])
def test_as_the_setting_says(world, room, how):
    s, bob, carol, alice = held_for_carol(world, room, "--held", how)
    alice.say("last")
    for c in (bob, carol):
        c.see("message", text="last")
    assert said(bob, carol) == [["for bob only", "last"] if how == "send" else ["last"]] * 2
    assert [e["reason"] for e in alice.events("held")] == ([] if how == "send" else ["drop"])
    alice.do(do="quit")
    assert alice.wait() == (0 if how == "send" else 7)
    assert how == "send" or "1 held message was not sent" in "\n".join(alice.err)


def test_who_comes_back_is_no_stranger(world, room):
    """Nor is who was there at any time since."""
    s, bob, line = room
    alice = world.client(line.invite, "alice")
    alice.joined()
    carol = world.client(s, "carol")
    carol.joined()
    alice.see("join", names=["carol"])
    say_into(line, alice, "for both")
    carol.quit()
    carol = world.client(s, "carol", home="carol")
    carol.joined()
    line.cut()
    alice.see("sent")
    carol.see("message", text="for both")
    assert not alice.events("held")
    alice.quit()


def test_a_newcomer_and_nothing_in_flight(world, room):
    """The usual busy room: nobody is asked anything."""
    s, bob, line = room
    alice = world.client(line.invite, "alice")
    alice.joined()
    for i in range(3):
        carol = world.client(s, "carol%d" % i)
        alice.say("word %d" % i)
        carol.joined()
        alice.see("sent", n=i + 1)
        if i % 2:
            carol.quit()
    bob.see("message", n=3, **{"from": "alice"})
    assert not alice.events("held")
    alice.quit()


def test_a_pipe_ends_and_says_so(world, room):
    """Nobody can answer: the end of the input does not wait for it."""
    s, bob, carol, alice = held_for_carol(world, room)
    alice.see("held", reason="ask")
    alice.p.stdin.close()
    assert alice.wait() == 7
    assert alice.err == ["conclave: 1 held message was not sent: somebody was in the room "
                         "who was not there when you wrote it"]
    closed = alice.events("closed")[0]
    assert (closed["reason"], closed["status"]) == ("unsent", 7)
    assert said(bob, carol) == [[], []]


@pytest.mark.parametrize("face", ["--tui", "--plain"])
def test_on_a_terminal(world, room, terminal, tmp_path, face):
    s, bob, line = room
    t = terminal(tmp_path / "alice", face, "-n", "alice", line.invite,
                 CONCLAVE_PASSWORD=PASSWORD, size=(24, 220))
    t.see("you are in lobby")
    bob.see("join", names=["alice"])
    enter = "\r" if face == "--tui" else "\n"
    line.hold()
    t.type("for bob only" + enter)
    t.type("this too" + enter)
    t.taken()
    carol = stranger(world, s, line, bob)
    t.see(r"2 of your messages are held:\s+carol was not here when you\s+wrote them\.\s+/send "
          r"sends them,\s+/drop\s+drops\s+them")
    if face == "--tui":
        t.type("\x0c")      # draws everything
        t.see(r"held.{0,150}for bob only")      # marked in place
        t.see(r"held 2: /send or /drop")
    t.type("/quit" + enter)
    t.see("then /quit")
    t.type("/drop" + enter)
    t.see("2 of your messages are dropped")
    t.type("for both" + enter)
    for c in (bob, carol):
        c.see("message", text="for both")
    assert said(bob, carol) == [["for both"]] * 2
    if face == "--tui":
        t.type("\x0c")
        t.see(r"drop.{0,150}for bob only")
    t.type("/send" + enter)
    t.see("no message is held")
    t.type("/quit" + enter)
    assert t.wait() == 0


# --- a relay that lies ----------------------------------------------------------


@pytest.fixture
def relay():
    r = Relay()
    yield r
    r.close()
    assert r.breaches == []


def test_a_delayed_frame_and_a_stranger(world, relay):
    """It takes nothing, lets carol in, and makes a fresh key: alice seals again only
    what she agrees to."""
    def seen(client, event, n=1, **match):
        relay.until(lambda: len(client.events(event, **match)) >= n)
        return client.events(event, **match)[n - 1]

    alice = world.client(relay.invite, "alice")
    seen(alice, "connected")
    bob = world.client(relay.invite, "bob")
    seen(alice, "join", names=["bob"])
    takes, relay.on_group = relay.on_group, lambda conn, body: None
    alice.say("for bob only")
    conn = relay.conn("alice")
    relay.until(lambda: conn.groups)
    carol = world.client(relay.invite, "carol")
    seen(alice, "join", names=["carol"])
    with_carol = relay.epoch.epoch
    relay.rekey()
    assert seen(alice, "held", reason="ask")["names"] == ["carol"]
    alice.say("for all")
    took(alice, relay.until)
    relay.rekey()           # once more, with something that waits behind it
    seen(alice, "epoch", n=4)
    took(alice, relay.until)
    assert len(conn.groups) == 1
    alice.do(do="drop_held")
    relay.on_group = takes
    for c in (bob, carol):
        seen(c, "message", text="for all")
    for body in conn.groups:
        if int.from_bytes(body[12:16], "big") >= with_carol:
            assert b"for bob only" not in relay.opened(conn, body)
    assert bob.texts() == carol.texts() == ["for all"]
    assert len(alice.events("held")) == 2
    alice.do(do="quit")
    relay.until(lambda: alice.p.poll() is not None)
    assert alice.p.returncode == 0
