"""Files of conclave/1 (section 6a), for the independent client: sizes, pieces, and
what a client sends and gets. Written from the text, without a line of the programs."""

import os
import struct

from conclave1 import AESGCM, BLOB, b64, sha, unb64

PIECE, STEP, AHEAD, SEALED = 65508, 4096, 32, 65536


def size_of(file):
    return max(1, -(-file // STEP)) * STEP


def count(size):
    return -(-size // PIECE)


class File:
    """A file that is sent or was offered."""

    def __init__(self, data, key=None, blob=None):
        self.data, self.key = data, key or os.urandom(32)
        self.blob = blob
        self.size = size_of(len(data))
        self.pieces = count(self.size)

    def aad(self, index):
        return b"conclave/1 piece\0" + struct.pack(">QI", len(self.data), index)

    def plain(self, index):
        whole = self.data + bytes(self.size - len(self.data)) \
            if index >= self.pieces - 2 else self.data
        return whole[index * PIECE:(index + 1) * PIECE]

    def body(self, index):
        """The body of kind 4."""
        iv = os.urandom(12)
        return self.blob + struct.pack(">I", index) + iv + AESGCM(self.key).encrypt(
            iv, self.plain(index), self.aad(index))

    def open(self, body):
        index = struct.unpack(">I", body[16:20])[0]
        return index, AESGCM(self.key).decrypt(body[20:32], body[32:], self.aad(index))

    def offer(self, name, ts=1700000000000):
        return {"type": "file", "id": b64(os.urandom(16)), "ts": ts, "name": name,
                "size": len(self.data), "blob": b64(self.blob), "key": b64(self.key),
                "hash": b64(sha(self.data))}


def have(p, blob):
    """How many pieces the server has said, unasked, that it has."""
    return max([e["pieces"] for e in p.events
                if e.get("what") == "blob_have" and e["blob"] == b64(blob)], default=0)


def gone(p, blob):
    return [e for e in p.events if e.get("what") == "blob_gone" and
            e["blob"] == b64(blob)]


def begin(p, f):
    a = p.request("blob_new", size=f.size)
    if a["type"] == "done":
        f.blob = unb64(a["blob"], 16)
        assert a["size"] == f.size and a["pieces"] == 0 and a["ended"] is False
    return a


def send(p, f, first=0, upto=None):
    """Sends pieces in order, within the window."""
    known = first
    for i in range(first, f.pieces if upto is None else upto):
        if i - known >= AHEAD:
            p.until(lambda: have(p, f.blob) > i - AHEAD or gone(p, f.blob))
            known = max(known, have(p, f.blob))
        p.send_frames((BLOB, f.body(i)))


def end(p, f, pieces=None):
    return p.request("blob_end", blob=b64(f.blob),
                     pieces=f.pieces if pieces is None else pieces)


def put(p, data):
    """A whole file; it, or the answer that refused it."""
    f = File(data)
    a = begin(p, f)
    if a["type"] != "done":
        return a
    send(p, f)
    a = end(p, f)
    assert a["type"] == "done", a
    return f


def window(p, f, first, n):
    """The answer, and the pieces that came before it."""
    before = len(p.frames)
    a = p.request("blob_get", blob=b64(f.blob), **{"from": first, "count": n})
    return a, [b for k, b in p.frames[before:] if k == BLOB]


def get(p, f):
    """The file, as it is on the server."""
    data = b""
    for first in range(0, f.pieces, 64):
        n = min(64, f.pieces - first)
        a, bodies = window(p, f, first, n)
        assert a["type"] == "done", a
        assert len(bodies) == n
        for i, body in enumerate(bodies):
            index, piece = f.open(body)
            assert body[:16] == f.blob and index == first + i
            data += piece
    assert not data[len(f.data):].strip(b"\0")
    return data[:len(f.data)]
