"""Measures the cost of a delivery: conclaved, the floor and comparable servers,
one after another, each alone on one core. Prints tables and writes bench.jsonl
in the build directory; README.md explains how to read them. It kills only
processes that it started, by pid."""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import kept
import rooms

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, os.environ.get("CONCLAVE_BUILD", "build"))
QUICK = bool(os.environ.get("QUICK"))
SCALE = bool(os.environ.get("SCALE"))
REPEATS = 1 if QUICK else 3
LIMIT_S = 170 if QUICK else 760     # no new run starts after this
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
FIELDS = ("target scenario members bytes cpu_us_per_delivery floor_ratio wire_ratio "
          "deliveries_per_s p50_us p99_us p999_us lost "
          "rss_bytes_per_connection cpu_us_per_handshake rekey_ms").split()
# Latencies are measured on an idle server; a higher priority keeps other load
# on the machine out of them.
NICE = os.geteuid() == 0
STARTED = time.monotonic()


def which(name):
    return shutil.which(name, path=PATH)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    return path


class Keys:
    """One self-signed RSA-2048 certificate, shared by all servers with TLS."""

    def __init__(self, folder):
        self.cert = os.path.join(folder, "cert.pem")
        self.key = os.path.join(folder, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-keyout", self.key,
             "-out", self.cert], check=True, stderr=subprocess.DEVNULL)
        os.chmod(self.key, 0o644)   # inspircd and mosquitto drop privilege


def conclave(port, folder, keys):
    return [os.path.join(BUILD, "conclaved"), "--ephemeral", "-l",
            f"127.0.0.1:{port}", "-p", "bench", "--rate", "0", "--rate-bytes", "0",
            "--max-per-account", "0", "--max-per-address", "0",
            "--rooms-per-identity", "0",
            "--max-users", "20000", "--handshakes", "2000", "--scrypt-n", "16384",
            "--log-level", "error"]


def conclave_kept(port, folder, keys):
    argv = conclave(port, folder, keys)
    argv[argv.index("--ephemeral")] = "--state"
    argv.insert(argv.index("--state") + 1, os.path.join(folder, "state"))
    return argv


def conclave_tls(port, folder, keys):
    argv = conclave(port, folder, keys)
    argv[argv.index("-l")] = "--tls-listen"
    key = shutil.copy(keys.key, os.path.join(folder, "key.pem"))
    os.chmod(key, 0o600)    # conclaved takes none that every user can read
    return argv + ["--tls-cert", keys.cert, "--tls-key", key]


def floor_tls(port, folder, keys):
    return floor(port, folder, keys) + ["tls", keys.cert, keys.key]


def workers(n):
    return lambda *a: conclave(*a) + ["--workers", str(n)]


def floor(port, folder, keys):
    return [os.path.join(BUILD, "bench", "floor"), str(port)]


def floor_rooms(port, folder, keys):
    return floor(port, folder, keys) + ["rooms", "20"]


def block(port, folder, keys):
    return floor(port, folder, keys) + ["block"]


def redis(port, folder, keys):
    return [which("redis-server"), "--port", "0", "--tls-port", str(port),
            "--bind", "127.0.0.1", "--protected-mode", "no", "--tls-cert-file", keys.cert,
            "--tls-key-file", keys.key, "--tls-ca-cert-file", keys.cert,
            "--tls-auth-clients", "no", "--tls-protocols", "TLSv1.3",
            "--save", "", "--appendonly", "no", "--maxclients", "19000",
            "--client-output-buffer-limit", "pubsub 0 0 0",
            "--tcp-backlog", "4096", "--dir", folder, "--loglevel", "warning"]


