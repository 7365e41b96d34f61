"""Measures files: one is sent to the real server and got again (tests/bench/files.c does
what a client does), beside scp of the same file over the same loopback, in turns; and
how long acknowledgements of chat take without and beside a transfer.

  files.py [MIB] [ROUNDS]         writes a table; CONCLAVE_BUILD names the programs
"""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, os.environ.get("CONCLAVE_BUILD", "build"))
FILES = os.path.join(BUILD, "bench", "files")
PASSWORD = "a password of the bench"
ENV = {**os.environ, "CONCLAVE_PASSWORD": PASSWORD}
CHAT_S = float(os.environ.get("CHAT_S", 10))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listening(port):
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nobody listens on port %d" % port)


class Sshd:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.key = os.path.join(folder, "user")
        for name in (self.key, os.path.join(folder, "host")):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name],
                           check=True)
        conf = os.path.join(folder, "sshd_config")
        with open(conf, "w") as f:
            f.write("Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nPidFile none\n"
                    "AuthorizedKeysFile %s/user.pub\nStrictModes no\nUsePAM no\n"
                    "Subsystem sftp internal-sftp\nPermitRootLogin yes\n"
                    % (self.port, folder, folder))
        os.makedirs("/run/sshd", exist_ok=True)
        self.p = subprocess.Popen([shutil.which("sshd", path="/usr/sbin:/sbin"), "-D", "-f",
                                   conf, "-E", os.path.join(folder, "sshd.log")])
        listening(self.port)

    def copy(self, source, target):
        start = time.monotonic()
        subprocess.run(["scp", "-q", "-P", str(self.port), "-i", self.key, "-o",
                        "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                        "-o", "LogLevel=ERROR", source, "127.0.0.1:" + target], check=True)
        return time.monotonic() - start

    def stop(self):
        self.p.terminate()
        self.p.wait()


class Server:
    def __init__(self, folder):
        self.port, self.most = free_port(), 0
        self.log = open(os.path.join(folder, "server.log"), "w")
        self.p = subprocess.Popen(
            [os.path.join(BUILD, "conclaved"), "--listen", "127.0.0.1:%d" % self.port,
             "--state", os.path.join(folder, "state"), "--file-size", "0",
             "--files-person", "0", "--rate", "0", "--rate-bytes", "0"],
            env=ENV, stdout=subprocess.DEVNULL, stderr=self.log)
        listening(self.port)

    def memory(self):
        """MiB of the relay."""
        with open("/proc/%d/status" % self.p.pid) as f:
            return int(next(x for x in f if x.startswith("RssAnon")).split()[1]) / 1024

    def cpu(self):
        """Seconds of all its processes."""
        total, todo = 0.0, [self.p.pid]
        while todo:
            pid = todo.pop()
            with open("/proc/%d/stat" % pid) as f:
                t = f.read().rsplit(")", 1)[1].split()
            total += (int(t[11]) + int(t[12])) / os.sysconf("SC_CLK_TCK")
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                todo += map(int, f.read().split())
        return total

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.p.wait()
        self.log.close()


def run(server, *args):
    p = subprocess.Popen([FILES, str(server.port), *map(str, args)], env=ENV,
                         stdout=subprocess.PIPE, text=True)
    while p.poll() is None:
        server.most = max(server.most, server.memory())
        time.sleep(0.05)
    assert p.returncode == 0
    out = p.stdout.read().split()
    return float(out[0]), out[1:]


def chat(server, *beside):
    """p50 and p99 in us; beside: what is under way meanwhile, in one connection."""
    # Its client would be another machine: it must not take the server's cores.
    other = beside and subprocess.Popen(
        ["nice", "-n", "10", FILES, str(server.port), *map(str, beside)], stdout=subprocess.DEVNULL,
        env={**ENV, "FILES_SECONDS": str(CHAT_S + 4)})
    time.sleep(3)       # it is in
    p = subprocess.run([FILES, str(server.port), "chat", str(CHAT_S)], env=ENV, check=True,
                       stdout=subprocess.PIPE, text=True)
    if beside:
        assert other.wait() == 0
    out = sorted(map(float, p.stdout.split()))
    return out[len(out) // 2], out[len(out) * 99 // 100], len(out)


def main():
    if os.geteuid() == 0:       # other load on the machine stays out of it
        os.nice(-15)
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    folder = tempfile.mkdtemp(prefix="conclave-files-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    source, there, back, small = (os.path.join(folder, n)
                                  for n in ("source", "there", "back", "small"))
    server = sshd = None
    try:
        with open(source, "wb") as f:
            for _ in range(mib):
                f.write(os.urandom(1 << 20))
        sshd, server = Sshd(folder), Server(folder)
        size = mib << 20
        with open(small, "wb") as f:
            f.write(os.urandom(1 << 20))
        run(server, "put", small)
        server.most = 0         # its start needed much for scrypt
        times = {"scp": [], "send": [], "get": []}
        spent, before = 0.0, server.memory()
        for _ in range(rounds):
            times["scp"].append(sshd.copy(source, there))
            os.unlink(there)
            cpu = server.cpu()
            seconds, (blob, key) = run(server, "put", source)
            times["send"].append(seconds)
            times["get"].append(run(server, "get", blob, key, size, back)[0])
            spent += server.cpu() - cpu
            assert subprocess.run(["cmp", "-s", source, back]).returncode == 0
            os.unlink(back)
        scp = statistics.median(times["scp"])
        print("| what | seconds (median of %d) | MiB/s | times scp |\n|---|---|---|---|" % rounds)
        for name, t in times.items():
            m = statistics.median(t)
            print("| %s %d MiB | %.2f | %.0f | %.2f |" % (name, mib, m, mib / m, m / scp))
        print("CPU of the server for sending and getting: %.2f s for each GiB"
              % (spent / rounds / 2 * 1024 / mib))
        print("the relay's own memory: %.1f MiB at most, %.1f before" % (server.most, before))

        print("| chat | p50 us | p99 us | messages |\n|---|---|---|---|")
        getting = ("get", blob, key, size, "/dev/null")
        for name, beside in (("alone", ()), ("beside sending", ("put", source)),
                             ("alone", ()), ("beside getting", getting), ("alone", ())):
            print("| %s | %.0f | %.0f | %d |" % (name, *chat(server, *beside)))
    finally:
        for p in (server, sshd):
            if p:
                p.stop()
        shutil.rmtree(folder)


main()
