"""Every line of every file that is read is understood, or reported with its
file and number. A line of a file of trust that is not understood stops the
program: it may be the pin of the very server or person that is met next."""

import os
import re
import subprocess

import pytest

from harness import BUILD, PASSWORD, WAIT, environment
from test_named_culprit import at, home, run    # noqa: F401

CONCLAVED = os.path.join(BUILD, "conclaved")
OTHER = "A" * 43        # base64url of 32 bytes, nobody's fingerprint
BOM = b"\xef\xbb\xbf"


def put(home, name, data):      # noqa: F811
    path = at(home, name)
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def utf16(text):
    return text.encode("utf-16")


# --- known_servers ------------------------------------------------------------

def pin(server, fingerprint=OTHER):
    return ("%s %s" % (server.listening[0], fingerprint)).encode()


@pytest.mark.parametrize("text", [
    lambda p: BOM + p + b"\n",
    lambda p: p + b"\r\n",
    lambda p: BOM + b"# mine\r\n" + p + b" # first seen\r\n\r\n",
    lambda p: p,                            # no newline at its end
    lambda p: b"\t " + p + b" \t\n",
    lambda p: p + b"=\n" + p + b"\n",       # twice the same
], ids=["bom", "crlf", "bom-crlf-comment", "no-end", "blanks", "twice"])
def test_a_pin_counts(world, home, text):   # noqa: F811
    """The server has another key than the file says."""
    s = world.server()
    known = put(home, "known_servers", text(pin(s)))
    before = known.read_bytes()
    status, said = run(home, "-n", "pam", s.listening[0])
    assert status == 5 and f"the key of {s.listening[0]} has changed" in said, said
    assert known.read_bytes() == before     # and the new key is not pinned


@pytest.mark.parametrize("text, line, words", [
    (lambda p: b"# x\r" + p + b"\r", 1, "carriage return"),
    (lambda p: b"# x\n" + p.replace(b" ", b"\0 ") + b"\n", 2, "zero byte"),
    (lambda p: p[:-1] + b"\n", 1, "base64url"),
    (lambda p: p.split(b" ")[0] + b"\n", 1, "no fingerprint"),
    (lambda p: p.replace(b" ", b"\xc2\xa0") + b"\n", 1, "HOST:PORT"),
    (lambda p: re.sub(b":[0-9]+ ", b" ", p) + b"\n", 1, "no port"),
    (lambda p: b"conclave://" + p + b"\n", 1, "HOST:PORT"),
    (lambda p: p + b"\n" + p.replace(b"AAA", b"BBB") + b"\n", 2, "a line above"),
    (lambda p: b"x" * 5000 + p + b"\n", 1, "HOST:PORT"),
    (lambda p: b"# x\n\n" + BOM + p + b"\n", 3, "HOST:PORT"),
    (lambda p: utf16(p.decode() + "\n"), None, "UTF-16"),
    (lambda p: (p.decode() + "\n").encode("utf-16-be"), None, "UTF-16"),
], ids=["cr", "nul", "short", "bare", "nbsp", "no-port", "uri", "two-keys", "long",
        "bom-inside", "utf16", "utf16-no-bom"])
def test_a_line_that_never_counts_stops(world, home, text, line, words):    # noqa: F811
    s = world.server()
    known = put(home, "known_servers", text(pin(s)))
    before = known.read_bytes()
    status, said = run(home, "-n", "pam", s.listening[0])
    assert status == 2, said
    assert str(known) in said and words in said, said
    assert line is None or " line %d: " % line in said, said
    assert "connecting" not in said         # before anything is sent
    assert known.read_bytes() == before


def test_an_upper_case_fingerprint_is_another(world, home):    # noqa: F811
    """base64url has two cases: the pin differs, or it is no fingerprint."""
    s = world.server()
    assert run(home, "-n", "pam", s.listening[0])[0] == 0
    known = at(home, "known_servers")
    text = known.read_text()
    name, fingerprint = text.split()[:2]
    known.write_text("%s %s\n" % (name, fingerprint.upper()))
    status, said = run(home, "-n", "pam", s.listening[0])
    assert status in (2, 5) and "you are in" not in said, said
    known.write_text("%s %s\n" % (name.upper(), fingerprint))
    assert run(home, "-n", "pam", s.listening[0])[0] == 0


