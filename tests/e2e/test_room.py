"""The main job, with the real programs: people join, talk, leave."""

import signal
import time

from harness import together, until, until_all


def three(world, server):
    cs = [world.client(server, n) for n in ("alice", "bob", "carol")]
    for c in cs:
        c.joined()
    for c in cs:    # until each knows the newest epoch
        until(lambda: sorted(names(c)) == ["alice", "bob", "carol"])
    return cs


def names(c):
    n = len(c.events("users"))
    c.do(do="users")
    until(lambda: len(c.events("users")) > n)
    return [u["name"] for u in c.events("users")[-1]["users"]]


def test_three_talk_both_ways(world):
    s = world.server()
    cs = three(world, s)
    for c in cs:
        c.say("from " + c.name)
    for c in cs:
        for other in cs:
            if other is not c:
                e = c.see("message", text="from " + other.name)
                assert e["from"] == other.name and e["verified"] is True
                assert e["trust"] == "new" and e["seq"] == 1
        sent = c.see("sent", seq=1)
        assert sent["offset"] > 0
        assert "from " + c.name not in c.texts()
    for c in cs:
        c.quit()
        assert c.events()[-1]["event"] == "closed"


def test_connected_says_who_and_where(world):
    s = world.server("--room", "den")
    a = world.client(s, "alice").joined()
    assert a["room"] == "den" and a["member"] > 0 and a["epoch"] >= 1
    assert s.invite.endswith("#" + a["server"])
    assert [u["name"] for u in a["users"]] == ["alice"]


def test_a_thousand_messages_in_order(world):
    s = world.server()
    a, b, c = three(world, s)
    want = ["%04d %s" % (i, "x" * (i % 300)) for i in range(1000)]
    for t in want:
        a.say(t)
        if len(t) % 7 == 0:
            b.say("b" + t)
    for who in (b, c):
        until_all(lambda: len(who.texts("alice")), 1000, "messages")
        assert who.texts("alice") == want
        assert [e["seq"] for e in who.events("message") if e["from"] == "alice"] == \
            list(range(1, 1001))
        assert not who.events("missing") and not who.events("dropped")
    a.see("sent", seq=1000)
    assert len(a.events("sent")) == 1000
    want_b = ["b" + t for t in want if len(t) % 7 == 0]
    for who in (a, c):
        until(lambda: len(who.texts("bob")) >= len(want_b))
        assert who.texts("bob") == want_b


def test_join_and_leave_make_new_epochs(world):
    s = world.server()
    a = world.client(s, "alice")
    first = a.joined()["epoch"]
    b = world.client(s, "bob")
    b.joined()
    assert a.see("join")["names"] == ["bob"]
    e = a.see("epoch", reason="join")
    assert e["epoch"] == first + 1
    b.quit()
    e2 = a.see("epoch", reason="leave")
    assert e2["epoch"] == e["epoch"] + 1
    assert a.see("leave")["names"] == ["bob"]


def test_killed_client_leaves_within_a_second(world):
    s = world.server()
    a, b, c = three(world, s)
    t = time.monotonic()
    b.kill()
    for who in (a, c):
        who.see("epoch", reason="leave")
        assert who.see("leave")["names"] == ["bob"]
    assert time.monotonic() - t < 15    # a second, and a slow machine
    a.say("still here")
    c.see("message", text="still here")


def test_long_and_odd_texts_arrive_as_they_were(world):
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    b = world.client(s, "bob")
    b.joined()
    a.see("join", names=["bob"])    # what she says before is not for him
    for t in ("x" * 16384, "\u00e9\u4f60\u597d \U0001F469\u200D\U0001F4BB", "a\nb\tc",
              "\x1b[31mred\x1b]0;t\x07", "\u202eabc", "quote \" and \\", "/not a command"):
        a.say(t)
        b.see("message", text=t)
    a.say("y" * 16385)
    assert a.see("error")["text"]
    a.say("")
    a.see("error", n=2)
    a.say("after")
    b.see("message", text="after")


