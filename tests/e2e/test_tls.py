"""TLS 1.3 around conclave/1: listeners and client, what they refuse, and who stands
between. Certificates are made here (certs.py)."""

import hmac
import ipaddress
import os
import signal
import socket
import ssl
import struct
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import certs
import harness
from conftest import World
from harness import PASSWORD, Proxy, until


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """One server with both kinds of listener, for the tests that leave it as it is."""
    tmp = tmp_path_factory.mktemp("tls")
    w = World(tmp)
    w.ca = certs.CA(tmp)
    w.cert, w.key = w.ca.files("server")
    w.s = w.server("--tls-listen", "127.0.0.1:0", "--tls-cert", w.cert, "--tls-key", w.key)
    yield w
    w.end()


@pytest.fixture
def guests(tls, tmp_path):
    """Clients of that server."""
    w = World(tmp_path)
    yield w
    w.end()


def to_server(w, invite):
    """An invite of another port, for the host that the certificate names."""
    return invite.replace("//127.0.0.1:", "//localhost:")


def context(cert, key, *, ca=None, client=False):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if client else ssl.PROTOCOL_TLS_SERVER)
    if client:
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    if cert:
        c.load_cert_chain(cert, key)
    if ca:
        c.load_verify_locations(ca)
        c.verify_mode = ssl.CERT_REQUIRED
    return c


class TlsProxy(Proxy):
    """Ends TLS towards clients, or begins it towards the server."""

    def __init__(self, server, address, down=None, up=None):
        self.down, self.up = down, up
        super().__init__(server)
        self.address = address
        self.invite = "conclave%s://localhost:%d/lobby#%s" % (
            "s" if down else "", self.port, server.invite.partition("#")[2])

    def join(self, down, up):
        try:
            if self.down:
                down = self.down.wrap_socket(down, server_side=True)
            if self.up:
                up = self.up.wrap_socket(up)
        except (OSError, ValueError):
            down.close()
            up.close()
            return
        # One thread for each way may use a TLS socket while the other reads it.
        super().join(down, up)


def ended(c):
    """Exit status, word and sentence of a client that could not get in."""
    status = c.wait()
    e = c.events("closed")[-1]
    assert e["status"] == status, (e, status)
    return status, e["reason"], e["text"]


# --- it works


def test_people_talk_inside_tls_and_beside_it(tls, guests):
    a = guests.client(tls.s.tls_invite, "ana", "--ca", tls.ca.path)
    b = guests.client(tls.s, "bob")
    a.joined()
    b.joined()
    a.say("from inside")
    b.see("message", text="from inside")
    b.say("from outside " + "x" * 9000)
    a.see("message", text="from outside " + "x" * 9000)
    assert tls.s.tls_invite.startswith("conclaves://localhost:")
    a.quit()
    b.quit()


def test_a_plain_proxy_and_the_fingerprint_alone(tls, guests):
    proxy = Proxy(tls.s)
    proxy.address = tls.s.tls_address
    invite = "conclaves://localhost:%d/lobby#%s" % (proxy.port, tls.s.invite.partition("#")[2])
    a = guests.client(invite, "pia", "--ca", tls.ca.path)
    b = guests.client(invite, "pit", "--ca", "none")
    a.joined()
    b.joined()
    a.say("words that nobody else may read")
    b.see("message", text="words that nobody else may read")
    # What passed is TLS records and nothing else.
    for passed in proxy.passed:
        data, kinds = bytes(passed), set()
        while len(data) >= 5 and len(data) >= 5 + struct.unpack(">H", data[3:5])[0]:
            kinds.add(data[0])
            assert data[1] == 3
            data = data[5 + struct.unpack(">H", data[3:5])[0]:]
        assert kinds <= {20, 22, 23} and 23 in kinds
        assert b"handshake" not in passed and b"conclave" not in passed


