"""conclavectl and the control socket: each command with the real programs, who
may ask, and what a hostile or broken client of the socket does."""

import concurrent.futures
import json
import os
import re
import signal
import socket
import stat
import subprocess
import threading

import pytest

from harness import BUILD, PASSWORD, SCRYPT_N, TOP, WAIT, WATCHED, environment, until
from test_client import Terminal

CTL = os.path.join(BUILD, "conclavectl")
STAY = ("--user", "root") if os.geteuid() == 0 else ()
NOBODY = 65534


def state(world):
    return os.path.join(str(world.tmp), "server", "state")


def serve(world, *args, **how):
    """A server whose state is kept, and that stays the user that we are."""
    return world.server(*STAY, *args, ephemeral=False, **how)


def ctl(world, *args, **how):
    how.setdefault("timeout", WAIT)
    return subprocess.run([CTL, "-s", state(world), *args], capture_output=True, text=True,
                          env=environment(world.tmp), stdin=subprocess.DEVNULL, **how)


def rows(world, *args):
    r = ctl(world, "--json", *args)
    assert r.returncode == 0, r
    return [json.loads(x) for x in r.stdout.splitlines()]


def status(world):
    found, = rows(world, "status")
    return found


class Socket:
    """A client of the control socket that need not be a good one."""

    def __init__(self, world, wait=WAIT):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(wait)
        here = os.open(".", os.O_RDONLY)    # the path may be too long
        try:
            os.chdir(state(world))
            self.s.connect("control.sock")
        finally:
            os.fchdir(here)
            os.close(here)
        self.f = self.s.makefile("rb")

    def send(self, data):
        self.s.sendall(data)

    def answer(self):
        """The lines of one answer, or those until the end."""
        got = []
        for line in self.f:
            got.append(json.loads(line))
            if got[-1].get("type") in ("done", "failed"):
                break
        return got

    def ask(self, **o):
        self.send(json.dumps(o).encode() + b"\n")
        return self.answer()

    def close(self):
        self.f.close()
        self.s.close()


def audit_acts(world):
    with open(os.path.join(state(world), "audit.log")) as f:
        return [json.loads(x)["act"] for x in f]


# --- each command ------------------------------------------------------------

def test_status_rooms_people(world):
    s = serve(world, "--workers", "2")
    people = [world.client(s, n) for n in ("alice", "bob", "carol")]
    for c in people:
        c.joined()
    found = status(world)
    assert found["people"] == 3 and found["rooms"] == 1 and found["logins"] == 3
    assert found["workers"] == 2 and found["pid"] == s.p.pid
    assert found["listening"] == s.listening and found["state"] == os.path.realpath(state(world))
    shown = ctl(world, "status").stdout
    assert "3 of 1000, in 1 room" in shown and s.listening[0] in shown
    room, = rows(world, "rooms")
    assert room["name"] == "lobby" and room["people"] == 3 and room["epoch"] >= 1
    found = {p["name"]: p for p in rows(world, "people")}
    assert sorted(found) == ["alice", "bob", "carol"]
    assert all(p["rooms"] == ["lobby"] and p["address"].startswith("127.0.0.1:")
               for p in found.values())
    table = ctl(world, "people", "lobby").stdout.splitlines()
    assert table[0].split()[0] == "NAME"
    assert [x.split()[0] for x in table[1:]] == ["alice", "bob", "carol"]
    assert len({x.rindex("127.0.0.1") for x in table[1:]}) == 1      # aligned
    assert rows(world, "people", "elsewhere") == []


