"""Limits and missing parts of a machine: what is optional is done without, and
what is not ends with a sentence, and loses nothing. Mounts and name spaces need
root and a kernel that permits them; where not, these tests skip and say so."""

import ctypes
import os
import platform
import resource
import struct
import subprocess
import sys

import pytest

from faults import FAULT
from harness import (BUILD, CAGELESS, PASSWORD, SCRYPT_N, WAIT, WATCHED, Server, environment,
                     until)
from test_client import member
from test_inherited import Job
from test_same_input import client, joined, shown

CLIENT = os.path.join(BUILD, "conclave")
SERVER = os.path.join(BUILD, "conclaved")
SO = os.path.join(FAULT, "fail_io.so")
preloads = pytest.mark.skipif(not os.path.exists(SO),
                              reason="under AddressSanitizer nothing is preloaded")
root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def limit(what, n):
    return lambda: resource.setrlimit(what, (n, n))


def unshared(script, *args, flags="--mount"):
    """argv of a shell script in a name space of its own, or a skip."""
    argv = ["unshare", *flags.split()]
    try:
        r = subprocess.run([*argv, "true"], capture_output=True, timeout=WAIT)
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if r.returncode != 0:
        pytest.skip("no name spaces here: " + r.stderr.decode().strip())
    return [*argv, "/bin/sh", "-ec", script, *map(str, args)]


# --- the size of files --------------------------------------------------------

def test_no_file_may_be_written(world, tmp_path):
    s = world.server()
    p = subprocess.run([CLIENT, "--plain", "-n", "ana", s.listening[0]], capture_output=True,
                       env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                       stdin=subprocess.DEVNULL, timeout=2 * WAIT,
                       preexec_fn=limit(resource.RLIMIT_FSIZE, 0))
    assert p.returncode == 2, p
    assert "identity.pem" in shown(p) and "ulimit -f" in shown(p)
    assert list(tmp_path.rglob("identity.pem*")) == []
    z = Server(tmp_path / "z", ephemeral=False, ready=False,
               preexec=limit(resource.RLIMIT_FSIZE, 0))
    assert z.wait() == 1
    assert z.said("identity.pem.*ulimit -f"), z.err
    z.stop()
    assert list((tmp_path / "z").rglob("identity.pem*")) == []


def test_a_file_that_is_full_stays_as_it_is(world, tmp_path):
    """The pin of a new server does not fit; the old lines stay, and so does the
    conversation, since the invite tells who the server is."""
    home = tmp_path / "ana"
    assert joined(client(home, "-n", "ana", world.server().listening[0]))
    known = home / "config" / "conclave" / "known_servers"
    before = known.read_text()
    s = world.server()
    c = world.client(s.invite, "ana", home="ana",
                     preexec=limit(resource.RLIMIT_FSIZE, known.stat().st_size + 10))
    c.joined()
    assert "ulimit -f" in c.see("error", code="known_servers")["text"]
    c.say("still here")
    c.see("sent", seq=1)
    c.quit()
    assert known.read_text() == before


def test_an_export_that_is_too_large(world, tmp_path):
    s = world.server()
    home = tmp_path / "t"
    assert joined(client(home, "-n", "tim", s.listening[0]))
    t = Job(home, "", "/bin/sh", "-c", 'ulimit -f 0; exec "$0" "$@"', CLIENT, "-n", "tim", "--tui", s.invite,
            CONCLAVE_PASSWORD=PASSWORD)
    try:
        t.see("lobby")
        t.type("/export x.txt\r")
        t.see("ulimit -f")
        t.type("/quit\r")
        until(lambda: t.said("ended 0"), what="the end")
        assert not (home / "conclave-exports" / "x.txt").exists()
    finally:
        t.stop()


# --- an account without a name or home ------------------------------------------

