"""Many rooms at once on several threads: people talk, come, go and are kicked, banned
and muted in each of them, while the server's owner acts through the control socket
and its configuration is read again. Of most use under ThreadSanitizer (make tsan);
what is checked here is that nobody is accused, and that all of it works at the end."""

import random
import signal
import threading

from harness import until
from test_conclavectl import ctl, serve, status
from test_rooms import code

NAMES = ["ann", "ben", "cleo", "dan", "eva", "finn"]
ROUNDS = 6


class Owner:
    """conclavectl and SIGHUP, in a thread beside the people."""

    def __init__(self, world, server, config):
        self.world, self.server, self.config = world, server, config
        self.wrong, self.over = [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        chance, n = random.Random(7), 0
        while not self.over.is_set():
            n += 1
            self.config.write_text("rate = 0\nrate-bytes = 0\nrooms = %d\nmax-users = %d\n"
                                   "log-level = %s\n" % (100 + n, 200 + n, ("info", "debug")[n % 2]))
            if n % 2:
                self.server.signal(signal.SIGHUP)
            who, room = chance.choice(NAMES), "room%d" % chance.randrange(len(NAMES))
            for args in (["mute", who, room], ["rooms"], ["role", who, "operator", room],
                         ["kick", who, room], ["people"], ["role", who, "member", room],
                         ["ban", who, room, "--for", "1s"], ["metrics"], ["unmute", who, room],
                         ["unban", who, room], ["status"], ["reload"]):
                r = ctl(self.world, *args)
                if r.returncode != 0 and "nobody of this name" not in r.stderr:
                    self.wrong.append((args, r.stderr))
                if self.over.is_set():
                    return

    def end(self):
        self.over.set()
        self.thread.join(300)
        assert not self.thread.is_alive() and self.wrong == []


def answers(asked):
    """What each request was answered; everybody reads meanwhile."""
    waits = list(asked)
    while waits:
        for p, _ in waits:
            p.pump(0.005)
        waits = [(p, n) for p, n in waits if n not in p.answers]
        assert not [p.events[-3:] for p, _ in waits if p.closed]
    return [code(p.answers[n]) for p, n in asked]


def a_round(people, numbers, chance, n):
    """Everybody at once: talks where he is, acts in his own room, comes and goes."""
    asked = []
    for i, p in enumerate(people):
        for room in list(p.rooms.values()):
            if room.joined and room.may_speak and room.epoch in room.epochs:
                with p.within(room):
                    p.say("%s %d" % (p.name, n))
        act = ("mute", "kick", "unmute", "ban", "unban", "invite")[(n + i) % 6]
        asked.append((p, p.ask("act", act=act, who=NAMES[(i + 1 + n) % 6], room=numbers[i],
                               seconds=1)))
        asked.append((p, p.ask("room_set", room=numbers[i], topic="round %d" % n, settings={
            "voice": ("all", "operators")[n % 2], "listed": n % 3 > 0})))
        here = chance.randrange(len(numbers))
        if numbers[here] in p.rooms:
            asked.append((p, p.ask("room_leave", room=numbers[here])))
        else:
            asked.append((p, p.ask("room_join", name="room%d" % here)))
        asked.append((p, p.ask("room_list", after="")))
    return answers(asked)


def test_rooms_at_once(world):
    config = world.tmp / "server.conf"
    config.write_text("rate = 0\nrate-bytes = 0\n")
    s = serve(world, "--config", str(config), "--workers", "3")
    people = world.crowd(s, NAMES)
    made = answers([(p, p.ask("room_new", name="room%d" % i)) for i, p in enumerate(people)])
    assert made == 6 * ["done"]
    numbers = [p.answers[1]["room"] for p in people]
    answers([(p, p.ask("room_join", name="room%d" % i)) for p in people for i in range(6)])
    owner = Owner(world, s, config)
    chance, seen = random.Random(13), set()
    try:
        for n in range(ROUNDS):
            seen |= set(a_round(people, numbers, chance, n))
    finally:
        owner.end()
    assert {"done"} <= seen <= {"done", "denied", "no_member", "no_room", "not_invited",
                                "banned", "kicked", "in_room", "quit"}
    # All is well again: everybody comes into every room and hears the others.
    for i, room in enumerate(numbers):
        for who in NAMES:
            for act in ("unban", "unmute"):
                assert ctl(world, act, who, "room%d" % i).returncode == 0
        assert ctl(world, "role", NAMES[i], "operator", "room%d" % i).returncode == 0
    answers([(p, p.ask("room_set", room=numbers[i], settings={"voice": "all", "listed": True}))
             for i, p in enumerate(people)])
    answers([(p, p.ask("room_join", name="room%d" % i)) for p in people for i in range(6)])

    def everybody_is_there():
        for p in people:
            p.pump(0.01)
        return all(p.rooms[r].joined and p.rooms[r].may_speak and len(p.rooms[r].users) == 6 and
                   p.rooms[r].epoch == people[0].rooms[r].epoch
                   for p in people for r in numbers)
    until(everybody_is_there)
    for i, p in enumerate(people):
        with p.within(numbers[i]):
            p.say("the end")
    for p in people:
        p.until(lambda: len([e for e in p.events if e["event"] == "message" and
                             e["text"] == "the end"]) == 5)
        assert not p.has("bye") and not p.has("fork")
    assert status(world)["people"] == 6
