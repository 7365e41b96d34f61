"""Names are looked up as outside of the sandbox, wherever the system keeps its
files: by a helper process, which may fail without taking the client with it."""

import glob
import os
import signal
import struct
import time

import pytest

from harness import PASSWORD, until
from names import Dns, Etc
from test_client import terminal  # noqa: F401
from test_sandbox import children, is_caged


@pytest.fixture
def etc(tmp_path):
    return Etc(tmp_path)


@pytest.fixture
def dns():
    d = Dns("box.test")
    yield d
    d.close()


def client(world, etc, s, *args, host="box.test", **more):
    return world.client("%s:%d" % (host, s.address[1]), "ana", *args,
                        preexec=etc.enter, **more)


@pytest.mark.parametrize("place", ["run/netconfig", "mnt/wsl", "ana/in/the/home"])
def test_resolv_conf_is_a_link(world, etc, dns, tmp_path, place):
    target = tmp_path / place / "resolv.conf"
    target.parent.mkdir(parents=True)
    target.write_text("nameserver %s\n" % dns.address)
    etc.link("resolv.conf", target)
    s = world.server()
    a = client(world, etc, s)
    a.joined()
    assert dns.asked > 0
    is_caged(a.p)


def test_resolv_conf_is_a_link_beside_a_thousand_homes(world, etc, dns, tmp_path):
    """More files than the sandbox of a lookup has rules."""
    target = tmp_path / "homes" / "resolv.conf"
    target.parent.mkdir()
    target.write_text("nameserver %s\n" % dns.address)
    for i in range(1100):
        (tmp_path / ("home%d" % i)).touch()
    etc.link("resolv.conf", target)
    client(world, etc, world.server()).joined()


def test_resolv_conf_leads_elsewhere_while_the_client_runs(world, etc, dns, tmp_path):
    first, then = tmp_path / "first" / "resolv.conf", tmp_path / "then" / "resolv.conf"
    first.parent.mkdir()
    first.write_text("nameserver %s\n" % dns.address)
    etc.link("resolv.conf", first)
    s = world.server(ephemeral=False)
    a = client(world, etc, s)
    a.joined()
    # A place that did not exist when the client entered its sandbox.
    asked = dns.asked
    then.parent.mkdir()
    then.write_text("nameserver %s\n" % dns.address)
    etc.link("resolv.conf", then)
    first.unlink()
    assert s.stop() == 0
    a.see("reconnect")
    world.server(listen="127.0.0.1:%d" % s.address[1], ephemeral=False)
    a.joined(2)
    assert dns.asked > asked


def test_the_file_itself_is_replaced(world, etc, dns):
    etc.write("resolv.conf", "nameserver 127.0.53.254\noptions timeout:1 attempts:1\n")
    s = world.server(ephemeral=False)
    etc.hosts("box.test", "127.0.0.1")
    a = client(world, etc, s)
    a.joined()
    etc.write("hosts", "")
    etc.write("resolv.conf", "nameserver %s\n" % dns.address)
    assert s.stop() == 0
    a.see("reconnect")
    world.server(listen="127.0.0.1:%d" % s.address[1], ephemeral=False)
    a.joined(2)
    assert dns.asked > 0


@pytest.mark.parametrize("name", ["hosts", "nsswitch.conf", "host.conf"])
def test_other_files_are_links(world, etc, tmp_path, name):
    """The name is in hosts only; nsswitch.conf has to be found to know that."""
    etc.hosts("box.test", "127.0.0.1")
    etc.write("nsswitch.conf", "hosts: files\n")
    place = tmp_path / "opt" / "config"
    place.mkdir(parents=True)
    os.rename(os.path.join(etc.path, name), place / name)
    etc.link(name, place / name)
    s = world.server()
    client(world, etc, s).joined()


def test_host_aliases_of_the_user(world, etc, tmp_path):
    etc.hosts("box.test", "127.0.0.1")
    home = tmp_path / "ana"
    home.mkdir()
    (home / "aliases").write_text("box box.test\n")
    s = world.server()
    dns = Dns("box.test")       # aliases are the DNS service's
    try:
        etc.write("resolv.conf", "nameserver %s\n" % dns.address)
        client(world, etc, s, host="box", HOSTALIASES=str(home / "aliases")).joined()
    finally:
        dns.close()


