"""Who gets in under pressure, and what ends a client: words without a key,
bytes without a MAC, tickets, proxies, weak passwords. The real programs; every
address is one of loopback's. Crowds: test_crowds.py."""

import os
import socket
import struct
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave1 import Closed, G, Refused, b64, dumps, encode
from harness import PASSWORD, WAIT, Proxy, preload, until
from relay1 import Relay
from test_accounts import record


@pytest.fixture
def proxied(world):
    s = world.server()
    p = Proxy(s)
    yield s, p, p.invite
    p.close()


def word(code):
    m = dumps({"type": "system", "event": "error", "code": code, "text": "said by nobody"})

    def answer(down):
        down.settimeout(WAIT)
        down.recv(4096)
        down.sendall(struct.pack(">I", len(m)) + m)
        while down.recv(4096):
            pass
    return answer


def noise(down):
    down.sendall(b"\0\0\0\2[]")
    down.settimeout(WAIT)
    while down.recv(4096):
        pass


@pytest.mark.parametrize("answer", [word("banned"), word("protocol"), word("from_2040"), noise],
                         ids=["banned", "protocol", "a word of later", "noise"])
def test_nobody_without_a_key_ends_who_was_in(world, proxied, answer):
    """Somebody on the wire answers a connection attempt. The client says so and
    comes again; it ends only by a word inside a link."""
    s, p, invite = proxied
    a = world.client(p.invite, "alice")
    a.joined()
    p.answer = answer
    p.cut()
    a.see("reconnect", n=2)     # the loss, and the answer
    assert not a.events("closed")
    p.answer = None
    a.joined(2)
    a.say("still here")
    a.see("sent", seq=1)


def test_before_the_first_entry_a_word_ends_it(world, proxied):
    """The user who starts the client sees why, and decides."""
    s, p, invite = proxied
    p.answer = word("banned")
    a = world.client(p.invite, "alice")
    assert a.wait() == 4
    assert "unverified reply" in a.events("closed")[0]["text"]


def test_bytes_without_a_mac_are_no_sign_of_life(world, tmp_path):
    """A record that never ends, a byte at a time, does not keep a lost member
    in the room. The server's clock is moved, not waited for."""
    path = tmp_path / "clock"

    path.write_bytes(bytes(16))

    def forward(seconds):       # the server has the file mapped: never shorter
        with open(path, "r+b") as f:
            f.write(struct.pack("=qq", 0, seconds))

    s = world.server(**preload("clock", CONCLAVE_FAULT_CLOCK=str(path)))
    a, b = world.peer(s, "alice"), world.peer(s, "ghost")
    a.until(lambda: a.names() == ["alice", "ghost"])
    b.send_raw(struct.pack(">I", 1000))
    for i in range(1, 6):
        forward(25 * i)
        b.send_raw(b"\0")
        a.send_control({"type": "ping", "id": i})   # alive: she is heard
        a.until(lambda: a.has("control", what="pong"))
        a.pump(0.2)
        if a.has("leave", names=["ghost"]):
            break
    until(lambda: a.pump(0.1) or a.has("leave", names=["ghost"]), what="the ghost's end")
    assert s.said("ghost.*silent")


# --- tickets ------------------------------------------------------------------


def guess(world, s, source=None, **more):
    """A wrong guess: "guessed", or the text of the refusal."""
    p = world.peer(s, source=source)
    try:
        p.hello(**more)
        p.send_share(encode(G))
        p.read_message("confirm")
        return "guessed"
    except Refused as e:
        return e.text
    finally:
        p.close()


def guess_until_told(world, s, source=None):
    for _ in range(20):
        told = guess(world, s, source)
        if told != "guessed":
            assert "wrong passwords" in told
            return
    raise AssertionError("20 guesses went")


def ticket_of(world, s, identity=None):
    p = world.peer(s)
    p.join(PASSWORD, "holder", identity=identity)
    p.until(lambda: p.tickets)
    p.bye()
    p.to_end()
    return p.tickets[0]


def comes_in(world, s, name, password=PASSWORD, **more):
    """True, or the code of the refusal."""
    p = world.peer(s)
    try:
        p.join(password, name, **more)
        return True
    except Refused as e:
        return e.code


