"""Direct messages with the real programs: to who is here and who is away, to several
devices, over kills and lost connections each once; blocked, held by a changed key,
from a restored backup; and what the server, the wire and a stolen device hold of
them."""

import os
import re
import shutil
import time

import pytest

from harness import CAGELESS, PASSWORD, WAIT, WATCHED, Proxy, until, until_all
from test_client import Terminal
from test_conclavectl import status
from test_sealed import processes, stored
from test_wiped import count

WORD = "xylophone-quartz"


def direct(c, to, text, **more):
    c.do(do="direct", to=to, text=text, **more)


def pair(world, **more):
    s = world.server(**more)
    a, b = (world.client(s, name) for name in ("alice", "bob"))
    a.joined()
    b.joined()
    return s, a, b


def reachable(world, n):
    """So many devices can be written to when they have left: the server has their keys,
    which they give it after they have come in."""
    until(lambda: status(world)["direct_devices"] >= n, what="the keys of %d devices" % n)


def away(c):
    """Leaves, with its state on disk."""
    c.quit()


def second(world, s, c, password="another long password"):
    """A second device of c's account, which both accept as theirs."""
    c.do(do="password")
    c.p.stdin.write(password.encode() + b"\n")
    c.p.stdin.flush()
    c.see("done", **{"for": "password"})
    d = world.client(s, c.name, "--account", "own", home=c.name + "-2", password=password)
    d.joined()
    return d


def test_here(world):
    s, a, b = pair(world)
    direct(a, "BOB", WORD, ref="r1")
    sent = a.see("sent", ref="r1")
    assert sent["with"] == "bob"
    m = b.see("direct", text=WORD)
    assert m["with"] == m["from"] == "alice" and m["verified"] and m["id"] == sent["id"]
    assert a.see("delivered")["ids"] == [m["id"]]
    # an answer, and what can be done to a message
    direct(b, "alice", "an answer", re=m["id"])
    assert a.see("direct", text="an answer")["re"] == m["id"]
    b.do(do="react", direct="alice", to=m["id"], **{"with": "+"})
    assert a.see("react", direct="bob")["to"] == m["id"]
    a.do(do="edit", direct="bob", of=m["id"], text="another text")
    assert b.see("edit", direct="alice", text="another text")["of"] == m["id"]
    b.do(do="delete", direct="alice", of=m["id"])    # not its author
    b.see("error", code="not_yours")
    a.do(do="delete", direct="bob", of=m["id"])
    b.see("delete", direct="alice")
    # nothing of it in the room
    a.say("to all")
    b.see("message", text="to all")
    assert not b.events("message", text=WORD) and not a.events("message", text=WORD)
    direct(a, "nobody", "hello")
    assert a.see("unsaid", **{"with": "nobody"})["code"] == "no_account"
    direct(a, "alice", "to myself")
    a.see("error", code="usage")
    a.do(do="quit")
    assert a.wait() == 7    # one was not sent: to nobody


def test_away(world):
    s, a, b = pair(world, ephemeral=False)
    reachable(world, 2)
    away(b)
    for i in range(3):
        direct(a, "bob", "text %d" % i)
    a.see("sent", n=3)
    # whom no room of hers has: her key can be looked at and compared all the same
    a.see("leave", names=["bob"])
    a.do(do="whois", name="bob")
    assert a.see("whois")["trust"] == "seen" and "room" not in a.events("whois")[0]
    a.do(do="verify", name="bob")
    code = a.see("verify")["code"]
    a.do(do="verify", name="bob", code=code)
    assert a.see("verify", n=2)["trust"] == "verified"
    away(a)
    b = world.client(s, "bob")
    b.see("direct", n=3)
    assert [m["text"] for m in b.events("direct")] == ["text 0", "text 1", "text 2"]
    b.see("connected")
    a = world.client(s, "alice")
    until(lambda: sum(len(e["ids"]) for e in a.events("delivered")) == 3)
    b.quit()
    b = world.client(s, "bob")
    direct(a, "bob", "the last")
    b.see("direct", text="the last")
    assert len(b.events("direct")) == 1
    # without receipts
    b.quit()
    b = world.client(s, "bob", "--no-delivery-receipts")
    n = len(a.events("delivered"))
    direct(a, "bob", "unseen")
    b.see("direct", text="unseen")
    direct(b, "alice", "an answer")
    a.see("direct", text="an answer")
    assert len(a.events("delivered")) == n


