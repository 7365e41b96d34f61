#!/usr/bin/python3
"""Checks room.pml and log.pml with Spin: the correct models in several sizes, which must
hold, and variants with one planted fault each, which must be caught. Prints a
line for each; the exit status is 0 when every result is as expected.

    python3 tests/model/run.py [-v] [NAME...]      -v: print violations in full
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MEGABYTES = 3000        # per run; the largest run takes half of it
SECONDS = 600

# name, description, -D options for room.pml; or for log.pml, with LOG_MODEL
TRUE = [
    ("join-leave-age", "one comes, one goes, one fresh key for age, two speak",
     "LEAVES=1 TIMERS=1"),
    ("two-leave", "two of three go, two fresh keys for age, one speaks",
     "STARTERS=3 SAY1=0 LEAVES=2 TIMERS=2"),
    ("two-speak", "two messages each from two of three, one goes",
     "STARTERS=3 SAY1=2 LEAVES=1"),
    ("all-speak", "three speak, the third comes, one goes",
     "SAY0=1 SAY2=1 LEAVES=1"),
    ("kick", "one is kicked, one goes, one comes, one fresh key for age",
     "SAY1=0 KICKS=1 LEAVES=1 TIMERS=1"),
    ("back", "one comes, one loses its connection and comes back",
     "SAY0=1 CUTS=1 CONNS=4 LOG=6"),
    ("back-leave", "one loses its connection and comes back, one goes, one comes",
     "SAY1=0 CUTS=1 LEAVES=1 CONNS=4 LOG=6"),
    ("four", "four people: one comes, one goes, two speak",
     "PERSONS=4 STARTERS=3 SAY0=1 LEAVES=1"),
    ("mute", "one is muted, perhaps not for ever; one comes, two speak",
     "SAY0=1 SAY1=1 MUTES=1 LOG=5"),
    ("mute-leave", "one of three is muted, perhaps not for ever; one goes",
     "STARTERS=3 SAY0=1 SAY1=0 MUTES=1 LEAVES=1 LOG=5"),
    ("again", "one leaves the room and enters it on the same connection",
     "STARTERS=3 SAY0=1 SAY1=1 AGAIN=1 LOG=6"),
    ("again-mute", "one leaves the room and enters it, one is muted",
     "STARTERS=3 SAY0=1 SAY1=0 AGAIN=1 MUTES=1 LOG=6"),
    ("crash", "the server is killed twice while two speak",
     "LOG_MODEL CRASHES=2"),
    ("crash-cut", "the server is killed, two connections are lost",
     "LOG_MODEL CRASHES=1 CUTS=2"),
    ("death", "the keeper dies twice, the server once, one connection is lost",
     "LOG_MODEL CRASHES=1 DEATHS=2 CUTS=1"),
    ("agree", "LTL <>[] settled: one comes, one goes, two speak",
     "SAY0=1 SAY1=1 LEAVES=1 PROGRESS"),
]

BUGS = [
    ("no-fence", "the relay takes frames from before the fence",
     "BUG_NO_FENCE STARTERS=3 SAY1=0 LEAVES=1"),
    ("no-ack-before-fence", "what was accepted is not acknowledged before a fresh key",
     "BUG_NO_ACK_BEFORE_FENCE STARTERS=3 SAY1=0 LEAVES=1"),
    ("ack-before-fence-check", "a frame is counted and acknowledged, then dropped",
     "BUG_ACK_BEFORE_FENCE_CHECK STARTERS=3 SAY1=0 LEAVES=1"),
    ("step-at-leave", "a join step instead of a fresh key at a leave",
     "BUG_STEP_AT_LEAVE STARTERS=3 SAY1=0 LEAVES=1"),
    ("stale-step", "a step prepared before somebody left is used after it",
     "BUG_STALE_STEP STARTERS=2 SAY1=0 LEAVES=1"),
    ("leaver-still-told", "who has left is still sent the fresh key",
     "BUG_LEAVER_STILL_TOLD STARTERS=3 SAY1=0 LEAVES=1"),
    ("no-join-step", "a newcomer gets the epoch that is there",
     "BUG_NO_JOIN_STEP SAY1=0"),
    ("step-sealed-in-new", "the notice of a step is sealed in what it steps to",
     "BUG_STEP_SEALED_IN_NEW SAY1=0"),
    ("old-frames-to-newcomers", "a late frame of an old epoch goes to a newcomer",
     "BUG_OLD_FRAMES_TO_NEWCOMERS SAY1=0"),
    ("reseal-with-new-seq", "sealed again with the next seq instead of its own",
     "BUG_RESEAL_WITH_NEW_SEQ STARTERS=3 SAY1=0 LEAVES=1"),
    ("no-reseal", "what the fence dropped does not come again",
     "BUG_NO_RESEAL STARTERS=3 SAY1=0 LEAVES=1"),
    ("reseal-at-step", "sealed again at a join step as well",
     "BUG_RESEAL_AT_STEP SAY1=0"),
    ("sent-is-delivered", "after a reconnect only what was never sent is sent",
     "BUG_SENT_IS_DELIVERED STARTERS=3 SAY1=0 CUTS=1 CONNS=4 LOG=6"),
    ("no-ids", "what is sealed again after a reconnect is shown again",
     "BUG_NO_IDS STARTERS=3 SAY1=0 CUTS=1 CONNS=4 LOG=6"),
    ("leave-waits-for-wraps", "a leave's fresh key waits for newcomers' wrapped keys",
     "BUG_LEAVE_WAITS_FOR_WRAPS SAY0=1 SAY1=1 LEAVES=1 TIMERS=1"),
    ("newcomers-forgotten", "a leave, which waits for no newcomer, drops them",
     "BUG_NEWCOMERS_FORGOTTEN SAY0=1 SAY1=1 LEAVES=1 PROGRESS"),
    ("unwrapped-come", "a leave brings in newcomers without a key",
     "BUG_UNWRAPPED_COME SAY1=0 LEAVES=1 TIMERS=1"),
    ("roster-with-leaver", "the roster of a fresh key still has who left",
     "BUG_ROSTER_WITH_LEAVER STARTERS=3 SAY1=0 LEAVES=1"),
    ("seals-before-notice", "sealed after a fresh key, before the notice of who left",
     "BUG_SEALS_BEFORE_NOTICE STARTERS=3 SAY1=0 LEAVES=1"),
    ("roster-of-the-newest", "a late frame is compared with the roster of now",
     "BUG_ROSTER_OF_THE_NEWEST SAY1=0"),
    ("mute-without-fence", "who may not speak is refused from the act on, without a fence",
     "BUG_MUTE_WITHOUT_FENCE STARTERS=3 SAY1=0 MUTES=1"),
    ("voice-after-the-key", "a member learns after the fresh key that it may not speak",
     "BUG_VOICE_AFTER_THE_KEY STARTERS=3 SAY1=0 MUTES=1"),
    ("speaks-before-the-key", "a member that may speak again does so in the old epoch",
     "BUG_SPEAKS_BEFORE_THE_KEY STARTERS=3 SAY1=0 MUTES=1"),
    ("taken-back-at-once", "what is on its way is taken back before the last ack",
     "BUG_TAKEN_BACK_AT_ONCE STARTERS=3 SAY1=0 MUTES=1"),
    ("no-ack-before-parted", "who leaves a room does not learn what of it was accepted",
     "BUG_NO_ACK_BEFORE_PARTED STARTERS=3 SAY0=1 SAY1=0 AGAIN=1 LOG=6"),
    ("mute-forgotten-at-entry", "who enters again does not learn that it may not speak",
     "BUG_MUTE_FORGOTTEN_AT_ENTRY STARTERS=3 SAY0=1 SAY1=0 AGAIN=1 MUTES=1 LOG=6"),
    ("delivered-when-accepted", "delivered before it is on the disk",
     "BUG_DELIVERED_WHEN_ACCEPTED LOG_MODEL CRASHES=1"),
    ("told-when-taken", "the keeper says that it has written what it has only got",
     "BUG_TOLD_WHEN_TAKEN LOG_MODEL CRASHES=1"),
    ("head-before-the-commit", "who enters is told a head that is not on the disk",
     "BUG_HEAD_BEFORE_THE_COMMIT LOG_MODEL CRASHES=1 CUTS=1"),
    ("head-without-what-waits", "who enters is told the head on the disk, though more is accepted",
     "BUG_HEAD_WITHOUT_WHAT_WAITS LOG_MODEL CUTS=1"),
    ("said-again-at-once", "what was not acknowledged is said again before the log is read",
     "BUG_SAID_AGAIN_AT_ONCE LOG_MODEL CUTS=1"),
    ("sent-is-kept", "after a crash only what was never sent is sent",
     "BUG_SENT_IS_KEPT LOG_MODEL CRASHES=1"),
    ("acks-only-at-rekeys", "a quiet room's last messages are never acknowledged",
     "BUG_ACKS_ONLY_AT_REKEYS SAY0=1 SAY1=1 LEAVES=1 PROGRESS"),
]


def call(argv, cwd):
    r = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, timeout=SECONDS,
                       stderr=subprocess.STDOUT, text=True)
    return r.returncode, r.stdout


def find(pattern, text, default="?"):
    m = re.search(pattern, text)
    return m[1] if m else default


def check(defines, optimise):
    """Returns the checker's output and, for a violation, the trace to it."""
    work = tempfile.mkdtemp(prefix="conclave-model-")
    try:
        model = "log.pml" if "LOG_MODEL" in defines.split() else "room.pml"
        shutil.copy(os.path.join(HERE, model), work)
        progress = "PROGRESS" in defines
        flags = ["-D" + d for d in defines.split()]
        code, out = call(["spin", *flags, "-a", model], work)
        if code != 0 or not os.path.exists(os.path.join(work, "pan.c")):
            sys.exit("spin: " + out)
        # -w: no warnings, since the checker is generated code.
        how = [] if progress else ["-DSAFETY"]
        code, out = call(["gcc", optimise, "-w", "-DNOREDUCE", "-DMEMLIM=%d" % MEGABYTES,
                          *how, "-o", "pan", "pan.c"], work)
        if code != 0:
            sys.exit("gcc: " + out)
        run = ["./pan", "-m100000"] + (["-a"] if progress else [])
        _, out = call(run, work)
        trail = ""
        if "errors: 0" not in out:
            _, trail = call(["spin", *flags, "-t", "-p", model], work)
        return out, trail
    finally:
        shutil.rmtree(work)