def helper_of(a):
    found = sorted(children(a.p.pid))
    assert len(found) == 3      # before it: for transcripts, for files
    return found[-1]


def test_the_helper_is_caged(world):
    s = world.server("--listen", "localhost:0", listen=None)
    a = world.client("localhost:" + s.listening[0].rsplit(":", 1)[1], "ana")
    a.joined()
    with open("/proc/%d/status" % helper_of(a)) as f:
        assert "Seccomp:\t2\n" in f.read()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_the_helper_dies_or_hangs_and_the_client_comes_back(world, how):
    """The addresses of the last look-up serve again."""
    s = world.server(listen="localhost:0", ephemeral=False)
    port = s.listening[0].rsplit(":", 1)[1]
    a = world.client("localhost:" + port, "ana")
    a.joined()
    helper = helper_of(a)
    os.kill(helper, how)
    try:
        assert s.stop() == 0
        a.see("reconnect")
        world.server(listen="localhost:" + port, ephemeral=False)
        a.joined(2)
        a.say("back")
        a.see("sent", seq=1)
        a.quit()
    finally:
        if how == signal.SIGSTOP:
            os.kill(helper, signal.SIGCONT)


def test_a_slow_lookup_ends_in_words(world, etc):
    """A DNS server that never answers."""
    silent = Dns("box.test", silent=True)
    try:
        etc.write("resolv.conf", "nameserver %s\noptions timeout:30 attempts:5\n" %
                  silent.address)
        a = world.client("box.test:2528", "ana", preexec=etc.enter)
        assert a.wait() == 3
        text = " ".join(a.err)
        assert 'looking up "box.test" took longer than 15 s' in text
        assert silent.asked > 0
    finally:
        silent.close()


# --- other things that the C library finds by itself


@pytest.mark.parametrize("how", ["TZ", "TZDIR"])
def test_time_zone_of_a_place_of_its_own(world, tmp_path, how):
    """A zone that is nowhere else: UTC+11:11 all year."""
    east = 11 * 3600 + 11 * 60
    zone = tmp_path / "zones" / "Own" / "Zone"
    zone.parent.mkdir(parents=True)
    block = (b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4) +
             struct.pack(">lBB", east, 0, 0) + b"OWN\0")
    zone.write_bytes(block + block + b"\n<OWN>-11:11\n")
    env = {"TZ": ":" + str(zone)} if how == "TZ" else \
        {"TZ": "Own/Zone", "TZDIR": str(tmp_path / "zones")}
    s = world.server()
    b = world.client(s, "bob")
    b.joined()
    a = world.client(s, "ana", face="--plain", **env)
    b.see("join", names=["ana"])
    b.say("what time is it")
    line = until(lambda: next((x for x in a.out if "what time" in x), None), what="the message")
    now = time.time() + east
    assert line[:5] in [time.strftime("%H:%M", time.gmtime(now - s)) for s in (0, 60, 120)]


def test_terminfo_in_the_home(world, terminal, tmp_path):
    home = tmp_path / "tim"
    source = glob.glob("/usr/share/terminfo/x/xterm-256color") + \
        glob.glob("/lib/terminfo/x/xterm-256color") + glob.glob("/lib/terminfo/x/xterm")
    if not source:
        pytest.skip("no terminfo to copy")
    (home / ".terminfo" / "m").mkdir(parents=True)
    with open(source[0], "rb") as f:
        (home / ".terminfo" / "m" / "mine").write_bytes(f.read())
    s = world.server()
    t = terminal(home, "--tui", "-n", "tim", s.listening[0], CONCLAVE_PASSWORD=PASSWORD,
                 TERM="mine")
    t.see("you are in lobby")


def test_export_to_a_linked_folder(world, terminal, tmp_path):
    home = tmp_path / "tim"
    home.mkdir()
    (tmp_path / "disk").mkdir()
    os.symlink(str(tmp_path / "disk"), str(home / "notes"))
    s = world.server()
    # The setting may lead through a link; what is typed later may not.
    t = terminal(home, "--tui", "-n", "tim", "--export-folder", str(home / "notes"),
                 s.listening[0], CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    t.type("/export today.txt\r")
    until(lambda: (tmp_path / "disk" / "today.txt").exists(), what="the file")
