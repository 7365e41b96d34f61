"""Input that is refused or cut, and output that cannot be written: each is said on
standard error and in the exit status."""

import os
import re
import signal
import socket
import subprocess

import pytest

from harness import BUILD, PASSWORD, WAIT, environment, until, with_a_pair
from test_client import CONCLAVE, member, plain, terminal    # noqa: F401
from test_inherited import Job
from test_limits import unshared

SERVER = os.path.join(BUILD, "conclaved")
UNSENT, FAILED = 7, 1


def json_run(home, where, text, **more):
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [CONCLAVE, "--json", "-n", "pam", where], input=text, capture_output=True,
        env=with_a_pair(environment(home, CONCLAVE_PASSWORD=PASSWORD)), timeout=2 * WAIT, **more)


@pytest.mark.parametrize("text, why", [
    (b"a" * 20000, "longer than 16384 bytes"),
    (b"/var/log is full\n", "there is no command /var"),
    (b"  /quit\n", "a blank stands before"),
    (b"/names all\n", "takes nothing after it"),
    (b"/editor\n", "full screen"),
    (b"caf\xe9\n", "not UTF-8"),
    (b"a\0b\n", "not sent"),
    (b"caf\xe9", "not UTF-8"),      # a last line without its end
], ids=["long", "path", "blank", "surplus", "screen", "latin1", "NUL", "no end"])
def test_refused_line(world, tmp_path, text, why):
    s = world.server()
    bob = member(world, s, "bob")
    r = plain(tmp_path / "p", "-n", "pam", s.listening[0], text=b"before\n" + text)
    err = r.stderr.decode()
    assert r.returncode == UNSENT, err
    assert re.search("line 2 of the input: .*" + re.escape(why), err), err
    assert "1 line of the input was not sent" in err
    until(lambda: bob.texts("pam"), what="the first line")
    assert bob.texts("pam") == ["before"]


def test_many_refused_lines_are_counted(world, tmp_path):
    """A log file with the wrong encoding is not repeated on standard error."""
    s = world.server()
    bob = member(world, s, "bob")
    r = plain(tmp_path / "p", "-n", "pam", s.listening[0],
              text=50 * b"caf\xe9\n" + b"after\n")
    assert r.returncode == UNSENT
    assert b"50 lines of the input were not sent" in r.stderr
    assert r.stderr.count(b"\n") == 4
    until(lambda: bob.texts("pam"), what="the last line")
    assert bob.texts("pam") == ["after"]


@pytest.mark.parametrize("text", [
    b'{"do":"dance"}\n',
    b'{"do":"say"}\n',
    b'{"do":"say","text":""}\n',
    b'{"do":"say","text":"' + b"x" * 20000 + b'"}\n',
    b'{"do":"say","text":"' + b"x" * 70000 + b'"}\n',
    b"hello\n",
    b'{"do":"say","text":"half',
], ids=["unknown", "no text", "empty", "long text", "long line", "no JSON", "half"])
def test_refused_json(world, tmp_path, text):
    s = world.server()
    r = json_run(tmp_path / "p", s.listening[0], text)
    assert r.returncode == UNSENT, r.stderr
    assert b"line 1 of the input: " in r.stderr
    assert b'"code":"usage"' in r.stdout
    assert b'"reason":"unsent"' in r.stdout.splitlines()[-1]
    assert b'"status":7' in r.stdout.splitlines()[-1]


@pytest.mark.parametrize("path", ["/", "/proc/self/mem"], ids=["folder", "error"])
def test_input_that_cannot_be_read(world, tmp_path, path):
    s = world.server()
    (tmp_path / "p").mkdir()
    bad = os.open(path, os.O_RDONLY)    # reading the beginning of either fails
    try:
        r = subprocess.run([CONCLAVE, "--plain", "-n", "pam", s.listening[0]], stdin=bad,
                           env=environment(tmp_path / "p", CONCLAVE_PASSWORD=PASSWORD),
                           capture_output=True, timeout=2 * WAIT)
    finally:
        os.close(bad)
    assert r.returncode == UNSENT, r.stderr
    assert b"cannot be read: " in r.stderr