def test_more_people_than_fit_into_one_answer_of_a_worker(world):
    s = serve(world, "--workers", "1", "--max-per-account", "0")
    names = ["p%d" % i for i in range(40)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:     # 20 in an epoch
        list(pool.map(lambda n: world.peer(s, n), names))
    assert sorted(p["name"] for p in rows(world, "people")) == sorted(names)


def test_invite(world):
    s = serve(world)
    assert ctl(world, "invite").stdout.strip() == s.invite
    assert ctl(world, "invite", "lobby").stdout.strip() == s.invite
    r = ctl(world, "invite", "nowhere")
    assert r.returncode == 1 and "no such room" in r.stderr
    r = ctl(world, "invite", "no name at all")
    assert r.returncode == 1 and r.stderr.count("\n") == 1


def test_metrics(world):
    s = serve(world)
    a = world.client(s, "alice")
    a.joined()      # two rekeys: together, one would do
    b = world.client(s, "bob")
    b.joined()
    a.say("one"), b.see("message", text="one")
    wrong = world.client(s, "carol", password="wrong")
    assert wrong.wait() == 4
    text = ctl(world, "metrics").stdout
    names, values, kinds = set(), {}, {}
    for line in text.splitlines():
        if m := re.fullmatch(r"# HELP (conclave_\w+) \S.*", line):
            assert m[1] not in names        # each family once
            names.add(m[1])
        elif m := re.fullmatch(r"# TYPE (conclave_\w+) (counter|gauge|histogram)", line):
            assert m[1] in names and m[1] not in kinds
            kinds[m[1]] = m[2]
        else:
            m = re.fullmatch(r'(conclave_\w+)(\{\w+="[^"]*"\})? (\d+(?:\.\d+)?)', line)
            assert m, line
            family = re.sub(r"_(bucket|sum|count)$", "", m[1]) if m[1] not in kinds else m[1]
            assert family in kinds, line
            assert (kinds[family] == "counter") == m[1].endswith("_total"), line
            values[m[1] + (m[2] or "")] = float(m[3])
    assert set(kinds) == names
    assert values["conclave_people"] == 2 and values["conclave_logins_total"] == 2
    assert values["conclave_messages_received_total"] == 1
    assert values["conclave_messages_sent_total"] >= 1
    assert values["conclave_wrong_passwords_total"] == 1
    assert values["conclave_handshakes_total"] == 3 and values["conclave_connections_total"] == 3
    assert values["conclave_rekeys_total"] >= 2
    assert values["conclave_received_bytes_total"] > 0 < values["conclave_sent_bytes_total"]
    steps = [v for k, v in values.items() if k.startswith("conclave_loop_step_seconds_bucket")]
    assert steps == sorted(steps) and steps[-1] == values["conclave_loop_step_seconds_count"] > 0


def test_audit(world):
    s = serve(world)
    assert [r["act"] for r in rows(world, "audit")] == ["start"]
    follow = subprocess.Popen([CTL, "--json", "-s", state(world), "audit", "-f"], text=True,
                              env=environment(world.tmp), stdout=subprocess.PIPE)
    try:
        assert json.loads(follow.stdout.readline())["act"] == "start"
        assert Socket(world).ask(do="reload")[-1]["type"] == "failed"  # nothing to read again
        password = world.tmp / "new"
        password.write_text("another, longer password\n")
        assert ctl(world, "password", "--password-file", str(password)).returncode == 0
        row = json.loads(follow.stdout.readline())
        assert row["act"] == "password" and row["by"] == "uid %d" % os.geteuid()
        s.signal(signal.SIGTERM)
        assert s.wait() == 0
    finally:
        follow.kill()
        follow.wait()
    assert audit_acts(world) == ["start", "password", "stop"]
    r = ctl(world, "audit", "-n", "2")      # from the files
    assert r.returncode == 0 and [x.split()[1] for x in r.stdout.splitlines()] == ["password", "stop"]
    text = open(os.path.join(state(world), "audit.log")).read()
    assert "another" not in text and PASSWORD not in text


def test_audit_verify(world):
    s = serve(world)
    assert ctl(world, "kick", "nobody").returncode == 1     # is no act
    assert ctl(world, "invite", "--uses", "2").returncode == 0
    r = ctl(world, "audit", "--verify")     # while it runs
    assert r.returncode == 0 and "are one chain" in r.stdout, r
    s.signal(signal.SIGTERM)
    assert s.wait() == 0
    s = serve(world)                        # goes on with the chain
    s.signal(signal.SIGTERM)
    assert s.wait() == 0
    path = os.path.join(state(world), "audit.log")
    text = open(path).read()
    (row,) = rows(world, "audit", "--verify")
    n = text.count("\n")
    assert row["proved"] and row["rows"] == n >= 5 and row["before"] == row["cut"] == 0
    assert row["hash"] == json.loads(text.splitlines()[-1])["hash"]
    lines = text.splitlines(keepends=True)
    for bad, line in ((lines[:1] + lines[2:], 2), (lines[:2] + [lines[2].replace("stop", "step")] + lines[3:], 3),
                      (lines[1:], 1), (lines[:3] + ["{\"time\":\"x\",\"act\":\"kick\"}\n"] + lines[3:], 4)):
        with open(path, "w") as f:
            f.write("".join(bad))
        r = ctl(world, "audit", "--verify")
        assert r.returncode == 1 and "audit.log, line %d: " % line in r.stderr, r
        row = json.loads(ctl(world, "--json", "audit", "--verify").stdout)
        assert not row["proved"] and row["line"] == line and row["file"] == "audit.log"
    with open(path, "w") as f:
        f.write("".join(lines))
    assert ctl(world, "audit", "--verify").returncode == 0
    os.unlink(path)
    assert "no row" in ctl(world, "audit", "--verify").stderr


# --- the password ------------------------------------------------------------

def test_the_password_changes_while_people_talk(world, tmp_path):
    path = tmp_path / "secret" / "record"
    assert subprocess.run([os.path.join(BUILD, "conclaved"), "--make-record", str(path),
                           "--scrypt-n", SCRYPT_N], timeout=WAIT,
                          env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                          capture_output=True).returncode == 0
    s = serve(world, "--record", str(path), password=None)
    alice = world.client(s, "alice")
    alice.joined()
    new = tmp_path / "new"
    new.write_text("brown horse battery, twice\n")
    os.chmod(new, 0o600)
    r = ctl(world, "password", "--password-file", str(new))
    assert r.returncode == 0 and "Members stay" in r.stdout and r.stderr == "", r
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    bob = world.client(s, "bob")
    assert bob.wait() == 4
    carol = world.client(s, "carol", password="brown horse battery, twice")
    carol.joined()
    alice.say("still here")
    carol.see("message", text="still here")
    s.stop()        # the next start has it too
    s = serve(world, "--record", str(path), password=None)
    world.client(s, "carol", password="brown horse battery, twice").joined()


def test_the_password_is_asked_for_twice(world):
    serve(world)
    t = Terminal(world.tmp, "-s", state(world), "password", program=CTL, visit=None)
    seen = "(?s)"
    for prompt, word in (("The room's password: ", "hunter2"), ("The same again: ", "hunter3"),
                         ("different.*The room's password: ", "hunter2"),
                         ("The same again: ", "hunter2")):
        seen += ".*" + prompt
        t.see(seen)
        assert not t.echoes()
        t.type(word + "\r")
    t.see("until the server stops")
    assert "hunter" not in t.text
    assert "the password is weak" in t.text         # zxcvbn's finding
    assert t.wait() == 0
    t.stop()


def test_the_password_cannot_be_asked_for(world):
    serve(world)
    r = subprocess.run(["setsid", "-w", CTL, "-s", state(world), "password"], timeout=WAIT,
                       env=environment(world.tmp), stdin=subprocess.DEVNULL,
                       capture_output=True, text=True)
    assert r.returncode == 1 and "--password-file" in r.stderr


# --- acts --------------------------------------------------------------------

def test_acts(world):
    s = serve(world)
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    c = world.client(s, "carol", "--no-reconnect")
    c.joined()
    assert ctl(world, "mute", "carol", "lobby", "--for", "1h", "-r", "quiet, please").returncode == 0
    assert ctl(world, "unmute", "carol", "lobby").returncode == 0
    assert ctl(world, "role", "alice", "operator", "lobby").returncode == 0
    assert ctl(world, "kick", "carol", "-r", "that is enough").returncode == 0
    assert c.wait() == 4 and "that is enough" in str(c.out)
    assert ctl(world, "ban", "bob", "--for", "1h").returncode == 0
    until(lambda: [p["name"] for p in rows(world, "people")] == ["alice"])
    r = world.client(s, "bob2", "--name", "bob", "--no-reconnect", home="bob2")
    assert r.wait() == 4            # the name is banned too
    assert ctl(world, "unban", "bob").returncode == 0
    found = [(x["act"], x.get("who"), x.get("room"), x.get("by"), x.get("seconds"), x.get("text"))
             for x in rows(world, "audit")][1:]
    by = "uid %d" % os.geteuid()
    assert found == [("mute", "carol", "lobby", by, 3600, "quiet, please"),
                     ("unmute", "carol", "lobby", by, None, None),
                     ("role", "alice", "lobby", by, None, "operator"),
                     ("kick", "carol", None, by, None, "that is enough"),
                     ("ban", "bob", None, by, 3600, None),
                     ("unban", "bob", None, by, None, None)]
    for args, says in ((["kick", "nobody.here"], "nobody of this name"),
                       (["kick", "alice", "nowhere"], "no such room"),
                       (["role", "alice", "king"], "owner, operator"),
                       (["kick", "not a name"], "not a name")):
        r = ctl(world, *args)
        assert r.returncode == 1 and says in r.stderr and r.stderr.count("\n") == 1, r
    assert ctl(world, "kick").returncode == 2 and ctl(world, "kick", "bob", "--for", "1h").returncode == 2


# --- reload ------------------------------------------------------------------

@pytest.mark.parametrize("how", ["SIGHUP", "conclavectl"])
def test_reload(world, how):
    config = world.tmp / "server.conf"
    config.write_text("rate = 100/s\nworkers = 1\n")
    s = serve(world, "--config", str(config), "--guesses", "500")
    c = world.client(s, "alice")
    c.joined()

    def reload(text, says):
        config.write_text(text)
        seen = len(s.err)
        r = None
        if how == "SIGHUP":
            s.signal(signal.SIGHUP)
        else:
            r = ctl(world, "reload")
        until(lambda: any(re.search(says, x) for x in s.err[seen:]), what=says)
        return r

    r = reload("rate = 50/s\nlog-level = debug\nworkers = 2\nguesses = 3\nmax-memory = 64M\n",
               "reload: workers: takes effect at the next start")
    until(lambda: audit_acts(world)[-1] == "reload")
    said = "\n".join(s.err) if r is None else r.stdout
    for words in ("rate: changed", "log-level: changed", "max-memory: changed",
                  "workers: takes effect at the next start"):
        assert words in said
    assert "guesses" not in said.replace("--guesses", "")    # the command line wins
    found = status(world)
    assert found["rate"] == 50 and found["memory_max"] == 64 << 20 and found["guesses"] == 500
    world.client(s, "bob").joined()
    until(lambda: any(" debug epoch: " in x for x in s.err))
    before = status(world)["rate"]
    r = reload("rate = 10/s\nrate-burst = nonsense\n", r"server.conf:2: rate-burst")
    if r is not None:
        assert r.returncode == 1 and "server.conf:2" in r.stderr
    assert status(world)["rate"] == before
    until(lambda: audit_acts(world)[-1] == "reload failed")
    config.unlink()
    seen = len(s.err)
    s.signal(signal.SIGHUP)
    until(lambda: any("server.conf" in x for x in s.err[seen:]))
    assert s.p.poll() is None
    c.say("still here")
    c.see("sent")


def test_new_limits_are_kept(world):
    config = world.tmp / "server.conf"
    config.write_text("max-users = 10\n")
    s = serve(world, "--config", str(config))
    world.client(s, "alice").joined()
    config.write_text("max-users = 1\n")
    assert "max-users: changed" in ctl(world, "reload").stdout
    bob = world.client(s, "bob", "--no-reconnect")
    assert bob.wait() == 4 and "full" in str(bob.events("closed")[0])
    config.write_text("# nothing\n")        # back to the default
    assert "max-users: changed" in ctl(world, "reload").stdout
    world.client(s, "carol").joined()


# --- check -------------------------------------------------------------------

def findings(world, *args, code=0):
    r = ctl(world, "--json", "check", *args)
    assert r.returncode == code, r
    return [json.loads(x) for x in r.stdout.splitlines()]


def faults(found):
    return [(f["what"], f["text"], f["cure"]) for f in found if f["level"] == "fault"]


def test_check_of_a_healthy_server(world):
    s = serve(world)
    found = findings(world)
    assert faults(found) == []
    assert {"server", "config", "state", "disk", "port", "open files", "locked memory",
            "memory", "sandbox"} <= {f["what"] for f in found}
    assert any(s.listening[0] in f["text"] for f in found)
    shown = ctl(world, "check").stdout
    assert "0 faults" in shown


def test_check_names_each_fault(world):
    s = serve(world)
    s.stop()
    where = state(world)
    assert faults(findings(world)) == []
    os.chmod(os.path.join(where, "identity.pem"), 0o644)
    os.chmod(where, 0o777)
    with open(os.path.join(where, "ticket.key"), "ab") as f:
        f.write(b"x")
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    config = world.tmp / "server.conf"
    config.write_text("listen = 127.0.0.1:%d\npassword = secret, but not here\n" %
                      taken.getsockname()[1])
    os.chmod(config, 0o644)
    found = faults(findings(world, "--config", str(config), code=1))
    taken.close()
    said = "\n".join("%s: %s -> %s" % f for f in found)
    for words in ("identity.pem.*chmod 600", "others may write to", "ticket.key.*rm ",
                  "port: cannot listen.*in use.*stop the program",
                  "others can read the password"):
        assert re.search(words, said), (words, said)
    os.chmod(where, 0o700)
    os.chmod(os.path.join(where, "identity.pem"), 0o600)
    with open(os.path.join(where, "identity.pem"), "w") as f:
        f.write("nonsense\n")
    config.write_text("rate = fast\n")
    said = str(faults(findings(world, "--config", str(config), code=1)))
    assert "holds no Ed25519 key" in said and "server.conf:1" in said


# --- no server, another server ----------------------------------------------

def test_no_server(world):
    r = ctl(world, "status")
    assert r.returncode == 3 and "no server runs there" in r.stderr and "-s DIR" in r.stderr
    s = serve(world, "--control", "none")
    assert not os.path.exists(os.path.join(state(world), "control.sock"))
    r = ctl(world, "status")
    assert r.returncode == 3 and "was started with --control" in r.stderr
    s.stop()


def test_a_killed_server_s_socket_is_replaced(world):
    s = serve(world)
    s.p.kill()
    s.wait()
    assert stat.S_ISSOCK(os.stat(os.path.join(state(world), "control.sock")).st_mode)
    assert ctl(world, "status").returncode == 3
    serve(world)
    assert ctl(world, "status").returncode == 0


def test_a_living_socket_refuses_the_start(world, tmp_path):
    path = str(tmp_path / "ctl.sock")
    s = world.server("--control", path)     # --ephemeral
    r = subprocess.run([CTL, "--control", path, "status"], capture_output=True, text=True,
                       env=environment(tmp_path), timeout=WAIT)
    assert r.returncode == 0 and "state " not in r.stdout
    two = subprocess.run([os.path.join(BUILD, "conclaved"), "--ephemeral", "-l", "127.0.0.1:0",
                          "--scrypt-n", SCRYPT_N, "--control", path, *STAY], timeout=WAIT,
                         env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD),
                         capture_output=True, text=True)
    assert two.returncode == 1 and "another program listens on" in two.stderr
    assert s.p.poll() is None


