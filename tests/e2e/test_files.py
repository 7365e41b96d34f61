"""Files on the real server, by the independent client: sent, got, gone on with after
kill -9, deleted, refused; what no honest client sends; and that chat does not wait."""

import ctypes
import os
import platform
import resource
import signal
import struct
import time

import pytest

from blob1 import (AHEAD, PIECE, File, begin, count, end, get, gone, have, put, send,
                   window)
from conclave1 import BLOB, b64
from harness import CAGELESS, WATCHED, until
from test_conclavectl import STAY, ctl, rows
from test_history import comes, killed, lasting, people
from test_keeper import open_files, title
from test_sandbox import children


def code(a):
    return a.get("code", a["type"])


def two(world, *args):
    s = lasting(world, *args)
    ids = people("alice", "bob")
    return s, comes(world, s, ids, "alice"), comes(world, s, ids, "bob"), ids


def folder(world):
    return os.path.join(str(world.tmp / "server"), "state", "files")


def files_process(s):
    """The process that has the files."""
    found = [k for w in children(s.p.pid) for k in children(w)
             if title(k) == "conclaved: files"]
    return found[0] if found else None


SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}
SLICE_NS = 100000


def slice_of(tid):
    """The length of its slices and its nice, as the scheduler has them."""
    a = ctypes.create_string_buffer(48)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.syscall(SCHED_GETATTR[platform.machine()], tid, a, len(a), 0) == 0
    _, _, _, nice, _, runtime, _, _ = struct.unpack("=IIQiIQQQ", a.raw)
    return runtime, nice


@pytest.mark.skipif(platform.machine() not in SCHED_GETATTR, reason="another system call")
def test_chat_goes_before_files(world):
    """Relay and keeper are woken at once; what has to do with files waits."""
    s, *_ = two(world)
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    patient = min(19, mine + 10)
    known = tuple(map(int, platform.release().split(".")[:2])) >= (6, 12)
    threads = [slice_of(int(t)) for t in os.listdir("/proc/%d/task" % s.p.pid)]
    keeper = [slice_of(k) for w in children(s.p.pid) for k in children(w)
              if title(k) == "conclaved: keeper"]
    prompt = SLICE_NS if known else 0
    assert keeper == [(prompt, mine)]
    assert sorted(n for _, n in threads) == [mine] * (len(threads) - 1) + [patient]
    assert all((r == prompt) == (n == mine) for r, n in threads) or not known
    runtime, nice = slice_of(files_process(s))
    assert nice == patient and (runtime > prompt or not known)


def test_there_and_back(world):
    s, a, b, _ = two(world)
    for n in (0, 1, 4096, 61441, PIECE, PIECE + 1, 3 * PIECE, 1000000, 9000000):
        data = os.urandom(n)
        f = put(a, data)
        assert get(b, f) == data
        assert get(a, f) == data
    assert all(len(n) == 32 for n in os.listdir(folder(world)))
    # What is on the disk is ciphertext, and the folder is the owner's alone.
    text = b"a line that is easily found again " * 3000
    f = put(a, text)
    kept = open(os.path.join(folder(world), f.blob.hex()), "rb").read()
    assert b"easily found" not in kept and f.key not in kept
    assert os.stat(folder(world)).st_mode & 0o077 == 0


def test_only_whole_blobs_are_given(world):
    _, a, b, _ = two(world)
    f = File(os.urandom(5 * PIECE))
    begin(a, f)
    send(a, f, upto=f.pieces - 1)
    assert code(end(a, f)) == "bad_value"
    assert code(window(b, f, 0, 1)[0]) == "no_blob"
    send(a, f, first=f.pieces - 1)
    assert code(end(a, f, f.pieces - 1)) == "bad_value"
    assert code(end(b, f)) == "denied"
    assert code(end(a, f)) == "done"
    assert code(end(a, f)) == "done"        # an answer that was lost
    assert get(b, f) == f.data


