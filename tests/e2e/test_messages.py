"""Answers, edits, deletions and reactions between real clients, and what a member who
is not honest can do with them."""

import pytest

from conclave1 import b64
from harness import PASSWORD, until
from test_client import terminal  # noqa: F401

THUMB = "\U0001f44d"


@pytest.fixture
def room(world):
    s = world.server()
    alice, bob = world.client(s, "alice"), world.client(s, "bob")
    for c in (alice, bob):
        c.joined()
    return s, alice, bob


def said(c, other, text):
    """Says it and returns its id, as the other sees it."""
    c.say(text)
    return other.see("message", text=text)["id"]


def test_programs(room):
    s, alice, bob = room
    hello = said(alice, bob, "hello")
    assert alice.see("sent")["id"] == hello
    bob.do(do="say", text="hi", re=hello)
    hi = alice.see("message", text="hi")
    assert hi["re"] == hello and hi["offset"] > 0
    bob.do(do="react", to=hello, **{"with": THUMB})
    assert alice.see("react", **{"to": hello, "with": THUMB, "from": "bob"})["trust"] == "seen"
    bob.do(do="react", to=hello, **{"with": ""})
    alice.see("react", **{"to": hello, "with": ""})
    alice.do(do="edit", of=hello, text="hello, all")
    edit = bob.see("edit", of=hello, text="hello, all")
    assert alice.see("sent", n=2)["id"] == edit["id"] != hello
    alice.do(do="edit", of=edit["id"], text="hello, everybody")     # an edit of the edit
    bob.see("edit", of=hello, text="hello, everybody")
    alice.do(do="delete", of=hello)
    bob.see("delete", of=hello)
    # Too late, or not theirs.
    alice.do(do="edit", of=hello, text="no")
    bob.do(do="delete", of=hello)
    bob.do(do="edit", of=b64(bytes(16)), text="no")
    bob.do(do="react", to=hi["id"], **{"with": "+1"})
    bob.do(do="react", to=hi["id"], **{"with": "\x07"})
    bob.do(do="edit", of=hi["id"], text="")
    bob.do(do="delete")
    bob.do(do="react", to="x", **{"with": "+"})
    bob.do(do="say", text="x", re=3)
    bob.do(do="edit", of=hi["id"])
    assert alice.see("error")["code"] == "no_message"
    bob.see("error", n=9)
    assert [e["code"] for e in bob.events("error")] == [
        "not_yours", "no_message"] + 7 * ["usage"]
    bob.say("over")
    alice.see("message", text="over")
    for c in (alice, bob):
        c.do(do="quit")
        assert c.wait() == 7    # not everything that was put in was said
    assert not alice.events("refused") and not alice.events("dropped")


def test_what_a_member_can_do_to_others(world, room):
    s, alice, bob = room
    mallory = world.peer(s, "mallory")
    bob.see("join", names=["mallory"])
    hello = said(bob, alice, "hello")
    mallory.until(lambda: mallory.has("message", id=hello))
    mallory.edit(hello, "I owe mallory 100")
    mallory.delete(hello)
    mallory.edit(b64(bytes(16)), "x")
    mallory.react(b64(bytes(16)), "+")
    mallory.react(hello, "\x1b[2J")
    mallory.react(hello, "\x07")
    mallory.react(hello, "e" + 20 * "\u0301")
    mallory.edit(hello, "")
    mallory.edit(hello, 3)
    mallory.send_content(mallory.content("mine", id=hello))     # bob's id
    mallory.delete(hello)   # her own message of that id
    mallory.react(hello, THUMB)     # bob's, the older one
    bob.do(do="edit", of=hello, text="hello again")
    alice.see("edit", text="hello again")
    for c in (alice, bob):
        c.see("react")
        got = [(e["what"], e["reason"]) for e in c.events("refused")]
        assert got == [("edit", "not_theirs"), ("delete", "not_theirs"),
                       ("edit", "unknown"), ("react", "unknown")]
        assert [e["reason"] for e in c.events("dropped")] == 5 * ["not a message"]
        assert [e["from"] for e in c.events("delete")] == ["mallory"]
        assert not c.events("edit", **{"from": "mallory"})
    # Each decides by itself: the honest program in Python comes to the same.
    mallory.until(lambda: mallory.has("edit"))
    assert mallory.has("edit", about=hello)
    # The messages of somebody who is ignored, and so what they do.
    alice.do(do="ignore", name="mallory")
    alice.see("ignore")
    mallory.react(hello, "-")
    mallory.edit(b64(bytes(16)), "x")
    bob.see("refused", n=5)
    bob.say("done")
    alice.see("message", text="done")
    assert not alice.events("react", **{"with": "-"}) and len(alice.events("refused")) == 4


def test_edit_loops_and_floods(world, room):
    """Edits of edits, in a ring of ids and by the thousand: each is one event."""
    s, alice, bob = room
    mallory = world.peer(s, "mallory")
    a, b = b64(b"a" * 16), b64(b"b" * 16)
    mallory.send_content(mallory.content("one", id=a))
    mallory.edit(b, "b of itself", id=b)        # its id is used up, with no effect
    mallory.edit(a, "b of a", id=b64(b"c" * 16))
    mallory.edit(b64(b"c" * 16), "a of c", id=a)        # the message's own id: again
    for i in range(300):
        mallory.edit(a if i % 2 else b64(b"c" * 16), "edit %d" % i)
    mallory.pump(0.1)
    mallory.say("over")
    alice.see("message", text="over")
    assert {e["of"] for e in alice.events("edit")} == {a}
    assert len(alice.events("edit")) == 301
    assert [e["reason"] for e in alice.events("refused")] == ["unknown"]


