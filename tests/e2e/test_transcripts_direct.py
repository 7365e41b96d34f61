"""Transcripts of direct messages that the real client writes, checked by `conclave
verify` and by the second checker, transcript1.py."""

import json
import os

import certs
import pytest
import transcript1
from harness import PASSWORD, until
from test_certificates import Person
from test_client import terminal  # noqa: F401
from test_direct_clients import direct, reachable, second
from test_transcripts import files, found, verify


def both(paths, **more):
    """What the two checkers say of one transcript, which is right."""
    c = transcript1.check(*(p.read_bytes() for p in paths), **more)
    status, x = found(*(() if more.get("whole", True) else ("--unfinished",)), *paths)
    assert status == 0 and x["proved"], x
    (t,) = x["transcripts"]
    assert (t["frames"], t["messages"], t["shown"]) == (c.entries, len(c.said), c.shown())
    assert sorted(p["frames"] for p in t["pairs"]) == sorted(c.pairs.values())
    return t, [(n, x.get("text")) for _, n, _, x in c.said]


def keeper(world, s, name, *args, **more):
    folder = world.tmp / ("t-" + name)
    c = world.client(s, name, "--transcript-direct", "--transcript", str(folder), *args, **more)
    c.joined()
    return c, folder


def of(folder, name):
    return [p for p in files(folder) if p.name.startswith("@%s-" % name)]


def test_both_ends(world):
    s = world.server()
    a, ta = keeper(world, s, "alice")
    assert {"on": True, "direct": True} in [{k: e[k] for k in ("on", "direct") if k in e} for e in a.events("transcript")]
    b, tb = keeper(world, s, "bob")
    d = world.client(s, "dave")
    d.joined()
    direct(a, "bob", "forty pounds")
    m = b.see("direct", text="forty pounds")
    # Each is told, once, that the other keeps one.
    b.see("keeps", **{"with": "alice", "name": "alice", "on": True})
    a.see("keeps", **{"with": "bob", "name": "bob", "on": True})
    direct(b, "alice", "I agree", re=m["id"])
    a.see("direct", text="I agree")
    b.do(do="react", direct="alice", to=m["id"], **{"with": "+"})
    a.see("react")
    direct(a, "dave", "of another series")
    d.see("direct")
    d.see("keeps", on=True)
    a.do(do="transcript", direct=True, on=False)
    d.see("keeps", on=False)
    b.see("keeps", on=False)
    direct(a, "bob", "off the record")
    b.see("direct", text="off the record")
    until(lambda: a.events("delivered")[-1]["ids"] == [b.events("direct")[-1]["id"]])
    a.quit()
    b.quit()
    assert len(b.events("keeps")) == 2
    (fa,), (fb,), (fd,) = of(ta, "bob"), of(tb, "alice"), of(ta, "dave")
    assert os.stat(fa).st_mode & 0o777 == 0o600
    x, said = both([fa])
    assert said == [("alice", "forty pounds"), ("bob", "I agree"), ("bob", None)]
    assert (x["with"], x["writer"], x["shown"]) == ("bob", "alice", 2)
    y, said = both([fb])
    assert said == [("alice", "forty pounds"), ("bob", "I agree"), ("bob", None), ("alice", "off the record")]
    assert both([fd])[1] == [("alice", "of another series")]
    # Compared: what alice left out is found by whoever has bob's.
    status, z = found("--person", y["writer_fingerprint"], "--server", x["server"], fa, fb)
    compared = z["transcripts"][1]["compared"]
    assert status == 0 and compared["only_there"] == 0 and compared["only_here"] >= 1, compared
    assert compared["common"] >= 5      # three messages, and that two were shown
    assert [p["named"] for p in z["transcripts"][0]["people"]] == [False, True]
    out = verify("--print", fa, fb)[1]
    assert "bob: I agree" in out and "two ends of one conversation" in out and "left out" in out
    assert "In which order, and that none is missing" in out
    # Those of two other people are not compared.
    assert "compared" not in found(fa, fd)[1]["transcripts"][1]
    # bob's words with another key's name, and hashes made anew, are found.
    lines = [json.loads(line) for line in fa.read_bytes().splitlines()]
    device = next(x for x in lines if x["type"] == "device")
    device["identity"] = lines[0]["identity"]
    assert found(rewritten(fa, lines))[0] == 1


def rewritten(path, lines):
    """The lines with right hashes."""
    before, out = bytes(32), []
    for x in lines:
        x.pop("hash")
        text = json.dumps(x, separators=(",", ":"))[:-1].encode()
        before = transcript1.H(before, text)
        out.append(text + b',"hash":"' + transcript1.base64.b64encode(before) + b'"}\n')
    path = path.with_name("rewritten")
    path.write_bytes(b"".join(out))
    return path


def test_rooms_are_apart(world):
    """Neither keeps the other."""
    s = world.server()
    folder = world.tmp / "rooms"
    a = world.client(s, "alice", "--transcript", str(folder))
    a.joined()
    b, tb = keeper(world, s, "bob")
    direct(a, "bob", "hello")
    b.see("direct")
    a.see("delivered")
    a.say("to all")
    b.see("message", text="to all")
    a.quit()
    b.quit()
    assert [p.name[:5] for p in files(folder)] == ["lobby"]
    assert [p.name[0] for p in files(tb)] == ["@", "l"]      # --transcript was given as well
    assert not b.events("keeps", **{"with": "alice"})
    c = world.client(s, "carol", "--transcript-direct")
    c.joined()
    direct(c, "dora", "to nobody")
    c.see("unsaid")
    c.do(do="quit")
    c.wait()
    kept = world.tmp / "carol" / "conclave-transcripts"
    assert kept.exists() and files(kept) == []


