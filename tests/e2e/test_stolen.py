"""What a server's disk gives to somebody who takes it, alters it, or puts an old copy
of it back: the real server, and what the real client says of it."""

import contextlib
import glob
import json
import os
import shutil
import sqlite3
import struct
import subprocess

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conclave1 import Epoch, label, sha, unb64, xor
from harness import BUILD, SCRYPT_N, WAIT, environment
from segments import entries, segments
from test_history import KEPT, all_of, comes, lasting, make, opens, people
from test_missed import den, enters, heard, of_den, say, sent
from test_rooms import code, says

WORDS = "the safe is behind the picture"
PURGED = "forget that I have said this"


def state(world):
    return os.path.join(str(world.tmp), "server", "state")


def database(folder):
    return sqlite3.connect(os.path.join(folder, "conclave.db"))


def file_with(folder, what):
    """A file that has these bytes, or None."""
    for path in glob.glob(os.path.join(folder, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as f:
                if what in f.read():
                    return path
    return None


@pytest.fixture
def stolen(world):
    """The state directory of a server in whose room two things were said, the second
    of which was destroyed; and the bases of the room's epochs, as a member has them."""
    s = lasting(world)
    a = comes(world, s, people("alice"), "alice")
    room = make(a, "den", settings=KEPT)
    for text in (WORDS, PURGED):
        says(a, room, text)
    a.until(lambda: not a.rooms[room].unacked)
    where = {e["content"]["text"]: e["offset"] for e in opens(all_of(a, room))
             if e["content"]["type"] == "message"}
    assert code(a.request("purge", room=room, offset=where[PURGED])) == "done"
    bases = [e.base for e in a.rooms[room].epochs.values()]
    assert bases and s.stop() == 0
    folder = str(world.tmp / "stolen")
    shutil.copytree(state(world), folder, ignore=shutil.ignore_patterns("*.sock"))
    return folder, bases


def texts_of(folder, key):
    """All that members have said, as far as the database and this key open it."""
    with contextlib.closing(database(folder)) as db:
        bases = {(room, run, epoch): AESGCM(key).decrypt(
            base[:12], base[12:],
            label("conclave keeper epoch") + struct.pack(">III", room, run, epoch))
            for room, run, epoch, base in db.execute("SELECT room, run, epoch, base FROM epoch")}
        people = {(run, member): json.loads(person)["users"][0] for run, member, person in
                  db.execute("SELECT run, member, json FROM person")}
        kept = [(e.run, e.body) for e in entries(db) if e.body is not None]
    got = []
    for run, body in kept:
        room, epoch, sender, seq = struct.unpack(">IIIQ", body[8:28])
        if sender == 0:
            continue
        e = Epoch(room, epoch, bytes(32))
        e.base = bases[room, run, epoch]
        k, iv = e.sender(sender, unb64(people[run, sender]["card"], 32))
        plain = AESGCM(k).decrypt(xor(iv, seq), body[28:], body[8:28])
        got.append(json.loads(plain[64:])["text"])
    return got


def test_without_the_key(stolen, world):
    """What was said is in no file, nor is a key that opens it; another state.key opens
    nothing; and no server starts with the database."""
    folder, bases = stolen
    os.rename(os.path.join(folder, "state.key"), str(world.tmp / "elsewhere"))
    for secret in (WORDS.encode(), PURGED.encode(), *bases):
        assert file_with(folder, secret) is None
    with pytest.raises(InvalidTag):
        texts_of(folder, os.urandom(32))
    for key in (None, os.urandom(32)):
        if key:
            with open(os.path.join(folder, "state.key"), "wb") as f:
                os.fchmod(f.fileno(), 0o600)
                f.write(key)
        r = subprocess.run(
            [os.path.join(BUILD, "conclaved"), "--scrypt-n", SCRYPT_N, "--password", "x y z",
             "--listen", "127.0.0.1:0", "--state", folder],
            env=environment(world.tmp), capture_output=True, text=True, timeout=WAIT)
        assert r.returncode != 0 and "state.key" in r.stderr, r


def test_with_the_key(stolen):
    """It opens what is kept, as SECURITY.md says. What was destroyed is in no file, under
    any key: its ciphertext is gone."""
    folder, _ = stolen
    with open(os.path.join(folder, "state.key"), "rb") as f:
        key = f.read()
    assert texts_of(folder, key) == [WORDS]
    with contextlib.closing(database(folder)) as db:
        gone = [e.digest for e in entries(db) if e.body is None]
    assert gone and all(len(d) == 32 for d in gone)


# --- a disk that lies -----------------------------------------------------------


def somebody_reads(world):
    """alice has said three things in the den, of which bob has read the first two; the
    server is stopped, and bob is away."""
    s, a, b = den(world, "alice", "bob")
    say(a, "one", "two")
    heard(b, "two")
    b.quit()
    return s, a


def comes_back(world, s):
    world.server(ephemeral=False, listen=s.listening[0])
    b = world.client(s, "bob")
    b.joined()
    enters(b)
    b.see("history", room="den")
    return b


def test_an_old_backup_is_put_back(world):
    """What somebody has seen is gone from the server: the client says so, loudly."""
    s, a = somebody_reads(world)
    copy = str(world.tmp / "copy.db")
    r = subprocess.run([os.path.join(BUILD, "conclavectl"), "--state", state(world), "backup", copy],
                       env=environment(world.tmp), capture_output=True, text=True, timeout=WAIT)
    assert r.returncode == 0, r
    say(a, "three", "four")
    sent(a, 4)
    b = world.client(s, "bob")
    b.joined()
    enters(b)
    heard(b, "four")
    b.quit()    # it keeps how far it has read
    a.stop()
    assert s.stop() == 0
    os.replace(copy, os.path.join(state(world), "conclave.db"))
    b = comes_back(world, s)
    assert b.events("rewritten", room="den"), b.out


def falsified(folder, alter):
    """A keeper that was taken over: it changes the newest message of a member, and all
    that follows from it, so that the server finds nothing wrong."""
    with contextlib.closing(database(folder)) as db, db:
        logs = list(segments(db))
        at = max((s.room, e.offset) for s in logs for e in s.entries
                 if e.body and struct.unpack(">I", e.body[16:20])[0] != 0)
        chain = None
        for s in logs:
            if s.room != at[0]:
                continue
            if s.first <= at[1] <= s.entries[-1].offset:
                bodies = [alter(e.body) if e.offset == at[1] else e.body for e in s.entries]
                assert all(bodies)
                db.execute("UPDATE segment SET bodies = ? WHERE id = ?", (b"".join(bodies), s.id))
                chain = chain_before(db, s.room, s.first)
            elif chain is None:
                continue
            else:
                bodies = [e.body for e in s.entries]
            for e, body in zip(s.entries, bodies):
                digest = e.digest or sha(body[8:])
                chain = sha(label("conclave/1 log") + chain + struct.pack(">Q", e.offset) + digest)
            db.execute("UPDATE segment SET chain = ? WHERE id = ?", (chain, s.id))


def chain_before(db, room, first):
    return db.execute(
        "SELECT coalesce((SELECT chain FROM segment WHERE room = ?1 AND first < ?2 "
        "ORDER BY first DESC LIMIT 1), (SELECT before FROM room WHERE id = ?1))",
        (room, first)).fetchone()[0]


def test_a_keeper_that_puts_words_into_a_mouth(world):
    """It has the keys of what it keeps, but nobody's signature. To who has not read the
    entry yet it does not open, and who has is told that the log is another one."""
    s, a = somebody_reads(world)
    say(a, "three")
    sent(a, 3)
    a.stop()
    assert s.stop() == 0
    falsified(state(world), lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    b = comes_back(world, s)
    assert b.see("dropped", room="den")["from"] == "alice"
    assert "three" not in [text for text, _ in of_den(b)]
    a = world.client(s, "alice")
    a.joined()
    enters(a)
    a.see("rewritten", room="den")
