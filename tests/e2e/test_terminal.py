"""Terminal escapes in every field that comes from somebody else, on a
pseudo-terminal, in each user interface: the words are shown, and no escape
reaches the terminal. Also names that look like others, and lines that imitate ours."""

import base64
import json
import os
import re
import socket
import struct
import time

import pytest

import conclave1
from conclave1 import b64, label, padding, ready
from harness import PASSWORD, WAIT, until
from relay1 import Relay, hashes
from test_client import Terminal, terminal  # noqa: F401

# Each is a sequence that a terminal obeys, or that it shows as something else.
EVIL = ("A\x1b]0;pwned\x07B\x1b[31;7mC\x1b[2JD\x9b2JE\x1bP1$qF\x1b[6nG\x1b_HI\rJ\x08K"
        "\x1b]52;c;cHduZWQ=\x07L\u202eM\u2066N\u200bO\ufeffP\x0eQ\x1b[?1049hR\x00S"
        "\U000e0041T\u2028U\x7fV").replace("\x00", "")
WORDS = "ABCDEFGHIJKLMNOPQRSTUV"
FACES = ["--tui", "--plain", "--json"]


def bad(raw, face):
    """The parts of EVIL that reached the terminal."""
    never = [b"\x1b]0;pwned", b"\x1b[31;7m", b"\x9b2J", b"\x1bP1$q", b"\x1b[6n", b"\x1b_",
             b"\x1b]52", b"\x07", b"\x0e"]
    never += [c.encode() for c in ("\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\x9b",
                                   "\U000e0041")]
    if face != "--tui":     # the full screen moves the cursor itself
        never += [b"\x1b", b"\x08", b"\x7f"]
        raw = raw.replace(b"\r\n", b"\n")
        never += [b"\r"]
    return [n for n in never if n in raw]


class Raw(Terminal):
    raw = b""

    def read(self, seconds=0.0):
        import select
        if ready([self.fd], seconds):
            try:
                got = os.read(self.fd, 65536)
            except OSError:
                time.sleep(0.01)
                return
            self.raw += got
            self.text = self.raw.decode("utf-8", "replace")

    def letters(self):
        """The output without terminal sequences."""
        text = re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])", "", self.text)
        return re.sub(r"[^A-Za-z0-9]", "", re.sub(r"\\u[0-9a-f]{4}", "", text))


class Hostile(Relay):
    def __init__(self):
        super().__init__()
        self.topic = EVIL[:200]

    def admit(self, conn):
        e = self.epoch
        info = label("conclave/1 group key") + conn.th5 + struct.pack(
            ">III", self.room, e.epoch, conn.member)
        wrapped = conn.wrap.encrypt(e.secret, padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), info))
        conn.control(type="key_exchange", room={
            "id": self.room, "name": "lobby", "log": b64(conn.place.log)}, epoch=e.epoch,
            member=conn.member, wrapped=b64(wrapped), commit=b64(e.commit))
        users = self.users_for(conn)
        conn.control(type="user_list", room=self.room, total=len(users),
                     seq=conn.notice_seq, users=users, roster=b64(e.roster),
                     entry=self.entry(conn))


@pytest.fixture
def relay():
    r = Hostile()
    yield r
    r.close()


def start(made, tmp_path, where, face, name="tim", **env):
    home = tmp_path / name
    (home / "config" / "conclave").mkdir(parents=True, exist_ok=True)
    t = Raw(home, face, "--notify", "none", "--no-title", "-n", name, where,
            CONCLAVE_PASSWORD=PASSWORD, COLUMNS="200", **env)
    import fcntl
    import termios
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    made.append(t)
    return t


@pytest.fixture
def made():
    ts = []
    yield ts
    for t in ts:
        t.stop()


