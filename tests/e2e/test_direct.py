"""Direct messages: an independent client and the real server. Prekeys are given out
once, frames wait for who is away and outlive the server, nobody reads, forges or
drains what is not theirs."""

import json
import os
import resource
import signal
import sqlite3
import time
import types

import pytest

import conclave1
from conclave1 import Refused
from direct1 import Device, Key, seal, spki_of
from harness import PASSWORD, WATCHED, Proxy, until
from test_accounts import record
from test_conclavectl import ctl, rows, serve, state, status
from test_keeper import processes
from test_sandbox import children
from test_wiped import count


def device(world, s, name, identity=None, n=10, begin=True, password=PASSWORD, **more):
    """identity: that of an earlier one, whose keys it does not have."""
    conclave1.rsa_key()
    d = Device(s.address)
    world.peers.append(d)
    d.join(password, name, identity=identity, **more)
    if begin:
        d.publish(n, replace=identity is not None)
        d.mine()
    return d


def killed(s):
    s.signal(signal.SIGKILL)
    s.wait()


def texts(d):
    return [json.loads(m[3])["text"] for m in d.mail]


def has(d, *want):
    d.until(lambda: len(d.mail) >= len(want))
    assert texts(d) == list(want)


def done(answers):
    assert answers and not [a for a in answers if a["type"] != "done"]


def test_both_online(world):
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "Bob")
    done(alice.tell("bob", "one"))
    done(bob.tell("ALICE", "back"))
    done(alice.tell("bob", "two"))
    has(bob, "one", "two")
    has(alice, "back")
    assert bob.mail[0][0] == "alice" and alice.mail[0][0] == "Bob"
    assert bob.mail[0][2] < bob.mail[1][2]
    assert not bob.spoiled


@pytest.mark.parametrize("kept", [True, False])
def test_who_is_away(world, kept):
    """Its frames wait, in order, until it has them for good: with a state directory
    and without."""
    s = serve(world) if kept else world.server()
    alice = device(world, s, "alice")
    bob = device(world, s, "bob", n=3)
    key, keys = bob.identity, bob.keys
    bob.close()
    for i in range(7):
        done(alice.tell("bob", "m%d" % i))

    def again():
        d = device(world, s, "bob", key, begin=False)
        d.keys = keys
        d.mine()
        return d
    bob = again()
    has(bob, *["m%d" % i for i in range(7)])
    bob.ack(bob.mail[3][2])
    bob.round_trip()
    bob.close()
    bob = again()
    has(bob, "m4", "m5", "m6")
    bob.ack()
    bob.round_trip()
    bob.close()
    bob = again()
    done(alice.tell("bob", "later"))
    has(bob, "later")
    assert bob.mail[0][2] > 7       # no number comes twice


def test_restart_and_kill(world):
    """What was acknowledged to its sender outlives the server, killed or stopped."""
    s = serve(world)
    alice = device(world, s, "alice")
    bob = device(world, s, "bob")
    key, keys = bob.identity, bob.keys
    bob.close()
    done(alice.tell("bob", "before the kill"))
    killed(s)
    s = serve(world)
    carol = device(world, s, "carol")
    done(carol.tell("bob", "after it"))
    assert status(world)["direct_frames"] == 2
    assert s.stop() == 0
    s = serve(world)
    bob = device(world, s, "bob", key, begin=False)
    bob.keys = keys
    assert len(bob.mine()[1]) == 8      # two were given out, and never again
    has(bob, "before the kill", "after it")
    assert [m[0] for m in bob.mail] == ["alice", "carol"]
    bob.ack()
    bob.round_trip()
    assert status(world)["direct_frames"] == 0


def test_keys_are_given_once(world):
    """The same key never to two, the lasting one when there are no others, and the
    device is told when few are left."""
    s = serve(world)
    bob = device(world, s, "bob", n=25)
    own = [device(world, s, "p%d" % i, begin=False) for i in range(3)]
    given = []
    for i in range(27):
        (_, key, once), = own[i % 3].get("bob")
        assert once == (i < 25)
        given.append(key)
    assert len(set(given[:25])) == 25
    assert set(given[25:]) == {bob.lasting.public}
    assert set(given) == set(bob.keys)
    bob.until(lambda: bob.low and bob.low[-1] == 0)
    assert bob.low == sorted(bob.low, reverse=True) and bob.low[0] == 19
    bob.publish(5, lasting=False)
    assert own[0].get("bob")[0][2]


