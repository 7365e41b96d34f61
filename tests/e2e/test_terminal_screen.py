"""The screen trusts the terminal: its size, its SIGWINCH, and characters that are
newer than our tables, on a pseudo-terminal."""

import os
import signal
import time

import pytest

from harness import PASSWORD, until
from test_client import terminal  # noqa: F401


@pytest.fixture
def tim(world, terminal, tmp_path):
    """Returns a function that starts tim at the full screen; bob is a program."""
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()

    def start(*args, face="--tui", password=PASSWORD, **more):
        t = terminal(tmp_path / "tim", *([face] if face else []), "-n", "tim", "--notify", "none",
                     "--no-title", *args, s.listening[0], CONCLAVE_PASSWORD=password, **more)
        return t, bob
    return start


def fresh(t, pattern):
    """Forgets the output so far, and returns what waits for the pattern in the
    rest."""
    rest(t)
    t.text = ""
    return lambda: t.see(pattern)


def rest(t):
    """Reads until the screen is at rest."""
    while True:
        n = len(t.text)
        t.read(0.3)
        if len(t.text) == n:
            return


def test_every_sigwinch_redraws_everything(tim):
    """dtach and abduco send it when they have attached a terminal: of the same size,
    but blank, and without our modes."""
    t, _ = tim(size=(24, 80))
    t.see("you are in lobby")
    t.type("a draft")
    for _ in range(3):
        see = fresh(t, r"(?s)you are in lobby.*\x1b\[2[34];1H.*a draft")
        os.kill(t.pid, signal.SIGWINCH)
        see()
        assert "\x1b[?2004h" in t.text and "\x1b[?1004h" in t.text
        assert "\x1b[2J" in t.text or "\x1b[J" in t.text
    t.type("\x1bc")             # also over the copy mode
    t.see("any key: back")
    see = fresh(t, "a draft")
    os.kill(t.pid, signal.SIGWINCH)
    see()


@pytest.mark.parametrize("env", [{"COLUMNS": "20", "LINES": "5"}, {"COLUMNS": "500"},
                                 {"LINES": "2", "COLUMNS": "2"}, {"COLUMNS": "x", "LINES": "-1"}],
                         ids=str)
def test_the_terminals_size_wins(tim, env):
    t, bob = tim(size=(24, 80), **env)
    t.see("you are in lobby")
    t.see(r"\x1b\[24;\d+H")
    bob.see("join", names=["tim"])
    bob.say("word " * 9 + "end")       # fits into 80 columns
    t.see("word " * 9 + "end")
    assert "\x1b[25;" not in t.text


@pytest.mark.parametrize("size, env, rows", [
    ((0, 0), {"LINES": "30", "COLUMNS": "90"}, 30),
    ((0, 0), {"LINES": "0", "COLUMNS": "100000000"}, 24),
    ((0, 0), {"LINES": None, "COLUMNS": None}, 24),
    ((0, 80), {"LINES": "30", "COLUMNS": "90"}, 30)], ids=str)
def test_a_terminal_that_does_not_know_its_size(tim, size, env, rows):
    """As on a serial line: the environment says it, or else terminfo."""
    t, _ = tim(size=size, **env)
    t.see("you are in lobby")
    t.see(r"\x1b\[%d;\d+H" % rows)
    assert "\x1b[%d;" % (rows + 1) not in t.text
    t.resize(20, 60)
    t.see(r"\x1b\[20;\d+H")
    # Back to nothing: everything is drawn as it was.
    see = fresh(t, "you are in lobby")
    t.resize(0, 0)
    see()


def test_one_cell_and_back(tim):
    t, bob = tim(size=(24, 80))
    t.see("you are in lobby")
    t.type("a draft")
    t.see("a draft")
    for rows, cols in ((1, 1), (2, 300), (200, 1), (1, 1)):
        t.resize(rows, cols)
        bob.say("said meanwhile")
        rest(t)
        see = fresh(t, "(?s)said meanwhile.*a draft")
        t.resize(24, 80)
        see()
    t.type("!\r")
    until(lambda: bob.texts("tim") == ["a draft!"])


def test_resize_during_the_questions_at_the_start(tim):
    t, _ = tim(size=(24, 80), password=None)
    t.see("Password of .*: ")
    t.resize(31, 90)
    t.type(PASSWORD + "\n")
    t.see("you are in lobby")
    t.see(r"\x1b\[31;\d+H")


