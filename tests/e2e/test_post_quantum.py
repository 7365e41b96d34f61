"""The post-quantum part of the handshake: ML-KEM-768 beside SPAKE2+, where the
OpenSSL of this machine has it (3.5). Peers and relay in Python have one of their
own, so what they offer and bend is tried with every OpenSSL."""

import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

import mlkem
from conclave1 import Breach, Closed, Refused, b64
from harness import PASSWORD, TOP, Server, until
from relay1 import Relay

SEED = bytes(range(64))
NEEDED = "needs ML-KEM-768, which this machine's OpenSSL lacks"


@pytest.fixture
def relay():
    r = Relay()
    yield r
    r.close()


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory):
    """Does this machine's conclaved have ML-KEM?"""
    s = Server(tmp_path_factory.mktemp("pq"))
    said = s.said(r"info start: key exchange: (hybrid \(ML-KEM-768 \+ SPAKE2\+\)|"
                  r"classical \(SPAKE2\+\)$)")
    s.stop()
    assert said, s.err
    return "hybrid" in said


def only_with(hybrid):
    if not hybrid:
        pytest.skip("this machine's OpenSSL has no ML-KEM-768: 3.5 has it")


def only_without(hybrid):
    if hybrid:
        pytest.skip("this machine's OpenSSL has ML-KEM-768")


def test_the_peers_own_mlkem():
    """Against the published vectors."""
    with open(os.path.join(TOP, "tests", "vectors", "mlkem768_fips203.json")) as f:
        v = {k: [{n: bytes.fromhex(x) for n, x in t.items() if n not in ("name", "n")}
                 for t in tests] for k, tests in json.load(f).items() if k != "algorithm"}
    for t in v["keygen"]:
        assert mlkem.keygen(t["seed"])[0] == t["ek"]
    for t in v["encapsulation"]:
        assert mlkem.encaps(t["ek"], t["m"]) == (t["c"], t["k"])
    for t in v["decapsulation"]:
        assert mlkem.decaps(t["dk"], t["c"]) == t["k"]
    for t in v["invalid_key"]:
        with pytest.raises(ValueError):
            mlkem.encaps(t["ek"], bytes(32))


# --- who has what ------------------------------------------------------------


def test_both_kinds_of_clients(world, hybrid):
    """An old client and a new one talk, whatever the server has, and the log says
    which is which."""
    s = world.server()
    old, new = world.peer(s, "old"), world.peer(s, "new", kem=SEED)
    assert (old.hybrid, new.hybrid) == (False, hybrid)
    real = world.client(s, "real")
    word = "hybrid" if hybrid else "classical"
    assert real.joined()["exchange"] == word
    real.say("hello")
    for peer in (old, new):
        peer.until(lambda: "hello" in peer.texts("real"))
        peer.say("from " + peer.name)
        real.see("message", text="from " + peer.name)
    for name, kind in (("old", "classical"), ("new", word), ("real", word)):
        until(lambda: s.said(r"join: %s \(.*\) in lobby, %s$" % (name, kind)), what=name)


def test_a_client_shows_it(world, relay, hybrid):
    """The same of a client, with a relay that has it and one that has not."""
    for pq in (False, True):
        relay.pq = pq
        c = world.client(relay.invite, "alice", home="home%d" % pq)
        relay.until(lambda: c.events("connected"))
        assert c.events("connected")[0]["exchange"] == (
            "hybrid" if pq and hybrid else "classical")
        assert (relay.offers[-1] is not None) == hybrid
        c.do(do="quit")
        relay.until(lambda: c.p.poll() is not None)


def test_a_fresh_key_each_time(world, relay, hybrid):
    only_with(hybrid)
    for n in range(2):
        c = world.client(relay.invite, "alice", home="home%d" % n)
        relay.until(lambda: c.events("connected"))
        c.do(do="quit")
        relay.until(lambda: c.p.poll() is not None)
    assert len(set(relay.offers)) == 2


# --- required ----------------------------------------------------------------


def test_a_server_that_requires_it(world, hybrid):
    only_with(hybrid)
    s = world.server("--require-pq")
    with pytest.raises(Refused) as e:
        world.peer(s).hello()
    assert e.value.code == "weak"
    assert world.peer(s, "new", kem=SEED).hybrid
    assert world.client(s, "real").joined()["exchange"] == "hybrid"
    assert s.said("handshake: .*it has no post-quantum key exchange, which --require-pq demands")


def test_a_client_that_requires_it(world, relay, hybrid):
    """It ends before its share, so the server counts no guess."""
    only_with(hybrid)
    e = ending(world, relay, "--require-pq")
    assert (e["code"], e["status"]) == ("weak", 4)
    assert "the server has no post-quantum key exchange, which --require-pq demands" in e["text"]
    assert (relay.hellos, relay.shares) == (1, 0)
    relay.pq = True
    c = world.client(relay.invite, "bob", "--require-pq")
    relay.until(lambda: c.events("connected"))


def test_what_this_machine_has_not(world, relay, hybrid):
    """Both programs say at once that they cannot have it."""
    only_without(hybrid)
    s = world.server("--require-pq", ready=False)
    assert s.wait() == 1
    assert NEEDED in s.err[-1] and len(s.err) == 1, s.err
    c = world.client(relay.invite, "alice", "--require-pq")
    assert c.wait() == 2
    assert NEEDED in c.err[-1], c.err
    assert NEEDED in c.events("error")[0]["text"]
    assert relay.hellos == 0


def test_refused_as_too_weak(world, relay):
    """What a client without it reads from a server that requires it."""
    relay.refusal = "weak"
    e = ending(world, relay)
    assert e["code"] == "weak" and "use a client with OpenSSL 3.5 or newer" in e["text"]
    assert e["status"] == 4


