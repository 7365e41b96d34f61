import os
import pathlib
import signal
import sys
import tempfile

import pytest

# The programs keep ignoring what they inherit as ignored. This process may run
# in the background or under nohup: with a handler instead, it goes on ignoring
# these signals, and what it starts gets their default actions.
for n in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
    if signal.getsignal(n) == signal.SIG_IGN:
        signal.signal(n, lambda *_: None)

sys.path.insert(0, os.path.dirname(__file__))

import conclave1  # noqa: E402
import harness  # noqa: E402


def pytest_collection_modifyitems(items):
    """Under valgrind, skips the tests that tests/valgrind/left_out names."""
    if os.path.basename(harness.BUILD) != "valgrind":
        return
    left_out = {}
    with open(os.path.join(harness.TOP, "tests", "valgrind", "left_out")) as f:
        for line in f:
            name, _, why = line.strip().partition(" ")
            if ".py" in name:
                left_out[name] = why.strip()
    for item in items:
        file, test = item.path.name, item.name
        for name in (file, file + "::" + test, file + "::" + test.split("[")[0]):
            if name in left_out:
                item.add_marker(pytest.mark.skip(reason=left_out[name]))


@pytest.fixture
def world(tmp_path):
    """Makes servers, clients and peers, and ends them all."""
    w = World(tmp_path)
    yield w
    w.end()


@pytest.fixture
def own_pairs(monkeypatch):
    """Every program works out everything itself, as a user's does: its RSA pair, and
    what scrypt makes of a password."""
    monkeypatch.setattr(harness, "RSA_PAIRS", 0)


@pytest.fixture
def open_world():
    """A world in a folder that every user can reach: pytest's folders, and there are
    more of them where it runs several workers, are closed to all but their owner."""
    with tempfile.TemporaryDirectory(prefix="conclave-") as d:
        tmp = pathlib.Path(d)
        tmp.chmod(0o755)
        if not all(p.stat().st_mode & 0o001 for p in tmp.parents):
            pytest.skip("other users cannot reach the folder for temporary files")
        w = World(tmp)
        yield w
        w.end()


class World:
    def __init__(self, tmp):
        self.tmp, self.things, self.peers = tmp, [], []

    def server(self, *args, **more):
        s = harness.Server(self.tmp / "server", *args, **more)
        self.things.append(s)
        return s

    def client(self, where, name, *args, home=None, **more):
        if isinstance(where, harness.Server):
            where = where.invite
        c = harness.Client(self.tmp / (home or name), where, name, *args, **more)
        self.things.append(c)
        return c

    def peer(self, server, name=None, source=None, **more):
        address = server.address if isinstance(server, harness.Server) else server
        conclave1.rsa_key(more.get("bits", 2048))   # before the 15 s begin
        p = conclave1.Peer(address, source=source)
        self.peers.append(p)
        if name:
            p.join(harness.PASSWORD, name, **more)
        return p

    def crowd(self, server, names):
        """Peers who come in together: one by one, each would wait a second for its
        turn, because a room changes its key no more often for newcomers."""
        peers = [self.peer(server) for _ in names]
        for p, name in zip(peers, names):
            p.handshake(harness.PASSWORD, name)
        for p in peers:
            p.until(lambda p=p: p.joined)
        return peers

    def end(self):
        for p in self.peers:
            p.close()
        problems = []
        for t in reversed(self.things):
            if isinstance(t, harness.Server) and t.p.poll() is not None:
                # shown where a test has failed: perhaps that was why
                print("a server had ended with status", t.p.poll(), t.err[-5:])
            try:
                t.stop()
            except AssertionError as e:
                problems.append(str(e))
        assert not problems, problems[0]
