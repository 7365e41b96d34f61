"""The real programs, started and watched: a server on loopback, and clients
through the json face. Only processes started here are ended, by their pid;
every wait is bounded."""

import ctypes
import functools
import hashlib
import itertools
import json
import os
import queue
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(TOP, os.environ.get("CONCLAVE_BUILD", "build"))
# Not the installed build: slower, and its memory includes the watcher's.
WATCHED = os.path.basename(BUILD) in ("asan", "tsan", "valgrind")
MEMCHECK = 99   # exit status of a program in which valgrind found something
CAGELESS = os.path.basename(BUILD) == "valgrind"    # valgrind has no seccomp
FAULT = os.path.join(BUILD, "fault")
PASSWORD = "open sesame, please"
SCRYPT_N = "16384"
# Longest wait for anything, in seconds. It is long, because only a broken test
# uses it up and the machine may be busy. SLOW times as long where the programs
# are that much slower (make valgrind).
WAIT = 60 * int(os.environ.get("SLOW", "1"))


def environment(home, **more):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("XDG_", "CONCLAVE_P"))}
    env.update(HOME=str(home), XDG_CONFIG_HOME=os.path.join(str(home), "config"),
               XDG_STATE_HOME=os.path.join(str(home), "state"),
               CONCLAVE_RSA_BITS="2048")    # the fastest to make
    env.update(more)
    return env


def until(done, seconds=WAIT, what="it"):
    end = time.monotonic() + seconds
    while True:
        r = done()
        if r:
            return r
        if time.monotonic() > end:
            raise TimeoutError(what + " did not come")
        time.sleep(0.01)


def until_all(count, n, what, stall=2 * WAIT):
    """Waits until count() reaches n. On a busy machine many things may take long
    together; it fails only when no further one has come for `stall` seconds."""
    had = count()
    while had < n:
        had = until(lambda: max(count() - had, 0), stall, "more than %d of %d: %s" % (had, n, what)) + had


def landlock():
    """The version of this kernel's Landlock; 4 knows ports, 6 all that we use."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1)


RSA_PAIRS = 16      # 0: every client makes its own
turn = itertools.count()


def rsa_pair():
    """The file of one of RSA_PAIRS RSA pairs of 2048 bits, each in its turn, so that
    no two people in a test's room have the same. A test run keeps them for the next."""
    path = os.path.join(BUILD, "fault", "rsa-%d.pem" % (next(turn) % RSA_PAIRS))
    if not os.path.exists(path):
        key = rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        fd, new = tempfile.mkstemp(dir=os.path.dirname(path))
        with os.fdopen(fd, "wb") as f:
            f.write(key)
        os.chmod(new, 0o644)    # for tests that run as another user
        os.replace(new, path)
    return path


SALTS = 4           # a server that starts again has another
salt_turn = itertools.count()
control_turn = itertools.count()


@functools.lru_cache()
def scrypts():
    """PASSWORD as scrypt gets it, and for each of SALTS salts what scrypt makes of it
    at the lowest cost, in hex: of RFC 9383, and PROTOCOL.md, section 2."""
    what = b"".join(struct.pack("<Q", len(x)) + x
                    for x in (PASSWORD.encode(), b"*", b"conclave/1"))
    salts = [hashlib.sha256(b"a salt of the tests %d" % i).digest() for i in range(SALTS)]
    return what.hex(), ["%s %s" % (salt.hex(), hashlib.scrypt(
        what, salt=salt, n=int(SCRYPT_N), r=8, p=1, maxmem=2**26, dklen=80).hex())
        for salt in salts]


def with_known(env, more):
    """The environment of a program that need not work out what is known, unless
    something else is preloaded (tests/fault/known.c)."""
    if (RSA_PAIRS == 0 or CAGELESS or "LD_PRELOAD" in env or
            not os.path.exists(os.path.join(FAULT, "known.so"))):
        return env
    asan = env.get("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", ""))
    return dict(env, **preload("known", ASAN_OPTIONS=asan, **more()))


def with_a_pair(env):
    """A client's: it has its RSA pair from a file, and knows the salts."""
    what, salts = scrypts()
    return with_known(env, lambda: {"CONCLAVE_RSA_2048": rsa_pair(),
                                    "CONCLAVE_SCRYPT": " ".join([what, *salts])})


def with_a_salt(env):
    """A server's: its salt for PASSWORD is one of SALTS, each in its turn."""
    what, salts = scrypts()
    return with_known(env, lambda: {
        "CONCLAVE_SCRYPT_SALT": "1",
        "CONCLAVE_SCRYPT": "%s %s" % (what, salts[next(salt_turn) % SALTS])})


