"""A short soak (tests/soak/README.md): relay, keeper and clients are killed 30 times
while people talk, and everything that was acknowledged is there, once and in order."""

import os
import subprocess
import sys

import pytest

from harness import TOP, WAIT, WATCHED


def soak(folder, *args):
    r = subprocess.run(
        [sys.executable, os.path.join(TOP, "tests", "soak", "soak.py"), "--nap", "3",
         *args, str(folder)], capture_output=True, text=True, timeout=10 * WAIT)
    assert r.returncode == 0, r.stdout[-6000:] + r.stderr[-3000:]
    last = r.stdout.splitlines()[-1]
    assert last.startswith("0 lost, 0 doubled, 0 out of order"), last
    assert not os.path.exists(folder)


def test_thirty_kills(tmp_path):
    people, rate = ("5", "10") if WATCHED else ("8", "40")
    soak(tmp_path / "soak", "--kills", "30", "--messages", "150", "--people", people,
         "--rooms", "3", "--round", "16", "--pause", "0.2", "--rate", rate, "--relay", "1")


@pytest.mark.skipif(WATCHED, reason="the disk that forgets is preloaded")
def test_the_power_fails(tmp_path):
    """What is acknowledged was synced."""
    soak(tmp_path / "soak", "--kills", "5", "--messages", "60", "--people", "3", "--rooms", "1",
         "--round", "5", "--pause", "0.3", "--rate", "40", "--relay", "99", "--power")
