"""How long `conclave verify` takes for a transcript of so many messages, and how much
memory: ENTRIES=100000, and a tenth of it, which needs no less."""

import json
import os
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("CONCLAVE_BUILD", "build")


def measured(folder, n):
    path = os.path.join(folder, "%d.jsonl" % n)
    with open(path, "wb") as f:
        subprocess.run([os.path.join(BUILD, "bench", "transcript"), str(n)], stdout=f, check=True)
    start = time.monotonic()
    p = subprocess.Popen([os.path.join(BUILD, "conclave"), "verify", "--json", path],
                         stdout=subprocess.PIPE)
    out = p.stdout.read()
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    (t,) = json.loads(out)["transcripts"]
    assert p.returncode == 0 and t["messages"] == n and t["signed"]["first"] == 1, t
    cpu = used.ru_utime + used.ru_stime
    print("%9d messages, %7.1f MB: %6.2f s, %6.2f s of all processors, %5.1f µs a message, %d MiB"
          % (n, os.path.getsize(path) / 1e6, wall, cpu, 1e6 * cpu / n, used.ru_maxrss >> 10))
    os.unlink(path)


def main():
    n = int(os.environ.get("ENTRIES") or 100000)
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        for k in (max(1, n // 10), n):
            measured(folder, k)


if __name__ == "__main__":
    sys.exit(main())
