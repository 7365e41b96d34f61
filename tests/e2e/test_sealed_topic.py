"""The topic of a sealed room, with the real programs: under the seal, by operators,
newest in the log, and nothing of it at the server."""

import os

import pytest

import conclave1
from harness import CAGELESS, PASSWORD, WATCHED
from test_client import Terminal
from test_direct_clients import reachable
from test_sealed import (WORD, bytes_of, enter, mark_of, processes, reader, say, stored, two)
from test_seal_send import renew, send
from test_wiped import count


def topic(c, text, **more):
    c.do(do="topic", room="vault", text=text, **more)


def test_a_topic(world):
    s, a, b, invite = two(world, ephemeral=False)
    topic(a, WORD, ref="t1")
    own = a.see("topic", own=True)
    sent = a.see("sent", id=own["id"])
    assert sent["ref"] == "t1"
    e = b.see("topic", text=WORD)
    assert e["from"] == "alice" and not e["past"] and not e["own"] and e["id"] == own["id"]
    assert e["offset"] == sent["offset"]
    # the server's setting stays the mark
    p = reader(world, s)
    with p.within("vault") as room:
        assert room.topic == mark_of(bytes_of(invite), p.log, 1)
    # only operators, by their own client
    topic(b, "bob's")
    assert "only operators" in b.see("error")["text"]
    topic(a, "x" * 513)
    assert "512" in a.see("error")["text"]
    # the newest counts, an empty one too; and it is known at the next start
    topic(a, "")
    b.see("topic", text="")
    topic(a, "the last one")
    b.see("topic", text="the last one")
    for c in (a, b):
        c.do(do="quit")
        assert c.wait() == 7        # each was refused something
    for name in ("bob", "alice"):
        c = world.client(invite.split(",s=")[0], name)
        assert c.see("joined", room="vault")["topic"] == "the last one"
        assert not c.events("topic")


def test_who_was_away_and_who_is_new(world):
    """From the history: by whom one knows as an operator."""
    s, a, b, invite = two(world, ephemeral=False)
    say(a, "hello")
    b.see("message", text="hello")
    b.quit()
    topic(a, "while bob is away")
    a.see("sent", n=2)
    topic(a, WORD)
    a.see("sent", n=3)
    b = world.client(invite.split(",s=")[0], "bob")
    b.see("topic", text="while bob is away", past=True)
    b.see("topic", text=WORD, past=True)
    b.quit()
    b = world.client(invite.split(",s=")[0], "bob")
    assert b.see("joined", room="vault")["topic"] == WORD
    # with alice gone, from the history alone
    b.quit()
    topic(a, "the last one")
    a.see("sent", n=4)
    a.quit()
    b = world.client(invite.split(",s=")[0], "bob")
    b.see("topic", text="the last one", past=True)


@pytest.mark.skipif(WATCHED or CAGELESS, reason="the watcher keeps freed memory")
def test_the_server_holds_nothing_of_it(world):
    s, a, b, invite = two(world, ephemeral=False)
    topic(a, WORD)
    b.see("topic", text=WORD)
    pids = processes(s.p.pid)
    assert count(pids[0], "vault")
    for pid in pids:
        assert count(pid, WORD) == 0
    for path, text in stored(world.tmp / "server", world.tmp / "alice", world.tmp / "bob"):
        assert WORD.encode() not in text, path
    assert WORD not in "".join(s.out + s.err)


class Setter:
    """Somebody by the protocol who sets topics as it likes."""

    def __init__(self, world, s, invite):
        self.p = reader(world, s, "mallory")
        self.p.secret = bytes_of(invite)

    def set(self, text, **more):
        with self.p.within("vault"):
            o = {"type": "topic", "id": conclave1.b64(os.urandom(16)), "text": text,
                 "ts": 1767225602000, **more}
            self.p.send_content(conclave1.padded(
                {k: v for k, v in o.items() if v is not None}))


def setter(world, s, invite, *others):
    m = Setter(world, s, invite)
    for c in others:
        c.see("join", room="vault", names=["mallory"])
    return m


def test_of_others(world):
    s, a, b, invite = two(world, ephemeral=False)
    m = setter(world, s, invite, a, b)
    m.set("of a member")
    a.do(do="act", act="role", room="vault", who="mallory", value="operator")
    for c in (a, b):
        c.see("act", act="role")
    m.p.until(lambda: m.p.has("act", act="role"))
    m.set("of an operator")
    for c in (a, b):
        c.see("topic", text="of an operator")
        assert not c.events("topic", text="of a member")
    for n, wrong in enumerate(({"text": "x" * 513}, {"text": 7}, {"text": None}, {"id": None},
                               {"id": "x"}, {"ts": None})):
        m.set(**{"text": "wrong", **wrong})
        b.see("dropped", room="vault", n=n + 1)
    # without the seal it is the server's word
    m.p.secret = None
    m.set("not under the seal")
    b.see("dropped", room="vault", n=7)
    # under the older secret, once there is a newer one
    m.p.secret = bytes_of(invite)
    for c, other in ((a, b), (b, a)):
        say(c, "hello from " + c.name)
        other.see("message", text="hello from " + c.name)
    reachable(world, 2)
    renew(a)
    say(b, "hello too")
    send(a, "bob")
    b.see("seal", reason="taken", number=2)
    m.set("under the older secret")
    topic(a, "the last one")
    b.see("topic", text="the last one")
    for c in (a, b):
        assert [e["text"] for e in c.events("topic")] == ["of an operator", "the last one"]


def test_plain_and_the_screen(world):
    s, a, b, invite = two(world)
    t = Terminal(world.tmp / "erin", "--plain", "--name", "erin", "--password", PASSWORD,
                 "--rsa-bits", "2048", invite)
    t.see("you are in vault")
    t.type("/topic\r")
    t.see("there is no topic")
    t.type("/topic tea\r")
    t.see("only operators of the room can set its topic")
    a.see("join", room="vault", names=["erin"])
    a.do(do="act", act="role", room="vault", who="erin", value="operator")
    a.see("act", act="role")
    t.see("made erin an operator")
    t.type("/topic tea at \N{SNOWMAN}\r")
    t.see("you set the topic: tea at \N{SNOWMAN}")
    a.see("topic", text="tea at \N{SNOWMAN}")
    topic(a, "coffee\x1b[31m\n2")
    t.see(r"(?s)alice set the topic: coffee.*2")
    assert "\x1b[31m" not in t.text
    t.type("/topic\r")
    t.see(r"(?s)-- topic: coffee.*2 \(sealed: the server cannot read this\)")
    t.type("/topic None \r")
    t.see("you took away the topic")
    a.see("topic", text="")
    t.type("/quit\r")
    assert t.wait() == 7        # the first one was refused
    u = Terminal(world.tmp / "erin", "--name", "erin", "--password", PASSWORD,
                 "--rsa-bits", "2048", invite.split(",s=")[0], size=(24, 80))
    u.see("you are in vault")
    u.type("/topic milk\r")
    u.see("you set the topic: milk")
    a.see("topic", text="milk")
    u.type("\x1bot")
    u.see(r"clear it\).*milk")
    u.type("\x15none\r")
    u.see("you took away the topic")
    a.see("topic", n=2, text="")
    u.type("/quit\r")
