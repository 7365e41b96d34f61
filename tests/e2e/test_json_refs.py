"""conclave --json: the "ref" of a line is in everything that answers it, whatever
the line asks for; and people are found in every room."""

import base64

from harness import until
from test_held import room, stranger     # noqa: F401
from test_unsent_input import UNSENT


def pair(world, *rooms):
    """alice and bob in lobby; in each other room alice is with bob alone."""
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    b = world.client(s, "bob")
    b.joined()
    a.see("join", names=["bob"])
    for i, room in enumerate(rooms):
        a.do(do="room_new", room=room)
        a.see("done", n=i + 1)
        for c in (a, b):
            c.do(do="join", room=room)
            c.see("joined", room=room)
        a.see("join", room=room)
    return s, a, b


def answered(c, ref, *events, **line):
    """Says a line with that ref; these events have it, and no others."""
    c.do(ref=ref, **line)
    for e in events:
        c.see(e, ref=ref)
    got = [e["event"] for e in c.events(ref=ref)]
    assert sorted(got) == sorted(events), (line, got)
    return c.events(events[0], ref=ref)[0]


def test_every_line_that_asks_has_its_ref_in_the_answer(world):
    s, a, b = pair(world, "den")
    done = []

    def ask(what, *events, **line):
        done.append(what)
        ref = "%s %d" % (what, len(done))
        return answered(a, ref, *events, do=what, **line)

    sent = ask("say", "sent", text="one", room="den")
    ask("edit", "sent", of=sent["id"], text="two", room="den")
    ask("react", "sent", to=sent["id"], room="den", **{"with": "+"})
    ask("delete", "sent", of=sent["id"], room="den")
    ask("say", "error", text="")
    ask("edit", "error", of="AAAAAAAAAAAAAAAAAAAAAA==", text="x")
    ask("users", "users", room="den")
    ask("history", "history", room="den", count=5)
    ask("history", "error", room="den", count=0)
    ask("purge", "failed", room="den", offset=999)
    ask("purge", "error", room="den", of="AAAAAAAAAAAAAAAAAAAAAA==")
    ask("rooms", "rooms")
    assert ask("room_new", "done", room="attic")["room"] == "attic"
    assert ask("join", "joined", room="attic")["room"] == "attic"
    # once in it, the answer comes at once
    assert ask("join", "joined", room="attic")["topic"] == ""
    assert ask("room_set", "done", "room", room="attic", topic="t")["room"] == "attic"
    assert ask("topic", "room", "done", room="attic", text="u")["topic"] == "u"
    ask("leave", "left", room="attic")
    ask("leave", "error", room="attic")
    e = ask("act", "act", "done", act="mute", room="den", who="bob", reason="shh")
    assert (e["by"], e["who"]) == ("alice", "bob")
    b.see("voice", may=False)
    ask("act", "failed", act="kick", room="den", who="nobody")
    # what others do has no ref of ours
    assert not [e for e in b.events() if "ref" in e]
    ask("whois", "whois", name="bob")
    ask("whois", "error", name="nobody")
    ask("verify", "verify", name="bob")
    ask("trust", "trust", name="bob")
    ask("ignore", "ignore", name="bob")
    ask("ignored", "ignored")
    ask("unignore", "unignore", name="bob")
    ask("server", "server")
    ask("transcript", "transcript", on=True)
    ask("devices", "devices")
    ask("forget_device", "failed", key=base64.b64encode(bytes(32)).decode())
    ask("invite", "failed")     # a member may not
    ask("invites", "invites")
    ask("revoke", "failed", id="abcd2345")
    ask("password", "done", none=True)
    ask("send_held", "error")
    ask("drop_held", "error")
    ask("receipt", "done", room="den")
    ask("seal", "seal", room="den")
    ask("seal_new", "error", room="den")
    ask("seal_send", "error", room="den")
    ask("direct", "sent", to="bob", text="for bob alone")
    ask("block", "done", who="bob", on=False)
    assert ask("files", "files")["files"] == []
    ask("send_file", "error", room="den", path="/nowhere/at/all")
    ask("get_file", "error", id="AAAAAAAAAAAAAAAAAAAAAA==")
    ask("cancel_file", "error", id="AAAAAAAAAAAAAAAAAAAAAA==")
    done.append("seal_give")
    a.do(do="seal_give", room="den", ref="a secret")
    a.p.stdin.write(b"A" * 43 + b"\n")
    a.p.stdin.flush()
    a.see("error", ref="a secret")
    # the program's own list of what it can do: none is missing above
    words = ask("nothing", "error")["text"].split(" is one of ")[1].split(", ")
    assert not set(words) - set(done) - {"quit"}
    ask("quit", "closed")
    assert a.wait() == UNSENT       # lines were refused


def test_what_is_taken_back_has_its_ref(world):
    """bob may not speak any more: what he said meanwhile is not lost without a word."""
    s, a, b = pair(world, "den")
    b.do(do="say", room="den", text="one", ref="first")
    b.see("sent", ref="first")
    # He has read of it, or has not: either way each line is answered once.
    a.do(do="act", act="mute", room="den", who="bob")
    for i in range(20):
        b.do(do="say", room="den", text="x%d" % i, ref="r%d" % i)
    for i in range(20):
        until(lambda: b.events(ref="r%d" % i), what="the answer to r%d" % i)
        e, = b.events(ref="r%d" % i)
        assert e["event"] in ("sent", "unsaid", "error"), e
        assert e["event"] != "unsaid" or e["reason"] == "refused", e
    b.see("voice", may=False)
    b.do(do="say", room="den", text="late", ref="late")
    assert b.see("error", ref="late")["code"] == "muted"


def test_held_messages_have_the_ref_of_the_answer(world, room):     # noqa: F811
    s, bob, line = room
    a = world.client(line.invite, "alice")
    a.joined()
    bob.see("join", names=["alice"])
    line.hold()
    a.do(do="say", text="for bob only", ref="said")
    stranger(world, s, line, bob)
    assert "ref" not in a.see("held", reason="ask")
    answered(a, "drop", "held", do="drop_held")
    assert a.see("unsaid", ref="said")["reason"] == "held"
    answered(a, "again", "error", do="send_held")


def test_people_are_found_in_every_room(world):
    s, a, b = pair(world, "den")
    for c in (a, b):
        c.do(do="leave", room="lobby")
        c.see("left", room="lobby")
    e = answered(a, "1", "whois", do="whois", name="bob")
    assert e["present"] and e["room"] == "den"
    code = answered(a, "2", "verify", do="verify", name="bob")["code"]
    assert answered(b, "2", "verify", do="verify", name="alice")["code"] == code
    assert answered(a, "3", "whois", do="whois", name="bob", room="den")["present"]
    assert answered(a, "4", "verify", do="verify", name="bob", room="den",
                    code=code)["compared"]
    # asked about one room, somebody in another is not there
    assert not answered(a, "5", "whois", do="whois", name="bob", room="lobby")["present"]
    answered(a, "6", "error", do="verify", name="bob", room="lobby")
    answered(a, "7", "error", do="trust", name="bob", room="nowhere")
    answered(a, "8", "trust", do="trust", name="bob", room="den")
    answered(a, "9", "ignore", do="ignore", name="bob")
    b.do(do="say", room="den", text="hello?")
    b.see("sent")
    answered(a, "10", "unignore", do="unignore", name="bob")
    assert not a.texts("bob")