@root
def test_a_uid_without_a_name(open_world):
    world, tmp = open_world, open_world.tmp
    s = world.server()
    folder = tmp / "files"
    folder.mkdir()
    os.chown(folder, 4242, 4242)

    def become():
        os.setgroups([])
        os.setresgid(4242, 4242, 4242)
        os.setresuid(4242, 4242, 4242)
    argv = [CLIENT, "--plain", "-n", "ana", "--identity", str(folder / "i"),
            "--known-servers", str(folder / "s"), "--known-people", str(folder / "p")]

    def run(*args, **env):
        return subprocess.run([*args], env=env, capture_output=True, preexec_fn=become,
                              stdin=subprocess.DEVNULL, timeout=2 * WAIT, cwd="/")
    if run(CLIENT, "--version").returncode != 0:
        pytest.skip("other users cannot run the program in this folder")
    r = run(*argv, s.listening[0], CONCLAVE_PASSWORD=PASSWORD)
    assert joined(r), shown(r)
    r = run(*argv[:-2], s.listening[0], CONCLAVE_PASSWORD=PASSWORD)
    assert r.returncode == 2
    assert "no home directory" in shown(r) and "--known-people" in shown(r)
    r = run(CLIENT, "--forget-server", s.listening[0], "--known-servers", str(folder / "s"))
    assert r.returncode == 0 and "no longer in" in shown(r), shown(r)
    r = run(CLIENT, "--write-config")
    assert r.returncode == 2 and "no home directory" in shown(r)
    r = run(SERVER, "-l", "127.0.0.1:0")
    assert r.returncode == 2 and "--state" in shown(r)


# --- file systems ---------------------------------------------------------------

@preloads
@pytest.mark.parametrize("faults", [
    "fsync=EINVAL/1+0", "fsync=ENOSYS/1+0", "renameat2=EINVAL/1+0", "renameat2=ENOSYS/1+0",
    "renameat2=EPERM/1+0", "flock=ENOLCK/1+0", "flock=EOPNOTSUPP/1+0",
    "renameat2=EINVAL/1+0 link=EPERM/1+0",
    "fsync=EOPNOTSUPP/1+0 renameat2=ENOSYS/1+0 link=ENOSYS/1+0 flock=ENOSYS/1+0"])
def test_a_file_system_that_cannot_do_everything(world, tmp_path, faults):
    io = {"LD_PRELOAD": SO, "FAIL_IO": "1 " + faults}
    s = world.server("--no-sandbox", ephemeral=False, **io)
    again = Server(tmp_path / "server", "--no-sandbox", ephemeral=False, ready=False, **io)
    if "flock" in faults:
        assert s.said("only one conclaved")
        again.stop()
    else:
        assert again.wait() == 1 and again.said("another conclaved")
        again.stop()
    home = tmp_path / "ana"
    keys = set()
    for _ in range(2):      # made, and read
        r = client(home, "-n", "ana", "--no-sandbox", s.invite, **io)
        assert joined(r), shown(r)
        keys.add((home / "config" / "conclave" / "identity.pem").read_text())
    assert len(keys) == 1
    files = sorted(f.name for f in (home / "config" / "conclave").iterdir())
    assert files == ["accounts", "direct", "holders", "identity.pem", "known_servers", "purges",
                     "rooms", "sealed", "tickets", "transfers"]
    assert len(list((home / "config" / "conclave" / "tickets").iterdir())) == 1
    r = client(home, "--write-config", "--name", "ana", **io)
    assert r.returncode == 0, shown(r)
    r = client(home, "--write-config", "--name", "bob", **io)
    assert r.returncode == 2 and "was not changed" in shown(r)
    assert "\nname = ana\n" in (home / "config" / "conclave" / "config").read_text()
    assert s.stop() == 0
    t = world.server("--no-sandbox", ephemeral=False, **io)
    assert t.invite.split("#")[1] == s.invite.split("#")[1]


