"""Edge cases of the relay: input that arrives in one piece, clients that leave in
the middle, senders that are slowed down, handshakes that are evicted."""

import fcntl
import signal
import socket
import struct
import termios
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conclave1 import CONTROL, GROUP, Refused, padded
from harness import PASSWORD, until


def pair(world, server):
    a, b = world.peer(server, "alice"), world.peer(server, "bob")
    a.until(lambda: len(a.names()) == 2)
    return a, b


def frames(p, texts):
    out = []
    for t in texts:
        p.seq += 1
        out.append((GROUP, p.seal(p.seq, p.content(t))))
    return out


def control(p, **o):
    return CONTROL, p.tx.seal(padded(o))


def delivered(p):
    """Waits until the other side's kernel has everything: a close with unread input
    would discard data in our send buffer."""
    until(lambda: struct.unpack("i", fcntl.ioctl(p.sock, termios.TIOCOUTQ, bytes(4)))[0] == 0)


def test_rate_holds_inside_a_record(world):
    """A record of 140 frames at 20 a second: 100 at once, then one by one."""
    s = world.server("--rate", "20")
    a, b = pair(world, s)
    texts = ["m%d" % i for i in range(140)]
    time.sleep(1)       # what joining took is given back
    t = time.monotonic()
    a.send_frames(*frames(a, texts))
    b.until(lambda: len(b.texts()) == 140)
    assert time.monotonic() - t > 1.5
    assert b.texts() == texts
    a.until(lambda: a.has("sent", seq=140))


def test_held_back_and_gone_loses_nothing(world):
    s = world.server("--rate", "20")
    a, b = pair(world, s)
    texts = ["m%d" % i for i in range(130)]
    for f in frames(a, texts):
        a.send_frames(f)
    a.bye()
    delivered(a)
    a.close()
    b.until(lambda: b.has("leave", names=["alice"]))
    assert b.texts() == texts


def test_last_words_before_a_hard_close(world):
    """A message, a bye and a reset in one go, with chat unread."""
    s = world.server()
    a, b = pair(world, s)
    for i in range(20):
        b.say("unread %d" % i)
    b.until(lambda: b.has("sent", seq=20))
    a.send_raw(a.tx.record(frames(a, ["one", "two"])) +
               a.tx.record(frames(a, ["three"]) + [control(a, type="bye", code="quit", text="")]))
    delivered(a)
    a.close()
    b.until(lambda: b.has("leave", names=["alice"]))
    assert b.texts() == ["one", "two", "three"]


def test_first_record_with_the_last_handshake_message(world):
    s = world.server()
    p = nearly_in(world, s, "alice")
    sent, raw = [], p.send_raw
    p.send_raw = sent.append
    p.finish(p.ready)
    p.send_frames(control(p, type="ping", id=77))
    raw(b"".join(sent))
    p.send_raw = raw
    p.until(lambda: p.joined and p.has("control", what="pong"))


def nearly_in(world, server, name, source=None):
    """A peer that only needs to send its finish, with the card `ready`."""
    p = world.peer(server, source=source)
    p.hello()
    p.share(PASSWORD)
    p.confirm()
    p.ready = p.make_card(name, "", ed25519.Ed25519PrivateKey.generate())
    return p


@pytest.mark.parametrize("what", ["user_list", "identity", "group"])
def test_nothing_before_the_room(world, what):
    """While a client waits for an epoch, it may ping; these messages are errors."""
    s = world.server()
    a, p = nearly_in(world, s, "alice"), nearly_in(world, s, "bob")
    a.finish(a.ready)
    a.until(lambda: a.joined)
    p.finish(p.ready)       # within a second of alice's epoch: it waits
    p.send_frames({
        "user_list": lambda: control(p, type="user_list", room=1, after=0),
        "identity": lambda: control(p, type="identity", member=1),
        "group": lambda: (GROUP, struct.pack(">QIIIQ", 0, 1, 1, 2, 1) + bytes(100)),
    }[what]())
    p.to_end()
    assert p.has("bye", code="protocol") and not p.joined


