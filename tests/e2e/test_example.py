"""The worked example of PROTOCOL.md is what the independent code computes."""

import hashlib
import re

import example


def test_example_is_recomputed():
    stored = example.stored()
    assert example.recomputed(stored) == stored


def test_example_in_the_page_is_the_stored_one():
    text = example.page()
    assert (text[text.index(example.HEAD) + len(example.HEAD):] ==
            example.section(example.stored()))


def server_code(x):
    """The server code of PROTOCOL.md for a fingerprint."""
    h = hashlib.sha256(b"conclave/1 server code\0" + x).digest()
    for _ in range(9999):
        h = hashlib.sha256(h + x).digest()
    d = str(int.from_bytes(h, "big") % 10 ** 60).zfill(60)
    return " ".join(d[i:i + 5] for i in range(0, 60, 5))


def test_the_server_code_of_the_page():
    shown = re.search(r"for x = 32 bytes of 01 it is\s+`([\d ]+)`", example.page())[1]
    assert shown == server_code(b"\1" * 32)
