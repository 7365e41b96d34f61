"""A server that shows people different logs of a room, and what bob, to whom it lies,
reads in each face: once, with who says otherwise, and for as long as he stays. And what
is no lie, and must not be taken for one."""

import os
import re
import signal

import pytest

from harness import PASSWORD, WAIT, until
from relay1 import Log
from test_client import terminal  # noqa: F401
from test_hostile_log import two_logs
from test_hostile_relay import people, relay, seen  # noqa: F401
from test_missed import den, enters, heard, nothing_false, say, sent

FACES = ["--json", "--plain", "--tui"]
WORDS = {"fork": r"WARNING: %s sees a different conversation",
         "rewritten": r"WARNING: the server's log of this room is not"}


def squeezed(text):
    return text.replace(" ", "")


class Bob:
    """He reads one of the faces."""

    def __init__(self, world, terminal, relay, face, *args):
        self.relay, self.face, self.name = relay, face, "bob"
        if face == "--tui":
            self.screen = terminal(world.tmp / "bob", "--tui", "-n", "bob", "--notify", "none",
                                   "--no-title", *args, relay.invite, CONCLAVE_PASSWORD=PASSWORD)
        else:
            self.client = world.client(relay.invite, "bob", *args, face=face)

    def says(self, text):
        if self.face == "--tui":
            return self.screen.type(text + "\r")
        if self.face == "--json":
            return self.client.say(text)
        self.client.p.stdin.write(text.encode() + b"\n")
        self.client.p.stdin.flush()

    def text(self):
        """Everything that he was shown, without blanks, for which a terminal may get a
        move of its cursor."""
        if self.face != "--tui":
            return squeezed("\n".join(self.client.out))
        self.screen.read(0)
        return squeezed(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x08", "", self.screen.text))

    def warnings(self, event, who):
        if self.face == "--json":
            return [e for e in self.client.events(event) if e.get("who", who) == who]
        words = WORDS[event] % who if who else WORDS[event]
        return re.findall(squeezed(words), self.text())

    def warned(self, event, who):
        self.relay.until(lambda: self.warnings(event, who))

    def reads(self, text):
        self.relay.until(lambda: squeezed(text) in self.text())

    def status(self):
        """How the program ends."""
        if self.face == "--tui":
            def ended():
                self.screen.read(0)
                if self.screen.code is None:
                    pid, code = os.waitpid(self.screen.pid, os.WNOHANG)
                    if pid:
                        self.screen.code = os.waitstatus_to_exitcode(code)
                return self.screen.code is not None
            self.relay.until(ended)
            return self.screen.code
        self.relay.until(lambda: self.client.p.poll() is not None)
        return self.client.wait()


def come(world, terminal, relay, face, *args):
    """alice, carol, and bob."""
    a, c = people(world, relay, "alice", "carol")
    b = Bob(world, terminal, relay, face, *args)
    seen(relay, a, "join", names=["bob"])
    a.say("good morning")
    b.reads("good morning")
    seen(relay, a, "sent")
    return a, b, c


def another_conversation(relay, a, b, c):
    two_logs(relay, a)
    seen(relay, c, "message", text="we meet at nine")
    seen(relay, a, "sent", n=2)
    a.say("see you there")
    return "fork", "alice"


def withheld(relay, a, b, c):
    """What alice said last is not in bob's log; it is told with the next thing."""
    relay.deliver = lambda s, r, body: None if r.name == "bob" else [body]
    a.say("the train is late")
    seen(relay, a, "sent", n=2)
    assert not b.warnings("fork", "alice")
    relay.deliver = lambda s, r, body: [body]
    a.say("meet me there")
    return "fork", "alice"


def one_is_not_heard(relay, a, b, c):
    """Nothing that carol says is in bob's log; alice answers her."""
    relay.deliver = lambda s, r, body: None if (s.name, r.name) == ("carol", "bob") else [body]
    c.say("not on Friday")
    seen(relay, a, "message", text="not on Friday")
    a.say("then on Monday")
    a.say("is that all right?")
    return "fork", "alice"


def rewound(relay, a, b, c):
    """The server is started again, with less of its log."""
    before = relay.log.copy()
    for i in range(6):      # more than there are notices when they come back
        a.say("what is forgotten %d" % i)
    b.reads("what is forgotten 5")
    # Whoever has not read it forgets nothing, and what has no acknowledgement is said
    # again, so that the log is as long as before.
    seen(relay, c, "message", text="what is forgotten 5")
    seen(relay, a, "sent", n=7)
    relay.restart(before)
    for x in (a, c):
        seen(relay, x, "connected", n=2)
        assert seen(relay, x, "rewritten")["room"] == "lobby"
    return "rewritten", ""


def another_on_return(relay, a, b, c):
    """bob loses the connection, and is given another log that is longer than his."""
    relay.cut(relay.conn("bob"))
    a.say("while you are away")
    seen(relay, c, "message", text="while you are away")
    relay.log_for = lambda conn: Log(relay.log.log, relay.log.offset, os.urandom(32))
    relay.until(lambda: any(m.name == "bob" for m in relay.members))
    relay.log_for = lambda conn: relay.log.copy()
    a.say("welcome back")
    return "fork", "alice"


LIES = [another_conversation, withheld, one_is_not_heard, rewound, another_on_return]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("lie", LIES)
def test_it_is_told(world, terminal, relay, face, lie):
    a, b, c = come(world, terminal, relay, face)
    event, who = lie(relay, a, b, c)
    b.warned(event, who)
    relay.until(lambda: any(m.name == "alice" for m in relay.members))
    for i in range(3):
        a.say("and %d" % i)
    b.reads("and 2")
    if face != "--tui":                         # loudly, and once
        assert len(b.warnings(event, who)) == 1
    else:                                       # and the status stays
        b.screen.type("\x0c")                   # draws all of it anew
        seen_before = len(b.screen.text)
        relay.until(lambda: (b.screen.read(0), re.search(
            "FORK.*with.*alice" if event == "fork" else "REWRITTEN",
            b.screen.text[seen_before:]))[1])


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("lie", LIES)
def test_a_strict_program_ends(world, terminal, relay, face, lie):
    a, b, c = come(world, terminal, relay, face, "--strict")
    event, who = lie(relay, a, b, c)
    assert b.status() == 6
    assert b.warnings(event, who), b.text()[-2000:]


@pytest.mark.parametrize("face", FACES)
def test_a_server_that_signs_another_log(world, terminal, relay, face):
    a, b, c = come(world, terminal, relay, face)
    relay.conn("bob").notice(relay.epoch, "checkpoint", offset=2, chain="A" * 43 + "=")
    if face == "--json":
        assert seen(relay, b.client, "fork")["who"] == "server"
        return
    b.reads("WARNING: the server has signed another")


# --- no false alarm -----------------------------------------------------------


def test_purges_retention_and_a_second_device(world):
    """What is destroyed on purpose is no other log, for who was there, who comes again,
    and who is there twice."""
    s, a, b = den(world, "alice", "bob")
    twice = world.client(s, "bob", "--strict")
    twice.joined()
    enters(twice)
    say(a, *("m%d" % i for i in range(20)))
    sent(a, 20)
    heard(b, "m19")
    heard(twice, "m19")
    a.do(do="purge", room="den", of=a.events("sent", room="den")[3]["id"])
    b.see("purge", room="den")
    a.do(do="room_set", room="den", settings={"keep_count": 5})
    a.see("done", n=3)
    say(b, "after that")
    heard(a, "after that")
    heard(twice, "after that")
    b.quit()
    say(a, "while bob is away from here")
    say(twice, "but not from there")
    heard(a, "but not from there")
    b = world.client(s, "bob", "--strict")
    b.joined()
    enters(b)
    b.see("history", room="den")
    c = world.client(s, "carol", "--strict")
    c.joined()
    enters(c)
    for n, x in enumerate((a, b, twice, c)):
        say(x, "all of us %d" % n)
    for x in (a, b, twice, c):
        for n, y in enumerate((a, b, twice, c)):
            if x is not y:
                heard(x, "all of us %d" % n)
    nothing_false(a, b, twice, c)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_goes_on_with_its_newest_state(world, how):
    s, a, b = den(world, "alice", "bob")
    for turn in range(3):
        say(a, "a%d" % turn)
        say(b, "b%d" % turn)
        heard(a, "b%d" % turn)
        heard(b, "a%d" % turn)
        s.signal(how)
        s.p.wait(WAIT)
        s = world.server(ephemeral=False, listen=s.listening[0])
        for x in (a, b):
            x.see("joined", room="den", n=turn + 2)
    # At a stop the server signs the log, for those who are there.
    stops = 3 if how == signal.SIGTERM else 0
    for x in (a, b):
        assert len(x.events("receipt", room="den", who="server", asked=False)) == stops
    a.do(do="receipt", room="den", all=True)
    a.see("receipt", who="server", asked=True)
    assert a.see("receipt", who="bob")["asked"]
    until(lambda: b.events("receipt", who="alice"))
    for x in (a, b):
        assert not x.events("fork") and not x.events("rewritten"), x.out