@preloads
def test_a_returning_client_waits_for_no_disk(world, tmp_path):
    """Its ticket is a cache: saved without fsync, which can take longer than joining."""
    s = world.server()
    tickets = tmp_path / "ana" / "config" / "conclave" / "tickets"
    kept = set()
    for io in {}, {"LD_PRELOAD": SO, "FAIL_IO": "1 fsync=ENOSPC/1+0"}:
        r = client(tmp_path / "ana", "-n", "ana", "--no-sandbox", s.invite, **io)
        assert joined(r) and "ticket" not in shown(r), shown(r)
        ticket, = tickets.iterdir()
        kept.add(ticket.read_bytes())
    assert len(kept) == 2


READ_ONLY = """
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
shift
exec "$@"
"""


@pytest.mark.parametrize("lock", [True, False])
def test_a_server_s_key_on_a_read_only_mount(world, tmp_path, lock):
    s = world.server(ephemeral=False)
    state = tmp_path / "server" / "state"
    argv = unshared(READ_ONLY, "sh", state, SERVER, "--scrypt-n", SCRYPT_N, "--state", state,
                    "-l", "127.0.0.1:0", "-p", PASSWORD)

    def start():
        return subprocess.Popen(argv, env=environment(tmp_path), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    p = start()
    out, err = p.communicate(timeout=WAIT)
    assert p.returncode == 1 and "another conclaved" in err
    assert s.stop() == 0
    if not lock:
        (state / "lock").unlink()
    first, second = start(), None
    try:
        where = first.stdout.readline().split()[2]
        assert first.stdout.readline().split("#")[1].strip() == s.invite.split("#")[1]
        member(world, where, "ana").quit()
        second = start()
        assert "another conclaved" in second.communicate(timeout=WAIT)[1]
    finally:
        for p in (first, second):
            if p is not None and p.poll() is None:
                p.terminate()
                p.communicate(timeout=WAIT)
    assert first.returncode == 0


def test_a_client_s_files_on_a_read_only_mount(world, tmp_path):
    a, b = world.server(), world.server()
    home = tmp_path / "ana"
    assert joined(client(home, "-n", "ana", a.listening[0]))
    for where, pinned in ((a.listening[0], True), (b.invite, False)):
        argv = unshared(READ_ONLY, "sh", home, CLIENT, "--json", "-n", "ana", where)
        r = subprocess.run(argv, env=environment(home, CONCLAVE_PASSWORD=PASSWORD),
                           input=b'{"do":"say","text":"hello"}\n', capture_output=True,
                           timeout=2 * WAIT)
        assert r.returncode == 0 and '"event":"sent"' in shown(r), shown(r)
        assert ('"code":"known_servers"' in shown(r)) != pinned


NOTHING_ELSE = """
for d in /dev/shm /tmp /proc /var/tmp; do
	[ ! -d $d ] || mount -t tmpfs -o ro none $d
done
exec "$@"
"""


@pytest.mark.skipif(WATCHED, reason="the watcher itself needs /proc")
def test_without_proc_and_temporary_folders(world, tmp_path):
    """Its own files are copied to a place that stays."""
    home = os.path.join("/run", "conclave-test-%d" % os.getpid())
    unshared("true")
    try:
        os.mkdir(home)
    except OSError as e:
        pytest.skip("no folder outside of /tmp: %s" % e)
    s = None
    try:
        for name in ("conclave", "conclaved"):
            subprocess.run(["cp", os.path.join(BUILD, name), home], check=True)
        env = environment(home, CONCLAVE_PASSWORD=PASSWORD)
        s = subprocess.Popen(
            unshared(NOTHING_ELSE, "sh", home + "/conclaved", "--scrypt-n", SCRYPT_N,
                     "--state", home + "/s", "-l", "127.0.0.1:0"), env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, cwd="/")
        where = s.stdout.readline().split()[2]
        r = subprocess.run(
            unshared(NOTHING_ELSE, "sh", home + "/conclave", "--plain", "-n", "ana", where),
            env=env, input=b"hello\n", capture_output=True, timeout=2 * WAIT, cwd="/")
        assert joined(r), shown(r)
    finally:
        if s is not None:
            s.terminate()
            s.communicate(timeout=WAIT)
        subprocess.run(["rm", "-r", home], check=False)
    assert s.returncode == 0


# --- what a container's filter forbids --------------------------------------------

CALLS = {"landlock_create_ruleset": 444, "seccomp": 317, "renameat2": 316,
         "memfd_create": 319, "mlock": 149, "mlock2": 325, "close_range": 436}


def refusing(error, *calls):
    """A seccomp filter, as old container programs install: these calls fail."""
    def op(code, jt, jf, k):
        return struct.pack("HBBI", code, jt, jf, k)
    rows = [op(0x20, 0, 0, 0)]      # load the number
    for c in calls:
        rows += [op(0x15, 0, 1, CALLS[c]), op(0x06, 0, 0, 0x50000 | error)]
    rows.append(op(0x06, 0, 0, 0x7fff0000))
    code = ctypes.create_string_buffer(b"".join(rows))

    class Program(ctypes.Structure):
        _fields_ = [("n", ctypes.c_ushort), ("rows", ctypes.c_void_p)]
    program = Program(len(rows), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)

    def pre():
        assert code is not None
        if libc.prctl(38, 1, 0, 0, 0) != 0 or \
                libc.prctl(22, 2, ctypes.byref(program), 0, 0) != 0:
            os._exit(77)
    return pre


@pytest.mark.skipif(platform.machine() != "x86_64" or sys.maxsize < 2**32 or CAGELESS,
                    reason="the numbers are those of x86-64")
@pytest.mark.parametrize("error", [1, 38], ids=["EPERM", "ENOSYS"])
@pytest.mark.parametrize("calls", [
    ["landlock_create_ruleset"], ["seccomp"], ["renameat2"], ["memfd_create"],
    ["mlock", "mlock2"], list(CALLS)], ids=lambda c: c[0] if len(c) < 3 else "all")
def test_system_calls_that_a_container_refuses(world, tmp_path, error, calls):
    pre = refusing(error, *calls)
    s = world.server(ephemeral=False, preexec=pre)
    c = member(world, s, "ana", preexec=pre)
    c.say("hello")
    c.see("sent", seq=1)
    c.quit()
    assert s.stop() == 0
    if "seccomp" in calls:
        assert s.said("no seccomp filters"), s.err
    if "landlock_create_ruleset" in calls:
        assert s.said("no Landlock"), s.err


# --- other limits ---------------------------------------------------------------

@root
def test_no_locked_memory(open_world):
    """Root could raise the limit; others cannot."""
    world, tmp = open_world, open_world.tmp

    def pre():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    (tmp / "server").mkdir()
    (tmp / "ana").mkdir()
    os.chown(tmp / "ana", 65534, 65534)
    try:
        s = world.server(preexec=pre)
    except (PermissionError, AssertionError) as e:
        pytest.skip("other users cannot run the program in this folder: %s" % e)
    c = member(world, s, "ana", preexec=pre)
    c.quit()
    if not WATCHED:
        assert s.said("locked memory") and c.said("ulimit -l")
    assert s.stop() == 0


def test_a_low_soft_limit_on_open_files(world):
    """The usual one is for programs that use select(2); the hard limit counts."""
    s = world.server("--max-users", "30", "--handshakes", "5", "--workers", "1",
                     preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 2048)))
    assert not s.said("open files")
    with open("/proc/%d/limits" % s.p.pid) as limits:
        row = next(line for line in limits if line.startswith("Max open files"))
    assert 64 < int(row.split()[3]) <= 2048
    t = world.server("--max-users", "3000",
                     preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 100)))
    assert t.said("this system allows 100 open files")


