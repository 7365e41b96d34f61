"""Names of hosts for tests: a client in a mount namespace sees an /etc of the
test's own, in which a name has the addresses, and a file the place, that the
test gives it."""

import ctypes
import os
import shutil
import socket
import struct
import subprocess
import threading

import pytest

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
libc = ctypes.CDLL(None, use_errno=True)


class Etc:
    """A copy of /etc; `enter` is a preexec function of a process that is to
    see it in the place of the real one."""

    def __init__(self, tmp):
        self.path = str(tmp / "etc")
        shutil.copytree("/etc", self.path, symlinks=True, ignore=self._unreadable,
                        ignore_dangling_symlinks=True, copy_function=self._copy)
        self.write("nsswitch.conf", "passwd: files\nhosts: files dns\n")
        self.write("host.conf", "multi on\n")
        self.write("resolv.conf", "")
        if subprocess.run(["true"], preexec_fn=self._try).returncode != 0:
            pytest.skip("no mount namespaces here")

    @staticmethod
    def _unreadable(folder, names):
        return [n for n in names if not os.access(os.path.join(folder, n), os.R_OK) or
                n == "ssl" and folder == "/etc"]

    @staticmethod
    def _copy(a, b, **kw):
        try:
            shutil.copyfile(a, b, **kw)
        except OSError:
            pass
        return b

    def enter(self):
        uid, gid = os.getuid(), os.getgid()
        flags = CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER
        if libc.unshare(flags) != 0:
            raise OSError("unshare")
        if uid != 0:
            for name, text in (("setgroups", "deny"), ("uid_map", "%d %d 1" % (uid, uid)),
                               ("gid_map", "%d %d 1" % (gid, gid))):
                with open("/proc/self/" + name, "w") as f:
                    f.write(text)
        if (libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) != 0 or
                libc.mount(self.path.encode(), b"/etc", None, MS_BIND, None) != 0):
            raise OSError("mount")

    def _try(self):
        try:
            self.enter()
        except OSError:
            os._exit(1)

    def write(self, name, text):
        path = os.path.join(self.path, name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w") as f:
            f.write(text)

    def link(self, name, to):
        """Replaces a file in one step, as the programs that own it do."""
        path = os.path.join(self.path, name)
        os.symlink(str(to), path + ".new")
        os.rename(path + ".new", path)

    def hosts(self, name, *addresses):
        self.write("hosts", "".join("%s %s\n" % (a, name) for a in addresses))


class Dns:
    """A DNS server that knows one name: one IPv4 address, no other. Its port is
    53, as no resolv.conf can name another."""

    def __init__(self, name, answer="127.0.0.1", silent=False):
        self.name, self.answer, self.silent, self.asked = name, answer, silent, 0
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = "127.0.53.%d" % (os.getpid() % 250 + 1)
        try:
            self.s.bind((self.address, 53))
        except OSError as e:
            pytest.skip("no DNS server of our own: %s" % e)
        self.s.settimeout(0.2)
        self.over = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        wanted = b"".join(bytes([len(x)]) + x.encode() for x in self.name.split(".")) + b"\0"
        while not self.over:
            try:
                q, peer = self.s.recvfrom(512)
            except socket.timeout:
                continue
            end = q.index(b"\0", 12) + 5
            known = q[12:end - 4].lower() == wanted
            self.asked += known
            if self.silent:
                continue
            found = known and q[end - 4:end - 2] == b"\0\1"
            a = (b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(self.answer)) if found else b""
            self.s.sendto(q[:2] + struct.pack(">HHHHH", 0x8580 if known else 0x8583, 1,
                                              int(found), 0, 0) + q[12:end] + a, peer)

    def close(self):
        self.over = True
        self.thread.join()
        self.s.close()


class Other:
    """Something at an address that is not conclaved."""

    def __init__(self, address, port, does):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.s = socket.socket(family, socket.SOCK_STREAM)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.does, self.kept, self.came = does, [], 0
        try:
            if family == socket.AF_INET6:
                self.s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self.s.bind((address, port))
        except OSError as e:
            pytest.skip("no %s here: %s" % (address, e))
        self.s.listen(0 if does == "hole" else 16)
        if does == "hole":      # a full backlog drops what comes
            for _ in range(4):
                c = socket.socket(family, socket.SOCK_STREAM)
                c.setblocking(False)
                c.connect_ex((address, port))
                self.kept.append(c)
        else:
            threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                c, _ = self.s.accept()
            except OSError:
                return
            self.came += 1
            if self.does == "reset":
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                c.close()
            elif self.does == "http":
                threading.Thread(target=self._http, args=(c,), daemon=True).start()
            else:
                self.kept.append(c)     # silent

    @staticmethod
    def _http(c):
        try:
            c.recv(4096)
            c.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        except OSError:
            pass
        c.close()

    def left(self):
        """Whether the client has closed every connection that was kept."""
        for c in self.kept:
            c.settimeout(30)
            try:
                while c.recv(4096):
                    pass
            except ConnectionResetError:
                pass
        return True

    def close(self):
        self.s.close()
        for c in self.kept:
            c.close()