def test_after_kill_9_it_goes_on(world):
    s, a, _, ids = two(world)
    f = File(os.urandom(200 * PIECE))
    begin(a, f)
    send(a, f, upto=100)
    a.until(lambda: have(a, f.blob) >= 96)
    killed(s)
    s = lasting(world)
    a, b = (comes(world, s, ids, n) for n in ("alice", "bob"))
    now = a.request("blob_have", blob=b64(f.blob))
    assert now["type"] == "done" and not now["ended"]
    assert have(a, f.blob) <= 96 <= now["pieces"] <= 100
    send(a, f, first=now["pieces"])
    assert code(end(a, f)) == "done"
    assert get(b, f) == f.data
    now = a.request("blob_have", blob=b64(f.blob))
    assert now["ended"] and now["pieces"] == f.pieces
    assert code(b.request("blob_have", blob=b64(f.blob))) == "denied"
    killed(s)
    s = lasting(world)
    assert get(comes(world, s, ids, "bob"), f) == f.data


def test_the_process_for_files_dies(world):
    s, a, b, _ = two(world)
    f = File(os.urandom(60 * PIECE))
    begin(a, f)
    send(a, f, upto=40)
    a.until(lambda: have(a, f.blob) >= 32)
    os.kill(files_process(s), signal.SIGKILL)

    def answer():
        got = a.request("blob_have", blob=b64(f.blob))
        return got if got["type"] == "done" else None
    now = until(answer, what="another process")
    send(a, f, first=now["pieces"])
    assert code(end(a, f)) == "done"
    assert get(b, f) == f.data
    assert [x for x in s.err if "the process for files was ended by signal 9" in x]


def test_another_connection_goes_on(world):
    s, a, _, ids = two(world)
    f = File(os.urandom(70 * PIECE))
    begin(a, f)
    send(a, f, upto=20)
    second = comes(world, s, ids, "alice")
    now = second.request("blob_have", blob=b64(f.blob))
    assert now["pieces"] <= 20
    a.send_frames((BLOB, f.body(20)))
    a.until(lambda: gone(a, f.blob))
    send(second, f, first=now["pieces"])
    assert code(end(second, f)) == "done"
    assert get(a, f) == f.data


def breach(p):
    p.to_end()
    return [e["code"] for e in p.events if e["event"] == "bye"]


def hostile(world, s, ids, do, sent=3):
    p = comes(world, s, ids, "mallory")
    f = File(os.urandom(100 * PIECE))
    begin(p, f)
    send(p, f, upto=sent)
    do(p, f)
    return p, f


def test_pieces_that_no_client_sends(world):
    s = lasting(world)
    ids = people("mallory", "alice")

    def index(n):
        return lambda p, f: p.send_frames((BLOB, f.body(n)))

    def short(p, f):
        p.send_frames((BLOB, f.body(3)[:-1]))

    def tiny(p, f):
        p.send_frames((BLOB, f.body(3)[:48]))

    def last_too_early(p, f):
        p.send_frames((BLOB, f.blob + b"\0\0\0\3" + bytes(200)))
    for do in (index(4), index(2), index(0), index(99), short, tiny, last_too_early):
        p, _ = hostile(world, s, ids, do)
        assert breach(p) == ["protocol"]
    # All of it at once, while the server cannot have acknowledged any.
    q, f = comes(world, s, ids, "alice"), File(os.urandom(100 * PIECE))
    begin(q, f)
    os.kill(files_process(s), signal.SIGSTOP)
    for i in range(AHEAD):
        q.send_frames((BLOB, f.body(i)))
    assert code(q.request("room_list", after="")) == "done"     # so many may be
    q.send_frames((BLOB, f.body(AHEAD)))
    assert breach(q) == ["protocol"]
    os.kill(files_process(s), signal.SIGCONT)
    # Past the end.
    p = comes(world, s, ids, "mallory")
    f = File(b"x")
    begin(p, f)
    send(p, f)
    p.send_frames((BLOB, f.blob + b"\0\0\0\1" + bytes(100)))
    assert breach(p) == ["protocol"]