@root
def test_no_threads(open_world, monkeypatch):
    """A client needs one; a server needs none with one worker."""
    world, tmp = open_world, open_world.tmp
    # LeakSanitizer needs a process of its own at the end
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")

    def pre():
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        os.setgroups([])
        os.setresgid(4343, 4343, 4343)
        os.setresuid(4343, 4343, 4343)
    (tmp / "server").mkdir()
    try:
        s = Server(tmp / "server", "--workers", "4", ready=False, preexec=pre)
    except PermissionError as e:
        pytest.skip("other users cannot run the program in this folder: %s" % e)
    assert s.wait() == 1
    assert s.said("cannot start 4 threads.*--workers 1") and not s.said("memory"), s.err
    s.stop()
    s = world.server("--workers", "1", preexec=pre)
    member(world, s, "bob").quit()
    c = world.client(s, "ana", preexec=pre, XDG_CONFIG_HOME=str(tmp))
    assert c.wait() == 3
    assert c.said("ulimit -u")


NO_IPV6 = """
for i in all default lo; do
	[ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6
done
exec "$@"
"""
LO_UP = """
import fcntl, os, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x41))
s.close()
os.execv(sys.argv[1], sys.argv[1:])
"""
BOTH = """
"$1" --ephemeral --scrypt-n "$3" -l "$4" >"$5" &
i=0
until grep -q invite "$5" || [ $i -gt 600 ]; do sleep 0.1; i=$((i + 1)); done
"$2" --plain -n ana "$(sed -n 's/^listening on .*:/localhost:/p' "$5" | head -1)" </dev/null
status=$?
kill $!
wait $!
exit $status
"""


