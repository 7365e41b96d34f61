"""What somebody who taps the wire sees: of a whole session without TLS, and of one
with it. Where tshark is, the dissector of tests/capture reads the first."""

import base64
import collections
import contextlib
import os
import pwd
import queue
import shutil
import struct
import subprocess
import tempfile
import threading
import time

import pytest

import certs
from harness import PASSWORD, TOP, WAIT, Proxy, together, until

LUA = os.path.join(TOP, "tests", "capture", "conclave.lua")
SAID = "the very words of this conversation", "and of its answer"
ALONE = "words for one pair of eyes"
FILE = b"a line of a file that nobody else may read\n"
SIZE = 150000       # of the file: three pieces


def pcap(path, port, flows):
    """Writes TCP connections of (to the server, from the server) to a capture file."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))  # raw IP
        time = [0]

        def packet(source, to, seq, ack, flags, data=b""):
            tcp = struct.pack(">HHIIBBHHH", source, to, seq, ack, 0x50, flags, 65535, 0, 0) + data
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0,
                             bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1]))
            time[0] += 1
            out.write(struct.pack("<IIII", time[0], 0, len(ip + tcp), len(ip + tcp)) + ip + tcp)

        for n, (up, down) in enumerate(flows):
            a, s, d = 40000 + n, 1, 1
            packet(a, port, 0, 0, 2)
            packet(port, a, 0, 1, 0x12)
            packet(a, port, 1, 1, 0x10)
            for i in range(0, max(len(up), len(down)), 1400):
                if piece := bytes(up[i:i + 1400]):
                    packet(a, port, s, d, 0x18, piece)
                    s += len(piece)
                if piece := bytes(down[i:i + 1400]):
                    packet(port, a, d, s, 0x18, piece)
                    d += len(piece)


@contextlib.contextmanager
def recorded(path, port):
    """Records the port at the loopback interface; the value tells whether it may."""
    if not shutil.which("tshark"):
        yield False
        return
    # another test's peer may have the same port at another of the loopback's addresses
    only = "tcp port %d and src host 127.0.0.1 and dst host 127.0.0.1" % port
    p = subprocess.Popen(["tshark", "-q", "-i", "lo", "-B", "64", "-f", only, "-w", str(path)],
                         stderr=subprocess.PIPE, text=True)
    said = queue.Queue()
    reader = threading.Thread(target=lambda: [said.put(x) for x in p.stderr], daemon=True)
    reader.start()
    try:
        yes = begun(p, said)
        yield yes
        if yes:
            # what it has not fetched from the kernel yet would be lost
            until(lambda: not grows(path), what="the end of the capture")
    finally:
        p.terminate()
        p.wait(WAIT)
        reader.join(WAIT)


def begun(p, said):
    """Whether tshark records. Its first words come a moment before it does."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end and p.poll() is None:
        with contextlib.suppress(queue.Empty):
            if "Capturing on" in said.get(timeout=0.1):
                time.sleep(1)
                return p.poll() is None
    return False


def grows(path):
    before = os.path.getsize(path)
    time.sleep(0.5)
    return os.path.getsize(path) > before


