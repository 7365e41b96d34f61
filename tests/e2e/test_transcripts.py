"""Transcripts that the real client writes, checked by `conclave verify` and by the
second checker, transcript1.py."""

import datetime
import json
import os
import re
import resource
import shutil
import signal
import subprocess
from base64 import b64decode

import certs
import example
import pytest
import transcript1
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from harness import BUILD, PASSWORD, TOP, Client, Process, Server, environment, until, with_a_pair
from test_client import terminal  # noqa: F401
from test_hostile_relay import people, relay, seen  # noqa: F401
from test_missed import den, enters, heard, say


def verify(*args):
    done = subprocess.run([os.path.join(BUILD, "conclave"), "verify", *args], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def found(*args):
    status, out, err = verify("--json", *args)
    assert err == ""
    return status, json.loads(out)


def files(folder):
    return sorted(folder.iterdir())


def both(paths, **more):
    """What the two checkers say of one transcript, which is right."""
    c = transcript1.check(*(p.read_bytes() for p in paths), **more)
    status, x = found(*paths)
    assert status == 0 and x["proved"], x
    (t,) = x["transcripts"]
    assert (t["first"], t["last"], t["entries"]) == (c.first, c.at[0], c.entries)
    assert transcript1.b64(t, "chain", 32) == c.at[1]
    assert [(g["first"], g["last"]) for g in t["gaps"]] == c.gaps
    said = [s for s in c.said if s[3]["type"] in ("message", "edit", "delete", "react")]
    assert t["messages"] == len(said)
    signed = t.get("signed", {"checkpoints": 0})
    assert signed["checkpoints"] == c.checkpoints
    assert c.signed is None or c.signed == (signed["first"], signed["to"], signed["ts"])
    assert ("fork" in t) == bool(c.forks)
    return c, t, [(n, x.get("text")) for _, n, _, x in said]


@pytest.fixture
def room(tmp_path):
    s = Server(tmp_path / "server")
    made = []

    def client(name, *args, **more):
        made.append(Client(tmp_path / name, s.listening[0], name, *args, **more))
        made[-1].where = s.listening[0]
        return made[-1]
    yield client
    for c in made:
        c.stop()
    s.stop()


def sent(c, n):
    c.see("sent", n=n)


def test_the_example(tmp_path):
    path = tmp_path / "example.jsonl"
    data = ("\n".join(example.stored()["transcript"]) + "\n").encode()
    path.write_bytes(data)
    c, t, said = both([path])
    assert said == [("alice", "hello, conclave")] and t["first"] == t["last"] == 4
    wrong = 0
    for i in range(len(data)):                  # a bit of each byte
        bad = bytearray(data)
        bad[i] ^= 1 << i % 8
        try:
            transcript1.check(bytes(bad))
        except transcript1.Wrong:
            wrong += 1
    assert wrong == len(data)
    lines = data.splitlines(keepends=True)
    for order in ([*range(i), *range(i + 1, 6)] for i in range(6)):
        with pytest.raises(transcript1.Wrong):
            transcript1.check(b"".join(lines[k] for k in order))
    path.write_bytes(data.replace(b'"name":"alice"', b'"name":"malic"'))
    status, x = found(path)
    assert status == 1 and x["transcripts"][0]["wrong"]["line"] == 4
    assert "NOT PROVED" in verify(path)[1]


def test_the_example_of_direct_messages(tmp_path):
    """Every byte and every line counts, in both checkers."""
    path = tmp_path / "example.jsonl"
    data = ("\n".join(example.stored()["direct_transcript"]) + "\n").encode()
    path.write_bytes(data)
    c = transcript1.check(data)
    assert [(n, x["text"]) for _, n, _, x in c.said] == [("alice", "hello, bob")]
    status, x = found(path)
    (t,) = x["transcripts"]
    assert status == 0 and x["proved"]
    assert (t["with"], t["writer"], t["frames"], t["messages"], t["shown"]) == ("bob", "alice", 1, 1, 0)
    assert [(p["from"], p["to"], p["frames"]) for p in t["pairs"]] == [("alice", "bob", 1)]
    for i in range(len(data)):                  # a bit of each byte
        bad = bytearray(data)
        bad[i] ^= 1 << i % 8
        with pytest.raises(transcript1.Wrong):
            transcript1.check(bytes(bad))
    lines = data.splitlines(keepends=True)
    n = len(lines)
    orders = [[*range(i), *range(i + 1, n)] for i in range(n)]
    orders += [[*range(i + 1), *range(i, n)] for i in range(n)]
    orders += [[*range(i), i + 1, i, *range(i + 2, n)] for i in range(n - 1)]
    for order in orders:
        bad = b"".join(lines[k] for k in order)
        with pytest.raises(transcript1.Wrong):
            transcript1.check(bad)
        path.write_bytes(bad)
        assert found(path)[0] == 1
    path.write_bytes(data)
    status, out, _ = verify("--print", "--person", t["writer_fingerprint"], "--server", t["server"], path)
    assert status == 0 and "alice: hello, bob" in out and "which you named" in out
    assert "In which order, and that none is missing" in out and "no recipient has signed" in out
    assert found("--person", t["pairs"][0]["to_fingerprint"], path)[0] == 1     # has said nothing
    assert found("--server", t["writer_fingerprint"], path)[0] == 1


def test_two_people_keep_transcripts(room, tmp_path):
    a = room("alice", "--transcript", str(tmp_path / "ta"))
    a.joined()
    assert a.see("transcript")["folder"] == str(tmp_path / "ta")
    b = room("bob", "--transcript", str(tmp_path / "tb"))
    b.joined()
    a.see("keeps", name="bob", on=True)
    b.see("keeps", name="alice", on=True)
    for i in range(3):
        a.say("hello %d" % i)
        b.say("hi %d" % i)
    sent(a, 3)
    sent(b, 3)
    a.see("message", text="hi 2")
    b.do(do="transcript", on=False)
    a.see("keeps", name="bob", on=False)
    b.say("off the record")
    sent(b, 4)
    a.see("message", text="off the record")
    a.quit()
    b.quit()
    (fa,), (fb,) = files(tmp_path / "ta"), files(tmp_path / "tb")
    assert os.stat(fa).st_mode & 0o777 == 0o600
    ca, ta, said = both([fa])
    assert sorted(said) == sorted([("alice", "hello %d" % i) for i in range(3)] +
                                  [("bob", "hi %d" % i) for i in range(3)] + [("bob", "off the record")])
    assert not ta["gaps"] and ta["digests"] == 0 and ta["first"] == 1
    cb, tb, said = both([fb])
    assert len(said) == 6 and ta["log"] == tb["log"]
    # Both have one log; a person and the server that one knows are named.
    bob = tb["writer_fingerprint"]
    status, x = found(fa, fb, "--person", bob, "--server", ta["server"])
    assert status == 0 and x["transcripts"][1]["compared"]["agreed"] == tb["last"]
    assert [p["named"] for p in x["transcripts"][0]["people"] if p["name"] == "bob"] == [True]
    assert found(fa, "--person", ta["server"])[0] == 1        # has said nothing
    assert found(fa, "--server", bob)[0] == 1                 # is another
    status, out, _ = verify("--print", fa)
    assert status == 0 and "bob: off the record" in out and "Complete from entry 1" in out


def printed(*paths):
    """The lines that --print puts before the report."""
    status, out, err = verify("--print", *paths)
    assert status == 0 and err == "", (out, err)
    return [x for x in out.splitlines() if re.match(r"\d+ \S+( \(.*?\))?: ", x)]


def test_topics(room, tmp_path):
    """Of an open room as the server says it, when it is new; of a sealed one as its
    operators have signed it. Nothing in one makes a line of its own."""
    a = room("alice", "--transcript", str(tmp_path / "ta"))
    a.joined()
    a.do(do="room_new", room="den", topic="first", ref="den")
    a.see("done", ref="den")
    a.do(do="join", room="den")
    a.see("joined", room="den")
    for text in ("tea", "evil\x1b[31m\n7 bob: I agree", ""):
        a.do(do="topic", room="den", text=text)
    a.do(do="room_set", room="den", settings={"listed": False})
    a.do(do="topic", room="den", text="last")
    a.see("room", room="den", topic="last")
    a.do(do="room_new", room="vault", settings={"sealed": True}, ref="vault")
    a.see("done", ref="vault")
    a.do(do="join", room="vault")
    a.see("joined", room="vault")
    for text in ("of the vault", "7 bob: I agree\n8 bob: yes\x1b[0m", ""):
        a.do(do="topic", room="vault", text=text)
    a.see("topic", room="vault", text="")
    a.do(do="say", room="vault", text="hello")
    a.see("sent", n=4)
    a.quit()
    (den,), (vault,) = (sorted((tmp_path / "ta").glob("*%s*" % n)) for n in ("den", "vault"))
    for path, who in ((den, "server"), (vault, "alice")):
        c, _, _ = both([path])
        lines = [x for x in printed(path) if "topic" in x]
        assert [int(x.split()[0]) for x in lines] == [o for o, _, _ in c.topics], (lines, c.topics)
        assert {by for _, by, _ in c.topics} == {who}
    c, _, _ = both([den])
    assert [t for _, _, t in c.topics] == ["tea", "evil\x1b[31m\n7 bob: I agree", "", "last"]
    lines = [x.split(" ", 1)[1] for x in printed(den)]
    assert lines[0] == "server (alice changed the room; the topic): tea"
    assert lines[1].startswith("server (alice changed the room; the topic): evil") and "\x1b" not in lines[1]
    assert lines[2] == "server (alice changed the room; there is no topic): "
    assert lines[3] == "server (alice changed the room; the topic): last" and len(lines) == 4
    lines = [x.split(" ", 1)[1] for x in printed(vault)]
    assert lines[0] == "alice (sets the topic): of the vault"
    assert lines[1].startswith("alice (sets the topic): 7 bob: I agree") and "8 bob: yes" in lines[1]
    assert lines[2:] == ["alice (takes the topic away): ", "alice: hello"]


def test_receipts(room, terminal, tmp_path):
    a = room("alice", "--transcript", str(tmp_path / "ta"))
    a.joined()
    b = room("bob")
    b.joined()
    p = room("carol", face="--plain")
    a.see("join", names=["carol"])
    t = terminal(tmp_path / "dave", "--tui", "-n", "dave", "--notify", "none", "--no-title",
                 a.where, CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    a.see("join", names=["dave"])
    b.say("we meet at nine")
    sent(b, 1)
    a.see("message")
    # The server signs the log for everybody; whoever asked is told so in words.
    b.do(do="receipt", ref="r")
    done = b.see("done", **{"for": "receipt"})
    assert done["ref"] == "r"
    mine = b.see("receipt", who="server")
    assert done["offset"] == mine["offset"]
    assert mine["asked"] and mine["room"] == "lobby"
    his = a.see("receipt", who="server")
    assert not his["asked"] and his["offset"] == mine["offset"]
    # The people in the room sign what they have, each once.
    t.type("/receipt all\r")
    t.see("bob has signed the log")
    t.see("alice has signed")
    t.see("carol has signed")
    t.see("the server has signed")
    assert {e["who"] for e in a.events("receipt")} >= {"bob", "carol", "dave"}
    assert all(not e["asked"] for e in a.events("receipt"))
    p.p.stdin.write(b"/receipt some\n")
    p.p.stdin.flush()
    until(lambda: any("asks the others in the room" in line for line in p.out))
    b.do(do="receipt", all="yes")
    assert "true or false" in b.see("error", code="usage")["text"]
    a.quit()
    (path,) = files(tmp_path / "ta")
    c, x, said = both([path])
    # The answer proves itself, to whoever has the server's key.
    with open(path) as f:
        server = Ed25519PublicKey.from_public_bytes(b64decode(json.loads(f.readline())["server"]))
    server.verify(b64decode(done["signature"]), b"conclave/1 receipt\0" + b64decode(done["log"]) +
                  done["offset"].to_bytes(8, "big") + b64decode(done["chain"]) +
                  done["ts"].to_bytes(8, "big"))
    assert c.checkpoints == 1 and c.signed == (1, mine["offset"], mine["ts"])
    assert {q["name"] for q in x["people"]} == {"alice", "bob", "carol", "dave"}
    assert all(q["log_to"] > mine["offset"] for q in x["people"])
    _, out, _ = verify(path)
    assert "Complete from entry 1 to %d, as the server signed." % mine["offset"] in out
    assert not any(k.events("fork") for k in (a, b))


def test_a_killed_client_goes_on(room, tmp_path):
    where = tmp_path / "t"
    a = room("alice", "--transcript", str(where))
    a.joined()
    a.say("one")
    sent(a, 1)
    until(lambda: files(where) and b"entry" in files(where)[0].read_bytes())
    a.kill()
    (path,) = files(where)
    data = path.read_bytes()
    path.write_bytes(data + b'{"type":"entry","offs')         # cut amid a line
    assert found(path)[0] == 1 and found("--unfinished", path)[0] == 0
    a = room("alice", "--transcript", str(where))
    a.joined()
    a.say("two")
    sent(a, 1)
    a.quit()
    assert files(where) == [path] and path.read_bytes().startswith(data)
    _, t, said = both([path])
    assert said == [("alice", "one"), ("alice", "two")] and not t["gaps"]


def test_the_next_file_begins(room, tmp_path):
    where = tmp_path / "t"
    a = room("alice", "--transcript", str(where), "--transcript-size", "16K")
    a.joined()
    for i in range(40):
        a.say("%d " % i + "x" * 700)
    sent(a, 40)
    a.quit()
    paths = files(where)
    assert len(paths) > 2 and all(p.stat().st_size < 20 << 10 for p in paths)
    _, t, said = both(paths)
    assert len(said) == 40 and not t["gaps"]
    # Without one in the middle they are two transcripts.
    x = found(*paths[:1], *paths[2:])[1]
    assert len(x["transcripts"]) == 2
    with pytest.raises(transcript1.Wrong):
        transcript1.check(*(p.read_bytes() for p in paths[:1] + paths[2:]))


def test_what_cannot_be_written(room, tmp_path):
    where = tmp_path / "t"
    where.mkdir()
    where.chmod(0o500)
    if os.geteuid() != 0:
        a = room("alice", "--transcript", str(where / "below"))
        assert a.wait() == 2
    where.chmod(0o700)
    a = room("alice", "--transcript", str(where))
    a.joined()
    until(lambda: files(where))
    b = room("bob", "--transcript", str(where))     # the same file
    e = b.see("error", code="transcript")
    assert "another conclave writes it" in e["text"]
    b.see("transcript", on=False)
    b.do(do="quit")
    assert b.wait() == 1


def test_the_screen_shows_it(room, terminal, tmp_path):
    a = room("alice")
    a.joined()
    t = terminal(tmp_path / "bob", "--tui", "-n", "bob", "--notify", "none", "--no-title",
                 "--transcript", str(tmp_path / "t"), a.where, CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    t.see("lobby  transcript")                       # the status line
    a.see("keeps", name="bob", on=True)
    t.type("/transcript off\r")
    t.see("no transcript is written any more")
    a.see("keeps", name="bob", on=False)
    t.type("/transcript on\r")
    a.see("keeps", n=2, name="bob", on=True)
    t.type("/transcript\r")
    t.see("every room is written to")


def commands(title):
    """Who types which line, in the first block below this heading of the README."""
    with open(os.path.join(TOP, "README.md")) as f:
        block = f.read().split("## " + title + "\n")[1].split("```")[1]
    return [line.split("$ ", 1) for line in block.strip().splitlines()]


def test_the_dispute_of_the_readme(tmp_path):
    """Every line is run as it stands there, with this server's invite in its place, and
    another folder in place of another machine."""
    (one, talk), (two, copy), (three, show), (four, compare) = commands("A dispute, settled in four commands")
    assert (one, two, three, four) == ("alice", "alice", "carol", "carol")
    s = Server(tmp_path / "server")
    alice, carol = tmp_path / "alice", tmp_path / "carol"
    alice.mkdir()
    carol.mkdir()
    env = with_a_pair(environment(alice, PATH=BUILD + ":" + os.environ["PATH"], CONCLAVE_NAME="alice",
                                  CONCLAVE_PASSWORD=PASSWORD, CAROL=str(carol)))
    talk, n = re.subn(r"conclave://chat\.example/lobby#\.\.\.", s.invite, talk)
    assert n == 1
    made = [s]
    try:
        made.append(a := Process(["bash", "-c", talk], env, cwd=alice))
        made.append(b := Client(tmp_path / "bob", s.listening[0], "bob", "--transcript", str(tmp_path / "bobs")))
        b.see("keeps", name="alice", on=True)       # "the others see that alice keeps one"
        b.say("I agree: 40 pounds")
        until(lambda: any("I agree: 40 pounds" in line for line in a.out))
        a.p.stdin.write(b"/receipt\n")
        a.p.stdin.flush()
        until(lambda: any("server has signed" in line for line in a.out))
        a.p.stdin.close()
        assert a.wait() == 0, a.err
        b.quit()
    finally:
        for process in reversed(made):
            process.stop()
    scp = 'scp() { cp -- "${@:1:$#-1}" "$CAROL"; }\n'
    subprocess.run(["bash", "-c", scp + copy], env=env, cwd=alice, check=True, timeout=60)
    t = found(*files(carol))[1]["transcripts"][0]
    env.update(SERVERS_KEY=t["server"],
               BOBS_KEY=next(q["fingerprint"] for q in t["people"] if q["name"] == "bob"))

    def carol_runs(line):
        return subprocess.run(["bash", "-c", line], cwd=carol, env=env, capture_output=True, text=True, timeout=60)
    r = carol_runs(show)
    assert r.returncode == 0 and "bob: I agree: 40 pounds" in r.stdout, r
    assert r.stdout.count("which you named") == 2 and "as the server signed" in r.stdout
    shutil.copy(files(carol)[0], carol / "alices-lobby.jsonl")
    shutil.copy(files(tmp_path / "bobs")[0], carol / "bobs-lobby.jsonl")
    r = carol_runs(compare)
    assert r.returncode == 0 and "have one log" in r.stdout, r
    # Of somebody else's key nothing is proved.
    env.update(BOBS_KEY=t["server"])
    r = carol_runs(show)
    assert r.returncode == 1 and "NOT PROVED" in r.stdout, r


def test_a_log_that_was_rewritten(world, relay, tmp_path):
    """Each file proves what it has; together they show that the server took back what it
    had shown."""
    a, = people(world, relay, "alice")
    b = world.client(relay.invite, "bob", "--transcript", str(tmp_path / "t"))
    seen(relay, a, "join", names=["bob"])
    before = relay.log.copy()
    for i in range(6):
        a.say("what is forgotten %d" % i)
    seen(relay, b, "message", text="what is forgotten 5")
    relay.restart(before)
    seen(relay, b, "rewritten")
    relay.until(lambda: len(relay.members) == 2)
    a.say("something else")
    seen(relay, b, "message", text="something else")
    b.do(do="quit")
    relay.until(lambda: b.p.poll() is not None)
    first, second = files(tmp_path / "t")
    _, t, said = both([first])
    assert [text for _, text in said] == ["what is forgotten %d" % i for i in range(6)]
    _, u, said = both([second])
    assert ("alice", "something else") in said and u["first"] <= t["last"]
    status, x = found(first, second)
    assert status == 1 and "was rewritten" in x["transcripts"][0]["wrong"]["text"]
    with pytest.raises(transcript1.Wrong):
        transcript1.check(first.read_bytes(), second.read_bytes())


def test_the_history(world):
    """What was said while somebody was away is recorded in its place; what is read back
    is not."""
    folder = world.tmp / "t"
    s, a = den(world, "alice")
    say(a, "of before")
    a.see("sent", room="den")
    b = world.client(s, "bob", "--transcript", str(folder))
    b.joined()
    enters(b)
    a.see("join", room="den", names=["bob"])
    say(a, "one")
    heard(b, "one")
    b.quit()
    a.see("leave", room="den")
    say(a, "two", "three")
    a.see("sent", room="den", n=4)
    b = world.client(s, "bob", "--transcript", str(folder))
    b.joined()
    enters(b)
    heard(b, "three")
    say(a, "four")
    heard(b, "four")
    b.do(do="history", room="den", count=100)
    b.see("history", room="den", n=2)
    b.quit()
    c, t, said = both([p for p in files(folder) if p.name.startswith("den")])
    assert said == [("alice", text) for text in ("one", "two", "three", "four")]
    assert not t["gaps"] and t["first"] > 1


def test_a_full_disk(room, tmp_path):
    """What is written stays whole and proves what it has; the user is told, and so is who
    started the program."""
    def small():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
    a = room("alice", "--transcript", str(tmp_path / "t"), preexec=small)
    a.joined()
    b = room("bob")
    b.joined()
    a.see("join", names=["bob"])
    b.see("keeps", name="alice", on=True)
    for i in range(40):
        a.say("%d " % i + "x" * 500)
    e = a.see("error", code="transcript")
    assert re.search("the transcript of lobby cannot be written: ", e["text"]), e
    a.see("transcript", on=False)
    b.see("keeps", name="alice", on=False)
    sent(a, 40)                     # the talk goes on
    b.see("message", n=40)
    a.do(do="quit")
    assert a.wait() == 1
    (path,) = files(tmp_path / "t")
    data = path.read_bytes()
    assert data.endswith(b"}\n") and len(data) <= 20000
    status, x = found("--unfinished", path)
    assert status == 0 and 0 < x["transcripts"][0]["messages"] < 40
    assert found(path)[0] == 1      # it does not end in order
    transcript1.check(data, whole=False)


def test_certificates(tmp_path):
    """A CA says whose key it is; the example's message is of 2026-01-01."""
    path = tmp_path / "example.jsonl"
    path.write_text("\n".join(example.stored()["transcript"]) + "\n")
    raw = transcript1.b64(json.loads(example.stored()["transcript"][3]), "identity", 32)
    key = Ed25519PublicKey.from_public_bytes(raw)
    ago = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    old = {"before": -ago - datetime.timedelta(days=2), "after": -ago + datetime.timedelta(days=2)}
    ca = certs.CA(tmp_path)
    root = certs.write(tmp_path / "old.pem", certs.pem(ca.issue("test CA", ca.key, ca=True, before=old["before"], after=certs.DAY)))
    good = ca.member("alice", key, **old)
    status, x = found("--ca", root, "--certificate", good, path)
    assert status == 0 and x["transcripts"][0]["people"][0]["certified"]
    assert "which is alice's, by a certificate of the CA" in verify("--ca", root, "--certificate", good, path)[1]
    for bad, why in ((ca.member("bob", key, "b", **old), "another name"),
                     (ca.member("alice", Ed25519PrivateKey.generate().public_key(), "k", **old), "another identity"),
                     (ca.member("alice", key, "late"), "not valid yet"),
                     (certs.CA(tmp_path, "another").member("alice", key, "u", **old), "nobody who is trusted")):
        status, x = found("--ca", root, "--certificate", bad, path)
        assert status == 1 and not x["transcripts"][0]["people"][0]["certified"]
        assert why in verify("--ca", root, "--certificate", bad, path)[1], why
    assert verify("--ca", root, path)[0] == 2
    assert verify("--ca", root, "--certificate", str(path), path)[0] == 2
    assert verify("--ca", str(tmp_path / "none"), "--certificate", good, path)[0] == 2


def test_usage(tmp_path):
    assert verify()[0] == 2
    assert verify("--person", "abc", "x")[0] == 2
    status, _, err = verify(str(tmp_path / "none"))
    assert status == 2 and "cannot open" in err
    assert verify("--help")[0] == 0
    empty = tmp_path / "empty"
    empty.touch()
    assert verify(str(empty))[0] == 1
