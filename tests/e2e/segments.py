"""What a server's database keeps of the logs of its rooms (server/store/segment.h)."""

import collections
import struct

GONE = 1 << 31
Entry = collections.namedtuple("Entry", "segment room run offset ts digest body")
Segment = collections.namedtuple("Segment", "id room first chain entries")


def segments(db, where="1", values=()):
    """In the order of the logs; of an entry that was destroyed the digest is left, and
    body is None."""
    for number, room, first, n, run, chain, heads, bodies in db.execute(
            "SELECT id, room, first, n, run, chain, heads, bodies FROM segment WHERE " + where +
            " ORDER BY room, first", values).fetchall():
        entries, at = [], 0
        for i in range(n):
            ts, length = struct.unpack(">QI", heads[12 * i:12 * i + 12])
            part = bodies[at:at + (length & ~GONE)]
            at += len(part)
            gone = bool(length & GONE)
            entries.append(Entry(number, room, run, first + i, ts,
                                 part if gone else None, None if gone else part))
        assert at == len(bodies) and len(heads) == 12 * n, number
        yield Segment(number, room, first, chain, entries)


def entries(db, *where):
    for s in segments(db, *where):
        yield from s.entries
