"""make prove: Frama-C's WP shows that the parsers of shared/ have no run-time
error, and that they keep the contracts in their headers.

Prints one line per file: goals proved / all goals. Each unproved goal must be
listed with a reason in a table of README.md in this folder, and each listed
goal must still be unproved; both are checked. Exit 0: no other goal is open."""
import concurrent.futures
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, os.environ.get("O", "build"), "prove")
FILES = {name: f"shared/{folder}/{name}.c" for folder, names in (
    ("wire", ["bytes", "wire", "b64", "text"]), ("crypto", ["spki"]), ("proto", ["link", "group", "label"]))
    for name in names}
# Functions that take long, and functions with open goals, which get a short
# limit. Each has its own process; the rest of the file shares another.
HEAVY = {
    "bytes": ["buf_reserve"], "b64": ["decode", "encode", "b64_decode_max"], "link": ["record_check"],
    "group": ["body_seal", "body_open"],
    "text": ["filter_one", "text_filter"],
}
BYTES = {"sint8", "uint8"}

# The limit of a prover per goal, in prover steps and not in seconds, so that a
# busy or slow machine takes longer but gives the same verdicts. The provers try
# each goal in turn until one proves it. The clock only kills a hung prover.
# (steps of CVC4 and of Z3: about 250,000 and 2,500,000 per second)
LIMITS = {"short": (500_000, 5_000_000), "long": (5_000_000, 50_000_000)}
SMOKE = {"smoke": (150_000, 1_500_000)}
PROVERS = [  # Why3's name, its driver, how to run it
    ("CVC4", "cvc4_17", "cvc4 --stats --lang=smt2 --rlimit=%d %%f"),
    ("Z3", "z3_440", "z3 -smt2 -st sat.random_seed=42 nlsat.randomize=false smt.random_seed=42 rlimit=%d %%f"),
]
SECONDS = "86400"


def exceptions():
    """{(kind, file, name): count}, from the tables of README.md."""
    found = {}
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as f:
        for line in f:
            m = re.match(r"\| (function|goals|admit|cast) \| `(\S+)` \| `([^`]+)` \|(?: (\d+) \|)?", line)
            if m:
                found[m[1], m[2], m[3]] = int(m[4] or 1)
    return found


def provers(limits):
    """Writes Why3's configuration; returns its prover names, in order."""
    conf, names = "[main]\nmagic = 14\nmemlimit = 2000\nrunning_provers_max = 2\n", []
    for limit, steps in limits.items():
        for (name, driver, run), n in zip(PROVERS, steps):
            names.append(f"{name}-{limit}".lower())
            conf += (f'\n[prover]\nname = "{name}"\nversion = "{limit}"\nalternative = ""\ndriver = "{driver}"\n'
                     f'command = "{run % n}"\ncommand_steps = "{run % n}"\nshortcut = "{names[-1]}"\n'
                     'editor = ""\nin_place = false\ninteractive = false\n')
    with open(os.path.join(OUT, "why3.conf"), "w", encoding="utf-8") as f:
        f.write(conf)
    return names


def command(path, only, skip, names):
    share = subprocess.run(["frama-c", "-print-share-path"], text=True,
                           capture_output=True, check=True).stdout.strip()
    cpp = ("-nostdinc -D__FRAMAC__ -D__FC_MACHDEP_X86_64 -D_GNU_SOURCE -Itests/prove/include "
           f"-I. -I{share}/libc")
    c = ["nice", "frama-c", "-machdep", "gcc_x86_64", "-no-frama-c-stdlib", "-cpp-extra-args=" + cpp,
         "-no-unicode", "-wp", "-wp-rte", "-wp-no-init-const", "-wp-model", "Typed+Cast", "-wp-prover", ",".join(names),
         "-wp-timeout", SECONDS, "-wp-par", "2", "-wp-cache", "none"]
    if only:
        c += ["-wp-fct", only]
    elif skip:
        c += ["-wp-skip-fct", ",".join(skip)]
    if os.environ.get("SMOKE"):
        c += ["-wp-smoke-tests", "-wp-smoke-timeout", SECONDS]
    return c + [path]


