"""Three people, three rooms, one server: the real programs. What happens in one
room does not touch another."""

from harness import Proxy, until


def people(world, server, *names):
    clients = [world.client(server, name) for name in names]
    for c in clients:
        c.joined()
    for c in clients:
        until(lambda: named(c), what="the others")
    return clients


def named(c):
    """Whether everybody's list is complete: asked in the program's own words."""
    c.do(do="users")
    return len(c.events("users")) and len(c.events("users")[-1]["users"]) == 3


def three(world, **more):
    """alice, bob and carol in lobby, den and kitchen. alice has made the last two,
    so she is their operator."""
    s = world.server(**more)
    a, b, c = people(world, s, "alice", "bob", "carol")
    for i, room in enumerate(("den", "kitchen")):
        a.do(do="room_new", room=room, topic="about " + room)
        a.see("done", n=i + 1)
        for p in (a, b, c):
            p.do(do="join", room=room)
        for p in (a, b, c):
            p.see("joined", room=room)
    return s, a, b, c


def say(c, room, text):
    c.do(do="say", room=room, text=text)


def heard(c, room, text, sender=None):
    m = c.see("message", room=room, text=text)
    assert sender is None or m["from"] == sender
    return m


def nothing_false(*clients):
    for c in clients:
        assert not [e for e in c.events() if e["event"] in
                    ("fork", "dropped", "missing", "error", "closed")], c.name


def test_each_room_has_its_own_words_and_people(world):
    s, a, b, c = three(world)
    assert a.see("joined", room="den")["topic"] == "about den"
    for room in ("lobby", "den", "kitchen"):
        say(b, room, "hello " + room)
    for room in ("lobby", "den", "kitchen"):
        assert heard(a, room, "hello " + room)["from"] == "bob"
        assert heard(c, room, "hello " + room)["from"] == "bob"
    assert len(a.texts("bob")) == 3 == len(c.texts("bob"))
    b.do(do="leave", room="den")
    assert b.see("left", room="den")["code"] == "quit"
    a.see("leave", room="den")
    say(a, "den", "is he gone?")
    say(a, "kitchen", "is he here?")
    heard(c, "den", "is he gone?")
    heard(b, "kitchen", "is he here?")
    assert "is he gone?" not in b.texts()
    b.do(do="join", room="den")
    b.see("joined", n=2, room="den")
    say(b, "den", "back")
    heard(a, "den", "back")
    nothing_false(a, b, c)


def test_after_a_restart_of_the_server(world):
    s, a, b, c = three(world, ephemeral=False)
    s.signal(9)
    s.wait()
    say(b, "lobby", "kept meanwhile")
    world.server(ephemeral=False, listen=s.listening[0])
    for p in (a, b, c):
        for room in ("lobby", "den", "kitchen"):
            p.see("joined", n=2, room=room)
    assert a.see("joined", n=2, room="den")["topic"] == "about den"
    heard(a, "lobby", "kept meanwhile")
    say(c, "lobby", "good")
    heard(b, "lobby", "good")
    assert not any(p.events("fork") for p in (a, b, c))


def test_all_rooms_come_back_after_a_lost_connection(world):
    s = world.server()
    a, c = [world.client(s, name) for name in ("alice", "carol")]
    proxy = Proxy(s)
    b = world.client("127.0.0.1:%d" % proxy.port, "bob")
    try:
        for p in (a, b, c):
            p.joined()
        a.do(do="room_new", room="den")
        a.see("done")
        for p in (a, b, c):
            p.do(do="join", room="den")
        for p in (a, b, c):
            p.see("joined", room="den")
        proxy.cut()
        b.see("reconnect")
        say(b, "den", "kept meanwhile")
        for room in ("lobby", "den"):
            b.see("joined", n=2, room=room)
        heard(a, "den", "kept meanwhile")
        say(c, "den", "good")
        heard(b, "den", "good")
        say(c, "lobby", "good, too")
        heard(b, "lobby", "good, too")
        nothing_false(a, b, c)
    finally:
        proxy.close()


def test_one_is_removed_from_one_room(world):
    s, a, b, c = three(world)
    a.do(do="act", act="kick", room="den", who="bob", reason="noise")
    e = b.see("left", room="den")
    assert (e["code"], e["by"], e["text"]) == ("kicked", "alice", "noise")
    assert c.see("act", room="den")["who"] == "bob"
    say(b, "kitchen", "only there")
    heard(a, "kitchen", "only there")
    say(c, "den", "without bob")
    heard(a, "den", "without bob")
    # one may come again after a kick, not after a ban
    b.do(do="join", room="den")
    b.see("joined", n=2, room="den")
    a.do(do="act", act="ban", room="den", who="bob")
    until(lambda: len(b.events("left", room="den")) == 2)
    b.do(do="join", room="den")
    until(lambda: len(b.events("left", room="den")) == 3)
    assert [e["code"] for e in b.events("left", room="den")] == [
        "kicked", "banned", "banned"]
    # who is no operator cannot do it
    b.do(do="act", act="kick", room="kitchen", who="carol")
    assert b.see("failed")["code"] == "denied"
    say(b, "lobby", "and here")
    heard(c, "lobby", "and here")
    nothing_false(a, b, c)


def test_one_is_muted_in_one_room(world):
    s, a, b, c = three(world)
    a.do(do="act", act="mute", room="den", who="bob")
    assert b.see("voice", room="den")["may"] is False
    say(b, "den", "mmh")
    say(b, "kitchen", "I may not speak there")
    heard(c, "kitchen", "I may not speak there")
    a.do(do="act", act="unmute", room="den", who="bob")
    until(lambda: any(e["may"] for e in b.events("voice", room="den")))
    say(b, "den", "thank you")
    heard(a, "den", "thank you")
    assert "mmh" not in a.texts()
    for p in (a, c):
        assert not p.events("fork") and not p.events("missing")


def test_nothing_false_while_rooms_are_busy(world):
    """Joins, leaves, cuts and keys, with everybody talking: no log differs."""
    s, a, b, c = three(world)
    rooms = ("lobby", "den", "kitchen")
    for i in range(6):
        for p in (a, b, c):
            for room in rooms:
                say(p, room, "%s %d %s" % (p.name, i, room))
        who, room = (b, c)[i % 2], rooms[1 + i % 2]
        who.do(do="leave", room=room)
        until(lambda: len(who.events("left", room=room)) == len(
            [j for j in range(i + 1) if ((b, c)[j % 2], rooms[1 + j % 2]) == (who, room)]))
        who.do(do="join", room=room)
        who.see("joined", n=len(who.events("left", room=room)) + 1, room=room)
    for room in rooms:
        say(a, room, "end of " + room)
    for p in (b, c):
        for room in rooms:
            heard(p, room, "end of " + room)
    nothing_false(a, b, c)


def test_the_input_ends_after_the_first_room_was_left(world):
    s, a, b, c = three(world)
    b.do(do="leave", room="lobby")
    b.see("left", room="lobby")
    say(b, "den", "last words")
    b.p.stdin.close()
    assert b.wait(30) == 0
    heard(a, "den", "last words")


def test_what_a_kick_took_back_is_counted(world):
    s, a, b, c = three(world)
    a.do(do="act", act="kick", room="den", who="bob")
    a.see("done", n=3)
    say(b, "den", "too late")
    b.see("left", room="den")
    b.p.stdin.close()
    assert b.wait(30) == 7
    assert "too late" not in a.texts("bob")