def test_with_ephemeral_there_is_no_socket(world):
    s = world.server()
    assert not any(f == "control.sock" for _, _, files in os.walk(world.tmp) for f in files)
    s.stop()


def test_the_socket_goes_with_the_server(world):
    s = serve(world)
    path = os.path.join(state(world), "control.sock")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    s.signal(signal.SIGTERM)
    assert s.wait() == 0
    assert not os.path.exists(path)


def test_the_server_is_killed_in_the_middle(world):
    s = serve(world)
    follow = subprocess.Popen([CTL, "-s", state(world), "audit", "-f"], text=True,
                              env=environment(world.tmp), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    follow.stdout.readline()
    s.p.kill()
    s.wait()
    _, err = follow.communicate(timeout=WAIT)
    assert follow.returncode == 1 and "has gone away" in err


# --- who may ask -------------------------------------------------------------

def as_user(uid, gid, *groups):
    return ["setpriv", "--reuid", str(uid), "--regid", str(gid),
            *(["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"])]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_is_not_heard(open_world):
    world, path = open_world, str(open_world.tmp / "ctl.sock")
    s = world.server("--control", path, *STAY)
    os.chmod(path, 0o666)       # the mode is not what protects it
    # The answer may be there, and the socket closed, before anything was asked.
    ask = ("import contextlib, socket; s = socket.socket(socket.AF_UNIX); s.connect('%s')\n"
           "with contextlib.suppress(BrokenPipeError): s.sendall(b'{\"do\":\"status\"}\\n')\n"
           "print(s.makefile().readline())" % path)
    r = subprocess.run([*as_user(NOBODY, NOBODY), "/usr/bin/python3", "-c", ask], timeout=WAIT,
                       capture_output=True, text=True)
    assert '"denied"' in r.stdout and "version" not in r.stdout, r
    until(lambda: s.said("control: a process of uid 65534"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_group_is_heard(open_world):
    world, path = open_world, str(open_world.tmp / "ctl.sock")
    world.server("--control", path, "--control-group", "daemon", *STAY)
    st = os.stat(path)
    assert stat.S_IMODE(st.st_mode) == 0o660 and st.st_gid == 1
    ask = ("import socket; s = socket.socket(socket.AF_UNIX); s.connect('%s'); "
           "s.sendall(b'{\"do\":\"status\"}\\n'); print(s.makefile().readline())" % path)
    for who in (as_user(NOBODY, 1), as_user(NOBODY, NOBODY, 1)):
        r = subprocess.run([*who, "/usr/bin/python3", "-c", ask], timeout=WAIT,
                           capture_output=True, text=True)
        assert '"version"' in r.stdout, r
    bad = subprocess.run([os.path.join(BUILD, "conclaved"), "--ephemeral", "--control", path + "2",
                          "--control-group", "no-such-group"], timeout=WAIT,
                         env=environment(world.tmp, CONCLAVE_PASSWORD=PASSWORD),
                         capture_output=True, text=True)
    assert bad.returncode == 1 and "no group" in bad.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server becomes another user")
def test_in_the_sandbox_as_another_user(world):
    s = world.server(ephemeral=False)       # root's state, and then nobody
    world.client(s, "alice").joined()
    assert [p["name"] for p in rows(world, "people")] == ["alice"]
    assert rows(world, "audit")[0]["act"] == "start"
    assert status(world)["uid"] != 0


# --- hostile clients ---------------------------------------------------------

def test_garbage(world):
    s = serve(world)
    c = world.client(s, "alice")
    c.joined()
    lines = [b"", b"{}", b"[]", b"null", b"{\"do\":1}", b"{\"do\":\"status\",\"x\":1}",
             b"\x00\xff\xfe", b"{\"do\":\"people\",\"room\":\"\\u0000\"}", b"{" * 100,
             b"{\"do\":\"audit\",\"count\":-1}", b"{\"do\":\"audit\",\"count\":1e99}",
             b"{\"do\":\"password\"}", b"{\"do\":\"password\",\"record\":\"x\"}",
             b"{\"do\":\"\xf0\x9f\x98\x80\"}", b"{\"do\":\"status\",\"do\":\"status\"}"]
    a = Socket(world)
    done = []

    def read():
        for line in a.f:
            done.append(json.loads(line))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    a.send(b"".join(lines[i % len(lines)] + b"\n" for i in range(10000)))
    until(lambda: len(done) >= 9000, what="answers")
    a.s.shutdown(socket.SHUT_WR)
    reader.join(WAIT)
    assert not reader.is_alive() and len(done) == 10000
    assert {x["type"] for x in done} == {"failed"}
    b = Socket(world)
    b.send(b"x" * 9000 + b"\n")
    assert b.answer()[-1]["code"] == "usage"
    try:
        assert b.f.read() == b""
    except ConnectionResetError:        # it had sent more
        pass
    assert status(world)["people"] == 1
    c.say("fine")
    c.see("sent")


def test_half_open_clients(world):
    serve(world)
    held = [Socket(world) for _ in range(40)]       # more than there are places
    for h in held[-10:]:
        h.send(b'{"do":"sta')
    assert status(world)["people"] == 0
    held[-1].send(b'tus"}\n')
    assert held[-1].answer()[0]["type"] == "status"
    for h in held:
        h.close()


def test_a_client_that_never_reads(world):
    s = serve(world)
    c = world.client(s, "alice")
    c.joined()
    deaf = []
    for _ in range(20):
        h = Socket(world, wait=0.2)
        try:
            for _ in range(20000):
                h.send(b'{"do":"metrics"}\n')
        except OSError:
            pass
        deaf.append(h)
    # All places are taken by those; they are let go when they have not read for
    # ten seconds.
    until(lambda: ctl(world, "status").returncode == 0, what="a place")
    c.say("fine")
    c.see("sent")
    if not WATCHED:
        kib = int(re.search(r"VmRSS:\s+(\d+)", open("/proc/%d/status" % s.p.pid).read())[1])
        assert kib < 64 << 10, kib
    for h in deaf:
        h.close()


# --- usage and papers --------------------------------------------------------

@pytest.mark.parametrize("args,says", [
    ([], "say what to do"), (["frobnicate"], "no command \"frobnicate\""),
    (["status", "too", "many"], "one argument too many"), (["--nonsense"], "no option"),
    (["people", "--follow"], "people has no option --follow"),
    (["audit", "-n", "0"], "1 to 1000"), (["audit", "--verify", "-f"], "checks all rows"), (["audit", "--all", "--follow"], "one of them")])
def test_usage(world, args, says):
    r = ctl(world, *args)
    assert r.returncode == 2 and says in r.stderr and r.stderr.count("\n") == 1, r


def commands():
    text = subprocess.run([CTL, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  (\w+) +\S", text[text.index("Commands:"):], re.M)


def test_every_command_has_help_and_is_in_the_papers(world):
    found = commands()
    assert len(found) >= 9
    page = open(os.path.join(TOP, "server", "conclavectl.8")).read()
    for name in found:
        r = ctl(world, name, "--help")
        assert r.returncode == 0 and r.stdout.startswith("Usage: conclavectl") and name in r.stdout
        assert all(len(x) <= 79 for x in r.stdout.splitlines())
        assert re.search(r"^\.It Ic %s\b" % name, page, re.M), name
        for shell in ("conclavectl.bash", "_conclavectl", "conclavectl.fish"):
            assert name in open(os.path.join(TOP, "server", "completions", shell)).read()


def bash_offers(*words):
    script = ('source server/completions/conclavectl.bash; COMP_WORDS=("$@"); '
              'COMP_CWORD=$(($# - 1)); _conclavectl; printf "%s\\n" "${COMPREPLY[@]}"')
    r = subprocess.run(["bash", "-uec", script, "bash", "conclavectl", *words], cwd=TOP,
                       capture_output=True, text=True, timeout=120, check=True)
    return r.stdout.split()


def test_bash_completes():
    assert sorted(bash_offers("")) == sorted(commands())
    assert bash_offers("me") == ["metrics"] and bash_offers("status", "") == []
    text = subprocess.run([CTL, "--help"], capture_output=True, text=True, check=True).stdout
    options = sorted(set(re.findall(r"^ {2,6}(?:-\w, )?(--[a-z0-9-]+)", text, re.M)))
    assert sorted(bash_offers("--")) == options
    for shell in ("_conclavectl", "conclavectl.fish"):
        page = open(os.path.join(TOP, "server", "completions", shell)).read()
        for o in options:
            assert (o if shell[0] == "_" else "-l " + o[2:]) in page, (o, shell)
