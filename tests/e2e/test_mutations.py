"""Tens of thousands of nearly valid inputs against the real server, while three
people talk."""

import json
import os
import subprocess
import threading
import time

from harness import BUILD, PASSWORD, TOP, WATCHED, environment, until
from test_room import three

MUTATIONS = 50000
NAMES = ("alice", "bob", "carol")


def attack(server, home, count, seed):
    host, port = server.address
    r = subprocess.run([os.path.join(BUILD, "fuzz", "mutate"), host, str(port), PASSWORD,
                        str(count), str(seed)], cwd=TOP, env=environment(home),
                       capture_output=True, text=True, timeout=400)
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout.splitlines()[-1])


def memory(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def test_fifty_thousand_mutations_and_three_people_lose_nothing(world):
    s = world.server("--rate", "0", "--rate-bytes", "0", "--handshakes", "1000",
                     "--max-users", "1000", "--max-per-account", "0")
    people = three(world, s)
    said, over = {n: 0 for n in NAMES}, threading.Event()

    def talk():
        while not over.is_set():
            for c in people:
                c.say("%s %d" % (c.name, said[c.name]))
                said[c.name] += 1
            time.sleep(0.05)

    t = threading.Thread(target=talk, daemon=True)
    t.start()
    try:
        done = attack(s, world.tmp / "attack", MUTATIONS, 20261)
    finally:
        over.set()
        t.join(30)

    assert s.p.poll() is None
    assert done["delivered"] >= MUTATIONS
    # The fence of a rekey may drop frames in flight; they do not count.
    assert done["sent"] - done["delivered"] < done["sent"] / 20
    for kind, least in (("early raw", 1000), ("early json", 20000), ("card", 50),
                        ("group", 4000), ("control", 200), ("head", 100), ("record", 100)):
        assert done[kind] >= least, done
    assert said["alice"] > 20
    for c in people:
        for other in people:
            if other is not c:
                want = ["%s %d" % (other.name, i) for i in range(said[other.name])]
                until(lambda: len(c.texts(other.name)) >= len(want), 60)
                assert c.texts(other.name) == want
        until(lambda: len(c.events("sent")) >= said[c.name], 60)
        assert len(c.events("sent")) == said[c.name]
        # Nobody was disconnected, and no frame of theirs was dropped.
        assert len(c.events("connected")) == 1
        for e in c.events("missing") + c.events("dropped"):
            assert e.get("from") not in NAMES, e
        assert c.events("dropped")
    if not WATCHED:
        assert memory(s.p.pid) < 200 * 1024
    for c in people:
        c.quit()