def test_pieces_of_others_are_thrown_away(world):
    s, a, b, _ = two(world)
    f = File(os.urandom(10 * PIECE))
    begin(a, f)
    send(a, f, upto=2)
    for i in range(2, 6):
        b.send_frames((BLOB, f.body(i)))
    stranger = File(b"x", blob=os.urandom(16))
    b.send_frames((BLOB, stranger.body(0)))
    b.until(lambda: gone(b, stranger.blob))
    assert len(gone(b, f.blob)) == 1
    send(a, f, first=2)
    assert code(end(a, f)) == "done"
    assert get(b, f) == f.data
    assert not b.closed


def test_what_can_be_asked(world):
    s, a, b, _ = two(world)
    f = put(a, os.urandom(3 * PIECE))
    blob = b64(f.blob)
    for size in (0, 1, 4095, 2**40 + 4096, 2**62):
        assert code(a.request("blob_new", size=size)) == "bad_value"
    for first, n in ((0, 0), (0, 65), (4, 1), (3, 2), (2**32 - 1, 64), (2**32 - 1, 1)):
        assert code(window(b, f, first, n)[0]) == "bad_value", (first, n)
    none = b64(os.urandom(16))
    for kind, more in (("blob_have", {}), ("blob_end", {"pieces": 1}), ("blob_gone", {}),
                       ("blob_get", {"from": 0, "count": 1})):
        assert code(a.request(kind, blob=none, **more)) == "no_blob"
    # At most four windows are open, and each is answered.
    asked = [b.ask("blob_get", blob=blob, **{"from": 0, "count": 3}) for _ in range(9)]
    got = [code(b.answer(r)) for r in asked]
    assert got[:4] == ["done"] * 4 and "try_later" in got
    # And four files are sent at a time.
    files = [File(b"x") for _ in range(5)]
    assert [code(begin(a, x)) for x in files] == ["done"] * 4 + ["try_later"]
    assert code(a.request("blob_gone", blob=b64(files[0].blob))) == "done"
    assert code(begin(a, files[4])) == "done"


def test_deleting(world):
    s, a, b, _ = two(world)
    f = put(a, os.urandom(100 * PIECE))
    assert code(b.request("blob_gone", blob=b64(f.blob))) == "denied"
    asked = b.ask("blob_get", blob=b64(f.blob), **{"from": 0, "count": 64})
    assert code(a.request("blob_gone", blob=b64(f.blob))) == "done"
    assert code(b.answer(asked)) in ("done", "no_blob")
    assert code(window(b, f, 0, 1)[0]) == "no_blob"
    assert os.listdir(folder(world)) == []
    # While it is sent.
    f = File(os.urandom(100 * PIECE))
    begin(a, f)
    send(a, f, upto=4)
    assert code(a.request("blob_gone", blob=b64(f.blob))) == "done"
    a.send_frames((BLOB, f.body(4)))
    a.until(lambda: gone(a, f.blob))
    assert code(end(a, f)) == "no_blob"
    assert os.listdir(folder(world)) == []


def test_quotas(world):
    s, a, b, _ = two(world, "--file-size", "1M", "--files-person", "3M", "--files", "5M")
    assert code(begin(a, File(bytes(2**20 + 1)))) == "quota"
    kept = [put(a, bytes(n)) for n in (2**20, 5, 100000)]   # a small one counts as 1 MiB
    refused = begin(a, File(b"x"))
    assert code(refused) == "quota" and "no more files" in refused["text"]
    assert code(a.request("blob_gone", blob=b64(kept[0].blob))) == "done"
    put(a, b"x")
    put(b, b"y")
    put(b, b"y")
    assert code(begin(b, File(b"z"))) == "quota"            # of all
    c = world.peer(s, "carol")
    assert code(begin(c, File(b"z"))) == "quota"
    assert get(c, kept[1]) == kept[1].data