def inspircd(port, folder, keys):
    # Cannot be turned off: the welcome of each user (MOTD, LUSERS, ISUPPORT),
    # the JOIN sent to everybody, and the line limit of 512 bytes.
    module = "gnutls" if not os.path.exists(
        "/usr/lib/inspircd/modules/m_ssl_openssl.so") else "openssl"
    conf = write(os.path.join(folder, "inspircd.conf"), f"""
<server name="irc.localhost" description="bench" id="97K" network="bench">
<admin name="bench" nick="bench" email="bench@localhost">
<module name="ssl_{module}">
<sslprofile name="p" provider="{module}" certfile="{keys.cert}"
 keyfile="{keys.key}" cafile="" hash="sha256" tlsv1="no" tlsv11="no" tlsv12="no"
 priority="NORMAL:-VERS-ALL:+VERS-TLS1.3" outrecsize="16384">
<bind address="127.0.0.1" port="{port}" type="clients" sslprofile="p">
<connect allow="*" timeout="60" pingfreq="600" hardsendq="64M" softsendq="64M"
 recvq="1M" threshold="100000000" commandrate="100000000" fakelag="no"
 localmax="20000" globalmax="20000" maxconnwarn="no" resolvehostnames="no"
 useident="no" maxchans="5" limit="20000">
<performance netbuffersize="65534" softlimit="20000" somaxconn="4096"
 quietbursts="yes" clonesonconnect="no">
<options moduledir="/usr/lib/inspircd/modules" exemptchanops=""
 announceinvites="none" defaultmodes="n" syntaxhints="no">
<security announceinvites="none" hidemodes="" hidewhois="">
<limits maxnick="20" maxchan="64" maxline="512">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" moduledir="/usr/lib/inspircd/modules" runtimedir="{folder}">
<pid file="{folder}/inspircd.pid">
<log method="file" type="*" level="default" target="{folder}/inspircd.log">
""")
    return [which("inspircd"), "--nofork", "--runasroot", "--nopid",
            "--config", conf]


def mosquitto(port, folder, keys):
    # Cannot be turned off: a writev for each message to each client.
    conf = write(os.path.join(folder, "mosquitto.conf"), f"""
listener {port} 127.0.0.1
certfile {keys.cert}
keyfile {keys.key}
tls_version tlsv1.3
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
log_type none
user root
""")
    return [which("mosquitto"), "-c", conf]


def nats(port, folder, keys):
    conf = write(os.path.join(folder, "nats.conf"), f"""
listen: "127.0.0.1:{port}"
tls {{ cert_file: "{keys.cert}", key_file: "{keys.key}", timeout: 60 }}
max_connections: 20000
max_pending: 1GB
write_deadline: "60s"
logtime: false
""")
    return [which("nats-server"), "-c", conf]


def mutual_tls(port, folder, keys):
    return ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
            keys.cert, "-key", keys.key, "-CAfile", keys.cert, "-Verify", "1",
            "-verify_return_error", "-tls1_3", "-num_tickets", "0", "-rev",
            "-quiet"]


# name: how to start it, load's name for its protocol, the required program
TARGETS = {
    "floor": (floor, "plain", None),
    "floor in rooms": (floor_rooms, "plain", None),
    "block": (block, "plain", None),
    "conclave": (conclave, "conclave", None),
    "conclave-kept": (conclave_kept, "conclave", None),
    "floor-tls": (floor_tls, "plain-tls", None),
    "conclave-tls": (conclave_tls, "conclave-tls", None),
    # For scale.md. On the server's one core: the cost of splitting into workers;
    # "on all": the workers share both cores with the generator.
    "2 workers": (workers(2), "conclave", None),
    "4 workers": (workers(4), "conclave", None),
    "1 on all": (workers(1), "conclave", None),
    "2 on all": (workers(2), "conclave", None),
    "redis": (redis, "redis", "redis-server"),
    "inspircd": (inspircd, "irc", "inspircd"),
    "mosquitto": (mosquitto, "mqtt", "mosquitto"),
    "nats": (nats, "nats", "nats-server"),
    "mutual-tls": (mutual_tls, "reverse", "openssl"),
}
TLS = ["floor-tls", "conclave-tls"]
# A text of so many bytes makes a frame of conclave's of so many: the floor's is this
# long with the length in front.
WIRE = {200: 493, 4096: 4717, 16384: 17005}
PEERS = [t for t in ("redis", "inspircd", "mosquitto", "nats") if which(TARGETS[t][2])]


