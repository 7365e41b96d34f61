"""The first visit without an invite: a person compares the server's code before
anything is said, and a no keeps nothing. Programs are not asked."""

import base64

import pytest

from harness import PASSWORD, until
from test_client import plain, terminal  # noqa: F401
from test_example import server_code


def code_of(server):
    return until(lambda: next(
        (line[6:] for line in server.out if line.startswith("code: ")), None))


def fingerprint_of(server):
    return server.invite.split("#")[1]


def kept(home):
    config = home / "config" / "conclave"
    return sorted(str(p.relative_to(config)) for p in config.rglob("*") if p.is_file())


def visit(terminal, home, face, server, **more):  # noqa: F811
    return terminal(home, face, "-n", "vera", server.listening[0], visit=None,
                    CONCLAVE_PASSWORD=PASSWORD, **{"size": (30, 100), **more})


def test_the_server_prints_the_code_of_its_key(world):
    s = world.server()
    fp = base64.urlsafe_b64decode(fingerprint_of(s) + "=")
    assert code_of(s) == server_code(fp)


@pytest.mark.parametrize("face", ["--tui", "--plain"])
@pytest.mark.parametrize("size", [(30, 100), (24, 80), (10, 40)])
def test_a_yes_keeps_the_key(world, terminal, tmp_path, face, size):  # noqa: F811
    s = world.server()
    home = tmp_path / "vera"
    t = visit(terminal, home, face, s, size=size)
    t.see("Same code. y/n")
    code = code_of(s)
    t.see(code[:35])
    t.see(code[36:])
    t.see("y: ")
    t.see("n: ")
    assert "known_servers" not in kept(home)
    # What was meant for the room is no answer, and is not said.
    t.type("yesterday\r")
    if face == "--plain":
        t.see("not sent: first answer y or n")
    t.type("y\r")
    t.see("the server's key is kept")
    t.type("/server\r")
    t.see("key exchange: [a-z]")
    t.type("/quit\r")
    assert t.wait() == (7 if face == "--plain" else 0)
    known = (home / "config" / "conclave" / "known_servers").read_text()
    assert known.split()[:2] == [s.listening[0], fingerprint_of(s)]
    # It is asked once.
    t = visit(terminal, home, face, s, size=size)
    t.see("you are in lobby")
    t.type("/quit\r")
    t.wait()
    assert "Same code?" not in t.text


@pytest.mark.parametrize("face,answer", [
    ("--tui", "n\r"), ("--plain", "No\r"), ("--tui", "\x03"), ("--tui", "\x04")])
def test_a_no_keeps_nothing(world, terminal, tmp_path, face, answer):  # noqa: F811
    s = world.server()
    other = world.client(s, "other")
    other.joined()
    home = tmp_path / "vera"
    t = visit(terminal, home, face, s)
    t.see("Same code. y/n")
    other.say("hello vera")
    other.see("sent")
    t.type(answer)
    assert t.wait() == 5
    assert "did not accept the server's key" in t.text
    assert kept(home) == ["identity.pem"]
    assert other.texts("vera") == []
    # The next visit is the first again.
    t = visit(terminal, home, face, s)
    t.see("Same code. y/n")


def test_nothing_is_said_before_the_answer(world, terminal, tmp_path):  # noqa: F811
    s = world.server()
    other = world.client(s, "other")
    other.joined()
    t = visit(terminal, tmp_path / "vera", "--tui", s)
    t.type("too early\r")      # into the line before the question, or a wrong answer
    t.see("Same code. y/n")
    t.type("\x7f" * 8 + "y\r")
    t.see("the server's key is kept")
    other.see("join", names=["vera"])
    t.type("\x15in time\r")
    other.see("message", text="in time")
    assert other.texts("vera") == ["in time"]


def test_programs_are_not_asked(world, tmp_path):
    """No terminal, no question: the key of the first visit is kept, and that it was
    not compared is said."""
    s = world.server()
    r = plain(tmp_path / "pam", "-n", "pam", s.listening[0], text=b"hi\n/server\n")
    out = r.stdout.decode()
    assert r.returncode == 0, r
    assert "first visit: the server's key is kept without being compared" in out
    code = code_of(s)
    assert "-- " + code[:35] in out and "-- " + code[36:] in out
    assert "Same code?" not in out
    r = plain(tmp_path / "pam", "-n", "pam", s.listening[0])
    assert b"first visit" not in r.stdout
    c = world.client(s.listening[0], "jay")
    e = c.joined()
    assert e["first_visit"] is True and e["exchange"]
    c.do(do="server")
    e = c.see("server")
    assert e["code"] == code and e["server"] == fingerprint_of(s)
    assert e["address"] == s.listening[0] and e["exchange"]
    i = world.client(s, "ida")
    assert i.joined()["first_visit"] is False
