"""Who gets in under pressure, and what ends a client: words without a key,
bytes without a MAC, floods of connections and of guesses. The real programs;
every address is one of loopback's."""

import os
import socket
import struct
import threading

import pytest

from conclave1 import dumps
from harness import BUILD, WAIT, until

CLOCK = os.path.join(BUILD, "fault", "clock.so")


class Proxy:
    """Passes bytes both ways until a test puts something else in the place of
    the server: answer(socket) for each connection, or cuts what is open."""

    def __init__(self, address):
        self.address, self.answer, self.open = address, None, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.came = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                down, _ = self.listener.accept()
            except OSError:
                return
            self.came += 1
            if self.answer:
                threading.Thread(target=self.lie, args=(down,), daemon=True).start()
                continue
            up = socket.create_connection(self.address, WAIT)
            self.open += [down, up]
            for a, b in ((down, up), (up, down)):
                threading.Thread(target=self.copy, args=(a, b), daemon=True).start()

    def lie(self, down):
        try:
            self.answer(down)
        except OSError:
            pass
        down.close()

    @staticmethod
    def copy(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for s in self.open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open = []

    def close(self):
        self.listener.close()
        self.cut()


@pytest.fixture
def proxied(world):
    s = world.server()
    p = Proxy(s.address)
    yield s, p, "conclave://127.0.0.1:%d/lobby#%s" % (p.port, s.invite.split("#")[1])
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
    a = world.client(invite, "alice")
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
    a = world.client(invite, "alice")
    assert a.wait() == 4
    assert "unverified reply" in a.events("closed")[0]["text"]


def test_bytes_without_a_mac_are_no_sign_of_life(world, tmp_path):
    """A record that never ends, a byte at a time, does not keep a lost member
    in the room. The server's clock is moved, not waited for."""
    path = tmp_path / "clock"

    def forward(seconds):
        with open(path, "wb") as f:
            f.write(struct.pack("=qq", 0, seconds))

    forward(0)
    assert os.path.exists(CLOCK)    # make build/fault/clock.so
    asan = os.environ.get("ASAN_OPTIONS", "")
    s = world.server(LD_PRELOAD=CLOCK, CONCLAVE_FAULT_CLOCK=str(path),
                     ASAN_OPTIONS=asan + (":" if asan else "") + "verify_asan_link_order=0")
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
