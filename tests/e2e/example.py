"""The worked example of PROTOCOL.md, section 8: one connection from fixed
inputs, and its handshake once more as a hybrid one, computed by the independent
client's code.

    python3 tests/e2e/example.py          writes tests/vectors/example.json and
                                          the section (new RSA key and OAEP seed)
    python3 tests/e2e/example.py keep     the same with the stored RSA key and
                                          wrapped secret

test_example.py and tests/unit/test_shared_example.c check both against the
two implementations."""

import base64
import hashlib
import json
import os
import re
import struct
import sys
from types import SimpleNamespace

sys.path.insert(0, os.path.dirname(__file__))

from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import (  # noqa: E402
    ed25519, padding, rsa, x25519)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402

import conclave1 as c  # noqa: E402
import direct1  # noqa: E402
import mlkem  # noqa: E402
from relay1 import SETTINGS, Log  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
VECTORS = os.path.join(TOP, "tests", "vectors", "example.json")
PAGE = os.path.join(TOP, "shared", "PROTOCOL.md")


def fixed(what, n=32):
    """An input that anybody can recompute."""
    out, i = b"", 0
    while len(out) < n:
        out += hashlib.sha256(b"conclave/1 example: %s %d" % (what.encode(), i)).digest()
        i += 1
    return out[:n]


def handshake(v, who, kem=None):
    """The five messages, and what follows from them, into v. kem: the client's
    seed and the server's m, for a hybrid one. Returns th(5), H(card) and the link."""
    session, salt = fixed("session"), fixed("salt")
    kdf = {"name": "scrypt", "n": 16384, "r": 8, "p": 1}
    offer, choice, answer, sealed_kem, k_kem = {}, {}, {}, b"", b""
    if kem:
        public, private = mlkem.keygen(kem[0])
        sealed_kem, k_kem = mlkem.encaps(public, kem[1])
        assert mlkem.decaps(private, sealed_kem) == k_kem
        offer = {"kem": {"mlkem768": c.b64(public)}}
        choice, answer = {"kem": "mlkem768"}, {"kem": c.b64(sealed_kem)}
        v.update(kem_seed=kem[0].hex(), kem_m=kem[1].hex(), k_kem=k_kem.hex(),
                 kem_public_hash=c.sha(public).hex(), kem_sealed_hash=c.sha(sealed_kem).hex())

    wire = b""
    messages = []

    def message(o):
        nonlocal wire
        b = c.dumps(o)
        messages.append(b.decode())
        wire += struct.pack(">I", len(b)) + b
        v["th%d" % len(messages)] = c.sha(wire).hex()
        return c.sha(wire)

    message({"type": "handshake", "step": "hello", "protocols": ["conclave/1"],
             "account": "*", "nonce": c.b64(fixed("hello")), **offer})
    th2 = message({"type": "handshake", "step": "challenge", "protocol": "conclave/1",
                   "session": c.b64(session), "identity": c.b64(c.spki(who.server.public_key())),
                   "kdf": kdf, "salt": c.b64(salt), "nonce": c.b64(fixed("challenge")),
                   **choice})
    w0, w1 = c.stretch(v["password"].encode(), b"*", b"conclave/1", salt, kdf)
    x = int(v["x"], 16) % (c.ORDER - 1) + 1
    y = int(v["y"], 16) % (c.ORDER - 1) + 1
    share_p = c.encode(c.add(c.mul(x, c.G), c.mul(w0, c.M)))
    share_v = c.encode(c.add(c.mul(y, c.G), c.mul(w0, c.N)))
    th3 = message({"type": "handshake", "step": "share", "share": c.b64(share_p)})
    ly = c.mul(y, c.G)
    confirm_p, confirm_v, shared = c.spake_keys(
        b"conclave/1" + th2, b"*", b"conclave/1", share_p, share_v,
        c.mul(x, ly), c.mul(w1, ly), w0)
    proved = c.label("conclave/1 server proof") + th3 + share_v + confirm_v + sealed_kem
    th4 = message({"type": "handshake", "step": "confirm", "share": c.b64(share_v),
                   "confirm": c.b64(confirm_v), "proof": c.b64(who.server.sign(proved)),
                   **answer})
    card = c.dumps({"v": 1, "name": "alice", "room": "",
                    "identity": c.b64(c.spki(who.alice.public_key())),
                    "wrap": c.b64(c.spki(who.wrap.public_key())),
                    "agree": c.b64(c.raw(who.agree.public_key())),
                    "instance": c.b64(fixed("instance", 16)),
                    "session": c.b64(session), "binding": c.b64(th4)})
    signature = who.alice.sign(c.label("conclave/1 card") + card)
    s4 = c.extract(th4, shared + k_kem)
    k = c.expand(s4, c.label("conclave/1 card key"), 44)
    sealed = AESGCM(k[:32]).encrypt(k[32:], signature + card, th4 + confirm_p)
    th5 = message({"type": "handshake", "step": "finish", "confirm": c.b64(confirm_p),
                   "card": c.b64(sealed)})
    s5 = c.extract(th5, s4)
    v.update(w0="%064x" % w0, w1="%064x" % w1, k_shared=shared.hex(),
             proved_hash=c.sha(proved).hex(), s4=s4.hex(),
             card_key=k.hex(), card=card.decode(), card_signature=signature.hex(),
             card_hash=c.sha(card).hex(), s5=s5.hex(), messages=messages)
    link = {}
    for d in ("c2s", "s2c"):
        seal = c.expand(s5, c.label("conclave/1 %s seal" % d), 44)
        mac = c.expand(s5, c.label("conclave/1 %s mac" % d), 32)
        v.update({d + "_seal": seal.hex(), d + "_mac": mac.hex()})
        link[d] = c.Direction(seal, mac)
    return th5, c.sha(card), link