def preload(name, **env):
    """The environment of a program under build/fault/NAME.so."""
    path = os.path.join(FAULT, name + ".so")
    assert os.path.exists(path)     # make build/fault/NAME.so
    asan = env.get("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", ""))
    env.update(LD_PRELOAD=path,
               ASAN_OPTIONS=asan + (":" if asan else "") + "verify_asan_link_order=0")
    return env


PARTLY = CAGELESS or landlock() < 6     # every client says at its start what is missing


def apart_from_the_cage(lines):
    """Without what every client says here about this kernel."""
    return [x for x in lines if not (PARTLY and '"code":"sandbox"' in x)]


class Process:
    """A child process; collects its output lines in a list."""

    def __init__(self, argv, env, cwd=TOP, preexec=None):
        self.p = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env, cwd=cwd, preexec_fn=preexec)
        self.out, self.err = [], []
        self.news = queue.Queue()
        self.threads = [
            threading.Thread(target=self._read, args=(self.p.stdout, self.out), daemon=True),
            threading.Thread(target=self._read, args=(self.p.stderr, self.err), daemon=True)]
        for t in self.threads:
            t.start()

    def _read(self, stream, lines):
        for line in stream:
            lines += apart_from_the_cage([line.decode("utf-8", "replace").rstrip("\n")])

    def wait(self, seconds=WAIT):
        code = self.p.wait(seconds)
        for t in self.threads:
            t.join(WAIT)
            assert not t.is_alive(), "another process still has the output of %s" % self.p.args
        return code

    def signal(self, n):
        self.p.send_signal(n)

    def stop(self):
        """Ends it if it still runs. Returns its exit status."""
        if self.p.poll() is None:
            self.p.terminate()
            try:
                self.wait(WAIT)
            except subprocess.TimeoutExpired:
                self.p.kill()
                raise
        code = self.wait()
        for s in (self.p.stdin, self.p.stdout, self.p.stderr):
            try:
                s.close()
            except OSError:
                pass
        text = "\n".join(self.err)
        assert code != MEMCHECK, "memcheck: its word is in test-logs/memcheck"
        assert "Sanitizer" not in text and "runtime error" not in text, text
        return code

    def said(self, pattern):
        return next((line for line in self.err if re.search(pattern, line)), None)


class Server(Process):
    def __init__(self, home, *args, listen="127.0.0.1:0", password=PASSWORD,
                 ephemeral=True, preexec=None, ready=True, program=None, control=False,
                 **env):
        argv = [program or os.path.join(BUILD, "conclaved"), "--scrypt-n", SCRYPT_N]
        if control:     # also of one that keeps nothing
            self.control = os.path.join(os.path.dirname(str(home)),
                                        "control%d.sock" % next(control_turn))
            argv += ["--control", self.control]
        if listen:
            argv += ["--listen", listen]
        if ephemeral:
            argv.append("--ephemeral")
        elif "--state" not in args:
            # For root the default is /var/lib, which tests must not touch.
            argv += ["--state", os.path.join(str(home), "state")]
        if password is not None:
            argv += ["--password", password]
        super().__init__(argv + list(args), with_a_salt(environment(home, **env)),
                         preexec=preexec)
        if ready:
            until(lambda: any(line.startswith("invite: ") for line in self.out) or
                  self.p.poll() is not None, what="the invite")
            assert self.p.poll() is None, "\n".join(self.err)
            self.invite = next(line[8:] for line in self.out if line.startswith("invite: "))
            self.listening = [line.split(" ", 2)[2] for line in self.out
                              if line.startswith("listening on ")]
            self.address = self.place(self.listening)
            self.tls_address = self.place([line.split(" ")[4] for line in self.out
                                           if line.startswith("listening with TLS on ")])
            self.tls_invite = next((line.split(" ")[3] for line in self.out
                                    if line.startswith("invite with TLS: ")), self.invite)

    @staticmethod
    def place(listening):
        m = re.match(r"(?:\[(.*)\]|(.*)):(\d+)$", listening[0]) if listening else None
        return (m[1] or m[2], int(m[3])) if m else None

    def owner(self, **order):
        """The answers to an order on the control socket (control=True)."""
        with socket.socket(socket.AF_UNIX) as c:
            c.settimeout(WAIT)
            c.connect(self.control)
            c.sendall(json.dumps(order).encode() + b"\n")
            rows = []
            for line in c.makefile():
                rows.append(json.loads(line))
                if rows[-1]["type"] in ("done", "failed"):
                    return rows
        raise AssertionError(rows)

    def forget(self, name):
        """The account of somebody; the name is free again."""
        assert self.owner(do="forget", who=name)[-1] == {"type": "done"}

    def cpu(self):
        """user + system time, seconds"""
        with open("/proc/%d/stat" % self.p.pid) as f:
            t = f.read().rsplit(")", 1)[1].split()
        return (int(t[11]) + int(t[12])) / os.sysconf("SC_CLK_TCK")


