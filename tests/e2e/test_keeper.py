"""The processes that have the state directory: what they may do, what becomes of
them, and that a server finds its database again."""

import contextlib
import glob
import os
import resource
import signal
import sqlite3
import stat
import subprocess

import pytest

from harness import BUILD, CAGELESS, WAIT, WATCHED, environment, until
from test_conclavectl import CTL, STAY, ctl, rows, serve, state, status
from test_sandbox import children


def title(pid):
    with open("/proc/%d/cmdline" % pid, "rb") as f:
        return f.read().rstrip(b"\0").decode()


def processes(s):
    """The warden and the keeper of a server, the second as soon as there is one."""
    def both():
        return [(w, k) for w in children(s.p.pid) for k in children(w)
                if title(k) == "conclaved: keeper"]
    return until(both, what="a keeper")[0]


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def fields(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def open_files(pid):
    return [os.readlink(f) for f in glob.glob("/proc/%d/fd/*" % pid)]


def database(world):
    return os.path.join(state(world), "conclave.db")


def test_two_processes_without_a_network(world):
    s = serve(world)
    warden, keeper = processes(s)
    assert title(warden) == "conclaved: warden"
    for pid in (warden, keeper):
        f = fields(pid)
        assert f["NoNewPrivs"] == "1" and int(f["CapEff"], 16) == 0
        if not CAGELESS:
            assert f["Seccomp"] == "2"
        assert "password" not in title(pid)
    # The relay has neither the database nor its key; the keeper no socket but its link.
    assert not [f for f in open_files(s.p.pid) if "conclave.db" in f or "state.key" in f]
    assert [f for f in open_files(keeper) if f.endswith("conclave.db")]
    assert len([f for f in open_files(keeper) if f.startswith("socket:")]) == 1
    assert not [f for f in open_files(keeper) + open_files(warden) if f.endswith("/lock")]
    for name in ("conclave.db", "conclave.db-wal", "state.key"):
        assert stat.S_IMODE(os.stat(os.path.join(state(world), name)).st_mode) == 0o600


def test_both_end_with_the_server(world):
    s = serve(world)
    both = processes(s)
    assert s.stop() == 0
    assert not any(alive(p) for p in both)
    assert not os.path.exists(database(world) + "-wal")     # it was closed
    s = serve(world)
    both = processes(s)
    s.p.kill()
    s.p.wait(WAIT)
    until(lambda: not any(alive(p) for p in both), what="their end")


def test_a_stop_that_reaches_the_whole_group(world):
    """As ^C in a terminal, or systemd: the relay ends first."""
    s = serve(world, preexec=os.setsid)
    both = processes(s)
    os.killpg(s.p.pid, signal.SIGINT)
    assert s.wait() == 0
    assert not any(alive(p) for p in both)
    assert not [x for x in s.err if " error " in x]


def test_a_keeper_that_dies_is_replaced(world):
    s = serve(world)
    warden, keeper = processes(s)
    os.kill(keeper, signal.SIGKILL)
    until(lambda: keeper not in children(warden) and children(warden), what="another")
    assert processes(s)[1] != keeper
    assert [x for x in s.err if "the keeper was ended by signal 9" in x]
    assert s.stop() == 0


def test_a_restart_finds_the_database(world):
    for run in range(1, 4):
        s = serve(world)
        if run == 2:    # with the keeper of the one before still at work
            s.p.kill()
            s.p.wait(WAIT)
        else:
            assert s.stop() == 0
    with sqlite3.connect(database(world)) as db:
        assert db.execute("SELECT run FROM meta").fetchone() == (3,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_who_got_another_name_at_an_upgrade(world):
    """The log says so while they have not come since, of names that the upgrade made
    (test_server_db) and no others."""
    s = serve(world)
    assert s.stop() == 0
    rows_of = [(b"\xab\xcd\x00\x01" + bytes(28), "Alice-abcd0001", 0),
               (b"\xab\xcd\x00\x02" + bytes(28), "alice", 0),
               (b"\xab\xcd\x00\x03" + bytes(28), "Bob-abcd0003", 5),
               (b"\xab\xcd\x00\x04" + bytes(28), "Cy-abcd0005", 0)]
    with contextlib.closing(sqlite3.connect(database(world))) as db, db:
        for key, name, last in rows_of:
            db.execute("INSERT INTO account VALUES (?, ?, 0, NULL, NULL)", (key, name))
            db.execute("INSERT INTO device VALUES (?, ?, 0, ?)", (key, key, last))
    s = serve(world)
    assert [x.split("the account ")[1].split(",")[0] for x in s.err
            if "since the upgrade" in x] == ["Alice-abcd0001"]
    assert {a["name"] for a in rows(world, "accounts")} >= {name for _, name, _ in rows_of}
    assert s.stop() == 0


def test_nobody_else_opens_it(world):
    serve(world)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite3.connect(database(world), timeout=0).execute("SELECT * FROM meta")


def does_not_start(world, word):
    r = subprocess.run([os.path.join(BUILD, "conclaved"), "--scrypt-n", "16384", "-l",
                        "127.0.0.1:0", "--state", state(world)],
                       env=environment(world.tmp, CONCLAVE_PASSWORD="open sesame, please"),
                       capture_output=True, text=True, timeout=WAIT)
    assert r.returncode == 1, r
    lines = [x for x in r.stderr.splitlines() if " error " in x]
    assert len(lines) == 1 and word in lines[0], r.stderr


def test_it_says_why_it_does_not_start(world):
    assert serve(world).stop() == 0
    path, key = database(world), os.path.join(state(world), "state.key")
    with open(path, "rb") as f:
        whole = f.read()
    with open(path, "r+b") as f:
        f.seek(4096)    # the head of a page; its middle may be empty
        f.write(b"\xa5" * 100)
    does_not_start(world, "is damaged")
    with open(path, "wb") as f:
        f.write(whole)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    does_not_start(world, "newer conclaved")
    with open(path, "wb") as f:
        f.write(whole)
    os.rename(key, key + ".away")
    does_not_start(world, "state.key is missing")
    with open(key, "wb") as f:
        f.write(b"k" * 32)
    os.chmod(key, 0o600)
    does_not_start(world, "not the key of this database")
    os.rename(key + ".away", key)
    assert serve(world).stop() == 0


def test_no_room_for_the_database(world):
    """A limit on the size of files, as a full disk: it says so, and starts when it
    can."""
    r = subprocess.run([os.path.join(BUILD, "conclaved"), "--scrypt-n", "16384", "-l",
                        "127.0.0.1:0", "--state", state(world)],
                       env=environment(world.tmp, CONCLAVE_PASSWORD="open sesame, please"),
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                             (20000, 20000)),
                       capture_output=True, text=True, timeout=WAIT)
    lines = [x for x in r.stderr.splitlines() if " error " in x]
    assert r.returncode == 1 and len(lines) == 1 and "conclave.db" in lines[0], r
    assert serve(world).stop() == 0


def test_backup(world):
    s = serve(world)
    copy = os.path.join(str(world.tmp), "copy.db")
    r = ctl(world, "backup", copy)
    assert r.returncode == 0, r
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    with sqlite3.connect(copy) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT run FROM meta").fetchone() == (1,)
    db.close()
    r = ctl(world, "backup", copy)      # never over another file
    assert r.returncode == 1 and "there already" in r.stderr
    assert rows(world, "backup", copy + "2") == [{"type": "done"}]
    assert ctl(world, "backup", "/no/such/folder/x").returncode == 1
    assert not glob.glob(os.path.join(str(world.tmp), "*.part"))
    # Restored, it is the database of the next start.
    assert s.stop() == 0
    os.replace(copy, database(world))
    s = serve(world)
    assert status(world)["database"] is True
    assert s.stop() == 0


def test_backup_of_nothing(world):
    s = world.server("--control", os.path.join(str(world.tmp), "sock"), *STAY)
    r = subprocess.run([CTL, "--control", os.path.join(str(world.tmp), "sock"), "backup",
                        os.path.join(str(world.tmp), "copy")], capture_output=True, text=True,
                       env=environment(world.tmp), timeout=WAIT)
    assert r.returncode == 1 and "keeps nothing" in r.stderr, r
    assert not os.path.exists(os.path.join(str(world.tmp), "copy"))
    assert children(s.p.pid) == []


@pytest.mark.skipif(WATCHED, reason="a limit on files hits the watcher, too")
def test_check_names_the_database(world):
    serve(world)
    found = {f["what"]: f for f in rows(world, "check") if f["what"] == "database"}
    assert found["database"]["level"] == "ok"
