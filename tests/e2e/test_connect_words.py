"""Why there is no connection, in words that name the cause and say what to do."""

import os
import re
import socket
import subprocess

import pytest

from harness import BUILD, CAGELESS, PASSWORD, environment, landlock, preload


def words(world, where, *args, status=3, **env):
    a = world.client(where, "ana", *args, **env)
    assert a.wait() == status, (a.err, a.out)
    return " ".join(a.err)


def refused(program, *args, tmp):
    """A start that ends at once: status 2, and its words."""
    p = subprocess.run([os.path.join(BUILD, program), *args],
                       env=environment(tmp, CONCLAVE_PASSWORD=PASSWORD), text=True,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return p.returncode, p.stderr


# --- programs that redirect connections


def redirecting(port, error=None):
    env = preload("redirect", CONCLAVE_FAULT_REDIRECT=str(port))
    if error is not None:
        env["CONCLAVE_FAULT_ERRNO"] = str(error)
    return env


@pytest.mark.skipif(landlock() < 4 or CAGELESS, reason="no sandbox for ports here")
@pytest.mark.parametrize("error, says", [(None, "is not permitted"), (111, "refused")])
def test_under_a_redirecting_library(world, error, says):
    """torsocks passes on EACCES, proxychains says ECONNREFUSED whatever happened."""
    s = world.server()
    proxy = socket.create_server(("127.0.0.1", 0))
    text = words(world, s, **redirecting(proxy.getsockname()[1], error))
    assert says in text and "--no-sandbox" in text and "torsocks" in text
    proxy.close()
    # Without the sandbox the redirection works: here to the server itself.
    a = world.client(s, "bob", "--no-sandbox", **redirecting(s.address[1]))
    a.joined()


def test_without_a_library_there_is_no_hint(world):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    text = words(world, "127.0.0.1:%d" % s.getsockname()[1])
    assert "refused the connection" in text and "--no-sandbox" not in text


# --- addresses


@pytest.mark.parametrize("where, says", [
    ("unix:/" + "s" * 120, "at most 107 bytes"),
    ("unix:sock", "from / on"),
    ("fe80::1%lo", "in brackets"),
    ("::1", "in brackets"),
    ("h:70000", "from 1 to 65535"),
    ("h:0", "from 1 to 65535"),
    ("[::1]:65536", "from 1 to 65535"),
    ("conclave://h:99999/lobby", "from 1 to 65535"),
    ("b\u00fccher.example", "xn--"),
    ("\u4f8b\u3048.\u30c6\u30b9\u30c8:2528", "xn--"),
])
def test_addresses_of_the_client(tmp_path, where, says):
    status, text = refused("conclave", "-n", "ana", "--plain", where, tmp=tmp_path)
    assert status == 2 and says in text, text


@pytest.mark.parametrize("where, says", [
    ("unix:/" + "s" * 120, "at most 107 bytes"),
    ("unix:sock", "from / on"),
    ("fe80::1%lo", "in brackets"),
    (":65536", "from 1 to 65535"),
    ("b\u00fccher.example:0", "xn--"),
])
def test_addresses_of_the_server(tmp_path, where, says):
    status, text = refused("conclaved", "--ephemeral", "-l", where, "-p", PASSWORD, tmp=tmp_path)
    assert status == 2 and says in text, text


@pytest.fixture
def six():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")


def test_zones(world, tmp_path, six):
    assert 'no network interface "nosuch0", which [fe80::1%nosuch0] names' in \
        words(world, "[fe80::1%nosuch0]:2528")
    text = words(world, "[fe80::1]:2528")
    assert "needs the name of a network interface" in text or "no way to" in text
    # The interface is there, so the address is tried.
    assert re.search(r"no way to|did not answer|refused|cannot connect",
                     words(world, "[fe80::1%lo]:2528"))
    status, text = refused("conclaved", "--ephemeral", "-l", "[fe80::1%nosuch0]:0", "-p",
                           PASSWORD, tmp=tmp_path)
    assert status == 1 and 'interface "nosuch0", which this machine does not have' in text


def test_the_longest_socket_path_works(world):
    folder = world.tmp / "s"
    folder.mkdir()
    room = 107 - len(str(folder)) - 1
    if room < 1:
        pytest.skip("the test's own folder has a longer path")
    path = "unix:%s/%s" % (folder, "s" * room)
    world.server(listen=path)
    world.client(path, "ana").joined()