def test_only_tls_1_3_without_tickets(tls):
    c = context(None, None, client=True)
    c.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(tls.s.tls_address, 60) as s, pytest.raises(ssl.SSLError):
        c.wrap_socket(s)
    c = context(None, None, client=True)
    with socket.create_connection(tls.s.tls_address, 60) as s, c.wrap_socket(s) as t:
        assert t.version() == "TLSv1.3"
        t.settimeout(60)
        # A length that no handshake message has: an answer, and with it any ticket.
        t.sendall(b"\x7f\xff\xff\xff")
        while t.recv(4096):
            pass
        assert not t.session_reused and not t.session.has_ticket


def expand(secret, name, n):
    """HKDF-Expand-Label with SHA-256 and no context (RFC 8446 section 7.1)."""
    info = struct.pack(">HB", n, 6 + len(name)) + b"tls13 " + name + b"\0"
    return hmac.digest(secret, info + b"\1", "sha256")[:n]


@pytest.mark.parametrize("kind", ["ClientHello", "HelloRequest", "NewSessionTicket", "KeyUpdate"])
def test_no_renegotiation(tls, tmp_path, kind):
    """A handshake message after the handshake, under the right key."""
    c = context(None, None, client=True)
    c.keylog_filename = str(tmp_path / "keys")
    hello = b"\3\3" + bytes(33) + b"\0\2\x13\2\1\0"
    message = {"ClientHello": b"\1" + struct.pack(">I", len(hello))[1:] + hello,
               "HelloRequest": b"\0\0\0\0", "NewSessionTicket": b"\4\0\0\0",
               "KeyUpdate": b"\x18\0\0\1\0"}[kind] + b"\x16"
    with socket.create_connection(tls.s.tls_address, 60) as s, c.wrap_socket(s) as t:
        assert t.cipher()[0] == "TLS_AES_128_GCM_SHA256"
        t.settimeout(60)
        with open(c.keylog_filename) as f:
            secret = next(line.split()[2] for line in f if line.startswith("CLIENT_TRAFFIC_SECRET_0"))
        secret = bytes.fromhex(secret)
        head = b"\x17\3\3" + struct.pack(">H", len(message) + 16)
        sealed = AESGCM(expand(secret, b"key", 16)).encrypt(expand(secret, b"iv", 12), message, head)
        os.write(t.fileno(), head + sealed)
        if kind != "KeyUpdate":
            with pytest.raises(ssl.SSLError, match="(?i)unexpected.message"):
                t.recv(1)
            return
        # Allowed. What follows under the old key is no longer read.
        t.sendall(b"x")
        with pytest.raises(ssl.SSLError, match="(?i)bad.record.mac"):
            t.recv(1)


def test_the_server_chooses_the_cipher(tls):
    """But a client whose first is ChaCha20 gets it."""
    a, b, c = "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"
    for offer, chosen in (((a, b, c), a), ((b, c, a), a), ((b, c), b), ((c, b, a), c), ((c,), c)):
        p = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % tls.s.tls_address[1],
                            "-ciphersuites", ":".join(offer)], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=harness.WAIT)
        assert "Cipher is " + chosen in p.stdout, (offer, p.stdout, p.stderr)


def test_nobody_chooses_a_costly_group(tls):
    """Found by sslscan: ffdhe8192 would take a hundred times as long as X25519."""
    for group, works in (("X25519", True), ("P-256", True), ("P-521", False), ("X448", False),
                         ("ffdhe2048", False), ("ffdhe8192", False)):
        p = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % tls.s.tls_address[1],
                            "-groups", group], stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=harness.WAIT)
        assert ("Server certificate" in p.stdout) == works, (group, p.stdout, p.stderr)


def test_no_fallback_and_no_guessing(tls, guests):
    port = tls.s.address[1], tls.s.tls_address[1]
    a = guests.client("conclaves://localhost:%d" % port[0], "ana", "--ca", tls.ca.path)
    b = guests.client("conclave://localhost:%d" % port[1], "bob")
    assert ended(a)[:2] == (22, "no_tls")
    status, _, text = ended(b)
    assert status == 3 and "conclaves://" in text
    until(lambda: any("speaks TLS" in line for line in tls.s.err))


# --- a reload


