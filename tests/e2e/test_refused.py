"""Things that must not work, and the message that a person gets."""

import re
import resource
import shlex
import signal
import socket
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

import conclave1
from conclave1 import Refused
from harness import PASSWORD, WAIT, together, until, until_all


def test_wrong_password(world):
    s = world.server()
    c = world.client(s, "alice", password="not this one")
    assert c.wait() == 4
    assert "password" in " ".join(c.err).lower() + str(c.events("closed"))
    assert c.events()[-1]["event"] == "closed"
    assert not c.events("connected")
    good = world.client(s, "alice", home="alice2")
    good.joined()


def test_wrong_password_at_the_finish(world):
    """A prover that continues after a wrong confirmV gets bad_password."""
    s = world.server()
    p = world.peer(s)
    p.hello()
    p.share("wrong")
    with pytest.raises(Refused):
        p.confirm()
    p.th4 = conclave1.sha(p.transcript)
    p.finish(p.make_card("mallory", "", ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(Refused) as e:
        p.until(lambda: False)
    assert e.value.code == "bad_password"
    p.to_end()


def test_password_is_normalised(world):
    s = world.server(password="caf\u00e9 cl\u00e9")
    world.client(s, "alice", password="cafe\u0301 cle\u0301").joined()


def test_name_taken_in_another_case(world):
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    c = world.client(s, "ALICE", home="other")
    assert c.wait() == 4
    assert c.see("closed")
    a.say("still me")
    a.see("sent", seq=1)


def test_same_person_again_is_beside(world):
    """Another start of the client with the same key. (That the same instance
    replaces the older connection: test_accounts.py.)"""
    s = world.server()
    b = world.client(s, "bob")
    b.joined()
    a = world.client(s, "alice")
    a.joined()
    again = world.client(s, "alice")    # the same home: the same identity
    again.joined()
    b.see("join", n=2, names=["alice"])
    again.say("here")
    a.see("message", text="here")
    a.say("there")
    b.see("message", text="here")
    b.see("message", text="there")


def test_full_room(world):
    s = world.server("--max-users", "2")
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    c = world.client(s, "carol")
    assert c.wait() == 4
    assert "full" in " ".join(c.err + c.out)
    b.quit()
    a.see("leave")
    world.client(s, "carol").joined()


def test_unknown_room(world):
    s = world.server("--room", "lobby")
    c = world.client(re.sub("/lobby#", "/attic#", s.invite), "alice")
    assert c.wait() == 4
    p = world.peer(s)
    p.handshake(PASSWORD, "peer", room="attic")
    p.to_end()
    assert p.has("bye", code="no_room")


@pytest.mark.parametrize("name", ["", "a b", "-x", "server", "System", "n" * 25, "\u00e9"])
def test_bad_names(world, name):
    s = world.server()
    p = world.peer(s)
    p.handshake(PASSWORD, name)
    p.to_end()
    assert p.has("bye", code="bad_name")


def test_wrong_pin_in_the_invite(world):
    s = world.server()
    pin = conclave1.fingerprint(b"another key")
    c = world.client(s.invite.split("#")[0] + "#" + pin, "alice")
    assert c.wait() == 5
    text = " ".join(c.err)
    assert pin in text and s.invite.split("#")[1] in text


def test_changed_server_key(world):
    s = world.server()
    where = "127.0.0.1:%d" % s.address[1]
    a = world.client(where, "alice")
    old = a.joined()["server"]
    a.quit()
    s.stop()
    s2 = world.server(listen=where)
    a = world.client(where, "alice")
    assert a.wait() == 5
    text = " ".join(a.err)
    new = s2.invite.split("#")[1]
    assert old in text and new in text
    # the command in the message removes the old line
    m = re.search(r"conclave (--\S+ \S+)", text)
    f = world.client(None, "x", *shlex.split(m[1]), home="alice", password=None, face="--plain")
    assert f.wait() == 0
    assert world.client(where, "alice").joined()["server"] == new


def test_nobody_there(world):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    c = world.client("127.0.0.1:%d" % s.getsockname()[1], "alice")
    assert c.wait() == 3
    assert len(c.err) >= 1 and "127.0.0.1" in " ".join(c.err + c.out)


@pytest.mark.parametrize("first,word", [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40), "TLS"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
    (bytes(i * 37 % 251 for i in range(4000)), ""),
    (b"\0\0\0\x05hello", ""),
    (b"\xff\xff\xff\xff{", ""),
    (b"\0\0\0\0", ""),
])
def test_garbage_to_the_port(world, first, word):
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    g = socket.create_connection(s.address, WAIT)
    g.sendall(first)
    try:
        while g.recv(4096):
            pass
    except ConnectionResetError:
        pass
    g.close()
    if word:
        until(lambda: s.said(word), what="a helpful line")
    a.say("unharmed")
    a.see("sent", seq=1)


def test_300_idle_connections_while_a_room_chats(world):
    s = world.server()
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    idle = [socket.create_connection(s.address, WAIT) for _ in range(300)]
    for i in range(50):
        a.say("m%d" % i)
    until(lambda: len(b.texts("alice")) == 50)
    c = world.client(s, "carol")    # and people still get in
    c.joined()
    t = time.monotonic()
    gone = 0
    for g in idle:
        g.settimeout(max(0.1, WAIT - (time.monotonic() - t)))
        try:
            while g.recv(4096):
                pass
            gone += 1
        except ConnectionResetError:
            gone += 1
        except socket.timeout:
            pass
        g.close()
    assert gone == 300      # 15 s for a handshake, or making room


def test_guesses_are_slowed_down_and_the_owner_gets_in(world):
    s = world.server()
    codes = []
    while "try_later" not in codes and len(codes) < 12:
        p = world.peer(s)
        try:
            p.hello()
            p.share("guess %d" % len(codes))
            p.confirm()
        except Refused as e:
            codes.append(e.code)
        p.close()
    # On a machine so slow that pauses pass meanwhile, there is one guess more.
    assert codes[:5] == ["bad_password"] * 5
    assert codes[-1] == "try_later"
    c = world.client(s, "alice")    # waits its turn by itself
    c.see("connected", seconds=2 * WAIT)


def test_slow_reader_is_let_go_and_delays_nobody(world):
    s = world.server("--rate", "0", "--rate-bytes", "0")
    a, b = world.peer(s, "alice"), world.peer(s, "bob")
    slow = world.peer(s, "slow")
    a.until(lambda: a.names() == ["alice", "bob", "slow"])
    b.until(lambda: b.names() == ["alice", "bob", "slow"])
    t = time.monotonic()
    n = 0
    while time.monotonic() - t < 2 * WAIT and not b.has("leave", names=["slow"]):
        for _ in range(16):
            a.say("z" * 16000)
            n += 1
        a.pump(0)
        b.pump(0.01)
    assert b.has("leave", names=["slow"])
    b.until(lambda: len(b.texts("alice")) == n, 2 * WAIT)
    assert all(e["missing"] == 0 for e in b.events if e["event"] == "message")
    slow.to_end()


def test_rate_holds_back_and_loses_nothing(world):
    s = world.server("--rate", "50")
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    t = time.monotonic()
    for i in range(600):
        a.say("m%d" % i)
    b.say("quick")
    a.see("message", text="quick")
    assert len(b.texts("alice")) < 600      # it did not stand behind them
    until_all(lambda: len(b.texts("alice")), 600, "messages")
    assert time.monotonic() - t > 6         # 250 at once, then 50 a second
    assert b.texts("alice") == ["m%d" % i for i in range(600)]


def test_out_of_descriptors_it_keeps_serving(world):
    s = world.server(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    flood = []
    for _ in range(60):
        g = socket.socket()
        g.setblocking(False)
        g.connect_ex(s.address)
        flood.append(g)
    until(lambda: s.said("error accept:"), what="the log line")
    a.say("still talking")
    b.see("message", text="still talking")
    time.sleep(1)       # once, not at every turn
    assert len([e for e in s.err if "error accept:" in e]) == 1
    for g in flood:
        g.close()
    world.client(s, "carol").joined()


def test_secrets_are_in_no_log_and_no_process_list(world):
    s = world.server("--log-level", "debug")
    a, b = world.client(s, "alice"), world.client(s, "bob")
    together(a, b)
    a.say("a very private text")
    b.see("message", text="a very private text")
    for t in (s, a):
        with open("/proc/%d/cmdline" % t.p.pid, "rb") as f:
            assert PASSWORD.encode() not in f.read()
    log = "\n".join(s.err + s.out + a.err)
    assert PASSWORD not in log and "private text" not in log
    assert "alice" in log


def test_client_without_a_password_or_a_terminal(world):
    s = world.server()
    c = world.client(s, "alice", password=None)
    c.p.stdin.close()
    assert c.wait() == 2
    assert "password" in " ".join(c.err)


def test_silent_network_ends_in_words(world):
    """SIGSTOP of the server: the client says so and reconnects."""
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    s.signal(signal.SIGSTOP)
    time.sleep(0.3)
    s.signal(signal.SIGCONT)
    a.say("on we go")
    a.see("sent", seq=1)


def test_a_bad_share_is_no_guess(world):
    s = world.server()
    for _ in range(8):
        p = world.peer(s)
        p.hello()
        p.send_share(b"\4" + bytes(range(64)))
        with pytest.raises(Refused) as e:
            p.confirm()
        assert e.value.code == "protocol"
        p.close()
    world.peer(s, "alice")      # and not: try_later
