"""Two network namespaces and the line between them: packets are lost, late and
out of order as we like. Made of two TUN devices, so that it needs no netem in
the kernel; root only.

    with lossy.Line() as line: line.left.enter is a preexec function
"""

import ctypes
import fcntl
import heapq
import os
import random
import socket
import struct
import threading
import time

from conclave1 import ready

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891c
UP = 1 | 0x40      # IFF_UP, IFF_RUNNING

libc = ctypes.CDLL(None, use_errno=True)


def check(r):
    if r != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def possible():
    """None, or the reason why not."""
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    try:
        line = Line()
    except OSError as e:
        return "no network namespace with a TUN device here: %s" % e
    line.close()
    return None


def address(request, name, ip):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, request, struct.pack("16sH2x4s8x", name, socket.AF_INET,
                                            socket.inet_aton(ip)))


def up(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", name, UP))


class Side:
    """A namespace, which a child process holds, and its device, which we hold."""

    def __init__(self, ip):
        self.ip = ip
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                ours.close()
                self.child(theirs)
            finally:
                os._exit(1)
        theirs.close()
        self.control = ours
        message, fds, _, _ = socket.recv_fds(ours, 200, 1)
        if not fds:
            self.close()
            raise OSError(message.decode() or "no answer")
        self.tun = fds[0]
        self.namespace = os.open("/proc/%d/ns/net" % self.pid, os.O_RDONLY | os.O_CLOEXEC)

    def child(self, control):
        try:
            check(libc.unshare(CLONE_NEWNET))
            tun = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"line", IFF_TUN | IFF_NO_PI))
            address(SIOCSIFADDR, b"line", self.ip)
            address(SIOCSIFNETMASK, b"line", "255.255.255.0")
            up(b"line")
            up(b"lo")
        except OSError as e:
            control.send(str(e).encode())
            os._exit(1)
        socket.send_fds(control, [b"here"], [tun])
        os.close(tun)
        control.recv(1)     # until we close it or end
        os._exit(0)

    def enter(self):
        check(libc.setns(self.namespace, CLONE_NEWNET))

    def close(self):
        try:
            self.control.send(b".")     # closing is not enough: other processes may have a copy
        except OSError:
            pass
        self.control.close()
        os.waitpid(self.pid, 0)
        for fd in (getattr(self, "tun", None), getattr(self, "namespace", None)):
            if fd is not None:
                os.close(fd)


class Line:
    def __init__(self, seed=1):
        self.loss, self.delay, self.jitter = 0.0, 0.0, 0.0
        self.passed = self.lost = self.late = 0
        self.random = random.Random(seed)
        self.left = Side("10.77.0.1")
        try:
            self.right = Side("10.77.0.2")
        except OSError:
            self.left.close()
            raise
        self.stop_r, self.stop_w = os.pipe()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        ways = {self.left.tun: self.right.tun, self.right.tun: self.left.tun}
        waiting, n = [], 0
        while True:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, i, to, packet = heapq.heappop(waiting)
                self.late += bool(waiting) and min(w[1] for w in waiting) < i
                try:
                    os.write(to, packet)
                except OSError:
                    pass
            wait = max(0, waiting[0][0] - now) if waiting else None
            found = ready([*ways, self.stop_r], wait)
            if self.stop_r in found:
                return
            for fd in found:
                packet = os.read(fd, 65536)
                if self.random.random() < self.loss:
                    self.lost += 1
                    continue
                self.passed += 1
                at = time.monotonic() + self.delay + self.random.random() * self.jitter
                heapq.heappush(waiting, (at, n, ways[fd], packet))
                n += 1

    def close(self):
        os.write(self.stop_w, b".")
        self.thread.join()
        self.left.close()
        self.right.close()
        os.close(self.stop_r)
        os.close(self.stop_w)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
