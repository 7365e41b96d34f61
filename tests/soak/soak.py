"""Kills relay, keeper and clients (-9) at random while people talk in rooms with a
history, and stops clients for a while as a laptop does that is closed. At the end,
and after every few kills, what was acknowledged (ledger.py) must have been shown to
everybody, once and in order, and everybody must have the same chain.

    soak.py [--kills N] [--messages N] [--people N] [--rooms N] [--seed N] FOLDER

  --round N   kills between two times of rest; --pause S   between two kills
  --power     a killed relay is a power cut: what was not synced is not on the disk
  --rate N    messages a second; --nap S   the longest stop; --relay N   of 19 + N kills

FOLDER has everything: the server's state, the clients' files, the ledger. A soak
that was interrupted goes on where it was when it is started again with the same
folder. When something is wrong, the folder stays as it is, with the last lines of
everybody; otherwise it is emptied at the end, unless --keep is given."""

import argparse
import base64
import collections
import json
import os
import random
import selectors
import shutil
import signal
import subprocess
import sys
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tests", "e2e"), os.path.dirname(__file__)]

import conclave1     # noqa: E402
import harness       # noqa: E402
from cryptography.hazmat.primitives import serialization     # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ed25519   # noqa: E402
from ledger import Ledger, Wrong, chains    # noqa: E402

PATIENCE = 3 * harness.WAIT     # without any progress
KEPT = {"history": "members", "keep_days": 30, "keep_count": 1000000}
# Events that no honest server causes.
NEVER = ("fork", "rewritten", "dropped", "missing", "lost", "unsaid", "held", "changed")


def unb64url(s):
    return base64.urlsafe_b64decode(s + "=" * (-len(s) % 4))


def name_of(pid):
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read().strip()
    except FileNotFoundError:
        return None


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(w) for w in f.read().split()]
    except FileNotFoundError:
        return []