def test_none_are_kept(world):
    for s in (world.server(), lasting(world, "--files", "0")):
        p = world.peer(s, "alice")
        f = File(b"x", blob=os.urandom(16))
        for kind, more in (("blob_new", {"size": 4096}), ("blob_have", {"blob": b64(f.blob)}),
                           ("blob_get", {"blob": b64(f.blob), "from": 0, "count": 1})):
            a = p.request(kind, **more)
            assert a["code"] == "unavailable" and a["text"] == "this server keeps no files"
        p.send_frames((BLOB, f.body(0)))
        p.until(lambda: gone(p, f.blob))
        assert not os.path.exists(folder(world))


def test_too_old(world):
    s, a, b, ids = two(world, "--files-days", "1")
    f, half = put(a, b"old"), File(b"half")
    begin(a, half)
    kept = put(a, b"new")
    s.stop()
    for name, at in ((f.blob.hex(), 72), (half.blob.hex() + ".part", None)):
        path = os.path.join(folder(world), name)
        if at:      # when it was made, in its head
            with open(path, "r+b") as file:
                file.seek(at)
                file.write(int((time.time() - 90000) * 1000).to_bytes(8, "big"))
        else:
            os.utime(path, (time.time() - 90000,) * 2)
    s = lasting(world, "--files-days", "1")
    until(lambda: os.listdir(folder(world)) == [kept.blob.hex()], what="the old ones to go")
    b = comes(world, s, ids, "bob")
    assert code(window(b, f, 0, 1)[0]) == "no_blob"
    assert get(b, kept) == b"new"


def test_strange_files_in_the_folder(world):
    s, a, _, ids = two(world)
    f = put(a, os.urandom(3 * PIECE))
    s.stop()
    here = folder(world)
    whole = open(os.path.join(here, f.blob.hex()), "rb").read()
    cut = os.urandom(16)
    for name, data in (("readme", b"hello"), ("00" * 16, whole), ("11" * 16, b""),
                       ("zz" * 16, whole), ("22" * 16 + ".part", b"conclave file 1\0"),
                       (cut.hex(), whole[:16] + cut + whole[32:-1])):
        with open(os.path.join(here, name), "wb") as file:
            file.write(data)
    os.symlink("/etc/passwd", os.path.join(here, "33" * 16))
    os.mkfifo(os.path.join(here, "44" * 16))
    s = lasting(world)
    b = comes(world, s, ids, "bob")
    assert get(b, f) == f.data
    for blob in (bytes(16), b"\x11" * 16, b"\x33" * 16, b"\x44" * 16, cut):
        assert code(window(b, File(b"x", blob=blob), 0, 1)[0]) == "no_blob"
    assert len(os.listdir(here)) == 9       # nothing was removed


def test_chat_does_not_wait(world):
    """What is said while a file is got comes between its pieces."""
    s, a, b, _ = two(world)
    f = put(a, os.urandom(64 * PIECE))
    before = len(b.frames)
    asked = b.ask("blob_get", blob=b64(f.blob), **{"from": 0, "count": 64})
    b.until(lambda: sum(k == BLOB for k, _ in b.frames[before:]) >= 3)
    a.say("in between")
    b.until(lambda: "in between" in b.texts())
    assert asked not in b.answers
    assert sum(k == BLOB for k, _ in b.frames[before:]) < 64
    assert code(b.answer(asked)) == "done"
    assert sum(k == BLOB for k, _ in b.frames[before:]) == 64
    assert count(f.size) == 65


