"""The log without addresses, and whom to tell of a flaw: two settings of the owner."""

import datetime
import os
import re
import subprocess

import pytest

from harness import BUILD, PASSWORD, WAIT, environment, until
from test_admission import header, through


@pytest.mark.parametrize("args", [(), ("--log-format", "json")])
def test_no_address_in_the_log(world, args):
    """A join, a leave, a wrong password, another protocol, a breach and a silent end."""
    s = world.server("--log-addresses", "no", "--log-level", "debug", *args)
    a = world.client(s, "alice")
    a.joined()
    world.client(s, "eve", password="wrong").wait()
    peer = world.peer(s, "ghost")
    peer.send_raw(b"\xff" * 64)
    web = world.peer(s)
    web.send_raw(b"GET / HTTP/1.1\r\n\r\n")
    a.quit()
    until(lambda: s.said("HTTP") and s.said("protocol error") and s.said("alice.*in lobby: "),
          what="the lines")
    assert s.stop() == 0
    text = "\n".join(s.err)
    assert s.said(r"alice \(connection \d+-\d+\) in lobby"), text
    assert "127.0.0.1" not in text and "::1" not in text, text
    numbers = set(re.findall(r"connection \d+-\d+", text))
    assert len(numbers) >= 4, text      # one for each


def test_nor_the_address_that_a_proxy_names(world):
    s = world.server("--log-addresses", "no", "--proxy-from", "127.5.0.1")
    p = through(world, s, header("192.0.2.7"))
    p.join(PASSWORD, "alice")
    until(lambda: s.said(r"join.*alice \(connection \d+-\d+\)"), what="the join")
    bad = through(world, s, b"no header at all, but long enough to be one")
    until(lambda: s.said("no valid PROXY header"), what="the warning")
    bad.close()
    assert s.stop() == 0
    assert "192.0.2.7" not in "".join(s.err) and "127.5.0.1" not in "".join(s.err)


def test_addresses_are_in_the_log_otherwise(world):
    s = world.server()
    a = world.client(s, "alice")
    a.joined()
    assert s.said(r"alice \(127\.0\.0\.1:\d+\) in lobby")


def security_txt(tmp_path, *args):
    return subprocess.run([os.path.join(BUILD, "conclaved"), "--security-txt", *args],
                          env=environment(tmp_path), capture_output=True, text=True, timeout=WAIT)


def test_security_txt(tmp_path):
    """RFC 9116: one Contact, one Expires, less than a year ahead."""
    conf = tmp_path / "conf"
    conf.write_text("contact = mailto:owner@chat.example\n")
    for args in (("--contact", "mailto:owner@chat.example"), ("--config", str(conf))):
        r = security_txt(tmp_path, *args)
        assert r.returncode == 0 and not r.stderr, r
        m = re.fullmatch(r"Contact: mailto:owner@chat\.example\nExpires: (\S+Z)\n", r.stdout)
        assert m, r.stdout
        end = datetime.datetime.strptime(m[1], "%Y-%m-%dT%H:%M:%SZ")
        days = (end - datetime.datetime.utcnow()).days
        assert 360 <= days < 365


@pytest.mark.parametrize("contact", [
    "owner@chat.example", "http://chat.example/", "mailto:", "https://a b", "mailto:a\nExpires: x",
    "mailto:ö@chat.example", "javascript:x", " mailto:a@b"])
def test_what_is_no_contact(tmp_path, contact):
    r = security_txt(tmp_path, "--contact", contact)
    assert r.returncode == 2 and r.stderr.startswith("conclaved: --contact: "), r
    assert r.stderr.count("conclaved:") == 1 and not r.stdout


def test_security_txt_without_a_contact(tmp_path):
    r = security_txt(tmp_path)
    assert r.returncode == 2 and "--contact" in r.stderr and not r.stdout
