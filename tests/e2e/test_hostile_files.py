"""A relay that lies about files, and what the real clients make of it: one sentence,
nothing saved, nothing left behind, and the next file goes as ever."""

import os
import struct

import pytest

from conclave1 import b64
from harness import WAIT
from relay1 import Relay
from test_hostile_relay import people, seen
from test_transfers import PIECE, content, digest, leftovers, saved

LONG = 15
DAMAGED = ("damaged", "what the server gave is not the file that was offered")
NONE = ("no_blob", "the server does not have the file any more")


@pytest.fixture
def relay():
    r = Relay()
    yield r
    r.close()
    assert r.breaches == []


def events(relay, client, event, n=1, **match):
    """As seen, for as long as a file may take."""
    relay.until(lambda: len(client.events(event, **match)) >= n, LONG)
    return client.events(event, **match)[n - 1]


def offered(world, relay, a, b, size, n=1):
    path = content(world.tmp / "alice" / "report.pdf", size, b"%d" % n)
    a.do(do="send_file", path=str(path))
    offer = events(relay, b, "file", n)
    assert "code" not in events(relay, a, "file_done", n)
    return path, offer


def is_saved(world, relay, b, path, offer, n):
    """An honest server: whole, under its own name."""
    b.do(do="get_file", id=offer["id"])
    done = events(relay, b, "file_done", n)
    assert "code" not in done, done
    assert digest(done["path"]) == digest(path)


def cut(bodies):
    return bodies[:-1]


def swapped(bodies):
    a, b = bodies[1], bodies[2]
    return [bodies[0], a[:20] + b[20:], b[:20] + a[20:]] + bodies[3:]


def doubled(bodies):
    return bodies[:2] + bodies[1:]


def reordered(bodies):
    return bodies[:1] + bodies[2:3] + bodies[1:2] + bodies[3:]


def lengthened(bodies):
    """One more, behind the last: it is the last but one under another number."""
    return bodies + [bodies[-1][:16] + struct.pack(">I", len(bodies)) + bodies[-2][20:]]


def longer(bodies):
    return bodies[:-1] + [bodies[-1] + bytes(4096)]


def changed(bodies):
    return bodies[:2] + [bodies[2][:-1] + bytes([bodies[2][-1] ^ 1])] + bodies[3:]


def zeroed(bodies):
    return bodies[:1] + [bodies[1][:20] + bytes(len(bodies[1]) - 20)] + bodies[2:]


@pytest.mark.parametrize("lie", [cut, swapped, doubled, reordered, longer, changed, zeroed],
                         ids=lambda f: f.__name__)
def test_pieces(world, relay, lie):
    a, b = people(world, relay, "alice", "bob")
    path, offer = offered(world, relay, a, b, 5 * PIECE + 9)
    honest = relay.files.give
    relay.files.give = lambda conn, blob, first, bodies: lie(bodies)
    b.do(do="get_file", id=offer["id"])
    done = events(relay, b, "file_done")
    assert (done["code"], done["text"]) == DAMAGED
    assert not os.listdir(saved(world)) and leftovers(world, "alice", "bob") == []
    relay.files.give = honest
    is_saved(world, relay, b, path, offer, 2)
    assert b.p.poll() is None and len(b.events("file_done")) == 2


def test_one_piece_more(world, relay):
    """Behind the last: the file is there already, and what follows is nothing."""
    a, b = people(world, relay, "alice", "bob")
    path, offer = offered(world, relay, a, b, 5 * PIECE + 9)
    relay.files.give = lambda conn, blob, first, bodies: lengthened(bodies)
    is_saved(world, relay, b, path, offer, 1)
    a.say("on")
    seen(relay, b, "message", text="on")
    assert leftovers(world, "bob") == []


def test_another_file(world, relay):
    """Of the same size, from the same person."""
    a, b = people(world, relay, "alice", "bob")
    _, one = offered(world, relay, a, b, 3 * PIECE)
    _, two = offered(world, relay, a, b, 3 * PIECE, 2)
    blobs = list(relay.files.pieces)
    relay.files.give = lambda conn, blob, first, bodies: [
        x[:20] + y[20:] for x, y in zip(bodies, relay.files.pieces[
            blobs[1 - blobs.index(blob)]][first:])]
    for n, offer in enumerate((one, two)):
        b.do(do="get_file", id=offer["id"])
        done = events(relay, b, "file_done", n + 1)
        assert (done["code"], done["text"]) == DAMAGED
    assert not os.listdir(saved(world)) and leftovers(world, "bob") == []


def test_gone_while_it_is_got(world, relay):
    a, b = people(world, relay, "alice", "bob")
    path, offer = offered(world, relay, a, b, 5 * PIECE)

    def give(conn, blob, first, bodies):
        conn.control(type="blob_gone", blob=blob)
        return bodies
    honest, relay.files.give = relay.files.give, give
    b.do(do="get_file", id=offer["id"])
    done = events(relay, b, "file_done")
    assert (done["code"], done["text"]) == NONE
    relay.until(lambda: not os.listdir(saved(world)))
    assert leftovers(world, "bob") == []
    relay.files.give = honest
    is_saved(world, relay, b, path, offer, 2)


