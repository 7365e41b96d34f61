"""Sealed rooms with the real programs: what the server can and cannot read, the
secret in invites and in the client's files, a new secret after somebody has left,
and a server that takes the seal away or sets it back."""

import base64
import os
import re
import shutil
import stat
import struct
import subprocess

import pytest

import conclave1
from harness import BUILD, CAGELESS, PASSWORD, WATCHED, until
from test_client import Terminal
from test_wiped import count

WORD = "xylophone-quartz"


def processes(pid):
    """The server's: the relay, the keeper, which has the files, and its warden."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [pid] + [p for child in f.read().split() for p in processes(int(child))]


def stored(*folders):
    """All bytes of the files below."""
    for folder in folders:
        for top, _, names in os.walk(str(folder)):
            for name in names:
                path = os.path.join(top, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    with open(path, "rb") as f:
                        yield path, f.read()


def make(a, room="vault", **settings):
    """alice makes a sealed room. Returns its invite."""
    a.do(do="room_new", room=room, settings={"sealed": True, **settings})
    a.see("done", **{"for": "room_new", "room": room})
    a.do(do="join", room=room)
    a.see("joined", room=room)
    return a.see("seal", room=room, reason="new", number=1)["invite"]


def say(c, text, room="vault"):
    c.do(do="say", room=room, text=text)


def enter(world, invite, name, args=(), **more):
    c = world.client(invite, name, *args, **more)
    c.see("joined", room="vault")
    return c


def secret_of(invite):
    return re.search(r",s=([\w-]{43})$", invite)[1]


def two(world, **more):
    s = world.server(**more)
    a = world.client(s, "alice")
    a.joined()
    invite = make(a)
    b = enter(world, invite, "bob")
    a.see("join", room="vault", names=["bob"])
    return s, a, b, invite


def test_a_sealed_room(world):
    s, a, b, invite = two(world)
    assert invite.startswith(s.invite.rsplit("/", 1)[0] + "/vault#")
    joined = b.see("joined", room="vault")
    assert joined["label"]["reads"] == "members" and joined["topic"] == ""
    assert a.see("joined", room="lobby")["label"]["reads"] == "server"
    say(a, WORD)
    m = b.see("message", text=WORD, room="vault")
    assert m["from"] == "alice" and m["verified"]
    # what can be done to a message goes both ways
    say(b, "hello @alice")
    a.see("message", text="hello @alice")
    b.do(do="say", room="vault", text="an answer", re=m["id"])
    assert a.see("message", text="an answer")["re"] == m["id"]
    b.do(do="react", room="vault", to=m["id"], **{"with": "+"})
    a.see("react", to=m["id"])
    a.do(do="edit", room="vault", of=m["id"], text="another text")
    b.see("edit", text="another text")
    a.do(do="delete", room="vault", of=m["id"])
    b.see("delete")
    for c in (a, b):
        assert not [e for e in c.events() if e["event"] in ("dropped", "missing", "error")]


@pytest.mark.skipif(WATCHED or CAGELESS, reason="the watcher keeps freed memory")
def test_the_server_holds_no_text_and_no_secret(world):
    s, a, b, invite = two(world, ephemeral=False)
    secret = secret_of(invite)
    key = base64.urlsafe_b64decode(secret + "=")
    say(a, WORD)
    b.see("message", text=WORD)
    say(a, WORD + "-open", room="lobby")
    a.see("sent", n=2)
    pids = processes(s.p.pid)
    assert len(pids) >= 2
    # what they do know is found: the search works
    assert count(pids[0], "vault")
    assert any(count(pid, "CREATE TABLE") for pid in pids[1:])
    for pid in pids:
        for what in (WORD, secret, key):
            assert count(pid, what) == 0, (pid, what)
    files = list(stored(world.tmp / "server"))
    assert files
    for path, text in files:
        assert WORD.encode() not in text and secret.encode() not in text, path
        assert key not in text, path
    # in the clients it is in no file in the clear, and sealed in one that is theirs alone
    files = list(stored(world.tmp / "alice", world.tmp / "bob"))
    for path, text in files:
        assert secret.encode() not in text and key not in text, path
    found = [path for path, _ in files if "/sealed/" in path]
    assert len(found) == 2, found
    for path in found:
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    # nor in what they say of themselves
    with open("/proc/%d/cmdline" % b.p.pid, "rb") as f:
        shown = f.read()
    assert b"/vault#" in shown and secret.encode() not in shown
    assert secret not in "".join(b.err) + "".join(a.err) + "".join(s.out + s.err)


def test_history_after_a_restart_of_client_and_server(world):
    s, a, b, invite = two(world, ephemeral=False)
    say(a, WORD)
    b.see("message", text=WORD)
    b.quit()
    say(a, "while bob was away")
    a.see("sent", n=2)
    # no secret is given: it was kept
    b = enter(world, invite.split(",s=")[0], "bob")
    m = b.see("message", text="while bob was away")
    assert m["past"] and m["verified"]
    say(b, "back")
    a.see("message", text="back")


def test_a_wrong_secret_is_one_sentence(world):
    s, a, b, invite = two(world)
    for wrong in (invite[:-43] + "A" * 43, invite.split(",s=")[0]):
        c = world.client(wrong, "carol", "--no-reconnect")
        assert c.wait() == 4
        assert "secret" in c.see("closed")["text"]
        assert not c.events("message") and not c.events("connected")
    # one who is in another room already stays there
    d = world.client(s, "dave")
    d.joined()
    d.do(do="join", room="vault")
    left = d.see("left", room="vault")
    assert left["code"] == "wrong_seal"
    d.say("still here")
    a.see("message", text="still here", room="lobby")
    # and comes in with the secret
    d.do(do="seal_give", room="vault")
    d.p.stdin.write(b"A" * 43 + b"\n")
    d.p.stdin.flush()
    d.do(do="join", room="vault")
    d.see("left", n=2, room="vault", code="wrong_seal")
    d.do(do="seal_give", room="vault")
    d.p.stdin.write(invite.encode() + b"\n")
    d.p.stdin.flush()
    d.see("seal", reason="given")
    d.do(do="join", room="vault")
    d.see("joined", room="vault")
    say(d, "with the secret")
    a.see("message", text="with the secret")


def test_a_new_secret_after_somebody_left(world):
    s, a, b, invite = two(world, ephemeral=False)
    c = enter(world, invite, "carol")
    say(a, "before")
    c.see("message", text="before")
    c.do(do="leave", room="vault")
    c.see("left", room="vault")
    a.do(do="seal_new", room="vault", ref="why")
    new = a.see("seal", room="vault", reason="new", number=2, ref="why")["invite"]
    assert secret_of(new) != secret_of(invite)
    b.see("seal", room="vault", reason="other")
    # bob does not say a word under the old one
    say(b, "for the new secret only")
    say(a, WORD)
    b.see("dropped", room="vault")
    a.do(do="users", room="vault")
    assert not a.events("message", text="for the new secret only")
    b.do(do="seal_give", room="vault")
    b.p.stdin.write(secret_of(new).encode() + b"\n")
    b.p.stdin.flush()
    b.see("seal", room="vault", reason="ours", number=2)
    a.see("message", text="for the new secret only")
    say(a, "together")
    b.see("message", text="together")
    # carol, with the old secret, reads nothing and says nothing
    c.do(do="join", room="vault")
    c.see("seal", room="vault", reason="other")
    say(a, "not for carol")
    say(c, "under the old one")
    b.see("message", text="not for carol")
    c.do(do="users", room="vault")
    assert not a.events("message", text="under the old one")
    assert not [t for t in c.texts() if t != "before"]
    # a newcomer reads what is said now; what bob kept opens both
    d = enter(world, new, "dave")
    say(d, "new")
    b.see("message", text="new")
    b.quit()
    b = enter(world, invite.split(",s=")[0], "bob")
    say(a, "still")
    b.see("message", text="still")


def test_only_operators_change_it_and_nobody_unseals(world):
    s, a, b, invite = two(world)
    b.do(do="seal_new", room="vault")
    assert b.see("seal", reason="refused")["code"] == "denied"
    say(b, "goes on")
    a.see("message", text="goes on")
    a.do(do="room_set", room="vault", settings={"sealed": False})
    assert a.see("failed")["code"] == "bad_value"
    # as a setting, a topic would be read by the server, and take the mark away
    a.do(do="room_set", room="vault", topic=WORD)
    assert "server would read it" in a.see("error")["text"]
    s.signal(15)
    assert s.wait() == 0
    assert WORD not in "".join(s.out + s.err)


def test_an_open_room_under_a_sealed_name(world):
    s, a, b, invite = two(world, ephemeral=False)
    port = s.address[1]
    say(a, "sealed")
    b.see("message", text="sealed")
    for c in (a, b):
        c.quit()
    s.signal(15)
    s.wait()
    # the same server, with the same key, that has an open room of that name
    state = world.tmp / "server" / "state"
    for name in os.listdir(str(state)):
        if not name.startswith("identity"):
            path = str(state / name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    s = world.server("--room", "vault", ephemeral=False, listen="127.0.0.1:%d" % port)
    assert "/vault#" in s.invite
    b = world.client(s, "bob", "--no-reconnect")
    say(b, WORD)
    assert b.wait() == 5
    assert "sealed" in b.see("closed")["text"]
    assert not b.events("connected")


# --- somebody with the group's keys: the server, or a member who was removed ----

class Reader(conclave1.Peer):
    """In the room by the protocol, with every key that the server makes. It keeps
    members' frames of sealed rooms, to be opened with one secret or another."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.kept, self.secret = [], None

    def on_group(self, body):
        epoch, sender = struct.unpack(">II", body[12:20])
        if sender == 0 or not self.at.settings["sealed"]:
            super().on_group(body)
            return
        u = self.users[sender]
        self.kept.append((self.epochs[epoch], self.place, sender, u, body, self.log))

    def read(self, *secrets):
        """The texts that open with these; None: without one, as the server would."""
        texts = []
        for epoch, place, sender, u, body, log in self.kept:
            for secret in secrets:
                e = epoch if secret is None else conclave1.sealed(epoch, secret, log)
                try:
                    c = e.open(place, sender, u["card"], u["name"], u["identity"], body)
                except conclave1.Breach:
                    continue
                texts.append(c.get("text", c["type"]))
        return texts

    def seal(self, seq, content, epoch=None):
        if self.secret is None or not self.at.settings["sealed"]:
            return super().seal(seq, content, epoch)
        e = conclave1.sealed(self.epochs[epoch or self.epoch], self.secret, self.log)
        body = e.seal(self.place, self.member, conclave1.sha(self.card), self.name,
                      self.identity.sign, seq, content)
        self.at.own.setdefault(seq, []).append(conclave1.sha(body[8:]))
        return body


