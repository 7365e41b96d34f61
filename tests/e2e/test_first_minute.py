"""The first minute: the questions to a user who gives no options, and the
sentence for each way to fail."""

import os
import socket
import subprocess

import pytest

from harness import BUILD, PASSWORD, environment
from test_client import member, plain, terminal  # noqa: F401

CONCLAVE = os.path.join(BUILD, "conclave")
pytestmark = pytest.mark.usefixtures("own_pairs")


def test_started_with_nothing(world, terminal, tmp_path):  # noqa: F811
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    t = terminal(tmp_path / "t", USER="tim", CONCLAVE_FACE="plain")
    t.see(r"Which server\? .*\r\nServer \[localhost:2528\]: $")
    t.type("http://what\n")
    t.see(r"That is no server: paste the whole invite.*\r\nServer \[.*\]: $")
    t.type(s.invite + "\n")
    t.see(r"Who are you\? .*\r\nYour name in the room \[tim\]: $")
    t.type("a b\n")
    t.see(r"That is not a name: .*\r\nYour name in the room \[tim\]: $")
    t.type("\n")
    t.see(r"The room's password, .*\r\nPassword of .*: $")
    t.type("\n")    # and the shell does not get what is typed next
    t.see(r"this is not a password: it is empty: .*\r\nPassword of .*: $")
    t.type(PASSWORD + "\n")
    t.see("you are in lobby")
    bob.see("join", names=["tim"])
    t.type("/quit\n")
    assert t.wait() == 0
    assert PASSWORD not in t.text


def test_started_again(world, terminal, tmp_path):  # noqa: F811
    """The server and the name of last time are offered, until they are forgotten."""
    s = world.server()

    def start(server, name):
        t = terminal(tmp_path / "t", USER="tim", CONCLAVE_FACE="plain")
        t.see(r"Which server\? .*\r\nServer \[%s\]: $" % server)
        t.type("\n" if name == "tom" else s.invite + "\n")
        t.see(r"Your name in the room \[%s\]: $" % name)
        return t

    t = start("localhost:2528", "tim")
    t.type("tom\n")
    t.see(r"Password of .*: $")
    t.type("wrong\n")
    assert t.wait() == 4    # it was not let in: nothing is offered
    for name in ("tim", "tom"):
        t = start("localhost:2528" if name == "tim" else s.listening[0], name)
        t.type("tom\n" if name == "tim" else "\n")
        t.see(r"Password of .*: $")
        t.type(PASSWORD + "\n")
        t.see("you are in lobby on %s as tom: nobody else is here yet; operators can invite people"
              % s.listening[0])
        t.type("/quit\n")
        assert t.wait() == 0
    r = subprocess.run([CONCLAVE, "--forget-server", s.listening[0]],
                       env=environment(tmp_path / "t"), capture_output=True)
    assert r.returncode == 0, r.stderr
    start("localhost:2528", "tim")


def test_what_is_known_is_not_asked(world, terminal, tmp_path):  # noqa: F811
    s = world.server()
    r = subprocess.run([CONCLAVE, "--write-config", "-n", "tom", "--plain", s.invite],
                       env=environment(tmp_path / "t"), capture_output=True)
    assert r.returncode == 0, r.stderr
    t = terminal(tmp_path / "t")
    t.see(r"Password of .*: $")
    assert "Server" not in t.text and "name" not in t.text
    t.type(PASSWORD + "\n")
    t.see("you are in lobby on .* as tom")


def test_nobody_is_asked_in_a_pipe(tmp_path):
    r = subprocess.run([CONCLAVE], env=environment(tmp_path), timeout=120,
                       stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True)
    assert r.returncode == 2
    assert r.stderr.count(b"\n") == 1 and b"CONCLAVE_PASSWORD" in r.stderr


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sentence(r, status, *words):
    """One sentence that says what to do next."""
    err = r.stderr.decode()
    assert r.returncode == status, err
    assert err.startswith("conclave: ") and err.count("\n") == 1, err
    for w in words:
        assert w in err, err


def test_refused(tmp_path):
    sentence(plain(tmp_path / "p", "-n", "pam", "--no-reconnect",
                   "127.0.0.1:%d" % closed_port()),
             3, "refused the connection: check the address, and that conclaved is running there\n")


def test_lost(world, tmp_path):
    """The same while the client goes on trying: one sentence, not a question with a semicolon."""
    s = world.server()
    pam = member(world, s.listening[0], "pam")
    s.stop()
    pam.see("reconnect", n=2)
    seen = [e["reason"] for e in pam.events("reconnect")]
    assert not [r for r in seen if "?" in r or r[-1] in ".!"], seen
    assert seen[1].endswith("refused the connection: check the address, and that conclaved is running there"), seen


def test_no_such_host(tmp_path):
    sentence(plain(tmp_path / "p", "-n", "pam", "no-such-host.invalid"),
             3, "no-such-host.invalid", "check")


def test_wrong_password(world, tmp_path):
    s = world.server()
    sentence(plain(tmp_path / "p", "-n", "pam", s.listening[0], password="wrong"),
             4, "password is wrong", "check both and try again")


def test_name_taken(world, tmp_path):
    s = world.server()
    member(world, s.listening[0], "bob")
    sentence(plain(tmp_path / "p", "-n", "bob", s.listening[0]), 4, "choose another with --name")


def test_no_such_room(world, tmp_path):
    s = world.server()
    sentence(plain(tmp_path / "p", "-n", "bob", "--room", "den", s.listening[0]),
             4, "check the invite, or --room")


@pytest.mark.parametrize("text, words", [
    ("rsa-bits = 12\n", (":1: ", "2048, 3072 or 4096")),
    ("\nnmae = x\n", (":2: ", "no setting", "--write-config")),
])
def test_a_mistake_in_the_settings(tmp_path, text, words):
    folder = tmp_path / "p" / "config" / "conclave"
    folder.mkdir(parents=True)
    (folder / "config").write_text(text)
    sentence(plain(tmp_path / "p", "localhost:1"), 2, *words)


@pytest.mark.parametrize("term, words", [
    ("dumb", "cannot move its cursor: use --plain"),
    ("no-such-terminal", "try TERM=xterm-256color, or use --plain"),
    ("", "TERM is not set: "),
])
def test_a_terminal_that_cannot(terminal, tmp_path, term, words):  # noqa: F811
    t = terminal(tmp_path / "t", "--tui", "-n", "tim", "localhost:1", TERM=term,
                 CONCLAVE_PASSWORD="x")
    assert t.wait() == 2
    lines = [x for x in t.text.splitlines() if x.startswith("conclave: ")
             and "your identity was made" not in x]
    assert len(lines) == 1 and words in lines[0]
    assert "\x1b" not in t.text