def test_a_member_drains_them(world):
    """One that asks for all of them gets ten; others still get theirs."""
    s = serve(world)
    device(world, s, "bob", n=40)
    mallory = device(world, s, "mallory", begin=False)
    assert [mallory.get("bob")[0][2] for _ in range(60)] == [True] * 10 + [False] * 50
    assert device(world, s, "carol", begin=False).get("bob")[0][2]


def test_what_is_published(world):
    """Only what this device signed, for this server, and no more than it may."""
    s = serve(world)
    bob = device(world, s, "bob", begin=False)
    other = device(world, s, "other", begin=False)

    def refused(**more):
        a = bob.request("prekeys", **{**bob.prekeys(2), **more})
        assert a["type"] == "failed", a
        return a["code"]
    assert bob.mine() == (None, [])
    assert refused(lasting=Key(other, 0).json()) == "bad_value"
    assert refused(lasting=Key(bob, 1).json()) == "bad_value"
    assert refused(once=[Key(bob, 0).json()]) == "bad_value"
    k = Key(bob, 1).json()
    assert refused(once=[k, k]) == "bad_value"
    assert refused(once=[{**k, "made": k["made"] + 1}]) == "bad_value"
    bob.publish(50)
    bob.publish(50)
    lasting = conclave1.b64(bob.lasting.public)
    assert refused(once=[k]) == "quota"
    a, b = bob.mine()
    assert a == lasting and len(b) == 100
    bob.publish(3, replace=True)
    assert bob.mine()[1] == [conclave1.b64(p) for p in list(bob.keys)[-3:]]
    assert refused(once=[bob.keys[list(bob.keys)[-1]].json()]) == "bad_value"
    # Each costs the server a signature to verify: not without an end.
    codes = [bob.request("prekeys", **bob.prekeys(50, replace=True)).get("code")
             for _ in range(8)]
    assert "quota" in codes and codes[-1] == "quota"


def test_hostile_prekeys(world):
    s = serve(world)
    bob = device(world, s, "bob", begin=False)
    good = bob.prekeys(1)
    zero = {**good["lasting"], "key": conclave1.b64(bytes(32))}
    for bad in ({**good, "lasting": zero}, {**good, "once": [zero]},
                {**good, "once": good["once"] * 51}, {**good, "lasting": 7},
                {**good, "certificate": ""}, {**good, "certificate": conclave1.b64(bytes(4097))}):
        d = device(world, s, "m", begin=False)
        d.ask("prekeys", **bad)
        d.to_end()
        assert d.has("bye", code="protocol")
        ctl(world, "forget", "m")


def test_hostile_frames(world):
    """Each of them ends its sender's connection, and reaches nobody."""
    s = serve(world)
    bob = device(world, s, "bob")
    alice = device(world, s, "alice")
    spki, key, _ = alice.get("bob")[0]

    def frame(d, n):
        return seal(conclave1.sha(d.server), d.identity, spki, key, b"{}", n)
    hostile = {
        "no number": lambda d: frame(d, 0),
        "a number that is none": lambda d: frame(d, (1 << 31) + 1),
        "a huge number": lambda d: frame(d, 1 << 63),
        "from alice": lambda d: frame(alice, 1),
        "from nobody": lambda d: frame(d, 1)[:40] + bytes(32) + frame(d, 1)[72:],
        "too short": lambda d: frame(d, 1)[:215],
        "too long": lambda d: frame(d, 1) + bytes(65752),
    }
    for what, make in hostile.items():
        d = device(world, s, "m", begin=False)
        d.send_body(make(d))
        d.to_end()
        assert d.has("bye", code="protocol"), what
        ctl(world, "forget", "m")
    # One that is not sealed under the link.
    d = device(world, s, "m", begin=False)
    d.send_frames((conclave1.DIRECT, frame(d, 1) + bytes(16)))
    d.to_end()
    assert d.has("bye", code="protocol")
    ctl(world, "forget", "m")
    # An ack of what it was not sent, or without having asked for anything.
    for upto in (1, 1 << 62):
        d = device(world, s, "m", begin=False)
        d.ack(upto)
        d.to_end()
        assert d.has("bye", code="protocol")
        ctl(world, "forget", "m")
    bob.ack(0)
    # A number that is open already.
    d = device(world, s, "m", begin=False)
    d.send_body(frame(d, 5), frame(d, 5))
    d.pump(1)
    bob.round_trip()
    assert len(bob.mail) <= 2 and not bob.spoiled


