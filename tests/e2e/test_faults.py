"""Faults outside the real programs: clocks that are set, packets that are lost,
programs that are stopped, descriptors that run out."""

import os
import re
import resource
import signal
import struct
import subprocess
import time

import pytest

import lossy
from harness import BUILD, PASSWORD, WAIT, environment, together, until, until_all

DAY = 86400
CLOCK = os.path.join(BUILD, "fault", "clock.so")


class Clock:
    """Sets the time of day of programs that are started with its environment."""

    def __init__(self, path):
        self.path = path
        self.set(0)

    def set(self, seconds):
        with open(self.path, "r+b" if self.path.exists() else "wb") as f:
            f.write(struct.pack("=q", seconds))

    def env(self):
        asan = os.environ.get("ASAN_OPTIONS", "")
        return {"LD_PRELOAD": CLOCK, "CONCLAVE_FAULT_CLOCK": str(self.path),
                "ASAN_OPTIONS": asan + (":" if asan else "") + "verify_asan_link_order=0"}


def calm(*clients):
    """No client had an incident since it joined."""
    for c in clients:
        for what in ("reconnect", "closed", "leave", "missing", "dropped", "error"):
            assert not c.events(what), (c.name, c.events(what))
        assert not c.events("epoch", reason="timer")
        assert len(c.events("connected")) == 1


@pytest.mark.parametrize("days", [4, -9000])
def test_clock_set_while_people_talk(world, tmp_path, days):
    """The server's clock, then a client's, jumps by days and back: messages show
    another date, none is lost or doubled, and nobody is put out. The one whose clock
    was set takes new keys (test_snapshot.py), and nothing else happens."""
    clocks = [Clock(tmp_path / ("clock%d" % i)) for i in range(2)]
    s = world.server(**clocks[0].env())
    a = world.client(s, "alice", **clocks[1].env())
    b, c = world.client(s, "bob"), world.client(s, "carol")
    together(a, b, c)
    for i, (at_server, at_alice) in enumerate(((days, 0), (days, days), (0, -days), (0, 0))):
        clocks[0].set(at_server * DAY)
        clocks[1].set(at_alice * DAY)
        a.say("a%d" % i)
        for reader in (b, c):
            e = reader.see("message", text="a%d" % i)
            assert abs(e["ts"] / 1000 - (time.time() + at_alice * DAY)) < WAIT
        b.say("b%d" % i)    # now alice is back with new keys
        a.see("message", text="b%d" % i)
        time.sleep(1.2)     # a turn of the room's and of the pings' timers
    assert [e for e in a.events("reconnect") if "time of day was set" not in e["reason"]] == []
    assert len(a.events("reconnect")) == 3      # the first jump was the server's alone
    for x in (a, b, c):
        for what in ("closed", "missing", "dropped", "error"):
            assert not x.events(what), (x.name, x.events(what))
    for x in (b, c):
        assert not x.events("reconnect") and len(x.events("connected")) == 1
        assert x.texts("alice") == ["a%d" % i for i in range(4)]
    d = world.client(s, "dave", **clocks[1].env())  # and people still get in
    clocks[1].set(days * DAY)
    clocks[0].set(-days * DAY)
    d.joined()
    d.say("hello")
    b.see("message", text="hello")
    stamps = {line[:10] for line in s.err}
    assert len(stamps) > 1, "the server's clock was not set: %s" % s.err


def test_clock_set_in_a_pause(world, tmp_path):
    """A set clock neither shortens nor lengthens a pause, and the room's own timer
    goes on."""
    clock, hers = Clock(tmp_path / "clock"), Clock(tmp_path / "hers")
    s = world.server("--rekey-interval", "2s", ephemeral=False, **clock.env())
    a = world.client(s, "alice", **hers.env())
    a.joined()
    clock.set(-30 * DAY)
    a.see("epoch", reason="timer")
    clock.set(30 * DAY)
    a.see("epoch", reason="timer", n=2)
    s.signal(signal.SIGKILL)
    s.wait()
    pause = a.see("reconnect")["wait_ms"] / 1000
    began = time.monotonic()
    clock.set(-30 * DAY)
    hers.set(-30 * DAY)
    a.see("connecting", n=2)
    assert 0.9 * pause - 0.2 <= time.monotonic() - began < pause + WAIT / 2
    world.server(ephemeral=False, listen="127.0.0.1:%d" % s.address[1], **clock.env())
    clock.set(9000 * DAY)
    hers.set(9000 * DAY)
    a.joined(n=2)


def test_packets_lost_late_and_out_of_order(world):
    """One packet in twelve is lost, all are late, many arrive out of order; then
    none arrives for three seconds. Messages arrive, in order."""
    why = lossy.possible()
    if why:
        pytest.skip(why)
    with lossy.Line() as line:
        s = world.server(listen=line.left.ip + ":0", preexec=line.left.enter)
        b = world.client(s, "bob", preexec=line.left.enter)
        b.joined()
        a = world.client(s, "alice", preexec=line.right.enter)
        a.joined()
        b.see("join", names=["alice"])
        line.loss, line.delay, line.jitter = 0.08, 0.005, 0.02
        want = ["%d %s" % (i, "x" * (37 * i % 1000)) for i in range(120)]
        for i, text in enumerate(want):
            if i == 60:
                line.loss = 1.0
                dark = time.monotonic()
            if i > 60 and time.monotonic() - dark > 3:
                line.loss = 0.08
            a.say(text)
            b.say(text)
            time.sleep(0.05)
        line.loss = 0.08
        for x, y in ((a, "bob"), (b, "alice")):
            until_all(lambda: len(x.texts(y)), len(want), "messages")
            assert x.texts(y) == want
        a.see("sent", seq=len(want))
        calm(a, b)
        assert line.lost > 30 and line.late > 10
        line.loss = line.delay = line.jitter = 0
        a.quit()
        b.quit()
        s.stop()


