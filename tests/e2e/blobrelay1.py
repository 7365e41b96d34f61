"""Files on the relay of relay1.py, written from the protocol's text (section 6a)."""

import os
import struct

from blob1 import count
from conclave1 import BLOB, Breach, b64


class Files:
    """Section 6a, honestly, until a test replaces something. Where a hook has done it
    all, it returns None."""

    def __init__(self):
        self.size, self.pieces, self.ended = {}, {}, set()     # by blob

    # for tests to replace

    def state(self, conn, kind, state):
        """What is told of a blob: for blob_new, blob_have, or unasked ("ack")."""
        return state

    def give(self, conn, blob, first, bodies):
        """The pieces that answer a blob_get."""
        return bodies

    def takes(self, conn, blob, index):
        """Whether a piece that somebody sends is taken."""
        return True

    def on_piece(self, conn, body):
        blob = b64(body[:16])
        index, = struct.unpack(">I", body[16:20])
        got = self.pieces.get(blob)
        if blob not in conn.sending or got is None:
            return
        if index != len(got):
            raise Breach("piece %d of a file after %d" % (index, len(got)))
        if not self.takes(conn, blob, index):
            return
        got.append(body)
        if len(got) % 8 == 0:
            self.tell(conn, "ack", blob, type="blob_have")

    def tell(self, conn, kind, blob, **more):
        state = self.state(conn, kind, {
            "size": self.size[blob], "pieces": len(self.pieces[blob]),
            "ended": blob in self.ended})
        if kind == "ack":
            state = state and {"pieces": state["pieces"]}
        if state is not None:
            conn.control(blob=blob, **state, **more)

    def on_request(self, conn, o):
        blob = o.get("blob") or b64(os.urandom(16))
        if o["type"] == "blob_new":
            self.size[blob], self.pieces[blob] = o["size"], []
        if blob not in self.pieces:
            conn.control(type="failed", req=o["req"], code="no_blob", text="")
        elif o["type"] in ("blob_new", "blob_have"):
            conn.sending[blob] = True
            self.tell(conn, o["type"], blob, type="done", req=o["req"])
        elif o["type"] == "blob_end":
            assert o["pieces"] == count(self.size[blob])
            if len(self.pieces[blob]) < o["pieces"]:
                return conn.control(type="failed", req=o["req"], code="bad_value", text="")
            self.ended.add(blob)
            conn.control(type="done", req=o["req"])
        elif o["type"] == "blob_gone":
            del self.pieces[blob]
            conn.control(type="done", req=o["req"])
        else:
            first, n = o["from"], o["count"]
            given = self.give(conn, blob, first, self.pieces[blob][first:first + n])
            if given is not None:
                for body in given:
                    conn.send_frames((BLOB, body))
                conn.control(type="done", req=o["req"])