def test_after_a_stop_from_outside(tim):
    """SIGSTOP, another size meanwhile, SIGCONT."""
    t, _ = tim(size=(24, 80))
    t.see("you are in lobby")
    rest(t)
    os.kill(t.pid, signal.SIGSTOP)
    t.resize(28, 80)
    t.text = ""
    os.kill(t.pid, signal.SIGCONT)
    t.see("you are in lobby")
    t.see(r"\x1b\[28;\d+H")
    assert "\x1b[?2004h" in t.text


@pytest.mark.parametrize("term", [None, "", "dumb"], ids=str)
def test_terminals_that_have_no_screen(tim, term):
    t, _ = tim(face=None, TERM=term)
    t.see("-- you are in lobby")
    assert "\x1b" not in t.text


@pytest.mark.parametrize("term, sentence", [
    (None, "TERM is not set: set it"), ("", "TERM is not set: set it"),
    ("dumb", 'the terminal "dumb" cannot move its cursor: use --plain'),
    ("never-heard-of", 'nothing is known here about the terminal "never-heard-of": try')],
    ids=str)
def test_a_screen_that_was_asked_for(tim, term, sentence):
    t, _ = tim(TERM=term)
    t.see(sentence)
    assert t.wait() == 2


# Characters that have no width, and what stands after them.
NO_WIDTH = {"soft hyphen": "\u00ad", "zero width space": "\u200b", "LRM": "\u200e", "RLM": "\u200f",
            "ALM": "\u061c", "word joiner": "\u2060", "byte order mark": "\ufeff",
            "variation selector": "\ufe0e", "tags": "\U000e0067\U000e007f"}
# Wide in a Unicode that may be newer than the C library's or ours.
NEW = {"Unicode 15": "\U0001fae8", "Unicode 15, Wi-Fi": "\U0001f6dc", "Unicode 16": "\U0001fac6",
       "none yet": "\U0001faff", "ideograph": "\U00031350", "ideograph, none yet": "\U0003fff0"}


def test_characters_without_a_width(tim):
    """Nothing is shown for them: neither U+FFFD nor a blank."""
    t, bob = tim(size=(24, 80))
    t.see("you are in lobby")
    bob.see("join", names=["tim"])
    for i, c in enumerate(NO_WIDTH.values()):
        bob.say("<%d%s%d>" % (i, c, i))
        t.see("<%d(\ufe0e)?%d>" % (i, i))
    assert "\ufffd" not in t.text


@pytest.mark.parametrize("name", NEW)
def test_new_characters(tim, name):
    """Each takes two cells: itself where the C library knows it, or one U+FFFD and a
    blank."""
    t, bob = tim(size=(24, 80))
    t.see("you are in lobby")
    bob.see("join", names=["tim"])
    bob.say("<%s>" % NEW[name])
    t.see("<(%s|\ufffd )>" % NEW[name])
    # In the input line as well; bob gets what was typed.
    t.type("{%s}" % NEW[name])
    t.see("{(%s|\ufffd )" % NEW[name])
    t.type("\r")
    until(lambda: bob.texts("tim") == ["{%s}" % NEW[name]])
    assert "\ufffd\ufffd" not in t.text


def test_what_is_typed_is_sent(tim):
    """Also what is not shown; bidi controls are replaced, as before."""
    t, bob = tim(size=(24, 80))
    t.see("you are in lobby")
    t.type("a\u00adb\u200bc\u200ed\u2060e\u202ef\r")
    until(lambda: bob.texts("tim"))
    assert bob.texts("tim") == ["a\u00adb\u200bc\u200ed\u2060e\ufffdf"]
    t.see("abcde\ufffdf")


def test_plain_lines(tim):
    """Their terminal knows its characters itself."""
    t, bob = tim(face="--plain")
    t.see("you are in lobby")
    bob.see("join", names=["tim"])
    bob.say("<" + "".join(NO_WIDTH.values()) + "".join(NEW.values()) + ">")
    t.see("<\ufe0e?" + "".join(NEW.values()) + ">")
    bob.say("dangerous \u202e \u2066 \u2028.")
    t.see("dangerous \ufffd \ufffd \ufffd.")


def test_help_is_over_the_lines(tim):
    """F1 and F1 again; the next message closes it, and is sent once."""
    t, bob = tim()
    t.see("you are in lobby")
    t.type("half a")
    wait = fresh(t, "keys   Esc: back")
    t.type("\x1bOP")
    wait()
    wait = fresh(t, "destroy message N")
    t.type("\x1bOP")
    wait()
    bob.say("meanwhile")
    wait = fresh(t, "meanwhile")
    t.type("\x1b")
    wait()
    t.type("\x1bOP")
    wait = fresh(t, "you are in lobby")
    t.type(" sentence\r")
    wait()
    bob.see("message", text="half a sentence")
    assert bob.texts() == ["half a sentence"]