@pytest.mark.parametrize("face", FACES)
def test_everything_that_a_server_and_a_member_say(world, relay, made, tmp_path, face):
    t = start(made, tmp_path, relay.invite, face)

    def see(letters, n=1):
        relay.until(lambda: t.read() or t.letters().count(letters) >= n)
    relay.until(lambda: t.read() or re.search('you are in lobby|"connected"', t.text))
    bob = world.client(relay.invite, "bob")
    relay.until(lambda: bob.events("connected"))
    bob.say(EVIL)
    bob.do(do="say", text="waves" + EVIL, action=True)
    see("wavesA")
    c = relay.conn("tim")
    c.control(type="system", event="error", code="no_member", text="wrong" + EVIL[:450],
              member=9)
    see("wrongA")
    c.control(type="system", event="error", code="\x1b[31;7m\x9b2J\x07", text="code" + EVIL)
    see("codeA")
    relay.enter(os.urandom(32), relay.epoch.epoch + 1)
    for m in relay.members:
        m.fresh("\x1b[31;7m\u202e\x07reason")
        m.notice(relay.epoch, "\x1b]0;pwned\x07\u202e", **{"text": EVIL})
    bob.say("last" + EVIL)
    see("lastA")
    c.control(type="bye", code="kicked", text="bye" + EVIL[:400])
    relay.until(lambda: t.read() or "byeA" in t.letters())
    t.wait()
    assert not bad(t.raw, face), (bad(t.raw, face), t.raw[-3000:])
    # Everything was shown: the text, the action, the errors, the last message.
    for word in ("wrong", "code", "last", "bye") + (() if face == "--json" else ("topic",)):
        assert word in t.letters(), (word, t.text)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("what", ["name in the list", "name in a notice", "room"])
def test_names_are_names(world, relay, made, tmp_path, face, what):
    """An invalid name is a protocol error, reported in our own words."""
    if what == "name in the list":
        other = b64(bytes.fromhex("302a300506032b6570032100") + bytes([7] * 32))
        relay.users_for = lambda conn: [conn.user(), conn.user(
            member=conn.member + 1, name="x\x1b[31;7m\u202e", identity=other)]
    t = start(made, tmp_path, relay.invite, face)
    if what == "room":
        admit = relay.admit

        def other_room(conn):
            control = conn.control
            conn.control = lambda **o: control(**{
                **o, **({"room": {**o["room"], "name": "\x1b]0;pwned\x07"}}
                        if o["type"] == "key_exchange" else {})})
            admit(conn)
        relay.admit = other_room
    elif what == "name in a notice":
        relay.until(lambda: relay.members)
        c = relay.members[0]
        old = relay.epoch
        relay.enter(conclave1.join_step(old.secret), old.epoch + 1)
        c.notice(old, "join", c.user(member=9, name="x\x1b[31;7m\u202e"))

    def ended():
        t.read()
        pid, status = os.waitpid(t.pid, os.WNOHANG)
        if pid:
            t.code = os.waitstatus_to_exitcode(status)
        return pid
    relay.until(ended)
    t.read(0.2)
    assert t.code == 6, t.text
    assert "brokethe" in t.letters() or "broke the protocol" in t.text, t.text
    assert not bad(t.raw, face), t.raw


