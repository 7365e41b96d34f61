"""Every allocation of the real programs fails once: the n-th alone, then all
from the n-th on for a while. Whoever is concerned is let go or
told one sentence; nothing crashes or hangs, and the others go on.

USER is set: without it glibc is asked for the user's name, and its
nss_database.c asserts that it has memory.

A run of the whole suite takes some of the n; `make faults` takes all of them."""

import contextlib
import fcntl
import os
import pty
import signal
import sqlite3
import struct
import subprocess
import termios
import threading
import time
import traceback

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

import conclave1
import faults
import harness
from faults import ALL, FOREVER

MOST = 2000
PATIENCE = 60       # seconds without an answer that count as a hang
SHORTAGE = 0.3      # length of a shortage in seconds


def chosen(first, few, most=MOST):
    """All n, or about `few` of them, denser at the start."""
    if ALL:
        return list(range(first, most + 1))
    step = (most / 3.0) ** (1.0 / few)
    return sorted({first + int(3 * step ** i) for i in range(few)} | {first, first + 1})


# --- the server, with people in it --------------------------------------------


class Room:
    """A server with alice and bob, and guests who connect during a shortage."""

    def __init__(self, tmp, number):
        self.alloc = faults.Alloc(tmp / ("alloc%s" % number))
        self.server = harness.Server(
            tmp / ("server%s" % number), program=faults.program("conclaved"),
            **self.alloc.env)
        self.people = {}
        # A name stays with its identity when its connection is lost.
        self.identities = {name: ed25519.Ed25519PrivateKey.generate()
                           for name in ("alice", "bob", "guest")}
        self.lost = 0       # connections of alice and bob
        self.guests = 0     # that were disconnected
        for name in ("alice", "bob"):
            self.comes(name)

    def comes(self, name):
        p = conclave1.Peer(self.server.address, PATIENCE)
        p.join(harness.PASSWORD, name, identity=self.identities[name])
        self.people[name] = p
        return p

    def guest(self, number):
        """Joins, talks, asks, leaves; or is let go. True: it came through.

        From an address of its own: a handshake that ends after the server's
        confirm counts as a wrong guess, whoever ran out of memory."""
        p = None
        try:
            p = conclave1.Peer(self.server.address, PATIENCE, "127.1.%d.%d" % (
                number >> 8 & 255, number & 255))
            p.join(harness.PASSWORD, "guest", identity=self.identities["guest"])
            seq = p.say("from the guest")
            p.send_control({"type": "user_list", "room": p.room, "after": 0})
            p.send_control({"type": "identity", "member": p.member})
            p.send_control({"type": "ping", "id": 7})
            p.until(lambda: p.has("sent", seq=seq) and p.has("control"), PATIENCE)
            p.bye()
            p.until(lambda: p.closed, PATIENCE)
            return True
        except conclave1.Refused as e:
            assert e.code in ("full", "try_later", "timeout"), e
        except (conclave1.Closed, ConnectionError, BrokenPipeError):
            ends = [e["code"] for e in p.events if e["event"] == "bye"] if p else []
            assert all(c in ("full", "slow", "quit") for c in ends), ends
        finally:
            if p:
                p.close()
        self.guests += 1
        return False

    def round(self, n, length):
        """Returns False when the scenario has no n-th allocation."""
        self.alloc.arm(n, length)
        self.people["alice"].say("without memory %d" % n)
        back = threading.Timer(SHORTAGE if length > 1 else PATIENCE * 3,
                               self.alloc.disarm)
        back.start()
        through = self.guest(n)
        back.cancel()
        back.join()
        for p in self.people.values():
            p.pump(0)
        self.alloc.disarm()
        failed, count = self.alloc.failed, self.alloc.count
        assert through or failed, "nothing failed, and the guest was let go"
        self.memory_is_back(n, length)
        return failed > 0 or count >= n

    def memory_is_back(self, n, length):
        lost, tries = set(), 0
        text = "with memory %d %d" % (n, length)
        while True:
            for name, p in list(self.people.items()):
                if p.closed:
                    lost.add(name)
                    p.close()
                    self.comes(name)
            alice, bob = self.people["alice"], self.people["bob"]
            try:
                # She sends in an epoch that includes him.
                alice.until(lambda: alice.epoch >= bob.epoch, PATIENCE)
                alice.say(text)
                end = time.monotonic() + PATIENCE
                while text not in bob.texts("alice") and not (alice.closed or bob.closed):
                    assert time.monotonic() < end, "bob does not hear alice"
                    bob.pump(0.02)
                    alice.pump(0)
            except (ConnectionError, conclave1.Closed):
                alice.pump(1)
            if text in bob.texts("alice"):
                break
            tries += 1
            assert tries < 5, "they cannot stay"
        self.lost += len(lost)
        assert length > 1 or len(lost) <= 1, "one allocation, and %s are gone" % lost
        assert bob.texts("alice").count(text) == 1

    def end(self):
        for p in self.people.values():
            p.close()
        assert self.server.stop() == 0