def bytes_of(invite):
    return base64.urlsafe_b64decode(secret_of(invite) + "=")


def mark_of(secret, log, number):
    check = base64.urlsafe_b64encode(conclave1.seal(secret, log)[1]).decode().rstrip("=")
    return "seal %d %s" % (number, check)


def reader(world, s, name="carol"):
    conclave1.rsa_key(2048)
    p = Reader(s.address)
    world.peers.append(p)
    p.join(PASSWORD, name)
    assert p.request("room_join", name="vault")["type"] == "done"
    return p


def test_by_the_protocol(world):
    """Another program that was written from the page reads and speaks."""
    s, a, b, invite = two(world)
    p = reader(world, s)
    p.secret = bytes_of(invite)
    with p.within("vault") as room:
        assert room.topic == mark_of(p.secret, p.log, 1)
        p.say("from another program")
    p.until(lambda: any(e["event"] == "sent" for e in p.events))
    m = b.see("message", text="from another program")
    assert m["from"] == "carol" and m["verified"]
    say(a, WORD)
    p.until(lambda: p.kept)
    assert p.read(p.secret) == [WORD]
    assert p.read(None, os.urandom(32)) == []
    # without the seal it is nobody's word
    p.secret = None
    with p.within("vault"):
        p.say("without a seal")
    b.see("dropped", room="vault")
    assert not b.events("message", text="without a seal")