def stopped_for(world, seconds):
    s = world.server()
    a, b, c = (world.client(s, n) for n in ("alice", "bob", "carol"))
    together(a, b, c)
    c.signal(signal.SIGSTOP)
    end, n, slowest = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        began = time.monotonic()
        a.say("m%d" % n)
        b.see("message", text="m%d" % n, n=1)
        slowest = max(slowest, time.monotonic() - began)
        n += 1
        time.sleep(0.5)
    calm(a, b)      # nobody was sent away
    c.signal(signal.SIGCONT)
    until(lambda: len(c.texts("alice")) == n, what="what was said meanwhile")
    assert c.texts("alice") == ["m%d" % i for i in range(n)]
    calm(c)
    c.say("here again")
    a.see("message", text="here again")
    return slowest


def test_stopped_and_pinged(world):
    """SIGSTOP of a client until after the server's ping, which comes after 30 s: the
    room goes on, and the client misses nothing."""
    slowest = stopped_for(world, 33)
    assert slowest < WAIT / 2
    print("stopped for 33 s; the slowest of the others' messages took %.3f s" % slowest)


def test_stopped_while_much_is_said(world):
    """More than its queue holds: the client is disconnected, prints the reason,
    and reconnects; the others did not wait."""
    s = world.server("--rate", "0", "--rate-bytes", "0")
    a, b, c = (world.client(s, n) for n in ("alice", "bob", "carol"))
    together(a, b, c)
    came = len(b.events("join", names=["carol"]))
    c.signal(signal.SIGSTOP)
    n, end = 0, time.monotonic() + 2 * WAIT
    while not b.events("leave", names=["carol"]) and time.monotonic() < end:
        for _ in range(100):
            a.say("%d %s" % (n, "z" * 16000))
            n += 1
        until(lambda: len(b.out) > n, what="%d messages" % n)
    b.see("leave", names=["carol"])
    c.signal(signal.SIGCONT)
    reason = c.see("reconnect")["reason"]
    assert "slow" in reason or "closed" in reason or "reset" in reason, reason
    c.joined(n=2)
    b.see("join", names=["carol"], n=came + 1)
    a.see("sent", n=n)
    a.say("welcome back")
    c.see("message", text="welcome back")
    got = [int(t.split()[0]) for t in c.texts("alice") if t[0].isdigit()]
    assert got == list(range(len(got)))     # what came before is without a gap
    assert b.texts("alice")[:n] == ["%d %s" % (i, "z" * 16000) for i in range(n)]


def limited(n):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))


def test_every_small_number_of_descriptors(world, tmp_path):
    """A client with 3, 4, 5 ... descriptors works, or prints one sentence that says
    why not. It does not hang, crash, or lose a message silently."""
    s = world.server()
    b = world.client(s, "bob")
    b.joined()
    # The leak checker needs descriptors of its own at the end.
    env = environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD, ASAN_OPTIONS="detect_leaks=0")
    ends = []
    for n in range(3, 13):
        r = subprocess.run([os.path.join(BUILD, "conclave"), "--plain", "-n", "pam", s.invite],
                           input=b"with %d\n" % n, capture_output=True, env=env,
                           timeout=2 * WAIT, preexec_fn=limited(n))
        ends.append(r.returncode)
        assert r.returncode in (0, 2, 3, 127), (n, r)
        if r.returncode == 0:
            b.see("message", text="with %d" % n)
        else:
            assert r.stderr.count(b"\n") == 1 and b"onclave" in r.stderr, (n, r.stderr)
            assert b"no Landlock" not in r.stderr
    works = ends.index(0)
    assert works > 0 and not any(ends[works:]), ends


def test_a_server_without_descriptors_says_so(world, tmp_path):
    env = environment(tmp_path)
    for n in range(3, 14):
        p = subprocess.Popen(
            [os.path.join(BUILD, "conclaved"), "--listen", "127.0.0.1:0", "--scrypt-n", "16384",
             "--ephemeral", "--password", "x"], env=env, preexec_fn=limited(n),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            first = p.stdout.readline()
            if first.startswith(b"listening"):
                p.terminate()
                assert p.wait(WAIT) == 0
                continue
            assert p.wait(WAIT) not in (0, -signal.SIGSEGV, -signal.SIGABRT), n
            err = p.stderr.read().decode()
            assert re.search("descriptor|open files|shared librar", err), (n, err)
            assert len([x for x in err.splitlines() if " error " in x]) <= 1, err
            assert "no Landlock" not in err     # its sandbox is not left out for that
        finally:
            p.kill()
            p.wait()
            p.stdout.close()
            p.stderr.close()
