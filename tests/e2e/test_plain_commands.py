"""--plain has what the full screen has: searching, a message's earlier texts, files,
marks of mentions, and the question before somebody is removed."""

import re

from harness import PASSWORD, until
from test_client import member, terminal     # noqa: F401
from test_held import room, stranger     # noqa: F401


class Plain:
    """A person with --plain, whose input is a pipe."""

    def __init__(self, world, server, name, *args):
        self.c = world.client(server.listening[0], name, *args, face="--plain")
        self.said("you are in lobby")

    def type(self, line):
        self.c.p.stdin.write(line.encode() + b"\n")
        self.c.p.stdin.flush()

    def said(self, text, n=1):
        def there():
            return [x for x in self.c.out if text in x]
        until(lambda: len(there()) >= n, what="%s in %s" % (text, self.c.out[-12:]))
        return there()[n - 1]

    def lines(self, text):
        return [x for x in self.c.out if text in x]


def both(world):
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    bob.joined()
    pam = Plain(world, s, "pam")
    bob.see("join", names=["pam"])     # else what he says is held
    return s, bob, pam


def test_a_topic_is_cleared(world):
    """By an owner; what is only refused says so."""
    s, bob, pam = both(world)
    pam.type("/topic none")
    pam.said("not done: your role does not allow this")
    pam.type("/new den")
    pam.said("you are in den")
    pam.type("/topic tea")
    pam.said("pam changed the room; its topic is: tea")
    pam.type("/topic none")
    pam.said("pam changed the room; its topic is empty")
    pam.type("/topic")
    pam.said("there is no topic; the server can read this")


def test_who_is_alone_is_told_what_they_may(world):
    """/invite is shown to those who may use it: of a room for the invited its operators,
    of the server its own."""
    s = world.server(control=True)
    pam = Plain(world, s, "pam")
    assert pam.said("you are in lobby").endswith(": nobody else is here yet; operators can invite people")
    pam.type("/new den invited")
    assert pam.said("you are in den").endswith(": nobody else is here yet; /invite NAME lets NAME in")
    pam.type("/new attic")
    assert pam.said("you are in attic").endswith("; operators can invite people")
    pam.type("/quit")
    assert pam.c.wait() == 0
    s.owner(do="role", who="pam", role="operator")
    pam = Plain(world, s, "pam")
    assert pam.said("you are in lobby").endswith(": nobody else is here yet; /invite makes an invite")
    pam.type("/invite")
    pam.said("conclave://")


def test_search_and_what_was_said_before(world):
    s, bob, pam = both(world)
    bob.say("the Backup is on Thursday")
    m = bob.see("sent")
    bob.say("nothing to see")
    pam.said("nothing to see")
    bob.do(do="edit", of=m["id"], text="the backup is on Friday")
    pam.said("bob edited: the backup is on Friday")
    pam.type("/me backs everything up")
    pam.said("* pam backs everything up")
    pam.type("/search BACKUP")
    found = pam.said("the backup is on Friday", n=2)
    assert re.match(r"-- \d\d:\d\d bob: the backup is on Friday  edited$", found), found
    pam.type("/search backs")
    assert re.match(r"-- \d\d:\d\d \* pam backs everything up$",
                    pam.said("pam backs everything up", n=2))
    # What a search has shown is not found by the next one.
    pam.type("/search backup")
    pam.said("the backup is on Friday", n=3)
    pam.type("/search no such word")
    pam.said("-- not found: no such word")
    assert len(pam.lines("the backup is on Friday")) == 3
    pam.type("/last")
    pam.said("1 bob: the backup is on Friday")
    pam.type("/info 1")
    pam.said("-- edited 1 time; before:")
    assert pam.said("the Backup is on Thursday", n=2) == "-- the Backup is on Thursday"
    assert re.search(r"-- bob, \d{4}-\d\d-\d\d [\d:]{8}; not verified; id ", pam.said("; id "))
    pam.type("/info 9")
    pam.said("/last")
    pam.type("/keys")
    pam.said("Ctrl-D")
    pam.type("/editor")
    pam.said("that command needs the full screen")


def test_many_found_lines_are_counted(world):
    s, bob, pam = both(world)
    for i in range(25):
        bob.say("number %02d." % i)
    pam.said("number 24.")
    pam.type("/search number")
    pam.said("25 lines have that; the last 20 of them:")
    pam.said("number 24.", n=2)
    assert len(pam.lines("number 05.")) == 2 and len(pam.lines("number 04.")) == 1
    pam.type("/quit")


