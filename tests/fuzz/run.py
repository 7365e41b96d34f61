"""make fuzz: runs each target for a while, two at a time, and writes the results
to build/fuzz.txt. Inputs with new coverage are kept in build/libfuzzer/corpus,
failing inputs in build/libfuzzer/crashes.

    run.py [--merge]        --merge: adds to tests/fuzz/corpus a minimal set of
                            small inputs that cover new edges
Environment: SECONDS_EACH=60  ONLY="name ..."  JOBS=2
"""

import glob
import os
import re
import subprocess
import sys
import threading

BUILD = "build/libfuzzer"
# JSON targets need a dictionary; line-based targets do not grow inputs by length.
DICTIONARY = {"control", "content", "json", "handshake_server", "handshake_client",
              "session", "server", "order"}
# Short programs of operations run more often and shrink better.
MAX_LEN = {"session": 100, "server": 100, "accounts": 200, "keeper": 512, "past": 512, "store": 1024, "uri": 512, "command": 512, "ignored": 512, "encodings": 1024, "text": 512, "keys": 256, "json": 2048,
           "pem": 2048, "record": 2048, "order": 1024, "group": 1024}


def targets():
    found = sorted(os.path.basename(p)[5:] for p in glob.glob(BUILD + "/fuzz/fuzz_*"))
    only = os.environ.get("ONLY", "").split()
    return [t for t in found if not only or t in only]


def command(name):
    return [os.path.join(BUILD, "fuzz", "fuzz_" + name),
            "-max_len=%d" % MAX_LEN.get(name, 4096), "-rss_limit_mb=2048",
            "-timeout=20", "-print_final_stats=1", "-entropic=0",
            "-artifact_prefix=%s/crashes/%s-" % (BUILD, name)] + (
                ["-dict=tests/fuzz/json.dict"] if name in DICTIONARY else [])


# ASan's allocation bookkeeping would take most of the time of a small input. To
# get the allocation stack of misused memory, run the input again.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="malloc_context_size=1:quarantine_size_mb=2:"
                   "max_malloc_fill_size=64")


def places(name):
    mine, kept = os.path.join(BUILD, "corpus", name), "tests/fuzz/corpus/" + name
    for d in (mine, kept):
        os.makedirs(d, exist_ok=True)
    return mine, kept


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run(name, seconds, rows):
    log = os.path.join(BUILD, "logs", name + ".txt")
    with open(log, "w") as f:
        p = subprocess.Popen(command(name) + ["-max_total_time=%d" % seconds,
                                              *places(name)],
                             stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                             env=ENVIRONMENT)
        _, status, use = os.wait4(p.pid, 0)
    with open(log, errors="replace") as f:
        text = f.read()
    runs = number(r"number_of_executed_units:\s+(\d+)", text) or number(r"\n#(\d+)", text)
    rows[name] = (runs, use.ru_utime + use.ru_stime, number(r"cov: (\d+)", text),
                  number(r"corp: (\d+)", text), status != 0)


def table(rows):
    lines = ["%-18s %12s %9s %9s %7s %7s  %s" % (
        "target", "executions", "cpu s", "per s", "edges", "inputs", "")]
    for name in sorted(rows):
        runs, cpu, cov, inputs, bad = rows[name]
        lines.append("%-18s %12d %9.1f %9.0f %7d %7d  %s" % (
            name, runs, cpu, runs / max(cpu, 0.001), cov, inputs,
            "FAILED, see %s/logs/%s.txt" % (BUILD, name) if bad else ""))
    lines.append("%-18s %12d %9.1f" % (
        "all", sum(r[0] for r in rows.values()), sum(r[1] for r in rows.values())))
    return "\n".join(lines).rstrip() + "\n"


def merge(name):
    mine, kept = places(name)
    subprocess.run(command(name) + ["-merge=1", "-use_counters=0", kept, mine],
                   check=True, stdin=subprocess.DEVNULL, capture_output=True,
                   env=ENVIRONMENT)


def main():
    for d in ("corpus", "crashes", "logs"):
        os.makedirs(os.path.join(BUILD, d), exist_ok=True)
    if "--merge" in sys.argv:
        for name in targets():
            merge(name)
            print(name, len(os.listdir("tests/fuzz/corpus/" + name)))
        return 0
    seconds = int(os.environ.get("SECONDS_EACH") or 60)
    waiting, rows, lock = targets(), {}, threading.Lock()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                name = waiting.pop(0)
            run(name, seconds, rows)

    threads = [threading.Thread(target=work)
               for _ in range(int(os.environ.get("JOBS") or 2))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    text = table(rows)
    print(text, end="")
    with open("build/fuzz.txt", "w") as f:
        f.write(text)
    return 1 if any(r[4] for r in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