def compute(rsa_der, wrapped=None):
    """The whole example. Without `wrapped`, wraps the secret again."""
    v = {}
    wrap = serialization.load_der_private_key(rsa_der, None)
    server = ed25519.Ed25519PrivateKey.from_private_bytes(fixed("server identity"))
    alice = ed25519.Ed25519PrivateKey.from_private_bytes(fixed("alice identity"))
    agree = x25519.X25519PrivateKey.from_private_bytes(fixed("alice agree"))
    who = SimpleNamespace(server=server, alice=alice, agree=agree, wrap=wrap)
    session = fixed("session")
    v.update(password="correct horse battery staple", name="alice",
             server_seed=fixed("server identity").hex(),
             alice_seed=fixed("alice identity").hex(), agree_seed=fixed("alice agree").hex(),
             instance=fixed("instance", 16).hex(),
             session=session.hex(), salt=fixed("salt").hex(), hello_nonce=fixed("hello").hex(),
             challenge_nonce=fixed("challenge").hex(), x=fixed("x", 48).hex(),
             y=fixed("y", 48).hex(), rsa=rsa_der.hex())
    # What a hybrid handshake has besides, or otherwise.
    other = dict(v)
    handshake(other, who, (fixed("kem seed", 64), fixed("kem m")))
    th5, card_hash, link = handshake(v, who)
    hybrid = {k: x for k, x in other.items() if v.get(k) != x}

    # the first record: key_exchange, the step of the seal key, user_list
    secret = fixed("secret of epoch 5")
    epoch = c.Epoch(1, 5, secret)
    place = c.Place(c.spki(server.public_key()), session, fixed("log"), "lobby")
    epoch.roster = c.roster_of([(7, "alice", c.spki(alice.public_key()), card_hash)])
    info = c.label("conclave/1 group key") + th5 + struct.pack(">III", 1, 5, 7)
    if wrapped is None:
        wrapped = wrap.public_key().encrypt(secret, padding.OAEP(
            padding.MGF1(hashes.SHA256()), hashes.SHA256(), info))
    assert wrap.decrypt(wrapped, padding.OAEP(
        padding.MGF1(hashes.SHA256()), hashes.SHA256(), info)) == secret
    key_exchange = c.padded({
        "type": "key_exchange", "room": {"id": 1, "name": "lobby", "log": c.b64(place.log)},
        "epoch": 5, "member": 7, "wrapped": c.b64(wrapped), "commit": c.b64(epoch.commit)})
    log = Log(place.log)
    for i in range(3):      # what was in the log before
        log.add(fixed("entry %d" % (i + 1)))
    v["chain_3"] = log.chain.hex()
    users = c.padded({
        "type": "user_list", "room": 1, "total": 1, "seq": 3, "roster": c.b64(epoch.roster),
        "entry": {"offset": 3, "chain": c.b64(log.chain), "topic": "what we drink",
                  "settings": SETTINGS},
        "users": [
            {"member": 7, "name": "alice", "identity": c.b64(c.spki(alice.public_key())),
             "card": c.b64(card_hash)}]})
    f1 = link["s2c"].seal(key_exchange)
    link["s2c"].next()
    v["s2c_next"] = (link["s2c"].key + link["s2c"].iv).hex()
    f2 = link["s2c"].seal(users)
    v.update(secret=secret.hex(), oaep_label=info.hex(), wrapped=wrapped.hex(),
             base=epoch.base.hex(), commit=epoch.commit.hex(), log=place.log.hex(),
             server=place.server.hex(), roster=epoch.roster.hex(),
             key_exchange=key_exchange.decode(), user_list=users.decode(),
             record_s2c_0=link["s2c"].record([(1, f1), (1, f2)]).hex())

    # alice sends a message, and the server acknowledges it
    content = c.padded({"type": "message", "id": c.b64(fixed("id", 16)),
                        "text": "hello, conclave", "ts": 1767225600000})
    key, iv = epoch.sender(7, card_hash)
    body = epoch.seal(place, 7, card_hash, "alice", alice.sign, 1, content)
    signed = epoch.context(place, 7, card_hash, 1, "alice", content)
    ack = c.padded({"type": "ack", "room": 1, "seq": 1, "offset": log.add(c.sha(body[8:]))})
    mark = struct.pack(">QIQ", 4, 1, 1) + c.sha(body[8:])
    v.update(mark=mark.hex(), chain_4=log.chain.hex())
    v.update(content=content.decode(), sender_key=(key + iv).hex(),
             signed=signed.hex(), signature=alice.sign(signed).hex(),
             group_body=body.hex(), record_c2s_0=link["c2s"].record([(2, body)]).hex(),
             ack=ack.decode(), record_s2c_1=link["s2c"].record(
                 [(5, mark), (1, link["s2c"].seal(ack))]).hex(),
             next_secret=c.join_step(secret).hex())
    v["transcript"] = transcript(v, c.raw(server.public_key()), c.raw(alice.public_key()))
    v["about"] = about(c.b64(fixed("id", 16)))
    sealed_room(v, epoch, place, card_hash, alice, content)
    ticket(v, alice)
    file(v)
    direct(v, server, alice)
    v["hybrid"] = hybrid
    return v