@pytest.mark.parametrize("listen", ["localhost:0", ":0"])
def test_without_ipv6(tmp_path, listen):
    try:
        argv = unshared(NO_IPV6, "sh", sys.executable, "-c", LO_UP, "/bin/sh", "-c", BOTH, "sh",
                        SERVER, CLIENT, SCRYPT_N, listen, tmp_path / "out",
                        flags="--net --mount")
        r = subprocess.run(argv, env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                           capture_output=True, timeout=4 * WAIT)
    except PermissionError as e:
        pytest.skip("no network of its own: %s" % e)
    if "disable_ipv6" in shown(r) or "SIOCSIFFLAGS" in shown(r):
        pytest.skip("no network of its own: " + shown(r))
    assert joined(r), shown(r)


def test_an_address_that_is_not_there_yet(tmp_path):
    """The unit starts it again after this, and never after wrong options."""
    r = subprocess.run([SERVER, "--ephemeral", "-l", "192.0.2.77:2528"], capture_output=True,
                       env=environment(tmp_path), timeout=WAIT, stdin=subprocess.DEVNULL)
    assert r.returncode == 1 and "not an address of this machine" in shown(r)
    r = subprocess.run([SERVER, "--ephemeral", "-l", "192.0.2.77:x"], capture_output=True,
                       env=environment(tmp_path), timeout=WAIT, stdin=subprocess.DEVNULL)
    assert r.returncode == 2


def test_no_device_files(world, tmp_path):
    """A bare chroot has no /dev/null; the standard descriptors may be closed."""
    argv = unshared('mount -t tmpfs -o ro none /dev; exec "$@"', "sh", CLIENT, "--plain", "-n",
                    "ana", world.server().listening[0])
    home = tmp_path / "ana"
    r = subprocess.run(argv, env=environment(home, CONCLAVE_PASSWORD=PASSWORD),
                       input=b"hello\n", capture_output=True, timeout=2 * WAIT)
    assert joined(r), shown(r)
    r = subprocess.run(
        unshared('mount -t tmpfs -o ro none /dev; "$@" <&- >&- 2>&-', "sh", CLIENT, "--plain",
                 "-n", "ana", world.server().listening[0]),
        env=environment(home, CONCLAVE_PASSWORD=PASSWORD), timeout=2 * WAIT)
    assert r.returncode == 0
