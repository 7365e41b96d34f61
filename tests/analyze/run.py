"""make analyze: gcc -fanalyzer, clang's static analyzer and cppcheck read every
file of shared/, server/, client/, tests/fuzz and tests/bench.

Prints one line per analyser; the full output is in build/analyze/. Each finding
must be listed with a reason in a table of README.md in this folder, and each
listed finding must still occur, as often; both are checked. Exit 0: no other
findings. Arguments: check only these files. ONLY='clang gcc': run only these.

What is said of a file is kept in build/analyze/kept, under a digest of the
preprocessed file and of the command: a run that was stopped goes on where it was,
and the next one reads only what has changed."""
import collections
import concurrent.futures
import glob
import hashlib
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, os.environ.get("O", "build"), "analyze")
FOLDERS = [*(os.path.relpath(folder, ROOT) for top in ("shared", "server", "client")
             for folder, _, _ in os.walk(os.path.join(ROOT, top))), "tests/fuzz", "tests/bench"]
TOOLS = ["gcc", "clang", "cppcheck"]
FLAGS = os.environ.get("FLAGS", "-I. -D_GNU_SOURCE").split()
CLANG = ["core", "unix", "deadcode", "nullability", "valist", "security", "optin.portability",
         "alpha.core", "alpha.unix", "alpha.security"]
# cppcheck reads no system headers, so it needs the lists and these loop macros.
LISTS = ["--include=" + f for f in (glob.glob("/usr/include/*/sys/queue.h") + glob.glob("/usr/include/sys/queue.h"))[:1]]
LOOPS = ["-Djson_array_foreach(a,i,v)=while ((i = next(a)) < size(a) && (v = json_array_get(a, i)) != NULL)",
         "-Djson_object_foreach(o,k,v)=while ((k = next(o)) != NULL && (v = json_object_get(o, k)) != NULL)"]
LIMIT = 1800  # seconds per file
LIMIT_ALL = 4 * 3600    # of cppcheck, which reads all of them
KEPT = os.path.join(OUT, "kept")
CPUS = os.cpu_count() or 1


def tables():
    """{(tool, file, kind): count} and {tool: [check left out]}, from README.md."""
    rows, off = {}, collections.defaultdict(list)
    with open(os.path.join(HERE, "README.md"), encoding="utf-8") as f:
        for line in f:
            if m := re.match(r"\| (\w+) \| `(\S+)` \| `(\S+)` \| (\d+) \| \S.* \|$", line):
                rows[m[1], m[2], m[3]] = rows.get((m[1], m[2], m[3]), 0) + int(m[4])
            elif m := re.match(r"\| off \| (\w+) \| `(\S+)` \| \S.* \|$", line):
                off[m[1]].append(m[2])
    return rows, off


def command(tool, off, files):
    if tool == "gcc":
        return ["gcc", *FLAGS, "-std=c11", "-O2", "-fanalyzer", "-Wanalyzer-too-complex",
                "--param", "analyzer-bb-explosion-factor=30", "-fdiagnostics-plain-output", *["-Wno-" + k.removeprefix("-W") for k in off],
                "-c", "-o", "/dev/null", *files]
    if tool == "clang":
        c = ["clang", "--analyze", "--analyzer-output", "text", *FLAGS, "-std=c11"]
        for k in CLANG:
            c += ["-Xclang", "-analyzer-checker=" + k]
        for k in off:
            c += ["-Xclang", "-analyzer-disable-checker=" + k]
        return c + files
    return ["cppcheck", "--quiet", "-j", str(CPUS), "--cppcheck-build-dir=" + os.path.join(KEPT, "cppcheck"), "--std=c11", "--library=posix", "--inconclusive",
            "--enable=warning,performance,portability,style", *["--suppress=" + k for k in off],
            "--template={file}:{line}:{column}: warning: {message} [{id}]", "--template-location=",
            *LISTS, *LOOPS, *[f for f in FLAGS if f.startswith(("-D", "-I."))], *files]


def place(tool, off, files):
    """The file in which the output about these is kept; None for cppcheck, which keeps
    its own."""
    if tool == "cppcheck":
        return None
    r = subprocess.run(["nice", "gcc", *FLAGS, "-std=c11", "-E", *files], cwd=ROOT, capture_output=True)
    version = subprocess.run([tool, "--version"], capture_output=True).stdout
    what = "\0".join(command(tool, off, files)).encode() + version + r.stdout
    return os.path.join(KEPT, tool, hashlib.sha256(what).hexdigest())


