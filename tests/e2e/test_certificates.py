"""Members' certificates: who is let in, what members make of those of others, and
members and servers who lie about them. Certificates are made here (certs.py)."""

import datetime
import json
import signal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

import certs
from conclave1 import b64, sha, spki, unb64, verify
from harness import PASSWORD, until
from relay1 import Relay


def der(path):
    with open(path, "rb") as f:
        return x509.load_pem_x509_certificate(f.read()).public_bytes(serialization.Encoding.DER)


class Person:
    """An identity, and its certificate of a CA."""

    def __init__(self, ca, name, stem=None, **more):
        self.name, self.key = name, ed25519.Ed25519PrivateKey.generate()
        self.stem = stem or name
        self.identity = certs.write(ca.folder / ("key-%s.pem" % self.stem), certs.key_pem(self.key))
        self.certificate = ca.member(name, self.key, self.stem, **more)
        self.args = ["--identity", self.identity, "--certificate", self.certificate]


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return certs.CA(tmp_path_factory.mktemp("ca"))


def refused(c, says):
    assert c.wait() == 4, c.err
    e = c.events("closed")[-1]
    assert e["reason"] == "bad_certificate", e
    assert e["text"] == "the server lets in only people with a valid certificate: " + says


def ask(peer, name):
    """The card of a member as the server shows it: checked, then decoded."""
    who = next(m for m, u in peer.users.items() if u["name"] == name)
    peer.send_control({"type": "identity", "member": who})
    peer.until(lambda: peer.has("control", what="identity", member=who))
    o = next(e for e in peer.events if e["event"] == "control" and e.get("member") == who)
    card, u = unb64(o["card"]), peer.users[who]
    assert sha(card) == u["card"]
    verify(u["identity"], unb64(o["signature"], 64), b"conclave/1 card\0" + card)
    return json.loads(card), u


# --- the server