def sealed_room(v, plain, place, card_hash, alice, content):
    """The same message, if the room were sealed."""
    secret = fixed("secret of the room")
    epoch = c.sealed(plain, secret, place.log)
    key, iv = epoch.sender(7, card_hash)
    check = c.seal(secret, place.log)[1]
    v.update(seal_secret=secret.hex(), seal=c.seal(secret, place.log)[0].hex(), seal_check=check.hex(),
             seal_base=epoch.base.hex(), seal_commit=epoch.commit.hex(), seal_sender_key=(key + iv).hex(),
             seal_mark="seal 1 " + base64.urlsafe_b64encode(check).decode().rstrip("="),
             seal_body=epoch.seal(place, 7, card_hash, "alice", alice.sign, 1, content).hex())


def file(v):
    """A small file of alice: what is asked about it, its one piece, the offer."""
    text, key, iv = "hello, file\n", fixed("file key"), fixed("file iv", 12)
    blob, size = fixed("blob", 16), len("hello, file\n")
    aad = c.label("conclave/1 piece") + struct.pack(">QI", size, 0)
    body = (blob + struct.pack(">I", 0) + iv +
            AESGCM(key).encrypt(iv, text.encode().ljust(4096, b"\0"), aad))
    name = {"blob": c.b64(blob)}
    requests = ({"type": "blob_new", "req": 1, "size": 4096},
                {"type": "done", "req": 1, **name, "size": 4096, "pieces": 0, "ended": False},
                {"type": "blob_end", "req": 2, **name, "pieces": 1},
                {"type": "blob_get", "req": 3, **name, "from": 0, "count": 1})
    v.update(file_text=text, file_key=key.hex(), file_iv=iv.hex(), file_aad=aad.hex(),
             file_blob=blob.hex(), file_tail=body[-32:].hex(), file_body_hash=c.sha(body).hex(),
             file_offer=c.padded({
                 "type": "file", "id": c.b64(fixed("file id", 16)), "name": "hello.txt",
                 "size": size, **name, "key": c.b64(key), "hash": c.b64(c.sha(text.encode())),
                 "ts": 1767225606000}).decode(),
             file_requests=[c.padded(o).decode() for o in requests])


