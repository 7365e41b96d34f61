"""/editor and Ctrl-X Ctrl-E: the draft in the user's own editor, with the real
programs on a pseudo-terminal. The editor is a script, which says what it sees."""

import os
import re
import signal

import pytest

from harness import BUILD, PASSWORD, until
from test_client import member, terminal  # noqa: F401
from test_inherited import Job

KEY = "\x18\x05"


@pytest.fixture
def room(world):
    """A server, and somebody who is in its room."""
    s = world.server()
    bob = member(world, s, "bob")
    bob.server = s
    return bob


class Editor:
    """A script in place of an editor. It copies what it gets to `given`, and says
    where its file is; `then` is what it does with "$1"."""

    def __init__(self, home, then):
        home.mkdir(exist_ok=True)
        self.path, self.given, self.run = home / "ed", home / "given", home / "run"
        self.run.mkdir(mode=0o700, exist_ok=True)
        self.path.write_text("#!/bin/sh\ncp \"$1\" '%s'\nls -ln \"$1\" > '%s/ls'\n"
                             "ls -ldn \"${1%%/*}\" >> '%s/ls'\nenv > '%s/env'\n%s\n"
                             % (self.given, home, home, home, then))
        self.path.chmod(0o755)
        self.home = home
        self.env = dict(EDITOR=str(self.path), VISUAL=None, XDG_RUNTIME_DIR=str(self.run))

    def text(self):
        until(lambda: self.given.exists(), what="the editor")
        return self.given.read_bytes()

    def clean(self):
        return os.listdir(self.run) == []


def start(terminal, room, editor, *args, size=(24, 80), **env):
    t = terminal(editor.home, "--tui", "-n", "ana", "--notify", "bell", "--no-title", *args,
                 room.server.invite, size=size,
                 **{"CONCLAVE_PASSWORD": PASSWORD, **editor.env, **env})
    t.see("you are in lobby")
    return t


def pid_of(editor):
    p = editor.home / "pid"
    until(lambda: p.exists() and p.read_text().strip(), what="the editor")
    return int(p.read_text())


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "Z"


# It waits until the test has made a file, and goes on whatever signals come.
WAITS = ("echo $$ > \"$HOME/pid.new\"; mv \"$HOME/pid.new\" \"$HOME/pid\"\n"
         "until [ -e \"$HOME/go\" ]; do sleep 0.05; done\n")


def test_there_and_back(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "test -t 0 && test -t 1 && printf 'two\\n\\nthree\\r\\n\\n' >> \"$1\"")
    t = start(terminal, room, e)
    t.type("one and " + KEY)
    assert e.text() == b"one and "
    t.see("three")
    t.type("\r")
    room.see("message", text="one and two\n\nthree")
    assert e.clean()
    file, folder = (e.home / "ls").read_text().splitlines()
    assert file.startswith("-rw-------") and file.endswith("/to-lobby.txt"), file
    assert folder.startswith("drwx------"), folder
    assert "CONCLAVE_PASSWORD" not in (e.home / "env").read_text()


def test_command_with_a_text(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "printf ', please' >> \"$1\"")
    t = start(terminal, room, e)
    t.type("/editor come back\r")
    t.see("come back, please")
    t.type("\r")
    room.see("message", text="come back, please")


def test_visual_with_arguments_comes_first(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "exit 1")
    visual = tmp_path / "ana" / "with blank"
    visual.write_text("#!/bin/sh\nprintf '%s' \"$1 $2\" > \"$3\"\n")
    visual.chmod(0o755)
    t = start(terminal, room, e, VISUAL="'%s' -a 'b  c'" % visual)
    t.type("/editor\r")
    t.see("-a b  c")


def test_the_default_is_editor_then_vi(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "")
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "vi").write_text("#!/bin/sh\necho from vi > \"$1\"\n")
    (bin / "vi").chmod(0o755)
    for name in ("EDITOR", "VISUAL"):
        e.env[name] = ""
    t = start(terminal, room, e, PATH=str(bin))
    t.type(KEY)
    t.see("from vi")


NOTHING = [
    ("echo lost > \"$1\"; exit 3", "ended with status 3: your draft is as it was"),
    (": > \"$1\"", "the file came back empty: your draft is as it was"),
    ("rm \"$1\"", "has left no file: your draft is as it was"),
    ("rm \"$1\"; ln -s /etc/passwd \"$1\"", "has left no file: your draft is as it was"),
    ("head -c 1100000 /dev/zero > \"$1\"", "longer than 1024 KiB"),
    ("true", "nothing was written; an editor with a window of its own needs an option"),
    ("kill -9 $$", r"was ended by a signal \(Killed\): your draft is as it was"),
    ("echo more >> \"$1\"; kill -9 $$", r"/editor opens what was saved"),
    ("head -c 17000 /dev/zero | tr '\\0' x > \"$1\"", "longer than a message can be"),
    ("printf 'caf\\351' > \"$1\"", "it is not UTF-8"),
]


def test_nothing_comes_back_and_the_draft_stays(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", ". \"$HOME/then\"")
    t = start(terminal, room, e, size=(24, 200))
    t.type("a draft")
    for then, sentence in NOTHING:
        (e.home / "then").write_text(then)
        t.taken()
        t.text = ""
        t.type(KEY)
        t.see(sentence)
        assert e.clean(), then
    t.type("\r")
    room.see("message", text="a draft")


def test_no_such_editor(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "")
    e.env.update(EDITOR="no-such-editor", VISUAL="")
    t = start(terminal, room, e, size=(24, 200))
    t.type("a draft" + KEY)
    t.see(r"no-such-editor cannot be started \(No such file or directory\): your draft is as")
    t.type("\r")
    room.see("message", text="a draft")


