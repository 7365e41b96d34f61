"""A connection that is cut repeatedly, anywhere in a record, in both directions:
messages arrive once and in order, and the client reconnects by itself."""

import random

from harness import Proxy


def test_cut_again_and_again(world):
    server = world.server()
    bob = world.client(server.invite, "bob")
    bob.joined()
    # The handshake passes, which is longer with ML-KEM; the cut comes during the
    # conversation.
    whole = Proxy(server)
    carol = world.client(whole.invite, "carol")
    carol.joined()
    handshake = sum(map(len, whole.passed))
    carol.quit()
    whole.close()
    dice, mended = random.Random(7), []
    line = Proxy(server, lambda: None if mended
                 else handshake + dice.randrange(500, 4500))
    alice = world.client(line.invite, "alice")
    alice.joined()
    want = ["word %d" % i for i in range(60)]
    for text in want[:40]:
        alice.say(text)
    # A second and a third connection, each cut in transit.
    alice.see("connecting", n=3)
    for text in want[40:]:
        alice.say(text)
    alice.see("connecting", n=4)
    mended.append(True)
    alice.see("sent", n=len(want))
    bob.see("message", n=len(want), **{"from": "alice"})
    alice.quit()
    line.close()
    assert line.cuts >= 3
    # Each once, in order: a message that is sealed again after a reconnect
    # keeps its id, so bob does not show it twice.
    bob.see("leave", names=["alice"], n=3)
    assert bob.texts("alice") == want
    assert len(alice.events("sent")) == len(want)
    assert alice.events("closed")[0]["status"] == 0
