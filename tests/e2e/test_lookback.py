"""A room's history as the faces show it: read back from the newest to the oldest in
parts, with what was done to a message since, on the screen and in JSON lines."""

import contextlib
import os
import re
import shutil
import signal
import time

from harness import PASSWORD, until
from segments import entries
from test_client import terminal  # noqa: F401
from test_keeper import processes
from test_missed import den, enters, heard, nothing_false, say, sent
from test_stolen import database, file_with, state


def part(c, before=0, count=500, ref="part"):
    """One part of the history: its messages, and what "history" says of it."""
    at = len(c.events())
    c.do(do="history", room="den", before=before, count=count, ref=ref)
    end = c.see("history", ref=ref)
    got = [e for e in c.events()[at:] if e.get("past")]
    return got, end


def test_json_reads_back_to_the_beginning(world):
    s, a = den(world, "alice")
    say(a, *("line %d" % i for i in range(25)))
    sent(a, 25)
    ids = [e["id"] for e in sorted(a.events("sent"), key=lambda e: e["seq"])]
    a.do(do="edit", room="den", of=ids[3], text="line 3, edited")
    a.do(do="delete", room="den", of=ids[5])
    a.do(do="topic", room="den", text="of lines")
    a.see("room", topic="of lines")
    sent(a, 27)
    texts, before, n = [], 0, 0
    while True:
        got, end = part(a, before, 7, "p%d" % n)
        n += 1
        assert n < 20
        texts = [(e["event"], e.get("text")) for e in got
                 if e["event"] in ("message", "edit", "delete")] + texts
        assert end["first"] == 0 or end["last"] - end["first"] < 7
        if "end" in end:
            break
        before = end["first"]
    assert end["end"] == "since"          # alice made the room: the log is from there
    want = [("message", "line %d" % i) for i in range(25)]
    want.insert(4, ("edit", "line 3, edited"))
    want.insert(7, ("delete", None))
    assert texts == want
    # The same part again says the same.
    assert part(a, before, 7, "again")[0] == got
    nothing_false(a)