def session(world, invite, proxy, *args):
    """Two people join, talk, write to each other alone, hand over a file, and one leaves and
    comes back, which changes the key. Returns the bytes of each connection, both ways, and
    what must not be in them."""
    args += ("--held", "send")      # also to whom we do not know of yet
    a = world.client(invite, "anastasia", *args)
    b = world.client(invite, "bartholomew", *args)
    together(a, b)
    a.say(SAID[0])
    b.see("message", text=SAID[0])
    b.say(SAID[1])
    a.see("message", text=SAID[1])
    a.do(do="direct", to="bartholomew", text=ALONE)
    b.see("direct", text=ALONE)
    path = world.tmp / "anastasia" / "secret-plans.txt"
    path.write_bytes((FILE * (SIZE // len(FILE) + 1))[:SIZE])
    a.do(do="send_file", path=str(path))
    b.do(do="get_file", id=b.see("file", name=path.name)["id"])
    assert "code" not in b.see("file_done")
    b.quit()
    b = world.client(invite, "bartholomew", *args)
    b.joined()
    a.say(SAID[0])
    b.see("message", text=SAID[0], history=None)
    people = a.events("connected")[0]["users"]
    keys = [base64.urlsafe_b64decode(u["identity"] + "=") for u in people]
    b.quit()
    a.quit()
    flows = list(zip(proxy.passed[::2], proxy.passed[1::2]))
    assert len(flows) == 3 and all(up and down for up, down in flows)
    secrets = [x.encode() for x in (*SAID, ALONE, PASSWORD, "anastasia", "bartholomew", path.stem)]
    secrets.append(FILE[:20])
    for k in keys:      # fingerprints: raw, and as text
        secrets += [k, base64.b64encode(k), base64.urlsafe_b64encode(k)[:-1]]
    return flows, secrets


def none_of(secrets, path):
    """The capture file, with all headers, has none of them."""
    with open(path, "rb") as f:
        data = f.read()
    for secret in secrets:
        assert secret not in data, secret


def plain(world, wire):
    """A session without TLS: its flows, what must not be in them, its port, and whether
    it was recorded."""
    proxy = Proxy(world.server(ephemeral=False))
    with recorded(wire, proxy.port) as tapped:
        flows, secrets = session(world, proxy.invite, proxy)
    return flows, secrets, proxy.port, tapped


def test_without_tls(world, tmp_path):
    wire = tmp_path / "wire.pcapng"
    flows, secrets, _, tapped = plain(world, wire)
    for up, down in flows:
        for secret in secrets:
            assert secret not in up and secret not in down, secret
        assert b'"step":"hello"' in up and b'"step":"challenge"' in down    # it is the wire
    if tapped:
        none_of(secrets, wire)


@pytest.mark.skipif(not shutil.which("tshark"), reason="no tshark here for the dissector")
def test_the_dissector(world, tmp_path):
    wire, made = tmp_path / "wire.pcapng", tmp_path / "made.pcap"
    flows, _, port, tapped = plain(world, wire)
    pcap(made, 2528, flows)
    dissect(made, 2528, flows)
    if tapped:
        dissect(wire, port, flows)


def tshark(path, port, *args):
    """What it reads in a capture file. For root it may load no dissector, so nobody asks."""
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o755)
        for f in (LUA, path):
            os.chmod(shutil.copy(f, d), 0o644)
        who = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        p = subprocess.run(
            ["tshark", "-X", "lua_script:conclave.lua", "-r", os.path.basename(path), "-d",
             "tcp.port==%d,conclave" % port, *args], capture_output=True, text=True,
            timeout=WAIT, cwd=d, env={**os.environ, "HOME": d, "XDG_CONFIG_HOME": d},
            **({"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []} if who else {}))
    assert p.returncode == 0, p.stderr[:2000]
    return p.stdout


def counted(data):
    """The records of one direction, and their frames by kind: by this test itself."""
    found, at, records = collections.Counter(), 0, 0
    while at < len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        body, at = data[at + 4:at + 4 + n], at + 4 + n
        if body[:1] == b"{":
            found["message"] += 1
            continue
        records, k = records + 1, 8
        while k < len(body) - 16:
            length, kind = struct.unpack(">IB", body[k:k + 5])
            found[kind] += 1
            k += 4 + length
    return found, records


def dissect(path, port, flows):
    want, records = collections.Counter(), 0
    for data in (x for flow in flows for x in flow):
        found, n = counted(bytes(data))
        want, records = want + found, records + n

    def column(field):
        text = tshark(path, port, "-Y", field, "-T", "fields", "-E", "aggregator=,", "-e", field)
        return [x for line in text.splitlines() for x in line.split(",")]

    kinds = collections.Counter(int(k) for k in column("conclave.frame.kind"))
    steps = collections.Counter(column("conclave.step"))
    assert kinds == collections.Counter({k: n for k, n in want.items() if k != "message"})
    assert steps == {step: 3 for step in ("hello", "challenge", "share", "confirm", "finish")}
    assert len(column("conclave.seq")) == records
    assert not tshark(path, port, "-Y", "conclave.malformed || _ws.malformed || _ws.lua.error")
    senders, epochs = set(column("conclave.sender")), set(column("conclave.epoch"))
    assert {"0", "1", "2", "3"} >= senders >= {"1"} and len(epochs) >= 3
    files, pieces = set(column("conclave.blob")), column("conclave.piece")
    assert len(files) == 1 and sorted(pieces) == sorted(["0", "1", "2"] * 2)
    print("\nwithout TLS somebody who taps the wire sees: the handshake's messages %s; %d "
          "records, with frames of kinds %s; rooms %s, epochs %s, senders %s; %d file "
          "in %d pieces, sent and fetched; and the size and time of each" % (dict(steps), records, dict(kinds), set(column("conclave.room")),
                                sorted(epochs, key=int), sorted(senders, key=int), len(files), len(pieces) // 2))


def test_with_tls(world, tmp_path):
    ca = certs.CA(tmp_path)
    cert, key = ca.files("server")
    s = world.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                     listen=None, ephemeral=False)
    s.address = s.tls_address
    proxy = Proxy(s)
    invite = "conclaves://localhost:%d/lobby#%s" % (proxy.port, s.invite.partition("#")[2])
    wire = tmp_path / "wire.pcapng"
    with recorded(wire, proxy.port) as tapped:
        flows, secrets = session(world, invite, proxy, "--ca", ca.path)
    if tapped:
        none_of(secrets, wire)
        shown = tshark(wire, proxy.port, "-d", "tcp.port==%d,tls" % proxy.port, "-T", "fields",
                       "-e", "tls.record.content_type", "-Y", "tls.record.content_type")
        assert {k for line in shown.split() for k in line.split(",")} <= {"20", "22", "23"}
        assert not tshark(wire, proxy.port, "-Y", "conclave.step")
    for data in (bytes(x) for flow in flows for x in flow):
        for secret in [*secrets, b"handshake", b"conclave/1", b"lobby"]:
            assert secret not in data, secret
        at, kinds = 0, []
        while at < len(data):       # whole TLS records and nothing else
            kind, version, n = struct.unpack(">BHH", data[at:at + 5])
            assert version in (0x301, 0x303) and n <= 16384 + 256
            kinds.append(kind)
            at += 5 + n
        assert at == len(data) and set(kinds) <= {20, 22, 23} and kinds[-1] == 23
        assert kinds.count(22) == 1     # a hello each; the rest is inside