def test_forgetting_a_server_works_in_a_broken_file(world, home):    # noqa: F811
    s = world.server()
    name = s.listening[0]
    known = put(home, "known_servers", BOM + name.encode() + b" nonsense\r\n# mine\r\nx\n")
    r = subprocess.run([os.path.join(BUILD, "conclave"), "--forget-server", name],
                       env=environment(home), capture_output=True, timeout=WAIT)
    assert r.returncode == 0, r.stderr
    assert known.read_bytes() == b"# mine\r\nx\n"


# --- known_people -------------------------------------------------------------

def test_a_person_behind_a_byte_order_mark_is_known(world, home):    # noqa: F811
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()
    line = [s.invite.split("#")[1], "bob", OTHER, "known", "2026-01-01"]  # another key
    put(home, "known_people", BOM + " ".join(line).encode() + b"\r\n")
    status, said = run(home, "-n", "pam", s.invite)
    assert status == 0 and "key changed" in said, said


@pytest.mark.parametrize("text, line, words", [
    (b"# x\r%(line)s\r", 1, "carriage return"),
    (b"\n%(line)s verified\n", 2, "more than a date"),
    (b"SERVER bob KEY seen\n", 1, "the server"),
    (b"%(line)s\0\n", 1, "zero byte"),
    (b"\xff\xfe%(line)s", None, "UTF-16"),
], ids=["cr", "more", "heading", "nul", "utf16"])
def test_a_line_about_people_that_never_counts_stops(home, text, line, words):    # noqa: F811
    good = ("%s bob %s seen 2026-01-01" % (OTHER, OTHER)).encode()
    people = put(home, "known_people", text % {b"line": good})
    before = people.read_bytes()
    status, said = run(home, "-n", "pam", "127.0.0.1:1")
    assert status == 2 and str(people) in said and words in said, said
    assert line is None or " line %d: " % line in said, said
    assert people.read_bytes() == before


# --- settings -----------------------------------------------------------------

@pytest.mark.parametrize("text", [
    BOM + b"name = pam\n", BOM + b"# mine\r\nname = pam\r\n", b"name = pam",
    b"\t name\t= pam \t\r\n"], ids=["bom", "bom-crlf-comment", "no-end", "blanks"])
def test_settings_are_understood(world, home, text):    # noqa: F811
    s = world.server()
    put(home, "config", text)
    status, said = run(home, s.invite)
    assert status == 0 and " as pam" in said, said


@pytest.mark.parametrize("text, line, words", [
    (b"# x\rname = pam\r", 1, "carriage return"),
    (b"# x\nname = pam\0\n", 2, "zero byte"),
    (b"# \xe4\n", 1, "not UTF-8"),
    (b"\n\nname = " + b"p" * 300 + b"\n", 3, "too long"),
    (b"name = pam\nnames = eve\n", 2, "no setting"),
    (b"name = pam\nname = eve\n", 2, "line 1 sets it already"),
    (b"\n" + BOM + b"name = pam\n", 2, "no setting"),
    ("name = pam\n".encode("utf-16"), None, "UTF-16"),
], ids=["cr", "nul", "latin1", "long", "unknown", "twice", "bom-inside", "utf16"])
def test_settings_that_never_count(home, text, line, words):    # noqa: F811
    config = put(home, "config", text)
    status, said = run(home, "127.0.0.1:1")
    assert status == 2 and str(config) in said and words in said, said
    assert line is None or "config:%d: " % line in said, said


def serve(home, *args, **more):     # noqa: F811
    """conclaved --check-config: its exit status and what it said."""
    r = subprocess.run([CONCLAVED, "--check-config", *args], capture_output=True,
                       env=environment(home, **more), timeout=WAIT)
    return r.returncode, (r.stdout + r.stderr).decode("utf-8", "replace")


