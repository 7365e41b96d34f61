"""What was said in a room with a history while somebody was away: the real client,
closed, cut off, and started again; the server, killed in between. Everything comes
once, in order, and before what is live."""

import json
import os
import signal
import subprocess
import time

from harness import BUILD, PASSWORD, TOP, WAIT, Proxy, environment, until, with_a_pair

KEPT = {"history": "members", "keep_days": 7}


def heard(c, text, room="den"):
    return c.see("message", room=room, text=text)


def den(world, *names):
    """A server with a store, and these people in a room that keeps what is said."""
    s = world.server(ephemeral=False)
    clients = [world.client(s, name) for name in names]
    for c in clients:
        c.joined()
    clients[0].do(do="room_new", room="den", settings=KEPT)
    clients[0].see("done")
    for c in clients:
        enters(c)
    # Or what one of them says is held, because of somebody who came meanwhile.
    for i, c in enumerate(clients[:-1]):
        c.see("join", room="den", n=len(clients) - 1 - i)
    return (s, *clients)


def enters(c, n=1):
    c.do(do="join", room="den")
    return c.see("joined", room="den", n=n)


def say(c, *texts):
    for text in texts:
        c.do(do="say", room="den", text=text)


def sent(c, n):
    c.see("sent", room="den", n=n)


def of_den(c):
    """Text and whether it is from the history, in the order in which it came."""
    return [(m["text"], m.get("past", False)) for m in c.events("message", room="den")]


def nothing_false(*clients):
    for c in clients:
        assert not [e for e in c.events() if e["event"] in
                    ("fork", "rewritten", "dropped", "missing", "error")], c.out


def test_a_client_that_is_started_again(world):
    s, a, b = den(world, "alice", "bob")
    say(a, "before")
    heard(b, "before")
    b.quit()
    a.see("leave", room="den")
    say(a, "one", "two", "three")
    sent(a, 4)
    b = world.client(s, "bob")
    b.joined()
    enters(b)
    assert b.see("history", room="den")["count"] == 3
    say(a, "live")
    heard(b, "live")
    assert of_den(b) == [("one", True), ("two", True), ("three", True), ("live", False)]
    nothing_false(a, b)
    known, = (world.tmp / "bob" / "config" / "conclave" / "rooms").iterdir()
    assert known.stat().st_mode & 0o777 == 0o600
    assert known.read_text().startswith("den ")
    # And a third time: nothing was missed, nothing comes twice.
    b.quit()
    b = world.client(s, "bob")
    b.joined()
    enters(b)
    say(a, "again")
    heard(b, "again")
    assert of_den(b) == [("again", False)]
    nothing_false(a, b)


def test_a_lost_connection(world):
    s, a, b = den(world, "alice", "bob")
    proxy = Proxy(s)
    c = world.client("127.0.0.1:%d" % proxy.port, "carol")
    try:
        c.joined()
        enters(c)
        proxy.open = False
        proxy.cut()
        say(a, *("missed %d" % i for i in range(30)))
        sent(a, 30)
        proxy.open = True
        c.see("joined", room="den", n=2)
        c.see("history", room="den")
        say(b, "live")
        heard(c, "live")
    finally:
        proxy.close()
    got = [text for text, _ in of_den(c)]
    assert got == ["missed %d" % i for i in range(30)] + ["live"]
    nothing_false(a, b, c)


def test_the_server_is_killed_meanwhile(world):
    """What was acknowledged is there after kill -9, in its order, for who was away and
    for who comes back."""
    s, a, b = den(world, "alice", "bob")
    say(a, "bob has this")
    heard(b, "bob has this")
    b.quit()
    a.see("leave", room="den")
    say(a, *("first %d" % i for i in range(20)))
    sent(a, 21)
    s.signal(9)
    s.wait()
    world.server(ephemeral=False, listen=s.listening[0])
    a.see("joined", room="den", n=2)
    say(a, *("second %d" % i for i in range(20)))
    sent(a, 41)
    b = world.client(s, "bob")
    b.joined()
    enters(b)
    assert b.see("history", room="den")["count"] == 40
    assert of_den(b) == [("%s %d" % (part, i), True)
                         for part in ("first", "second") for i in range(20)]
    nothing_false(a, b)


