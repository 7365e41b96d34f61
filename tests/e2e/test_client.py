"""The client for a person or a script: plain lines, prompts on a terminal, pins,
and exit statuses. test_room.py tests --json."""

import base64
import fcntl
import hashlib
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

from conclave1 import ready
from harness import (BUILD, PASSWORD, WAIT, with_a_pair, apart_from_the_cage, environment,
                     until)

CONCLAVE = os.path.join(BUILD, "conclave")
TIOCGPTN = 0x80045430


def set_size(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


class Terminal:
    """conclave, or another program, on a pseudo-terminal of its own. size: rows and
    columns, else 0 and 0, as on a serial line. A variable that is None is not set.
    The question of a first visit gets a yes, unless the test is about it
    (visit=None)."""

    def __init__(self, home, *args, size=None, program=CONCLAVE, visit="y\r", **env):
        self.visit = visit
        more = with_a_pair(
            dict(environment(home), **{"TERM": "xterm", "LC_ALL": "C.UTF-8", **env}))
        more = {k: v for k, v in more.items() if v is not None}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # A shell makes background jobs ignore these signals, and the client
            # would keep ignoring them, as under nohup.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            if size:
                set_size(0, *size)
            os.execve(program, [program, *map(str, args)], more)
        self.text = ""
        self.code = None

    def read(self, seconds=0.05):
        if ready([self.fd], seconds):
            try:
                self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
                if self.visit and "Same code? y/n" in self.text:
                    self.type(self.visit)
                    self.visit = None
            except OSError:
                time.sleep(0.01)  # it has ended

    def see(self, pattern, seconds=WAIT):
        def there():
            self.read()
            return re.search(pattern, self.text)
        return until(there, seconds, repr(pattern) + " in " + repr(self.text))

    def type(self, text):
        os.write(self.fd, text if isinstance(text, bytes) else text.encode())

    def other_end(self):
        """Opens the client's end of the terminal as well."""
        n = struct.unpack("I", fcntl.ioctl(self.fd, TIOCGPTN, bytes(4)))[0]
        return os.open("/dev/pts/%d" % n, os.O_RDWR | os.O_NOCTTY)

    def taken(self):
        """Waits until the client has read all that was typed. select(2) makes the
        kernel pass on what it still holds back."""
        s = self.other_end()
        try:
            def empty():
                self.read(0.01)
                return not ready([s], 0)
            until(empty, what="a client that reads its keys")
        finally:
            os.close(s)

    def resize(self, rows, cols):
        set_size(self.fd, rows, cols)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def wait(self, seconds=WAIT):
        def ended():
            self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            return pid
        until(ended, seconds, "the end after " + repr(self.text))
        return self.code

    def stop(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture
def terminal(world):
    made = []

    def start(home, *args, **env):
        home.mkdir(exist_ok=True)
        made.append(Terminal(home, *args, **env))
        return made[-1]
    yield start
    for t in made:
        t.stop()


def member(world, where, name, **more):
    c = world.client(where, name, **more)
    c.joined()
    return c


def plain(home, *args, text=b"", password=PASSWORD, **more):
    """One run with --plain, until it ends."""
    env = with_a_pair(environment(home, CONCLAVE_PASSWORD=password, LC_ALL="C.UTF-8", TZ="UTC"))
    home.mkdir(exist_ok=True)
    return subprocess.run([CONCLAVE, "--plain", *map(str, args)], input=text,
                          capture_output=True, env=env, timeout=2 * WAIT, **more)


def test_plain_says_and_shows(world, tmp_path):
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    r = plain(tmp_path / "p", "-n", "pam", s.listening[0],
              text="hello\r\n/me waves\n//slash\n\n/nmaes\n/names\nl\u00e4st".encode())
    assert r.returncode == 7, r.stderr      # because of /nmaes
    assert "line 5 of the input: there is no command /nmaes" in r.stderr.decode()
    until(lambda: len(bob.texts("pam")) == 4, what="four messages")
    assert bob.texts("pam") == ["hello", "waves", "/slash", "l\u00e4st"]
    out = r.stdout.decode()
    assert re.search(r"^\d\d:\d\d pam: hello$", out, re.M)
    assert re.search(r"^\d\d:\d\d \* pam waves$", out, re.M)
    assert "-- there is no command /nmaes; did you mean /names?\n" in out
    assert "-- in the room: bob, pam (you)\n" in out
    assert "\x1b" not in out
    assert all(re.match(r"-- |\d\d:\d\d |      ", line) for line in out.splitlines())


def test_plain_filters_what_others_say(world, tmp_path):
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    pam = world.client(s.listening[0], "pam", face="--plain")
    bob.see("join", names=["pam"])
    bob.say("one\ntwo\x1b[2J\x07\u202eevil\u009bx\u2066y\tz")
    until(lambda: any("two" in line for line in pam.out), what="the message")
    text = "\n".join(pam.out)
    assert re.search(r"^\d\d:\d\d bob: one\n      two", text, re.M)
    for bad in "\x1b\x07\u202e\u009b\u2066\t":
        assert bad not in text


@pytest.mark.parametrize("line, sentence", [
    (b"\xff\xfe", "not UTF-8"),
    (b"x" * 16385, "longer than 16384 bytes"),
    (b"x" * 200000, "longer than 16384 bytes"),
    (b"/me " + b"x" * 16385, "longer than 16384 bytes"),
], ids=["bytes", "over", "far over", "action"])
def test_plain_says_what_it_does_not_send(world, tmp_path, line, sentence):
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    r = plain(tmp_path / "p", "-n", "pam", s.listening[0], text=line + b"\nafter\n")
    assert r.returncode == 7
    assert sentence in r.stdout.decode()
    assert sentence in r.stderr.decode()
    until(lambda: bob.texts("pam"), what="the next line")
    assert bob.texts("pam") == ["after"]


def test_longest_line_is_sent(world, tmp_path):
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    r = plain(tmp_path / "p", "-n", "pam", s.listening[0], text=b"/me " + b"x" * 16384)
    assert r.returncode == 0
    until(lambda: bob.texts("pam"), what="it")
    assert bob.texts("pam") == ["x" * 16384]


def test_output_closed_ends_it(world, tmp_path):
    s = world.server()
    env = environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD)
    for face in ("--plain", "--json"):
        p = subprocess.Popen([CONCLAVE, face, "-n", "pam", s.listening[0]], env=env,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        p.stdout.readline()
        p.stdout.close()
        assert p.wait(WAIT) == 0
        p.stdin.close()
        p.stderr.close()


@pytest.mark.parametrize("face, text", [("--plain", b"hi\nand half a li"),
                                        ("--json", b'{"do":"say","text":"hi"}\n{"do":"sa')])
def test_output_closed_loses_nothing_said(world, tmp_path, face, text):
    """echo hi | conclave | head -1: sends the lines read, but no half line."""
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    p = subprocess.Popen([CONCLAVE, face, "-n", "pam", s.listening[0]],
                         env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdin.write(text)
    p.stdin.flush()
    p.stdout.readline()
    p.stdout.close()
    assert p.wait(WAIT) == 0
    p.stdin.close()
    p.stderr.close()
    bob.see("leave", names=["pam"])
    assert bob.texts("pam") == ["hi"]


@pytest.mark.parametrize("face, text", [("--plain", b"hi\nand half a li"),
                                        ("--json", b'{"do":"say","text":"hi"}\n{"do":"sa')])
def test_output_closed_before_the_start_loses_nothing(world, tmp_path, face, text):
    """echo hi | conclave | true: its first write fails before its first read of
    the input."""
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    nobody, its = os.pipe()
    os.close(nobody)
    input, ours = os.pipe()
    os.write(ours, text)
    p = subprocess.Popen([CONCLAVE, face, "-n", "pam", s.listening[0]],
                         env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                         stdin=input, stdout=its, stderr=subprocess.PIPE)
    os.close(its)
    os.close(input)
    assert p.wait(WAIT) == 0
    os.close(ours)
    p.stderr.close()
    bob.see("leave", names=["pam"])
    assert bob.texts("pam") == ["hi"]


@pytest.mark.parametrize("face, idle", [("--plain", b"answers in"), ("--json", b'"rtt"')])
def test_closed_socket_as_output_ends_it(world, tmp_path, face, idle):
    """poll(2) reports POLLHUP and not POLLERR: the client ends at once, not at its
    next write, and does not spin until then."""
    s = world.server()
    ours, its = socket.socketpair()
    p = subprocess.Popen([CONCLAVE, face, "-n", "pam", s.listening[0]],
                         env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                         stdin=subprocess.PIPE, stdout=its, stderr=subprocess.PIPE)
    its.close()
    ours.settimeout(WAIT)
    said = b""
    while idle not in said:     # the next ping is half a minute away
        said += ours.recv(65536)
    ours.close()
    assert p.wait(15) == 0
    p.stdin.close()
    p.stderr.close()


def test_json_whatever_a_path_is_made_of(world, tmp_path):
    """A file name may be any bytes; an event that quotes it is still JSON."""
    s = world.server()
    member(world, s.listening[0], "bob")
    odd = os.path.join(os.fsencode(tmp_path), b"\xff")
    os.mkdir(odd)
    os.symlink(b"/nowhere/at/all", os.path.join(odd, b"people"))
    with open(os.path.join(odd, b"junk"), "wb") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(b"no key")
    for args, status, code in (([b"-i", odd + b"/junk"], 2, "usage"),
                               ([b"--known-people", odd + b"/people"], 2, "usage")):
        r = subprocess.run([CONCLAVE, "--json", "-n", "pam", *args, s.listening[0]],
                           env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                           capture_output=True, stdin=subprocess.DEVNULL, timeout=2 * WAIT)
        assert r.returncode == status, r
        lines = [json.loads(x) for x in apart_from_the_cage(r.stdout.decode().splitlines())]
        said = [x for x in lines if x["event"] == "error"]
        assert [x["code"] for x in said] == [code], lines
        assert "\ufffd" in said[0]["text"]
        assert lines[-1]["event"] == "closed" and lines[-1]["status"] == status


@pytest.mark.parametrize("face", ["--plain", "--json"])
def test_who_refuses_writes_no_line_of_ours(world, tmp_path, face):
    """An unsigned refusal is shown as unsigned, on one line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        p = subprocess.Popen([CONCLAVE, face, "-n", "pam", "127.0.0.1:%d" % listener.getsockname()[1]],
                             env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD, LC_ALL="C.UTF-8"),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        listener.settimeout(WAIT)
        c = listener.accept()[0]
        c.settimeout(WAIT)
        c.recv(4096)
        m = json.dumps({"type": "system", "event": "error", "code": "kicked",
                        "text": "no\x1b[2J\r\nconclave: run this\u2066"}).encode()
        c.sendall(len(m).to_bytes(4, "big") + m)
        out, err = p.communicate(timeout=2 * WAIT)
        c.close()
    assert p.returncode == 4
    lines = err.decode().splitlines()
    assert len(lines) == 1, lines
    assert "unverified reply: you were removed from the room: no" in lines[0]
    for text in (out.decode(), err.decode()):
        assert not re.search("[\x1b\r\u2066]", text)


def test_full_disk_is_told(world, tmp_path):
    s = world.server()
    env = environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD)
    with open("/dev/full", "wb") as full:
        r = subprocess.run([CONCLAVE, "--plain", "-n", "pam", s.listening[0]], env=env, timeout=2 * WAIT,
                           stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
    assert r.returncode == 1
    assert r.stderr.count(b"\n") == 1 and b"standard output" in r.stderr


def test_without_descriptors(world, tmp_path):
    """No file that we open becomes descriptor 0, 1 or 2."""
    s = world.server()
    env = environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD)
    r = subprocess.run(["/bin/sh", "-c", 'exec "$0" --plain -n pam "$1" <&- >&- 2>&-',
                        CONCLAVE, s.listening[0]], env=env, timeout=2 * WAIT)
    assert r.returncode == 0
    pem = tmp_path / "config" / "conclave" / "identity.pem"
    assert pem.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert pem.read_text().endswith("-----END PRIVATE KEY-----\n")


@pytest.mark.parametrize("n", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_says_goodbye(world, n):
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    pam = member(world, s.listening[0], "pam")
    bob.see("join", names=["pam"])
    pam.signal(n)
    assert pam.wait() == 0
    assert pam.events()[-1]["event"] == "closed"
    assert pam.events()[-1]["reason"] == "quit"
    bob.see("leave", names=["pam"])


def test_password_is_asked_without_echo(world, terminal, tmp_path):
    s = world.server()
    t = terminal(tmp_path / "t", "--plain", "-n", "tim", s.listening[0])
    t.see("Password of .*: ")
    until(lambda: not t.echoes(), what="no echo")
    t.type(PASSWORD + "\n")
    t.see("you are in lobby")
    assert t.echoes()
    assert PASSWORD not in t.text
    t.type("\x04")
    assert t.wait() == 0


@pytest.mark.parametrize("key, n", [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)])
def test_interrupted_prompt_gives_the_echo_back(world, terminal, tmp_path, key, n):
    t = terminal(tmp_path / "t", "--plain", "-n", "tim", "localhost:1")
    t.see("Password of .*: ")
    until(lambda: not t.echoes(), what="no echo")
    t.type("half" + key)
    assert t.wait() == -n
    assert t.echoes()


def test_stopped_prompt_asks_again(world, terminal, tmp_path):
    s = world.server()
    t = terminal(tmp_path / "t", "--plain", "-n", "tim", s.listening[0])
    t.see("Password of .*: ")
    until(lambda: not t.echoes(), what="no echo")
    # ^Z does not stop an orphaned process group: SIGTSTP is dropped, and the
    # question appears again, without the text typed so far.
    t.type("half")
    os.kill(t.pid, signal.SIGTSTP)
    t.see("(?s)Password of .*Password of .*: ")
    until(lambda: not t.echoes(), what="no echo")
    t.type("\x15" + PASSWORD + "\n")
    t.see("you are in lobby")


def test_json_asks_on_the_terminal_too(world, terminal, tmp_path):
    s = world.server()
    t = terminal(tmp_path / "t", "--json", "-n", "tim", s.listening[0])
    t.see("Password of .*: ")
    t.type(PASSWORD + "\n")
    t.see('"event":"connected"')
    bob = member(world, s.listening[0], "bob")
    bob.say("\u202e\u009b2J\u00e4\U0001f980")
    t.see(r'"text":"\\u202e\\u009b2J\u00e4\U0001f980"')
    t.type('{"do":"quit"}\n')
    assert t.wait() == 0
    assert '"event":"closed"' in t.text


def test_passphrase(world, terminal, tmp_path):
    s = world.server()
    home = tmp_path / "t"
    t = terminal(home, "--new-passphrase")
    t.see("New passphrase.*: ")
    t.type("sesam\n")
    t.see("The same again: ")
    t.type("sesam\n")
    assert t.wait() == 0
    pem = home / "config" / "conclave" / "identity.pem"
    assert "ENCRYPTED" in pem.read_text().splitlines()[0]
    t = terminal(home, "--plain", "-n", "tim", s.listening[0], CONCLAVE_PASSWORD=PASSWORD)
    t.see("Passphrase of .*: ")
    t.type("wrong\n")
    t.see("Wrong passphrase. Passphrase of .*: ")
    t.type("sesam\n")
    t.see("you are in lobby")
    r = plain(home, "-n", "tom", s.listening[0], start_new_session=True)
    assert r.returncode == 2
    assert b"passphrase" in r.stderr and r.stderr.count(b"\n") == 1


def test_forget_server_is_the_way_out(world, tmp_path):
    home = tmp_path / "p"
    s = world.server()
    assert plain(home, "-n", "pam", s.listening[0]).returncode == 0
    known = home / "config" / "conclave" / "known_servers"
    name, fp = known.read_text().split()[:2]
    assert name == s.listening[0]
    other = ("B" if fp[0] == "A" else "A") + fp[1:]
    known.write_text(known.read_text().replace(fp, other) + "# mine\n")
    r = plain(home, "-n", "pam", s.listening[0])
    assert r.returncode == 5
    err = r.stderr.decode()
    assert fp in err and other in err
    command = re.search(r"^  (conclave --forget-server .*)$", err, re.M).group(1)
    assert subprocess.run(["/bin/sh", "-c", command.replace("conclave", CONCLAVE, 1)],
                          env=environment(home), timeout=2 * WAIT,
                          stdout=subprocess.DEVNULL).returncode == 0
    assert known.read_text() == "# mine\n"
    assert plain(home, "-n", "pam", s.listening[0]).returncode == 0
    assert fp in known.read_text()


def test_invite_against_the_known_one(world, tmp_path):
    home = tmp_path / "p"
    s = world.server()
    assert plain(home, "-n", "pam", s.listening[0]).returncode == 0
    r = plain(home, "-n", "pam", "conclave://%s/lobby#%s" % (s.listening[0], "A" * 43))
    assert r.returncode == 5
    err = r.stderr.decode()
    assert "A" * 43 in err and "conclave --forget-server" in err


def test_another_server_after_a_pin_that_is_nowhere_written(world, tmp_path):
    """The invite's pin still holds for this run."""
    s = world.server()
    pam = world.client(s, "pam", "--known-servers", "/proc/no/such/folder/servers")
    pam.joined()
    pam.see("error", code="known_servers")
    s.signal(signal.SIGKILL)
    s.p.wait(WAIT)
    world.server(listen=s.listening[0])
    assert pam.wait() == 5
    text = pam.events("closed")[-1]["text"]
    assert "is not the one in the invite: somebody may be intercepting" in text, text
    assert "pinned, by the invite: " in text, text


def test_nothing_is_pinned_before_the_password_is_proved(world, tmp_path):
    home = tmp_path / "p"
    s = world.server()
    r = plain(home, "-n", "pam", s.listening[0], password="wrong")
    assert r.returncode == 4
    assert not (home / "config" / "conclave" / "known_servers").exists()


def test_changed_identity_is_said_first_and_accepted(world):
    s = world.server(control=True)
    ann = member(world, s.listening[0], "ann")
    bob = member(world, s.listening[0], "bob")
    bob.say("me")
    bob.say("me again")
    ann.see("message", text="me", verified=True, trust="new")
    ann.see("message", text="me again", verified=True, trust="seen")
    bob.quit()
    ann.see("leave", names=["bob"])
    s.forget("bob")
    eve = member(world, s.listening[0], "bob", home="eve")
    eve.say("me too")
    ann.see("message", text="me too", verified=True, trust="changed")
    kinds = [e["event"] for e in ann.events()]
    assert kinds.index("changed") < max(i for i, k in enumerate(kinds) if k == "message")
    ann.do(do="trust", name="bob")
    ann.see("trust", name="bob")
    eve.say("still me")
    ann.see("message", text="still me", verified=True, trust="seen")
    ann.do(do="trust", name="bob")
    ann.see("trust", n=2, name="bob")
    eve.say("and now")
    ann.see("message", text="and now", verified=True, trust="verified")
    ann.do(do="trust", name="nobody")
    ann.see("error", code="trust")


def test_last_line_is_closed_whatever_happens(world, tmp_path):
    s = world.server()
    env = environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD)
    for args, status in ((["-n", "a b", s.listening[0]], 2), (["-n", "ok", "localhost:1"], 3),
                         (["-n", "ok", "--room", "none", s.listening[0]], 4),
                         (["-n", "ok", s.listening[0]], 0), (["--bogus", "--json"], 2)):
        r = subprocess.run([CONCLAVE, "--json", *args], env=env, capture_output=True,
                           stdin=subprocess.DEVNULL, timeout=2 * WAIT)
        assert r.returncode == status, (args, r.stderr)
        last = json.loads(r.stdout.splitlines()[-1])
        assert last["event"] == "closed"
        assert last["status"] == status
        assert (r.stderr == b"") == (status == 0)
        if status:
            assert r.stderr.startswith(b"conclave: ")
            events = [json.loads(x) for x in apart_from_the_cage(r.stdout.decode().splitlines())]
            assert len([e for e in events if e["event"] == "error"]) == 1


def code_of(a, b):
    """The safety code of PROTOCOL.md for two fingerprints in base64url."""
    x, y = sorted(base64.urlsafe_b64decode(f + "=") for f in (a, b))
    h = hashlib.sha256(b"conclave/1 safety code\0" + x + y).digest()
    for _ in range(9999):
        h = hashlib.sha256(h + x + y).digest()
    d = "%060d" % (int.from_bytes(h, "big") % 10**60)
    return " ".join(d[i:i + 5] for i in range(0, 60, 5))


def test_both_ends_show_the_same_code(world, terminal, tmp_path):
    """One of them uses the full screen; the other verifies, and the mark lasts."""
    s = world.server()
    ann = member(world, s.listening[0], "ann")
    t = terminal(tmp_path / "tim", "--tui", "-n", "tim", s.listening[0],
                 CONCLAVE_PASSWORD=PASSWORD)
    ann.see("join", names=["tim"])
    ann.do(do="verify", name="tim")
    v = ann.see("verify", name="tim")
    assert v["trust"] == "new"
    me = [u["identity"] for u in ann.joined()["users"] if u["self"]][0]
    assert v["code"] == code_of(me, v["identity"])
    t.see("you are in lobby")
    t.type("/verify ann\r")
    t.see(v["code"][:35])
    t.see(v["code"][36:])
    t.type("/verify ann yes\r")
    t.see("ann is verified:")
    ann.do(do="verify", name="tim", code=v["code"][:-1] + "x")
    assert ann.see("error", code="verify")["text"] == "the code differs"
    ann.do(do="verify", name="tim", code=v["code"])
    assert ann.see("verify", n=2, name="tim")["trust"] == "verified"
    t.type("now\r")
    ann.see("message", text="now", verified=True, trust="verified")
    ann.do(do="whois", name="tim")
    w = ann.see("whois", name="tim")
    assert w["compared"] and w["pinned"] == v["identity"] and w["present"]
    t.type("/quit\r")
    assert t.wait() == 0
    known = (tmp_path / "tim" / "config" / "conclave" / "known_people").read_text()
    assert re.search(" ann " + re.escape(me) + " verified ", known)


def test_plain_whois_and_verify(world, tmp_path):
    """A changed verified key is announced, and marked until the user decides."""
    s = world.server(control=True)
    bob = member(world, s.listening[0], "bob")
    fp = [u["identity"] for u in bob.joined()["users"]][0]
    pam = world.client(s.listening[0], "pam", face="--plain")
    said = lambda text: until(lambda: next(  # noqa: E731
        (x for x in pam.out if text in x), None), what=text)

    def type_(line):
        pam.p.stdin.write(line.encode() + b"\n")
        pam.p.stdin.flush()
    said("you are in")
    type_("/whois bob")
    said("has the key " + fp)
    said("new: this key is kept once bob speaks; /verify bob compares")
    bob.say("hi")
    said("bob: hi")
    type_("/whois bob")
    said("not verified: /verify bob compares the key")
    type_("/verify bob yes")
    said("compare the code first")
    type_("/verify bob")
    said("the code for you and bob")
    bob.do(do="verify", name="pam")
    code = bob.see("verify")["code"]
    said(code[:35])
    said(code[36:])
    type_("/verify bob yes")
    said("bob is verified: " + fp)
    type_(" /quit")
    said("not sent: a blank stands before /quit")
    type_("/editor")
    said("that command needs the full screen")
    bob.quit()
    said("bob left")
    s.forget("bob")
    eve = member(world, s.listening[0], "bob", home="eve")
    said("WARNING: bob's key has changed; you had verified the old one")
    eve.say("hello")
    said("bob (key changed): hello")
    type_("/verify bob yes")
    said("not verified: bob's key has changed")
    type_("/whois bob")
    said("WARNING: bob's key has changed; the old one was verified since")
    type_("/trust bob")
    said("bob's new key is accepted, not verified")
    eve.say("again")
    said("bob: again")
    type_("/trust bob")     # a second time: does not count as a comparison
    said("bob is known, not verified: more than one key")
