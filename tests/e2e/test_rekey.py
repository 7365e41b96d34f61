"""When a room changes its key: a leave changes it at once, whoever joins."""

import struct

from conclave1 import GROUP
from test_relay import nearly_in, pair


def round_trip(p):
    """All that the server had for this peer before it was asked is here."""
    n = 1 + sum(e["event"] == "control" for e in p.events)
    p.send_control({"type": "ping", "id": n})
    p.until(lambda: p.has("control", what="pong", id=n))


def epochs_of(sender, frames):
    heads = [struct.unpack(">IIIQ", body[8:28]) for kind, body in frames if kind == GROUP]
    return [epoch for _, epoch, member, _ in heads if member == sender.member]


def leaves(world, alice, bob, when):
    """bob goes. After one round trip, alice has the fresh key: nothing that she
    says from then on is sealed under one that bob has."""
    known = max(bob.epochs)
    when()
    bob.bye()
    bob.to_end()
    round_trip(alice)
    assert alice.has("epoch", reason="leave") and alice.epoch > known
    assert alice.has("leave", names=["bob"])


def three(world):
    """The room's fresh secret is a second old: bob has waited that long."""
    s = world.server("--workers", "1")      # a leave and its key: one loop step
    alice, bob = pair(world, s)
    carol = world.peer(s, "carol")
    for p in alice, bob:
        p.until(lambda p=p: p.has("join", names=["carol"]))
    return s, alice, bob, carol


def test_a_leave_waits_for_no_join(world):
    """carol has just joined: the next join would wait for a second."""
    s, alice, bob, carol = three(world)
    leaves(world, alice, bob, lambda: None)
    alice.say("not for bob")
    carol.until(lambda: carol.texts() == ["not for bob"])
    assert epochs_of(alice, carol.frames) == [alice.epoch]


def test_a_leave_waits_for_no_newcomer(world):
    """Some wait for their wrapped keys while bob leaves. They come after it."""
    s, alice, bob, carol = three(world)
    new = [nearly_in(world, s, "n%d" % i, "127.3.0.1") for i in range(4)]

    def come():
        for p in new:
            p.finish(p.ready)
    leaves(world, alice, bob, come)
    for p in new:
        p.until(lambda p=p: p.joined)
    alice.until(lambda: len(alice.names()) == 2 + len(new))
    alice.say("welcome")
    for p in [carol] + new:
        p.until(lambda p=p: p.texts() == ["welcome"])
    assert "bob" not in alice.names()


def test_newcomers_come_though_somebody_always_leaves(world):
    """Whoever comes is in within some leaves, and everybody agrees on the list."""
    s = world.server()
    alice, bob = pair(world, s)
    for i in range(2):
        gone, new = nearly_in(world, s, "gone%d" % i), nearly_in(world, s, "new%d" % i)
        gone.finish(gone.ready)
        gone.until(lambda: gone.joined)
        new.finish(new.ready)
        gone.bye()
        gone.to_end()
        new.until(lambda: new.joined)
    alice.until(lambda: len(alice.names()) == 4 and alice.has("leave", names=["gone1"]))
    alice.say("all here")
    bob.until(lambda: bob.texts() == ["all here"])
    new.until(lambda: new.texts() == ["all here"])