def test_a_reload_loses_nobody(world, tmp_path):
    ca = certs.CA(tmp_path)
    cert, key = ca.files("first")
    s = world.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                     listen=None)
    a = world.client(s, "ana", "--ca", ca.path)
    a.joined()

    def shown():
        return ssl.get_server_certificate(s.tls_address)

    before = shown()
    cert2, key2 = ca.files("second")
    os.replace(cert2, cert)
    s.signal(signal.SIGHUP)     # the key is another's
    until(lambda: any("is the key of another certificate" in x for x in s.err))
    assert shown() == before
    os.replace(key2, key)
    s.signal(signal.SIGHUP)
    until(lambda: shown() != before)
    b = world.client(s, "bob", "--ca", ca.path)
    b.joined()
    a.say("still here")
    b.see("message", text="still here")
    assert len(a.events("connected")) == 1


# --- what stops the start


def starts(tmp, *args):
    p = subprocess.run(
        [os.path.join(harness.BUILD, "conclaved"), "--ephemeral", "--listen", "127.0.0.1:0",
         "--tls-listen", "127.0.0.1:0", "--scrypt-n", "16384", *args],
        env=harness.environment(tmp, CONCLAVE_PASSWORD=PASSWORD), capture_output=True,
        text=True, stdin=subprocess.DEVNULL, timeout=harness.WAIT)
    return p.returncode, p.stderr


def test_what_stops_the_start(tmp_path):
    ca = certs.CA(tmp_path)
    good, key = ca.files("good")
    _, other_key = ca.files("other")
    old, old_key = ca.files("old", before=-9 * certs.DAY, after=-certs.DAY)
    early, early_key = ca.files("early", before=certs.DAY)
    client, client_key = ca.files("client", purpose=certs.CLIENT)
    small, small_key = ca.files("small", key=certs.small_rsa())
    empty = certs.write(tmp_path / "empty", b"")
    junk = certs.write(tmp_path / "junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n")
    wide = certs.write(tmp_path / "wide.key", open(key, "rb").read())
    os.chmod(wide, 0o644)
    missing = str(tmp_path / "missing")
    late = ca.crl(until=-certs.DAY / 2)
    for cert, key_file, more, file, says in [
            (missing, key, [], missing, "no file"), (good, missing, [], missing, "no file"),
            (empty, key, [], empty, "no certificate"), (junk, key, [], junk, "certificate"),
            (good, good, [], good, "no private key"),
            (good, other_key, [], other_key, "another certificate"),
            (good, wide, [], wide, "every user"), (old, old_key, [], old, "expired"),
            (early, early_key, [], early, "valid only from"),
            (client, client_key, [], client, "not for TLS servers"),
            (small, small_key, [], small, "too small"),
            (good, key, ["--public-name", "chat.example"], good, "another host"),
            (good, key, ["--tls-client-ca", empty], empty, "no certificate of a CA"),
            (good, key, ["--tls-client-ca", ca.path, "--tls-crl", empty], empty, "no list"),
            (good, key, ["--tls-client-ca", ca.path, "--tls-crl", late], late, "good until")]:
        status, err = starts(tmp_path, "--tls-cert", cert, "--tls-key", key_file, *more)
        assert status == 1 and file in err and says in err, (says, err)
    for args, says in [([], "--tls-cert"), (["--tls-cert", good, "--tls-crl", late],
                                            "--tls-client-ca")]:
        status, err = starts(tmp_path, *args)
        assert status == 2 and says in err


# --- what the client refuses


class Shown:
    """A TLS server that shows a certificate and says nothing."""

    def __init__(self, cert, key, **more):
        self.context = context(cert, key, **more)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.uri = "conclaves://localhost:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            s, _ = self.listener.accept()
            try:
                with self.context.wrap_socket(s, server_side=True) as t:
                    t.settimeout(harness.WAIT)
                    while t.recv(4096):
                        pass
            except OSError:
                s.close()


