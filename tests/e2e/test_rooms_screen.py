"""Rooms as people and programs see them: the full screen on a pseudo-terminal, the
plain lines and the JSON lines, with the real server."""

import re

import pytest

from harness import PASSWORD, until
from test_client import terminal  # noqa: F401


@pytest.fixture
def ana(world):
    """A program that has made ops, and is in lobby and ops."""
    s = world.server()
    ana = world.client(s, "ana")
    ana.joined()
    ana.do(do="room_new", room="ops", topic="pager", ref="made")
    ana.see("done", ref="made", **{"for": "room_new"})
    ana.do(do="join", room="ops")
    ana.see("joined", room="ops")
    ana.server = s
    return ana


def screen(terminal, tmp_path, ana, *args):
    t = terminal(tmp_path / "ben", "--tui", "-n", "ben", "--notify", "none", "--no-title",
                 *args, ana.server.listening[0], size=(24, 80), CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    return t


def line(client, text):
    client.p.stdin.write(text.encode() + b"\n")
    client.p.stdin.flush()


def shown(client, pattern):
    return any(re.search(pattern, text) for text in client.out)


def test_two_rooms_on_the_screen(ana, terminal, tmp_path):
    t = screen(terminal, tmp_path, ana)
    t.type("/join ops\r")
    t.see("ops> ")
    t.see("you are in ops")
    ana.say("ben: here in lobby")           # the first room
    t.see("1 lobby .*@1")
    t.type("for ops\r")
    assert ana.see("message", text="for ops")["room"] == "ops"
    t.type("half\x1ba")                     # to the mention; the draft stays
    t.see("here in lobby")
    t.see("2 ops draft")
    t.type("for lobby\r")
    assert ana.see("message", text="for lobby")["room"] == "lobby"
    t.type("\x1b2 a draft\r")
    assert ana.see("message", text="half a draft")["room"] == "ops"


def test_removed_and_muted_on_the_screen(ana, terminal, tmp_path):
    t = screen(terminal, tmp_path, ana)
    t.type("/join ops\r")
    t.see("you are in ops")
    ana.see("join", room="ops")
    ana.do(do="act", act="mute", room="ops", who="ben", seconds=3600, ref="mute")
    ana.see("done", ref="mute")
    t.see(r"you are muted until \d\d:\d\d by ana")
    t.see(r"MUTED until \d\d:\d\d")
    t.type("may I?\r")
    t.see("not sent: you may not speak here")
    t.type("\x03")
    ana.do(do="act", act="kick", room="ops", who="ben", reason="spam")
    t.see("you were removed from the room by ana: spam")
    t.see("NOT IN THIS ROOM")
    t.type("/join ops\r")
    t.see("back in ops")


def test_an_act_of_the_screen(ana, terminal, tmp_path):
    t = screen(terminal, tmp_path, ana)
    t.type("/kick ana\r")
    t.see("Remove ana from lobby")
    t.type("\r")                            # Enter is no
    t.taken()
    t.text = ""
    t.type("/kick ana\r")
    t.see("Remove ana from lobby")
    t.type("y")
    t.see("not done: your role does not allow this")
    t.type("/new cellar\r")
    t.see("cellar> ")
    t.see("you are in cellar")
    t.type("/topic wine\r")
    t.see("ben changed the room; its topic is: wine")
    t.type("/topic n\t\r")
    t.see("ben changed the room; its topic is empty")
    t.type("/rooms\r")
    t.see("cellar: 1 person, yours; server can read")


def test_menus_with_the_real_server(ana, terminal, tmp_path):
    """Alt-G lists the server's rooms without being asked for them; Alt-W and Alt-O act."""
    t = screen(terminal, tmp_path, ana)
    t.type("\x1bg")
    t.see("not joined")
    t.type("op\r")
    t.see("you are in ops")
    ana.see("join", room="ops")
    t.type("\x1bglobby\r")
    t.see("lobby> ")
    t.type("/new cellar\r")
    t.see("you are in cellar")
    t.type("\x1botwine\r")
    t.see("its topic is: wine")
    ana.do(do="join", room="cellar")
    t.see("ana joined")
    t.type("\x1bwana\rK")
    t.see("Remove ana from cellar")
    t.type("y")
    ana.see("left", room="cellar")
    t.see("ben removed ana")
    t.type("\x1bgnowhere\r")
    t.see("/new nowhere makes a room of that name")


def test_plain_lines_name_their_room(ana, world):
    ben = world.client(ana.server, "ben", face="--plain")
    line(ben, "/join ops")
    until(lambda: shown(ben, r"\[ops\] -- you are in ops"))
    line(ben, "in ops")
    assert ana.see("message", text="in ops")["room"] == "ops"
    ana.say("in lobby")
    until(lambda: shown(ben, r"\[lobby\] \d\d:\d\d ana: in lobby"))
    line(ben, "/next")
    until(lambda: shown(ben, "you write to lobby now: server can read, kept nothing"))
    line(ben, "in lobby too")
    assert ana.see("message", text="in lobby too")["room"] == "lobby"
    line(ben, "/leave ops")
    until(lambda: shown(ben, "you left the room"))
    line(ben, "/go ops")
    until(lambda: shown(ben, "you are in no such room"))


def test_json_refuses_a_room_it_is_not_in(ana):
    ana.do(do="say", room="nowhere", text="x", ref="r1")
    assert ana.see("error", ref="r1")["code"] == "usage"
    ana.do(do="join", room="nowhere", ref="r2")
    assert ana.see("left", ref="r2")["code"] == "no_room"
    ana.do(do="act", act="kick", room="ops", who="nobody", ref="r3")
    assert ana.see("failed", ref="r3")["code"] == "no_member"
    ana.do(do="rooms", ref="r4")
    rooms = ana.see("rooms", ref="r4")["rooms"]
    assert [r["room"] for r in rooms] == ["lobby", "ops"]
    assert rooms[1]["label"] == {"reads": "server", "kept": "nothing"}
    assert rooms[1]["settings"]["entry"] == "open"
    ana.do(do="leave", room="ops", ref="r5")
    assert ana.see("left", ref="r5")["code"] == "quit"
    ana.say("still in the first room")
    ana.see("sent", room="lobby")