def test_devices(world):
    s, a, b = pair(world, ephemeral=False)
    b2 = second(world, s, b)
    direct(a, "bob", WORD)
    # the second device is the server's word only: alice is asked
    a.see("changed", **{"with": "bob"})
    a.see("held", **{"with": "bob"}, reason="ask")
    assert not b.events("direct") and not b2.events("direct")
    a.do(do="send_held", **{"with": "bob"})
    b_or_b2 = until(lambda: b.events("direct") or b2.events("direct"))
    assert len(b_or_b2) == 1
    a.do(do="trust", name="bob")
    direct(a, "bob", "to both")
    b.see("direct", text="to both")
    b2.see("direct", text="to both")
    # a copy goes to an own other device that was accepted, and is shown there
    direct(b, "alice", "no copy yet")
    a.see("direct", text="no copy yet")
    assert not b2.events("direct", text="no copy yet")
    b.do(do="trust", name="bob")
    b2.do(do="trust", name="bob")
    direct(b, "alice", "with a copy")
    copy = b2.see("direct", text="with a copy")
    assert copy["with"] == "alice" and copy["from"] == "bob" and copy["past"]


def test_blocked(world):
    s, a, b = pair(world)
    b.do(do="block", who="alice", ref="x")
    b.see("done", ref="x")
    b.do(do="block")
    assert b.see("blocks")["names"] == ["alice"]
    direct(a, "bob", WORD)
    assert a.see("unsaid", **{"with": "bob"})["code"] == "blocked"
    b.do(do="block", who="alice", on=False)
    b.see("done", n=2, **{"for": "block"})
    direct(a, "bob", "again")
    b.see("direct", text="again")
    assert not b.events("direct", text=WORD)


def test_a_changed_key(world):
    """bob comes with another identity: what alice writes is held until she decides."""
    s, a, b = pair(world, ephemeral=True, control=True)
    direct(a, "bob", "before")
    b.see("direct", text="before")
    b.quit()
    s.forget("bob")
    evil = world.client(s, "bob", home="evil")
    evil.joined()
    direct(a, "bob", WORD)
    held = a.see("held", **{"with": "bob"})
    assert held["count"] == 1
    direct(a, "bob", "after it")
    evil.say("something else")
    a.see("message", text="something else")
    assert not evil.events("direct")
    a.do(do="drop_held", **{"with": "bob"})
    a.see("unsaid", n=2, **{"with": "bob"})
    direct(a, "bob", "now")
    a.see("held", n=2, **{"with": "bob"})
    a.do(do="trust", name="bob")
    evil.see("direct", text="now")
    assert [m["text"] for m in evil.events("direct")] == ["now"]


def test_a_restored_backup(world):
    """An old copy of the state: keys are replaced, none is used twice, and new messages
    arrive."""
    s, a, b = pair(world, ephemeral=False)
    direct(a, "bob", "one")
    b.see("direct", text="one")
    away(b)
    home, copy = world.tmp / "bob", world.tmp / "backup"
    shutil.copytree(home, copy)
    b = world.client(s, "bob")
    b.joined()
    for i in range(45):    # so many keys that new ones are made
        direct(a, "bob", "more %d" % i)
    b.see("direct", text="more 44")
    away(b)
    shutil.rmtree(home)
    shutil.copytree(copy, home)
    b = world.client(s, "bob")
    b.joined()
    direct(a, "bob", "after the backup")
    b.see("direct", text="after the backup")
    assert [m["text"] for m in b.events("direct")] == ["after the backup"]


