"""Measures the cost of the parts: ns from parts itself, instructions from the
same program under callgrind, if installed. README.md explains the figures."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)),
                     os.environ.get("CONCLAVE_BUILD", "build"))
PARTS = os.path.join(BUILD, "bench", "parts")


def times(names):
    out = subprocess.run([PARTS] + names, check=True, capture_output=True,
                         text=True, timeout=300).stdout
    return [(n, float(ns)) for n, ns in (x.split() for x in out.splitlines())]


def dump(path):
    """Returns a dump's part and its instructions per operation, or None."""
    name = total = None
    with open(path) as f:
        for line in f:
            if line.startswith("desc: Trigger: Client Request: "):
                name = line.split(": ", 3)[3].split()
            elif line.startswith(("summary:", "totals:")):
                total = int(line.split()[1])
    if not name or len(name) != 2 or total is None:
        return None
    return name[0], total / int(name[1])


def counts(names):
    if not shutil.which("valgrind"):
        return {}
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no", "-q",
             f"--callgrind-out-file={folder}/out", PARTS] + names,
            check=True, stdout=subprocess.DEVNULL, timeout=300)
        found = [dump(p) for p in glob.glob(folder + "/out*")]
    return dict(x for x in found if x)


def main():
    names = sys.argv[1:]
    instructions = counts(names)
    print("| part | ns | instructions |\n|---|---|---|")
    for name, ns in times(names):
        n = instructions.get(name)
        print(f"| {name} | {ns:.0f} | {'–' if n is None else round(n)} |")


if __name__ == "__main__":
    main()