def screen(terminal, tmp_path, s, name, size=(24, 80)):
    t = terminal(tmp_path / name, "--tui", "-n", name, "--notify", "none", "--no-title",
                 s.listening[0], size=size, CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    t.type("/join den\r")
    t.see("you are in den")
    return t


def test_the_screen_scrolls_back(world, terminal, tmp_path):
    s, a, b = den(world, "alice", "bob")
    say(a, "the very first")
    heard(b, "the very first")
    b.quit()
    a.see("leave", room="den")
    say(a, *("line %03d" % i for i in range(300)))
    sent(a, 301)
    t = screen(terminal, tmp_path, s, "bob")
    t.see("300 messages from while you were away")
    for _ in range(40):                     # PgUp, past the top
        t.type("\x1b[5~")
        t.taken()
        t.read()
    t.type("/export all.txt\r")
    t.see("lines were written to")
    out = next(world.tmp.rglob("all.txt")).read_text()
    assert re.findall(r"alice: (line \d+|the very first)", out) == \
        ["the very first"] + ["line %03d" % i for i in range(300)]
    assert "may read no further" in out and re.search(r"\w+day, \d{4}-\d\d-\d\d", out)
    assert out.index("may read no further") < out.index("the very first")


def test_purged_now_and_later(world):
    """The author, then an operator who is asked by nobody; who was there, and who reads
    it later. A member may not destroy what somebody else wrote."""
    s, a, b = den(world, "alice", "bob")
    say(b, "bob's own", "to stay")
    sent(b, 2)
    say(a, "first", "second")
    sent(a, 2)
    heard(b, "second")
    mine = {m["text"]: m["id"] for m in b.events("message", room="den")}
    b.do(do="purge", room="den", of=mine["first"], ref="no")
    assert b.see("failed", ref="no")["code"] == "denied"
    ids = [e["id"] for e in sorted(a.events("sent"), key=lambda e: e["seq"])]
    a.do(do="edit", room="den", of=ids[0], text="first, again")
    b.see("edit", of=ids[0])
    a.do(do="purge", room="den", of=ids[0], ref="own")
    a.see("done", ref="own")
    bobs = a.see("message", text="bob's own")["id"]
    a.do(do="purge", room="den", of=bobs, ref="theirs")
    a.see("done", ref="theirs")
    assert b.see("purge", of=bobs)["by"] == "alice"
    assert len([e for e in b.events("purge") if e["of"] == ids[0]]) == 2  # and its edit
    got, _ = part(b)
    assert [e["text"] for e in got if e["event"] == "message"] == ["to stay", "second"]
    assert [e["by"] for e in got if e["event"] == "gone"] == ["alice"] * 3
    nothing_false(a, b)


def test_an_edit_on_its_way_is_purged_with_its_message(world):
    """The keeper stands still: the edit is not acknowledged when the user purges its
    message. It goes as well when it is in the log; what waits for the purge is answered."""
    s, a, b = den(world, "alice", "bob")
    say(a, "first", "second")
    sent(a, 2)
    heard(b, "second")
    first = next(m["id"] for m in b.events("message", room="den") if m["text"] == "first")
    keeper = processes(s)[1]
    os.kill(keeper, signal.SIGSTOP)
    a.do(do="edit", room="den", of=first, text="first, again")
    a.do(do="purge", room="den", of=first, ref="it")
    os.kill(keeper, signal.SIGCONT)
    a.see("done", ref="it")
    b.see("purge", n=2)
    got, _ = part(b)
    assert [e["text"] for e in got if e["event"] == "message"] == ["second"]
    assert [e["by"] for e in got if e["event"] == "gone"] == ["alice"] * 2
    assert not [e for e in got if e["event"] == "edit"]
    assert len(a.events("done")) == len(a.events("done", ref="it")) + 1  # of the room's making
    nothing_false(a, b)


def with_an_edit_to_be_purged(world):
    """The keeper stands still after an edit, and its message is purged."""
    s, a, b = den(world, "alice", "bob")
    say(a, "first", "second")
    sent(a, 2)
    heard(b, "second")
    first = next(m["id"] for m in b.events("message", room="den") if m["text"] == "first")
    keeper = processes(s)[1]
    os.kill(keeper, signal.SIGSTOP)
    a.do(do="edit", room="den", of=first, text="first, again")
    a.do(do="purge", room="den", of=first, ref="it")
    a.do(do="users", room="den", ref="taken")
    a.see("users", ref="taken")     # and so were the lines before
    return s, a, b, keeper


def test_quitting_waits_until_an_edit_on_its_way_is_purged(world):
    s, a, b, keeper = with_an_edit_to_be_purged(world)
    a.do(do="quit")
    time.sleep(0.5)
    assert a.p.poll() is None
    os.kill(keeper, signal.SIGCONT)
    assert a.wait() == 0
    b.see("purge", n=2)
    got, _ = part(b)
    assert [e["text"] for e in got if e["event"] == "message"] == ["second"]
    assert not [e for e in got if e["event"] == "edit"]


def comes_back(world, s, b):
    """alice is started again: what she asked to be purged is purged, and asked no more."""
    a = world.client(s, "alice")
    a.joined()
    enters(a)
    b.see("purge", n=2)
    got, _ = part(b)
    assert [e["text"] for e in got if e["event"] == "message"] == ["second"]
    assert [e["by"] for e in got if e["event"] == "gone"] == ["alice"] * 2
    assert not [e for e in got if e["event"] == "edit"]
    a.quit()
    a = world.client(s, "alice")
    a.joined()
    enters(a)
    say(a, "third")
    heard(b, "third")
    assert len([e for e in b.events("purge") if "past" not in e]) == 2
    nothing_false(a, b)


def test_leaving_before_an_edit_is_purged_says_so(world):
    s, a, b, keeper = with_an_edit_to_be_purged(world)
    try:
        a.p.send_signal(signal.SIGTERM)
        assert a.wait() == 7
    finally:
        os.kill(keeper, signal.SIGCONT)
    assert a.events("closed")[-1]["text"] == (
        "the server has not acknowledged 1 message; 1 edit of a message that you purged will "
        "be purged when you are in the room again")
    b.see("edit", text="first, again")
    comes_back(world, s, b)


def newest_of_members(world):
    """What the server's disk has of the newest entry of a member, sealed as it is."""
    folder = str(world.tmp / "copy")
    shutil.copytree(state(world), folder, ignore=shutil.ignore_patterns("*.sock"))
    with contextlib.closing(database(folder)) as db:
        return [e.body[28:] for e in entries(db)
                if e.body is not None and e.body[16:20] != bytes(4)][-1]


def killed(world, a, keeper):
    """kill -9, as soon as the wish is on the disk; the keeper goes on. Returns the file."""
    folder = world.tmp / "alice" / "config" / "conclave" / "purges"
    file, = until(lambda: list(folder.iterdir()), what="the wish on the disk")
    a.kill()
    os.kill(keeper, signal.SIGCONT)
    return file


def test_killed_before_an_edit_is_purged(world):
    """kill -9 while the edit is on its way: the server keeps it, and the client that is
    started again has it destroyed, on the disk too."""
    s, a, b, keeper = with_an_edit_to_be_purged(world)
    file = killed(world, a, keeper)
    b.see("edit", text="first, again")
    sealed = newest_of_members(world)
    assert len(sealed) > 64 and file_with(state(world), sealed)
    comes_back(world, s, b)
    assert s.stop() == 0
    assert file_with(state(world), sealed) is None
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_list_of_purges_that_is_damaged(world):
    """It is told, and nothing else is missing."""
    s, a, b, keeper = with_an_edit_to_be_purged(world)
    file = killed(world, a, keeper)
    b.see("edit", text="first, again")
    file.write_bytes(file.read_bytes()[:-1])
    a = world.client(s, "alice")
    a.joined()
    until(lambda: a.said("purges/.* is damaged, or is another identity's"), what="a warning")
    enters(a)
    got, _ = part(a)
    assert "first, again" in [e.get("text") for e in got]
    nothing_false(a)


def test_plain_older_and_search(world):
    s, a, b = den(world, "alice", "bob")
    say(a, "a needle", *("hay %d" % i for i in range(30)))
    sent(a, 31)
    heard(b, "hay 29")
    b.quit()
    p = world.client(s, "bob", face="--plain")

    def line(text, want):
        p.p.stdin.write(text.encode() + b"\n")
        p.p.stdin.flush()
        until(lambda: any(want in x for x in p.out), what=want)

    until(lambda: any("lobby" in x for x in p.out), what="the first room")
    line("/join den", "in the room: ")
    assert any("keeps what is said here for 7 days" in x for x in p.out)
    line("/older 3", "alice: hay 27")
    line("/history", "those who were members then can read it later")
    line("/search needle", "alice: a needle")
    shown = [x.split("alice: ")[1] for x in p.out if "alice: " in x]
    assert shown == ["hay 27", "hay 28", "hay 29", "a needle"]