def test_only_people_with_a_certificate(world, ca):
    cert, key = ca.files("server")
    alice, bob, gone = (Person(ca, n) for n in ("alice", "bob", "gone"))
    s = world.server("--require-certificate", ca.path, "--crl", ca.crl(gone.certificate),
                     "--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
    a = world.client(s, "alice", "--ca", ca.path, *alice.args)
    a.joined()
    b = world.client(s.tls_invite, "bob", "--ca", ca.path, *bob.args)
    b.joined()
    # Each of them has looked at the other's for itself.
    for one, other in ((a, "bob"), (b, "alice")):
        e = one.see("certified", **{"from": other})
        assert e["certified"] and e["trust"] == "certified" and not e["renewed"]
    a.do(do="users")
    me, he = a.see("users")["users"]
    assert he["certified"] and he["trust"] == "certified" and "certified" not in me
    a.do(do="whois", name="bob")
    assert a.see("whois", name="bob")["certified"]
    b.say("over TLS")
    assert a.see("message", text="over TLS")["trust"] == "certified"

    c = world.client(s, "carol")
    refused(c, "there is no certificate")
    c = world.client(s, "gone", *gone.args)
    refused(c, "the certificate was revoked by its issuer")
    until(lambda: s.said("refused.*gone.*bad_certificate: .*revoked"))


def test_each_fault_is_refused(world, ca, tmp_path):
    stranger, sub = certs.CA(tmp_path, "stranger"), None
    s = world.server("--require-certificate", ca.path)
    key = ed25519.Ed25519PrivateKey.generate()
    day = datetime.timedelta(days=1)

    def cert(name="dave", k=key, by=ca, **more):
        return der(by.member(name, k, "x", **more))
    good = cert()
    sub = certs.CA(tmp_path, "no CA", signed_by=ca, ca=False)
    faults = [
        (None, "there is no certificate"),
        (cert("eve"), "another name"),
        (cert(hosts=["dave.example"]), "another name"),
        (cert(hosts=[]), "another name"),
        (cert(hosts=["conclave:dave\0"]), "another name"),
        (cert(k=ed25519.Ed25519PrivateKey.generate()), "another identity"),
        (cert(k=certs.small_rsa()), "weak"),
        (cert(purpose=certs.SERVER), "purpose"),
        (cert(purpose=None), "purpose"),
        (cert(ca=True), "purpose"),
        (cert(before=-2 * day, after=-day), "expired"),
        (cert(before=day), "not valid yet"),
        (cert(by=stranger), "nobody who is trusted"),
        (cert(by=sub), "nobody who is trusted"),
        (good[:-1] + bytes([good[-1] ^ 1]), "issued by"),
        (good + b"\0", "unreadable"),
        (good[:-1], "unreadable"),
        (b"x" * 4096, "unreadable"),
    ]
    for der_bytes, says in faults:
        p = world.peer(s)
        p.certificate = der_bytes
        p.handshake(PASSWORD, "dave", identity=key)
        p.until(lambda p=p: p.has("bye"))
        bye = next(e for e in p.events if e["event"] == "bye")
        assert bye["code"] == "bad_certificate" and says in bye["text"], (bye, says)
    for shape in (b"", b"x" * 4097):    # no certificate has it: the card is wrong
        p = world.peer(s)
        p.hello()
        p.share(PASSWORD)
        p.confirm()
        p.finish({**p.make_card("dave", "", key), "certificate": b64(shape)})
        p.until(lambda p=p: p.has("bye", code="bad_card"))
    p = world.peer(s)
    p.certificate = good
    p.join(PASSWORD, "DAVE", identity=key)  # names have no case


def test_put_out_at_a_reload(world, ca):
    alice, bob = Person(ca, "alice"), Person(ca, "bob")
    crl = ca.crl()
    s = world.server("--require-certificate", ca.path, "--crl", crl)
    a = world.client(s, "alice", *alice.args)
    b = world.client(s, "bob", *bob.args)
    a.joined()
    b.joined()
    with open(ca.crl(bob.certificate), "rb") as new, open(crl, "wb") as f:
        f.write(new.read())
    s.signal(signal.SIGHUP)
    refused(b, "the certificate was revoked by its issuer")
    a.see("leave", names=["bob"])
    with open(crl, "wb") as f:
        f.write(b"no list")
    s.signal(signal.SIGHUP)
    until(lambda: s.said("no list of revoked"))
    a.say("still in")
    a.see("sent")


def test_what_the_client_says_before_it_connects(world, ca):
    s = world.server()
    alice, other = Person(ca, "alice"), Person(ca, "other")
    for args, says in [
            (["--identity", alice.identity, "--certificate", other.certificate], "another identity"),
            (["--identity", other.identity, "--certificate", other.certificate], "another name"),
            (["--identity", alice.identity, "--certificate", alice.identity], "no certificate"),
            (["--ca", alice.identity], "no certificate of a CA")]:
        c = world.client(s, "alice", *args)
        assert c.wait() == 2 and says in " ".join(c.err), c.err
    c = world.client(s, "carol", "--ca", ca.path + "x")
    assert c.wait() == 2 and "no file" in " ".join(c.err)
    for args, says in [(["--crl", ca.path], "--require-certificate"),
                       (["--require-certificate", alice.identity], "no certificate of a CA"),
                       (["--require-certificate", ca.path, "--crl", ca.path], "no list")]:
        s = world.server(*args, ready=False)
        assert s.wait() != 0 and says in " ".join(s.err), s.err


# --- members


def test_a_new_key_with_a_certificate_is_no_alarm(world, ca):
    s = world.server(control=True)
    bob, new = Person(ca, "bob"), Person(ca, "bob", "new")
    a = world.client(s, "alice", "--ca", ca.path)
    a.joined()
    b = world.client(s, "bob", *bob.args)
    a.see("certified", **{"from": "bob"})
    b.joined()
    b.say("one")
    assert a.see("message", text="one")["trust"] == "certified"
    b.quit()
    s.forget("bob")     # whose name it would be otherwise
    # Another key for the name, with a certificate: told once, and no warning.
    b = world.client(s, "bob", *new.args, home="new")
    e = a.see("certified", n=2)
    assert e["renewed"] and e["trust"] == "certified"
    b.joined()
    b.say("two")
    assert a.see("message", text="two")["trust"] == "certified"
    b.quit()
    b = world.client(s, "bob", *new.args, home="new")
    assert not a.see("certified", n=3)["renewed"]
    b.joined()
    b.quit()
    s.forget("bob")
    # The old key alone: it could be stolen.
    b = world.client(s, "bob", "--identity", bob.identity, home="thief")
    b.joined()
    a.see("changed")
    b.say("three")
    assert a.see("message", text="three")["trust"] == "changed"
    a.do(do="whois", name="bob")
    assert not a.see("whois", name="bob")["certified"]
    b.quit()
    # And in a later run.
    a.quit()
    a = world.client(s, "alice", "--ca", ca.path)
    a.joined()
    b = world.client(s, "bob", "--identity", bob.identity, home="thief")
    a.see("changed")
    b.quit()
    # Somebody who trusts no CA goes by the key.
    a.quit()
    a = world.client(s, "alice")
    a.joined()
    b = world.client(s, "bob", *bob.args)
    b.joined()
    b.say("four")
    assert a.see("message", text="four")["trust"] == "seen"
    assert not a.events("certified")


def test_members_look_for_themselves(world, ca, tmp_path):
    """The server lets everybody in; what others show is each member's own business."""
    gone = Person(ca, "gone")
    both = certs.write(tmp_path / "both.pem", b"".join(
        open(p, "rb").read() for p in (ca.path, ca.crl(gone.certificate))))
    s = world.server()
    a = world.client(s, "alice", "--ca", both)
    a.joined()
    key = ed25519.Ed25519PrivateKey.generate()
    good = Person(ca, "mallory")
    liars = {
        "gone": (gone.key, der(gone.certificate), "revoked"),
        "eve": (key, der(good.certificate), "wrong_key"),       # somebody else's
        "mal": (good.key, der(good.certificate), "wrong_name"),     # her own, for another name
        "junk": (key, b"\x30" * 4096, "unreadable"),
        "other": (key, der(certs.CA(tmp_path, "x").member("other", key)), "untrusted")}
    for name, (k, c, fault) in liars.items():
        p = world.peer(s)
        p.certificate = c
        p.join(PASSWORD, name, identity=k)
        e = a.see("certified", **{"from": name})
        assert (e["certified"], e["fault"], e["trust"]) == (False, fault, "new"), e
        p.say("I am " + name)
        a.see("message", text="I am " + name)
    # An independent program finds the same bytes.
    p = world.peer(s, "python")
    card, u = ask(p, "gone")
    assert u["certificate"] and unb64(card["certificate"]) == der(gone.certificate)
    assert u["identity"] == spki(gone.key.public_key())
    assert "certificate" not in ask(p, "alice")[0]


@pytest.mark.parametrize("lie", ["another's card", "a bit", "no certificate", "hides it"])
def test_a_server_that_lies(world, ca, lie):
    bob, carol = Person(ca, "bob"), Person(ca, "carol")
    relay = Relay()
    honest = relay.on_identity

    def on_identity(conn, member):
        m = next(m for m in relay.members if m.member == member)
        other = next(m for m in relay.members if m.name == "carol")
        card, signature = m.card, m.signature
        if lie == "another's card":
            card, signature = other.card, other.signature
        elif lie == "a bit":
            card = card[:-40] + bytes([card[-40] ^ 1]) + card[-39:]
        conn.control(type="identity", member=member, card=b64(card), signature=b64(signature))

    def joined(c):
        relay.until(lambda: c.events("connected") or c.p.poll() is not None)
    try:
        relay.on_identity = on_identity
        c = world.client(relay.invite, "carol", *carol.args)
        joined(c)
        b = world.client(relay.invite, "bob", *(
            ["--identity", bob.identity] if lie == "no certificate" else bob.args))
        joined(b)
        users = relay.users_for
        for m in relay.members:
            if m.name == "bob" and lie == "no certificate":
                m.user = lambda u=m.user, **o: {**u(**o), "certificate": True}
            if lie == "hides it":
                m.user = lambda u=m.user, **o: {
                    k: v for k, v in u(**o).items() if k != "certificate"}
        a = world.client(relay.invite, "alice", "--ca", ca.path)
        joined(a)
        if lie == "hides it":   # nobody is certified then, and nobody is said to be
            b.say("hello")
            relay.until(lambda: a.events("message"))
            assert a.events("message")[0]["trust"] == "new" and not a.events("certified")
            return
        relay.until(lambda: a.p.poll() is not None)
        assert a.wait() == 6 and a.events("closed")[-1]["reason"] == "protocol"
        assert users and honest
    finally:
        relay.close()
