"""conclavectl ca: a CA in five commands, what others say of its certificates, and a
server and people who use them."""

import json
import os
import re
import shutil
import stat
import subprocess

import pytest

import harness
from harness import until


class Folder:
    def __init__(self, tmp, *init):
        self.dir, self.home = tmp / "ca", tmp
        self.ok("init", str(self.dir), "--name", "Example CA", *init)

    def ctl(self, *args):
        return subprocess.run([os.path.join(harness.BUILD, "conclavectl"), "ca", *args],
                              env=harness.environment(self.home), capture_output=True,
                              text=True, timeout=harness.WAIT)

    def ok(self, *args):
        p = self.ctl(*args) if args[0] == "init" else self.ctl(*args, "--ca", str(self.dir))
        assert p.returncode == 0, p.stderr
        return p.stdout

    def refused(self, *args, status=1):
        p = self.ctl(*args, "--ca", str(self.dir))
        assert p.returncode == status and not p.stdout, (p.stdout, p.stderr)
        return p.stderr

    def path(self, name):
        return str(self.dir / name)


def run(*args):
    p = subprocess.run(args, capture_output=True, text=True, timeout=harness.WAIT)
    return p.returncode, p.stdout + p.stderr


def identity(path):
    """The file of an Ed25519 key, as a client has it."""
    assert run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(path))[0] == 0
    os.chmod(path, 0o600)
    return str(path)


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    tmp = tmp_path_factory.mktemp("ca")
    f = Folder(tmp)
    f.ok("server", "chat.example", "*.chat.example", "192.0.2.1", "2001:db8::1")
    f.ok("member", "alice", "--identity", identity(tmp / "alice"))
    f.ok("member", "bob", "--identity", identity(tmp / "bob"))
    f.ok("revoke", "bob")
    return f


def test_openssl_accepts_them(ca):
    both = ca.dir / "both"
    both.write_text("".join(open(ca.path(n)).read() for n in ("ca.pem", "crl.pem")))
    verify = ["openssl", "verify", "-x509_strict", "-crl_check", "-CAfile", str(both)]
    for more in (["-verify_hostname", "chat.example"], ["-verify_hostname", "a.chat.example"],
                 ["-verify_ip", "192.0.2.1"], ["-verify_ip", "2001:db8::1"]):
        assert run(*verify, "-purpose", "sslserver", *more,
                   ca.path("server-chat.example.pem"))[0] == 0
    assert run(*verify, "-purpose", "sslclient", ca.path("member-alice.pem"))[0] == 0
    # And nothing else.
    for name, more, says in [
            ("server-chat.example", ["-verify_hostname", "other.example"], "mismatch"),
            ("server-chat.example", ["-purpose", "sslclient"], "purpose"),
            ("member-alice", ["-purpose", "sslserver"], "purpose"),
            ("member-bob", [], "revoked")]:
        status, text = run(*verify, *more, ca.path(name + ".pem"))
        assert status != 0 and says in text.lower(), text
    text = run("openssl", "x509", "-noout", "-text", "-in", ca.path("member-alice.pem"))[1]
    assert "URI:conclave:alice" in text and re.search("CN ?= ?alice", text)
    assert "CA:TRUE, pathlen:0" in run("openssl", "x509", "-noout", "-text", "-in",
                                       ca.path("ca.pem"))[1]


@pytest.mark.skipif(not shutil.which("certtool"), reason="no certtool (gnutls-bin) here")
def test_gnutls_accepts_them(ca):
    for name in ("server-chat.example", "member-alice"):
        status, text = run("certtool", "--verify", "--load-ca-certificate", ca.path("ca.pem"),
                           "--infile", ca.path(name + ".pem"))
        assert status == 0 and "Verified" in text, text