def test_devices_and_away(world):
    """A frame for each device; what was said while one was away; copies from another device
    of one's own."""
    s = world.server(ephemeral=False)
    a = world.client(s, "alice")
    a.joined()
    b, tb = keeper(world, s, "bob")
    reachable(world, 2)
    b.quit()
    direct(a, "bob", "while you were away")
    a.see("sent")
    b, tb = keeper(world, s, "bob")
    b.see("direct")
    desk = second(world, s, b)
    b.do(do="trust", name="bob")
    desk.do(do="trust", name="bob")
    a.see("join", elsewhere=True)
    a.do(do="trust", name="bob")
    direct(a, "bob", "to both")
    b.see("direct", text="to both")
    desk.see("direct", text="to both")
    direct(desk, "alice", "from the desk")
    a.see("direct", text="from the desk")
    b.see("direct", text="from the desk", past=True)
    b.quit()
    t, said = both(of(tb, "alice"))
    assert said == [("alice", "while you were away"), ("alice", "to both"), ("bob", "from the desk")]
    assert t["copies"] == 1
    assert "is a copy from one device of the writer's to another" in verify(*of(tb, "alice"))[1]


def test_killed_and_the_next_file(world):
    """kill -9 loses nothing that was acknowledged; the series goes on, also to the next file."""
    s = world.server(ephemeral=False)
    a, ta = keeper(world, s, "alice", "--transcript-size", "16K")
    b = world.client(s, "bob")
    b.joined()
    direct(a, "bob", "one")
    b.see("direct")
    until(lambda: of(ta, "bob") and b'"direct"' in of(ta, "bob")[0].read_bytes().split(b"\n", 1)[1])
    a.see("delivered")
    a.kill()
    (path,) = of(ta, "bob")
    data = path.read_bytes()
    path.write_bytes(data + b'{"type":"direct","fra')            # cut amid a line
    assert found(path)[0] == 1 and found("--unfinished", path)[0] == 0
    a, ta = keeper(world, s, "alice", "--transcript-size", "16K")
    assert b.see("keeps", n=1)["on"]
    for i in range(30):
        direct(a, "bob", "%d " % i + "x" * 700)
    a.see("sent", n=30)
    b.see("direct", n=31)
    ids = {e["id"] for e in a.events("sent")}
    until(lambda: ids <= {i for e in a.events("delivered") for i in e["ids"]})
    a.quit()
    paths = of(ta, "bob")
    assert len(paths) > 1 and paths[0].read_bytes().startswith(data)
    t, said = both(paths)
    assert said == [("alice", "one")] + [("alice", "%d " % i + "x" * 700) for i in range(30)]
    assert t["shown"] == 31
    x = found(*paths[:1], *paths[2:])[1]
    assert len(x["transcripts"]) == (1 if len(paths) == 2 else 2)
    with pytest.raises(transcript1.Wrong):
        transcript1.check(*(p.read_bytes() for p in reversed(paths)))


def test_the_screen_shows_it(world, terminal):  # noqa: F811
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    t = terminal(world.tmp / "bob", "--tui", "-n", "bob", "--notify", "none", "--no-title",
                 s.listening[0], CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    a.see("join", names=["bob"])
    t.type("/transcript direct on\r")
    t.see("a transcript of direct messages is written to")
    t.type("/transcript\r")
    t.see("of direct messages is written to")
    t.type("/msg alice hello\r")
    t.see("transcript")                                # the status line of her window
    a.see("keeps", **{"with": "bob", "on": True})
    t.type("/transcript direct off\r")
    t.see("no transcript of direct messages is written any more")
    a.see("keeps", **{"with": "bob", "on": False})
    t.type("/transcript direct\r")
    t.see("/transcript direct on and off")
    a.do(do="transcript", direct="yes", on=True)
    assert "true or false" in a.see("error", code="usage")["text"]


def test_certificates(world, tmp_path):
    """Two people with certificates: the transcript and the CA say whose words they are,
    to somebody who has no pin of either."""
    ca = certs.CA(tmp_path)
    alice, bob = Person(ca, "alice"), Person(ca, "bob")
    s = world.server("--require-certificate", ca.path, ephemeral=False)
    a, ta = keeper(world, s, "alice", "--ca", ca.path, *alice.args)
    b = world.client(s, "bob", "--ca", ca.path, *bob.args)
    b.joined()
    reachable(world, 2)
    direct(a, "bob", "forty pounds")
    assert b.see("direct", text="forty pounds")["trust"] in ("certified", "new")
    direct(b, "alice", "I agree")
    a.see("direct", text="I agree")
    a.quit()
    (path,) = of(ta, "bob")
    both([path])
    given = ("--certificate", alice.certificate, "--certificate", bob.certificate)
    status, x = found("--ca", ca.path, *given, path)
    assert status == 0 and x["proved"]
    assert {p["name"]: p["certified"] for p in x["transcripts"][0]["people"]} == {
        "alice": True, "bob": True}
    out = verify("--ca", ca.path, *given, path)[1]
    for name in ("alice", "bob"):
        assert "which is %s's, by a certificate of the CA" % name in out
    # One of them only; then one that is another's, or of nobody who is trusted.
    status, x = found("--ca", ca.path, *given[:2], path)
    assert {p["name"]: p["certified"] for p in x["transcripts"][0]["people"]} == {
        "alice": True, "bob": False}
    other = certs.CA(tmp_path, "another").member("bob", bob.key.public_key(), "u")
    for bad, why in ((other, "nobody who is trusted"),
                     (Person(ca, "bob", "eve").certificate, "another identity")):
        status, x = found("--ca", ca.path, *given[:2], "--certificate", bad, path)
        assert status == 1
        assert why in verify("--ca", ca.path, *given[:2], "--certificate", bad, path)[1], why
