"""First half of make ct: runs each case of poison.c under memcheck, with its
secrets marked as undefined.

A report is a branch or an address that depends on a secret. It is a failure
unless our line branches on the result of secret_equal, which is public, or the
report is inside a library and the case is listed in LIBRARY."""
import os
import re
import subprocess
import sys

# Cases where a library is not constant-time, and why that is accepted.
LIBRARY = {
    "pake_scalars": "libcrypto's bignums drop leading zeros: the length of w0 and w1 shows",
    "text_password": "utf8proc looks up the characters of a password that is typed, once, on the client",
}
SEEN = {"control_branch", "control_index"}  # must be reported
SOURCES = {f: os.path.join(folder, f) for top in ("shared", "tests/ct")
           for folder, _, files in os.walk(top) for f in files}


def judge(name, log):
    """Counts one run's reports: (in our code, in a library)."""
    ours = library = 0
    for report in re.split(r"==\d+== \n", log):
        m = re.search(r"at 0x[0-9A-F]+: (\S+) \((?:in (\S+)|([\w.]+):(\d+))\)", report)
        if not m:
            continue
        if m[2] or name == "text_password" and m[1] == "decode":
            library += 1
            continue
        path = SOURCES[m[3]]  # memcheck prints names without their folder
        with open(path, encoding="utf-8") as f:
            line = f.read().splitlines()[int(m[4]) - 1]
        if "secret_equal(" not in line:
            ours += 1
            print(f"    {path}:{m[4]}: {line.strip()}")
    return ours, library


def main():
    program, bad = sys.argv[1], 0
    cases = subprocess.run([program], text=True, capture_output=True, check=True).stdout.split()
    for name in cases:
        r = subprocess.run(["valgrind", "-q", "--error-exitcode=9", program, name],
                           text=True, capture_output=True)
        ours, library = judge(name, r.stderr)
        good = r.returncode in (0, 9)
        if name in SEEN:
            good, said = good and ours > 0, "reported, as it has to be"
        else:
            good = good and ours == 0 and (library == 0 or name in LIBRARY)
            said = "no branch or address depends on a secret"
            if library:
                said = f"nothing of ours; {library} reports in a library: {LIBRARY.get(name, 'not known')}"
        print(f"{name:<22} {'ok  ' if good else 'FAIL'} {said if good else r.stderr[-300:] or said}")
        bad += not good
    print(f"{len(cases) - bad} passed, {bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