def test_no_place_for_the_file(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "")
    e.env.update(XDG_RUNTIME_DIR="", TMPDIR=str(tmp_path / "nowhere"))
    t = start(terminal, room, e, size=(24, 200))
    t.type("a draft" + KEY)
    t.see(r"no place for the file \(No such file or directory\): your draft is as")


def test_what_was_refused_opens_again(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "if grep -q again \"$1\"; then printf 'good' > \"$1\";"
               " else printf 'caf\\351 again' > \"$1\"; fi")
    t = start(terminal, room, e, size=(24, 200))
    t.type("a draft" + KEY)
    t.see("not UTF-8: save it as UTF-8. /editor opens it again")
    t.type(" more" + KEY)
    t.see("good")
    assert e.text() == b"caf\xe9 again"
    t.type("\r")
    room.see("message", text="good")
    t.type("\x1b[A\x1b[A\r")        # what stood in the line is in the history
    room.see("message", text="a draft more")


def test_control_characters_are_shown(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "printf 'a\\033[31mb\\tc' > \"$1\"")
    t = start(terminal, room, e)
    t.type(KEY)
    t.see("there were control characters in the text")
    t.type("\r")
    room.see("message", text="a\u241b[31mb    c")


def test_messages_come_meanwhile(room, terminal, tmp_path):
    """The client goes on: it rings for a mention, and shows everything afterwards. A
    resize in between counts."""
    e = Editor(tmp_path / "ana", WAITS + "echo done > \"$1\"")
    t = start(terminal, room, e)
    t.type(KEY)
    pid_of(e)
    t.read(0)
    t.text = ""
    for i in range(5):
        room.say("meanwhile %d" % i)
    room.say("ana: are you there?")
    t.see("\x07")
    assert "meanwhile" not in t.text and "\x1b" not in t.text
    t.resize(30, 120)
    (e.home / "go").touch()
    t.see("are you there")
    for i in range(5):
        t.see("meanwhile %d" % i)
    assert re.search(r"\x1b\[30(;\d+)?H", t.text), "drawn in the old size"


def test_ctrl_c_is_for_the_editor(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "trap 'echo interrupted >> \"$1\"' INT QUIT\n" + WAITS)
    t = start(terminal, room, e)
    t.type("x" + KEY)
    pid_of(e)
    until(t.echoes, what="a terminal as it was")
    file = next(e.run.iterdir()) / "to-lobby.txt"
    t.type("\x03")
    until(lambda: b"interrupted" in file.read_bytes(), what="the first signal")
    t.type("\x1c")
    until(lambda: file.read_bytes().count(b"interrupted") == 2, what="the second signal")
    (e.home / "go").touch()
    t.see("interrupted")
    t.type("\r")
    room.see("message", text="xinterrupted\ninterrupted")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_client_is_ended(room, terminal, tmp_path, sig):
    e = Editor(tmp_path / "ana", "cp \"$1\" \"$1~\"\n" + WAITS)
    t = start(terminal, room, e)
    t.type("secret" + KEY)
    pid = pid_of(e)
    os.kill(t.pid, sig)
    t.wait()
    until(lambda: gone(pid), what="the end of the editor")
    until(e.clean, what="an empty folder")
    if sig != signal.SIGKILL:
        assert t.echoes()


def test_a_stubborn_editor_is_ended_too(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "trap '' HUP TERM INT\n" + WAITS)
    t = start(terminal, room, e)
    t.type("secret" + KEY)
    pid = pid_of(e)
    os.kill(t.pid, signal.SIGTERM)
    t.wait()
    until(lambda: gone(pid), what="the end of the editor")
    until(e.clean, what="an empty folder")


def test_the_session_ends_meanwhile(room, terminal, tmp_path):
    """What was written is not lost with the session."""
    e = Editor(tmp_path / "ana", WAITS + "printf 'line 1\\nline 2' > \"$1\"")
    t = start(terminal, room, e, "--no-reconnect")
    t.type(KEY)
    pid = pid_of(e)
    room.server.stop()
    t.read(0.2)
    assert not gone(pid)
    (e.home / "go").touch()
    assert t.wait() != 0
    assert re.search(r"not sent to lobby:\r?\nline 1\r?\nline 2", t.text), t.text


def test_a_folder_that_was_left_is_removed(room, terminal, tmp_path):
    e = Editor(tmp_path / "ana", "true")
    old, mine = e.run / "conclave-editor-abcdef", e.run / "conclave-notmine"
    for d in (old, mine):
        d.mkdir(mode=0o700)
        (d / "to-lobby.txt").write_text("left behind")
        os.utime(d, (1, 1))
    t = start(terminal, room, e)
    t.type("x" + KEY)
    t.see("nothing was written")
    assert not old.exists() and mine.exists()


@pytest.mark.parametrize("how", ["keys", "STOP"])
def test_ctrl_z_stops_both(world, room, tmp_path, how):
    """The shell sees the stop, and the editor is there again afterwards."""
    then = "echo up\n" + ("kill -STOP $$\n" if how == "STOP" else "") + WAITS
    e = Editor(tmp_path / "ana", then + "echo done > \"$1\"")
    env = {k: v for k, v in e.env.items() if v is not None}
    t = Job(tmp_path / "ana", "", os.path.join(BUILD, "conclave"), "-n", "ana", "--tui",
            room.server.invite, CONCLAVE_PASSWORD=PASSWORD, **env)
    try:
        t.see("you are in lobby")
        t.type(KEY)
        t.see("up")
        if how == "keys":
            pid_of(e)
            t.type("\x1a")
        until(lambda: t.said("stopped"), what="the stop")
        (e.home / "go").touch()
        t.see("done")
        t.type("\x03/quit\r")
        until(lambda: t.said("ended 0"), what="the end")
    finally:
        t.stop()
