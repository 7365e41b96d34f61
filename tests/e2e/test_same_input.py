"""The same input means the same from every source: options, settings, the
environment, prompts and commands."""

import os
import pwd
import shutil
import subprocess
import time

import pytest

from harness import BUILD, PASSWORD, SCRYPT_N, WAIT, environment, until, with_a_pair
from test_client import Terminal, member, terminal  # noqa: F401

CLIENT = os.path.join(BUILD, "conclave")
SERVER = os.path.join(BUILD, "conclaved")
SOURCES = ["argv", "environment", "file"]
FORMS = ["{}", "  {}  ", "<{}>", '"{}"', "\u201c{}\u201d", "{}.", "\ufeff{}\n"]


def given(home, source, name, value):
    """Arguments and environment that give a setting by this source."""
    if source == "argv":
        return ([value] if name == "server" else ["--%s=%s" % (name, value)]), {}
    if source == "environment":
        return [], {"CONCLAVE_" + name.upper().replace("-", "_"): value}
    folder = home / "config" / "conclave"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config").write_text("%s = '%s'\n" % (name, value))
    (folder / "config").chmod(0o600)
    return [], {}


def client(home, *args, cwd=None, text=b"", password=PASSWORD, **env):
    home.mkdir(exist_ok=True)
    if password is not None:
        env["CONCLAVE_PASSWORD"] = password
    env = with_a_pair(environment(home, **{"LC_ALL": "C.UTF-8", **env}))
    return subprocess.run([CLIENT, "--plain", *map(str, args)], input=text, env=env,
                          capture_output=True, timeout=2 * WAIT, cwd=cwd or home)


def shown(r):
    return (r.stdout + r.stderr).decode("utf-8", "replace")


def joined(r):
    return r.returncode == 0 and "you are in" in shown(r)


# --- paths -------------------------------------------------------------------

@pytest.mark.parametrize("source", SOURCES)
def test_a_path_below_home(world, tmp_path, source):
    s = world.server()
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir(), elsewhere.mkdir()
    args, env = given(home, source, "identity", "~/k/id.pem")
    r = client(home, *args, "-n", "ana", s.listening[0], cwd=elsewhere, **env)
    assert joined(r), shown(r)
    assert (home / "k" / "id.pem").exists()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("source", SOURCES)
def test_a_path_below_somebody_else_s_home(world, tmp_path, source):
    args, env = given(tmp_path, source, "known-people", "~root/people")
    r = client(tmp_path, *args, "-n", "ana", "localhost:1", **env)
    assert r.returncode == 2
    assert "write the whole path in place of ~root" in shown(r)
    assert not (tmp_path / "~root").exists()


def test_a_relative_path_in_the_settings_is_beside_them(world, tmp_path):
    """Wherever the program is started, it is the same key."""
    s = world.server()
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir(), elsewhere.mkdir()
    given(home, "file", "identity", "keys/id.pem")
    for cwd in (home, elsewhere):
        r = client(home, "-n", "ana", s.listening[0], cwd=cwd)
        assert joined(r), shown(r)
    assert (home / "config" / "conclave" / "keys" / "id.pem").exists()
    assert list(elsewhere.iterdir()) == [] and not (home / "keys").exists()


def test_write_config_keeps_what_a_relative_path_means(tmp_path):
    home, here = tmp_path / "home", tmp_path / "here"
    here.mkdir()
    r = client(home, "--write-config", "--identity", "id.pem", "--known-people", "~/people",
               cwd=here)
    assert r.returncode == 0, shown(r)
    text = (home / "config" / "conclave" / "config").read_text()
    assert "\nidentity = %s/id.pem\n" % here in text
    assert "\nknown-people = ~/people\n" in text