def test_a_record_byte_by_byte(world):
    s = world.server()
    a, b = pair(world, s)
    for c in a.tx.record(frames(a, ["slow", "and steady"])):
        a.send_raw(bytes([c]))
    b.until(lambda: b.texts() == ["slow", "and steady"])


def test_an_early_exchange_makes_room(world):
    """Not the one of somebody else, and none whose confirm is out."""
    s = world.server("--handshakes", "3", "--workers", "1")  # one order of coming
    a = world.peer(s, "alice")
    open_guess = world.peer(s, source="127.3.0.1")
    open_guess.hello()
    open_guess.share("wrong")
    open_guess.read_message("confirm")
    old = [world.peer(s, source="127.3.0.1") for _ in range(2)]
    time.sleep(0.2)
    b = world.peer(s, "bob")
    gone = []
    for p in old:
        try:
            p.pump(0.5)
        except Refused as e:
            gone.append((e.code, e.text))
    assert len(gone) == 1 and gone[0][0] == "try_later", gone
    assert "no wrong password" in gone[0][1]
    open_guess.pump(0.2)        # still there
    assert not open_guess.closed
    b.say("hello")
    a.until(lambda: a.texts() == ["hello"])


def test_who_asks_and_does_not_read_is_slow(world):
    """3000 answers of two kilobytes exceed a queue: the client is disconnected as
    slow, and not for its further requests. All requests are in one record."""
    s = world.server("--rate", "0", "--rate-bytes", "0")
    a, b = pair(world, s)
    a.send_frames(*[control(a, type="identity", member=b.member) for _ in range(3000)])
    a.to_end()
    assert a.has("bye", code="slow") and not a.has("control", what="identity")
    b.until(lambda: b.has("leave", names=["alice"]))


def test_shutdown_reaches_a_handshake(world):
    s = world.server()
    p = world.peer(s)
    p.hello()
    s.signal(signal.SIGTERM)
    with pytest.raises(Refused) as e:
        p.to_end()
    assert e.value.code == "shutdown"
    p.close()
    assert s.wait() == 0


def test_shutdown_delivers_what_was_accepted(world):
    s = world.server("--rate", "0", "--rate-bytes", "0")
    a, b = pair(world, s)
    texts = ["m%d" % i for i in range(300)]
    a.send_frames(*frames(a, texts))
    a.until(lambda: a.has("sent", seq=300))
    s.signal(signal.SIGTERM)
    b.to_end()
    assert b.texts() == texts and b.has("bye", code="shutdown")
    assert s.wait() == 0


def test_who_waits_may_leave(world):
    s = world.server()
    a = world.peer(s, "alice")
    me = ed25519.Ed25519PrivateKey.generate()
    for _ in range(5):
        p = world.peer(s)
        p.handshake(PASSWORD, "bob", identity=me)
        p.bye()
        p.close()
    b = world.peer(s, "bob", identity=me)
    b.say("here")
    a.until(lambda: a.texts() == ["here"])
    assert a.names() == ["alice", "bob"]


def test_half_closed_is_gone(world):
    """A member that ends without a bye has left; nothing more is sent to it."""
    s = world.server()
    a, b = pair(world, s)
    b.sock.shutdown(socket.SHUT_WR)
    a.until(lambda: a.has("leave", names=["bob"]))
    a.say("later")
    b.to_end()
    assert b.texts() == [] and not b.has("epoch", reason="leave")


def test_no_cpu_while_nothing_happens(world):
    s = world.server("--rate", "1")
    a, b = pair(world, s)
    a.send_frames(*frames(a, ["m%d" % i for i in range(9)]))
    a.bye()
    a.close()       # held back, and hung up: no busy loop over it
    old = world.peer(s)
    old.sock.sendall(b"\0\0")
    before = s.cpu()
    b.pump(3)
    assert s.cpu() - before < 0.2
    until(lambda: (b.pump(0.1), b.has("leave", names=["alice"]))[1])