class Client(Process):
    """conclave --json."""

    def __init__(self, home, where, name, *args, password=PASSWORD, face="--json",
                 program=None, preexec=None, **env):
        os.makedirs(str(home), exist_ok=True)
        argv = [program or os.path.join(BUILD, "conclave"), face, "--name", name,
                "--rsa-bits", "2048"]
        if password is not None:
            argv += ["--password", password]
        super().__init__(argv + list(args) + ([where] if where else []),
                         with_a_pair(environment(home, **env)), preexec=preexec)
        self.name = name
        self.parsed = []

    def events(self, event=None, **match):
        self.parsed += [json.loads(line) for line in self.out[len(self.parsed):]]
        return [e for e in self.parsed
                if event in (None, e["event"]) and all(
                    e.get(k) == v for k, v in match.items())]

    def see(self, event, seconds=WAIT, n=1, **match):
        """Waits for the n-th event of this kind."""
        def there():
            return len(self.events(event, **match)) >= n or self.p.poll() is not None
        until(there, seconds, "%s: %s %s in %s ... %s" % (
            self.name, event, match, self.out[-8:], self.err[-3:]))
        got = self.events(event, **match)
        if len(got) < n:
            for t in self.threads:
                t.join(WAIT)
            got = self.events(event, **match)
        assert len(got) >= n, (self.name, event, match, self.out[-8:], self.err)
        return got[n - 1]

    def joined(self, n=1):
        return self.see("connected", n=n)

    def do(self, **o):
        self.p.stdin.write(json.dumps(o).encode() + b"\n")
        self.p.stdin.flush()

    def say(self, text):
        self.do(do="say", text=text)

    def texts(self, sender=None):
        return [e["text"] for e in self.events("message")
                if sender in (None, e["from"])]

    def quit(self):
        self.do(do="quit")
        code = self.wait()
        assert code == 0, (code, self.err)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.p.wait(WAIT)


def together(*clients):
    """Waits until each is in its room and has seen the others come. What somebody says
    before that may be held for their user, who did not know of the newcomer."""
    names = {c.name for c in clients}

    def seen(c):
        return {n for e in c.events("join") for n in e["names"]} | {
            u["name"] for e in c.events("connected") for u in e["users"]}
    for c in clients:
        c.joined()
    for c in clients:
        until(lambda c=c: names <= seen(c), what="%s: the others" % c.name)


def shut(*socks):
    for s in socks:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Proxy:
    """Passes bytes both ways between clients and a server, on a port of its own that
    `invite` names. A test can watch them (`passed`: of each direction; up, down, up
    of the next connection, ...), hold back what goes to the server, cut what is open,
    shut the door to newcomers, or put answer(socket) in the place of the server.
    cut_after() is called for each connection: after how many bytes to cut it, None:
    never."""

    def __init__(self, server, cut_after=lambda: None):
        self.address, self.cut_after = server.address, cut_after
        self.answer, self.open = None, True
        self.came = self.cuts = 0
        self.passed, self.ends = [], []
        self.flows = threading.Event()
        self.flows.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        # Inherited by what it accepts. Without it two records in a row wait 40 ms
        # for a delayed acknowledgement.
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.listener.getsockname()[1]
        self.invite = server.invite.replace(":%d/" % self.address[1], ":%d/" % self.port)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                down, _ = self.listener.accept()
            except OSError:
                return
            self.came += 1
            if not self.open:
                down.close()
            elif self.answer:
                threading.Thread(target=self.lie, args=(down,), daemon=True).start()
            else:
                self.join(down, socket.create_connection(self.address, WAIT))

    def lie(self, down):
        try:
            self.answer(down)
        except OSError:
            pass
        down.close()

    def join(self, down, up):
        up.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ends += [down, up]
        left = [self.cut_after()]
        for a, b, gate in ((down, up, self.flows), (up, down, None)):
            self.passed.append(bytearray())
            threading.Thread(target=self.copy, args=(a, b, gate, left, self.passed[-1]),
                             daemon=True).start()

    def copy(self, a, b, gate, left, passed):
        try:
            while data := a.recv(65536):
                passed += data
                while gate and not gate.wait(0.02):     # what comes meanwhile is seen
                    if select.select([a], [], [], 0)[0]:
                        more = a.recv(65536)
                        if not more:
                            gate.wait()
                        passed += more
                        data += more
                if left[0] is not None:
                    left[0] -= len(data)
                    if left[0] < 0:
                        b.sendall(data[:max(0, len(data) + left[0])])
                        self.cuts += 1
                        break
                b.sendall(data)
        except OSError:
            pass
        shut(a, b)

    def hold(self):
        self.flows.clear()

    def cut(self):
        """What is held back never arrives."""
        shut(*self.ends)
        self.ends = []
        self.flows.set()

    def close(self):
        self.listener.close()
        self.cut()