def allocations_of_a_guest(tmp):
    """How many a guest costs the server, which differs between libraries."""
    room = Room(tmp, "whole")
    room.alloc.arm(FOREVER)
    assert room.guest(1)
    count = room.alloc.count
    room.alloc.disarm()
    room.end()
    return count


def rooms(tmp, rounds, number):
    """Distributes the rounds over so many servers at once: they mostly wait for the
    second between two epochs."""
    todo, problems, made, past = list(reversed(rounds)), [], [], []
    lock = threading.Lock()
    reached = {1: 0, FOREVER: 0}

    def work(i):
        room = Room(tmp, i)
        made.append(room)
        while todo and not problems and len(past) < 200:
            with lock:
                if not todo:
                    return
                n, length = todo.pop()
            try:
                if room.round(n, length):
                    reached[length] = max(reached[length], n)
                else:
                    past.append(n)      # after the last allocation
            except Exception as e:      # pylint: disable=broad-except
                problems.append((n, length, repr(e), traceback.format_exc(),
                                 room.server.p.poll(), room.server.err[-8:]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(number)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for room in made:
        room.alloc.disarm()
        room.end()
    assert not problems, "\n".join(map(str, problems[0]))
    return made, reached


def test_server_without_memory(tmp_path):
    conclave1.rsa_key()
    whole_guest = allocations_of_a_guest(tmp_path)
    rounds = [(n, length) for n in chosen(1, 12) for length in (1, FOREVER)]
    made, reached = rooms(tmp_path, rounds, 12 if ALL else 6)
    print("server: %d rounds, up to allocation %d of %d; %d guests and %d others let go" % (
        len(rounds), max(reached.values()), whole_guest, sum(r.guests for r in made),
        sum(r.lost for r in made)))
    # The sweep covers a guest from the first byte to the last, but for a
    # tenth: no two runs allocate the same number of times.
    assert whole_guest > 150
    assert max(reached.values()) >= max(n for n, _ in rounds if n <= whole_guest * 0.9)


# --- programs that start ------------------------------------------------------


def swept(rounds, one, number=4):
    """Runs one(n, length) for each round, `number` at once; it returns False when
    there is no n-th allocation. Returns the greatest n that was reached."""
    todo, problems, reached, past = list(reversed(rounds)), [], [0], []
    lock = threading.Lock()

    def work():
        while todo and not problems and len(past) < 200:
            with lock:
                if not todo:
                    return
                n, length = todo.pop()
            try:
                if one(n, length):
                    reached.append(n)
                else:
                    past.append(n)
            except Exception as e:      # pylint: disable=broad-except
                problems.append((n, length, repr(e), traceback.format_exc()))

    threads = [threading.Thread(target=work) for _ in range(number)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not problems, "\n".join(map(str, problems[0]))
    return max(reached)


def sentence(lines):
    """The last of them is one that says something."""
    assert lines, "it ends without a word"
    assert len(lines[-1].split()) >= 3, lines
    assert "protocol" not in lines[-1] and "wrong" not in lines[-1], lines


def no_secure_heap(code, lines):
    """libcrypto's secure heap asserts that its first allocation succeeds. This
    happens at the start, before a client is served, and prints a message."""
    return code == -6 and any("mem_sec.c" in line for line in lines)


def whole(folder):
    """A file on disk is complete or does not exist."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".key" or path.parent.name == "tickets":
            size = path.stat().st_size
            assert size == (32 if path.suffix == ".key" else 112), (path, size)
            continue
        if path.name.startswith("conclave.db"):
            if path.name == "conclave.db":
                with contextlib.closing(sqlite3.connect(path)) as db:
                    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            continue
        if path.parent.name == "direct":    # sealed: at least an iv and a tag
            assert path.suffix in (".lock", ".seen") or path.stat().st_size > 28, path
            continue
        assert path.name in ("identity.pem", "known_servers", "known_people",
                             "config", "lock", "audit.log",
                             "audit.log.1"), path
        text = path.read_bytes()
        if path.name == "identity.pem":
            serialization.load_pem_private_key(text, None)
        else:
            assert text == b"" or text.endswith(b"\n"), (path, text)


def test_server_starts_without_memory(tmp_path):
    def one(n, length):
        home = tmp_path / ("s%d.%d" % (n, length > 1))
        home.mkdir()
        alloc = faults.Alloc(home / "alloc")
        alloc.arm(n, length)
        state = home / "state"
        s = harness.Server(home, "--state", str(state), program=faults.program(
            "conclaved"), ephemeral=False, ready=False, **alloc.env)
        harness.until(lambda: s.p.poll() is not None or any(
            line.startswith("invite: ") for line in s.out), PATIENCE)
        alloc.disarm()
        if s.p.poll() is None:
            assert s.stop() == 0
        else:
            assert s.wait() in (1, 2) or no_secure_heap(s.p.returncode, s.err), (
                s.p.returncode, s.err)
            sentence(s.err)
            s.stop()
        assert s.p.returncode == 0 or alloc.failed, s.err
        whole(state)
        return alloc.failed > 0

    rounds = [(n, length) for n in chosen(1, 9) for length in (1, FOREVER)]
    print("server's start: %d" % swept(rounds, one))


class Servers:
    """One for each thread. A client that ends after the confirm has made a
    wrong guess, as far as the server can see: then another takes its place,
    so that nobody is told to wait."""

    def __init__(self, world):
        self.world, self.now = world, {}

    def get(self):
        me = threading.get_ident()
        if me not in self.now:
            self.now[me] = self.world.server()
        return self.now[me]

    def spent(self):
        self.now.pop(threading.get_ident()).stop()


def test_client_starts_without_memory(world, tmp_path):
    servers = Servers(world)

    def one(n, length, main=True):
        home = tmp_path / ("c%d.%d" % (n, length > 1))
        home.mkdir()
        alloc = faults.Alloc(home / "alloc")
        alloc.arm(n, length, main)
        c = harness.Client(home, servers.get().invite, "c%d-%d" % (n, length > 1),
                           program=faults.program("conclave"), USER="tester", **alloc.env)
        harness.until(lambda: c.p.poll() is not None or c.events("connected"),
                      PATIENCE, "room or end of c%d+%d" % (n, length))
        alloc.disarm()
        if c.p.poll() is None:
            c.say("here")
            c.see("sent")
            c.quit()
        else:
            assert c.wait() in (2, 3) or no_secure_heap(c.p.returncode, c.err), (
                c.p.returncode, c.err)
            sentence(c.err)
            servers.spent()
        c.stop()
        assert c.p.returncode == 0 or alloc.failed, c.err
        whole(home / "config")
        return alloc.failed > 0

    rounds = [(n, length) for n in chosen(1, 5) for length in (1, FOREVER)]
    print("client's start: %d" % swept(rounds, one))
    # Includes the threads: RSA and scrypt.
    rounds = [(n, 1) for n in range(2000, 40000, 500 if ALL else 9000)]
    print("with its threads: %d" % swept(rounds, lambda n, k: one(n, k, False)))


@pytest.mark.parametrize("argv", [
    ["conclaved", "--help"], ["conclaved", "--check-config", "--config", "d.conf"],
    ["conclave", "--help"], ["conclave", "--write-config"],
    ["conclave", "--forget-server", "example.org"]], ids=" ".join)
def test_one_shot_without_memory(tmp_path, argv):
    def one(n, length):
        home = tmp_path / ("o%d.%d" % (n, length > 1))
        folder = home / "config/conclave"
        folder.mkdir(parents=True)
        (home / "d.conf").write_text("listen = localhost:0\nroom = den\n")
        known = "example.org:2528 %s # of old\nother.example:1 %s\n" % ("A" * 43, "B" * 42 + "A")
        (folder / "known_servers").write_text(known)
        (folder / "known_servers").chmod(0o600)
        alloc = faults.Alloc(home / "alloc")
        alloc.arm(n, length)
        p = harness.Process([faults.program(argv[0]), *argv[1:]], harness.environment(
            home, USER="tester", **alloc.env), cwd=home)
        code = p.wait(PATIENCE)
        alloc.disarm()
        p.stop()
        if code != 0:
            assert alloc.failed and (code in (1, 2, 3) or no_secure_heap(
                code, p.err)), (code, p.err)
            sentence(p.err)
        whole(home / "config")
        text = (folder / "known_servers").read_text()
        assert text == known or code == 0 or text == known.split("\n", 1)[1], text
        return alloc.failed > 0

    rounds = [(n, length) for n in chosen(1, 5) for length in (1, FOREVER)]
    print("%s: %d" % (" ".join(argv), swept(rounds, one)))


# --- clients in a room --------------------------------------------------------


class Face:
    """A client with one of its three user interfaces, and a user's keys."""

    def __init__(self, tmp, home, face, where):
        self.face = face
        self.alloc = faults.Alloc(tmp / ("alloc-" + face))
        self.out = b""
        self.code = self.child = None
        self.refused = False    # a line of its input was none
        argv = [faults.program("conclave"), "--" + face, "--name", face, "--rsa-bits",
                "2048", "--password", harness.PASSWORD, where]
        env = harness.environment(home, TERM="xterm", LC_ALL="C.UTF-8", USER="tester",
                                  **self.alloc.env)
        if face == "tui":
            self.pid, self.fd = pty.fork()
            if self.pid == 0:
                os.chdir(harness.TOP)
                os.execve(argv[0], argv, env)
            self.size(24, 80)
            self.out_fd = self.fd
            return
        (there, self.fd), (self.out_fd, out) = os.pipe(), os.pipe()
        self.child = subprocess.Popen(argv, stdin=there, stdout=out, stderr=out, env=env,
                                      cwd=harness.TOP)
        self.pid = self.child.pid
        os.close(there)
        os.close(out)

    def size(self, rows, cols):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self):
        while conclave1.ready([self.out_fd], 0):
            try:
                got = os.read(self.out_fd, 65536)
            except OSError:
                got = b""
            if not got:
                if self.code is None and self.child:
                    self.code = self.child.wait()
                elif self.code is None:
                    _, status = os.waitpid(self.pid, 0)
                    self.code = os.waitstatus_to_exitcode(status)
                return
            self.out = (self.out + got)[-200000:]

    def type(self, text):
        os.write(self.fd, text.encode())

    def say(self, text):
        if self.face == "json":
            self.type('{"do":"say","text":"%s"}\n' % text)
        else:
            self.type(text + ("\r" if self.face == "tui" else "\n"))

    def play(self):
        """Actions of a user besides sending messages."""
        if self.face == "tui":
            self.size(10 + int(time.time()) % 20, 60)
            # A page up and down, a search, a completion, another line.
            self.type("\x1b[5~\x1b[6~\x12bob\x1b\x1b/na\t\x15wörd \u5099\x15")
        elif self.face == "plain":
            self.type("/names\n/whois bob\n/nonsense\n")
            self.refused = True
        else:
            self.type('{"do":"users"}\nnot json\n')
            self.refused = True

    def end(self):
        """Ends it, and checks that its exit status is the one of its sentence."""
        if self.code is None:
            os.kill(self.pid, signal.SIGTERM)
            harness.until(lambda: self.read() or self.code is not None, PATIENCE)
        os.close(self.fd)
        if self.out_fd != self.fd:
            os.close(self.out_fd)
        why = (self.code, self.out[-500:])
        said = {1: [b"no memory for the window"],
                7: [b"of the input w", b"has not acknowledged"]}
        assert self.code in (0, 1, 3, 7), why
        assert any(s in self.out for s in said.get(self.code, [b""])), why
        assert self.code != (0 if self.refused else 7), why
        return self.code


def converse(bob, face, said, heard):
    """Waits until bob has the client's message and the client has bob's."""
    end = time.monotonic() + PATIENCE * 2
    again = 0
    while said not in bob.texts() or heard.encode() not in face.out:
        assert time.monotonic() < end, (said, bob.texts()[-3:], heard, face.out[-1500:])
        bob.pump(0.02)
        face.read()
        assert face.code is None, (face.code, face.out[-1500:])
        # A client that reconnects only now needs it again; redraw the screen of
        # a client that had no memory.
        if time.monotonic() - again > 1:
            again = time.monotonic()
            if heard.encode() not in face.out:
                bob.say(heard)
            if face.face == "tui":
                face.type("\x0c")


class Talk:
    """One server, bob, and a client that is replaced after a lost connection,
    because its pause before a reconnect grows each time."""

    def __init__(self, tmp, kind):
        self.tmp, self.kind, self.made, self.gone = tmp, kind, 0, 0
        tmp.mkdir()
        # Every one of them has this identity: a lost connection's name stays
        # with it.
        self.home = tmp / "home"
        self.home.mkdir()
        self.server = harness.Server(tmp / "server", "--max-users", "100")
        self.bob = conclave1.Peer(self.server.address, PATIENCE)
        self.bob.join(harness.PASSWORD, "bob")
        self.face = None

    def fresh(self):
        if self.face:
            return
        self.made += 1
        folder = self.tmp / str(self.made)
        folder.mkdir()
        self.face = Face(folder, self.home, self.kind, self.server.invite)
        self.bob.until(lambda: self.kind in self.bob.names(), PATIENCE * 2)
        converse(self.bob, self.face, *greet(self.face, "begin %d" % self.made))
        self.member = [m for m, u in self.bob.users.items() if u["name"] == self.kind]

    def leaves(self):
        self.face.end()
        self.face = None
        self.bob.until(lambda: self.kind not in self.bob.names(), PATIENCE)

    def round(self, n, length):
        self.fresh()
        face, bob = self.face, self.bob
        face.alloc.arm(n, length)
        face.say("in need %d %d" % (n, length > 1))
        face.play()
        bob.say("in need too %d" % n)
        if n % 5 == 1:
            guest = conclave1.Peer(self.server.address, PATIENCE)
            guest.join(harness.PASSWORD, "guest")
            guest.bye()
            guest.close()
        end = time.monotonic() + (SHORTAGE if length > 1 else 0.15)
        while time.monotonic() < end:
            bob.pump(0.01)
            face.read()
        face.alloc.disarm()
        failed = face.alloc.failed
        # Only ncurses, when it cannot resize its windows, ends a client.
        if face.code is not None:
            assert self.kind == "tui" and failed, face.out[-1500:]
            assert face.code == 1, (face.code, face.out[-1500:])
            self.gone += 1
            self.leaves()
            return True
        words = greet(face, "%d-%d" % (n, length > 1))
        converse(bob, face, *words)
        assert bob.texts().count(words[0]) == 1
        if self.member != [m for m, u in bob.users.items() if u["name"] == self.kind]:
            self.gone += 1
            self.leaves()
        return failed > 0

    def end(self):
        if self.face:
            assert self.face.end() == (7 if self.face.refused else 0)
        self.bob.close()
        assert self.server.stop() == 0


@pytest.mark.parametrize("kind", ["json", "plain", "tui"])
def test_client_talks_without_memory(tmp_path, kind):
    talks = {}

    def one(n, length):
        me = threading.get_ident()
        if me not in talks:
            talks[me] = Talk(tmp_path / str(me), kind)
        return talks[me].round(n, length)

    rounds = [(n, length) for n in chosen(1, 3, 400 if ALL else 100)
              for length in (1, FOREVER)]
    try:
        reached = swept(rounds, one, 3)
    except BaseException:
        for t in talks.values():    # nothing is left running
            t.server.stop()
        raise
    for t in talks.values():
        t.end()
    print("%s: %d rounds, up to allocation %d, %d times it lost its connection" % (
        kind, len(rounds), reached, sum(t.gone for t in talks.values())))
    assert reached >= 10


def greet(face, number):
    """A new message from it, and a new one to it."""
    said, heard = "back " + number, os.urandom(6).hex()
    face.say(said)
    return said, heard