def limits():
    import resource
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
    except ValueError:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Server:
    def __init__(self, target, keys, nice, counts_heap=False):
        self.target, self.keys, self.nice = target, keys, nice
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=BUILD)
        self.heap = os.path.join(self.folder, "heap") if counts_heap else None
        self.env = dict(os.environ)
        if counts_heap:
            self.env.update(BENCH_HEAP=self.heap,
                       LD_PRELOAD=os.path.join(BUILD, "bench", "heap.so"))
        self.port = free_port()
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.start()

    def start(self, pause=0.1):
        argv = TARGETS[self.target][0](self.port, self.folder, self.keys)
        self.p = subprocess.Popen(
            self.nice + ["taskset", "-c", ",".join(map(str, CORES))
                    if self.target.endswith("on all") else str(SERVER_CORE)] +
            argv, stdout=self.log,
            stderr=self.log, stdin=subprocess.PIPE, preexec_fn=limits,
            env=self.env)
        self.wait(pause)

    def wait(self, pause):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.p.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                time.sleep(pause)
                return
            except OSError:
                time.sleep(0.005)
        self.stop()
        raise RuntimeError(f"{self.target} does not start: " + self.tail())

    def tail(self):
        with open(self.log.name, errors="replace") as f:
            return f.read()[-400:].strip()

    def end(self):
        """Kills it, and waits until its keeper has ended too."""
        pids = kept.family(self.p.pid)[1:]
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGKILL)
        self.p.wait()
        end = time.monotonic() + 10
        while any(os.path.exists(f"/proc/{p}") for p in pids) and time.monotonic() < end:
            time.sleep(0.001)

    def stop(self):
        self.end()
        self.log.close()

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def load(server, scenes, nice, **o):
    """Runs the generator once; returns its objects, one per scene."""
    argv = nice + ["taskset", "-c", str(LOAD_CORE),
            os.path.join(BUILD, "bench", "load"), "-t",
            TARGETS[server.target][1], "-a", f"127.0.0.1:{server.port}", "-p",
            ",".join(map(str, kept.family(server.p.pid)))]
    if server.heap:
        argv += ["-x", server.heap]
    for k, v in o.items():
        argv += ["-" + k, str(v)]
    left = max(5, LIMIT_S + 15 - (time.monotonic() - STARTED))
    try:
        r = subprocess.run(argv + scenes, capture_output=True, text=True,
                           timeout=min(150, left), preexec_fn=limits)
        out, err = r.stdout, r.stderr
    except subprocess.TimeoutExpired as e:
        out, err = (e.stdout or b"").decode(), "took too long"
    if err:
        print(f"# {server.target} {' '.join(scenes)}: {err.strip()[-300:]}",
              flush=True)
    return [json.loads(line) for line in out.splitlines()
            if line.startswith("{") and line.endswith("}")]


class Bench:
    def __init__(self):
        self.raw = []      # (target, tag, object)
        self.alone = []    # kept.py: figures that are no object of load's
        self.fsync_us = None
        self.build, self.load = BUILD, load
        self.folder = tempfile.mkdtemp(prefix="bench-", dir=BUILD)
        self.keys = Keys(self.folder)

    def server(self, target):
        return Server(target, self.keys, [])

    def late(self):
        return time.monotonic() - STARTED > LIMIT_S

    def run(self, target, tag, scenes, **o):
        if self.late():
            return
        nice = ["nice", "-n", "-10"] if tag == "paced" and NICE else []
        print(f"{time.monotonic() - STARTED:4.0f} s  {target} {tag} "
              f"{o['m']} {' '.join(scenes)}", file=sys.stderr, flush=True)
        try:
            server = Server(target, self.keys, nice, tag == "memory")
        except RuntimeError as e:
            print("#", e, flush=True)
            return
        try:
            for x in load(server, scenes, nice, **o):
                self.raw.append((target, tag, x))
        finally:
            server.stop()
            server.clean()

    def get(self, target, tag, scene, members, size, value):
        """The median of value(object) over the repeats, or None."""
        v = [value(x) for t, g, x in self.raw
             if t == target and g == tag and x["scene"] == scene and
             x["members"] == members and x.get("bytes", 0) == size]
        v = [x for x in v if x is not None]
        return statistics.median(v) if v else None