def test_kills(world):
    """Over kill -9 of the reader and lost connections of both nothing is lost, and
    within one life nothing comes twice; what was shown and not yet written when it was
    killed may come once more. DIRECT_MESSAGES=10000: a soak."""
    s = world.server(ephemeral=False, control=True)
    line = Proxy(s)
    try:
        a, b = (world.client(line.invite, name) for name in ("alice", "bob"))
        a.joined()
        b.joined()
        n, said, turn, lives = int(os.environ.get("DIRECT_MESSAGES", "400")), 0, 0, [b]
        step = n // 40

        def shown():
            return [m["text"] for c in lives for m in c.events("direct")]

        def waiting():
            return s.owner(do="status")[0]["direct_frames"]
        while said < n:
            for _ in range(step):
                direct(a, "bob", "text %d" % said)
                said += 1
                # No more than the server keeps of one sender for one device: 100, and
                # what was shown counts until bob has written that it was.
                if said % 10 == 0:
                    until(lambda: said - len(a.events("sent")) + waiting() <= 80, 2 * WAIT,
                          "that bob acknowledges")
            assert not a.events("unsaid")
            turn += 1
            if turn % 16 == 1:      # more often, and the clients wait longer each time
                line.cut()
            elif turn % 8 == 3:
                lives[-1].kill()
                lives.append(world.client(line.invite, "bob"))
                lives[-1].joined()  # whoever never was in does not come back when cut

        try:
            until_all(lambda: len(set(shown())), n, "messages")
            until_all(lambda: len(a.events("sent")), n, "sent")
        except TimeoutError as e:
            left = set(range(n)) - {int(t.split()[1]) for t in shown()}
            raise TimeoutError("%s; not shown: %s; %s" % (e, sorted(left), [
                (c.name, c.p.poll(), len(c.events("direct")), len(c.events("sent")),
                 [x for x in c.events() if x["event"] not in ("direct", "sent", "delivered")][-6:])
                for c in (a, lives[-1])])) from e
        assert not a.events("unsaid") and not any(c.events("dropped") for c in lives)
        for c in lives:
            texts = [m["text"] for m in c.events("direct")]
            assert len(texts) == len(set(texts))
            numbers = [int(t.split()[1]) for t in texts]
            assert numbers == sorted(numbers)
        assert len(shown()) - n <= 60 * (len(lives) - 1)
    finally:
        line.close()


def test_one_program_at_a_time(world):
    """A second program with the same identity has no direct messages, and says so."""
    s, a, b = pair(world)
    other = world.client(s, "bob", home="bob")
    other.joined()
    direct(other, "alice", WORD)
    other.see("error", code="unavailable")
    direct(a, "bob", WORD)
    b.see("direct", text=WORD)
    assert not other.events("direct")


@pytest.mark.skipif(WATCHED or CAGELESS, reason="the watcher keeps freed memory")
def test_nobody_else_holds_them(world):
    """Neither the server's memory and files nor the wire have a text of them, or a key
    that opens one."""
    s = world.server(ephemeral=False)
    tapped = Proxy(s)
    try:
        a = world.client(tapped.invite, "alice")
        b = world.client(tapped.invite, "bob")
        a.joined(), b.joined()
        direct(a, "bob", WORD)
        b.see("direct", text=WORD)
        away(b)
        direct(a, "bob", WORD + "-kept")
        a.see("sent", n=2)
        a.say("open-" + "marker")
        a.see("sent", n=3)
        pids = processes(s.p.pid)
        assert len(pids) >= 2 and count(pids[0], "lobby")
        assert any(count(pid, "CREATE TABLE") for pid in pids[1:])
        for pid in pids:
            assert count(pid, WORD) == 0, pid
        files = list(stored(world.tmp / "server"))
        assert any(b"direct" in text for _, text in files)
        for path, text in files:
            assert WORD.encode() not in text, path
        wire = b"".join(map(bytes, tapped.passed))
        assert len(wire) > 10000 and WORD.encode() not in wire
        # in the clients' own state they are nowhere either
        for path, text in stored(world.tmp / "alice", world.tmp / "bob"):
            assert WORD.encode() not in text, path
        b = world.client(tapped.invite, "bob")
        b.see("direct", text=WORD + "-kept")
    finally:
        tapped.close()


