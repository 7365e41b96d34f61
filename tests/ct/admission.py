"""make ct-admission: a real server with accounts and invites, some of which let
nobody in, and admission.c, which guesses at all of them: may the answers be told
apart? The limits on guesses are lifted with the server's own options."""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))

import harness      # noqa: E402
from conclave1 import G, b64, encode, mul, stretch   # noqa: E402
from conftest import World   # noqa: E402

OWN = {"name": "scrypt", "n": 65536, "r": 8, "p": 1}
UNLIMITED = [word for o in ("", "-net", "-site", "-name", "-address") for word in ("--guesses" + o, "0")]


def record(name, password):
    salt = os.urandom(32)
    w0, w1 = stretch(password.encode(), name.encode(), b"conclave/1", salt, OWN)
    return {"salt": b64(salt), "kdf": OWN, "w0": b64(w0.to_bytes(32, "big")),
            "l": b64(encode(mul(w1, G)))}


def people(world, s):
    """KIND=WORD for each kind of word that somebody may try."""
    alice, _ = (world.peer(s, name) for name in ("alice", "bobby"))
    assert "code" not in alice.request("account_password", **record("alice", "her own"))
    good, used, ended, gone = (
        s.owner(do="invite", uses=1, **more)[0]["invite"].rsplit(",i=", 1)[1].split(".")
        for more in ({}, {}, {"seconds": 1}, {}))
    world.peer(s).join(used[1], "carol", account="+" + used[0])
    assert s.owner(do="revoke", id=gone[0])[-1]["type"] == "done"
    world.peer(s, "david")
    s.forget("david")
    time.sleep(2)   # the third is over
    return {"its own password": "alice", "no own password": "bobby",
            "never there": "nobod", "forgotten": "david",
            "good invite": "+" + good[0], "used up": "+" + used[0],
            "expired": "+" + ended[0], "revoked": "+" + gone[0],
            "unknown": "+aaaaaaaa", "the gate's": "*"}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--samples", type=int, default=10000)
    a = a.parse_args()
    with tempfile.TemporaryDirectory(prefix="conclave-") as folder:
        world = World(pathlib.Path(folder))
        try:
            s = world.server(*UNLIMITED, control=True)
            words = people(world, s)
            return subprocess.run(
                [os.path.join(harness.BUILD, "ct", "admission"), str(s.address[1]),
                 str(a.samples), *("%s=%s" % w for w in words.items())]).returncode
        finally:
            world.end()


if __name__ == "__main__":
    sys.exit(main())