def test_each_room_has_its_lines_and_its_file(world, tmp_path):
    s, bob, pam = both(world)
    folder = tmp_path / "out"
    pam.type("/quit")
    pam.c.wait()
    pam = Plain(world, s, "pam", "--export-folder", str(folder))
    bob.see("join", names=["pam"], n=2)
    bob.say("in the lobby\nof two lines")
    pam.said("of two lines")
    pam.type("/new den")
    pam.said("you are in den")
    pam.type("only in the den")
    pam.said("only in the den")
    pam.type("/search lobby")
    pam.said("not found: lobby")
    pam.type("/export den.txt")
    pam.said("lines were written to %s" % (folder / "den.txt"))
    pam.type("/go lobby")
    pam.type("/export notes/lobby.jsonl")
    pam.said("lines were written to %s" % (folder / "notes" / "lobby.jsonl"))
    pam.type("/export den.txt")
    pam.said("nothing was written: ")
    pam.type("/export ~/.profile")
    pam.said("nothing was written: ", n=2)
    den, lobby = (folder / "den.txt").read_text(), (
        folder / "notes" / "lobby.jsonl").read_text()
    assert "only in the den" in den and "of two lines" not in den
    assert "in the lobby\\nof two lines" in lobby and "only in the den" not in lobby


def test_a_mention_has_a_sign(world):
    s, bob, pam = both(world)
    bob.say("ask Pam, she knows")
    assert re.match(r"\d\d:\d\d @ bob: ask Pam, she knows$", pam.said("she knows"))
    bob.do(do="say", text="waves at pam", action=True)
    assert re.match(r"\d\d:\d\d @ \* bob waves at pam$", pam.said("waves at"))
    bob.say("pamela is somebody else")
    assert re.match(r"\d\d:\d\d bob: pamela", pam.said("pamela is"))
    pam.type("I am pam")
    assert re.match(r"\d\d:\d\d pam: I am pam$", pam.said("I am pam"))
    pam.type("/mentions")
    assert re.match(r"-- \d\d:\d\d bob: ask Pam", pam.said("she knows", n=2))
    pam.said("waves at", n=2)
    pam.type("/mentions back")
    pam.said("waves at", n=3)
    assert len(pam.lines("I am pam")) == len(pam.lines("pamela is")) == 1


def test_held_messages_are_shown(world, room):    # noqa: F811
    s, bob, line = room
    pam = Plain(world, s, "pam")
    pam.type("/held")
    pam.said("-- ", n=len(pam.lines("-- ")) + 1)
    pam.type("/quit")
    pam.c.wait()
    pam.c = world.client(line.invite, "pam", face="--plain")
    pam.said("you are in lobby")
    bob.see("join", n=2, names=["pam"])
    line.hold()
    pam.type("for bob only")
    stranger(world, s, line, bob)
    pam.said("carol", n=2)
    pam.type("/held")
    pam.said("held: for bob only")
    pam.said("/send sends it to everybody who is here, /drop drops it")
    pam.type("/drop")


def test_a_script_is_not_asked(world):
    s, bob, pam = both(world)
    pam.type("/new den")
    pam.said("you are in den")
    bob.do(do="join", room="den")
    bob.see("joined", room="den")
    pam.type("/kick bob too loud")
    assert bob.see("left", room="den")["text"] == "too loud"
    assert not pam.lines("y/n")


def test_a_question_before_somebody_is_removed(world, terminal, tmp_path):   # noqa: F811
    s = world.server()
    bob = member(world, s.listening[0], "bob")
    bob.joined()
    t = terminal(tmp_path / "tim", "--plain", "-n", "tim", s.listening[0],
                 CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    t.type("/new den\n")
    t.see("you are in den")
    bob.do(do="join", room="den")
    bob.see("joined", room="den")
    t.see("bob")
    for command, question in (("/kick bob", "Remove bob from den?"),
                              ("/ban bob 10m", "Ban bob from den?")):
        t.text = ""
        t.type(command + "\n")
        t.see(question)
        t.type("n\n")
        t.see("nothing is done: bob stays")
    # A text is not sent by mistake, and a command withdraws the question.
    t.text = ""
    t.type("/kick bob\n")
    t.see("Remove bob from den?")
    t.type("yes, please\n")
    t.see("not sent: first answer: Remove bob from den?")
    t.type("/names\n")
    t.see("nothing is done: bob stays")
    t.see("in the room: ")
    t.type("y\n")
    bob.see("message", room="den", text="y")
    assert not bob.events("left")
    t.type("/kick bob\n")
    t.type("y\n")
    assert bob.see("left", room="den")["code"] == "kicked"
    assert "yes, please" not in bob.texts()
