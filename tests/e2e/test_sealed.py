"""Sealed rooms with the real programs: what the server can and cannot read, the
secret in invites and in the client's files, a new secret after somebody has left,
and a server that takes the seal away or sets it back."""

import base64
import os
import re
import stat

import pytest

from harness import CAGELESS, WATCHED, until
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


def enter(world, invite, name, **more):
    c = world.client(invite, name, **more)
    c.see("joined", room="vault")
    return c


def secret_of(invite):
    return re.search(r",s=([\w-]{43})$", invite)[1]


def two(world, **more):
    s = world.server(**more)
    a = world.client(s, "alice")
    a.joined()
    invite = make(a)
    return s, a, enter(world, invite, "bob"), invite


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
    assert count(pids[0], "vault") and count(pids[1], "conclave.db")
    for pid in pids:
        for what in (WORD, secret, key):
            assert count(pid, what) == 0, (pid, what)
    files = list(stored(world.tmp / "server"))
    assert files
    for path, text in files:
        assert WORD.encode() not in text and secret.encode() not in text, path
        assert key not in text, path
    # in the clients the secret is in the one file that is theirs alone
    found = [path for path, text in stored(world.tmp / "alice", world.tmp / "bob")
             if secret.encode() in text]
    assert len(found) == 2 and all("/sealed/" in p for p in found), found
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
    a.do(do="seal_new", room="vault")
    new = a.see("seal", room="vault", reason="new", number=2)["invite"]
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
    # carol, with the old secret, is not let in by her own client
    c.do(do="join", room="vault")
    c.see("left", room="vault", code="wrong_seal")
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
    # a topic would be read by the server, and take the mark away
    a.do(do="topic", room="vault", text=WORD)
    a.see("error")
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
            os.unlink(str(state / name))
    s = world.server("--room", "vault", ephemeral=False, listen="127.0.0.1:%d" % port)
    assert "/vault#" in s.invite
    b = world.client(s, "bob", "--no-reconnect")
    say(b, WORD)
    assert b.wait() == 5
    assert "sealed" in b.see("closed")["text"]
    assert not b.events("connected")
