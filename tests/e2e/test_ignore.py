"""/ignore: messages of a person, by identity, are not shown, through restarts, in all
three user interfaces."""

import os
import stat

import pytest

from harness import PASSWORD
from test_client import terminal  # noqa: F401


@pytest.fixture
def room(world):
    s = world.server(control=True)
    bob, mallory = world.client(s, "bob"), world.client(s, "mallory")
    for c in (bob, mallory):
        c.joined()
    return s, bob, mallory


def people(tmp_path):
    return tmp_path / "alice" / "config" / "conclave" / "ignored_people"


def test_by_identity_and_lasting(world, room, tmp_path):
    s, bob, mallory = room
    alice = world.client(s, "alice")
    alice.joined()
    mallory.say("one")
    alice.see("message", text="one")
    alice.do(do="ignore", name="mallory")
    assert "no longer shown" in alice.see("ignore", name="mallory")["text"]
    mallory.say("two")
    bob.see("message", text="two")
    bob.say("three")
    alice.see("message", text="three")
    alice.do(do="users")
    assert [u["name"] for u in alice.see("users")["users"] if u.get("ignored")] == ["mallory"]
    assert stat.S_IMODE(os.stat(people(tmp_path)).st_mode) == 0o600
    alice.quit()
    mallory.quit()

    # The same key under another name, and another key under the same name.
    other = world.client(s, "nice", home="mallory")
    other.joined()
    s.forget("mallory")
    mallory = world.client(s, "mallory", home="another")
    mallory.joined()
    alice = world.client(s, "alice")
    alice.joined()
    other.say("four")
    bob.see("message", text="four")
    mallory.say("five")
    alice.see("message", text="five")
    assert alice.texts() == ["five"] and alice.see("changed")["from"] == "mallory"
    alice.do(do="ignored")
    assert [p["name"] for p in alice.see("ignored")["people"]] == ["mallory"]
    alice.do(do="unignore", name="nice")
    alice.see("unignore", name="nice")
    other.say("six")
    alice.see("message", text="six")
    assert people(tmp_path).read_text() == ""
    for name in ("nobody", "nice"):
        alice.do(do="unignore", name=name)
    alice.do(do="ignore", name="alice")
    alice.do(do="ignore")
    texts = [alice.see("error", n=i + 1)["text"] for i in range(4)]
    assert texts == ["you do not ignore nobody: /ignore lists whom you ignore",
                     "you do not ignore nice: /ignore lists whom you ignore",
                     "that is you", '"ignore" needs a "name"']
    alice.do(do="quit")
    assert alice.wait() == 7


@pytest.mark.parametrize("face", ["--plain", "--tui"])
def test_on_a_terminal(world, room, terminal, tmp_path, face):
    s, bob, mallory = room
    enter = "\n" if face == "--plain" else "\r"
    t = terminal(tmp_path / "alice", face, "-n", "alice", s.invite, size=(24, 160),
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    t.type("/ignore" + enter)
    t.see("you ignore nobody")
    t.type("/ignore MALLORY" + enter)
    t.see("messages are no longer shown")
    if face == "--tui":
        t.type("\x1b[O")        # the terminal has lost the focus
    t.taken()
    t.text = ""
    mallory.say("alice: look here")     # a mention: no bell, no count
    bob.see("message", text="alice: look here")
    bob.say("hello")
    t.see("hello")
    assert "look here" not in t.text and "\x07" not in t.text.replace("conclave\x07", "")
    t.type("/names" + enter)
    t.see(r"mallory \(ignored\)")
    t.type("/ignore" + enter)
    t.see(r"ignored since \d{4}-\d\d-\d\d: MALLORY, with the key ")
    t.type("/whois mallory" + enter)
    t.see("you ignore them: /unignore mallory")
    t.type("/unignore mallory" + enter)
    t.see("messages are shown again")
    mallory.say("once more")
    t.see("once more")


def test_a_line_that_is_not_understood(world, room, tmp_path):
    s, bob, mallory = room
    alice = world.client(s, "alice")
    alice.joined()
    alice.do(do="ignore", name="mallory")
    alice.see("ignore")
    alice.quit()
    good = people(tmp_path).read_text()
    for bad, what in (("x", "the identity is not base64url"),
                      (good.split()[0], "no name follows"),
                      (good.strip() + " more", "there is more than a date")):
        people(tmp_path).write_text("\ufeff# mine\r\n" + good + bad + "\n")
        alice = world.client(s, "alice")
        assert alice.wait() == 2
        assert "ignored_people line 3: " + what in "\n".join(alice.err)
    people(tmp_path).write_text("\ufeff# mine\r\n" + good)
    alice = world.client(s, "alice")
    alice.joined()
    alice.do(do="unignore", name="mallory")
    alice.see("unignore")
    # A line of another client that is not understood stays, and nothing changes.
    people(tmp_path).write_text("x\n")
    alice.do(do="ignore", name="mallory")
    assert "line 1: " in alice.see("error")["text"]
    assert people(tmp_path).read_text() == "x\n"
    mallory.say("still here")
    alice.see("message", text="still here")
    alice.quit()