def test_frames_that_do_not_open(world):
    """The server cannot look into them: the recipient finds them, and goes on."""
    s = serve(world)
    bob, alice = device(world, s, "bob"), device(world, s, "alice")
    spki, key, _ = alice.get("bob")[0]
    for change in (lambda b: b[:-1] + bytes([b[-1] ^ 1]),
                   lambda b: b[:72] + bytes(31) + b"\x09" + b[104:],
                   lambda b: b[:104] + bob.lasting.public + b[136:]):
        done([alice.answer(alice.send_direct(spki, key, b"{}", change=change))])
    done([alice.answer(alice.send_direct(spki, key, alice.content_of("good")))])
    has(bob, "good")
    assert len(bob.spoiled) == 3


def test_first_asked_then_published(world):
    """A device that asks for its keys before it has any gets what is sent to it later."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob", begin=False)
    assert bob.mine() == (None, [])
    bob.publish(1)
    done(alice.tell("bob", "one"))
    has(bob, "one")
    # A newer connection that only publishes takes nothing away.
    other = device(world, s, "bob", bob.identity, begin=False)
    other.publish(1)
    done(alice.tell("bob", "two"))
    bob.until(lambda: len(bob.mail) + len(bob.spoiled) == 2)
    assert not other.mail and not other.spoiled


def test_a_sender_has_the_rate_of_all(world):
    """Direct messages are as limited as those in a room."""
    s = serve(world, "--rate", "20/s")
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    spki, prekey = alice.get("bob")[0][:2]
    began = time.monotonic()
    sent = []
    for i in range(140):        # 5 s worth at once
        sent.append(alice.send_direct(spki, prekey, alice.content_of("%d" % i)))
        if i % 50 == 49:
            done([alice.answer(r) for r in sent[-50:]])
            bob.until(lambda: len(bob.mail) == len(sent))
            bob.ack()
    done([alice.answer(r) for r in sent])
    assert time.monotonic() - began > 1.5


def test_nobody_there(world):
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob", begin=False)
    assert alice.get("bob") == []       # it has published nothing
    with pytest.raises(Refused) as e:
        alice.get("nobody")
    assert e.value.code == "no_account"
    spki = conclave1.spki(bob.identity.public_key())
    a = alice.answer(alice.send_direct(spki, alice.lasting.public, b"{}"))
    assert a["code"] == "no_account"
    own = conclave1.spki(alice.identity.public_key())
    a = alice.answer(alice.send_direct(own, alice.lasting.public, b"{}"))
    assert a["code"] == "bad_value"


def test_blocked(world):
    """The server refuses frames and keys; it outlives a restart, and can be undone."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    key = bob.identity
    spki, prekey, _ = alice.get("bob")[0]
    assert bob.request("block", who="nobody", on=True)["code"] == "no_account"
    assert bob.request("block", who="bob", on=True)["code"] == "bad_value"
    assert bob.request("block", who="Alice", on=True)["type"] == "done"
    assert bob.request("blocks")["blocks"] == ["alice"]
    assert alice.answer(alice.send_direct(spki, prekey, b"{}"))["code"] == "blocked"
    with pytest.raises(Refused) as e:
        alice.get("bob")
    assert e.value.code == "blocked"
    done(bob.tell("alice", "you cannot answer"))
    has(alice, "you cannot answer")
    audit = [r["act"] for r in rows(world, "audit")]
    assert audit.count("block") == 1
    identity = alice.identity
    killed(s)
    s = serve(world)
    alice = device(world, s, "alice", identity)
    bob = device(world, s, "bob", key)
    assert alice.answer(alice.send_direct(spki, prekey, b"{}"))["code"] == "blocked"
    assert bob.request("block", who="alice", on=False)["type"] == "done"
    assert bob.request("blocks")["blocks"] == []
    done(alice.tell("bob", "again"))
    has(bob, "again")


def test_quota(world):
    """100 from one, 4 MiB for one; then it is refused until they were taken."""
    s = serve(world, "--rate-bytes", "1G/s", "--rate-burst", "1G")
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    key, keys = bob.identity, bob.keys
    bob.close()
    spki, prekey = alice.get("bob")[0][:2]
    reqs = [alice.send_direct(spki, prekey, alice.content_of("x%d" % i)) for i in range(60)]
    got = [alice.answer(r) for r in reqs]
    reqs = [alice.send_direct(spki, prekey, alice.content_of("y%d" % i)) for i in range(60)]
    got += [alice.answer(r) for r in reqs]
    assert [a["type"] for a in got] == ["done"] * 100 + ["failed"] * 20
    assert {a["code"] for a in got[100:]} == {"quota"}
    carol = device(world, s, "carol")
    got = [carol.answer(carol.send_direct(spki, prekey, bytes(65536))) for _ in range(65)]
    assert [a["type"] for a in got][-2:] == ["failed"] * 2
    found = status(world)
    assert found["direct_bytes"] <= 4 << 20
    bob = device(world, s, "bob", key, begin=False)
    bob.keys = keys
    bob.mine()
    bob.until(lambda: len(bob.mail) + len(bob.spoiled) == found["direct_frames"])
    bob.ack()
    bob.round_trip()
    done(alice.tell("bob", "there is room again"))