@pytest.mark.parametrize("source", ["argv", "file"])
def test_the_server_s_paths(world, tmp_path, source):
    home = tmp_path / "server"
    home.mkdir()
    (home / "pw").write_text(PASSWORD + "\n")
    (home / "pw").chmod(0o600)
    args = ["--state=~/s", "--password-file=~/pw"]
    if source == "file":
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "conf").write_text("state = ../server/s\npassword-file = ~/pw\n")
        args = ["--config", str(tmp_path / "etc" / "conf")]
    p = subprocess.Popen([SERVER, "--scrypt-n", SCRYPT_N, "-l", "<127.0.0.1:0>", *args],
                         cwd=tmp_path, env=environment(home), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        where = p.stdout.readline().split()[2]
        member(world, where, "ana").quit()
        assert (home / "s" / "identity.pem").exists()
    finally:
        p.terminate()
        assert p.wait(WAIT) == 0
        p.stdout.close()


def test_export_takes_the_same_paths(world, terminal, tmp_path):
    s = world.server()
    t = terminal(tmp_path / "t", "-n", "tim", "--tui", s.listening[0],
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("lobby")
    t.type("/export ~root/x\r")
    t.see("write the whole path in")
    t.type("/export ~/conclave-exports/x.txt\r")
    until(lambda: t.read() or (tmp_path / "t" / "conclave-exports" / "x.txt").exists(),
          what="the file")


@pytest.mark.parametrize("home", ["here", ""])
def test_home_is_looked_up_if_it_is_no_path(tmp_path, home):
    """A relative HOME must not scatter files over working directories."""
    r = client(tmp_path, "--forget-server", "localhost", "--known-servers=~/no-such-file",
               HOME=home)
    assert r.returncode == 0, shown(r)
    assert " is not in %s/no-such-file" % pwd.getpwuid(os.geteuid()).pw_dir in shown(r)


# --- invites and addresses ------------------------------------------------------

@pytest.mark.parametrize("source, form", [("argv", f) for f in FORMS] + [
    ("environment", FORMS[-1]), ("file", FORMS[2]), ("file", FORMS[1])])
def test_an_invite_as_it_is_pasted(world, tmp_path, source, form):
    s = world.server()
    args, env = given(tmp_path, source, "server", form.format(s.invite))
    r = client(tmp_path, *args, "-n", "ana", **env)
    assert joined(r), shown(r)
    known = (tmp_path / "config" / "conclave" / "known_servers").read_text()
    assert "by invite" in known


def wrapped(invite):
    at = len(invite) - 20
    return invite[:at], invite[at:]


@pytest.mark.parametrize("source", ["argv", "environment"])
@pytest.mark.parametrize("between", ["\n", " \r\n   ", "\n> "])
def test_a_wrapped_invite(world, tmp_path, source, between):
    s = world.server()
    args, env = given(tmp_path, source, "server", between.join(wrapped(s.invite)))
    r = client(tmp_path, *args, "-n", "ana", **env)
    assert joined(r), shown(r)


@pytest.mark.parametrize("source", SOURCES)
def test_a_cut_invite(world, tmp_path, source):
    s = world.server()
    args, env = given(tmp_path, source, "server", wrapped(s.invite)[0])
    r = client(tmp_path, *args, "-n", "ana", **env)
    assert r.returncode == 2
    assert "the invite is cut" in shown(r)


def asked(terminal, home):
    t = terminal(home, CONCLAVE_FACE="plain", CONCLAVE_PASSWORD=PASSWORD)
    t.see("Server .*: ")
    return t


@pytest.mark.parametrize("paste", ["at once", "line by line", "cut, then whole",
                                   "given up", "before the fingerprint"])
def test_a_wrapped_invite_at_the_prompt(world, terminal, tmp_path, paste):
    """Its tail neither answers the next question nor is it looked up."""
    s = world.server()
    t = asked(terminal, tmp_path / "t")
    head, tail = wrapped(s.invite)
    if paste == "at once":
        t.type(head + "\n" + tail + "\n")
    elif paste == "before the fingerprint":
        t.type(s.invite.replace("#", "\n#") + "\n")
    else:
        t.type(head + "\n")
        t.see("This invite is cut: paste its other line")
        if paste == "given up":
            t.type("\n")
            t.see("(?s)The rest of it.*Server .*: ")
        t.type((tail if paste == "line by line" else s.invite) + "\n")
    t.see("Your name in the room .*: ")
    t.type("ana \n")
    t.see("you are in lobby.* as ana")
    assert "looked up" not in t.text


def test_blanks_around_an_invite_at_the_prompt(world, terminal, tmp_path):
    s = world.server()
    t = asked(terminal, tmp_path / "t")
    t.type("  <%s> \n" % s.invite)
    t.see("Your name in the room .*: ")
    t.type("\n")
    t.see("you are in lobby")


def test_addresses(world, tmp_path):
    s = world.server()
    port = s.address[1]
    for i, form in enumerate(["CONCLAVE://127.0.0.1:%d/lobby", " 127.0.0.1:%d ",
                              "'127.0.0.1:%d'"]):
        r = client(tmp_path / str(i), "-n", "ana%d" % i, form % port)
        assert joined(r), shown(r)
    for form, word in (("::1", "in brackets"), ("unix:/" + 120 * "a", "107 bytes")):
        r = client(tmp_path, "-n", "ana", form)
        assert r.returncode == 2 and word in shown(r)
        r = subprocess.run([SERVER, "-l", form, "--check-config"], capture_output=True,
                           env=environment(tmp_path), timeout=WAIT)
        assert r.returncode == 2 and word in shown(r)


# --- names and passwords --------------------------------------------------------

@pytest.mark.parametrize("source", SOURCES)
def test_blanks_around_a_name(world, tmp_path, source):
    s = world.server()
    args, env = given(tmp_path, source, "name", " ana ")
    r = client(tmp_path, *args, s.listening[0], **env)
    assert joined(r) and " as ana" in shown(r), shown(r)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize("source", ["argv", "environment", "file", "pipe"])
def test_a_newline_after_a_password(world, tmp_path, source, end):
    """Files and programs add one; it is no part of the password, for either
    program. Nor is a byte order mark before it."""
    password = "\ufeff" + PASSWORD + end if end else PASSWORD
    args, env, fd = [], {}, None
    if source == "argv":
        args = ["-p", password]
    elif source == "environment":
        env = {"CONCLAVE_PASSWORD": password}
    elif source == "file":
        (tmp_path / "pw").write_text(password, newline="")
        (tmp_path / "pw").chmod(0o600)
        env = {"CONCLAVE_PASSWORD_FILE": str(tmp_path / "pw")}

    def run(program, *more, **how):
        nonlocal fd
        if source == "pipe":
            r, w = os.pipe()
            os.write(w, password.encode())
            os.close(w)
            fd, how["pass_fds"] = r, [r]
            more += ("--password-file", "/dev/fd/%d" % r)
        p = subprocess.Popen([program, *args, *more], env=environment(tmp_path, **env),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, **how)
        if fd is not None:
            os.close(fd)
        return p
    s = run(SERVER, "--ephemeral", "--scrypt-n", SCRYPT_N, "-l", "127.0.0.1:0")
    try:
        line = s.stdout.readline()
        assert line, s.stderr.read()
        where = line.split()[2]
        member(world, where, "ana").quit()      # with the password as it is
        c = run(CLIENT, "--plain", "-n", "bob", where)
        out, err = c.communicate(timeout=2 * WAIT)
        assert c.returncode == 0 and "you are in" in out, err
    finally:
        s.terminate()
        s.communicate(timeout=WAIT)


def test_an_empty_variable_is_none(world, tmp_path):
    s = world.server()
    r = client(tmp_path, "-n", "ana", s.listening[0], CONCLAVE_NAME="", CONCLAVE_SERVER="",
               CONCLAVE_IDENTITY="", CONCLAVE_PASSWORD_FILE="", XDG_CONFIG_HOME="")
    assert joined(r), shown(r)
    assert (tmp_path / ".config" / "conclave" / "identity.pem").exists()


# --- the locale -----------------------------------------------------------------

def talked(world, tmp_path, **env):
    """What --plain prints of a word with other letters."""
    s = world.server()
    bob = member(world, s, "bob")
    more = dict(environment(tmp_path), CONCLAVE_PASSWORD=PASSWORD, **env)
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if name not in env:
            more.pop(name, None)
    p = subprocess.Popen([CLIENT, "--plain", "-n", "ana", s.listening[0]], env=more,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        bob.see("join", names=["ana"])
        bob.say("Gr\u00f6\u00dfe")
        bob.see("sent", seq=1)
        time.sleep(0.1)
    finally:
        out, err = p.communicate(b"", timeout=2 * WAIT)
    assert p.returncode == 0
    return out.decode(), err.decode()


@pytest.mark.parametrize("env", [
    {"LC_ALL": "xx_XX.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {},
    {"LC_CTYPE": "xx_XX"}, {"LC_TIME": "xx_XX", "LANG": "C.UTF-8"}],
    ids=lambda e: "-".join(e.values()) or "unset")
def test_a_locale_that_gives_nothing(world, tmp_path, env):
    out, err = talked(world, tmp_path, **env)
    assert "bob: Gr\u00f6\u00dfe" in out and "locale" not in err


def test_a_locale_of_another_character_set(world, tmp_path):
    folder = tmp_path / "de_DE.ISO-8859-1"
    localedef = shutil.which("localedef")
    if localedef is None or subprocess.run(
            [localedef, "-i", "de_DE", "-f", "ISO-8859-1", str(folder)],
            capture_output=True, timeout=WAIT).returncode != 0:
        pytest.skip("no such locale can be made here")
    env = {"LOCPATH": str(tmp_path), "LC_ALL": "de_DE.ISO-8859-1"}
    out, err = talked(world, tmp_path, **env)
    assert "bob: Gr??e" in out
    assert "ISO-8859-1" in err and "LC_ALL=C.UTF-8" in err
