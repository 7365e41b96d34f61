"""The scenarios with history, for bench.py: what runs, its tables, and its limits.
Each figure stands beside the same without history, from the same run."""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from rooms import per_delivery

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

MEMBERS = 100
BYTES = 200         # of a text
FRAME = 497         # of its frame
READ_BACK = 10000
RESUMED = 1000
RESUME_ENTRIES = 50     # that each of them has missed
KEPT = 1000000
FSYNCS = 200
CLOSE = {"sat": 1.25, "rooms": 1.3}    # limits: times the same without history
READ_BACK_S, RESUME_S, START_S = 0.5, 5, 1
# A room takes in newcomers once a second (PROTOCOL.md section 5): somebody who comes
# sooner after another waits for the rest of it, and is read nothing meanwhile.
ENTRIES_APART_S = 1.1


def plan(b, quick):
    for _ in range(1 if quick else 3):
        for t in ("conclave", "conclave-kept"):
            b.run(t, "kept", [f"sat:{BYTES}", f"one:{BYTES}"], m=MEMBERS, s=4, d=1)
    people, count = (400, 200) if quick else (2000, 1000)
    b.run("conclave-kept", "kept-rooms", [f"rooms:{BYTES}"], m=people, s=1, n=count,
          d=0.5 if quick else 3)
    b.alone += [fsyncs(b), *resume(b, quick), *read_back(b, quick), *large(b, quick)]


def result(b, what, value, unit, limit=None, note=""):
    return {"target": "conclave-kept", "scenario": what, "value": value, "unit": unit,
            "limit": limit, "note": note}


# --- figures that stand alone ----------------------------------------------------

def fsync_us(folder):
    """What it costs to append a page to a file and wait for the disk: the median."""
    times = []
    with open(os.path.join(folder, "fsync"), "wb") as f:
        for _ in range(FSYNCS):
            f.write(b"x" * 4096)
            f.flush()
            t = time.monotonic()
            os.fdatasync(f.fileno())
            times.append(1e6 * (time.monotonic() - t))
    return statistics.median(times)


def fsyncs(b):
    b.fsync_us = fsync_us(b.folder)
    return result(b, "an fsync of this disk", b.fsync_us, "us")


def resume(b, quick):
    """A server is killed while many are in a room. They come back all at once, and
    ask for what they have missed."""
    n = RESUMED // 5 if quick else RESUMED
    server = b.server("conclave-kept")
    try:
        if not b.load(server, ["sat:%d" % BYTES], [], m=n, s=4, c=128, d=0.5):
            return []
        server.end()
        server.start()
        got = b.load(server, ["past:%d" % RESUME_ENTRIES], [], m=n, s=1, c=n)
    finally:
        server.stop()
        server.clean()
    if len(got) != 2 or got[1]["entries"] != got[1]["of"]:
        print("# resume: not everybody came back", got, flush=True)
        return []
    join, past = got
    return [result(b, "resume of %d clients" % n, join["all_s"] + past["seconds"], "s", RESUME_S,
                   "in again after %.2f s; then %d entries each in %.2f s; %.2f s of the "
                   "server's CPU" % (join["all_s"], RESUME_ENTRIES, past["seconds"],
                                     (join["cpu_us"] + past["cpu_us"]) / 1e6))]


def cpu_s(pids):
    """By the scheduler's clock, of all threads."""
    total = 0
    for pid in pids:
        for t in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, t)) as f:
                total += int(f.read().split()[0])
    return total / 1e9


def family(pid):
    """The process and all that it has started."""
    got, i = [pid], 0
    while i < len(got):
        try:
            for t in os.listdir("/proc/%d/task" % got[i]):
                with open("/proc/%d/task/%s/children" % (got[i], t)) as f:
                    got += [int(x) for x in f.read().split()]
        except FileNotFoundError:
            pass    # it has ended
        i += 1
    return got


def verify_us(build):
    """What a signature takes, measured alone."""
    r = subprocess.run([os.path.join(build, "bench", "parts"), "verify"],
                       capture_output=True, text=True, timeout=60, check=True)
    return float(r.stdout.split()[1]) / 1e3


def said(client, n):
    """alice says n messages, as fast as the server takes them."""
    for i in range(n):
        client.do(do="say", room="den", text=("number %06d " % i).ljust(BYTES, "x"))
    client.see("sent", room="den", n=n, seconds=120)


def one_reading(home, server, n):
    """bob comes back: wall time from his wish to be in the room until he has read all
    of it, and CPU time of his client and of the server."""
    from harness import Client
    bob = Client(home, server.listening[0], "bob")
    try:
        bob.joined()
        time.sleep(ENTRIES_APART_S)     # after that of the last reading
        pids = family(server.p.pid)
        theirs, own = cpu_s(pids), cpu_s([bob.p.pid])
        begun = time.monotonic()
        bob.do(do="join", room="den")
        # Not parsed before the end, so that the reader takes no processor.
        while not any('"event":"history"' in x and '"den"' in x for x in bob.out[-3:]):
            if time.monotonic() > begun + 60:
                raise TimeoutError("the history does not come")
            time.sleep(0.005)
        wall = time.monotonic() - begun
        own, theirs = cpu_s([bob.p.pid]) - own, cpu_s(pids) - theirs
        texts = [m["text"] for m in bob.events("message", room="den", past=True)]
        assert len(texts) == n and texts == sorted(texts), len(texts)
        return wall, own, theirs
    finally:
        bob.stop()