def test_each_fault_has_its_status_and_its_sentence(guests, tmp_path):
    ca, stranger = certs.CA(tmp_path), certs.CA(tmp_path, "stranger")
    alone = certs.CA(tmp_path, "alone", ca=False)
    below = certs.CA(tmp_path, "below", signed_by=ca, ca=False)
    revoked, revoked_key = ca.files("revoked")
    with_list = certs.write(tmp_path / "with-list.pem", open(ca.path, "rb").read() +
                            open(ca.crl(revoked), "rb").read())
    old = context(*ca.files("1.2"))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    two = Shown(*ca.files("1.2 again"))
    two.context = old
    alone_files = (alone.path, certs.write(tmp_path / "alone.key", certs.key_pem(alone.key)))
    cases = [
        (11, "untrusted", Shown(*stranger.files("of a stranger")), ca.path),
        (12, "self_signed", Shown(*alone_files), ca.path),
        (13, "expired", Shown(*ca.files("old", before=-9 * certs.DAY, after=-certs.DAY)), ca.path),
        (14, "not_yet_valid", Shown(*ca.files("early", before=certs.DAY)), ca.path),
        (15, "wrong_host", Shown(*ca.files("host", hosts=["elsewhere.example", "127.0.0.2"])),
         ca.path),
        (15, "wrong_host", Shown(*ca.files("localhost", hosts=[])), ca.path),
        (16, "wrong_purpose", Shown(*ca.files("client", purpose=certs.CLIENT)), ca.path),
        (17, "revoked", Shown(revoked, revoked_key), with_list),
        (20, "bad_chain", Shown(*below.files("leaf", chain=[below.certificate])), ca.path),
        (21, "tls_version", two, ca.path),
    ]
    clients = [guests.client(shown.uri, "c%d" % i, "--ca", trusted)
               for i, (_, _, shown, trusted) in enumerate(cases)]
    texts = set()
    for c, (status, word, _, _) in zip(clients, cases):
        got = ended(c)
        assert got[:2] == (status, word), (got, status, word)
        texts.add(got[2].partition(": ")[2])
    assert len(texts) == len({word for _, word, _, _ in cases})


def weak_context(*files, **more):
    c = context(None, None, **more)
    c.set_ciphers("ALL:@SECLEVEL=0")
    c.load_cert_chain(*files)
    return c


def below(tmp_path, ca, steps):
    """A CA so far below another, and the certificates between them."""
    chain = []
    for i in range(steps):
        ca = certs.CA(tmp_path, "step %d" % i, signed_by=ca)
        chain.insert(0, ca.certificate)
    return ca, chain


def test_weak_certificates_and_endless_chains(guests, tmp_path):
    ca = certs.CA(tmp_path)
    small, sha1 = Shown(*ca.files("server")), Shown(*ca.files("another"))
    small.context = weak_context(*ca.files("small", key=certs.small_rsa()))
    sha1.context = weak_context(*ca.sha1("sha1", certs.SERVER))
    near, chain = below(tmp_path, ca, 8)
    far, long = below(tmp_path, ca, 100)
    fat = ca.files("fat", chain=long * 30)
    assert os.stat(fat[0]).st_size > 1 << 20
    shown = [small, sha1, Shown(*near.files("8 below", chain=chain)),
             Shown(*far.files("100 below", chain=long)), Shown(*fat)]
    clients = [guests.client(x.uri, "c%d" % i, "--ca", ca.path) for i, x in enumerate(shown)]
    assert [ended(c)[:2] for c in clients] == 2 * [(19, "weak_certificate")] + 3 * [(20, "bad_chain")]


def test_names_in_certificates(guests, tmp_path):
    ca = certs.CA(tmp_path)
    dns, uri = x509.DNSName, x509.UniformResourceIdentifier
    address = ipaddress.ip_address
    for i, (host, names) in enumerate([
            ("localhost", [dns("localhost\0.evil.example")]), ("localhost", [dns("evil.example\0localhost")]),
            ("localhost", [dns("*")]), ("localhost", [uri("localhost")]),
            ("localhost", [x509.IPAddress(address("127.0.0.1"))]),
            ("127.0.0.1", [dns("127.0.0.1")]), ("127.0.0.1", [dns("localhost")]),
            ("127.0.0.1", [x509.IPAddress(address("127.0.0.2"))]),
            ("127.0.0.1", [x509.IPAddress(address("::ffff:127.0.0.1"))])]):
        x = Shown(*ca.files("n%d" % i, hosts=names))
        c = guests.client(x.uri.replace("localhost", host), "c%d" % i, "--ca", ca.path)
        assert ended(c)[:2] == (15, "wrong_host"), names
    cert, key = ca.files("right", hosts=["127.0.0.1"])
    s = guests.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, listen=None)
    a = guests.client(s.tls_invite.replace("localhost", "127.0.0.1"), "ana", "--ca", ca.path)
    a.joined()
    c = guests.client("conclaves://b\u00fccher.example", "bob")     # its ASCII form, or none
    assert c.wait() == 2 and "idn2" in " ".join(c.err), c.err