def test_the_server_with_a_member_who_was_removed(world):
    """After a new secret, all group keys and the old secret open nothing."""
    s, a, b, invite = two(world)
    p = reader(world, s)
    old = bytes_of(invite)
    say(a, "before")
    p.until(lambda: p.kept)
    assert p.read(old) == ["before"]
    a.do(do="seal_new", room="vault")
    new = bytes_of(a.see("seal", reason="new", number=2)["invite"])
    b.see("seal", reason="other")
    # alice's client has shown its view of the log under the old one, which has no word
    p.until(lambda: "view" in p.read(old))
    p.kept.clear()
    say(a, WORD)
    say(b, "held back")
    p.until(lambda: p.kept)
    assert p.read(None, old) == []
    assert p.read(new) == [WORD]
    assert not a.events("message", text="held back")


@pytest.mark.parametrize("back", ["to the old secret", "to none", "with a higher number"])
def test_a_seal_that_is_set_back(world, back):
    """By the server, or by an operator of the room through it."""
    s, a, b, invite = two(world)
    p = reader(world, s)
    a.do(do="act", act="role", room="vault", who="carol", value="operator")
    a.see("act", act="role")
    a.do(do="seal_new", room="vault")
    new = a.see("seal", reason="new", number=2)["invite"]
    b.do(do="seal_give", room="vault")
    b.p.stdin.write(new.encode() + b"\n")
    b.p.stdin.flush()
    b.see("seal", reason="ours")
    with p.within("vault"):
        number, log = p.room, p.log
    topic = {"to none": "", "to the old secret": mark_of(bytes_of(invite), log, 1),
             "with a higher number": mark_of(bytes_of(invite), log, 3)}[back]
    assert p.request("room_set", room=number, topic=topic)["type"] == "done"
    for c in (a, b):
        assert c.wait() == 5
        assert "older secret" in c.see("closed")["text"]