@pytest.mark.parametrize("face", FACES)
def test_what_is_said_before_anything_is_proved(made, tmp_path, face):
    """An unsigned error message instead of a challenge."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        t = start(made, tmp_path, "127.0.0.1:%d" % listener.getsockname()[1], face)
        s, _ = listener.accept()
        m = json.dumps({"type": "system", "event": "error", "code": "full",
                        "text": "before" + EVIL[:450]}).encode()
        s.recv(4096)
        s.sendall(struct.pack(">I", len(m)) + m)
        t.wait()
        s.close()
    assert t.code == 4, t.text
    assert "beforeA" in t.letters()
    assert not bad(t.raw, face), t.raw


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", ["known_servers", "known_people", "config", "identity.pem"])
def test_what_stands_in_the_users_files(world, made, tmp_path, face, name):
    """Comments and broken lines in files from somebody else."""
    s = world.server()
    folder = tmp_path / "tim" / "config" / "conclave"
    folder.mkdir(parents=True)
    evil = EVIL.replace("\r", "")
    if name == "identity.pem":
        evil = "-----BEGIN PRIVATE KEY-----\nComment: %s\n\n%s\n-----END PRIVATE KEY-----\n" % (
            evil, base64.b64encode(os.urandom(48)).decode())
    elif name == "config":
        evil = "name = tim\n%s = %s\n" % (evil, evil)
    else:
        evil = "# %s\n%s %s\nchat.example:1 %s\n%s" % (evil, evil, "A" * 43, evil, "A" * 43)
    path = folder / name
    path.write_text(evil)
    path.chmod(0o600)
    t = start(made, tmp_path, s.invite, face)
    assert t.wait() == 2
    assert "conclave: " in t.text and name in t.text
    if name.startswith("known"):
        assert re.search("line [23]: .*correct the line", t.text.replace("\r\n", "")), t.text
    assert not bad(t.raw, face), t.raw


def test_an_invite_with_escapes(made, tmp_path):
    for where in ("conclave://h\x1b[31;7m:1/lobby", "\x1b]0;pwned\x07:1", "h:1/\u202e", "\x9b2J"):
        t = start(made, tmp_path, where, "--plain")
        assert t.wait() in (2, 3), t.text
        assert "conclave: " in t.text
        assert not bad(t.raw, "--plain"), t.raw


# --- lines that look like others

def test_a_message_is_no_line_of_ours(world, made, tmp_path):
    """A line break in a text cannot imitate the start of another message."""
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()
    forged = ("hello\n-- alice was removed\n12:34 alice: I owe bob money\n"
              "\u2028-- x\u2029-- y\u0085-- z\x0b-- v\x0c-- w\r-- r")
    ts = [start(made, tmp_path, s.invite, face, name) for face, name in
          (("--plain", "pam"), ("--tui", "tim"))]
    for t in ts:
        t.see("you are in lobby")
    until(lambda: {"pam", "tim"} <= {n for e in bob.events("join") for n in e["names"]},
          what="pam and tim")
    bob.say(forged)
    bob.say("end of it")
    for t in ts:
        t.see("end of it")
    pam, tim = ts
    for line in pam.text.replace("\r\n", "\n").split("\n"):
        assert not re.match(r"-- (alice was|[xyzvwr]$)|12:34 alice", line), line
    assert "      -- alice was removed" in pam.text
    assert not bad(tim.raw, "--tui") and "\u2028" not in tim.text


LOOKS = ["al\u0131ce", "\u0430lice", "alic\u0435", "a\u200blice", "alice\u202e", "alice\x1b[m", "ali\nce",
         "alice\x00", "\uff41lice", "a\u0301lice", "alice ", "\u2066alice", "server", "SYSTEM"]


@pytest.mark.parametrize("name", LOOKS, ids=[ascii(n) for n in LOOKS])
def test_names_that_look_like_others(world, name):
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    p = world.peer(s)
    p.handshake(PASSWORD, name)
    p.pump(2)
    assert p.has("bye", code="bad_name") or p.has("bye", code="protocol") or p.has(
        "bye", code="bad_card"), p.events
    assert not a.events("join")
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:]{8}Z \w+ ", x) for x in s.err), s.err


# --- the server's log

INJECT = "x\n2026-01-01T00:00:00Z error gate: FORGED\r\x1b[2JFORGED\u2028FORGED\x9b\x07"


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_writes_lines_of_its_own_in_the_log(world, form):
    s = world.server("--log-level", "debug", "--log-format", form)

    def raw(data):
        g = socket.create_connection(s.address, WAIT)
        g.sendall(data)
        g.settimeout(WAIT)
        try:
            while g.recv(4096):
                pass
        except OSError:
            pass
        g.close()

    def handshake(**o):
        b = json.dumps({"type": "handshake", **o}).encode()
        return struct.pack(">I", len(b)) + b
    nonce = base64.b64encode(bytes(32)).decode()
    raw(b"GET /" + INJECT.encode() + b" HTTP/1.1\r\nHost: " + INJECT.encode() + b"\r\n\r\n")
    raw(b"SSH-2.0-" + INJECT.encode() + b"\r\n")
    raw(handshake(step="hello", protocols=["conclave/1", INJECT], account=INJECT, nonce=nonce))
    raw(handshake(step=INJECT))
    raw(handshake(step="hello", protocols=[INJECT], account="*", nonce=nonce))
    p = world.peer(s)
    p.handshake(PASSWORD, INJECT[:20])
    p.pump(1)
    q = world.peer(s)
    q.handshake(PASSWORD, "quinn", room=INJECT[:30])
    q.pump(1)
    r = world.peer(s, "rita")
    r.send_control({"type": "bye", "code": INJECT[:30], "text": INJECT})
    r.pump(1)
    world.client(s, "sam").joined()
    until(lambda: any("sam" in x for x in s.err), what="the log of sam")
    for line in s.err:
        if form == "json":
            assert set(json.loads(line)) == {"time", "level", "what", "text"}
        else:
            assert re.match(r"20\d\d-\d\d-\d\dT[\d:]{8}Z (error|warn|info|debug) [\w-]+: ", line)
            assert not line.startswith("2026-01-01T00:00:00Z error gate: FORGED")
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u202e]", line), ascii(line)