def told_to_wait(world, s, come):
    """come(i) is told to wait after wrong guesses from the same address. The
    machine may be so slow that the pause is over by then. A further wrong
    guess doubles it, up to a minute."""
    for i in range(10):
        guess_until_told(world, s)
        if come(i):
            return
    raise AssertionError("never told to wait")


def test_a_ticket_opens_another_door(world):
    """Somebody guesses from the owner's own address. Without a ticket the owner
    is told to wait; with one they are in at once. A ticket works once."""
    s = world.server()
    me = Ed25519PrivateKey.generate()
    first, second = ticket_of(world, s, me), ticket_of(world, s, me)
    assert first != second
    told_to_wait(world, s, lambda i: comes_in(world, s, "none%d" % i) == "try_later")
    assert comes_in(world, s, "owner", identity=me, ticket=first) is True
    told_to_wait(world, s, lambda i: comes_in(
        world, s, "used%d" % i, identity=me, ticket=first) == "try_later")
    assert comes_in(world, s, "again", identity=me, ticket=second) is True


def test_a_ticket_has_failures_of_its_own(world):
    """Whoever has stolen a ticket has one guess with it, and only that."""
    s = world.server()
    stolen = ticket_of(world, s)
    guess_until_told(world, s)
    assert guess(world, s, ticket=stolen) == "guessed"
    told_to_wait(world, s, lambda i: "wrong passwords" in guess(world, s, ticket=stolen))


def test_guesses_at_a_name_from_everywhere(world):
    """A name has a budget, whatever addresses the guesses come from, and whether
    there is such an account or not. Its owner comes in meanwhile: with a ticket,
    or as a known device by the server's password. A ticket of another account
    is no way around the budget."""
    s = world.server("--guesses-name", "1")     # so five at once
    me, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    p = world.peer(s, "holder", identity=me)
    p.request("account_password", **record("holder", "my own"))
    tickets = [ticket_of(world, s, me) for _ in range(2)]
    q = world.peer(s, "mallory", identity=other)
    q.until(lambda: q.tickets)
    told = "too many wrong passwords came for this name"
    for name, net in (("holder", 61), ("nobody", 62)):
        # A failure is counted when the server has seen it end: perhaps one later.
        said = [guess(world, s, "127.%d.%d.1" % (net, i), account=name) for i in range(8)]
        n = said.count("guessed")
        assert n in (5, 6) and said == n * ["guessed"] + (8 - n) * [told]
    assert guess(world, s, "127.63.0.1", account="another") == "guessed"
    new = Ed25519PrivateKey.generate()
    assert comes_in(world, s, "holder", password="my own", account="holder", identity=new) == \
        "try_later"
    assert comes_in(world, s, "holder", password="my own", account="holder", identity=me,
                    ticket=tickets[0]) is True
    assert comes_in(world, s, "holder", identity=me) is True
    # The door for tickets counts for itself, and not against the account's own.
    for i in range(6):
        assert guess(world, s, account="holder", ticket=q.tickets[-1]) == (
            "guessed" if i < 5 else told)
        q = world.peer(s, "mallory%d" % i)
        q.until(lambda: q.tickets)
    assert comes_in(world, s, "holder", password="my own", account="holder", identity=me,
                    ticket=tickets[1]) is True
    assert s.said("wrong passwords at one name")


def test_a_ticket_whose_exchange_came_to_nothing(world):
    """A cut before the confirm does not use a ticket up."""
    s = world.server()
    me = Ed25519PrivateKey.generate()
    ticket = ticket_of(world, s, me)
    guess_until_told(world, s)
    cut = world.peer(s)
    cut.hello(ticket=ticket)
    # While that exchange lasts, the ticket is taken.
    told_to_wait(world, s, lambda i: comes_in(
        world, s, "taken%d" % i, identity=me, ticket=ticket) == "try_later")
    cut.close()
    until(lambda: comes_in(world, s, "owner", identity=me, ticket=ticket) is True)