def test_usage(guests, tls):
    place = "conclaves://localhost:%d" % tls.s.tls_address[1]
    for args, says in [(["--ca", "none"], "fingerprint"), (["--key", tls.key], "--certificate"),
                       (["--ca", str(guests.tmp / "no")], "no file"),
                       (["--ca", tls.key], "no certificate of a CA")]:
        a = guests.client(place, "ana", *args)
        assert a.wait() == 2 and says in " ".join(a.err)


# --- who stands between


def test_a_man_in_the_middle_with_a_valid_certificate(tls, guests):
    middle = TlsProxy(tls.s, tls.s.tls_address, down=context(tls.cert, tls.key),
                      up=context(None, None, client=True))
    a = guests.client(middle.invite, "ana", "--ca", tls.ca.path)
    status, word, text = ended(a)
    assert (status, word) == (8, "between") and "somebody stands between" in text
    assert not any("wrong" in line for line in tls.s.err)


def test_a_proxy_that_ends_or_begins_tls(tls, guests):
    ends = TlsProxy(tls.s, tls.s.address, down=context(tls.cert, tls.key))
    begins = TlsProxy(tls.s, tls.s.tls_address, up=context(None, None, client=True))
    a = guests.client(ends.invite, "ana", "--ca", tls.ca.path)
    b = guests.client(begins.invite, "bob")
    status, word, text = ended(a)
    assert (status, word) == (9, "tls_ends") and "a proxy in front of the server ends TLS" in text
    status, word, text = ended(b)
    assert (status, word) == (9, "tls_ends") and "you are not" in text


# --- certificates of clients


def test_clients_need_a_certificate(world, tmp_path):
    ca, stranger = certs.CA(tmp_path), certs.CA(tmp_path, "stranger")
    cert, key = ca.files("server")
    good = ca.files("good", hosts=[], purpose=certs.CLIENT)
    gone = ca.files("gone", hosts=[], purpose=certs.CLIENT)
    for_servers = ca.files("for servers", hosts=[])
    other = stranger.files("other", hosts=[], purpose=certs.CLIENT)
    s = world.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                     "--tls-client-ca", ca.path, "--tls-crl", ca.crl(gone[0]), listen=None)

    def client(name, files=None):
        more = ["--certificate", files[0], "--key", files[1]] if files else []
        return world.client(s, name, "--ca", ca.path, *more)

    a = client("ana", good)
    bad = [client("c1"), client("c2", gone), client("c3", other), client("c4", for_servers)]
    a.joined()
    assert ended(bad[0])[:2] == (23, "certificate_wanted")
    for c in bad[1:3]:
        assert ended(c)[:2] == (24, "certificate_refused")
    assert bad[3].wait() == 2 and "not for TLS clients" in " ".join(bad[3].err)
    # Nor does the server take that one from another program.
    c = context(*for_servers, client=True)
    with socket.create_connection(s.tls_address, 60) as x, c.wrap_socket(x) as t, \
            pytest.raises(ssl.SSLError):
        t.recv(1)
    for says in ("without a certificate", "revoked", "purpose", "nobody whom"):
        until(lambda: any(says in line for line in s.err), what=says)