def test_the_owner_sees_and_deletes(world):
    _, a, b, _ = two(world)
    assert rows(world, "files") == []
    f, half = put(a, os.urandom(3 * PIECE)), File(os.urandom(20 * PIECE))
    begin(b, half)
    send(b, half, upto=20)
    b.until(lambda: have(b, half.blob) == 16)
    many = [put(a, b"x") for _ in range(60)]
    got = {r["id"]: r for r in rows(world, "files")}
    assert len(got) == 62
    assert {**got[f.blob.hex()], "made": 0} == {
        "type": "file", "id": f.blob.hex(), "owner": "alice", "size": f.size, "made": 0,
        "pieces": f.pieces, "ended": True}
    assert abs(got[f.blob.hex()]["made"] - time.time()) < 300
    assert not got[half.blob.hex()]["ended"] and got[half.blob.hex()]["owner"] == "bob"
    table = ctl(world, "files").stdout.splitlines()
    assert table[0].split() == ["ID", "FROM", "SIZE", "BEGUN", "STATE"]
    assert len(table) == 63
    assert any(r.startswith(half.blob.hex()) and "of 21 pieces" in r for r in table), table
    # While it is sent: the sender is told.
    assert ctl(world, "files", "delete", half.blob.hex()).returncode == 0
    b.send_frames((BLOB, half.body(20)))
    b.until(lambda: gone(b, half.blob))
    assert ctl(world, "files", "delete", many[0].blob.hex(), "--json").stdout == \
        '{"type":"done"}\n'
    assert code(window(b, many[0], 0, 1)[0]) == "no_blob"
    assert len(rows(world, "files")) == 60
    for args, status, word in ((("delete", "00" * 16), 1, "no such file"),
                               (("delete", "x"), 1, "not the id of a file"),
                               (("delete",), 2, "files delete ID"),
                               (("remove", "x"), 2, "files delete ID")):
        r = ctl(world, "files", *args)
        assert r.returncode == status and word in r.stderr, r
    assert [r["text"] for r in rows(world, "audit") if r["act"] == "file_delete"] == [
        half.blob.hex(), many[0].blob.hex()]


def test_files_of_a_removed_account(world):
    """They go with it, whole or not, also one that is being sent, and nobody else's;
    status and metrics count what is there."""
    s, a, b, ids = two(world, "--files", "1G")
    f, half = put(a, os.urandom(3 * PIECE)), File(os.urandom(40 * PIECE))
    kept = put(b, os.urandom(9))
    begin(a, half)
    send(a, half, upto=20)
    now = rows(world, "status")[0]
    assert now["files"] == 3 and now["file_bytes_max"] == 1 << 30
    assert now["file_bytes"] == 2 * (1 << 20) + half.size
    assert "3, " in ctl(world, "status").stdout.split("files")[1]
    text = ctl(world, "metrics").stdout
    assert "conclave_files 3\n" in text and "conclave_files_limit_bytes 1073741824\n" in text
    assert ctl(world, "forget", "alice").returncode == 0
    until(lambda: os.listdir(folder(world)) == [kept.blob.hex()])
    # the answer comes after the deed
    until(lambda: rows(world, "status")[0]["files"] == 1)
    assert rows(world, "status")[0]["file_bytes"] == 1 << 20
    assert get(b, kept) == kept.data
    assert code(window(b, f, 0, 1)[0]) == "no_blob"
    until(lambda: any("2 deleted with the account" in line for line in s.err))
    # Whoever has the name next has a new account.
    again = comes(world, s, ids, "alice")
    assert code(again.request("blob_have", blob=b64(half.blob))) == "no_blob"


def test_files_of_an_account_that_was_removed_before_a_crash(world):
    """The server dies when the account is gone and its files are not: the next one
    deletes them, and nobody else's."""
    s, a, b, ids = two(world)
    f, kept, half = put(a, os.urandom(2 * PIECE)), put(b, os.urandom(9)), File(os.urandom(9 * PIECE))
    begin(a, half)
    send(a, half, upto=3)
    left = sorted([f.blob.hex(), kept.blob.hex(), half.blob.hex() + ".part"])
    process = files_process(s)
    os.kill(process, signal.SIGSTOP)
    assert ctl(world, "forget", "alice").returncode == 0
    s.signal(signal.SIGKILL)
    s.p.wait(60)
    os.kill(process, signal.SIGKILL)
    s.wait()
    assert sorted(os.listdir(folder(world))) == left
    s = lasting(world)
    until(lambda: os.listdir(folder(world)) == [kept.blob.hex()])
    until(lambda: any("2 deleted with the account" in line for line in s.err))
    assert get(comes(world, s, ids, "bob"), kept) == kept.data


