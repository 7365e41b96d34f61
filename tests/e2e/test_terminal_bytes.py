"""Bytes from the terminal that are nobody's keys, on a pseudo-terminal: reports are
swallowed whole, keyboard protocols are understood, and whatever was begun ends."""

import time

import pytest

from harness import PASSWORD, until
from test_client import plain, terminal  # noqa: F401

SILENCE = 0.25      # longer than the default of --escape-wait

REPORTS = {
    "X10 mouse": b"\x1b[M !!",
    "X10 mouse, far right": b"\x1b[M \xc8!",
    "mode 1005 mouse": b"\x1b[M#\xc3\xa0\xc4\x90",
    "urxvt mouse": b"\x1b[32;10;10M",
    "SGR mouse": b"\x1b[<0;10;10M\x1b[<0;10;10m",
    "cursor position": b"\x1b[24;80R\x1b[?1;1R",
    "device attributes": b"\x1b[?62;1;6c\x1b[>0;95;0c\x1b[1;2c",
    "DECRPM": b"\x1b[?2026;2$y\x1b[4;1$y",
    "focus": b"\x1b[I\x1b[O\x1b[I",
    "window size": b"\x1b[8;24;80t",
    "kitty flags": b"\x1b[?1u",
    "colour, ST": b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    "colour, BEL": b"\x1b]4;1;rgb:cd/00/00\x07",
    "colour, C1": b"\xc2\x9d11;rgb:1e1e/1e1e/2e2e\xc2\x9c",
    "clipboard": b"\x1b]52;c;cm0gLXJmCg==\x1b\\",
    "XTVERSION": b"\x1bP>|XTerm(379)\x1b\\",
    "DECRQSS with a newline": b"\x1bP1$r\r\n0m\x1b\\",
    "SOS": b"\x1bXsend\r\x1b[M\r\x1b\\",
    "PM": b"\x1b^pm\r\x1b\\",
    "APC": b"\x1b_Gi=31;OK\x1b\\",
    "C1 mouse": b"\xc2\x9b32;10;10M\x9b32;10;10M\xc2\x9bM !!",
    "key releases": b"\x1b[97;1:3u\x1b[13;1:3u\x1b[1;1:3A\x1b[57441;2u",
    "unknown": b"\x1b[1;2;3;4;5;6!z\x1b[" + b"9;" * 100 + b"q\x1bOz\x9e\x9c",
}


@pytest.fixture
def room(world, terminal, tmp_path):
    """Returns a function that starts tim at the full screen; bob is a program."""
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()

    def start(*args):
        t = terminal(tmp_path / "tim", "--tui", "-n", "tim", "--notify", "none", *args,
                     s.listening[0], size=(24, 80), CONCLAVE_PASSWORD=PASSWORD)
        t.see("you are in lobby")
        return t, bob
    return start


def by_bytes(t, data):
    for i in range(len(data)):
        t.type(data[i:i + 1])
        time.sleep(0.002)


def silence(t):
    """Types nothing for longer than the wait, once the client has read the rest."""
    t.taken()
    time.sleep(SILENCE)


def heard(bob, *texts):
    """Waits until bob has heard as many messages of tim's, and compares."""
    until(lambda: len(bob.texts("tim")) >= len(texts), what=repr(texts))
    assert bob.texts("tim") == list(texts)


@pytest.mark.parametrize("how", ["one read", "byte by byte"])
def test_no_report_is_a_key(room, how):
    """It does not send the half-written line, and leaves nothing in it."""
    t, bob = room()
    said = []
    for name, report in REPORTS.items():
        t.type("before ")
        if how == "one read":
            t.type(report)
        else:
            by_bytes(t, report)
        t.type(name + "\r")
        said.append("before " + name)
        heard(bob, *said)
    t.type("/quit\r")
    assert t.wait() == 0


def test_whatever_was_begun_ends(room):
    """After silence, Enter sends what the line shows."""
    t, bob = room()
    said = []
    for begun, shown in ((b"\x1b", ""), (b"\x1b\x1b", ""), (b"\x1b[", ""), (b"\x1b[1;5", ""),
                         (b"\x1bO", ""), (b"\x1b]11;rgb", ""), (b"\x1bPq\x1b", ""),
                         (b"\x1bXsos", ""), (b"\x1b_G", ""), (b"\x1b^", ""), (b"\xc2\x9d0;", ""),
                         (b"\x1b[M !", ""), (b"\xf0\x9f", ""), (b"\xc3\x1b", ""), (b"\0\0", ""),
                         (b"\x1b[200~pasted", "pasted"),
                         (b"\x1b[200~a\x1b[201", "a")):
        t.type("line ")
        t.taken()       # a paste without an end does not take this for its rest
        t.type(begun)
        silence(t)
        if begun == b"\x1bO":   # it was Alt-O, which opens a menu
            t.type("\x1b")
            silence(t)
        t.type("\r")
        said.append("line " + shown)
        heard(bob, *said)


