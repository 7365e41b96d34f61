"""Links planted where the programs write, and files that others can read or
change: nothing outside changes, and one sentence says why."""

import os
import subprocess

import pytest

from harness import BUILD, PASSWORD, WAIT, environment, with_a_pair
from test_client import terminal  # noqa: F401

root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
PRECIOUS = "precious\n"
FILES = ("identity.pem", "known_servers", "known_people")


def run(home, *args, text=b"", **env):
    return subprocess.run([os.path.join(BUILD, "conclave"), "--plain", "-n", "pam", *map(str, args)],
                          input=text, capture_output=True, timeout=2 * WAIT,
                          env=with_a_pair(environment(home, CONCLAVE_PASSWORD=PASSWORD, **env)))


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home" / "config" / "conclave"
    folder.mkdir(parents=True, mode=0o700)
    victim = tmp_path / "victim"
    victim.write_text(PRECIOUS)
    victim.chmod(0o600)
    return tmp_path / "home"


def folder(home):
    return home / "config" / "conclave"


def victim(home):
    return home.parent / "victim"


def untouched(home):
    assert victim(home).read_text() == PRECIOUS
    assert victim(home).stat().st_mode & 0o777 == 0o600
    assert not (home.parent / "new").exists()


def sentence(text, *words):
    text = text.decode() if isinstance(text, bytes) else text
    lines = [x for x in text.splitlines() if x]
    assert len(lines) == 1, text
    for w in words:
        assert w in lines[0], (w, lines[0])


@root
@pytest.mark.parametrize("name", FILES)
def test_a_link_of_somebody_else(home, name):
    """A link in a folder that the user can write to: the program does not write
    through it."""
    link = folder(home) / name
    link.symlink_to(victim(home))
    os.lchown(link, 12345, 12345)
    r = run(home, "127.0.0.1:1")
    assert r.returncode == 2
    sentence(r.stderr, name, "belongs to somebody else")
    untouched(home)
    assert link.is_symlink()


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_nothing(world, home, name):
    """The program makes no file behind the link."""
    s = world.server()
    world.client(s, "bob").joined()     # so that there is a person to pin
    (folder(home) / name).symlink_to(home.parent / "new")
    r = run(home, s.invite, text=b"hello\n")
    assert r.returncode == 2
    sentence(r.stderr, name, "cannot open", "symbolic link to")
    assert "the server says" not in r.stderr.decode()    # it is not its fault
    assert b"you are in" not in r.stdout    # and nobody was trusted unseen
    untouched(home)


def test_a_link_to_another_file_is_no_identity(home):
    (folder(home) / "identity.pem").symlink_to(victim(home))
    r = run(home, "127.0.0.1:1")
    assert r.returncode == 2
    sentence(r.stderr, "identity.pem", "no Ed25519 private key")
    untouched(home)


@pytest.mark.parametrize("to", ["victim", "new"])
def test_settings_are_not_written_through_a_link(home, to):
    (folder(home) / "config").symlink_to(home.parent / to)
    r = subprocess.run([os.path.join(BUILD, "conclave"), "--write-config"],
                       env=environment(home), capture_output=True, timeout=WAIT)
    assert r.returncode == 2
    sentence(r.stderr, "config")
    untouched(home)


@pytest.mark.parametrize("to", ["victim", "new"])
def test_export_is_not_written_through_a_link(world, home, terminal, to):  # noqa: F811
    s = world.server()
    (home / "conclave-exports").mkdir()
    path = home / "conclave-exports" / "out.txt"
    path.symlink_to(home.parent / to)
    t = terminal(home, "--tui", "-n", "pam", s.invite, CONCLAVE_PASSWORD=PASSWORD)
    t.see("you are in lobby")
    t.type("/export out.txt\r")
    t.see("(?s)already.*exists.*and.*was.*not.*changed")
    t.type("/quit\r")
    assert t.wait() == 0
    untouched(home)
    assert path.is_symlink()