def test_the_owner_of_a_server_without_files(world):
    lasting(world, "--files", "0")
    r = ctl(world, "files")
    assert r.returncode == 1 and "keeps no files" in r.stderr


def test_the_process_for_files_is_caged(world):
    s, a, _, _ = two(world)
    put(a, b"x")
    pid = files_process(s)
    with open("/proc/%d/status" % pid) as f:
        status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1" and int(status["CapEff"], 16) == 0
    if not CAGELESS:
        assert status["Seccomp"] == "2"
    assert "password" not in title(pid)
    opened = open_files(pid)
    assert len([f for f in opened if f.startswith("socket:")]) == 1
    assert not [f for f in opened if "conclave.db" in f or "state.key" in f or "lock" in f]
    assert not [f for f in open_files(s.p.pid) if f.startswith(folder(world))]
    assert s.stop() == 0
    until(lambda: not os.path.exists("/proc/%d" % pid), what="its end")


@pytest.mark.skipif(WATCHED, reason="a sanitizer or valgrind keeps what is freed")
def test_a_member_s_file_costs_the_relay_little(world):
    """While the process that keeps them stands still, and while a reader does."""
    s, a, b, _ = two(world)
    f = put(a, os.urandom(300 * PIECE))

    def memory():
        with open("/proc/%d/status" % s.p.pid) as file:
            return int(next(x for x in file if x.startswith("RssAnon")).split()[1]) << 10
    before = memory()
    for first in range(0, 256, 64):     # it reads nothing of it
        b.ask("blob_get", blob=b64(f.blob), **{"from": first, "count": 64})
    time.sleep(1)
    assert memory() - before < 4 << 20
    before = memory()
    g = File(os.urandom(AHEAD * PIECE))
    begin(a, g)
    os.kill(files_process(s), signal.SIGSTOP)
    for i in range(AHEAD):
        a.send_frames((BLOB, g.body(i)))
    assert code(a.request("room_list", after="")) == "done"
    more = memory() - before
    os.kill(files_process(s), signal.SIGCONT)
    assert more < 4 << 20


def test_a_reload_changes_the_limits(world):
    conf = world.tmp / "conf"
    conf.write_text("files = 5M\n")
    s = lasting(world, "--config", str(conf), *STAY)
    p = world.peer(s, "alice")
    f = put(p, b"x")
    for text, size, want in (("files = 2M\n", 2**20, "done"), ("files = 2M\n", 1, "quota"),
                             ("files = 0\n", 1, "quota"), ("file-size = 1M\n", 2**21, "quota")):
        conf.write_text(text)
        r = ctl(world, "reload")
        assert r.returncode == 0, r
        assert code(begin(p, File(bytes(size)))) == want, text
    assert get(p, f) == b"x"


def test_a_full_disk(world):
    """Nothing that was acknowledged is lost, and it goes on when there is room."""
    s, a, b, _ = two(world)
    f = File(os.urandom(40 * PIECE))
    begin(a, f)
    send(a, f, upto=4)

    def space(n):
        resource.prlimit(files_process(s), resource.RLIMIT_FSIZE, (n, resource.RLIM_INFINITY))
    space(4096 + 20 * 65536 + 777)
    send(a, f, first=4, upto=30)
    a.until(lambda: gone(a, f.blob))
    assert have(a, f.blob) == 16
    now = a.request("blob_have", blob=b64(f.blob))
    assert now["type"] == "done" and now["pieces"] == 20
    send(a, f, first=20, upto=21)       # still full: it is told so again
    a.until(lambda: len(gone(a, f.blob)) == 2)
    space(100)
    refused = begin(b, File(bytes(2**21)))
    assert code(refused) == "quota" and refused["text"] == "the server's disk is full"
    assert len(os.listdir(folder(world))) == 1
    space(resource.RLIM_INFINITY)
    now = a.request("blob_have", blob=b64(f.blob))
    assert now["pieces"] == 20
    send(a, f, first=20)
    assert code(end(a, f)) == "done"
    assert get(b, f) == f.data