@pytest.mark.parametrize("bent", [0, 11, 12, 40, 71])
def test_a_bent_ticket_is_as_good_as_none(world, bent):
    s = world.server()
    me = Ed25519PrivateKey.generate()
    ticket = bytearray(ticket_of(world, s, me))
    ticket[bent] ^= 1
    assert comes_in(world, s, "owner", identity=me, ticket=bytes(ticket)) is True
    told_to_wait(world, s, lambda i: comes_in(
        world, s, "bent%d" % i, identity=me, ticket=bytes(ticket)) == "try_later")


def test_a_ticket_of_another_identity(world):
    s = world.server()
    ticket = ticket_of(world, s)
    p = world.peer(s)
    p.handshake(PASSWORD, "thief", ticket=ticket)
    p.to_end()
    assert p.has("bye", code="bad_card")


def test_a_ticket_of_the_wrong_size(world):
    s = world.server()
    p = world.peer(s)
    with pytest.raises(Refused) as e:
        p.hello(ticket=bytes(103))
    assert e.value.code == "protocol"


def kept(home):
    folder = os.path.join(str(home), "config", "conclave", "tickets")
    return [os.path.join(folder, f) for f in sorted(os.listdir(folder))]


def test_the_client_keeps_its_ticket(world):
    """In memory, for the next connection, and in a file, for the next run; the
    server keeps its key, so a restart of either is no loss."""
    s = world.server(ephemeral=False, listen="127.0.0.1:0")
    where = s.listening[0]
    p = Proxy(s)
    a = world.client(p.invite, "alice")
    a.joined()
    file, = until(lambda: kept(world.tmp / "alice"))
    assert os.stat(file).st_mode & 0o777 == 0o600 and os.stat(file).st_size == 112
    guess_until_told(world, s)
    p.cut()
    a.joined(2)
    assert len(a.events("reconnect")) == 1      # never told to wait
    a.quit()
    s.stop()
    s = world.server(ephemeral=False, listen=where)
    assert os.stat(os.path.join(str(world.tmp), "server", "state", "ticket.key")).st_mode & 0o777 == 0o600
    guess_until_told(world, s)
    a = world.client(p.invite, "alice")
    a.joined()
    assert not a.events("reconnect")
    p.close()


def test_another_relay_gives_tickets_too(world):
    """The client shows what it was given, once, and nothing that it was not."""
    r = Relay()
    admit = r.admit
    given = []

    def on_admit(conn):
        admit(conn)
        given.append(os.urandom(104))
        conn.control(type="ticket", ticket=b64(given[-1]), seconds=1000)
    r.admit = on_admit
    a = world.client(r.invite, "alice")
    r.until(lambda: a.events("connected"))
    for i in (1, 2):
        r.until(lambda: kept(world.tmp / "alice"))
        r.turn(0.2)
        r.cut(r.conn("alice"))
        r.until(lambda: len(a.events("connected")) == i + 1)
    assert r.shown == [None] + given[:2]
    r.close()


def test_coming_back_needs_no_scrypt(world):
    """The second join of a run has the stretched password: two round trips. An
    expensive cost shows in the first one only."""
    s = world.server("--scrypt-n", "262144")
    p = Proxy(s)
    a = world.client(p.invite, "alice")
    a.joined()

    def cpu():
        with open("/proc/%d/stat" % a.p.pid) as f:
            t = f.read().rsplit(")", 1)[1].split()
        return (int(t[11]) + int(t[12])) / os.sysconf("SC_CLK_TCK")
    before = cpu()
    p.cut()
    a.joined(2)
    assert cpu() - before < before / 4
    p.close()


# --- proxies --------------------------------------------------------------------

PROXY = b"\r\n\r\n\0\r\nQUIT\n"


def header(address, port=4321, command=0x21, tlvs=b""):
    v6 = ":" in address
    family = socket.AF_INET6 if v6 else socket.AF_INET
    body = (socket.inet_pton(family, address) + socket.inet_pton(family, "::1" if v6 else "127.0.0.1") +
            struct.pack(">HH", port, 2528) + tlvs)
    return PROXY + bytes([command, 0x21 if v6 else 0x11]) + struct.pack(">H", len(body)) + body


def through(world, s, head, source="127.5.0.1"):
    p = world.peer(s, source=source)
    p.sock.sendall(head)
    return p


