"""The scenarios in many rooms, for bench.py: what runs, and its tables."""

import os
import subprocess

FRAME = 497     # of a text of 200 bytes


def per_delivery(x, cpu="cpu_us"):
    return x[cpu] / x["deliveries"] if x.get("deliveries") else None


def plan(b, quick):
    people, count = (400, 200) if quick else (2000, 1000)
    b.run("conclave", "rooms", ["rooms:200"], m=people, s=1, n=count,
          d=0.5 if quick else 3)
    # Of the length of the same message's frame, in rooms that have nobody in common.
    b.run("floor in rooms", "rooms", ["rooms:%d" % FRAME], m=people, s=1, n=1,
          d=0.5 if quick else 3)
    b.run("conclave", "memory", ["empty"], m=20, s=1,
          n=1000 if quick else 9900)
    b.run("conclave", "memory", ["all"], m=240 if quick else 500, s=1, n=63)


def rows(b, row):
    """Each way of speaking in many rooms, beside the same in one."""
    out = []
    for target in ("conclave", "floor in rooms"):
        found = {x["scene"]: x for t, g, x in b.raw
                 if g == "rooms" and t == target}
        for one, many in (("bursts in a room", "bursts round rooms"),
                          ("everybody in a room", "everybody in rooms")):
            if one in found and many in found:
                out += pair(row, target, found[one], found[many])
    return out


def pair(row, target, one, many):
    base, own = per_delivery(one), per_delivery(one, "user_us")
    out = []
    for x in (one, many):
        cpu, user = per_delivery(x), per_delivery(x, "user_us")
        out.append(row(
            target, x["scene"], x["members"], x["bytes"],
            rooms=max(1, x["rooms"]), cpu_us_per_delivery=cpu,
            room_ratio=cpu / base if cpu and base else None,
            user_ratio=user / own if user and own else None,
            deliveries_per_s=x["deliveries"] / x["seconds"],
            p50_us=x["p50_us"], p99_us=x["p99_us"],
            lost=x["lost"] + x["repeated"]))
    return out


def rows_memory(b, row):
    """The heap in use; the resident memory is what was needed once."""
    out = []
    runs = [x for t, g, x in b.raw if g == "memory"]
    for join, x in zip(runs[::2], runs[1::2]):
        def per(key, n, x=x, join=join):
            total = x[key] - x[key + "_before"]
            if x["scene"] == "all":     # with the connection itself
                total += join[key] - join[key + "_before"]
            return total / n
        n = x["members"] if x["scene"] == "all" else x["rooms"]
        out.append(row(
            "conclave", "a connection in 64 rooms" if x["scene"] == "all"
            else "an empty room", x["members"], rooms=x["rooms"],
            heap_bytes=per("heap", n), rss_bytes=per("rss", n)))
    return out


def rows_log(b, row, build):
    """What chain and mark of a message are of its deliveries, saturated."""
    try:
        r = subprocess.run([os.path.join(build, "bench", "parts"),
                            "log-chain", "log-mark"], capture_output=True,
                           text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as e:
        print("#", e, flush=True)
        return []
    ns = sum(float(line.split()[1]) for line in r.stdout.splitlines())
    out = []
    for members in (10, 100, 1000):
        cpu = b.get("conclave", "fan", "sat", members, 200, per_delivery)
        if cpu:
            out.append(row("conclave", "chain and mark", members, 200,
                           cpu_us_per_delivery=cpu, log_ns=ns,
                           percent=ns / 10 / (cpu * (members - 1))))
    return out
