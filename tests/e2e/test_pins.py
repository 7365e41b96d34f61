"""Pins of people: earned by a first message, kept in a flood, and said when they
cannot be kept."""

import base64
import re
import secrets

import pytest

from harness import PASSWORD
from test_client import terminal  # noqa: F401


def b64(n=32):
    return base64.urlsafe_b64encode(secrets.token_bytes(n)).decode().rstrip("=")


def people_file(tmp_path, name):
    return tmp_path / name / "config" / "conclave" / "known_people"


def fingerprint_of(server):
    return server.invite.split("#")[1]


def crowded(world, server, name):
    """A known_people in which people who spoke leave no room on this server, and of
    which one was a friend."""
    path = people_file(world.tmp, name)
    path.parent.mkdir(parents=True)
    fp, key = fingerprint_of(server), b64()
    lines = ["%s friend %s known 2026-01-01\n" % (fp, b64())]
    size = len(lines[0])
    while size < 3 << 20:
        lines.append("%s crowd%d %s known 2026-01-01\n" % (fp, len(lines), key))
        size += len(lines[-1])
    path.write_text("".join(lines))
    path.chmod(0o600)
    return path


def test_a_first_message_pins(world):
    s = world.server(control=True)
    ann = world.client(s, "ann")
    ann.joined()
    bob = world.client(s, "bob")
    ann.see("join", names=["bob"])
    world.client(s, "eve")
    ann.see("join", names=["eve"])
    bob.say("one")
    assert ann.see("message", text="one")["trust"] == "new"
    bob.say("two")
    assert ann.see("message", text="two")["trust"] == "seen"
    known = people_file(world.tmp, "ann").read_text()
    assert re.fullmatch(re.escape(fingerprint_of(s)) + r" bob \S{43} known \S+\n", known)
    for c in (ann, bob):
        c.quit()
    # The next run knows who spoke, whoever was silent is new.
    s.forget("bob")
    other = world.client(s, "bob", home="other")
    ann = world.client(s, "ann")
    trust = {u["name"]: u["trust"] for u in ann.joined()["users"]}
    if "bob" not in trust:
        ann.see("join", names=["bob"])
        ann.do(do="users")
        trust = {u["name"]: u["trust"] for u in ann.see("users")["users"]}
    assert trust == {"ann": "verified", "bob": "changed", "eve": "new"}
    other.say("me")
    assert ann.see("message", text="me")["trust"] == "changed"
    assert ann.see("changed")["from"] == "bob"


def test_a_pin_without_room_is_said_once(world):
    s = world.server()
    path = crowded(world, s, "ann")
    before = path.read_text()
    ann = world.client(s, "ann")
    ann.joined()
    bob, eve = world.client(s, "bob"), world.client(s, "eve")
    bob.say("hi")
    ann.see("message", text="hi")
    eve.say("hello")
    ann.see("message", text="hello")
    told = ann.events("error")
    assert [e["code"] for e in told] == ["known_people"]
    assert "WARNING" in told[0]["text"] and "the key of bob" in told[0]["text"]
    assert path.read_text() == before
    # What the user decides has room; an old friend's other key is told.
    ann.do(do="trust", name="eve")
    ann.see("trust", name="eve")
    assert re.search(r" eve \S{43} verified ", path.read_text())
    friend = world.client(s, "friend")
    assert ann.see("changed")["from"] == "friend"
    friend.say("it is me")
    assert ann.see("message", text="it is me")["trust"] == "changed"


@pytest.mark.parametrize("face", ["--plain", "--tui"])
def test_every_face_says_it(world, terminal, face):  # noqa: F811
    s = world.server()
    crowded(world, s, "ann")
    t = terminal(world.tmp / "ann", face, "-n", "ann", s.invite, size=(30, 250),
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    bob = world.client(s, "bob")
    bob.say("hi")
    t.see("WARNING: ")
    t.see("is not kept")
    t.type("/quit\r")
    assert t.wait() == 0
