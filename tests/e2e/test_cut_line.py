"""A connection that is cut repeatedly, anywhere in a record, in both directions:
messages arrive once and in order, and the client reconnects by itself."""

import random
import socket
import threading


class CutLine:
    """A proxy that closes each connection after some bytes, until repaired."""

    def __init__(self, to, seed, after):
        self.to, self.random, self.after = to, random.Random(seed), after
        self.mended = threading.Event()
        self.cuts = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            # The handshake passes; the cut comes during the conversation.
            left = [None if self.mended.is_set()
                    else self.random.randrange(*self.after)]
            server = socket.create_connection(self.to)
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(a, b, left),
                                 daemon=True).start()

    def pump(self, a, b, left):
        try:
            while data := a.recv(4096):
                if left[0] is not None:
                    left[0] -= len(data)
                    if left[0] < 0:
                        b.sendall(data[:max(0, len(data) + left[0])])
                        self.cuts += 1
                        break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def test_cut_again_and_again(world):
    server = world.server()
    bob = world.client(server.invite, "bob")
    bob.joined()
    line = CutLine(server.address, 7, (5000, 9000))
    where = server.invite.replace(":%d/" % server.address[1], ":%d/" % line.port)
    alice = world.client(where, "alice")
    alice.joined()
    want = ["word %d" % i for i in range(60)]
    for text in want[:40]:
        alice.say(text)
    # A second and a third connection, each cut in transit.
    alice.see("connecting", n=3)
    for text in want[40:]:
        alice.say(text)
    alice.see("connecting", n=4)
    line.mended.set()
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