def state(pid):
    """A letter, as in ps; X: it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "X"


class Talker:
    """One client after the other, of one person."""

    def __init__(self, soak, name, rooms):
        self.soak, self.name, self.rooms = soak, name, rooms
        self.life = soak.ledger.lives.get(name, 0)
        self.p, self.tail = None, collections.deque(maxlen=3000)
        self.back_at = self.awake_at = None     # killed, or stopped, until then
        self.say_at = 0
        self.home = os.path.join(soak.folder, name)

    def start(self):
        os.makedirs(self.home, exist_ok=True)
        self.life += 1
        self.n, self.buf, self.joined, self.waits, self.back_at = 0, b"", set(), {}, None
        self.came = False   # it was in once
        self.soak.ledger.write("life", self.name, self.life)
        self.errors = open(os.path.join(self.home, "stderr"), "ab")
        self.p = subprocess.Popen(
            [os.path.join(harness.BUILD, "conclave"), "--json", "--name", self.name,
             "--rsa-bits", "2048", "--password", harness.PASSWORD, "--held", "send",
             self.soak.server.invite], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, cwd=TOP,
            env=harness.with_a_pair(harness.environment(self.home)))
        os.set_blocking(self.p.stdout.fileno(), False)
        self.soak.poll.register(self.p.stdout, selectors.EVENT_READ, self)
        for room in self.rooms:
            self.do(do="join", room=room)

    def do(self, **o):
        try:
            self.p.stdin.write(json.dumps(o).encode() + b"\n")
            self.p.stdin.flush()
        except BrokenPipeError:
            pass    # read() finds out why

    def read(self):
        """False: the output has ended."""
        while True:
            try:
                data = os.read(self.p.stdout.fileno(), 1 << 16)
            except BlockingIOError:
                return True
            if not data:
                return False
            lines = (self.buf + data).split(b"\n")
            self.buf = lines.pop()
            for line in lines:
                self.tail.append((self.life, line.decode("utf-8", "replace")))
                self.take(json.loads(line))

    def take(self, e):
        what, room = e["event"], e.get("room")
        if what in NEVER:
            raise Wrong("%s got %s" % (self.name, e))
        self.came = self.came or what == "connected"
        if what == "error" and e["code"] != "sandbox":
            self.soak.errors[e["code"]] += 1
        elif what == "reconnect":
            self.joined.clear()
        elif room not in self.rooms:
            return
        elif what == "joined":
            self.joined.add(room)
            self.soak.ledger.write("joined", self.name, room, e["offset"])
        elif what == "sent":
            if self.waits.pop(e["ref"], None) != room:
                raise Wrong("%s was sent, and was not said" % e["ref"])
            self.soak.ledger.write("acked", e["ref"], room, e["offset"])
        elif what == "message":
            self.soak.ledger.write("shown", self.name, room, e["offset"],
                                   e["text"].split()[0])

    def say(self):
        self.n += 1
        key = "%s.%d.%d" % (self.name, self.life, self.n)
        room = self.soak.dice.choice(self.rooms)
        self.waits[key] = room
        self.do(do="say", room=room, ref=key,
                text=key + " " + "x" * self.soak.dice.randrange(200))

    def can_talk(self):
        return self.p and not self.awake_at and len(self.joined) == len(self.rooms)

    def gone(self):
        """It has ended, or was killed: reads what it still has said."""
        self.read()
        self.soak.poll.unregister(self.p.stdout)
        status = self.p.wait(harness.WAIT)
        for f in (self.p.stdin, self.p.stdout, self.errors):
            try:
                f.close()
            except BrokenPipeError:
                pass
        self.p = None
        return status

    def ended(self):
        """A client that was never in ends when it finds no server: its user starts
        it again."""
        came, status = self.came, self.gone()
        if came or status != 3:
            raise Wrong("%s has ended by itself (%d): %s/stderr" % (
                self.name, status, self.home))
        self.back_at = time.monotonic() + 0.5

    def kill(self, pause):
        self.awake_at = None
        self.p.kill()
        self.gone()
        self.back_at = time.monotonic() + pause

    def stop(self, seconds):
        self.p.send_signal(signal.SIGSTOP)
        self.awake_at = time.monotonic() + seconds
        self.soak.ledger.write("stopped", self.name)

    def wake(self):
        self.awake_at = None
        self.p.send_signal(signal.SIGCONT)

    def lacks(self):
        return (len(self.waits) + len(self.rooms) - len(self.joined)
                if self.p and not self.awake_at else 1) + sum(
                    len(self.soak.ledger.lacks(self.name, r)) for r in self.rooms)


class Soak:
    def __init__(self, o):
        self.o, self.folder = o, os.path.abspath(o.folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ledger = Ledger(os.path.join(self.folder, "ledger"))
        # After an interruption something else happens than before.
        seed = "%d.%d" % (o.seed, sum(self.ledger.lives.values()))
        self.dice = random.Random(seed)
        self.ledger.write("seed", seed)
        self.poll = selectors.DefaultSelector()
        self.errors = collections.Counter()
        self.server, self.logs, self.port = None, [], 0
        self.rooms = ["room-%d" % i for i in range(o.rooms)]
        self.began = time.monotonic()
        self.people = []

    # the server

    def serve(self):
        more = harness.preload("power") if self.o.power else {}
        self.server = harness.Server(
            os.path.join(self.folder, "server"), "--rate", "0", "--sync", self.o.sync,
            *(["--no-sandbox"] if self.o.power else []),
            ephemeral=False, listen="127.0.0.1:%d" % self.port, **more)
        self.port = self.server.address[1]

    def keeper(self):
        """The process, if there is one at this moment."""
        return next((k for w in children(self.server.p.pid) for k in children(w)
                     if name_of(k) == "conclave-keeper"), None)

    def power_fails(self):
        """Nothing runs any more, and the disk has what was synced (tests/fault/power.c)."""
        wardens = children(self.server.p.pid)
        for pid in [self.server.p.pid, *wardens]:
            os.kill(pid, signal.SIGSTOP)
        keepers = [k for w in wardens for k in children(w)
                   if name_of(k) == "conclave-keeper"]
        for pid in keepers:
            os.kill(pid, signal.SIGUSR2)
        harness.until(lambda: all(state(pid) in "ZX" for pid in keepers), what="their end")
        for pid in wardens:
            os.kill(pid, signal.SIGKILL)

    def kill_relay(self):
        if self.o.power:
            self.power_fails()
        self.server.signal(signal.SIGKILL)
        self.server.p.wait(harness.WAIT)
        self.log()
        time.sleep(self.dice.choice((0, 0, 0.3)))
        self.serve()

    def log(self):
        """Keeps what the server has said."""
        with open(os.path.join(self.folder, "server.log"), "a") as f:
            f.write("\n".join(self.server.err) + "\n")

    # the rooms, and an independent member of all of them

    def auditor(self):
        path = os.path.join(self.folder, "auditor.pem")
        if not os.path.exists(path):
            key = ed25519.Ed25519PrivateKey.generate()
            with open(path, "wb") as f:
                f.write(key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption()))
        with open(path, "rb") as f:
            key = serialization.load_pem_private_key(f.read(), None)
        conclave1.rsa_key(2048)
        p = conclave1.Peer(self.server.address)
        p.join(harness.PASSWORD, "auditor", identity=key)
        return p

    def enter(self, p, room):
        a = p.request("room_join", name=room)
        p.until(lambda: p.rooms[a["room"]].joined)
        return a["room"]

    def make_rooms(self):
        p = self.auditor()
        for room in self.rooms:
            a = p.request("room_new", name=room, settings=KEPT)
            if a["type"] != "done" and a["code"] != "name_taken":
                raise Wrong("no room: %s" % a)
            self.enter(p, room)
        p.close()

    # talking

    def steps(self, seconds):
        """Lets time pass: reads what is said, ends pauses."""
        end = time.monotonic() + seconds
        while True:
            for key, _ in self.poll.select(0.01):
                t = key.data
                if not t.read():
                    t.ended()
            now = time.monotonic()
            for t in self.people:
                if t.back_at and now >= t.back_at:
                    t.start()
                elif t.awake_at and now >= t.awake_at:
                    t.wake()
            if now >= end:
                return
            yield now

    def talk(self, seconds):
        """Everybody who can says `rate` messages a second together."""
        each = len(self.people) / self.o.rate
        for now in self.steps(seconds):
            for t in self.people:
                if now >= t.say_at and t.can_talk():
                    t.say_at = now + self.dice.random() * 2 * each
                    t.say()

    def kill(self):
        what = self.dice.choices(("relay", "keeper", "client", "stop"),
                                 (self.o.relay, 4, 12, 3))[0]
        if what == "relay":
            self.kill_relay()
            self.ledger.write("killed", "relay", "-")
        elif what == "keeper":
            pid = self.keeper()
            if pid:
                os.kill(pid, signal.SIGKILL)
                self.ledger.write("killed", "keeper", "-")
        else:
            there = [t for t in self.people if t.p and not t.awake_at]
            for t in self.dice.sample(there, min(len(there), self.dice.choice((1, 1, 2, 4)))):
                if what == "stop":
                    t.stop(self.dice.choice((0.2, 1, 5, self.o.nap)))
                else:
                    t.kill(self.dice.choice((0, 0.2, 2)))
                    self.ledger.write("killed", "client", t.name)

    def killed(self):
        return sum(self.ledger.kills.values())

    def settle(self):
        """Nobody speaks or is killed until everybody has everything."""
        best, since = None, time.monotonic()
        while (left := sum(t.lacks() for t in self.people)) > 0:
            for _ in self.steps(0.2):
                pass
            if left != best:
                best, since = left, time.monotonic()
            if time.monotonic() - since > PATIENCE:
                raise Wrong("lost, or late: " + "; ".join(
                    "%s waits for %s, is in %s, lacks %s" % (
                        t.name, sorted(t.waits)[:5], sorted(t.joined),
                        {r: m[:10] for r in t.rooms
                         if (m := self.ledger.lacks(t.name, r))})
                    for t in self.people if t.lacks()))
        self.ledger.in_order()
        self.ledger.flush()

    def report(self, word):
        k = self.ledger.kills
        print("%s: %d kills (relay %d, keeper %d, clients %d), %d stops, %d acknowledged, "
              "%d shown, %d shown again to a reader that was itself killed, %.0f s%s" % (
                  word, self.killed(), k["relay"], k["keeper"], k["client"],
                  self.ledger.stops, self.ledger.acked, self.ledger.shown,
                  self.ledger.again, time.monotonic() - self.began,
                  " errors %s" % dict(self.errors) if self.errors else ""), flush=True)

    # the end

    def known(self, t):
        """{room: (log, offset, chain)} as the client has written it."""
        out = {}
        folder = os.path.join(t.home, "config", "conclave", "rooms")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name)) as f:
                for line in f:
                    w = line.split()
                    if len(w) >= 4 and w[0] in self.rooms:
                        out[w[0]] = (unb64url(w[1]), int(w[2]),
                                     unb64url(w[3]))
        return out

    def quit(self):
        for t in self.people:
            t.do(do="quit")
        for t in self.people:
            end = time.monotonic() + PATIENCE
            while t.read() and time.monotonic() < end:
                time.sleep(0.01)
            status = t.gone()
            if status != 0:
                raise Wrong("%s ended with %d: %s/stderr" % (t.name, status, t.home))

    def same_chain(self):
        """What every client knows, against the database."""
        kept = chains(os.path.join(self.folder, "server", "state", "conclave.db"))
        for t in self.people:
            for room, (log, offset, chain) in self.known(t).items():
                if kept[room][0] != log or kept[room][1].get(offset) != chain:
                    raise Wrong("%s has another chain at %d of %s" % (t.name, offset, room))
            if sorted(self.known(t)) != sorted(t.rooms):
                raise Wrong("%s knows %s" % (t.name, self.known(t)))

    def read_back(self):
        """The whole log, by a program that shares nothing with ours: what was
        acknowledged is there, at its offset, and once."""
        p = self.auditor()
        for room in self.rooms:
            number, at, got = self.enter(p, room), 0, {}
            while (b := p.history(number, after=at)).first:
                got.update({e["offset"]: e["content"]["text"].split()[0] for e in b.entries
                            if e["content"]["type"] == "message"})
                at = b.last
                p.frames.clear()
            r = self.ledger.room(room)
            for offset, key in r.text.items():
                if got.get(offset) != key:
                    raise Wrong("%s at %d of %s: the log has %s" % (
                        key, offset, room, got.get(offset)))
            if len(set(got.values())) != len(got):
                raise Wrong("doubled in the log of %s" % room)
        p.close()

    def end(self):
        """Everybody ends in an orderly way and comes again: nothing comes twice."""
        self.quit()
        again = self.ledger.again
        if self.server.stop() != 0:
            raise Wrong("the server ended with %d" % self.server.p.returncode)
        self.log()
        self.same_chain()
        self.serve()
        for t in self.people:
            t.start()
        self.settle()
        self.quit()
        if self.ledger.again != again:
            raise Wrong("shown again after an orderly end")
        self.read_back()
        self.server.stop()
        self.log()
        self.same_chain()

    def run(self):
        self.serve()
        self.make_rooms()
        self.people = [Talker(self, "p%02d" % i, sorted(
            {self.rooms[i % len(self.rooms)], self.rooms[(i + 1 + i // 5) % len(self.rooms)]}))
            for i in range(self.o.people)]
        for t in self.people:
            t.start()
        self.settle()
        while self.killed() < self.o.kills or self.ledger.acked < self.o.messages:
            for _ in range(self.o.round):
                self.talk(self.o.pause * 2 * self.dice.random())
                if self.killed() < self.o.kills:
                    self.kill()
            self.settle()
            self.report("so far")
        self.end()

    def evidence(self):
        """What the folder does not have yet."""
        self.ledger.flush()
        for t in self.people:
            with open(os.path.join(self.folder, t.name + ".tail"), "w") as f:
                f.writelines("%d %s\n" % line for line in t.tail)
        if self.server:
            self.log()

    def clear(self):
        for t in self.people:
            if t.p:
                t.p.kill()
                try:
                    t.gone()    # what it has said is shown, also if we go on later
                except Wrong as e:
                    print(e)
        self.ledger.flush()
        if self.server and self.server.p.poll() is None:
            self.server.signal(signal.SIGKILL)
            self.server.p.wait()


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    a = argparse.ArgumentParser()
    a.add_argument("folder")
    for name, default in (("kills", 1000), ("messages", 100000), ("people", 20),
                          ("rooms", 5), ("seed", 1), ("round", 50), ("relay", 3)):
        a.add_argument("--" + name, type=int, default=default)
    for name, default in (("rate", 400.0), ("pause", 1.0), ("nap", 40.0)):
        a.add_argument("--" + name, type=float, default=default)
    a.add_argument("--keep", action="store_true")
    a.add_argument("--power", action="store_true")
    a.add_argument("--sync", default="full")
    o = a.parse_args()
    s = Soak(o)
    for n in (signal.SIGINT, signal.SIGTERM):
        signal.signal(n, interrupted)
    try:
        s.run()
        s.report("0 lost, 0 doubled, 0 out of order, the same chain everywhere")
    except BaseException as e:
        for n in (signal.SIGINT, signal.SIGTERM):   # this is done in any case
            signal.signal(n, signal.SIG_IGN)
        s.evidence()
        s.report("WRONG" if isinstance(e, Wrong) else "stopped")
        print("%s: %s\neverything is in %s" % (type(e).__name__, e, s.folder), flush=True)
        if not isinstance(e, (Wrong, KeyboardInterrupt)):
            raise
        return 1
    finally:
        s.clear()
    if not o.keep:
        shutil.rmtree(s.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