def direct(v, server, alice):
    """bob's prekey, and alice's direct message to him."""
    bob = ed25519.Ed25519PrivateKey.from_private_bytes(fixed("bob identity"))
    private = x25519.X25519PrivateKey.from_private_bytes(fixed("bob prekey"))
    e = x25519.X25519PrivateKey.from_private_bytes(fixed("alice e"))
    prekey = c.raw(private.public_key())
    place = c.sha(c.spki(server.public_key()))
    signature = bob.sign(direct1.prekey_text(place, 1, 1767225600, prekey))
    content = c.padded({"type": "message", "id": c.b64(fixed("direct id", 16)),
                        "text": "hello, bob", "ts": 1767225602000})
    body = direct1.seal(place, alice, c.spki(bob.public_key()), prekey, content, 3, e)
    v.update(direct_bob=fixed("bob identity").hex(), direct_prekey=fixed("bob prekey").hex(),
             direct_e=fixed("alice e").hex(), direct_prekey_signature=signature.hex(),
             direct_key=direct1.frame_key(e.exchange(private.public_key()), body).hex(),
             direct_content=content.decode(), direct_body=body.hex())
    v["direct_transcript"] = direct_transcript(v, c.raw(server.public_key()), c.raw(alice.public_key()), c.raw(bob.public_key()))


def chained(objects):
    """The lines of a transcript."""
    lines, before = [], bytes(32)
    for line in objects:
        text = json.dumps(line, separators=(",", ":"))[:-1]
        before = c.sha(before + text.encode())
        lines.append(text + ',"hash":"' + c.b64(before) + '"}')
    return lines


def transcript(v, server, alice):
    """alice's own transcript of that message."""
    def of(name):
        return c.b64(bytes.fromhex(v[name]))

    return chained((
            {"type": "head", "format": "conclave/1 transcript", "number": 1, "previous": c.b64(bytes(32)),
             "server": c.b64(server), "room": "lobby", "log": of("log"), "writer": "alice",
             "identity": c.b64(alice), "offset": 3, "chain": of("chain_3"), "ts": 1767225599000},
            {"type": "run", "session": of("session")},
            {"type": "epoch", "epoch": 5, "commit": of("commit"), "roster": of("roster")},
            {"type": "person", "member": 7, "name": "alice", "identity": c.b64(alice), "card": of("card_hash")},
            {"type": "entry", "offset": 4, "frame": c.b64(bytes.fromhex(v["group_body"])[8:]),
             "key": of("sender_key")},
            {"type": "end", "offset": 4, "chain": of("chain_4"), "ts": 1767225605000}))


def direct_transcript(v, server, alice, bob):
    """alice's own transcript of her direct message."""
    return chained((
        {"type": "head", "format": "conclave/1 direct transcript", "number": 1, "previous": c.b64(bytes(32)),
         "server": c.b64(server), "with": "bob",
         "writer": "alice", "identity": c.b64(alice), "ts": 1767225599000},
        {"type": "device", "name": "bob", "identity": c.b64(bob)},
        {"type": "direct", "frame": c.b64(bytes.fromhex(v["direct_body"])[8:]), "key": c.b64(bytes.fromhex(v["direct_key"]))},
        {"type": "end", "ts": 1767225605000}))


def about(message):
    """What is said later about that message, as contents."""
    return [c.padded({"type": kind, "id": c.b64(fixed("id of " + kind, 16)), key: message,
                      **more, "ts": 1767225601000 + 1000 * i}).decode()
            for i, (kind, key, more) in enumerate((
                ("message", "re", {"text": "welcome!"}), ("react", "to", {"with": "\U0001f44d"}),
                ("edit", "of", {"text": "hello, everybody"}), ("delete", "of", {})))]


def lines(text, width=128):
    return "\n".join(text[i:i + width] for i in range(0, len(text), width))