def refused(p):
    """The server closes without a word of the handshake."""
    try:
        p.hello()
        return False
    except (Closed, OSError):
        return True


def test_a_proxy_names_the_address(world):
    """The named address is the one in the log, and the one that is throttled."""
    s = world.server("--proxy-from", "127.5.0.1")
    for i, address in enumerate(["192.0.2.7", "2001:db8:7::1"]):
        p = through(world, s, header(address, tlvs=b"\4\0\3abc"))
        p.join(PASSWORD, "p%d" % i)
        until(lambda: s.said(r"join.*p%d \(\[?%s\]?:4321\)" % (i, address)))

    def guess_as(address):
        p = through(world, s, header(address))
        try:
            p.hello()
            p.send_share(encode(G))
            p.read_message("confirm")
            return "guessed"
        except Refused as e:
            return e.code
        finally:
            p.close()
    told = [guess_as("192.0.2.8") for _ in range(12)]
    assert told[:5] == ["guessed"] * 5 and "try_later" in told
    assert guess_as("192.0.2.9") == "guessed"
    through(world, s, header("192.0.2.9")).join(PASSWORD, "another")


def test_a_header_a_byte_at_a_time(world):
    s = world.server("--proxy-from", "127.5.0.1")
    p = world.peer(s, source="127.5.0.1")
    for b in header("192.0.2.7"):
        p.sock.sendall(bytes([b]))
        time.sleep(0.005)
    p.join(PASSWORD, "slow")
    assert s.said(r"join.*slow \(192\.0\.2\.7:4321\)")


def test_a_proxy_speaks_for_itself(world):
    s = world.server("--proxy-from", "127.5.0.1")
    p = through(world, s, PROXY + b"\x20\0\0\0")
    p.join(PASSWORD, "health")
    until(lambda: s.said(r"join.*health \(127\.5\.0\.1:"))


@pytest.mark.parametrize("head", [
    b"", header("192.0.2.7", command=0x11), PROXY + b"\x21\x11\0\x0b" + bytes(11), header("192.0.2.7", tlvs=b"\4\0\4abc"),
    PROXY + b"\x21\x31" + struct.pack(">H", 216) + bytes(216), PROXY + b"\x21\x11\xff\xff" + bytes(2000),
    b"PROXY TCP4 192.0.2.7 127.0.0.1 4321 2528\r\n"],
    ids=["none", "version 1 in binary", "cut short", "a bent TLV", "a Unix socket", "too long", "version 1"])
def test_a_proxy_without_a_valid_header(world, head):
    s = world.server("--proxy-from", "127.5.0.1")
    assert refused(through(world, s, head))
    until(lambda: s.said("no valid PROXY header"))


def test_nobody_else_names_an_address(world):
    """From anywhere else the header is a breach, and nothing of it is believed."""
    s = world.server("--proxy-from", "127.5.0.1")
    p = through(world, s, header("192.0.2.7"), source="127.5.0.2")
    with pytest.raises((Refused, Closed, OSError)):
        p.hello()
    until(lambda: s.said(r"127\.5\.0\.2:\d+ speaks the PROXY protocol"))
    assert not s.said(r"192\.0\.2\.7")
    world.peer(s, "alice", source="127.5.0.2")


# --- weak passwords ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["option", "file", "environment"])
def test_a_weak_password_is_said(world, tmp_path, how):
    args, env = ["--guesses", "100"], {}
    if how == "file":
        path = tmp_path / "password"
        path.write_text("summer2026\n")
        path.chmod(0o600)
        args += ["--password-file", str(path)]
    elif how == "environment":
        env["CONCLAVE_PASSWORD"] = "summer2026"
    s = world.server(*args, password="summer2026" if how == "option" else None, **env)
    line = until(lambda: s.said("the password is weak"))
    assert "10^" in line and "at --guesses 100" in line
    assert "summer2026" not in "\n".join(s.err)


@pytest.mark.parametrize("password", [None, "xk7q m2vd 9wzt h4sf"])
def test_a_good_password_is_not_called_weak(world, password):
    s = world.server(password=password)
    assert not s.said("weak")