def test_the_servers_settings(home):    # noqa: F811
    path = home / "conclaved.conf"
    path.write_bytes(BOM + b"# mine\r\nroom = den\r\n")
    assert serve(home, "--config", str(path))[0] == 0
    path.write_bytes(b"# mine\rroom = den\r")
    status, said = serve(home, "--config", str(path))
    assert status == 2 and "conclaved.conf:1: " in said and "carriage return" in said
    path.write_bytes("room = den\n".encode("utf-16"))
    status, said = serve(home, "--config", str(path))
    assert status == 2 and "UTF-16" in said, said


# --- passwords ----------------------------------------------------------------

PW = PASSWORD.encode()


@pytest.mark.parametrize("text", [
    BOM + PW + b"\n", PW + b"\r\n", BOM + PW + b"\r\n", PW, PW + b"\r"],
    ids=["bom", "crlf", "bom-crlf", "no-end", "cr"])
@pytest.mark.parametrize("program", ["client", "server"])
def test_a_password_file(world, home, text, program):    # noqa: F811
    """What is around the password never becomes part of it."""
    path = home / "pw"
    path.write_bytes(text)
    path.chmod(0o600)
    if program == "server":
        s = world.server("--password-file", str(path), password=None)
        status, said = run(home, "-n", "pam", s.invite)
    else:
        s = world.server()
        status, said = run(home, "-n", "pam", "--password-file", str(path), s.invite,
                           password=None)
    assert status == 0 and "you are in" in said, said
    assert "warning" not in said


def test_a_byte_order_mark_in_the_environment_and_in_a_pipe(world, home):    # noqa: F811
    s = world.server()
    assert run(home, "-n", "pam", s.invite, password="\ufeff" + PASSWORD)[0] == 0
    status, said = run(home, "-n", "pam", "--password-file", "/dev/stdin", s.invite,
                       text=BOM + PW + b"\r\nhello\n", password=None)
    assert status == 0 and " pam: hello" in said, said     # the next line is no password
    s = world.server(password=None, CONCLAVE_PASSWORD="\ufeff" + PASSWORD)
    assert run(home, "-n", "pam", s.invite)[0] == 0


@pytest.mark.parametrize("text, words", [
    (PW.decode().encode("utf-16"), "UTF-16"), (b"", "empty"), (BOM + b"\r\n", "empty"),
    (b"\n" + PW + b"\n", "empty"), (b"p\0w\n", "zero byte"), (b"p\xe4\n", "not UTF-8"),
    (b"pw\t\n", "tab"), (b"p" * 9000, "too long")],
    ids=["utf16", "empty", "bom-only", "first-line-empty", "nul", "latin1", "tab", "long"])
def test_a_file_that_holds_no_password(home, text, words):    # noqa: F811
    path = home / "pw"
    path.write_bytes(text)
    path.chmod(0o600)
    status, said = run(home, "-n", "pam", "--password-file", str(path), "127.0.0.1:1",
                       password=None)
    assert status == 2 and str(path) in said and words in said, said
    status, said = serve(home, "--password-file", str(path))
    assert status == 2 and str(path) in said, said
    assert words in said or text.startswith(b"\n"), said


def test_lines_after_the_password_are_reported(world, home):    # noqa: F811
    path = home / "pw"
    path.write_bytes(PW + b"\n\nuser = pam\n")
    path.chmod(0o600)
    s = world.server()
    status, said = run(home, "-n", "pam", "--password-file", str(path), s.invite,
                       password=None)
    assert status == 0 and "%s line 2: only the first line" % path in said, said
    status, said = serve(home, "--password-file", str(path))
    assert status == 2 and "more than one line" in said, said


# --- what is said ---------------------------------------------------------------

def test_messages_from_a_file_with_a_byte_order_mark(world, home):    # noqa: F811
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()
    assert run(home, "-n", "pam", s.invite, text=BOM + b"one\r\ntwo\r\n")[0] == 0
    bob.see("message", n=2)
    assert bob.texts("pam") == ["one", "two"]