def test_gone_while_it_is_sent(world, relay):
    a, b = people(world, relay, "alice", "bob")

    def takes(conn, blob, index):
        if index == 3:
            conn.control(type="blob_gone", blob=blob)
        return index < 3
    honest, relay.files.takes = relay.files.takes, takes
    path = content(world.tmp / "alice" / "report.pdf", 20 * PIECE)
    relay.files.on_piece = bare(relay.files)
    a.do(do="send_file", path=str(path))
    done = events(relay, a, "file_done")
    assert (done["code"], done["text"]) == NONE
    assert leftovers(world, "alice") == [] and b.events("file") == []
    # The server is asked to delete what it may still have.
    relay.until(lambda: not relay.files.pieces)
    relay.files.takes = honest
    del relay.files.on_piece
    a.do(do="send_file", path=str(path))
    assert "code" not in events(relay, a, "file_done", 2)
    is_saved(world, relay, b, path, events(relay, b, "file"), 1)


def bare(files):
    """Pieces out of order are no breach: those on their way are thrown away."""
    def on_piece(conn, body):
        blob = b64(body[:16])
        index, = struct.unpack(">I", body[16:20])
        if index == len(files.pieces.get(blob, ())) and files.takes(conn, blob, index):
            files.pieces[blob].append(body)
    return on_piece


@pytest.mark.parametrize("what,code", [
    ("size", "protocol"), ("all", "bad_value"), ("ended", None), ("fewer", "ok")])
def test_what_it_has(world, relay, what, code):
    """After a lost connection it is asked what it has, and lies: of another size; all
    pieces, or the whole of it, of which it has nine; or fewer than it said before."""
    a, b = people(world, relay, "alice", "bob")
    lies = {"size": {"size": 1314816}, "all": {"pieces": 21},
            "ended": {"ended": True, "pieces": 21},
            "fewer": {"pieces": 2}}

    def state(conn, kind, state):
        if kind != "blob_have":
            return state
        if what == "fewer":
            for pieces in relay.files.pieces.values():
                del pieces[2:]
        return {**state, **lies[what]}
    relay.files.state = state
    relay.files.takes = lambda conn, blob, index: index < 9
    on_piece, relay.files.on_piece = relay.files.on_piece, bare(relay.files)
    path = content(world.tmp / "alice" / "report.pdf", 20 * PIECE)
    a.do(do="send_file", path=str(path))
    relay.until(lambda: [p for p in relay.files.pieces.values() if len(p) == 9])
    relay.files.takes = lambda conn, blob, index: True
    relay.files.on_piece = on_piece
    relay.cut(relay.conn("alice"))
    done = events(relay, a, "file_done")
    if code in ("protocol", "bad_value"):
        assert done["code"] == code and done["text"] == (
            "the server has another file under that name" if code == "protocol" else
            "a value is not valid")
        assert b.events("file") == [] and leftovers(world, "alice") == []
        return
    assert "code" not in done and leftovers(world, "alice") == []
    offer = events(relay, b, "file")
    if code == "ok":
        return is_saved(world, relay, b, path, offer, 1)
    # It says that it has all: the offer goes out, and whoever gets it sees the lie.
    b.do(do="get_file", id=offer["id"])
    done = events(relay, b, "file_done")
    assert (done["code"], done["text"]) == DAMAGED
    assert not os.listdir(saved(world)) and leftovers(world, "bob") == []


@pytest.mark.parametrize("wrong,text", [
    (1000, "the server says that it has more of the file than was sent"),
    (7, "the server says that it has lost some of the file")])
def test_what_it_says_unasked(world, relay, wrong, text):
    """It has more pieces than were sent, or fewer than it said before: one sentence, on
    the same connection, where the next file goes."""
    a, b = people(world, relay, "alice", "bob")
    lied = []

    def takes(conn, blob, index):
        if index == 11 and not lied:
            lied.append(wrong)
            for pieces in (8, wrong):
                conn.control(type="blob_have", blob=blob, pieces=pieces)
        return index < 11
    honest, relay.files.takes = relay.files.takes, takes
    relay.files.on_piece = bare(relay.files)
    path = content(world.tmp / "alice" / "report.pdf", 60 * PIECE)
    a.do(do="send_file", path=str(path))
    done = events(relay, a, "file_done")
    assert (done["code"], done["text"]) == ("protocol", text)
    assert leftovers(world, "alice") == [] and b.events("file") == []
    # The server is asked to delete what it has.
    relay.until(lambda: not relay.files.pieces)
    relay.files.takes = honest
    del relay.files.on_piece
    a.do(do="send_file", path=str(path))
    assert "code" not in events(relay, a, "file_done", 2)
    is_saved(world, relay, b, path, events(relay, b, "file"), 1)
    assert not a.events("reconnecting") and len(a.events("connected")) == 1


def test_acknowledged_and_not_there(world, relay):
    """In its acknowledgements it says once that it has more than was sent: that file
    ends with a sentence, and the next one goes."""
    a, b = people(world, relay, "alice", "bob")
    lied = []

    def state(conn, kind, state):
        if kind != "ack" or state["pieces"] != 8 or lied:
            return state
        lied.append(kind)
        return {"pieces": 2 ** 32 - 1}
    relay.files.state = state
    path = content(world.tmp / "alice" / "report.pdf", 70 * PIECE)
    a.do(do="send_file", path=str(path))
    done = events(relay, a, "file_done")
    assert (done["code"], done["text"]) == (
        "protocol", "the server says that it has more of the file than was sent")
    assert leftovers(world, "alice") == [] and b.events("file") == []
    a.do(do="send_file", path=str(path))
    assert "code" not in events(relay, a, "file_done", 2)
    is_saved(world, relay, b, path, events(relay, b, "file"), 1)