# --- attacks on a server -----------------------------------------------------

BAD_OFFERS = [
    None, True, 7, "mlkem768", [], {"mlkem768": None}, {"mlkem768": 7},
    {"mlkem768": ""}, {"mlkem768": "AAAA"}, {"mlkem768": "!"},
    {"mlkem768": b64(bytes(1183))}, {"mlkem768": b64(bytes(1185))},
]


def test_offers_of_no_shape(world):
    """Every server checks the shape, also one that does not use it."""
    s = world.server()
    for bad in BAD_OFFERS:
        p = world.peer(s)
        p.send_message({"type": "handshake", "step": "hello", "protocols": ["conclave/1"],
                        "account": "*", "nonce": b64(os.urandom(32)), "kem": bad})
        with pytest.raises(Refused) as e:
            p.read_message("challenge")
        assert e.value.code == "protocol", bad
    assert not world.peer(s, "alice", kem={"another": 1}).hybrid


def test_keys_out_of_range(world, hybrid):
    """Each ends without a confirm, so it is no guess: the right password still
    gets in after more of them than wrong passwords would be allowed."""
    only_with(hybrid)
    s = world.server()
    public, _ = mlkem.keygen(SEED)
    for at in (0, 1, 2, 576, 1149, 1151) * 2:
        bad = bytearray(public)
        bad[at - at % 3:at - at % 3 + 3] = b"\xff\xff\xff"
        p = world.peer(s)
        p.hello(kem={"mlkem768": b64(bytes(bad))})
        p.share("a wrong password")
        with pytest.raises(Refused) as e:
            p.confirm()
        assert e.value.code == "protocol"
    assert s.said("handshake: .*a key is not of a permitted shape")
    assert world.peer(s, "alice", kem=SEED).hybrid


def test_a_key_of_zeros(world, hybrid):
    """It is in range. Nobody can open what is sealed to it."""
    only_with(hybrid)
    p = world.peer(world.server())
    p.hello(kem={"mlkem768": b64(bytes(mlkem.PUBLIC))})
    assert p.hybrid
    _, p.kem_private = mlkem.keygen(SEED)
    p.share(PASSWORD)
    p.confirm()
    p.finish(p.make_card("alice", "", ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises((Refused, Breach, Closed)):
        p.until(lambda: p.joined)


def test_the_offer_taken_out_on_the_way(world):
    """The server signs what it got: the client sees the difference at once."""
    p = world.peer(world.server())
    send = p.send_raw
    p.send_raw = lambda data: send(without_kem(data))
    p.hello(kem=SEED)
    p.send_raw = send
    assert not p.hybrid
    p.share(PASSWORD)
    with pytest.raises(Breach):
        p.confirm()


def without_kem(data):
    o = json.loads(data[4:])
    o.pop("kem", None)
    b = json.dumps(o).encode()
    return len(b).to_bytes(4, "big") + b


# --- attacks on a client -----------------------------------------------------


def ending(world, relay, *args):
    """How a client ends that never was in: its last error, and its exit status."""
    c = world.client(relay.invite, "alice", "--no-reconnect", *args)
    relay.until(lambda: c.p.poll() is not None)
    status = c.wait()
    assert not c.events("connected")
    return dict(c.events("error")[-1] if c.events("error") else {}, status=status)


def test_chosen_without_an_offer(world, relay, hybrid):
    only_without(hybrid)
    relay.chosen = "mlkem768"
    assert ending(world, relay)["code"] == "protocol"
    assert relay.shares == 0


def test_another_one_chosen(world, relay):
    relay.pq, relay.chosen = True, "mlkem1024"
    assert ending(world, relay)["code"] == "protocol"
    assert relay.shares == 0


def test_a_ciphertext_that_nobody_asked_for(world, relay):
    """Signed, or put in on the way."""
    relay.bend_kem = lambda sealed: bytes(mlkem.SEALED)
    assert ending(world, relay)["code"] == "protocol"
    relay.bend_kem = lambda sealed: sealed
    relay.bend_signed_kem = lambda sealed: bytes(mlkem.SEALED)
    e = ending(world, relay)
    assert e["code"] == "protocol" and "proof does not verify" in e["text"]


@pytest.mark.parametrize("how", ["taken out", "one bit", "zeros", "random"])
def test_a_ciphertext_changed_on_the_way(world, relay, hybrid, how):
    """The client finds it before it sends its card."""
    only_with(hybrid)
    relay.pq = True
    relay.bend_signed_kem = lambda sealed: {
        "taken out": b"", "one bit": bytes([sealed[0] ^ 1]) + sealed[1:],
        "zeros": bytes(mlkem.SEALED), "random": os.urandom(mlkem.SEALED)}[how]
    e = ending(world, relay)
    assert e["code"] == "protocol" and "proof does not verify" in e["text"]
    assert relay.breaches == []


@pytest.mark.parametrize("size", [1, 1087, 1089])
def test_a_ciphertext_of_another_size(world, relay, hybrid, size):
    only_with(hybrid)
    relay.pq = True
    relay.bend_kem = lambda sealed: os.urandom(size)
    assert ending(world, relay)["code"] == "protocol"
    assert relay.breaches == []


@pytest.mark.parametrize("how", ["one bit", "zeros"])
def test_a_signed_ciphertext_that_does_not_fit(world, relay, hybrid, how):
    """It is rejected without a word: the keys differ, and the server, which knows
    the password, opens no card."""
    only_with(hybrid)
    relay.pq = True
    relay.bend_kem = lambda sealed: (bytes(mlkem.SEALED) if how == "zeros" else
                                     bytes([sealed[0] ^ 1]) + sealed[1:])
    ending(world, relay)
    assert relay.breaches == ["the card does not open"]
