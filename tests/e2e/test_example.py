"""The worked example of PROTOCOL.md is what the independent code computes."""

import json

import example


def test_example_is_recomputed():
    with open(example.VECTORS) as f:
        stored = json.load(f)
    assert example.compute(bytes.fromhex(stored["rsa"]),
                           bytes.fromhex(stored["wrapped"])) == stored


def test_example_in_the_page_is_the_stored_one():
    with open(example.VECTORS) as f:
        stored = json.load(f)
    text = example.page()
    assert text[text.index(example.HEAD) + len(example.HEAD):] == example.section(stored)
