"""conclaved --make-record and --record: the server's disk holds no password, and
SIGHUP changes the password while people talk."""

import os
import pwd
import re
import signal
import stat
import subprocess

import pytest

from harness import BUILD, PASSWORD, SCRYPT_N, WAIT, environment, until
from test_client import Terminal
from test_sandbox import can_run, is_caged, root, status

CONCLAVED = os.path.join(BUILD, "conclaved")
# Tests often run as root, whose server becomes nobody and could not read a
# record in root's folder again.
STAY = ("--user", "root") if os.geteuid() == 0 else ()


def make(tmp, path, password=PASSWORD, *args):
    r = subprocess.run([CONCLAVED, "--make-record", *([str(path)] if path else []),
                        "--scrypt-n", SCRYPT_N, *args], stdin=subprocess.DEVNULL, timeout=WAIT,
                       env=environment(tmp, CONCLAVE_PASSWORD=password), capture_output=True,
                       text=True)
    said = [x for x in (r.stdout + r.stderr).splitlines() if " warn password: " not in x]
    assert len(said) == 1, r
    return r


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "secret" / "record"
    assert make(tmp_path, path).returncode == 0
    return path


def reload(s, says, n=1):
    s.signal(signal.SIGHUP)
    until(lambda: len([x for x in s.err if re.search(says, x)]) >= n or s.p.poll() is not None,
          what=says)
    assert s.p.poll() is None, s.err


def refused(world, s, name, password):
    c = world.client(s, name, password=password)
    assert c.wait() == 4, c.err
    assert "password" in c.events("closed")[0]["text"], c.out


def enters(world, s, name, password):
    c = world.client(s, name, password=password)
    c.joined()
    return c


def test_a_record_opens_the_same_room(world, record, tmp_path):
    s = world.server("--record", str(record), *STAY, password=None, ephemeral=False)
    is_caged(s.p)
    assert not [x for x in s.out if x.startswith("password")]
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    a, b = enters(world, s, "alice", PASSWORD), enters(world, s, "bob", PASSWORD)
    a.say("by the record")
    b.see("message", text="by the record")
    refused(world, s, "eve", "another one")
    for folder, _, files in os.walk(tmp_path):      # nor in the log
        for f in files:
            path = os.path.join(folder, f)
            if stat.S_ISREG(os.stat(path).st_mode):
                with open(path, "rb") as text:
                    assert PASSWORD.encode() not in text.read(), path
    assert s.stop() == 0
    assert PASSWORD not in "".join(s.err + s.out)
    # A client that stays knows the record's salt: it comes back without being
    # asked, and so it does after a start with the password itself.
    again = world.server(*STAY, ephemeral=False)
    enters(world, again, "carol", PASSWORD)


def test_the_password_changes_while_people_talk(world, record, tmp_path):
    s = world.server("--record", str(record), *STAY, password=None)
    a, b = enters(world, s, "alice", PASSWORD), enters(world, s, "bob", PASSWORD)
    r = make(tmp_path, record, "the next one")
    assert r.returncode == 0 and "has been replaced" in r.stdout and "SIGHUP" in r.stdout
    reload(s, "info record: read again")
    refused(world, s, "eve", PASSWORD)
    c = enters(world, s, "carol", "the next one")
    a.say("still here")
    b.see("message", text="still here")
    c.see("message", text="still here")
    assert not a.events("reconnect") and not b.events("reconnect")
    is_caged(s.p)
    # Back to the first, as often as one likes.
    assert make(tmp_path, record).returncode == 0
    reload(s, "info record: read again", 2)
    enters(world, s, "dave", PASSWORD)
    assert s.stop() == 0