def test_files_and_what_is_refused(ca, tmp_path):
    for name in os.listdir(ca.dir):
        mode = stat.S_IMODE(os.stat(ca.dir / name).st_mode)
        assert mode == 0o600 or not name.endswith(".key"), name
    before = {n: open(ca.path(n), "rb").read() for n in os.listdir(ca.dir)}
    p = ca.ctl("init", str(ca.dir))
    assert p.returncode == 1 and "was not changed" in p.stderr
    ec = str(tmp_path / "ec")
    assert run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
               "ec_paramgen_curve:P-256", "-out", ec)[0] == 0
    for args, says in [(("server", "chat.example"), "was not changed"),
                       (("member", "alice", "--identity", ec), "was not changed"),
                       (("member", "carl", "--identity", ec), "no Ed25519 key"),
                       (("server", "a host"), "letters"), (("server", "bücher.example"), "idn2"),
                       (("server", "../x"), "was not changed"),
                       (("member", "carl", "--identity", str(tmp_path / "no")), "no file"),
                       (("revoke", "nobody"), "ca list"), (("revoke", "bob"), "ca list")]:
        assert says in ca.refused(*args)
    for args in [("member", "carl"), ("member", "a name", "--identity", ec), ("what",),
                 ("server",), ("list", "x"), ("revoke",)]:
        ca.refused(*args, status=2)
    assert {n: open(ca.path(n), "rb").read() for n in os.listdir(ca.dir)} == before
    missing = ca.ctl("list", "--ca", str(tmp_path / "no")), ca.ctl(
        "crl", "--ca", str(tmp_path / "no"))
    assert "there is no CA" in missing[1].stderr
    rows = [json.loads(line) for line in ca.ok("list", "--json").splitlines()]
    assert [(r["kind"], r["name"], "revoked" in r) for r in rows] == [
        ("server", "chat.example", False), ("member", "alice", False), ("member", "bob", True)]
    assert len({r["serial"] for r in rows}) == 3


def test_lifetimes(tmp_path):
    f = Folder(tmp_path, "--ed25519", "--for", "2d")
    f.ok("server", "x.example", "--ed25519")    # 90 days, but no longer than its CA
    row = json.loads(f.ok("list", "--json"))
    end = run("openssl", "x509", "-noout", "-enddate", "-in", f.path("ca.pem"))[1]
    assert end == run("openssl", "x509", "-noout", "-enddate", "-in",
                      f.path("server-x.example.pem"))[1]
    assert row["until"] - os.stat(f.path("ca.pem")).st_mtime < 2 * 86400 + 60
    assert run("openssl", "verify", "-x509_strict", "-CAfile", f.path("ca.pem"),
               f.path("server-x.example.pem"))[0] == 0


def test_a_server_and_its_members(world, tmp_path):
    f = Folder(tmp_path)
    f.ok("server", "localhost", "127.0.0.1")
    s = world.server("--tls-listen", "127.0.0.1:0",
                     "--tls-cert", f.path("server-localhost.pem"),
                     "--tls-key", f.path("server-localhost.key"),
                     "--tls-client-ca", f.path("ca.pem"), "--tls-crl", f.path("crl.pem"),
                     ephemeral=False)
    a = world.client(s, "alice")    # without TLS, so that its key can be looked up
    a.joined()
    me = next(u for u in a.events("connected")[0]["users"] if u.get("self"))["identity"]
    state = str(world.tmp / "server" / "state")
    p = f.ctl("member", "alice", "--identity", me, "--ca", str(f.dir), "-s", state)
    assert p.returncode == 0, p.stderr
    a.quit()
    more = ["--ca", f.path("ca.pem"), "--certificate", f.path("member-alice.pem")]
    a = world.client(s.tls_invite, "alice", *more)      # the key is the identity
    a.joined()
    f.ok("revoke", "alice")
    p = subprocess.run([os.path.join(harness.BUILD, "conclavectl"), "-s", state, "reload"],
                       capture_output=True, text=True, timeout=harness.WAIT)
    assert p.returncode == 0 and "read again" in p.stdout, p.stderr
    b = world.client(s.tls_invite, "alice", *more, home="alice")
    assert b.wait() == 24
    a.say("who is in stays in")
    a.see("sent")
    until(lambda: any("revoked" in line for line in s.err))