def test_a_file_of_an_earlier_version(world):
    """It has the secrets in the clear: it is read, and sealed at once."""
    s, a, b, invite = two(world)
    b.quit()
    path = next(p for p, text in stored(world.tmp / "bob") if "/sealed/" in p)
    with open(path, "w") as f:
        f.write("vault 1 %s\n" % secret_of(invite))
    b = world.client(s, "bob")
    b.joined()
    b.do(do="join", room="vault")
    b.see("joined", room="vault")
    say(a, "still sealed")
    b.see("message", text="still sealed")
    with open(path, "rb") as f:
        text = f.read()
    assert text.startswith(b"conclave sealed rooms 1\n") and secret_of(invite).encode() not in text


def test_a_file_that_is_not_understood(world):
    """It would let a sealed room pass for an open one."""
    s, a, b, invite = two(world)
    b.quit()
    path = next(p for p, text in stored(world.tmp / "bob") if "/sealed/" in p)
    with open(path, "a") as f:
        f.write("vault\n")
    b = world.client(s, "bob")
    assert b.wait() == 2
    assert "/sealed/" in "".join(b.err)


def test_a_transcript(world):
    """It proves what was said, with keys of single senders, and not the secret."""
    s, a, b, invite = two(world)
    folder = world.tmp / "kept"
    folder.mkdir()
    c = enter(world, invite, "carol", args=("--transcript", str(folder)))
    say(a, WORD)
    c.see("message", text=WORD)
    say(c, "an answer")
    a.see("message", text="an answer")
    c.quit()
    files = [p for p, _ in stored(folder) if "vault" in p]
    assert len(files) == 1
    r = subprocess.run([os.path.join(BUILD, "conclave"), "verify", "--print", files[0]],
                       capture_output=True, text=True)
    assert r.returncode == 0, r
    assert WORD in r.stdout and "an answer" in r.stdout
    for path, text in stored(folder):
        assert bytes_of(invite) not in text and secret_of(invite).encode() not in text


@pytest.mark.parametrize("way", ["a file", "standard input", "too long", "both", "damaged"])
def test_an_invite_that_is_no_argument(world, way):
    s, a, b, invite = two(world)
    path = world.tmp / "invite"
    path.write_text({"too long": "x" * 2000, "damaged": invite[:-2] + "!A"}.get(way, invite)
                    + "\n")
    where = invite if way == "both" else None
    c = world.client(where, "carol", "--invite-file", "-" if way == "standard input" else str(path))
    if way == "standard input":
        c.p.stdin.write(invite.encode() + b"\n")
        c.p.stdin.flush()
    if way in ("too long", "both", "damaged"):
        assert c.wait() == 2
        assert secret_of(invite)[:20] not in "".join(c.err)
        assert ("copy the invite again" in "".join(c.err)) == (way == "damaged")
        return
    c.see("joined", room="vault")
    say(c, "hello")     # what follows the line is said
    a.see("message", text="hello")
    with open("/proc/%d/cmdline" % c.p.pid, "rb") as f:
        assert b"conclave://" not in f.read()