def test_line_that_the_terminal_cuts(world, terminal, tmp_path):     # noqa: F811
    """In canonical mode a terminal drops all that follows the 4095th byte."""
    s = world.server()
    bob = member(world, s, "bob")
    t = terminal(tmp_path / "t", "--plain", "-n", "tim", s.listening[0],
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    t.see("in the room: .*")
    t.type("y" * 4000 + "\n")
    for _ in range(6):
        t.type("x" * 1000)
        t.read()
    t.type("\n")
    t.see("not sent: the terminal passes on at most 4095 bytes")
    t.type("after\n")
    until(lambda: "after" in bob.texts("tim"), what="the next line")
    assert bob.texts("tim") == ["y" * 4000, "after"]
    t.type("\x04")
    assert t.wait() == UNSENT
    assert "1 line of the input was not sent" in t.text


def test_messages_that_do_not_reach_the_server(tmp_path):
    """Told to end while nothing has answered yet."""
    (tmp_path / "p").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        p = subprocess.Popen(
            [CONCLAVE, "--plain", "-n", "pam", "127.0.0.1:%d" % silent.getsockname()[1]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment(tmp_path / "p", CONCLAVE_PASSWORD=PASSWORD))
        p.stdin.write(b"one\ntwo\n")
        p.stdin.flush()
        conn, _ = silent.accept()
        conn.recv(4096)
        while b"pam: two" not in p.stdout.readline():
            assert p.poll() is None
        p.send_signal(signal.SIGTERM)
        out, err = p.communicate(timeout=WAIT)
        conn.close()
    assert p.returncode == UNSENT, (out, err)
    assert b"the server has not acknowledged 2 messages" in err


# --- output -------------------------------------------------------------------


def ask(program, tmp_path, *args, stdout):
    return subprocess.run([program, *args], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, env=environment(tmp_path), timeout=WAIT)


ASKED = [(CONCLAVE, "--help"), (CONCLAVE, "--version"), (CONCLAVE, "--write-config"),
         (CONCLAVE, "--forget-server", "localhost"), (SERVER, "--help"),
         (SERVER, "--version"), (SERVER, "--check-config", "--ephemeral")]
IDS = [os.path.basename(a[0]) + a[1] for a in ASKED]


@pytest.mark.parametrize("asked", ASKED, ids=IDS)
def test_full_disk(tmp_path, asked):
    with open("/dev/full", "wb") as full:
        r = ask(asked[0], tmp_path, *asked[1:], stdout=full)
    assert r.returncode == FAILED
    assert b"standard output cannot be written: No space left" in r.stderr


@pytest.mark.parametrize("asked", ASKED, ids=IDS)
def test_closed_output(tmp_path, asked):
    r = subprocess.run(["/bin/sh", "-c", 'exec "$@" >&-', "sh", *asked],
                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       env=environment(tmp_path), timeout=WAIT)
    assert r.returncode == FAILED
    assert b"standard output cannot be written: Bad file" in r.stderr


@pytest.mark.parametrize("asked", ASKED, ids=IDS)
def test_reader_is_gone(tmp_path, asked):
    r, w = os.pipe()
    os.close(r)
    try:
        got = ask(asked[0], tmp_path, *asked[1:], stdout=w)
    finally:
        os.close(w)
    assert got.returncode == FAILED
    assert b"standard output cannot be written: Broken pipe" in got.stderr


@pytest.mark.parametrize("program", [CONCLAVE, SERVER])
def test_a_pager_that_reads_late_gets_all_of_the_help(tmp_path, program):
    r, w = os.pipe()
    os.set_blocking(w, False)
    filled = 0
    try:
        while True:
            filled += os.write(w, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(w, True)
    p = subprocess.Popen([program, "--help"], stdout=w, env=environment(tmp_path))
    os.close(w)
    with pytest.raises(subprocess.TimeoutExpired):
        p.wait(1)
    with os.fdopen(r, "rb") as f:
        text = f.read()[filled:]
    assert p.wait(WAIT) == 0
    assert text.startswith(b"Usage: ") and b"--version" in text and text.endswith(b"\n")


def test_invite_on_a_full_disk(tmp_path):
    with open("/dev/full", "wb") as full:
        r = ask(SERVER, tmp_path, "--ephemeral", "--password", PASSWORD, "--scrypt-n", "16384",
                "--listen", "127.0.0.1:0", stdout=full)
    assert r.returncode == FAILED
    assert b"cannot write the invite" in r.stderr


@pytest.mark.parametrize("face", ["--plain", "--json"])
def test_events_on_a_full_disk(world, tmp_path, face):
    s = world.server()
    (tmp_path / "p").mkdir()
    with open("/dev/full", "wb") as full:
        r = subprocess.run([CONCLAVE, face, "-n", "pam", s.listening[0]],
                           stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                           env=environment(tmp_path / "p", CONCLAVE_PASSWORD=PASSWORD),
                           timeout=2 * WAIT)
    assert r.returncode == FAILED
    assert b"standard output cannot be written: No space left" in r.stderr


def test_disk_that_fills_during_an_export(world, tmp_path):
    """The full screen says so, leaves no half of a file, and goes on."""
    s = world.server()
    bob = member(world, s, "bob")
    home, disk = tmp_path / "t", tmp_path / "disk"
    home.mkdir()
    disk.mkdir()
    script = 'mount -t tmpfs -o size=64k none "$0"; "$@"; ls -A "$0" >"$0.left"'
    argv = unshared(script, disk, CONCLAVE, "-n", "tim", "--tui", s.invite)
    t = Job(home, "", "/usr/bin/env", *argv, CONCLAVE_PASSWORD=PASSWORD,
            CONCLAVE_EXPORT_FOLDER=str(disk))
    try:
        t.see("lobby")
        bob.see("join", names=["tim"])
        for i in range(20):
            bob.say("%d " % i + "x" * 10000)
        bob.say("the last")
        t.see("the last")
        t.type("/export all.jsonl\r")
        t.see("(?s)No.{1,80}?space.{1,80}?left")
        t.type("and on\r")
        bob.see("message", text="and on")
        t.type("/quit\r")
        until(lambda: t.said("ended 0"), what="the end")
    finally:
        t.stop()
    assert (tmp_path / "disk.left").read_text() == ""


def test_what_did_not_arrive_stays_on_the_terminal(world, tmp_path, terminal):
    """The server comes back with another key, which ends the client: what was said
    meanwhile, and what was being written, is shown once more below the screen."""
    s = world.server()
    t = terminal(tmp_path / "alice", "--tui", "-n", "alice", "--notify", "none", "--no-title",
                 s.invite, CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    where = s.listening[0]
    s.signal(signal.SIGKILL)
    s.p.wait(WAIT)
    t.see("again in")
    t.type("said while away\r")
    t.see("1 waits")
    t.type("half a thought")
    t.see("half a thought")
    world.server(listen=where)      # as it keeps nothing, its key is a new one
    assert t.wait() == 5
    end = t.text[t.text.rindex("\x1b[?1049l"):].replace("\r\n", "\n")
    assert "conclave: this was not sent to lobby:\nsaid while away\n" in end
    assert "conclave: this was not sent to lobby:\nhalf a thought\n" in end
    assert end.index("said while away") < end.index("has changed")