def plan(b):
    """Runs all scenarios, alternating targets. Scenarios that run once go first,
    so that a slow machine loses a repetition and not a scenario."""
    if not QUICK:
        big(b)
    rooms.plan(b, QUICK)
    kept.plan(b, QUICK)
    for _ in range(REPEATS):
        handshakes(b)
        fan(b)
        people(b)


def scale(b):
    for _ in range(REPEATS):
        for members in (10, 100, 1000, 10000):
            for t in ("floor", "conclave", "2 workers", "4 workers",
                      "1 on all", "2 on all"):
                b.run(t, "fan", ["sat:200", "one:200"], m=members,
                      s=min(4, members // 2), d=0.3)


def fan(b):
    d = 0.3
    relays = ["floor", "block", "conclave"] + PEERS
    for members in ([100] if QUICK else [10, 100, 1000]):
        for t in relays:
            if t == "block" and members != 100:
                continue
            sizes = [200] if t == "inspircd" else [200, 4096, 16384]
            if members == 1000 and t in PEERS:
                sizes = sizes[:2]   # 16 KiB would take a minute
            b.run(t, "fan", [f"sat:{n}" for n in sizes] + ["one:200"],
                  m=members, s=min(4, members // 2), d=d)
        for t in TLS if members == 100 else []:
            b.run(t, "fan", [f"sat:{n}" for n in (200, 4096, 16384)] + ["one:200"],
                  m=members, s=4, d=d)
        for t in ("floor", "floor-tls") if members == 100 else []:
            b.run(t, "wire", [f"sat:{n}" for n in WIRE.values()], m=members, s=4, d=d)
    for t in relays:    # deeper: 128 messages in a burst
        b.run(t, "deep", ["sat:200"], m=100, w=128, d=d)


def people(b):
    d = 2 if QUICK else 3
    # p99 is the second slowest of 100 messages, so the two compared targets
    # get 100.
    for t in ["floor", "conclave"] + PEERS:
        b.run(t, "paced", ["paced:200"], m=100, s=1,
              d=d if QUICK or t in PEERS else 6)
    b.run("conclave", "paced", ["storm:200"], m=100, s=1, d=d)
    for t in ("floor", "conclave"):
        b.run(t, "stall", ["stall:200"], m=100, d=1.5)


def handshakes(b):
    n = 250
    for t in ("conclave", "conclave-tls", "floor", "floor-tls"):
        b.run(t, "join", [], m=n, s=1, c=32)
    b.run("mutual-tls", "join", [], m=n, s=1, c=1,
          k=f"{b.keys.cert},{b.keys.key}")
    for t in PEERS:
        b.run(t, "join", [], m=n, s=1, c=32)


def big(b):
    for members in (100, 1000):
        for t, scenes in (("floor", ["rare:900"]),
                          ("conclave", ["rare:900", "rekey"])):
            b.run(t, "rekey", scenes, m=members, s=1, d=0.5)
    for t in ["floor", "conclave"] + TLS + PEERS:
        # inspircd announces each join to everybody: quadratic, and not what
        # this figure measures.
        b.run(t, "idle", ["idle"], m=500 if t == "inspircd" else 2000, s=1)
    b.run("floor", "idle", ["idle", "rare:900"], m=10000, s=1, d=0.5)
    b.run("conclave", "idle", ["idle", "rekey"], m=10000, s=1)


# --- tables --------------------------------------------------------------------

def row(target, scenario, members, size=0, **more):
    r = dict.fromkeys(FIELDS)
    r.update(target=target, scenario=scenario, members=members, bytes=size)
    r.update(more)
    return r


def rows_fan(b):
    out = []
    seen = []
    for t, g, x in b.raw:
        key = (t, g, x["scene"], x["members"], x.get("bytes", 0))
        if x["scene"] in ("join", "rekey", "idle") or key in seen or \
                g in ("rooms", "memory", "kept", "kept-rooms", "wire"):
            continue
        seen.append(key)
        scene, members, size = key[2:]

        def get(value, target=t, scene=scene):
            return b.get(target, g, scene, members, size, value)
        cpu = get(rooms.per_delivery)
        base = get(rooms.per_delivery,
                   "floor-tls" if t in TLS else "floor",
                   "paced" if scene == "storm" else scene)
        even = b.get("floor-tls" if t in TLS else "floor", "wire", scene, members,
                     WIRE.get(size, 0), rooms.per_delivery) if t.startswith("conclave") else None
        name = {"sat": "saturated", "one": "one at a time",
                "rare": "after a pause"}.get(scene, scene)
        if g == "deep":
            name = "saturated, 128 together"
        out.append(row(
            t, name, members, size, cpu_us_per_delivery=cpu,
            floor_ratio=cpu / base if cpu and base else None,
            wire_ratio=cpu / even if cpu and even else None,
            deliveries_per_s=get(lambda x: x["deliveries"] / x["seconds"]),
            p50_us=get(lambda x: x["p50_us"]),
            p99_us=get(lambda x: x["p99_us"]),
            p999_us=get(lambda x: x["p999_us"]),
            lost=sum(x["lost"] + x["repeated"] for u, h, x in b.raw
                     if (u, h, x["scene"], x["members"],
                         x.get("bytes", 0)) == key)))
    return out


def rows_join(b):
    out = []
    for t, g in sorted({(t, g) for t, g, x in b.raw if g in ("join", "idle")}):
        for members in sorted({x["members"] for u, h, x in b.raw
                               if (u, h) == (t, g)}):
            def get(scene, value):
                return b.get(t, g, scene, members, 0, value)
            rss0 = get("join", lambda x: x["rss_before"])
            rss = get("idle", lambda x: x["rss"])
            out.append(row(
                t, "handshakes" if g == "join" else "idle", members,
                cpu_us_per_handshake=get(
                    "join", lambda x: x["cpu_us"] / x["connections"]),
                deliveries_per_s=get(
                    "join", lambda x: x["connections"] / x["shake_s"]
                    if g == "join" else None),
                rss_bytes_per_connection=(rss - rss0) / members
                if rss and rss0 else None))
    return out


def rows_rekey(b):
    out = []
    for members in sorted({x["members"] for t, g, x in b.raw
                           if x["scene"] == "rekey"}):
        def get(value):
            v = [value(x) for t, g, x in b.raw
                 if x["scene"] == "rekey" and x["members"] == members]
            return statistics.median(v)
        base = [rooms.per_delivery(x) for t, g, x in b.raw
                if t == "floor" and x["scene"] == "rare" and
                x.get("bytes") == 900 and x["members"] == members]
        cpu = get(lambda x: x["cpu_us"] / max(1, x["told"]))
        out.append(row(
            "conclave", "leave-rekey", members, 0, cpu_us_per_delivery=cpu,
            floor_ratio=cpu / base[0] if base and base[0] else None,
            lost=get(lambda x: x["of"] - x["told"]),
            rekey_ms=get(lambda x: x["ms"])))
    return out


def show(title, rows, columns):
    print("\n### " + title + "\n")
    heads = {"cpu_us_per_delivery": "CPU µs / delivery",
             "floor_ratio": "× floor", "wire_ratio": "× floor, same bytes", "deliveries_per_s": "per s",
             "rss_bytes_per_connection": "bytes / connection",
             "cpu_us_per_handshake": "CPU µs / join",
             "room_ratio": "× one room", "user_ratio": "outside of the kernel",
             "heap_bytes": "heap, bytes each",
             "rss_bytes": "resident, bytes each",
             "log_ns": "ns / message", "percent": "% of its deliveries"}
    print("| " + " | ".join(heads.get(c, c) for c in columns) + " |")
    print("|" + "---|" * len(columns))
    for r in rows:
        print("| " + " | ".join(form(c, r[c]) for c in columns) + " |")


def form(column, v):
    if v is None:
        return "–"
    if isinstance(v, str):
        return v
    if column in ("cpu_us_per_delivery", "floor_ratio", "wire_ratio", "room_ratio",
                  "user_ratio", "percent"):
        return f"{v:.3f}" if v < 10 else f"{v:.1f}"
    if column == "rekey_ms":
        return f"{v:.1f}"
    return f"{v:.0f}"


def version(*argv):
    try:
        r = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        return (r.stdout + r.stderr).strip().splitlines()[0]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return "–"


def machine():
    with open("/proc/cpuinfo") as f:
        cpu = next((line.split(":")[1].strip() for line in f
                    if line.startswith("model name")), "?")
    print(f"{time.strftime('%Y-%m-%d')}, {len(CORES)} cores of {cpu}, "
          f"Linux {os.uname().release}, load {os.getloadavg()[0]:.1f} at the "
          f"beginning; server on core {SERVER_CORE}, generator on core "
          f"{LOAD_CORE}; medians of {REPEATS}.")
    print("\n- " + version("git", "-C", TOP, "describe", "--always", "--dirty"))
    print("- " + version("openssl", "version"))
    for t, flag in (("redis", "--version"), ("inspircd", "--version"),
                    ("mosquitto", "-h"), ("nats", "--version")):
        if t in PEERS:
            print("- " + version(which(TARGETS[t][2]), flag))
        else:
            print(f"- {t} is not installed: make bench-deps")
    print("""
The generator shares one identity, one RSA pair and one stretched password
among its members, sends filler of the right size instead of sealed text, and
its receivers do not open or verify it; they check every record's MAC and
number, and count every frame by sender and seq.""", flush=True)


def main():
    machine()
    b = Bench()
    try:
        (scale if SCALE else plan)(b)
    except KeyboardInterrupt:
        print("# ended early")
    finally:
        shutil.rmtree(b.folder, ignore_errors=True)
    fan, join, rekey = rows_fan(b), rows_join(b), rows_rekey(b)
    many, memory, logged = rooms.rows(b, row), \
        rooms.rows_memory(b, row), rooms.rows_log(b, row, BUILD)
    order = list(TARGETS)
    fan.sort(key=lambda r: (r["scenario"], r["members"], r["bytes"],
                            order.index(r["target"])))
    show("Deliveries", fan, FIELDS[1:4] + FIELDS[:1] + FIELDS[4:12])
    show("Coming in, and being there", join,
         ["scenario", "members", "target", "cpu_us_per_handshake",
          "deliveries_per_s", "rss_bytes_per_connection"])
    if rekey:
        show("A leave", rekey, ["scenario", "members", "target",
                                "cpu_us_per_delivery", "floor_ratio", "lost",
                                "rekey_ms"])
    show("Rooms", many, ["scenario", "target", "members", "rooms", "bytes",
                         "cpu_us_per_delivery", "room_ratio", "user_ratio",
                         "deliveries_per_s", "p50_us", "p99_us", "lost"])
    show("Memory of rooms", memory, ["scenario", "members", "rooms",
                                     "heap_bytes", "rss_bytes"])
    show("The log", logged, ["scenario", "members", "bytes", "log_ns",
                             "cpu_us_per_delivery", "percent"])
    history = kept.show(b)
    with open(os.path.join(BUILD, "bench.jsonl"), "w") as f:
        for r in fan + join + rekey + many + memory + logged + history:
            f.write(json.dumps(r) + "\n")
    print(f"\n{time.monotonic() - STARTED:.0f} s", end="")
    print(": not everything was run" if b.late() else "")
    lost = sum(r["lost"] or 0 for r in fan + many
               if r["target"] in ("conclave", "floor"))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
