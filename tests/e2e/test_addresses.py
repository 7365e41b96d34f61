"""A name with several addresses: the client goes on until a server has answered
the handshake at one of them (RFC 8305). /etc/hosts in a mount namespace gives
the name its addresses."""

import time

import pytest

from harness import WAIT, until
from names import Etc, Other

LAST = "127.0.0.99"     # sorts behind the other addresses of loopback


@pytest.fixture
def others():
    found = []

    def start(address, port, does):
        found.append(Other(address, port, does))
        return found[-1]
    yield start
    for o in found:
        o.close()


@pytest.fixture
def etc(tmp_path):
    return Etc(tmp_path)


def client(world, etc, port, *args, **more):
    return world.client("box.test:%d" % port, "ana", *args, preexec=etc.enter, **more)


@pytest.mark.parametrize("does", ["silent", "reset", "http", "hole"])
def test_the_first_address_is_no_server(world, etc, others, does):
    s = world.server(listen="127.0.0.1:0")
    port = s.address[1]
    o = others("::1", port, does)
    etc.hosts("box.test", "::1", "127.0.0.1")
    begin = time.monotonic()
    a = client(world, etc, port)
    a.joined()
    # Before, a silent first address cost 15 s, and was the end.
    assert time.monotonic() - begin < 14
    assert does == "hole" or o.came == 1
    assert does == "hole" or o.left()
    a.say("here")
    a.see("sent", seq=1)
    assert not a.events("reconnect") and len(a.events("connecting")) == 1
    a.quit()


def test_no_way_to_the_first_family(world, etc):
    """Documentation addresses: unreachable, or silent."""
    s = world.server(listen="127.0.0.1:0")
    etc.hosts("box.test", "2001:db8::1", "2001:db8::2", "127.0.0.1")
    client(world, etc, s.address[1]).joined()


@pytest.mark.parametrize("does", ["silent", "reset", "hole"])
def test_only_the_ninth_is_a_server(world, etc, others, does):
    s = world.server(listen=LAST + ":0")
    port = s.address[1]
    dead = ["127.0.0.%d" % i for i in range(11, 19)]
    for a in dead:
        others(a, port, does)
    etc.hosts("box.test", *dead, LAST)
    client(world, etc, port).joined()


def test_sixty_addresses(world, etc):
    s = world.server(listen=LAST + ":0")
    etc.hosts("box.test", *["127.0.1.%d" % i for i in range(1, 60)], LAST)
    client(world, etc, s.address[1]).joined()


def test_the_end_says_what_was_tried(world, etc, others):
    free = world.server(listen="127.0.0.9:0")
    port = free.address[1]
    free.stop()
    others("127.0.0.2", port, "http")
    others("127.0.0.3", port, "reset")
    others("127.0.0.4", port, "reset")
    etc.hosts("box.test", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9")
    a = client(world, etc, port)
    assert a.wait() == 3
    text = " ".join(a.err)
    assert "no conclaved answered at box.test:%d, which has 4 addresses" % port in text
    assert "(1 no conclaved, 2 closed at once, 1 refused)" in text
    assert "check the address and the port" in text


@pytest.mark.parametrize("does,text,status", [
    ("silent", "accepted the connection and then said nothing", 3),
    ("reset", "closed the connection before it said anything", 3),
    ("http", "no conclaved", 6)])
def test_one_address_that_is_no_server(world, others, does, text, status):
    s = world.server(listen="127.0.0.1:0")
    s.stop()
    others("127.0.0.1", s.address[1], does)
    a = world.client("127.0.0.1:%d" % s.address[1], "ana")
    assert a.wait() == status
    assert text in " ".join(a.err)


def test_losers_count_as_no_guess(world, etc):
    """Two addresses of the same server: one handshake goes on, the other is
    closed before it is a guess."""
    s = world.server("--listen", "127.0.0.2:0", listen=None)
    port = s.address[1]
    t = world.server(listen="127.0.0.3:%d" % port)
    etc.hosts("box.test", "127.0.0.2", "127.0.0.3")
    for i in range(8):
        a = client(world, etc, port, "--no-reconnect", "--known-servers",
                   str(world.tmp / ("known%d" % i)))
        a.joined()
        a.quit()
    assert not s.said("try_later") and not t.said("try_later")


def test_back_at_the_other_address(world, etc):
    """The server comes back where the name's other address leads."""
    s = world.server(listen="127.0.0.2:0", ephemeral=False)
    port = s.address[1]
    etc.hosts("box.test", "127.0.0.2", "127.0.0.3")
    a = client(world, etc, port)
    a.joined()
    assert s.stop() == 0
    a.see("reconnect")
    world.server(listen="127.0.0.3:%d" % port, ephemeral=False)
    a.joined(2)
    until(lambda: len(a.events("connected")) == 2, WAIT, "being back")
