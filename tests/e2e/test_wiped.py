"""Texts are wiped when the client drops them: its memory is searched for them, as a
debugger or a memory image would be."""

import re

import pytest

from harness import CAGELESS, PASSWORD, WATCHED, until
from test_client import terminal  # noqa: F401

pytestmark = [pytest.mark.usefixtures("own_pairs"),
              pytest.mark.skipif(WATCHED or CAGELESS, reason="the watcher keeps freed memory")]
RECENT_MAX = 1000      # recent.h
# Above what one message and the scrollback hold.
WORD_BYTES, SCROLLBACK_BYTES = 16000, 8 << 20


def memory(pid):
    """What the process can write, except its stacks: a frame that has returned is
    overwritten by the next."""
    try:
        with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
            for line in maps:
                m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw\S+ \S+ \S+ \S+ *(.*)", line)
                if m and not m[3].startswith("[stack") and not m[3].startswith("[v"):
                    a, b = int(m[1], 16), int(m[2], 16)
                    mem.seek(a)
                    try:
                        yield mem.read(b - a)
                    except OSError:
                        pass
    except PermissionError:
        pytest.skip("the memory of a client can be read by root only")


def count(pid, text):
    what = text if isinstance(text, bytes) else text.encode()
    return sum(part.count(what) for part in memory(pid))


def gone(pid, *texts):
    until(lambda: not any(count(pid, t) for t in texts), 10,
          what="the end of " + ", ".join(t for t in texts if count(pid, t)))


@pytest.fixture
def bob(world):
    s = world.server("--rate", "100000/s", "--rate-bytes", "1G/s", "--rate-burst", "1G")
    b = world.client(s, "bob")
    b.joined()
    return s, b


def outlast_quotes(bob):
    for i in range(RECENT_MAX):
        bob.say("line %d" % i)
    bob.say("the last one")


def outlast_lines(bob, then=lambda: None):
    """More than the scrollback holds, and then more than can be quoted."""
    for i in range(SCROLLBACK_BYTES // WORD_BYTES + 2):
        bob.say("%d " % i + "w" * WORD_BYTES)
        if i % 64 == 63:
            bob.see("sent", n=i + 2)
            then()
    outlast_quotes(bob)


@pytest.mark.parametrize("face", ["--plain", "--json"])
def test_lines(world, bob, face):
    s, bob = bob
    alice = world.client(s, "alice", face=face)
    bob.see("join", names=["alice"])
    bob.say("xylophone-said")
    until(lambda: any("xylophone-said" in x for x in alice.out))
    # A line that is refused is in no outbox, where a text stays for 30 s.
    alice.p.stdin.write(b' /xylophone-typed\n' if face == "--plain" else
                        b'{"do":"xylophone-typed"}\n')
    alice.p.stdin.flush()
    bob.say("after it")
    until(lambda: any("after it" in x for x in alice.out))
    if face == "--plain":       # the newest can be quoted in an answer, and found
        assert count(alice.p.pid, "xylophone-said")
        outlast_lines(bob)
        until(lambda: any("the last one" in x for x in alice.out))
    gone(alice.p.pid, "xylophone-said", "xylophone-typed")


def test_the_full_screen(bob, terminal, tmp_path):
    s, bob = bob
    t = terminal(tmp_path / "alice", "--tui", "-n", "alice", s.invite, size=(24, 80),
                 CONCLAVE_PASSWORD=PASSWORD)
    bob.see("join", names=["alice"])
    bob.say("xylophone-said")
    t.see("xylophone-said")
    t.type("xylophone-killed\x15")          # cut, and cut over
    t.type("xylophone-typed\x03")           # cleared: in the history
    t.type("xylophone-pasted".join(["\x1b[200~", "\x1b[201~"]) + "\x03")
    t.type("\x03n")                         # asked to quit: no
    t.taken()
    assert count(t.pid, "xylophone-said") and count(t.pid, "xylophone-killed")
    assert count(t.pid, "xylophone-typed") and count(t.pid, "xylophone-pasted")
    t.type("another\x15")
    for i in range(210):                    # more than the history holds
        t.type("line %d\x03" % i)
        if i % 50 == 0:
            t.taken()
    t.taken()
    gone(t.pid, "xylophone-killed", "xylophone-typed", "xylophone-pasted")
    assert count(t.pid, "xylophone-said")
    outlast_lines(bob, t.read)
    t.see("the last one")
    gone(t.pid, "xylophone-said")