def test_end_of_input_sends_everything_first(world):
    s = world.server()
    b = world.client(s, "bob")
    b.joined()
    a = world.client(s, "alice")
    for i in range(200):
        a.say("line %d" % i)
    a.p.stdin.close()
    assert a.wait() == 0
    until(lambda: len(b.texts("alice")) == 200)
    assert b.texts("alice") == ["line %d" % i for i in range(200)]
    assert len(a.events("sent")) == 200


def test_bad_json_gets_a_sentence_and_nothing_is_lost(world):
    s = world.server()
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    for line in (b"hello\n", b"{}\n", b'{"do":"dance"}\n', b'{"do":"say"}\n',
                 b'{"do":"say","text":7}\n', b"[" * 500 + b"\n", b"\xff\xfe\n"):
        a.p.stdin.write(line)
    a.say("fine")
    b.see("message", text="fine")
    assert len(a.events("error")) == 7
    assert all(e["text"] for e in a.events("error"))


def test_server_says_goodbye(world):
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    p = world.peer(s, "peer")
    s.signal(signal.SIGTERM)
    assert s.wait() == 0
    p.to_end()
    assert p.has("bye", code="shutdown") and p.events[-1]["event"] == "eof"
    a.see("reconnect")


def test_server_killed_and_back(world):
    s = world.server(ephemeral=False)
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    a.say("before")
    b.see("message", text="before")
    port = s.address[1]
    s.signal(signal.SIGKILL)
    s.wait()
    a.see("reconnect"), b.see("reconnect")
    a.say("while away 1")
    a.say("while away 2")
    b.signal(signal.SIGSTOP)    # alice first, and she waits for nobody
    world.server(ephemeral=False, listen="127.0.0.1:%d" % port)
    a.joined(n=2)
    a.see("sent", n=3)
    b.signal(signal.SIGCONT)
    b.joined(n=2)
    assert b.see("message", text="while away 2")["past"]
    b.see("history")
    assert [t for t in b.texts("alice") if t.startswith("while")] == [
        "while away 1", "while away 2"]
    assert len([t for t in b.texts("alice") if t == "before"]) == 1


def test_the_log_names_the_room(world):
    s = world.server("--room", "den")
    bye, lost = world.client(s, "alice"), world.peer(s, "bob")
    bye.joined()
    until(lambda: s.said(r" info join: alice \(127\.0\.0\.1:\d+\) in den, (hybrid|classical)$"),
          what="alice")
    until(lambda: s.said(r" info join: bob \(127\.0\.0\.1:\d+\) in den, classical$"),
          what="bob")
    bye.quit()
    lost.close()
    until(lambda: s.said(r" info leave: alice \(.*\) in den: bye quit$"), what="alice's bye")
    until(lambda: s.said(r" info leave: bob \(.*\) in den: "), what="bob's loss")
    assert len([line for line in s.err if " leave: " in line]) == 2


def test_many_come_and_go_while_two_talk(world):
    """Under constant fences and join steps each message arrives once, in order."""
    s = world.server()
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    guests = 8
    for i in range(guests):
        p = world.peer(s, "guest%d" % i)
        for k in range(20):
            a.say("a %d %d" % (i, k))
            b.say("b %d %d" % (i, k))
        if i % 2:
            p.bye()
        p.close()
    want = [(j, k) for j in range(guests) for k in range(20)]
    until_all(lambda: len(b.texts("alice")), len(want), "messages")
    until_all(lambda: len(a.texts("bob")), len(want), "messages")
    assert b.texts("alice") == ["a %d %d" % w for w in want]
    assert a.texts("bob") == ["b %d %d" % w for w in want]
    assert not a.events("missing") and not b.events("missing")
    assert len(a.events("epoch", reason="leave")) >= 3