@pytest.mark.parametrize("name, mode, words", [
    ("identity.pem", 0o640, ["others can read", "chmod 600"]),
    ("identity.pem", 0o622, ["others can", "chmod 600"]),
    ("known_servers", 0o622, ["others can change"]),
    ("known_people", 0o666, ["others can change"]),
    ("config", 0o666, ["others can change"]),
])
def test_files_with_wrong_permissions(world, home, name, mode, words):
    s = world.server()
    people = folder(home) / "known_people"    # as if bob had spoken
    people.write_text("%s bob %s known 2026-01-01\n" % ("A" * 43, "A" * 43))
    people.chmod(0o600)
    assert run(home, s.invite).returncode == 0
    if name == "config":
        (folder(home) / name).write_text("color = no\n")
    before = (folder(home) / name).read_bytes()
    (folder(home) / name).chmod(mode)
    r = run(home, s.invite)
    assert r.returncode == 2
    sentence(r.stderr, name, *words)
    assert (folder(home) / name).read_bytes() == before


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "device"])
def test_something_else_in_the_identitys_place(home, kind):
    path = folder(home) / "identity.pem"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path, 0o600)
    elif kind == "socket":
        subprocess.run(["/usr/bin/python3", "-c", "import socket; "
                        "socket.socket(socket.AF_UNIX).bind('identity.pem')"],
                       cwd=folder(home), check=True)
    else:
        path.symlink_to("/dev/zero")
    r = run(home, "127.0.0.1:1")
    assert r.returncode == 2
    sentence(r.stderr, "identity.pem")


# --- the server's

def server(home, *args, **more):
    return subprocess.run(
        [os.path.join(BUILD, "conclaved"), "--listen", "127.0.0.1:0", "--scrypt-n", "16384",
         *map(str, args)], env=environment(home, **more), capture_output=True, timeout=2 * WAIT)


@pytest.fixture
def state(home):
    d = home / "server"
    d.mkdir(mode=0o700)
    return d


def refused(r, *words):
    assert r.returncode not in (0, -9, -11)
    errors = [x for x in r.stderr.decode().splitlines() if " error " in x]
    sentence("\n".join(errors), *words)


@pytest.mark.parametrize("to", ["victim", "new"])
@pytest.mark.parametrize("name, word", [("identity.pem", "symbolic link"), ("lock", "lock")])
def test_a_link_in_the_state_directory(home, state, name, word, to):
    (state / name).symlink_to(home.parent / to)
    refused(server(home, "--state", state, "--password", "x"), name, word)
    untouched(home)


def test_a_link_where_the_new_identity_is_written(world, home, state):
    """A left-over temporary name is removed, not followed."""
    (state / "identity.pem.new").symlink_to(victim(home))
    s = world.server("--state", str(state), ephemeral=False)
    assert s.stop() == 0
    untouched(home)
    assert (state / "identity.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert (state / "identity.pem").stat().st_mode & 0o777 == 0o600
    assert not (state / "identity.pem").is_symlink()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_state_directory_that_others_write(home, state, mode):
    state.chmod(mode)
    refused(server(home, "--state", state, "--password", "x"), "others may write")
    assert os.listdir(state) == []


def test_an_identity_that_others_read(world, home, state):
    s = world.server("--state", str(state), ephemeral=False)
    s.stop()
    (state / "identity.pem").chmod(0o644)
    refused(server(home, "--state", state, "--password", "x"), "others can read", "chmod 600")


@pytest.mark.parametrize("to", ["victim", "new"])
def test_a_link_where_the_unix_socket_is_to_be(home, to):
    path = home / "sock"
    path.symlink_to(home.parent / to)
    r = server(home, "--listen", "unix:%s" % path, "--ephemeral", "--password", "x")
    refused(r, "sock")
    untouched(home)
    assert path.is_symlink()


def test_a_file_where_the_unix_socket_is_to_be(home):
    r = server(home, "--listen", "unix:%s" % victim(home), "--ephemeral", "--password", "x")
    refused(r, "victim")
    untouched(home)


@pytest.mark.parametrize("who", ["server", "client"])
def test_a_password_file_that_others_read(world, home, who):
    """It works, and prints a warning each time."""
    path = home / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o644)
    s = world.server(*(["--password-file", str(path)] if who == "server" else []),
                     password=None if who == "server" else PASSWORD)
    err = "\n".join(s.err)
    if who == "client":
        r = subprocess.run([os.path.join(BUILD, "conclave"), "--plain", "-n", "pam",
                            "--password-file", str(path), s.invite], env=environment(home),
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * WAIT)
        assert r.returncode == 0
        err = r.stderr.decode()
    sentence("\n".join(x for x in err.splitlines() if "password" in x),
             "everybody on this machine can read", "chmod 600 " + str(path))
    assert PASSWORD not in err