def run(job, names):
    """Runs Frama-C on a file or on one function; returns (ok, output)."""
    path, only, skip = job
    name = os.path.join(OUT, os.path.basename(path) + (f".{only}" if only else "") + ".log")
    with open(name, "w", encoding="utf-8") as f:
        r = subprocess.run(command(path, only, skip, names), cwd=ROOT, text=True, stdout=f, stderr=f,
                           env=dict(os.environ, WHY3CONFIG=os.path.join(OUT, "why3.conf")))
    with open(name, encoding="utf-8") as f:
        return r.returncode == 0, f.read()


def judge(name, allowed, parts):
    """Returns a line to print, the errors, and each prover's most steps."""
    path = FILES[name]
    mine = {(k, n): c for (k, f, n), c in allowed.items() if f == path}
    skip = [n for k, n in mine if k == "function"]
    log = "\n".join(text for _, text in parts)
    sums = re.findall(r"Proved goals:\s+(\d+) / (\d+)", log)
    if not all(well for well, _ in parts) or len(sums) != len(parts):
        return f"{path:<22} frama-c failed: see {OUT}/{name}.c*.log", [path], {}
    done, goals = (sum(int(s[i]) for s in sums) for i in (0, 1))
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
    # The memory model separates signed from unsigned bytes only at casts. Casts
    # between byte types do not affect the proof; other casts would.
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
    for label in re.findall(r"/[/*]@ admit (\w+):", text):
        admits[label] = admits.get(label, 0) + 1
    said = {n: c for (k, n), c in mine.items() if k == "admit"}
    if admits != said:
        wrong.append(f"admitted: {admits}, README.md says {said}")
    notes = [f"{len(failed)} excepted"] if failed and not wrong else []
    notes += [f"{sum(admits.values())} facts admitted"] if admits else []
    notes += [f"without {', '.join(skip)}"] if skip else []
    most = {}
    for prover, steps in re.findall(r"^\[wp\] \[(\w+ \w+)\] Goal \w+ : Valid .*\((\d+)\)$", log, re.M):
        most[prover] = max(most.get(prover, 0), int(steps))
    return f"{path:<22} {done} / {goals} goals proved" + (f" ({'; '.join(notes)})" if notes else ""), wrong, most


def main():
    os.makedirs(OUT, exist_ok=True)
    names = provers(SMOKE if os.environ.get("SMOKE") else LIMITS)
    allowed, bad, most, begin = exceptions(), 0, {}, time.monotonic()
    files = sys.argv[1:] or list(FILES)
    if not sys.argv[1:]:
        bad += len({f for _, f, _ in allowed} - set(FILES.values()))
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("PROVE_JOBS", "2"))) as pool:
        parts = {}
        for name in files:
            path, heavy = FILES[name], HEAVY.get(name, [])
            skip = [n for k, f, n in allowed if k == "function" and f == path]
            parts[name] = []
            for only in [*heavy, None]:
                short = only and any(k == "goals" and n.startswith(only + "_") for k, _, n in allowed)
                parts[name].append(pool.submit(run, (path, only, skip + heavy), names[:2] if short else names))
        for name in files:
            line, wrong, steps = judge(name, allowed, [p.result() for p in parts[name]])
            print(line, flush=True)
            for w in wrong:
                print("    " + w, flush=True)
            bad += len(wrong)
            for k, v in steps.items():
                most[k] = max(most.get(k, 0), v)
    print(f"{time.monotonic() - begin:.0f} s; the most steps that a goal took: "
          + ", ".join(f"{k} {v}" for k, v in sorted(most.items())))
    print("all proved but what tests/prove/README.md excepts" if not bad else f"{bad} things are wrong")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