def ticket(v, alice):
    """What our server puts in a ticket; opaque to clients."""
    key, iv, expiry = fixed("ticket key"), fixed("ticket iv", 12), 1767225600 + 30 * 86400
    identity = c.raw(alice.public_key())
    account = fixed("alice account")
    plain = struct.pack(">IQ", 2, expiry) + identity + account
    sealed = iv + AESGCM(key).encrypt(iv, plain, c.label("conclave/1 ticket"))
    v.update(ticket_key=key.hex(), ticket_iv=iv.hex(), ticket_expiry=expiry,
             ticket_identity=identity.hex(), ticket_account=account.hex(),
             ticket=sealed.hex(),
             ticket_frame=c.padded({"type": "ticket", "ticket": c.b64(sealed),
                                    "seconds": 30 * 86400}).decode())


def section(v):
    """The text of the example in PROTOCOL.md."""
    out = []

    def para(s):
        out.append(s + "\n")

    def show(*rows, of=v):
        out.append("```\n" + "\n".join(
            (name + "\n" + lines(of[key])) if len(of[key]) > 128 else
            "%-24s %s" % (name, of[key]) for name, key in rows) + "\n```\n")

    para("Values in hex, long ones wrapped; `tests/vectors/example.json` has them for programs. The password is "
         "`%s`, the client is alice, n is 16384. Inputs:" % v["password"])
    show(("server identity seed", "server_seed"), ("alice identity seed", "alice_seed"),
         ("alice agree, private", "agree_seed"), ("instance", "instance"), ("alice wrap, PKCS#8 DER", "rsa"),
         ("x before reduction", "x"), ("y before reduction", "y"))
    para("x and y are 48 random bytes modulo (order − 1), plus 1. The five messages, without their lengths:")
    out.append("```\n" + "\n".join(lines(m) for m in v["messages"]) + "\n```\n")
    show(("th(2)", "th2"), ("th(3)", "th3"), ("th(4)", "th4"), ("th(5)", "th5"), ("w0", "w0"),
         ("w1", "w1"), ("K_shared", "k_shared"), ("s4", "s4"), ("card key || iv", "card_key"))
    para("The card, its signature and its hash:")
    out.append("```\n" + lines(v["card"]) + "\n```\n")
    show(("signature", "card_signature"), ("H(card)", "card_hash"))
    para("The link:")
    show(("s5", "s5"), ("c2s key || iv", "c2s_seal"), ("c2s mac key", "c2s_mac"),
         ("s2c key || iv", "s2c_seal"), ("s2c mac key", "s2c_mac"), ("s2c after the step", "s2c_next"))
    para("alice becomes member 7 of room 1 in epoch 5. The server's first record holds two control frames; "
         "between them the seal key steps:")
    out.append("```\n" + lines(v["key_exchange"]) + "\n" + lines(v["user_list"]) + "\n```\n")
    show(("OAEP label", "oaep_label"), ("secret of epoch 5", "secret"), ("base", "base"),
         ("commit", "commit"), ("log", "log"), ("H(SPKI of the server)", "server"),
         ("roster", "roster"), ("chain(3)", "chain_3"), ("record", "record_s2c_0"))
    para("alice says “hello, conclave” with seq 1. It gets offset 4; the server sends her a mark for it, and acknowledges "
         "it:")
    out.append("```\n" + v["content"] + "\n" + v["ack"] + "\n```\n")
    show(("sender key || iv", "sender_key"), ("what is signed", "signed"), ("signature", "signature"),
         ("record of alice", "record_c2s_0"), ("mark", "mark"), ("chain(4)", "chain_4"),
         ("record of the server", "record_s2c_1"))
    para("Contents of later frames, all about that message: bob answers it and reacts to it, then alice edits it and "
         "takes it\nback:")
    out.append("```\n" + "\n".join(lines(s) for s in v["about"]) + "\n```\n")
    para("alice's transcript of her message (section 5e); a file has each of these six objects on one line:")
    out.append("```\n" + "\n".join(lines(s) for s in v["transcript"]) + "\n```\n")
    para("If somebody joined now, epoch 6 would have this secret:")
    show(("secret of epoch 6", "next_secret"))
    para("If the room were sealed (section 5f), with the secret below as number 1, alice's message would be this body of a "
         "group frame:")
    show(("secret of the room", "seal_secret"), ("seal", "seal"), ("check", "seal_check"), ("mark", "seal_mark"),
         ("base'", "seal_base"), ("commit", "seal_commit"), ("sender key || iv", "seal_sender_key"),
         ("body", "seal_body"))
    para("A file of 12 bytes, `hello, file` and a line feed (section 6a), is a blob of 4096 bytes and of one piece. alice asks "
         "for it, sends the piece, and\noffers the file; bob gets it:")
    out.append("```\n" + "\n".join(lines(x) for x in (*v["file_requests"], v["file_offer"])) + "\n```\n")
    show(("file key", "file_key"), ("iv", "file_iv"), ("aad", "file_aad"), ("blob", "file_blob"),
         ("H(body of kind 4)", "file_body_hash"), ("its last 32 bytes", "file_tail"))
    para("The ticket that alice is given at the start of 2026 (unix time 1767225600), and the control frame that "
         "brings it:")
    show(("ticket key", "ticket_key"), ("iv", "ticket_iv"), ("account", "ticket_account"), ("ticket", "ticket"))
    out.append("```\n" + lines(v["ticket_frame"]) + "\n```\n")
    para("bob has published a prekey, to be used once, made then as well (section 6). alice sends him a direct message with her "
         "request number 3:")
    show(("bob identity seed", "direct_bob"), ("prekey, private", "direct_prekey"),
         ("signature of the prekey", "direct_prekey_signature"), ("e, private", "direct_e"),
         ("key || iv", "direct_key"))
    out.append("```\n" + lines(v["direct_content"]) + "\n```\n")
    show(("body", "direct_body"))
    para("alice's transcript of it (section 5e), an object on each line:")
    out.append("```\n" + "\n".join(lines(s) for s in v["direct_transcript"]) + "\n```\n")
    hybrid_section(v, out, para, show)
    return "\n".join(out).rstrip("\n") + "\n"


