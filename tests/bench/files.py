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
CHAT_ROUNDS = int(os.environ.get("CHAT_ROUNDS", 10))
SETTLE_S = 2        # until who comes is in
# Loops that do nothing, at the lowest priority, one for each processor. A transfer keeps
# the processors busy, and the disk of a virtual machine whose processors are busy is
# slower: 0.4 ms for an fsync became 7 on ours. That is not what files cost chat.
BUSY, TIMEOUT = ("busy",), 124


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


class Chat:
    """Somebody who says something every 10 ms, all the time."""

    def __init__(self, server, folder):
        self.out = open(os.path.join(folder, "chat"), "w+")
        self.p = subprocess.Popen([FILES, str(server.port), "chat", "86400"], env=ENV,
                                  stdout=self.out)

    def samples(self):
        """When each was said, and how many us its acknowledgement took."""
        self.p.terminate()
        assert self.p.wait() == 0
        self.out.seek(0)
        return [tuple(map(float, line.split())) for line in self.out]


def begin(server, beside):
    """What is under way beside the chat, for CHAT_S + SETTLE_S seconds at least."""
    if beside == BUSY:
        loop = ["nice", "-n", "39", "timeout", str(CHAT_S + SETTLE_S + 1), "sh", "-c",
                "while :; do :; done"]
        return [subprocess.Popen(loop) for _ in range(os.cpu_count())]
    # Its client would be another machine: it must not take the server's cores.
    return [subprocess.Popen(
        ["nice", "-n", "10", FILES, str(server.port), *map(str, beside)],
        stdout=subprocess.DEVNULL, env={**ENV, "FILES_SECONDS": str(CHAT_S + SETTLE_S)})
        ] if beside else []


def phase(server, beside):
    """CHAT_S seconds with that under way, after it has begun: from when to when."""
    others = begin(server, beside)
    time.sleep(SETTLE_S)
    start = time.monotonic()
    time.sleep(CHAT_S)
    end = time.monotonic()
    for p in others:
        assert p.wait() == (TIMEOUT if beside == BUSY else 0)
    return start, end


def chat(server, folder, rounds, kinds):
    """Short phases in turns, so that what else the machine and its disk do meanwhile is
    the same for all: of each kind the p50s and p99s of its phases, in us."""
    said, phases = Chat(server, folder), {name: [] for name in kinds}
    time.sleep(SETTLE_S)
    for _ in range(rounds):
        for name, beside in kinds.items():
            phases[name].append(phase(server, beside))
    samples = said.samples()
    out = {}
    for name, times in phases.items():
        each = [sorted(us for at, us in samples if start <= at < end) for start, end in times]
        out[name] = ([x[len(x) // 2] for x in each], [x[len(x) * 99 // 100] for x in each],
                     sum(map(len, each)))
    return out


def ratio(ones, others):
    """The median of each phase to the one before it."""
    return statistics.median(a / b for a, b in zip(ones, others))


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

        kinds = {"alone": (), "alone, processors busy": BUSY, "beside sending": ("put", source),
                 "beside getting": ("get", blob, key, size, "/dev/null")}
        found = chat(server, folder, CHAT_ROUNDS, kinds)
        print("| chat, medians of %d | p50 us | p99 us | times p50 | times p99 | times p99, "
              "busy | messages |\n|---|---|---|---|---|---|---|" % CHAT_ROUNDS)
        for name, (p50, p99, n) in found.items():
            print("| %s | %.0f | %.0f | %.2f | %.2f | %.2f | %d |"
                  % (name, statistics.median(p50), statistics.median(p99),
                     ratio(p50, found["alone"][0]), ratio(p99, found["alone"][1]),
                     ratio(p99, found["alone, processors busy"][1]), n))
    finally:
        for p in (server, sshd):
            if p:
                p.stop()
        shutil.rmtree(folder)


main()
