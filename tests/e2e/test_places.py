"""How many places one identity and one address get, whose a name is after a lost
connection, and what a client does whose place or name was taken meanwhile."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conclave1 import Closed
from harness import PASSWORD, WAIT, Proxy, until


def refused(world, server, name, code, **more):
    """Tries to come in and returns the server's sentence."""
    with pytest.raises(Closed):
        world.peer(server, name, **more)
    p = world.peers[-1]
    bye = next(e for e in p.events if e["event"] == "bye")
    assert bye["code"] == code, bye
    return bye["text"]


def test_places_of_an_address(world):
    s = world.server("--max-per-address", "2")
    world.peer(s, "a1", source="127.0.0.2")
    a2 = world.peer(s, "a2", source="127.0.0.2")
    key = ed25519.Ed25519PrivateKey.generate()
    text = refused(world, s, "a3", "full", identity=key, source="127.0.0.2")
    assert "your address" in text
    until(lambda: s.said(r"refused: a3 \(127.0.0.2:\d+\): full \(--max-per-address\)"),
          what="the log's word")
    world.peer(s, "b1", source="127.0.0.3")
    # A proxy on this machine stands for many people.
    world.crowd(s, ["local%d" % i for i in range(3)])
    a2.bye()
    until(lambda: s.said("leave: a2 "), what="her leave")
    world.peer(s, "a3", identity=key, source="127.0.0.2")


def test_places_of_an_account(world):
    s = world.server("--max-per-account", "2", "--max-per-address", "0")
    key = ed25519.Ed25519PrivateKey.generate()
    world.peer(s, "a", identity=key, source="127.0.0.2")
    second = world.peer(s, "a", identity=key, source="127.0.0.3")
    text = refused(world, s, "a", "full", identity=key, source="127.0.0.4")
    assert "your account" in text
    until(lambda: s.said(r"refused: a .*: full \(--max-per-account\)"),
          what="the log's word")
    again = world.peer(s, source="127.0.0.4")
    again.instance = second.instance    # takes its own place
    again.join(PASSWORD, "a", identity=key)
    world.peer(s, "b", identity=key, source="127.0.0.4")     # another account


def test_a_name_waits_for_its_owner(world):
    s = world.server(control=True)
    alice = world.client(s, "alice")
    alice.joined()
    bob = world.client(s, "bob")
    bob.joined()
    alice.kill()
    until(lambda: s.said("leave: alice "), what="her leave")
    thief = world.client(s, "Alice", home="thief")
    assert thief.wait() == 4
    assert "belongs to somebody else" in thief.see("closed")["text"]
    world.client(s, "alice").joined()
    # Also that of somebody who quits, until the server's owner frees it.
    bob.quit()
    until(lambda: s.said("leave: bob "), what="his leave")
    assert world.client(s, "bob", home="thief").wait() == 4
    s.forget("bob")
    world.client(s, "bob", home="another").joined()


@pytest.mark.parametrize("face", ["--json", "--plain"])
def test_a_client_waits_for_its_place(world, face):
    s = world.server("--max-users", "2")
    bob = world.client(s, "bob")
    bob.joined()
    line = Proxy(s)
    alice = world.client(line.invite, "alice", face=face)
    bob.see("join", names=["alice"])
    until(lambda: any('"connected"' in x or "you are in" in x for x in alice.out),
          what="alice")     # one whose first visit ends so does not come again
    line.open = False
    line.cut()
    bob.see("leave", names=["alice"])
    carol = world.client(s, "carol")
    carol.joined()
    line.open = True
    want = "the server is full; waiting until there is a place"
    until(lambda: any(want in line for line in alice.out + alice.err), 2 * WAIT, what=want)
    assert alice.p.poll() is None
    carol.quit()
    bob.see("join", names=["alice"], n=2, seconds=2 * WAIT)
    line.close()
