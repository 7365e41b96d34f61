"""make prove: Frama-C's WP shows that the parsers of shared/ have no run-time
error, and that they keep the contracts in their headers.

One line a file: goals proved / goals in all. What is not proved has to stand in
a table of README.md beside this file, with its reason, and what stands there has
to be needed still: both are checked. Exit 0: nothing else is left."""
import concurrent.futures
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, os.environ.get("O", "build"), "prove")
FILES = ["bytes", "wire", "b64", "spki", "link", "group", "text"]
BYTES = {"sint8", "uint8"}


def exceptions():
    """{(kind, file, name): count}, from the tables of README.md."""
    found = {}
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as f:
        for line in f:
            m = re.match(r"\| (function|goals|admit|cast) \| `(\S+)` \| `([^`]+)` \|(?: (\d+) \|)?", line)
            if m:
                found[m[1], m[2], m[3]] = int(m[4] or 1)
    return found


def command(path, skip):
    share = subprocess.run(["frama-c", "-print-share-path"], text=True,
                           capture_output=True, check=True).stdout.strip()
    cpp = ("-nostdinc -D__FRAMAC__ -D__FC_MACHDEP_X86_64 -D_GNU_SOURCE -Itests/prove/include "
           f"-I. -I{share}/libc")
    c = ["nice", "frama-c", "-machdep", "gcc_x86_64", "-no-frama-c-stdlib", "-cpp-extra-args=" + cpp,
         "-no-unicode", "-wp", "-wp-rte", "-wp-no-init-const", "-wp-model", "Typed+Cast", "-wp-prover", "cvc4,z3",
         "-wp-timeout", os.environ.get("PROVE_TIMEOUT", "10"), "-wp-par", "2", "-wp-cache", "none"]
    if skip:
        c += ["-wp-skip-fct", ",".join(skip)]
    if os.environ.get("SMOKE"):
        c += ["-wp-smoke-tests"]
    return c + [path]


def prove(name, allowed):
    """A line to print, and what is wrong."""
    path = f"shared/{name}.c"
    mine = {(k, n): c for (k, f, n), c in allowed.items() if f == path}
    skip = [n for k, n in mine if k == "function"]
    r = subprocess.run(command(path, skip), cwd=ROOT, text=True, capture_output=True,
                       env=dict(os.environ, WHY3CONFIG=os.path.join(OUT, "why3.conf")))
    log = r.stdout + r.stderr
    with open(os.path.join(OUT, name + ".log"), "w", encoding="utf-8") as f:
        f.write(log)
    sums = re.findall(r"Proved goals:\s+(\d+) / (\d+)", log)
    if r.returncode != 0 or not sums:
        return f"{path:<16} frama-c failed: see {OUT}/{name}.log", [path]
    done, goals = map(int, sums[-1])
    wrong = []
    failed = re.findall(r"^\[wp\] \[(?!Passed|Qed|CVC4|Z3|Cache)\w+\] (?:Goal|Smoke-test) typed_cast_(\w+)", log, re.M)
    left = list(failed)
    for (kind, pattern), count in mine.items():
        if kind == "goals":
            hit = [g for g in left if g.startswith(pattern)]
            left = [g for g in left if g not in hit]
            if len(hit) > count or (not hit and done == goals):
                wrong.append(f"{pattern}: {len(hit)} goals are left, README.md says {count}")
    wrong += [f"not proved: {g}" for g in left]
    if goals - done != len(failed):
        wrong.append(f"{goals - done} goals are left, {len(failed)} were named")
    # The model keeps bytes apart by their sign only where they are cast: among
    # bytes that is harmless for what is proved, among other types it is not.
    casts = set(re.findall(r"incompatible pointers types \(source: ([^)]+)\*\) \(target: ([^)]+)\*\)", log))
    casts = {f"{a} to {b}" for a, b in casts if not {a, b} <= BYTES}
    known = {n for k, n in mine if k == "cast"}
    wrong += [f"cast: {c}" for c in sorted(casts - known)] + [f"no such cast: {c}" for c in sorted(known - casts)]
    wrong += [f"no contract: {m}" for m in sorted(set(re.findall(
        r"Neither code nor specification for function (\w+)", log))
        - {n for k, n in mine if k == "function"})]
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    admits = {}
    for label in re.findall(r"//@ admit (\w+):", text):
        admits[label] = admits.get(label, 0) + 1
    said = {n: c for (k, n), c in mine.items() if k == "admit"}
    if admits != said:
        wrong.append(f"admitted: {admits}, README.md says {said}")
    notes = [f"{len(failed)} excepted"] if failed and not wrong else []
    notes += [f"{sum(admits.values())} facts admitted"] if admits else []
    notes += [f"without {', '.join(skip)}"] if skip else []
    return f"{path:<16} {done} / {goals} goals proved" + (f" ({'; '.join(notes)})" if notes else ""), wrong


def main():
    os.makedirs(OUT, exist_ok=True)
    subprocess.run(["why3", "config", "detect"], env=dict(os.environ, WHY3CONFIG=os.path.join(OUT, "why3.conf")),
                   check=True, capture_output=True)
    allowed, bad = exceptions(), 0
    files = sys.argv[1:] or FILES
    if not sys.argv[1:]:
        bad += len({f for _, f, _ in allowed} - {f"shared/{n}.c" for n in FILES})
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for line, wrong in pool.map(lambda n: prove(n, allowed), files):
            print(line, flush=True)
            for w in wrong:
                print("    " + w, flush=True)
            bad += len(wrong)
    print("all proved but what tests/prove/README.md excepts" if not bad else f"{bad} things are wrong")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