def one(name, what, defines, planted, verbose):
    t = time.monotonic()
    out, trail = check(defines, "-O0" if planted else "-O1")
    t = time.monotonic() - t
    errors = find(r"errors: (\d+)", out)
    states = find(r"(\d+) states, stored", out)
    depth = find(r"depth reached (\d+)", out)
    memory = find(r"([\d.]+)\s+total actual memory", out)
    whole = "MEMLIM" not in out and "max search depth too small" not in out
    right = errors == "1" if planted else errors == "0" and whole
    said = find(r"pan:1: (.*?) \(at depth", out, "nothing violated")
    print("%-24s %9s states, depth %4s, %5.0f MB, %5.1f s  %s" % (
        name, states, depth, float(memory) if memory != "?" else 0, t,
        ("caught: " if right else "NOT CAUGHT: ") + said if planted else
        "holds" if right else "VIOLATED: " + said if errors != "0" else "NOT FINISHED"))
    if verbose or not right:
        print("    " + what + "\n    " + defines)
    if verbose and planted or not right:
        print(trail[-6000:])
    sys.stdout.flush()
    return right


def main(args):
    verbose = "-v" in args
    names = [a for a in args if a != "-v"]
    known = [r[0] for r in TRUE + BUGS]
    if any(n not in known for n in names):
        sys.exit("one of: " + " ".join(known))
    if shutil.which("spin") is None:
        sys.exit("model: please install spin (and gcc)")
    begin, passed, failed = time.monotonic(), 0, 0
    for title, rows, planted in (("the model", TRUE, False),
                                 ("planted faults", BUGS, True)):
        rows = [r for r in rows if not names or r[0] in names]
        if rows:
            print(title + ":")
        for row in rows:
            right = one(*row, planted, verbose)
            passed, failed = passed + right, failed + (not right)
    print("%d passed, %d failed in %.0f s" % (passed, failed, time.monotonic() - begin))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