def test_a_device_that_is_forgotten(world):
    """Its keys and frames go with it; the account's blocks as well."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    bob.request("block", who="alice", on=True)
    device(world, s, "carol").tell("bob", "too late")
    assert ctl(world, "forget", "bob").returncode == 0
    found = status(world)
    assert found["direct_frames"] == 0 and found["direct_devices"] == 2
    assert s.stop() == 0
    db = sqlite3.connect(os.path.join(state(world), "conclave.db"))
    assert db.execute("SELECT count(*) FROM direct_device").fetchone() == (2,)
    assert db.execute("SELECT count(*) FROM direct_frame").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM block").fetchone() == (0,)
    db.close()
    s = serve(world)
    bob = device(world, s, "bob", bob.identity)
    done(device(world, s, "alice", alice.identity).tell("bob", "a new one"))
    has(bob, "a new one")


def test_several_devices(world):
    """Each of the recipient's gets a frame, and the sender's others; one that is taken
    from the account gets no more, and a page has eight."""
    s = serve(world, "--max-per-account", "20")
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    assert bob.request("account_password", **record("bob", "his own"))["type"] == "done"
    others = [device(world, s, "bob", password="his own", account="bob") for _ in range(9)]
    assert len(alice.get("bob")) == 10
    assert len(alice.request("prekeys_get", who="bob")["prekeys"]) == 8
    done(alice.tell("bob", "to all"))
    for d in [bob, *others]:
        has(d, "to all")
        assert not d.spoiled
    # His own other devices: all but the one that asks.
    own = {spki for spki, _, _ in bob.get("bob")}
    assert own == {conclave1.spki(d.identity.public_key()) for d in others}
    done(bob.tell("bob", "a copy"))
    has(others[0], "to all", "a copy")
    assert others[0].sender[0] == "bob"
    gone = conclave1.raw(others[0].identity.public_key())
    assert bob.request("account_forget", identity=conclave1.b64(gone))["type"] == "done"
    others[0].to_end()
    assert len(alice.get("bob")) == 9
    a = alice.answer(alice.send_direct(spki_of(gone), alice.lasting.public, b"{}"))
    assert a["code"] == "no_account"


def test_a_certificate_goes_along(world):
    """What a device has published comes with its keys and its frames."""
    s = serve(world)
    der = os.urandom(4096)
    alice, bob = device(world, s, "alice", begin=False), device(world, s, "bob")
    alice.publish(1, certificate=conclave1.b64(der))
    page = bob.request("prekeys_get", who="alice")["prekeys"]
    assert page[0]["certificate"] == conclave1.b64(der)
    done(alice.tell("bob", "hello"))
    has(bob, "hello")
    assert bob.certified == [der]


def test_the_last_one_reads(world):
    """Of two programs with one identity, frames come to the one that asked last."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    done(alice.tell("bob", "first"))
    has(bob, "first")
    other = device(world, s, "bob", bob.identity, begin=False)
    other.keys = bob.keys
    other.mine()
    done(alice.tell("bob", "second"))
    has(other, "first", "second")
    bob.round_trip()
    assert len(bob.mail) == 1
    # The one that no longer reads deletes nothing.
    bob.ack()
    bob.round_trip()
    assert status(world)["direct_frames"] == 2