def read_back(b, quick):
    from harness import Client, Server
    n = READ_BACK // 10 if quick else READ_BACK
    home = tempfile.mkdtemp(prefix="bench-", dir=b.build)
    server = Server(home + "/server", "--rate", "0", "--rate-bytes", "0", ephemeral=False)
    try:
        alice, bob = (Client(os.path.join(home, name), server.listening[0], name)
                      for name in ("alice", "bob"))
        for c in (alice, bob):
            c.joined()
        alice.do(do="room_new", room="den", settings={"history": "members"})
        alice.see("done")
        for c in (alice, bob):
            c.do(do="join", room="den")
            c.see("joined", room="den")
        bob.quit()
        said(alice, n)
        runs = []
        for i in range(1 if quick else 3):
            again = os.path.join(home, "bob%d" % i)
            shutil.copytree(os.path.join(home, "bob"), again)
            runs.append(one_reading(again, server, n))
        alice.stop()
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    wall, own, theirs = (statistics.median(x) for x in zip(*runs))
    alone = verify_us(b.build)
    return [result(b, "reading back %d messages" % n, wall, "s", READ_BACK_S,
                   "CPU for an entry: %.0f us of the client, %.1f of the server; a "
                   "signature alone takes %.0f us, so %.2f s for all on two cores" % (
                       1e6 * own / n, 1e6 * theirs / n, alone, n * alone / 2e6))]


def large(b, quick):
    """The database of very many messages, and the start of a server with it."""
    n = KEPT // 20 if quick else KEPT
    server = b.server("conclave-kept")
    try:
        server.end()
        state = os.path.join(server.folder, "state")
        subprocess.run([os.path.join(b.build, "bench", "fill"), state, str(n), str(FRAME)],
                       check=True, timeout=300)
        size = sum(os.path.getsize(os.path.join(state, f)) for f in os.listdir(state))
        starts = []
        for _ in range(3):
            begun = time.monotonic()
            server.start(0)
            starts.append(time.monotonic() - begun)
            rss = sum(statm(p) for p in family(server.p.pid))
            server.end()
    finally:
        server.stop()
        server.clean()
    return [result(b, "a database of %d messages" % n, size / 1e6, "MB", None,
                   "%.0f bytes for a message, whose frame has %d" % (size / n, FRAME)),
            result(b, "the start with it", statistics.median(starts), "s", START_S,
                   "%.0f MB of resident memory, all processes" % (rss / 1e6))]


def statm(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * resource.getpagesize()


# --- the table -------------------------------------------------------------------

def compared(b):
    """What history makes of deliveries, by the median of each target."""
    out = []
    sat = {t: b.get(t, "kept", "sat", MEMBERS, BYTES, per_delivery)
           for t in ("conclave", "conclave-kept")}
    one = {t: b.get(t, "kept", "one", MEMBERS, BYTES, lambda x: x["p50_us"])
           for t in ("conclave", "conclave-kept")}
    if all(sat.values()):
        out.append(result(
            b, "saturated, %d members" % MEMBERS, sat["conclave-kept"] / sat["conclave"],
            "times", CLOSE["sat"], "%.2f and %.2f us of CPU for a delivery" % (
                sat["conclave-kept"], sat["conclave"])))
    if all(one.values()) and b.fsync_us:
        out.append(result(
            b, "one at a time: p50", one["conclave-kept"], "us",
            one["conclave"] + 2 * b.fsync_us,
            "%.0f us without history; the limit is that and two fsyncs" % one["conclave"]))
    found = {x["scene"]: x for t, g, x in b.raw if g == "kept-rooms"}
    for one_room, many in (("bursts in a room", "bursts round rooms"),
                           ("everybody in a room", "everybody in rooms")):
        if one_room in found and many in found:
            base, own = per_delivery(found[one_room]), per_delivery(found[many])
            out.append(result(b, many, own / base, "times", CLOSE["rooms"],
                              "%.2f us of CPU for a delivery; in one room %.2f" % (own, base)))
    return out


def show(b):
    """Prints the table. Returns its rows."""
    rows = compared(b) + b.alone
    if not rows:
        return rows
    print("\n### With history\n")
    print("| scenario | value | limit | |")
    print("|---|---|---|---|")
    for r in rows:
        limit = "–" if r["limit"] is None else "%.4g %s" % (r["limit"], r["unit"])
        over = r["limit"] is not None and r["value"] > r["limit"]
        print("| %s | %s%.4g %s%s | %s | %s |" % (
            r["scenario"], "**" if over else "", r["value"], r["unit"],
            "**" if over else "", limit, r["note"]))
    return rows


def write(rows, f):
    for r in rows:
        f.write(json.dumps(r) + "\n")
