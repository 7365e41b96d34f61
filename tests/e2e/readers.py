"""Members in a process of their own, so that what they take costs the measuring
test no time: python3 readers.py HOST PORT fast|slow|flood COUNT.

They read as the real client does, and answer pings; group frames are not opened. `fast` take all that comes, `slow` take 10 Mbit/s, and a `flood` also
sends large messages as fast as it may, once the first line comes on stdin. They
say "in" when all have joined, and at the end of stdin what became of them, in
JSON."""

import json
import os
import socket
import struct
import sys
import threading
import time
from concurrent import futures

from conclave1 import CONTROL, GROUP, Peer, ready
from harness import PASSWORD

EACH = 63000                # bytes of text: almost as long as a frame may be
LINE = 10_000_000 // 8      # bytes a second that a slow one takes


class Reader:
    def __init__(self, address, name, kind):
        self.p, self.name, self.slow = Peer(address), name, kind == "slow"
        self.p.join(PASSWORD, name)
        if self.slow:
            self.p.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.data = bytearray(self.p.inbuf)
        self.took, self.pings, self.sent, self.began = 0, 0, 0, time.monotonic()
        self.lost, self.pours, self.pongs = False, False, []

    def fileno(self):
        return self.p.sock.fileno()

    def wants(self):
        return not self.lost and not (
            self.slow and self.took > LINE * (time.monotonic() - self.began))

    def read(self):
        try:
            got = self.p.sock.recv(8192 if self.slow else 1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionError:
            got = b""
        self.lost = not got
        self.took += len(got)
        self.data += got
        while len(self.data) >= 4:
            n = 4 + struct.unpack_from(">I", self.data)[0]
            if len(self.data) < n:
                break
            self.record(memoryview(bytes(self.data[:n]))[12:-16])
            del self.data[:n]

    def record(self, frames):
        while frames:
            n, kind = struct.unpack_from(">IB", frames)
            if kind == CONTROL:
                self.control(json.loads(self.p.rx.open(bytes(frames[5:4 + n]))))
            frames = frames[4 + n:]

    def control(self, o):
        if o["type"] == "key_exchange":
            self.p.rx.next()
        elif o["type"] == "ping":
            self.pings += 1
            self.pongs.append(o["id"])
            if not self.pours:
                self.answer()

    def answer(self):
        while self.pongs:
            self.p.send_control({"type": "pong", "id": self.pongs.pop(0)})

    def pour(self):
        """Sends large messages until the connection or the program ends. All that
        it sends comes from this thread: a send may wait until others have read."""
        p = self.p
        try:
            while True:
                self.answer()
                p.seq += 1
                p.send_frames((GROUP, p.seal(p.seq, p.content("x" * EACH))))
                self.sent += EACH
        except OSError:
            pass


def main(host, port, kind, count):
    with futures.ThreadPoolExecutor() as pool:      # one new epoch lets all of them in
        all_of = list(pool.map(lambda i: Reader((host, int(port)), "%s%d" % (kind, i), kind),
                               range(int(count))))
    print("in", flush=True)
    while True:
        found = ready([r for r in all_of if r.wants()] + [0], 0.005)
        if 0 in found:
            found.remove(0)
            if not os.read(0, 100):
                break
            for r in all_of:
                r.pours = True
                threading.Thread(target=r.pour, daemon=True).start()
        for r in found:
            r.read()
    print(json.dumps([{k: getattr(r, k) for k in ("name", "lost", "took", "sent", "pings")}
                      for r in all_of]), flush=True)
    os._exit(0)     # whoever pours may be waiting for ever


if __name__ == "__main__":
    main(*sys.argv[1:])
