"""Terminals and pipes that nobody reads: they may cost lines, never the room, and
the programs still end when they are told to."""

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import termios
import time
import tty

import pytest

from harness import BUILD, PASSWORD, SCRYPT_N, WAIT, environment, until, with_a_pair
from test_client import member, terminal    # noqa: F401

SERVER = os.path.join(BUILD, "conclaved")
CONCLAVE = os.path.join(BUILD, "conclave")


def unread_pipe():
    """A pipe that is full."""
    r, w = os.pipe()
    fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(w, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(w, b"x" * 4096)
    os.set_blocking(w, True)
    return r, w


def unread_terminal():
    """With a terminal's usual modes: a newline becomes two bytes, so that poll
    finds room for the first and write blocks at the second."""
    return pty.openpty()


def stopped_terminal():
    """A terminal on which somebody has pressed ^S."""
    m, s = pty.openpty()
    tty.setraw(s)
    termios.tcflow(s, termios.TCOOFF)
    return m, s


def unread_socket():
    """What the journal gives to a service."""
    a, b = socket.socketpair()
    b.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            b.send(b"x" * 4096)
    b.setblocking(True)
    return a.detach(), b.detach()


PLACES = [unread_pipe, unread_terminal, stopped_terminal, unread_socket]


def port_of_a_free_one():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Blocked:
    """conclaved whose output nobody reads."""

    def __init__(self, home, place, stdout=True, *args):
        self.reader, writer = place()
        self.port = port_of_a_free_one()
        self.p = subprocess.Popen(
            [SERVER, "--ephemeral", "--scrypt-n", SCRYPT_N, "--password", PASSWORD,
             "--listen", "127.0.0.1:%d" % self.port, *args],
            stdin=subprocess.DEVNULL, stdout=writer if stdout else subprocess.DEVNULL,
            stderr=writer, env=environment(home), start_new_session=True)
        self.flags = fcntl.fcntl(writer, fcntl.F_GETFL)
        self.writer = writer

    def connect(self):
        def up():
            assert self.p.poll() is None
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
            except ConnectionRefusedError:
                return None
        return until(up, what="the listener")

    def noise(self, n, pause=0.0):
        """Each of these is a log line, up to some 50 a second."""
        for _ in range(n):
            time.sleep(pause)
            with self.connect() as s:
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                try:
                    while s.recv(4096):
                        pass
                except ConnectionResetError:
                    pass

    def read(self, pattern):
        got = b""
        os.set_blocking(self.reader, False)

        def there():
            nonlocal got
            try:
                got += os.read(self.reader, 65536)
            except BlockingIOError:
                pass
            return pattern in got
        until(there, what=repr(pattern))
        return got

    def stop(self):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait(WAIT)
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def blocked(tmp_path):
    made = []

    def start(*args):
        made.append(Blocked(tmp_path / "server", *args))
        return made[-1]
    yield start
    for b in made:
        b.stop()


@pytest.mark.parametrize("place", PLACES)
def test_a_log_that_nobody_reads(world, blocked, place):
    """The room stays open, TERM ends it, and our flags are not set on what the
    parent shares with us."""
    b = blocked(place, False)
    b.noise(200)
    alice = member(world, "127.0.0.1:%d" % b.port, "alice")
    bob = member(world, "127.0.0.1:%d" % b.port, "bob")
    alice.say("still here")
    bob.see("message", text="still here")
    assert fcntl.fcntl(b.writer, fcntl.F_GETFL) == b.flags
    b.p.send_signal(signal.SIGTERM)
    assert b.p.wait(WAIT) == 0
    alice.see("reconnect")


@pytest.mark.parametrize("place", PLACES)
def test_nobody_reads_at_the_start(world, blocked, place):
    """The invite waits; the room is open."""
    b = blocked(place)
    b.connect().close()
    alice = member(world, "127.0.0.1:%d" % b.port, "alice")
    alice.quit()
    b.p.send_signal(signal.SIGTERM)
    assert b.p.wait(WAIT) == 0


def test_what_waits_is_written_when_somebody_reads(blocked):
    b = blocked(unread_pipe)
    b.connect().close()
    got = b.read(b"invite: conclave://")
    assert b"listening on 127.0.0.1:%d" % b.port in got


def test_lost_lines_are_counted(blocked):
    b = blocked(unread_pipe, False, "--log-format", "json", "--log-level", "debug")
    b.noise(700, 0.012)
    got = b.read(b"lines of this log were lost")
    lines = [json.loads(x) for x in got.lstrip(b"x").splitlines() if x.endswith(b"}")]
    assert len(lines) > 100
    lost = [x for x in lines if x["what"] == "log"]
    assert len(lost) == 1 and lost[0]["level"] == "warn"
    assert int(lost[0]["text"].split()[0]) > 100
    b.noise(1)      # and it goes on
    b.p.send_signal(signal.SIGTERM)
    assert b.p.wait(WAIT) == 0


def test_a_second_term_with_a_member_and_a_stuck_log(world, blocked):
    b = blocked(unread_terminal, True, "--log-level", "debug")
    b.connect().close()
    member(world, "127.0.0.1:%d" % b.port, "alice")
    b.noise(150)
    b.p.send_signal(signal.SIGTERM)
    b.p.send_signal(signal.SIGINT)
    assert b.p.wait(WAIT) == 0


def small_pipe():
    r, w = os.pipe()
    fcntl.fcntl(w, fcntl.F_SETPIPE_SZ, 4096)
    return r, w


def quit_pager(p):
    """Whoever read from it is gone; stop() has something to close."""
    os.close(p.reader)
    p.reader = os.open(os.devnull, os.O_RDONLY)


def test_server_in_front_of_a_pager(world, blocked):
    """It shows a page, waits for a key, and is quit."""
    b = blocked(small_pipe)
    b.read(b"invite: conclave://")
    b.noise(200)
    alice = member(world, "127.0.0.1:%d" % b.port, "alice")
    quit_pager(b)
    b.noise(3)
    bob = member(world, "127.0.0.1:%d" % b.port, "bob")
    alice.say("still here")
    bob.see("message", text="still here")
    b.p.send_signal(signal.SIGTERM)
    assert b.p.wait(WAIT) == 0


# --- the client -------------------------------------------------------------


class Stalled:
    """conclave whose standard output nobody reads."""

    def __init__(self, home, where, face, place, text=b"", name="stan"):
        os.makedirs(home, exist_ok=True)
        self.reader, self.writer = place()
        self.p = subprocess.Popen(
            [CONCLAVE, face, "-n", name, where], stdin=subprocess.PIPE,
            stdout=self.writer, stderr=subprocess.PIPE,
            env=with_a_pair(environment(home, CONCLAVE_PASSWORD=PASSWORD)),
            start_new_session=True)
        if text:
            self.p.stdin.write(text)
            self.p.stdin.flush()

    def stop(self):
        if self.p.poll() is None:
            self.p.kill()
        self.p.wait(WAIT)
        self.p.stdin.close()
        self.p.stderr.close()
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def stalled(tmp_path):
    made = []

    def start(*args, **more):
        made.append(Stalled(tmp_path / ("stalled%d" % len(made)), *args, **more))
        return made[-1]
    yield start
    for c in made:
        c.stop()


def named(c, event):
    return {name for e in c.events(event) for name in e["names"]}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("n", [signal.SIGTERM, signal.SIGINT])
def test_client_whose_output_is_stuck_answers_signals(world, stalled, place, n):
    """Both at once, because each waits five seconds for a reader at its end."""
    s = world.server()
    bob = member(world, s, "bob")
    both = {"pat": "--plain", "jo": "--json"}
    cs = [stalled(s.listening[0], face, place, name=name) for name, face in both.items()]
    until(lambda: named(bob, "join") >= set(both), what="both")
    for c in cs:
        c.p.send_signal(n)
    until(lambda: named(bob, "leave") >= set(both), what="their leave")
    for c in cs:
        code = c.p.wait(WAIT)
        if place in (unread_pipe, unread_socket):   # of the others some was taken
            assert code == 1
            assert b"was not read" in c.p.stderr.read()
        else:
            assert code in (0, 1)


@pytest.mark.parametrize("face", ["--plain", "--json"])
def test_reader_that_stalls_for_ever_costs_lines_not_the_room(world, stalled, face):
    """After 5 s without a reader the client goes on: it says and hears, and
    tells how many lines are lost."""
    s = world.server()
    bob = member(world, s, "bob")
    c = stalled(s.listening[0], face, unread_pipe)
    bob.see("join", names=["stan"])
    for _ in range(60):
        bob.say("x" * 16000)
    bob.see("sent", n=60)
    until(lambda: bob.events("sent"), what="them")
    time.sleep(6)   # the stall itself is what is tested
    for i in range(60):
        bob.say("y" * 16000)
    bob.see("sent", n=120)
    # It still takes input, and others hear it.
    line = b"hello\n" if face == "--plain" else b'{"do":"say","text":"hello"}\n'
    c.p.stdin.write(line)
    c.p.stdin.flush()
    bob.see("message", text="hello")
    # Now somebody reads.
    got = b""
    os.set_blocking(c.reader, False)

    def told():
        nonlocal got
        try:
            got += os.read(c.reader, 1 << 20)
        except BlockingIOError:
            pass
        return b"lines were dropped here" in got or b'"event":"lost"' in got
    until(told, what="the count")
    bob.say("and on")
    until(lambda: told() and b"and on" in got, what="the next line")
    c.p.stdin.close()
    assert c.p.wait(WAIT) == 1
    assert b"lines of output were dropped" in c.p.stderr.read()
    c.p.stdin = open(os.devnull, "wb")


def test_slow_reader_gets_every_line(world, stalled):
    s = world.server()
    bob = member(world, s, "bob")
    c = stalled(s.listening[0], "--json", unread_pipe)
    bob.see("join", names=["stan"])
    for i in range(100):
        bob.say("%d " % i + "x" * 10000)
    bob.see("sent", n=100)
    got = b""
    os.set_blocking(c.reader, False)

    def all_there():
        nonlocal got
        try:
            got += os.read(c.reader, 65536)
        except BlockingIOError:
            pass
        return got.count(b'"event":"message"') == 100
    until(all_there, what="all of them")
    assert b'"lost"' not in got


@pytest.mark.parametrize("face", ["--plain", "--json"])
def test_client_in_front_of_a_pager(world, stalled, face):
    """What was typed before it is quit is said, and then the client ends."""
    s = world.server()
    bob = member(world, s, "bob")
    c = stalled(s.listening[0], face, small_pipe)
    bob.see("join", names=["stan"])
    os.read(c.reader, 4096)
    for _ in range(20):
        bob.say("x" * 10000)
    bob.see("sent", n=20)
    line = b"hello\n" if face == "--plain" else b'{"do":"say","text":"hello"}\n'
    c.p.stdin.write(line)
    c.p.stdin.flush()
    bob.see("message", text="hello")
    quit_pager(c)
    bob.see("leave", names=["stan"])
    assert c.p.wait(WAIT) == 0


def test_stuck_standard_error_ends_too(tmp_path):
    """An error at the start, told to a pipe that nobody reads."""
    r, w = unread_pipe()
    p = subprocess.Popen([CONCLAVE, "--plain", "--no-such-option"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=w, env=environment(tmp_path))
    try:
        assert p.wait(WAIT) == 2
    finally:
        os.close(r)
        os.close(w)


def test_stopped_prompt_answers_signals(tmp_path):
    m, s = stopped_terminal()
    env = environment(tmp_path, TERM="xterm")
    p = subprocess.Popen(
        ["setsid", "-c", CONCLAVE, "--plain", "-n", "tim", "localhost:1"],
        stdin=s, stdout=s, stderr=subprocess.DEVNULL, env=env)
    try:
        time.sleep(2)   # it asks for the password now, or soon
        p.send_signal(signal.SIGTERM)
        assert p.wait(WAIT) in (-signal.SIGTERM, 0, 1)
    finally:
        if p.poll() is None:
            p.kill()
            p.wait(WAIT)
        os.close(m)
        os.close(s)


def test_errno_of_a_lost_reader(tmp_path):
    """A server whose log reader is gone goes on without."""
    r, w = os.pipe()
    p = subprocess.Popen([SERVER, "--ephemeral", "--scrypt-n", SCRYPT_N, "--password", PASSWORD,
                          "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=w, env=environment(tmp_path))
    os.close(w)
    os.close(r)
    try:
        assert p.stdout.readline().startswith(b"listening on ")
        assert p.stdout.readline().startswith(b"invite: ")
        p.send_signal(signal.SIGTERM)
        assert p.wait(WAIT) == 0
    finally:
        p.stdout.close()
        if p.poll() is None:
            p.kill()
            p.wait(WAIT)


# --- the full screen --------------------------------------------------------


def stop_output(t):
    """^S, as the terminal itself does it."""
    s = t.other_end()
    termios.tcflow(s, termios.TCOOFF)
    return s


@pytest.mark.parametrize("stop", [True, False], ids=["stopped", "unread"])
def test_full_screen_on_a_stuck_terminal(world, terminal, tmp_path, stop):   # noqa: F811
    """The client stays in the room, and shows it once there is room."""
    s = world.server()
    bob = member(world, s, "bob")
    t = terminal(tmp_path / "t", "--tui", "-n", "tim", s.listening[0], size=(40, 100),
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("lobby")
    bob.see("join", names=["tim"])
    slave = stop_output(t) if stop else None
    # Each screen is several kilobytes; a terminal that nobody reads takes about 4.
    for i in range(40):
        bob.say("line %d %s" % (i, "x" * 300))
        bob.see("sent", n=i + 1)
        time.sleep(0.02)
    t.type("heard\r")
    bob.see("message", text="heard")
    if slave is not None:
        termios.tcflow(slave, termios.TCOON)
        os.close(slave)
    t.see("line 39")
    bob.say("and on")
    t.see("and on")
    os.kill(t.pid, signal.SIGTERM)
    assert t.wait() == 0
    assert "\x1b[?1049l" in t.text


@pytest.mark.parametrize("n", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_full_screen_on_a_stuck_terminal_ends(world, terminal, tmp_path, n):    # noqa: F811
    s = world.server()
    bob = member(world, s, "bob")
    t = terminal(tmp_path / "t", "--tui", "-n", "tim", s.listening[0], size=(40, 100),
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("lobby")
    bob.see("join", names=["tim"])
    slave = stop_output(t)
    for i in range(40):
        bob.say("line %d %s" % (i, "x" * 300))
        bob.see("sent", n=i + 1)
        time.sleep(0.02)
    os.kill(t.pid, n)
    bob.see("leave", names=["tim"])

    def ended():    # nobody reads
        pid, status = os.waitpid(t.pid, os.WNOHANG)
        if pid:
            t.code = os.waitstatus_to_exitcode(status)
        return pid
    until(ended, what="the end")
    os.close(slave)
    assert t.code == 0


def test_full_screen_on_a_terminal_that_is_stopped_at_the_start(tmp_path):
    """One sentence, instead of a program that waits and hears no signal."""
    m, s = stopped_terminal()
    env = environment(tmp_path, TERM="xterm", LC_ALL="C.UTF-8", CONCLAVE_PASSWORD=PASSWORD)
    p = subprocess.Popen(
        ["setsid", "-c", CONCLAVE, "--tui", "-n", "tim", "localhost:1"],
        stdin=s, stdout=s, stderr=subprocess.PIPE, env=env)
    try:
        assert b"press Ctrl-Q" in p.communicate(timeout=WAIT)[1]
        assert p.returncode == 2
    finally:
        if p.poll() is None:
            p.kill()
            p.wait(WAIT)
        os.close(m)
        os.close(s)