# --- the other faces ------------------------------------------------------------

def test_the_secret_is_not_said_to_a_room(world):
    """Whoever pastes the invite into a room, open or sealed, is told; to one person
    alone it goes."""
    s, a, b, invite = two(world)
    b.do(do="join", room="lobby")
    a.see("join", room="lobby", names=["bob"])
    for room in ("lobby", "vault"):
        a.do(do="say", room=room, text="it is " + invite)
        assert a.see("error", code="secret")["text"].startswith("not sent: that invite has the")
    a.do(do="say", room="lobby", text="conclave://127.0.0.1/lobby is open")
    b.see("message", text="conclave://127.0.0.1/lobby is open")
    t = Terminal(world.tmp / "erin", "--name", "erin", "--password", PASSWORD,
                 "--rsa-bits", "2048", s.invite, size=(24, 100))
    t.see("you are in lobby")
    t.type(invite + "\r")
    t.see("not sent: that invite has the secret")
    t.type("\x15")      # the line is still there
    t.type("/msg bob " + invite + "\r")
    b.see("direct", text=invite)
    assert not [m for m in b.events("message") if secret_of(invite) in m["text"]]


def test_plain_lines(world):
    s = world.server()
    t = Terminal(world.tmp / "erin", "--plain", "--name", "erin", "--password", PASSWORD,
                 "--rsa-bits", "2048", s.invite)
    t.see("you are in lobby")
    t.type("/new den\r")
    t.see("you are in den")
    t.type("/topic tea\r")
    t.see("its topic is: tea")
    t.type("/topic\r")
    t.see(r"topic: tea \(the server can read this\)")
    t.type("/seal\r")
    t.see("this room is not sealed: the server can read it")
    t.type("/room new vault sealed\r")
    t.see("cannot read what is said here")
    invite = re.sub(r"\s", "", t.see(r"conclave://\S+/vault#[\w-]+,s=[\w-]{43}")[0])
    b = enter(world, invite, "bob")
    t.type("/rooms\r")
    t.see(r"vault: 2 people, yours; sealed,")
    t.type("hello " + WORD + "\r")
    b.see("message", text="hello " + WORD)
    t.type("/topic " + WORD + "\r")
    b.see("topic", text=WORD)
    t.type("/seal new\r")
    t.see(r"(?s)your new secret.*your new secret")
    b.see("seal", reason="other")
    t.type("/quit\r")
    assert t.wait() == 0
    t = Terminal(world.tmp / "fay", "--plain", "--name", "fay", "--password", PASSWORD,
                 "--rsa-bits", "2048", s.invite)
    t.see("you are in lobby")
    t.type("/join " + invite + "\r")
    t.see("that is an invite, not the name of a room")
    t.type("/join vault\r")
    t.see("no secret that you have opens it: ask somebody who is in it for its invite")
    t.type("/quit\r")
    assert t.wait() == 7   # /join was not done


def test_the_screen(world):
    s, a, b, invite = two(world)
    t = Terminal(world.tmp / "erin", "--name", "erin", "--password", PASSWORD,
                 "--rsa-bits", "2048", invite, size=(12, 20))
    t.see("sealed")
    a.see("join", room="vault", names=["erin"])
    a.do(do="seal_new", room="vault")
    new = a.see("seal", reason="new", number=2)["invite"]
    t.see("seal")
    t.type("/seal give\r")
    t.see("The room's")
    before = len(t.text)
    t.type(secret_of(new) + "\r")
    t.type("with the new one\r")
    a.see("message", text="with the new one")
    assert secret_of(new)[:10] not in t.text[before:]
    # the invite is shown, and is in no file but the client's own
    t.type("/seal\r")
    t.see(r"s=" + secret_of(new)[:3])
    t.type("/export lines.txt\r")
    until(lambda: [p for p, text in stored(world.tmp / "erin") if p.endswith("lines.txt")],
          what="the export")
    for path, text in stored(world.tmp / "erin"):
        assert secret_of(new).encode() not in text, path
        if path.endswith("lines.txt"):
            assert b"/vault#" in text and b",s=" not in text
