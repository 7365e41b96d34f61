"""Files between real clients: sent, offered, saved, with what may happen on the way."""

import hashlib
import os
import re

import pytest

from blob1 import put
from conclave1 import padded
from harness import PASSWORD, WAIT, together, until
from test_client import Terminal
from test_direct_clients import reachable
from test_history import killed

PIECE = 65508
LONG = 2 * WAIT


def content(path, n, seed=b"x"):
    """A file of n bytes that no compression and no chance makes again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as f:
        block = b"".join(hashlib.sha256(seed + b"%d" % i).digest() for i in range(2048))
        left, turn = n, 0
        while left > 0:
            f.write((turn.to_bytes(8, "big") + block)[:left][:65536])
            left -= min(left, 65536)
            turn += 1
    assert path.stat().st_size == n
    return path


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() if hasattr(
            hashlib, "file_digest") else hashlib.sha256(f.read()).hexdigest()


def kept(world, *args, **more):
    return world.server(*args, ephemeral=False, **more)


def two(world, s):
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    return a, b


def saved(world, who="bob"):
    return world.tmp / who / "Downloads" / "conclave"


def send(world, a, path, **more):
    a.do(do="send_file", path=str(path), **more)


def leftovers(world, *names):
    found = []
    for name in names:
        for d, _, files in os.walk(world.tmp / name):
            if d.endswith("/transfers"):
                found += files
            found += [f for f in files if f.endswith(".part")]
    return found


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3000000])
def test_there_and_saved(world, size):
    s = kept(world)
    a, b = two(world, s)
    path = content(world.tmp / "alice" / "report.pdf", size)
    send(world, a, path, ref="r")
    assert a.see("sending")["ref"] == "r"
    done = a.see("file_done", LONG)
    assert "code" not in done and done["ref"] == "r"
    offer = b.see("file")
    assert (offer["name"], offer["size"], offer["from"]) == ("report.pdf", size, "alice")
    assert a.see("file", own=True)["id"] == offer["id"]
    b.do(do="get_file", id=offer["id"], ref="g")
    got = b.see("file_done", LONG)
    assert got["ref"] == "g" and got["path"] == str(saved(world) / "report.pdf")
    assert digest(got["path"]) == digest(path)
    assert os.stat(got["path"]).st_mode & 0o7777 == 0o600
    assert leftovers(world, "alice", "bob") == []
    # once more: nothing is written over
    b.do(do="get_file", id=offer["id"])
    assert b.see("file_done", LONG, n=2)["path"] == str(saved(world) / "report (2).pdf")
    b.do(do="files")
    assert [f["state"] for f in b.see("files")["files"]] == ["saved"]


SIZE = 220 << 20


@pytest.mark.parametrize("who", ["sender", "server"])
def test_sending_goes_on_after_kill_9(world, who):
    s = kept(world, "--file-size", "1G")
    a, b = two(world, s)
    path = content(world.tmp / "alice" / "disk.img", SIZE)
    send(world, a, path)
    folder = world.tmp / "server" / "state" / "files"

    def stored():
        return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    until(lambda: folder.exists() and stored() > SIZE // 2, LONG, "a half")
    if who == "sender":
        a.kill()
        assert stored() < SIZE
        assert leftovers(world, "alice") != []
        kept_keys = list((world.tmp / "alice").rglob("transfers/*"))
        assert len(kept_keys) == 1
        assert kept_keys[0].read_bytes().startswith(b"conclave transfer 1\n")
        before = stored()
        a = world.client(s, "alice")
        a.joined()
    else:
        where = s.listening[0]
        killed(s)
        before = stored()
        assert before < SIZE
        s = kept(world, listen=where)
        a.see("reconnect", LONG)
    done = a.see("file_done", LONG)
    assert "code" not in done, done
    offer = b.see("file", LONG)
    # what was there was not sent again: the file of the blob has only grown
    assert stored() < SIZE + (2 << 20) and before > SIZE // 2 - 1
    b.do(do="get_file", id=offer["id"])
    got = b.see("file_done", LONG)
    assert digest(got["path"]) == digest(path)
    assert leftovers(world, "alice", "bob") == []


@pytest.mark.parametrize("who", ["getter", "server"])
def test_saving_goes_on_after_kill_9(world, who):
    s = kept(world, "--file-size", "1G")
    a, b = two(world, s)
    path = content(world.tmp / "alice" / "disk.img", SIZE)
    send(world, a, path)
    offer = b.see("file", LONG)
    b.do(do="get_file", id=offer["id"])
    part = saved(world) / "disk.img.part"
    until(lambda: part.exists() and part.stat().st_size > SIZE // 2, LONG, "a half")
    if who == "getter":
        b.kill()
        size = part.stat().st_size
        assert size < SIZE
        b = world.client(s, "bob")
        b.joined()
    else:
        where = s.listening[0]
        killed(s)
        size = part.stat().st_size
        assert size < SIZE
        s = kept(world, listen=where)
    got = b.see("file_done", LONG)
    assert "code" not in got, got
    assert digest(got["path"]) == digest(path)
    assert leftovers(world, "alice", "bob") == []


def test_a_file_that_changes(world):
    s = kept(world, "--file-size", "1G")
    a, b = two(world, s)
    path = content(world.tmp / "alice" / "log.txt", SIZE)
    send(world, a, path)
    folder = world.tmp / "server" / "state" / "files"
    until(lambda: any(f.is_file() and f.stat().st_size > SIZE // 8
                      for f in folder.rglob("*")), LONG, "some of it")
    with open(path, "ab") as f:
        f.write(b"more")
    done = a.see("file_done", LONG)
    assert done["code"] == "changed" and "changed while it was sent" in done["text"]
    assert b.events("file") == []
    assert leftovers(world, "alice") == []


def test_cancel(world):
    s = kept(world, "--file-size", "1G")
    a, b = two(world, s)
    path = content(world.tmp / "alice" / "disk.img", SIZE)
    send(world, a, path)
    sending = a.see("sending")
    folder = world.tmp / "server" / "state" / "files"
    until(lambda: any(f.is_file() and f.stat().st_size > SIZE // 8
                      for f in folder.rglob("*")), LONG, "some of it")
    a.do(do="cancel_file", id=sending["id"])
    assert a.see("file_done", LONG)["code"] == "cancelled"
    # the server has nothing of it any more
    until(lambda: not any(f.stat().st_size > 4096 for f in folder.rglob("*")
                          if f.is_file()), LONG, "it is gone")
    a.do(do="cancel_file", id=sending["id"])
    assert "not on its way" in a.see("error", code="file")["text"]
    send(world, a, path)
    offer = b.see("file", LONG)
    b.do(do="get_file", id=offer["id"])
    part = saved(world) / "disk.img.part"
    until(lambda: part.exists() and part.stat().st_size > SIZE // 8, LONG, "some of it")
    b.do(do="cancel_file", id=offer["id"])
    assert b.see("file_done", LONG)["code"] == "cancelled"
    until(lambda: not part.exists(), what="no part")
    assert leftovers(world, "alice", "bob") == []


def test_what_is_not_sent(world):
    s = kept(world, "--file-size", "1M")
    a, b = two(world, s)
    home = world.tmp / "alice"
    content(home / ".ssh" / "id_ed25519", 100)
    content(world.tmp / "outside", 100)
    (home / "link").symlink_to(home / ".ssh" / "id_ed25519")
    os.mkfifo(home / "fifo")
    for n, (path, why) in enumerate([
            (home / ".ssh" / "id_ed25519", "hidden"),
            (home / "link", "hidden"),
            (world.tmp / "outside", "not below"),
            (home, "is not"),
            (home / "fifo", "is not a file"),
            (home / "nothing", "cannot send")]):
        send(world, a, path)
        assert why in a.see("error", n=n + 1, code="file")["text"], path
    # too large for this server: one sentence
    send(world, a, content(home / "big", 2 << 20))
    done = a.see("file_done", LONG)
    assert done["code"] == "quota" and len(done["text"]) > 10
    assert b.events("file") == []


def test_hostile_names(world):
    """The offer of a client that is not ours names whatever it wants."""
    s = kept(world)
    b = world.client(s, "bob")
    b.joined()
    p = world.peer(s, "mallory")
    b.see("join")
    for n, (name, want) in enumerate([
            ("../../.bashrc", "_bashrc"), ("/etc/passwd", "passwd"),
            ("C:\\x\\evil.exe", "evil.exe"), ("-rf", "_rf"), ("..", "__"),
            ("a\x1b[2Jb", "a␛[2Jb"), ("x\u202egpj.exe", "x�gpj.exe")]):
        offer = put(p, b"text of %d" % n).offer(name)
        p.send_content(padded(offer))
        offer = offer["id"]
        got = b.see("file", id=offer)
        b.do(do="get_file", id=offer)
        done = b.see("file_done", LONG, n=n + 1)
        assert done.get("path") == str(saved(world) / want), (done, got)
        assert (saved(world) / want).read_bytes() == b"text of %d" % n
    assert sorted(x.name for x in saved(world).parent.iterdir()) == ["conclave"]


def test_accepted_unasked(world):
    s = kept(world)
    a = world.client(s, "alice")
    b = world.client(s, "bob", "--accept", "alice,carol")
    together(a, b)
    path = content(world.tmp / "alice" / "a.bin", 100000)
    # whose key is new is asked for
    send(world, a, path)
    first = b.see("file", LONG)
    a.see("file_done", LONG)
    assert b.events("file_done") == [] and first["trust"] == "new"
    send(world, a, path)
    assert digest(b.see("file_done", LONG)["path"]) == digest(path)


def test_none_are_kept(world):
    s = world.server()      # --ephemeral
    a, b = two(world, s)
    send(world, a, content(world.tmp / "alice" / "a.bin", 1000))
    done = a.see("file_done", LONG)
    assert done["code"] and done["text"]


def test_plain(world):
    s = kept(world)
    a = world.client(s, "alice", face="--plain")
    b = world.client(s, "bob", face="--plain")

    def line(c, text):
        c.p.stdin.write(text.encode() + b"\n")
        c.p.stdin.flush()

    def see(c, pattern):
        until(lambda: any(re.search(pattern, x) for x in c.out), LONG,
              "%s in %s" % (pattern, c.out[-5:]))
    see(a, "bob joined|in the room.*bob|people.*bob|bob")
    path = content(world.tmp / "alice" / "two words.txt", 200000)
    line(a, "/send %s" % path)
    see(a, r"^-- sending file 1: two words.txt, 200 KB")
    see(a, r"^-- file 1 is sent: two words.txt$")
    see(b, r"^-- file 1 from alice: two words.txt, 200 KB: /get 1 saves it$")
    line(b, "/get 1 mine.txt")
    see(b, r"^-- file 1 is saved as .*/Downloads/conclave/mine.txt, and checked$")
    assert digest(saved(world) / "mine.txt") == digest(path)
    line(b, "/files")
    see(b, r"^-- 1  mine.txt  200 KB  from alice  lobby: saved as ")
    line(b, "/get 9")
    see(b, "there is no file 9")
    line(b, "/cancel 1")
    see(b, "not on its way")
    line(a, "/send /etc/passwd")
    see(a, "is not sent")
    line(a, "/send")
    see(a, "no message is held")


def test_chat_beside_a_file(world):
    """What is said is there long before the file that began earlier."""
    s = kept(world, "--file-size", "1G")
    a, b = two(world, s)
    send(world, a, content(world.tmp / "alice" / "disk.img", SIZE))
    a.see("sending")
    for n in range(20):
        a.say("line %d" % n)
        b.see("message", text="line %d" % n)
    b.see("file", LONG)
    assert len(b.events("message")) == 20


def test_to_one_person_who_is_away(world):
    """To carol alone, while she is not there; bob, in the room, learns nothing."""
    s = kept(world)
    c = world.client(s, "carol")
    c.joined()
    reachable(world, 1)
    c.quit()
    a, b = two(world, s)
    path = content(world.tmp / "alice" / "key.pdf", 48000)
    send(world, a, path, to="carol", ref="d")
    done = a.see("file_done", LONG, ref="d")
    assert "code" not in done and done["with"] == "carol" and "room" not in done
    assert a.see("file", own=True)["with"] == "carol"
    c = world.client(s, "carol")
    offer = c.see("file", LONG)
    assert (offer["with"], offer["from"], offer["name"]) == ("alice", "alice", "key.pdf")
    c.do(do="get_file", id=offer["id"])
    assert digest(c.see("file_done", LONG)["path"]) == digest(path)
    assert b.events("file") == []
    send(world, a, path, to="alice")
    assert "nobody" in a.see("error", code="file")["text"]
    send(world, a, path, to="nobody-here")
    assert a.see("file_done", LONG, code="refused")["text"]
    send(world, b, content(world.tmp / "bob" / "b.txt", 10), to="carol")
    assert c.see("file", LONG, name="b.txt")["from"] == "bob"
    assert leftovers(world, "alice", "bob", "carol") == []


def test_plain_to_one_person(world):
    s = kept(world)
    a, b = two(world, s)
    p = world.client(s, "paul", face="--plain")
    content(world.tmp / "paul" / "two words.txt", 5000)
    until(lambda: any("lobby" in x for x in p.out), what="paul in the room")
    b.see("join", names=["paul"])
    p.p.stdin.write(b"/send ~/two words.txt bob\n")
    p.p.stdin.flush()
    until(lambda: any(re.search("to bob alone", x) for x in p.out), LONG, str(p.out))
    assert b.see("file", LONG)["with"] == "paul"
    until(lambda: any("file 1 is sent" in x for x in p.out), LONG, str(p.out))
    assert a.events("file") == []


def test_an_offer_on_the_screen(world):
    """What is offered to somebody alone is waiting for them like a direct message, and
    what is offered to a room like a message in it."""
    s = kept(world)
    b = world.client(s, "bob")
    b.joined()
    home = world.tmp / "alice"
    home.mkdir()
    t = Terminal(home, "--name", "alice", "--password", PASSWORD, "--rsa-bits", "2048",
                 s.invite, size=(24, 80))
    try:
        t.see("you are in lobby")
        b.see("join", names=["alice"])
        path = content(world.tmp / "bob" / "for-alice.bin", 1000)
        send(world, b, path, to="alice")
        b.see("file_done")
        t.see(r"2 @bob \+1 @1")
        assert "\a" in t.text
        assert "for-alice.bin" not in t.text
        t.type("\x1ba")
        t.see("1 unread")
        t.see("file 1 from bob: for-alice.bin")
        assert "[direct]" not in t.text
        path = content(world.tmp / "bob" / "for-all.bin", 1000)
        send(world, b, path)
        b.see("file_done", n=2)
        t.see(r"1 lobby \+1")
    finally:
        t.stop()