def test_a_script_with_plain_lines(world, room):
    s, alice, bob = room
    said(alice, bob, "the backup is through")
    carol = world.client(s, "carol", face="--plain")
    for c in (alice, bob):
        c.see("join", names=["carol"])
    hello = said(alice, bob, "the restore test is on Thursday\nin the small room")

    def line(text):
        carol.p.stdin.write(text.encode() + b"\n")
        carol.p.stdin.flush()

    def shown(text):
        until(lambda: any(text in x for x in carol.out), what=text)

    shown("alice: the restore test")
    line("I come")
    mine = bob.see("message", text="I come")["id"]
    line("/edit 2 of us come")      # no number: nobody was shown one
    bob.see("edit", of=mine, text="2 of us come")
    shown("carol edited: 2 of us come")
    line("/last")
    shown("-- 1 alice: the restore test is on Thursday...")
    shown("-- 2 you: 2 of us come")
    line("/reply 1 when?")
    assert bob.see("message", text="when?")["re"] == hello
    shown('carol, replying to alice ("the restore test is on Thursday..."): when?')
    line("/react 1 " + THUMB)
    bob.see("react", **{"to": hello, "with": THUMB})
    shown('carol reacts with %s to alice ("the restore' % THUMB)
    line("/react 1")
    bob.see("react", **{"to": hello, "with": ""})
    line("/delete 2")
    bob.see("delete", of=mine)
    shown('carol deleted a message: "2 of us come"')
    bob.do(do="say", text="at five", re=hello)
    shown('bob, replying to alice ("the restore test is on Thursday..."): at five')
    bob.do(do="react", to=mine, **{"with": "+"})
    bob.see("error", code="no_message")
    for bad in ("/delete 1", "/edit 1 x", "/reply 9 x", "/react 1 ab", "/delete 1 2", "/last x"):
        line(bad)
    carol.p.stdin.close()
    assert carol.wait() == 7
    assert [x[3:] for x in carol.out if "-- not sent" in x or "takes" in x[:16] or "no message" in x] == [
        "not sent: somebody else wrote that message, and only its author can change it",
        "not sent: somebody else wrote that message, and only its author can change it",
        "no message has that number; /last numbers the last messages",
        "not sent: a reaction is one character, such as an emoji, or one of +1 -1 <3 :) :( :D ok no",
        "/delete takes one number: /delete N",
        "/last takes a number from 1 to 9999"]


def test_a_newcomer_has_not_the_message(world, room):
    """What is about a message of before is one short line, and no alarm."""
    s, alice, bob = room
    hello = said(alice, bob, "hello")
    carol = world.client(s, "carol", face="--plain")
    for c in (alice, bob):      # what is said before is not for her
        c.see("join", names=["carol"])
    until(lambda: any("you are in lobby" in x for x in carol.out), what="carol")
    alice.do(do="edit", of=hello, text="hullo")
    bob.see("edit", text="hullo")
    bob.do(do="say", text="yes", re=hello)
    until(lambda: any("yes" in x for x in carol.out), what="yes")
    assert "-- alice edited a message that is not here" in carol.out
    assert any(x.endswith("bob, replying to a message that is not here: yes") for x in carol.out)


def test_on_a_terminal(world, room, terminal, tmp_path):
    """What is typed is not repeated, but for what it answers or changes."""
    s, alice, bob = room
    t = terminal(tmp_path / "carol", "--plain", "-n", "carol", s.invite, size=(24, 160),
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    alice.see("join", names=["carol"])
    said(alice, bob, "the restore test is on Thursday")
    t.see("alice: the restore")
    t.type("one\n/edit two\n")
    bob.see("edit", text="two")
    t.see("carol edited: two")
    t.type("/last 2\n")
    t.see("2 you: two")
    t.type("/reply 1 yes\n")
    t.see(r'carol, replying to alice \("the restore test is on Thursday"\): yes')
    assert t.text.count("carol: one") == 0


def test_on_the_full_screen(world, room, terminal, tmp_path):
    """Choosing with Alt-S: answer, edit, react, delete; a draft comes back."""
    s, alice, bob = room
    t = terminal(tmp_path / "carol", "--tui", "-n", "carol", s.invite, size=(24, 100),
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    alice.see("join", names=["carol"])
    hello = said(alice, bob, "the restore test is on Thursday")
    t.see("the restore test")
    t.type("I come\r")
    mine = bob.see("message", text="I come")["id"]
    t.type("a draft")
    t.type("\x1bs")
    t.see("Up Down choose")
    t.type("e")
    t.see("edit carol: I come")
    t.type(" at five\r")
    assert bob.see("edit", text="I come at five")["of"] == mine
    t.see("edited")
    t.type(" comes back\r")
    bob.see("message", text="a draft comes back")
    for keys in ("\x1bs", "\x1b[A", "\x1b[A", "r"):
        t.type(keys)
    t.see("Esc: no reply")
    t.type("when?\r")
    assert bob.see("message", text="when?")["re"] == hello
    t.type("\x1bs")
    for _ in range(3):
        t.type("\x1b[A")
    t.type("e")     # alice's: not ours to change
    t.see("only its author can change a message")
    t.type("+1")
    assert bob.see("react", **{"with": THUMB})["to"] == hello
    t.type("\x1bsd")
    t.see("Delete it for everybody")
    t.type("\r\x1bsdy")
    bob.see("delete")
    t.see("deleted by you")
    bob.do(do="react", to=mine, **{"with": THUMB})
    t.see("bob")
    alice.do(do="edit", of=hello, text="no test this week")
    t.see("no test this week")
    t.type("/last\r")
    t.see("1 alice: no test")
    t.type("/info 1\r")
    t.see("edited 1 time; before:")
