"""System calls that are short, interrupted, or fail (tests/fault/fail_io.c
preloaded under the real programs): three clients talk, and nothing is lost."""

import os
import time

import pytest

from faults import FAULT
from harness import Server, WAIT, until

SO = os.path.join(FAULT, "fail_io.so")
pytestmark = pytest.mark.skipif(
    not os.path.exists(SO), reason="under AddressSanitizer nothing is preloaded")


def talk(world, server_io, client_io, n=30, again=False):
    s = world.server("--no-sandbox", LD_PRELOAD=SO, FAIL_IO=server_io)
    cs = [world.client(s, name, "--no-sandbox", LD_PRELOAD=SO, FAIL_IO=client_io)
          for name in ("alice", "bob", "carol")]
    for c in cs:
        c.see("connected", 1.5 * WAIT)

    def all_know():
        for c in cs:
            c.do(do="users")
        return all(len(c.events("users")[-1]["users"]) == 3
                   for c in cs if c.events("users")) and all(
                       c.events("users") for c in cs)
    until(all_know, 1.5 * WAIT, "all three")
    for i in range(n):
        for c in cs:
            c.say("%s %d %s" % (c.name, i, "x" * (i * 37 % 700)))
        # Slowly enough for one call per message, or too few calls break.
        time.sleep(0.05 * WAIT / 60 if again else 0)
    for c in cs:
        c.see("sent", 1.5 * WAIT, n=n)
        for other in cs:
            if other is c:
                continue
            want = ["%s %d %s" % (c.name, i, "x" * (i * 37 % 700)) for i in range(n)]
            until(lambda: len(other.texts(c.name)) >= n or again, 1.5 * WAIT, "all of it")
            got = other.texts(c.name)
            if not again:
                assert got == want
            assert len(set(got)) == len(got) and got == [t for t in want if t in got]
    for c in cs:
        c.quit()
    assert s.stop() == 0
    return s


@pytest.mark.parametrize("faults", [
    "1 recv=short/2+0 sendmsg=short/2+0 send=short/2+0",
    "2 recv=EINTR/3+0 sendmsg=EINTR/3+0 send=EINTR/3+0 epoll_wait=EINTR/4+0 poll=EINTR/4+0",
    "3 recv=EAGAIN/3+0 sendmsg=EAGAIN/3+0 send=EAGAIN/3+0",
], ids=["short", "interrupted", "again"])
def test_short_and_interrupted(world, faults):
    talk(world, faults, faults)


def test_connections_that_break(world):
    """The affected client is disconnected and reconnects. In the end the server
    has all messages, and nobody sees one twice or out of order."""
    s = talk(world, "6 recv=ECONNRESET/40+80", "6", n=60, again=True)
    assert s.said(r"leave: .* in lobby: .*(reset|system call|broken)"), s.err


@pytest.mark.parametrize("why", ["EMFILE", "ENFILE", "ENOMEM"])
def test_nothing_to_accept_with(world, why):
    s = talk(world, "4 accept4=%s/2+0" % why, "4", 5)
    assert s.said("new ones wait"), s.err


def test_a_full_disk_at_the_first_start(tmp_path):
    s = Server(tmp_path, "--no-sandbox", ephemeral=False, ready=False,
               LD_PRELOAD=SO, FAIL_IO="5 write=ENOSPC/1+0")
    assert s.wait() == 1
    assert s.said("No space left"), s.err
    s.stop()
    assert not list(tmp_path.rglob("identity.pem"))


def cannot_start(home, call, spared):
    """A start in which the calls after so many fail: the file that it could not write,
    or None if it goes well."""
    s = Server(home, "--no-sandbox", ephemeral=False, ready=False,
               LD_PRELOAD=SO, FAIL_IO="5 %s=ENOSPC/1+%d" % (call, spared))
    until(lambda: s.p.poll() is not None or any(x.startswith("invite: ") for x in s.out),
          what="its start")
    s.stop()
    said = s.said(r"cannot write \S+: No space left")
    assert (said is not None) == (s.p.returncode == 1), s.err
    return said and os.path.basename(said.split("cannot write ")[1].split(":")[0])


@pytest.mark.parametrize("call", ["renameat2", "fsync"])
def test_each_file_of_a_first_start_fails_once(tmp_path, call):
    """Each file of the state directory gets its name when it is whole and on the disk, or
    not at all: the start says which one it was, and the next one goes well. The keeper,
    a process of its own, writes state.key."""
    for spared, name in enumerate(("identity.pem", "ticket.key", "state.key")):
        home = tmp_path / name
        state = home / "state"
        if name == "state.key":
            assert Server(home, "--no-sandbox", ephemeral=False).stop() == 0
            for f in [state / name, *state.glob("conclave.db*")]:
                f.unlink()
            spared = 0
        assert cannot_start(home, call, spared * (2 if call == "fsync" else 1)) == name
        assert not (state / name).exists() and not list(state.glob("*.new"))
        assert Server(home, "--no-sandbox", ephemeral=False).stop() == 0