def test_chains_of_clients(world, tmp_path):
    """Weak, 100 deep, and of 1 MiB: the server reads no more than it must."""
    ca = certs.CA(tmp_path)
    cert, key = ca.files("server")
    s = world.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                     "--tls-client-ca", ca.path, listen=None)
    near, chain = below(tmp_path, ca, 8)
    far, long = below(tmp_path, ca, 100)
    more = {"hosts": [], "purpose": certs.CLIENT}
    for files, says in [(near.files("c8", chain=chain, **more), "too long"),
                        (far.files("c100", chain=long, **more), "too long"),
                        (ca.files("fat", chain=long * 30, **more), "too long"),
                        (ca.files("small", key=certs.small_rsa(), **more), "too weak"),
                        (ca.sha1("sha1", certs.CLIENT), "too weak")]:
        n = sum(says in line for line in s.err)
        with socket.create_connection(s.tls_address, 60) as x:
            try:
                with weak_context(*files, client=True).wrap_socket(x) as t:
                    t.settimeout(60)
                    t.sendall(b"x")
                    t.recv(1)
            except OSError:
                pass
        until(lambda n=n, says=says: sum(says in line for line in s.err) > n, what=says)
    files = ca.files("good", **more)
    a = world.client(s, "ana", "--ca", ca.path, "--certificate", files[0], "--key", files[1])
    a.joined()


# --- floods, and the header of a proxy


@pytest.mark.skipif(harness.WATCHED, reason="its memory includes the watcher's")
def test_half_open_handshakes_take_bounded_memory(world, tmp_path):
    """libssl would keep up to 128 KiB of a ClientHello that never ends."""
    places = 64
    ca = certs.CA(tmp_path)
    cert, key = ca.files("server")
    s = world.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                     "--handshakes", str(places), listen=None)

    def resident():
        with open("/proc/%d/status" % s.p.pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    socks = [socket.create_connection(s.tls_address, 60) for _ in range(places)]
    before, most = resident(), 0
    record = struct.pack(">BHH", 22, 0x0301, 16384)
    for x in socks:
        x.settimeout(0)     # what it does not take is not waited for
        try:
            x.send(record + b"\1\2\1\0\3\3" + bytes(16378))
            for _ in range(6):
                x.send(record + bytes(16384))
        except OSError:
            pass
        most = max(most, resident())
    until(lambda: sum("handshake is too long" in line for line in s.err) >= places // 2)
    assert max(most, resident()) - before < places * 80
    a = world.client(s, "ana", "--ca", ca.path)
    a.joined()


def test_half_open_handshakes_take_bounded_places(world, tmp_path):
    ca = certs.CA(tmp_path)
    cert, key = ca.files("server")
    s = world.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                     "--handshakes", "8", listen=None)
    socks = [socket.create_connection(s.tls_address, 60) for _ in range(30)]
    for x in socks:
        x.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")   # and no more
    for x in socks:     # 8 places; those that have one lose it after 3 s
        x.settimeout(60)
        try:
            assert x.recv(100) in (b"", b"\x15\x03\x03\x00\x02\x02\x50")
        except ConnectionResetError:
            pass
    # Anybody may be the one who is put out while the places are taken.
    a = world.client(s, "ana", "--ca", ca.path)
    a.joined()
    a.say("in")
    a.see("sent")


@pytest.mark.parametrize("together", [True, False])
def test_the_header_of_a_proxy_comes_before_tls(world, tmp_path, together):
    ca = certs.CA(tmp_path)
    cert, key = ca.files("server")
    s = world.server("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                     "--proxy-from", "127.0.0.1", listen=None)
    header = (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + struct.pack(">H", 12) +
              socket.inet_aton("192.0.2.9") + socket.inet_aton("192.0.2.1") +
              struct.pack(">HH", 4000, 2529))

    class Header(Proxy):
        def join(self, down, up):
            first = down.recv(65536)
            if together:
                up.sendall(header + first)
            else:
                up.sendall(header)
                up.sendall(first)
            super().join(down, up)

    s.address = s.tls_address
    proxy = Header(s)
    a = world.client("conclaves://localhost:%d/lobby#%s" % (
        proxy.port, s.invite.partition("#")[2]), "ana", "--ca", ca.path)
    a.joined()
    until(lambda: any("ana (192.0.2.9:4000)" in line for line in s.err))