def test_many_in_order(world):
    """More than a piece of the queue, while the recipient does not read: each once,
    in order, and rooms are heard meanwhile."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    spki, prekey = alice.get("bob")[0][:2]
    sent = 0
    while sent < 600:
        reqs = []
        for _ in range(50):
            reqs.append(alice.send_direct(spki, prekey, alice.content_of(
                "%d" % sent, **({"pad2": "x" * 5000} if sent % 7 == 0 else {}))))
            sent += 1
        done([alice.answer(r) for r in reqs])
        bob.until(lambda: len(bob.mail) == sent)
        bob.ack()
    assert texts(bob) == ["%d" % i for i in range(600)]
    alice.say("in the room")
    bob.until(lambda: "in the room" in bob.texts())


def test_nobody_on_the_wire_sees_who_writes_to_whom(world):
    """Between client and server a frame's head is sealed as well: no fingerprint and no
    prekey is to be seen."""
    proxy = Proxy(serve(world))
    at = types.SimpleNamespace(address=("127.0.0.1", proxy.port))
    alice, bob = device(world, at, "alice"), device(world, at, "bob")
    done(alice.tell("bob", "hello"))
    has(bob, "hello")
    shown = [conclave1.raw(d.identity.public_key()) for d in (alice, bob)]
    shown += [conclave1.sha(conclave1.spki(d.identity.public_key())) for d in (alice, bob)]
    shown += [key for d in (alice, bob) for key in d.keys]
    assert len(proxy.passed) == 4 and all(proxy.passed)
    for data in map(bytes, proxy.passed):
        assert not [x for x in shown if x in data or conclave1.b64(x).encode() in data]


def test_each_once_over_kills(world):
    """Both ends come again after each kill of the server. The sender repeats what was
    not answered, under the same id; the recipient has shown ids. In the end each is
    there once, in the order in which it was first sent."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob", n=0)
    keys, shown, want, i = bob.keys, {}, [], 0
    (spki, prekey, _), = alice.get("bob")
    unanswered = {}             # by number of the message

    def show(d):
        for _, _, number, content in d.mail:
            m = json.loads(content)
            shown.setdefault(m["id"], m["text"])
        d.mail.clear()

    for life in range(4):
        for n in sorted(unanswered):
            unanswered[n] = (unanswered[n][0], alice.send_direct(spki, prekey, unanswered[n][0]))
        alice.until(lambda: all(r in alice.answers for _, r in unanswered.values()))
        while status(world)["direct_frames"]:       # a hundred of one sender may wait
            bob.pump(0.1)
            show(bob)
            bob.ack()
            bob.round_trip()
        for _ in range(8):
            for _ in range(30):
                content = alice.content_of("%d" % i)
                want.append("%d" % i)
                unanswered[i] = (content, alice.send_direct(spki, prekey, content))
                i += 1
            if life < 3 and len(want) % 240 == 0:
                break           # the kill comes with these on their way
            alice.until(lambda: all(r in alice.answers for _, r in unanswered.values()))
            done([alice.answers[r] for _, r in unanswered.values()])
            unanswered.clear()
            if len(want) % 240 == 210 and life % 2:
                continue        # these are not acknowledged before the kill
            bob.until(lambda: show(bob) or len(shown) == len(want))
            bob.ack()
            bob.round_trip()
        if life == 3:
            break
        bob.pump(0.05)
        show(bob)
        killed(s)
        for n, (_, r) in list(unanswered.items()):
            if alice.answers.get(r, {}).get("type") == "done":
                del unanswered[n]
        s = serve(world)
        old = alice.identity
        alice = device(world, s, "alice", old, n=0)
        bob = device(world, s, "bob", bob.identity, begin=False)
        bob.keys = keys
        bob.mine()
    bob.until(lambda: show(bob) or len(shown) == len(want))
    bob.ack()
    bob.round_trip()
    show(bob)
    assert list(shown.values()) == want and not bob.spoiled
    assert status(world)["direct_frames"] == 0


@pytest.mark.skipif(WATCHED, reason="the watcher's memory is large")
def test_nothing_readable_is_kept(world):
    """Neither the database nor its WAL has a word of what was said."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    bob.close()
    word = "a-word-that-nobody-else-says"
    done(alice.tell("bob", word))
    for name in os.listdir(state(world)):
        path = os.path.join(state(world), name)
        if os.path.isfile(path):
            with open(path, "rb") as f:
                assert word.encode() not in f.read(), name
    for pid in [s.p.pid] + descendants(s.p.pid):
        assert count(pid, word) == 0, pid


def descendants(pid):
    out = []
    for child in children(pid):
        out += [child] + descendants(child)
    return out


@pytest.mark.skipif(WATCHED, reason="the watcher writes files")
def test_full_disk(world):
    """While nothing can be written, nothing is acknowledged and no prekey is given;
    when it can be again, all of it is."""
    s = serve(world)
    alice, bob = device(world, s, "alice"), device(world, s, "bob")
    spki, prekey = alice.get("bob")[0][:2]
    _, keeper = processes(s)
    resource.prlimit(keeper, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    sent = [alice.send_direct(spki, prekey, alice.content_of("kept %d" % i)) for i in range(5)]
    asked = alice.ask("prekeys_get", who="bob")
    until(lambda: s.said("nothing can be kept"), what="the word of it")
    alice.pump(1)
    bob.pump(1)
    assert not bob.mail and not set(sent + [asked]) & set(alice.answers)
    resource.prlimit(keeper, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    done([alice.answer(r) for r in sent] + [alice.answer(asked)])
    has(bob, *["kept %d" % i for i in range(5)])
