"""A machine that may be a copy of another: the time of day is set, as it is after
a snapshot of a virtual machine is started again. The clock is the test's."""

import struct

import pytest

from harness import CAGELESS, preload, together, until

HOUR = 3600


class Clock:
    """Shifts the time of day of one program; see tests/fault/clock.c."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(16))
        self.env = preload("clock", CONCLAVE_FAULT_CLOCK=str(path))

    def set(self, seconds):
        with open(self.path, "r+b") as f:   # it is mapped: never shorter
            f.write(struct.pack("=q", seconds))


pytestmark = pytest.mark.skipif(CAGELESS, reason="valgrind has a clock of its own")


def talk(a, b, text):
    together(a, b)      # both have both keys
    a.say(text)
    b.see("message", text=text)
    b.say(text + ", too")
    a.see("message", text=text + ", too")


@pytest.mark.parametrize("by", [HOUR, -HOUR, 10])
def test_a_client_takes_new_keys(world, tmp_path, by):
    s = world.server()
    clock = Clock(tmp_path / "clock")
    a, b = world.client(s, "alice", **clock.env), world.client(s, "bob")
    talk(a, b, "before")
    clock.set(by)
    a.say("in between")     # nothing is sealed under the old keys any more
    assert "time of day was set" in a.see("reconnect")["reason"]
    a.joined(2)
    b.see("message", text="in between")
    talk(a, b, "after")
    assert b.texts("alice") == ["before", "in between", "after"]
    assert len(a.events("reconnect")) == 1


def test_a_second_is_no_reason(world, tmp_path):
    """A leap second, or a small correction."""
    s = world.server()
    clock = Clock(tmp_path / "clock")
    a, b = world.client(s, "alice", **clock.env), world.client(s, "bob")
    for by in (1, 0):
        clock.set(by)
        talk(a, b, "it is %d" % by)
    assert not a.events("reconnect")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_makes_a_fresh_epoch(world, tmp_path, workers):
    clock = Clock(tmp_path / "clock")
    s = world.server("--workers", workers, "--log-level", "debug", **clock.env)
    a, b = world.client(s, "alice"), world.client(s, "bob")
    talk(a, b, "before")

    def newest(c):
        return max(e["epoch"] for e in c.events() if "epoch" in e)

    epoch = newest(a)
    assert epoch == newest(b)
    clock.set(HOUR)
    a.say("a word")         # wakes it; by itself it looks when it next wakes
    until(lambda: newest(a) > epoch and newest(b) == newest(a), what="the new key")
    talk(a, b, "after")
    until(lambda: s.said("info clock: the time of day was set"), what="the line")
    assert not a.events("reconnect") and not b.events("reconnect")
    assert s.stop() == 0