def run(tool, off, files):
    """Returns its output, and whether it failed or timed out."""
    path = place(tool, off, files)
    if path and os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            return f.read(), False
    try:
        limit = LIMIT_ALL if tool == "cppcheck" else LIMIT
        r = subprocess.run(["nice", *command(tool, off, files)], cwd=ROOT, text=True, errors="replace",
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"{files[0]}{' and others' if files[1:] else ''}: stopped after {limit} s\n", True
    if path and r.returncode == 0:
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(r.stdout)
        os.replace(path + ".new", path)
    return r.stdout, r.returncode != 0


def analyse(tool, off, files):
    """Returns its output, its findings, and whether it failed or timed out."""
    log, failed = run(tool, off, files)
    found = set()
    for m in re.finditer(r"^(?:\./)?(\S+?):(\d+):(?:(\d+):)? (?:warning|error): (.*) \[([-\w.]+)\]$", log, re.M):
        if m[5] != "-Wanalyzer-too-complex":
            found.add((m[1], m[5], int(m[2]), int(m[3] or 0), m[4]))
    return log, found, failed


def judge(tool, rows, found):
    """Returns the findings without a row, and the rows that no longer apply."""
    wrong, there = [], collections.defaultdict(list)
    for path, kind, line, _, text in sorted(found):
        there[path, kind].append(f"{path}:{line}: {text} [{kind}]")
    for (path, kind), lines in there.items():
        said = rows.pop((tool, path, kind), 0)
        if len(lines) > said:
            wrong += lines
        if said and len(lines) != said:
            wrong.append(f"README.md says {said} of `{kind}` in {path}, there are {len(lines)}")
    wrong += [f"README.md has `{k}` in {f}, which is not found" for t, f, k in rows if t == tool]
    return wrong


def main():
    for tool in TOOLS:
        os.makedirs(os.path.join(KEPT, tool), exist_ok=True)
    rows, off = tables()
    every = sorted(f for d in FOLDERS for f in glob.glob(d + "/*.c", root_dir=ROOT))
    files = sys.argv[1:] or every
    if sys.argv[1:]:
        rows = {k: n for k, n in rows.items() if k[1] in files}
    tools = os.environ.get("ONLY", "").split() or TOOLS
    strange = [k for k in rows if k[0] not in TOOLS] + [t for t in tools if t not in TOOLS]
    # Longest files first; cppcheck gets all files at once, to check across them.
    big = sorted(files, key=lambda f: -os.path.getsize(os.path.join(ROOT, f)))
    began, bad = time.monotonic(), len(strange)
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        work = {t: [pool.submit(analyse, t, off[t], w) for w in ([files] if t == "cppcheck" else [[f] for f in big])]
                for t in sorted(tools, reverse=True)}
        for t in tools:
            found, cut, wrong = set(), 0, [f"no such analyser: {s}" for s in strange]
            strange = []
            with open(os.path.join(OUT, t + ".log"), "w", encoding="utf-8") as f:
                for job in work[t]:
                    log, some, failed = job.result()
                    f.write(log)
                    found |= some
                    cut += "analysis bailed out early" in log
                    wrong += [log.strip() or f"{t} failed"] if failed else []
            if sys.argv[1:]:  # a row of a header counts only when all files are read
                found = {f for f in found if f[0] in files}
            wrong += judge(t, rows, found)
            version = subprocess.run([t, "--version"], text=True, capture_output=True).stdout
            version = re.search(r"\d+\.\d[\d.]*", version)
            print(f"{t + ' ' + (version[0] if version else '?'):<16} {len(files)} files: " +
                  (f"{len(found)} findings, all explained" if not wrong else f"{len(found)} findings, see below") +
                  (f"; {cut} files given up part-way" if cut else ""), flush=True)
            for w in wrong:
                print("    " + w, flush=True)
            bad += len(wrong)
    print(f"nothing is left but what tests/analyze/README.md explains ({time.monotonic() - began:.0f} s)"
          if not bad else f"{bad} things are wrong: {OUT} has the logs")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