def test_a_laptop_that_was_closed(world):
    """Bob's client stands still (SIGSTOP) while the server is killed and started again and
    200 messages are said: when it goes on, all are there, once, in their order, and what is
    said next comes live."""
    s, a, b = den(world, "alice", "bob")
    say(a, "bob has this")
    heard(b, "bob has this")
    b.signal(signal.SIGSTOP)
    say(a, *("first %d" % i for i in range(100)))
    sent(a, 101)
    s.signal(9)
    s.wait()
    world.server(ephemeral=False, listen=s.listening[0])
    a.see("joined", room="den", n=2)
    say(a, *("second %d" % i for i in range(100)))
    sent(a, 201)
    b.signal(signal.SIGCONT)
    # What the first server had sent may have reached it before.
    b.see("joined", room="den", n=2)
    say(a, "live")
    heard(b, "live")
    assert [text for text, _ in of_den(b)] == ["bob has this"] + [
        "%s %d" % (part, i) for part in ("first", "second") for i in range(100)] + ["live"]
    nothing_false(a, b)


def test_what_nobody_has_read_is_not_known(world):
    """bob's lines are read by nobody, and his client is killed. What was still in the
    program comes at its next start, also when it has noted how far bob has read."""
    s, a, b = den(world, "alice", "bob")
    b.quit()
    a.see("leave", room="den")
    p = subprocess.Popen(
        [os.path.join(BUILD, "conclave"), "--json", "--name", "bob", "--rsa-bits", "2048",
         "--password", PASSWORD, s.invite], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=with_a_pair(environment(world.tmp / "bob")), cwd=TOP)
    p.stdin.write(b'{"do":"join","room":"den"}\n')
    p.stdin.flush()
    a.see("join", room="den", n=2)
    want = ["%d " % i + "x" * 1000 for i in range(200)]     # more than a pipe has
    say(a, *want)
    sent(a, len(want))
    time.sleep(2.5)     # KNOWN_ROOMS_MS
    p.kill()
    out, _ = p.communicate(timeout=WAIT)
    lines = [json.loads(x) for x in out.splitlines(keepends=True) if x.endswith(b"\n")]
    read = [e["text"] for e in lines if e["event"] == "message" and e["room"] == "den"]
    assert 0 < len(read) < len(want)
    b = world.client(s, "bob")
    b.joined()
    enters(b)
    b.see("history", room="den")
    again = b.texts("alice")
    assert again == want[len(want) - len(again):] and len(read) + len(again) >= len(want)


def test_who_comes_for_the_first_time_reads_nothing(world):
    s, a = den(world, "alice")
    say(a, "not for carol")
    sent(a, 1)
    c = world.client(s, "carol")
    c.joined()
    enters(c)
    say(a, "for carol")
    heard(c, "for carol")
    assert of_den(c) == [("for carol", False)]
    # And in a later visit neither.
    c.quit()
    a.see("leave", room="den")
    say(a, "while carol is away")
    sent(a, 3)
    c = world.client(s, "carol")
    c.joined()
    enters(c)
    c.see("history", room="den")
    assert of_den(c) == [("while carol is away", True)]
    nothing_false(a, c)


def test_own_messages_of_an_earlier_visit_are_not_news(world):
    """What alice said herself before she closed her client is known to her."""
    s, a, b = den(world, "alice", "bob")
    say(a, "mine")
    sent(a, 1)
    a.quit()
    b.see("leave", room="den")
    say(b, "news")
    sent(b, 1)
    a = world.client(s, "alice")
    a.joined()
    enters(a)
    a.see("history", room="den")
    assert of_den(a) == [("news", True)]
    nothing_false(a, b)


def test_plain_lines(world):
    """In words: a line for each message, and one that says how many there were."""
    s, a, b = den(world, "alice", "bob")
    b.quit()
    a.see("leave", room="den")
    say(a, "one", "two")
    sent(a, 2)
    p = world.client(s, "bob", face="--plain")
    until(lambda: any("lobby" in line for line in p.out), what="the first room")
    p.p.stdin.write(b"/join den\n")
    p.p.stdin.flush()
    until(lambda: any("2 messages from while you were away" in line for line in p.out),
          what="the count")
    at = [next(i for i, line in enumerate(p.out) if text in line)
          for text in ("alice: one", "alice: two", "2 messages from")]
    assert at == sorted(at)