def shortened(message):
    """Without the middle of its long base64 strings."""
    return re.sub(r'"([\w+/]{32})[\w+/]{128,}([\w+/=]{16})"', r'"\1…\2"', message)


def hybrid_section(v, out, para, show):
    """What differs when the handshake is hybrid."""
    h = v["hybrid"]
    assert h["messages"][2] == v["messages"][2]
    para("### The same handshake, hybrid")
    para("If client and server have ML-KEM-768, the same handshake is hybrid. Its inputs, w0, w1, both shares and message 3\n"
         "stay as they are. What differs is below; `hybrid` in the vectors has it for programs, with whole messages. There\n"
         "are two inputs more, d and z of ML-KEM.KeyGen for the client and m of ML-KEM.Encaps for the server:")
    show(("d || z", "kem_seed"), ("m", "kem_m"), of=h)
    para("From them come the key pair, the ciphertext and K_kem (the two hashes are SHA-256, as everywhere on this page):")
    show(("H(public key)", "kem_public_hash"), ("H(ciphertext)", "kem_sealed_hash"),
         ("K_kem", "k_kem"), of=h)
    para("Messages 1, 2, 4 and 5, where … replaces the middle of a long base64 string:")
    out.append("```\n" + "\n".join(
        lines(shortened(h["messages"][i])) for i in (0, 1, 3, 4)) + "\n```\n")
    para("K_shared is another because its context has th(2), and the card because its binding is th(4). What proof signs ends\n"
         "with the ciphertext:")
    show(("th(2)", "th2"), ("th(3)", "th3"), ("th(4)", "th4"), ("th(5)", "th5"),
         ("K_shared", "k_shared"), ("H(what proof signs)", "proved_hash"), ("s4", "s4"),
         ("card key || iv", "card_key"), ("signature of the card", "card_signature"),
         ("H(card)", "card_hash"), ("s5", "s5"), ("c2s key || iv", "c2s_seal"), of=h)


HEAD = "## 8. Worked example\n\n"


def page():
    with open(PAGE) as f:
        return f.read()


def stored():
    with open(VECTORS) as f:
        return json.load(f)


def recomputed(v):
    """From the same RSA key, with the secret wrapped as it was."""
    return compute(bytes.fromhex(v["rsa"]), bytes.fromhex(v["wrapped"]))


def main():
    if sys.argv[1:] == ["keep"]:
        v = recomputed(stored())
    else:
        v = compute(rsa.generate_private_key(65537, 2048).private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    with open(VECTORS, "w") as f:
        json.dump(v, f, indent=1)
        f.write("\n")
    text = page()
    with open(PAGE, "w") as f:
        f.write(text[:text.index(HEAD)] + HEAD + section(v))
    assert re.search("hello, conclave", section(v))


if __name__ == "__main__":
    main()