def test_paste_without_an_end_sends_nothing(room):
    """Its text is in the line; its rest is pasted as well, after any pause."""
    t, bob = room()
    t.type("\x1b[200~one\rtwo\r")
    silence(t)
    t.type("three\rfour\r")
    silence(t)
    t.type("five\x1b[20")
    silence(t)
    t.type("1~")
    time.sleep(0.05)
    t.type(" six\r")
    t.see("as one message")
    t.type("y")
    heard(bob, "one\ntwo\nthree\nfour\nfive six")
    t.type("\x1b[200~seven")
    silence(t)
    t.type(" eight\r")
    heard(bob, "one\ntwo\nthree\nfour\nfive six", "seven eight")


def test_paste_of_sequences_and_a_split_end(room):
    t, bob = room()
    t.type("\x1b[200~a\x1b[A\x1b[M !!\x1b]0;x\x07\x1b[20")
    time.sleep(0.05)
    t.type("1~\r")
    heard(bob, "a\u241b[A\u241b[M !!\u241b]0;x\u2407")


def test_paste_during_a_question_is_kept(room):
    """It does not answer, and stands in the line afterwards."""
    t, bob = room()
    t.type("\x03")
    t.see("Quit\\?")
    t.type("\x1b[200~yes, kept\x1b[201~")
    t.type("n")
    t.type("\r")
    heard(bob, "yes, kept")
    t.type("\x1b[200~1\n2\n3\n4\x1b[201~\r")
    t.see("as one message")
    t.type("\x1b[200~afterwards\x1b[201~")
    t.type("y")
    heard(bob, "yes, kept", "1\n2\n3\n4")
    t.type("\r")
    heard(bob, "yes, kept", "1\n2\n3\n4", "afterwards")


@pytest.mark.parametrize("ctrl_c", ["\x1b[99;5u", "\x1b[27;5;99~", "\x1b[99;5:1u\x1b[99;5:3u",
                                    "\x1b[1089::99;5u", "\xc2\x9b99;5u".encode("latin-1")])
def test_protocols_of_the_keyboard(room, ctrl_c):
    """Kitty's and modifyOtherKeys: Ctrl-C clears the line, and then ends it all."""
    t, bob = room()
    t.type("not this")
    t.type(ctrl_c)
    t.type("but th\x1b[105u\x1b[115;1:1u\x1b[115;1:3u\x1b[13;1:1u\x1b[13;1:3u")
    heard(bob, "but this")
    t.type("two\x1b[27;2;13~lines\x1b[13u")
    heard(bob, "but this", "two\nlines")
    t.type(ctrl_c)
    t.see("Quit\\?")
    t.type(ctrl_c)
    assert t.wait() == 0


def test_keypad_in_application_mode(room):
    t, bob = room()
    t.type("\x1bOq\x1bOr\x1bOX\x1bOD!\x1bOM")
    heard(bob, "12!=")


def test_modifiers_of_cursor_keys(room):
    t, bob = room()
    t.type("one two\x1b[1;5D>\x1b[1;5H\x1b[1;2F<\x1b[1;129D.\r")   # Num Lock is on
    heard(bob, "one >two.<")
    t.type("one two\x1b[D\x1b[3$\x1b[7$>\r")       # rxvt's Shift
    heard(bob, "one >two.<", ">one tw")


def test_slow_link(room):
    """The bytes of a key that come one after another, slowly."""
    t, bob = room("--escape-wait", "5000")
    said = ["first"]
    t.type("first\r")
    heard(bob, *said)
    for first, second in (("\x1b", "[A"), ("\x1b[", "A"), ("\x1bO", "A")):
        t.type(first)
        time.sleep(0.12)
        t.type(second + "\r")
        said.append("first")
        heard(bob, *said)
    t.type("more words\x1b")
    time.sleep(0.12)
    t.type("b>\r")
    heard(bob, *said, "more >words")


def test_the_wait_is_a_setting(room):
    t, bob = room("--escape-wait", "5000")
    t.type("first\r")
    heard(bob, "first")
    t.type("\x1b")
    time.sleep(0.7)
    t.type("[A\r")
    heard(bob, "first", "first")
    # Escape alone ends a search. The next key shows that it came.
    t.type("\x12fi")
    t.see("Search up: fi")
    t.type("\x1b")
    time.sleep(5.5)
    t.type("third\r")
    heard(bob, "first", "first", "third")


def test_escape_alone(room):
    t, bob = room()
    t.type("\x12zz")
    t.see("Not found up: zz")
    t.type("\x1b")
    silence(t)
    t.type("one\r")
    heard(bob, "one")


def test_later_than_the_wait(room):
    """What comes in one piece after Escape is still recognized."""
    t, bob = room()
    t.type("first\r")
    heard(bob, "first")
    t.type("\x1b")
    silence(t)
    t.type("[A")
    t.type("\r")
    heard(bob, "first", "first")
    t.type("a\x1b]11;rgb:1e1e/1e")
    silence(t)
    t.type("1e/2e2e\x1b\\")
    t.type("b\r")
    heard(bob, "first", "first", "ab")


@pytest.mark.parametrize("value", ["9", "5001", "", "x", "180ms", "-1"])
def test_a_wait_that_is_none(tmp_path, value):
    r = plain(tmp_path / "p", "--escape-wait", value, "127.0.0.1:1")
    assert r.returncode == 2
    assert b"--escape-wait" in r.stderr and b"10 to 5000 milliseconds" in r.stderr
