"""The sandbox of the real programs: what it leaves them. For forbidden calls see
tests/unit/test_server_sandbox.c and test_client_sandbox.c. All other tests here
run inside the sandbox."""

import glob
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile

import pytest

from harness import (BUILD, CAGELESS, PASSWORD, SCRYPT_N, environment, landlock, preload,
                     together, until)
from test_client import terminal  # noqa: F401
from test_limits import refusing

pytestmark = pytest.mark.usefixtures("own_pairs")

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def status(path):
    with open(path) as f:
        return {k: v.split() for k, v in (line.split(":", 1) for line in f)}


def threads(p):
    return [status(t) for t in glob.glob("/proc/%d/task/*/status" % p.pid)]


def user_of_a_server():
    for name in ("conclaved", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    pytest.skip("there is no user to become")


def is_caged(p):
    """Checks every thread, because a system call filter belongs to a thread."""
    found = threads(p)
    assert found
    for t in found:
        assert t["Seccomp"] == ["2"] and t["NoNewPrivs"] == ["1"]
        for caps in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            assert int(t[caps][0], 16) == 0


def room_works(world, s):
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    a.say("inside")
    b.see("message", text="inside")
    a.quit()
    b.quit()


@root
def test_a_server_of_root_becomes_nobody(world):
    user = user_of_a_server()
    s = world.server()
    is_caged(s.p)
    for t in threads(s.p):
        assert t["Uid"] == [str(user.pw_uid)] * 4
        assert t["Gid"] == [str(user.pw_gid)] * 4
        assert t["Groups"] == []
    room_works(world, s)
    is_caged(s.p)
    assert s.stop() == 0


@root
def test_a_server_of_root_becomes_whom_it_is_told(world):
    user = pwd.getpwnam("daemon")
    s = world.server("--user", "daemon")
    assert status("/proc/%d/status" % s.p.pid)["Uid"] == [str(user.pw_uid)] * 4
    is_caged(s.p)
    s = world.server("--user", "nobody-has-this-name", ready=False)
    assert s.wait() == 1 and s.said("there is no user")


@root
def test_staying_root_is_said_and_takes_the_privileges(world):
    s = world.server("--user", "root")
    is_caged(s.p)
    assert status("/proc/%d/status" % s.p.pid)["Uid"] == ["0"] * 4
    until(lambda: s.said("warn user: staying root"), what="the warning")


@root
def test_the_state_of_root_s_server_is_found_again(world):
    first = world.server(ephemeral=False)
    key = world.tmp / "server" / "state" / "identity.pem"
    invite = first.invite.split("#")[1]
    assert first.stop() == 0
    assert os.stat(key).st_uid == 0 and stat.S_IMODE(os.stat(key).st_mode) == 0o600
    again = world.server(ephemeral=False)
    assert again.invite.split("#")[1] == invite
    room_works(world, again)


@root
def test_a_folder_of_the_server_s_user_stays_his(world):
    """A state directory as a package makes it: a start by root leaves no file in
    it that the user cannot open."""
    user = pwd.getpwnam("daemon")
    top = tempfile.mkdtemp(prefix="conclave-sandbox-")
    os.chmod(top, 0o755)
    try:
        state = os.path.join(top, "his")
        os.mkdir(state, 0o700)
        os.chown(state, user.pw_uid, user.pw_gid)
        args = ("--user", "daemon", "--state", state)
        s = world.server(*args, ephemeral=False)
        key = s.invite.split("#")[1]
        assert s.stop() == 0
        assert "identity.pem" in os.listdir(state)
        for f in os.listdir(state):
            assert os.stat(os.path.join(state, f)).st_uid == user.pw_uid, f
        # Root must not use it as another user; the error says so.
        s = world.server("--user", "nobody", "--state", state, ephemeral=False, ready=False)
        assert s.wait() == 1 and s.said("belongs to another user")
        # Started by the user, without root, it is the same server.
        if can_run(user):
            s = world.server("--state", state, ephemeral=False, preexec=become(user))
            assert s.invite.split("#")[1] == key
    finally:
        shutil.rmtree(top)


def become(user):
    def fn():
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    return fn


def can_run(user):
    """The build may be in a folder that only root can enter."""
    try:
        return subprocess.run([os.path.join(BUILD, "conclaved"), "--version"],
                              preexec_fn=become(user), cwd="/",
                              stdout=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


@root
def test_a_server_of_somebody_is_caged_too(world):
    user = pwd.getpwnam("nobody")
    if not can_run(user):
        pytest.skip("the build is in a folder of root's")
    s = world.server(preexec=become(user))
    is_caged(s.p)
    room_works(world, s)
    s = world.server("--user", "daemon", preexec=become(user), ready=False)
    assert s.wait() == 1 and s.said("only root can become daemon")


@root
def test_the_root_of_a_container_that_has_nobody_else(world):
    """A user namespace with one user: there is no user to change to."""
    enter = ["unshare", "--user", "--map-root-user"]
    try:
        if subprocess.run(enter + ["true"], stderr=subprocess.DEVNULL,
                          timeout=30).returncode != 0:
            pytest.skip("no user namespaces here")
    except FileNotFoundError:
        pytest.skip("no unshare(1) here")
    p = subprocess.Popen(
        enter + [os.path.join(BUILD, "conclaved"), "--ephemeral", "--listen",
                 "127.0.0.1:0", "--scrypt-n", SCRYPT_N, "--password", PASSWORD],
        env=environment(world.tmp), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while not p.stdout.readline().startswith(b"invite: "):
            assert p.poll() is None, p.stderr.read()
        is_caged(p)
    finally:
        p.terminate()
        err = p.communicate(timeout=30)[1].decode()
    assert p.returncode == 0 and "staying root" in err


@root
def test_the_socket_of_a_server_of_root_is_taken_over(world):
    """The user nobody cannot remove it from a folder of root. The next server does."""
    path = world.tmp / "server.sock"
    for _ in range(2):
        s = world.server(listen="unix:%s" % path)
        with socket.socket(socket.AF_UNIX) as c:
            c.connect(str(path))
        assert s.stop() == 0


def test_without_a_cage(world):
    s = world.server("--no-sandbox")
    assert status("/proc/%d/status" % s.p.pid)["Seccomp"] == ["0"]
    until(lambda: s.said("warn sandbox: --no-sandbox"), what="the warning")
    room_works(world, s)


# --- an older kernel

LACKS = {
    0: "no Landlock",
    1: "truncation of files .*, TCP ports .*, the control of devices .*, signals",
    2: "truncation of files .*, TCP ports .*, the control of devices .*, signals",
    3: "restrict TCP ports .*, the control of devices .*, signals",
    4: "restrict the control of devices .*, signals",
    5: "restrict signals and other programs' abstract Unix sockets",
    6: None,
}


@pytest.mark.skipif(CAGELESS or landlock() < 1, reason="no Landlock here")
@pytest.mark.parametrize("version", sorted(LACKS))
def test_what_an_older_landlock_lacks_is_said_once(world, version):
    if version > landlock():
        pytest.skip("this kernel's Landlock is older")
    old = preload("landlock", CONCLAVE_FAULT_LANDLOCK=str(version))
    s = world.server("--log-level", "debug", **old)
    a = world.client(s, "alice", face="--plain", **old)
    a.p.stdin.close()
    assert a.wait() == 0, a.err
    assert s.stop() == 0
    log = [x for x in s.err if "Landlock" in x and " debug " not in x]
    seen = [x for x in a.out + a.err if "Landlock" in x]
    if LACKS[version] is None:
        assert log == [] and seen == []
        return
    assert len(log) == 1 and len(seen) == 1, (s.err, a.out, a.err)
    for line in log + seen:
        assert re.search(LACKS[version], line), line
        assert version == 0 or "version %d" % version in line
    assert " warn sandbox: " in log[0]


@pytest.mark.skipif(CAGELESS or landlock() < 1, reason="no Landlock here")
def test_one_gap_does_not_hide_the_other(world):
    """A kernel without Landlock and without seccomp: both are said."""
    pre = refusing(38, "landlock_create_ruleset", "seccomp")
    s = world.server(preexec=pre)
    a = world.client(s, "alice", face="--plain", preexec=pre)
    a.p.stdin.close()
    assert a.wait() == 0 and s.stop() == 0
    for text in (" ".join(a.out + a.err), " ".join(s.err)):
        assert text.count("no Landlock") == 1 and text.count("no seccomp") == 1, text


# --- the client


def test_a_client_is_caged(world):
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    is_caged(a.p)
    assert not [e for e in a.events("error") if e["code"] == "sandbox"]
    b = world.client(s, "bob", "--no-sandbox")
    b.joined()
    assert status("/proc/%d/status" % b.p.pid)["Seccomp"] == ["0"]
    until(lambda: b.said("--no-sandbox: an attacker"), what="the warning")
    c = world.client(s, "carol", CONCLAVE_SANDBOX="no")
    c.joined()
    assert status("/proc/%d/status" % c.p.pid)["Seccomp"] == ["0"]


def test_a_caged_client_looks_names_up_and_comes_back(world):
    """Inside the sandbox: a name look-up, the pin, a connection."""
    s = world.server("--listen", "localhost:0", ephemeral=False, listen=None)
    port = s.listening[0].rsplit(":", 1)[1]
    a = world.client("localhost:" + port, "alice")
    a.joined()
    assert s.stop() == 0
    a.see("reconnect")
    again = world.server("--listen", "localhost:" + port, ephemeral=False, listen=None)
    a.joined(2)
    is_caged(a.p)
    b = world.client(again, "bob")
    b.joined()
    b.say("back")
    a.see("message", text="back")


def test_a_caged_client_of_a_unix_socket(world):
    path = "unix:%s" % (world.tmp / "c.sock")
    s = world.server(listen=path)
    a = world.client(path, "alice")
    a.joined()
    is_caged(a.p)
    assert s.stop() == 0
    a.see("reconnect")
    world.server(listen=path)
    a.see("closed")     # another identity: it was ephemeral


def test_export_from_the_full_screen(world, terminal, tmp_path):
    """The helper makes new files in one folder, and no file that a program looks for."""
    s = world.server()
    home = tmp_path / "tim"
    t = terminal(home, "--tui", "-n", "tim", s.listening[0], CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    helpers = children(t.pid)
    # For exports, transcripts, files, names, and for the editor, the user's own program.
    assert [status("/proc/%d/status" % p)["Seccomp"] for p in sorted(helpers)] == [
        ["2"], ["2"], ["2"], ["2"], ["0"]]
    assert status("/proc/%d/status" % t.pid)["Seccomp"] == ["2"]
    folder = home / "conclave-exports"
    t.type("/export notes/today.txt\r")
    t.see("today.txt")
    until(lambda: (folder / "notes" / "today.txt").exists(), what="the file")
    assert "you are in lobby" in (folder / "notes" / "today.txt").read_text()
    (home / ".ssh").mkdir()
    (folder / "keys").symlink_to("../.ssh")
    os.mkfifo(folder / "fifo.txt")
    # On one row or two, as long as the path is.
    for name, says in (("GNUmakefile", "has to end in"), ("conftest.py", "has to end in"),
                       ("keys/x.txt", "symbolic link"), ("fifo.txt", "already exists"),
                       (".x.txt", "begins with a dot"), ("~/x.txt", "files go into"),
                       ("../x.txt", "begins with a dot")):
        t.text = ""
        t.type("\x0c/export %s\r" % name)
        t.see("(?s)" + says.replace(" ", ".{1,80}?"))
    assert sorted(os.listdir(folder)) == ["fifo.txt", "keys", "notes"]
    assert os.listdir(home / ".ssh") == [] and not (home / "x.txt").exists()
    # Ctrl-Z stops the client and not the helper, which ends when the client ends.
    os.kill(t.pid, signal.SIGKILL)
    t.wait()
    for p in helpers:
        until(lambda p=p: not os.path.exists("/proc/%d" % p) or
              status("/proc/%d/status" % p)["State"][0] == "Z", what="the helper's end")


def children(pid):
    found = []
    for t in glob.glob("/proc/%d/task/*/children" % pid):
        with open(t) as f:
            found += map(int, f.read().split())
    return found