def test_a_stolen_device_opens_nothing_earlier(world):
    """The frame of the server's queue, given again to a state that has shown it: the
    key that was used once is gone."""
    s, a, b = pair(world, ephemeral=False)
    reachable(world, 2)
    away(b)
    direct(a, "bob", WORD)
    a.see("sent")
    away(a)
    s.stop()
    state = world.tmp / "server" / "state"
    shutil.copytree(state, world.tmp / "seized",
                    ignore=shutil.ignore_patterns("*.sock"))
    again = {"ephemeral": False, "listen": "127.0.0.1:%d" % s.address[1]}
    s = world.server(**again)
    b = world.client(s, "bob")
    b.see("direct", text=WORD)
    away(b)
    s.stop()
    shutil.rmtree(state)
    shutil.copytree(world.tmp / "seized", state)    # the queue has the frame again
    s = world.server(**again)
    # The thief takes away what would keep the program from showing it again.
    for path in (world.tmp / "bob").rglob("direct/*.seen"):
        path.unlink()
    b = world.client(s, "bob")
    dropped = b.see("dropped")
    assert dropped["with"] == "alice" and dropped["reason"] == "key"
    assert not b.events("direct")


def shown(c, pattern):
    return until(lambda: any(re.search(pattern, line) for line in c.out), what=pattern)


def test_plain(world):
    s = world.server()
    b = world.client(s, "bob")
    b.joined()
    a = world.client(s, "alice", face="--plain")
    shown(a, "in the room:")
    a.p.stdin.write(b"/msg bob " + WORD.encode() + b"\n/query nobody x\n/msg bob\n/pm bob x\n")
    a.p.stdin.flush()
    assert b.see("direct", text=WORD)["from"] == "alice"
    shown(a, r"\[direct\] ..:.. you to bob: " + WORD)
    shown(a, r"\[direct\] delivered to bob: 1 message")
    shown(a, r"\[direct\] not sent to nobody: ")
    shown(a, r"/msg NAME TEXT says TEXT to NAME alone")
    direct(b, "alice", "an answer\x1b[31m\nwith a second line")
    shown(a, r"\[direct\] ..:.. bob to you: an answer")
    assert not any("\x1b" in line for line in a.out)
    # the numbers of /last @NAME are of what was said with that person
    a.p.stdin.write(b"/last @bob\n")
    a.p.stdin.flush()
    shown(a, r"1 you: " + WORD)
    shown(a, r"2 bob: an answer")
    a.p.stdin.write(b"/reply 2 thanks\n/edit corrected\n/react 2 +1\n/info 2\n")
    a.p.stdin.flush()
    assert b.see("direct", text="thanks")["re"] == b.see("sent")["id"]
    assert b.see("edit", direct="alice", text="corrected")
    assert b.see("react", direct="alice")
    shown(a, "/info is about what was said in a room")
    a.p.stdin.write(b"in the room\n")
    a.p.stdin.flush()
    b.see("message", text="in the room")
    a.p.stdin.write(b"/edit better\n")
    a.p.stdin.flush()
    assert b.see("edit", text="better").get("room") == "lobby"
    assert len(b.events("edit")) == 2
    a.p.stdin.write(b"/block bob\n/block\n")
    a.p.stdin.flush()
    shown(a, "bob is blocked: the server refuses their direct messages to you; /unblock bob")
    shown(a, "direct messages from bob are refused")
    a.p.stdin.write(b"/unblock bob\n")
    a.p.stdin.flush()
    shown(a, "bob is not blocked")
    assert [m["text"] for m in b.events("message")] == ["in the room"]


def drawn(t, pattern):
    """Draws the whole screen anew until it has the pattern: of what changes the terminal
    is otherwise sent a part only."""
    def there():
        t.type("\x0c")
        t.read(0.3)
        return re.search(pattern, t.text)
    until(there, what=pattern)