def spoil(record, how):
    text = record.read_bytes()
    if how == "missing":
        record.unlink()
    elif how == "a link":
        record.rename(record.parent / "other")
        record.symlink_to("other")
    elif how == "for others":
        record.chmod(0o644)
    elif how == "a pipe":
        record.unlink()
        os.mkfifo(record, 0o600)
    elif how == "a folder":
        record.unlink()
        record.mkdir()
    elif how == "empty":
        record.write_bytes(b"")
    elif how == "half":
        record.write_bytes(text[:len(text) // 2])
    elif how == "another digit":
        record.write_bytes(text.replace(b"scrypt 16384 8 1", b"scrypt 16384 8 2"))
    elif how == "a newer version":
        record.write_bytes(text.replace(b"record 1", b"record 2"))
    elif how == "long":
        record.write_bytes(text + 2000 * b"x")
    elif how == "a password":
        record.write_bytes(b"open sesame\n")


SPOILT = {
    "missing": "No such file",
    "a link": "cannot open|symbolic link",
    "for others": "others can read",
    "a pipe": "is a pipe",
    "a folder": "is a directory",
    "empty": "it is empty",
    "half": "it is damaged",
    "another digit": "it is damaged",
    "a newer version": "its version",
    "long": "it is too long",
    "a password": "holds no password record",
}


def test_a_bad_record_changes_nothing(world, record, tmp_path):
    s = world.server("--record", str(record), *STAY, password=None)
    good = record.read_bytes()
    a = enters(world, s, "alice", PASSWORD)
    for n, how in enumerate(SPOILT, 1):
        spoil(record, how)
        reload(s, "error record: ", n)
        said = [x for x in s.err if " error record: " in x]
        assert len(said) == n and re.search(SPOILT[how], said[-1]), (how, said)
        assert said[-1].endswith("the password stays as it was")
        if record.is_dir():
            record.rmdir()
        elif os.path.lexists(record):
            record.unlink()
        record.write_bytes(good)
        record.chmod(0o600)
    enters(world, s, "bob", PASSWORD)
    a.say("nothing changed")
    a.see("sent", seq=1)
    is_caged(s.p)
    assert s.stop() == 0


@pytest.mark.parametrize("how", list(SPOILT))
def test_a_server_does_not_start_with_a_bad_record(world, record, how):
    spoil(record, how)
    s = world.server("--record", str(record), *STAY, password=None, ready=False)
    assert s.wait() == 1
    said = [x for x in s.err if " error " in x]
    assert len(said) == 1 and re.search(SPOILT[how], said[0]), s.err


def test_another_file_stays(tmp_path):
    """--make-record replaces a record, and nothing else."""
    key = tmp_path / "identity.pem"
    for text in ("-----BEGIN PRIVATE KEY-----\n", "", "conclave-record 1\n", 3000 * "x"):
        key.write_text(text)
        key.chmod(0o600)
        r = make(tmp_path, key)
        assert r.returncode in (1, 2) and "is there already" in r.stderr, r
        assert key.read_text() == text
    key.unlink()
    key.symlink_to("nowhere")
    assert make(tmp_path, key).returncode == 1
    assert os.readlink(key) == "nowhere" and os.listdir(tmp_path) == ["identity.pem"]


def test_its_place_without_a_name(world, tmp_path):
    """The state directory, and from there into the server."""
    state = tmp_path / "st"
    r = make(tmp_path, None, PASSWORD, "--state", str(state))
    assert r.returncode == 0 and str(state / "record") in r.stdout, r
    s = world.server("--record", str(state / "record"), "--state", str(state), *STAY,
                     password=None, ephemeral=False)
    enters(world, s, "alice", PASSWORD)
    r = make(tmp_path, None, PASSWORD, "--ephemeral")
    assert r.returncode == 2 and "needs the name of a file" in r.stderr


def test_a_record_or_a_password(tmp_path, record):
    for args in (["--password", "x"], ["--password-file", str(record)]):
        r = subprocess.run([CONCLAVED, "--check-config", "--record", str(record), *args],
                           env=environment(tmp_path), capture_output=True, text=True, timeout=WAIT)
        assert r.returncode == 2 and "exclude each other" in r.stderr, r


def test_typed_twice_and_not_shown(tmp_path):
    path = tmp_path / "record"
    t = Terminal(tmp_path, "--make-record", path, "--scrypt-n", SCRYPT_N, program=CONCLAVED)
    t.see("The room's password: ")
    t.type("first try\r")
    t.see("The same again: ")
    t.type("secnd try\r")
    t.see("were different")
    t.type("\r")
    t.see("it is empty")
    t.type("third time\r")
    t.type("third time\r")
    assert t.wait() == 0
    assert "is there now" in t.text
    for word in ("first", "secnd", "third"):
        assert word not in t.text
    assert b"conclave-record 1\n" in path.read_bytes()


def test_a_weak_password_is_said(tmp_path):
    """Now, because the server will not see it."""
    r = make(tmp_path, tmp_path / "r", "sesame")
    assert r.returncode == 0 and "the password is weak" in r.stderr
    r = make(tmp_path, tmp_path / "r", "rain on 4 windows, Tuesday")
    assert r.returncode == 0 and not r.stderr


def test_nobody_to_ask(tmp_path):
    r = subprocess.run([CONCLAVED, "--make-record", str(tmp_path / "r")],
                       env=environment(tmp_path), capture_output=True, text=True, timeout=WAIT,
                       stdin=subprocess.DEVNULL, start_new_session=True)
    assert r.returncode == 2 and "--password-file" in r.stderr, r
    assert not (tmp_path / "r").exists()


@root
def test_root_makes_it_for_the_user_of_the_server(open_world, monkeypatch):
    """In a folder that belongs to the server's user the record belongs to that
    user, whoever made it, and the server reads it again without being root."""
    # LeakSanitizer cannot look into a process that has changed its user.
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
    user = pwd.getpwnam("daemon")
    if not can_run(user):
        pytest.skip("the build is in a folder of root's")
    folder = open_world.tmp / "theirs"
    folder.mkdir()
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)
    record = folder / "record"
    assert make(open_world.tmp, record).returncode == 0
    assert record.stat().st_uid == user.pw_uid
    s = open_world.server("--user", "daemon", "--record", str(record), password=None)
    assert status("/proc/%d/status" % s.p.pid)["Uid"] == [str(user.pw_uid)] * 4
    assert make(open_world.tmp, record, "the next one").returncode == 0
    assert record.stat().st_uid == user.pw_uid
    reload(s, "info record: read again")
    enters(open_world, s, "alice", "the next one")
    # That user may put a link there; root does not follow it.
    record.unlink()
    record.symlink_to(open_world.tmp / "elsewhere")
    assert make(open_world.tmp, record).returncode == 1
    assert not (open_world.tmp / "elsewhere").exists()


@root
def test_a_record_that_is_out_of_reach_later_is_said(open_world):
    record = open_world.tmp / "roots" / "record"
    assert make(open_world.tmp, record).returncode == 0
    s = open_world.server("--record", str(record), password=None)
    assert s.said("warn record: .*cannot be read again after SIGHUP")
    enters(open_world, s, "alice", PASSWORD)
    reload(s, "error record: .*Permission denied.*stays as it was")
    assert s.stop() == 0