def test_the_full_screen(world):
    """A window for each person: who is meant stands in the prompt and in the status
    line; nothing goes to a room by mistake."""
    s = world.server()
    b, c = (world.client(s, name) for name in ("bob", "carol"))
    b.joined(), c.joined()
    home = world.tmp / "alice"
    home.mkdir()
    t = Terminal(home, "--name", "alice", "--password", PASSWORD, "--rsa-bits", "2048",
                 s.invite, size=(24, 80))
    try:
        t.see("you are in lobby")
        t.type("/msg bob " + WORD + "\r")
        assert b.see("direct", text=WORD)["from"] == "alice"
        t.see("to bob alone")
        t.see("@bob> ")
        t.type("typed-in-the-window\r")
        b.see("direct", text="typed-in-the-window")
        drawn(t, r"typed-in-the-window\S*  delivered")
        t.see("verified 0 of 1")
        t.type("/verify bob\r")
        t.see(r"\d{5} \d{5} \d{5}")
        t.type("/verify bob yes\r")
        t.see("bob is verified")
        t.type("\x0c")     # all of it anew
        t.see("verified 1 of 1")
        direct(b, "alice", "an-answer-to-you\x1b[31m")
        t.see("an-answer-to-you")
        # another person's comes into a window of its own, and asks for the user
        direct(c, "alice", "from-the-other")
        t.see("@carol")
        t.type("\x1ba")    # the next that needs me
        t.see("carol> ")
        t.see("from-the-other")
        t.type("to-the-other\r")
        c.see("direct", text="to-the-other")
        # what was said can be corrected there
        t.type("/edit better\r")
        assert c.see("edit", direct="alice", text="better")
        t.type("/last\r")
        drawn(t, "1 carol: from-the-other")
        t.type("/reply 1 quoted\r")
        assert c.see("direct", text="quoted")["re"] == c.see("sent")["id"]
        t.type("/query bob\r")
        drawn(t, "to bob alone")
        # what is for rooms does no harm here
        for line in ("room", "names", "receipt", "seal", "topic x", "kick bob", "older", "held",
                     "send", "purge", "last", "history", "unread", "read", "mentions",
                     "whois bob", "verify bob", "info 1", "react 1 +", "events all"):
            t.type("/%s\r" % line)
            t.taken()
        for key in ("\x1b[5~", "\x1bs", "\x1bo", "\x1bw", "\x1bi", "\x1bg", "\x1bOQ"):
            t.type(key)
            t.taken()
            t.type("\x1b")
            time.sleep(0.5)    # else it is the beginning of another key
        t.type("\x15")
        t.type("/leave\r")
        t.type("/go lobby\r")
        t.see("server can read")
        t.type("to-all\r")
        b.see("message", text="to-all")
        assert [m["text"] for m in b.events("message")] == ["to-all"]
        assert {m["text"] for m in b.events("direct")} == {WORD, "typed-in-the-window"}
        assert [m["text"] for m in c.events("direct")] == ["to-the-other", "quoted"]
    finally:
        t.stop()


def test_the_full_screen_holds(world):
    """A changed key in the window: held, and sent when it is accepted."""
    s = world.server(control=True)
    b = world.client(s, "bob")
    b.joined()
    home = world.tmp / "alice"
    home.mkdir()
    t = Terminal(home, "--name", "alice", "--password", PASSWORD, "--rsa-bits", "2048",
                 s.invite, size=(30, 100))
    try:
        t.see("you are in lobby")
        t.type("/msg bob before\r")
        b.see("direct", text="before")
        b.quit()
        s.forget("bob")
        b = world.client(s, "bob", home="another")
        b.joined()
        t.type("first\r")
        t.see("HELD, not sent")
        t.type("second\r/drop\r")
        t.see("not sent to bob: you dropped it")
        t.type("third\r")
        t.see("HELD, not sent: 1 message")
        t.type("/trust bob\r")
        b.see("direct", text="third")
        assert [m["text"] for m in b.events("direct")] == ["third"]
    finally:
        t.stop()
