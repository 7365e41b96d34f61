"""An error names its cause: each case breaks one thing, and the sentence has to
name that thing, not a neighbour, and never advise to move or delete a key that
is whole."""

import os
import resource
import shutil
import struct
import subprocess
import tempfile

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from harness import BUILD, PASSWORD, SCRYPT_N, WAIT, WATCHED, environment, preload
from test_client import terminal    # noqa: F401

CONCLAVE = os.path.join(BUILD, "conclave")
CONCLAVED = os.path.join(BUILD, "conclaved")


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / "config" / "conclave").mkdir(parents=True)
    return folder


def at(home, name):
    return home / "config" / "conclave" / name


def run(home, *args, text=b"hello\n", password=PASSWORD, preexec=None, program=CONCLAVE,
        **more):
    """conclave --plain with its input at once; returns status and output."""
    env = environment(home, **more)
    if password is not None:
        env["CONCLAVE_PASSWORD"] = password
    r = subprocess.run([program, "--plain", *args], input=text, env=env,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                       timeout=4 * WAIT, start_new_session=True, preexec_fn=preexec)
    return r.returncode, r.stdout.decode("utf-8", "replace")


def start_server(home, *args, seconds=WAIT, preexec=None, program=CONCLAVED, **more):
    """conclaved that is expected to refuse to start; returns status and output."""
    r = subprocess.run([program, "--scrypt-n", SCRYPT_N, "--listen", "127.0.0.1:0", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                       env=environment(home, CONCLAVE_PASSWORD=PASSWORD, **more),
                       timeout=seconds, preexec_fn=preexec)
    return r.returncode, r.stdout.decode("utf-8", "replace")


def limit(what, n):
    return lambda: resource.setrlimit(what, (n, n))


@pytest.fixture
def nobody():
    """A home, and both programs, for a user who is not root: root is not bound
    by modes and by RLIMIT_NPROC. become() is for preexec."""
    folder = tempfile.mkdtemp(prefix="conclave-nobody-")
    uid = os.geteuid() or 65534

    class Nobody:
        home = os.path.join(folder, "home")
        client = os.path.join(folder, "conclave")
        server = os.path.join(folder, "conclaved")

        @staticmethod
        def become(then=lambda: None):
            def preexec():
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setgid(uid)
                    os.setuid(uid)
                then()
            return preexec
    os.chmod(folder, 0o755)
    os.mkdir(Nobody.home, 0o700)
    for name in ("conclave", "conclaved"):
        shutil.copy(os.path.join(BUILD, name), folder)
        os.chmod(os.path.join(folder, name), 0o755)
    if os.geteuid() == 0:
        os.chown(Nobody.home, uid, uid)
    yield Nobody
    for where, folders, _ in os.walk(folder):
        for name in folders:
            os.chmod(os.path.join(where, name), 0o700)
    shutil.rmtree(folder)


# --- OpenSSL's configuration ---------------------------------------------------

CONFIGURATIONS = {
    "legacy provider alone": """
openssl_conf = init
[init]
providers = list
[list]
legacy = on
[on]
activate = 1
""",
    "properties that nothing has": """
openssl_conf = init
[init]
alg_section = properties
[properties]
default_properties = fips=yes
""",
    "a module that does not exist": """
openssl_conf = init
config_diagnostics = 1
[init]
providers = list
[list]
nowhere = module
[module]
module = /nowhere/at/all.so
activate = 1
""",
    "no configuration at all": "][ = \x01\n",
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_openssl_configuration_has_no_effect(world, home, name):
    """Both programs start, and the key that was made before still opens."""
    conf = home / "openssl.cnf"
    conf.write_text(CONFIGURATIONS[name])
    s = world.server(OPENSSL_CONF=str(conf))
    assert run(home, "-n", "pam", s.invite)[0] == 0
    key = at(home, "identity.pem").read_bytes()
    status, said = run(home, "-n", "pam", s.invite, OPENSSL_CONF=str(conf))
    assert status == 0 and "you are in lobby" in said, said
    assert at(home, "identity.pem").read_bytes() == key


def test_openssl_configuration_in_a_pipe_is_not_waited_for(world, home):
    os.mkfifo(home / "openssl.cnf")
    s = world.server(OPENSSL_CONF=str(home / "openssl.cnf"))
    status, said = run(home, "-n", "pam", s.invite, OPENSSL_CONF=str(home / "openssl.cnf"))
    assert status == 0, said


# --- key files ------------------------------------------------------------------

# `openssl pkcs8 -topk8 -v1 PBE-SHA1-RC4-128 -passout pass:x` of an Ed25519 key:
# a cipher of the legacy provider.
RC4 = b"""-----BEGIN ENCRYPTED PRIVATE KEY-----
MFAwHAYKKoZIhvcNAQwBATAOBAjTnCV70BF9dgICCAAEMAd1iSE8zU9UE6QMjUn/
Oclun+jDEs2jC7nRff+JFW0m6RYUbQzZboAcZq6BtCm5Rg==
-----END ENCRYPTED PRIVATE KEY-----
"""


def encode(key, encoding="PEM", form="PKCS8", lock=None):
    return key.private_bytes(
        getattr(serialization.Encoding, encoding),
        getattr(serialization.PrivateFormat, form),
        serialization.BestAvailableEncryption(lock) if lock else
        serialization.NoEncryption())


ED = ed25519.Ed25519PrivateKey.generate()
GOOD = encode(ED)
BENT = GOOD.replace(b"MC4CAQ", b"!!4CAQ")
PUBLIC = ED.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
NO_KEYS = {
    "empty": (lambda: b"", "it is empty"),
    "cut": (lambda: GOOD[:60], "cut short"),
    "bent": (lambda: BENT, "damaged"),
    "der": (lambda: encode(ED, "DER"), "DER"),
    "utf16": (lambda: GOOD.decode().encode("utf-16"), "UTF-16"),
    "public": (lambda: PUBLIC, "public key"),
    "rsa": (lambda: encode(rsa.generate_private_key(65537, 2048)), "RSA"),
    "old-rsa": (lambda: encode(rsa.generate_private_key(65537, 2048),
                               form="TraditionalOpenSSL"), "RSA"),
    "ec": (lambda: encode(ec.generate_private_key(ec.SECP256R1())), "another kind"),
    "ed448": (lambda: encode(ed448.Ed448PrivateKey.generate()), "another kind"),
    "ssh": (lambda: encode(ED, form="OpenSSH"), "ssh-keygen"),
    "rc4": (lambda: RC4, "cipher"),
    "text": (lambda: b"my key\n", "something else"),
}


@pytest.mark.parametrize("kind", NO_KEYS)
def test_a_file_that_is_no_identity(home, kind):
    """The sentence says what it is instead, in both programs; the file stays."""
    make, words = NO_KEYS[kind]
    text = make()
    state = home / "state" / "conclaved"
    state.mkdir(parents=True)
    for path, args in ((at(home, "identity.pem"), None),
                       (state / "identity.pem", ["--state", str(state)])):
        path.write_bytes(text)
        path.chmod(0o600)
        status, said = start_server(home, *args) if args else run(
            home, "-n", "pam", "127.0.0.1:1")
        assert status == (1 if args else 2), said
        assert str(path) in said and words in said, said
        assert "move it" not in said and "delete" not in said and "remove" not in said
        assert path.read_bytes() == text


def test_a_key_with_a_byte_order_mark_and_cr_lf(world, home):
    s = world.server()
    at(home, "identity.pem").write_bytes(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"))
    at(home, "identity.pem").chmod(0o600)
    status, said = run(home, "-n", "pam", s.invite)
    assert status == 0, said


def test_a_key_of_another_kind_behind_a_passphrase(home, terminal):    # noqa: F811
    at(home, "identity.pem").write_bytes(
        encode(rsa.generate_private_key(65537, 2048), lock=b"sesame"))
    at(home, "identity.pem").chmod(0o600)
    t = terminal(home, "--plain", "-n", "pam", "127.0.0.1:1", CONCLAVE_PASSWORD="x")
    t.see("Passphrase of .*: $")
    t.type("sesame\n")
    assert t.wait() == 2
    assert "another kind" in t.text and "does not open" not in t.text, t.text


def test_a_wrong_passphrase_is_a_wrong_passphrase(home, terminal):    # noqa: F811
    at(home, "identity.pem").write_bytes(encode(ED, lock=b"sesame"))
    at(home, "identity.pem").chmod(0o600)
    t = terminal(home, "--plain", "-n", "pam", "127.0.0.1:1", CONCLAVE_PASSWORD="x")
    for i in range(3):
        t.see("(?s)(Passphrase of.*){%d}: $" % (i + 1))
        t.type("open\n")
    assert t.wait() == 2
    assert "the passphrase does not open" in t.text, t.text


@pytest.mark.parametrize("name", ["identity.pem", "known_servers", "known_people", "config"])
@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_something_that_is_no_file(home, name, kind):
    path = at(home, name)
    path.mkdir() if kind == "directory" else os.mkfifo(path, 0o600)
    status, said = run(home, "-n", "pam", "127.0.0.1:1")
    assert status == 2 and str(path) in said and "a " + kind in said, said
    assert "connecting" not in said


# --- known_servers ----------------------------------------------------------------

def test_a_link_to_nothing_is_no_empty_file(world, home):
    """"File exists" was said, and then the server was trusted at first sight."""
    s = world.server()
    at(home, "known_servers").symlink_to("/nowhere/at/all")
    status, said = run(home, "-n", "pam", s.listening[0])
    assert status == 2 and "connecting" not in said, said
    assert "symbolic link to /nowhere/at/all" in said and "File exists" not in said, said


def test_a_server_that_cannot_be_pinned_gets_no_message(world, home):
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()
    where = "/proc/no/such/folder"
    status, said = run(home, "-n", "pam", "--known-servers", where, s.listening[0])
    assert status == 2 and "/proc/no" in said and "is not trusted" in said, said
    status, said = run(home, "-n", "pam", "--known-servers", where, s.invite)
    assert status == 0 and "/proc/no" in said, said  # the invite is its pin
    bob.see("message")
    assert bob.texts("pam") == ["hello"]


def test_files_that_may_not_be_used(nobody):
    """Permission denied is not "there is no such file"."""
    folder = os.path.join(nobody.home, "config", "conclave")
    env = dict(preexec=nobody.become(), program=nobody.client)
    assert run(nobody.home, "-n", "pam", "127.0.0.1:1", **env)[0] == 3
    for name in ("identity.pem", "known_servers", "known_people"):
        path = os.path.join(folder, name)
        had = os.path.exists(path)
        if not had:
            open(path, "w").close()
        os.chmod(path, 0)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
        status, said = run(nobody.home, "-n", "pam", "127.0.0.1:1", **env)
        assert status == 2 and path + ": Permission denied; check" in said, said
        os.chmod(path, 0o600)
        if not had:
            os.unlink(path)


# --- the state directory -----------------------------------------------------------

def test_a_state_directory_that_is_not_writable(nobody):
    """Without a key it cannot serve, and says why; with a key it can."""
    state = os.path.join(nobody.home, "state", "conclaved")
    env = dict(preexec=nobody.become(), program=nobody.server)
    os.makedirs(state)
    for path in (os.path.dirname(state), state):
        os.chmod(path, 0o500)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
    status, said = start_server(nobody.home, **env)
    assert status == 1, said
    assert "identity.pem: Permission denied" in said and "--state DIR" in said, said
    assert "--ephemeral" in said and "lock" not in said, said


def test_a_full_disk(home):
    """/dev/full stands for it: nothing can be written there."""
    state = home / "state"
    state.mkdir()
    r = subprocess.run([CONCLAVED, "--ephemeral", "--listen", "127.0.0.1:0", "--scrypt-n",
                        SCRYPT_N], stdout=open("/dev/full", "w"), stderr=subprocess.PIPE,
                       env=environment(home), timeout=WAIT)
    assert r.returncode == 1 and b"No space left on device" in r.stderr, r.stderr
    assert b"standard output" in r.stderr


# --- limits of the system -----------------------------------------------------------

@pytest.mark.skipif(WATCHED, reason="a sanitizer needs terabytes of address space")
@pytest.mark.parametrize("kib", [60000, 100000, 140000])
def test_memory_is_named(world, home, kib):
    """scrypt's 128 MiB do not fit; before, the password was to blame."""
    s = world.server("--scrypt-n", "131072")
    memory = limit(resource.RLIMIT_AS, kib << 10)
    status, said = run(home, "-n", "pam", s.invite, preexec=memory)
    assert status == 3 and "memory" in said and "ulimit -v" in said, said
    assert "stretched" not in said and "password is wrong" not in said, said
    status, said = start_server(home, "--ephemeral", "--scrypt-n", "131072", preexec=memory)
    assert status == 1 and "memory" in said and "128 MiB" in said, said
    assert at(home, "identity.pem").read_bytes().startswith(b"-----BEGIN PRIVATE KEY")


@pytest.mark.skipif(WATCHED, reason="a sanitizer opens files of its own")
def test_descriptors_are_named(world, home):
    """Whatever the limit is, it works or the sentence is about open files."""
    s = world.server()
    refused = 0
    for n in range(4, 12):
        status, said = run(home, "-n", "pam", s.listening[0],
                           preexec=limit(resource.RLIMIT_NOFILE, n))
        if status != 0:
            refused += 1
            assert "open files" in said or "loading shared libraries" in said, (n, said)
            assert "--no-sandbox" not in said, (n, said)
    assert refused > 0
    status, said = start_server(home, "--ephemeral", preexec=limit(resource.RLIMIT_NOFILE, 6))
    assert status == 1 and "open files" in said, said


@pytest.mark.skipif(WATCHED, reason="a sanitizer starts threads of its own")
def test_processes_are_named(nobody):
    status, said = run(nobody.home, "-n", "pam", "127.0.0.1:1", program=nobody.client,
                       preexec=nobody.become(limit(resource.RLIMIT_NPROC, 0)))
    assert status == 3 and "processes" in said and "ulimit -u" in said, said


# --- passwords, names, messages, clocks ----------------------------------------------

@pytest.mark.parametrize("password, words", [
    (PASSWORD + "\n\n", "more than one line"),
    ("a\nb", "more than one line"), ("a\tb", "tab"), ("a\x1bb", "control character"),
    ("x" * 2000, "longer than 1024 bytes")])
def test_a_password_in_the_environment(home, password, words):
    status, said = run(home, "-n", "pam", "127.0.0.1:1", password=password)
    assert status == 2 and "$CONCLAVE_PASSWORD" in said and words in said, said
    assert password.strip() not in said
    env = environment(home, CONCLAVE_PASSWORD=password)
    r = subprocess.run([CONCLAVED, "--check-config"], env=env, stderr=subprocess.PIPE,
                       timeout=WAIT)
    assert r.returncode == 2 and words in r.stderr.decode(), r.stderr


def test_a_password_file_that_cannot_be_read(nobody):
    for name, words in (("folder", "Is a directory"), ("none", "No such file"),
                        ("closed", "Permission denied; check")):
        path = os.path.join(nobody.home, name)
        if name == "folder":
            os.mkdir(path)
        elif name == "closed":
            os.close(os.open(path, os.O_CREAT, 0))
        status, said = run(nobody.home, "-n", "pam", "--password-file", path, "127.0.0.1:1",
                           password=None, program=nobody.client, preexec=nobody.become())
        assert status == 2 and path in said and words in said, said


@pytest.mark.parametrize("name, words", [
    ("server", "reserved"), ("SYSTEM", "reserved"), ("a b", "give 1 to"),
    ("-a", "give 1 to"), ("x" * 25, "give 1 to"), ("b\u00f6b", "give 1 to")])
def test_a_name(home, name, words):
    status, said = run(home, "--name=" + name, "127.0.0.1:1")
    assert status == 2 and "--name" in said and words in said, said
    if len(name) < 25:
        status, said = run(home, "-n", "pam", "--room=" + name, "127.0.0.1:1")
        assert status == 2 and "--room" in said and words in said, said
        status, said = start_server(home, "--ephemeral", "--room=" + name)
        assert status == 2 and "--room" in said and words in said, said


@pytest.mark.parametrize("text, words", [
    (b"one\0two\n", "zero byte"), (b"caf\xe9\n", "other encoding")])
def test_a_message_that_cannot_be_sent(world, home, text, words):
    s = world.server()
    status, said = run(home, "-n", "pam", s.invite, text=text)
    assert "not sent: " in said and words in said, said
    assert words != "zero byte" or "UTF-8" not in said


def test_a_zero_byte_in_json(world):
    s = world.server()
    bob = world.client(s, "bob")
    bob.joined()
    bob.say("one\0two")
    assert "zero byte" in bob.see("error")["text"]


CLOCK = os.path.join(BUILD, "fault", "clock.so")


@pytest.mark.skipif(not os.path.exists(CLOCK),
                    reason="under AddressSanitizer nothing is preloaded")
@pytest.mark.parametrize("who", ["client", "server"])
def test_a_clock_before_1970(world, home, who):
    """A message has no time before that; the server needs none."""
    offset = home / "offset"
    offset.write_bytes(struct.pack("q", -70 * 365 * 86400))
    clock = preload("clock", CONCLAVE_FAULT_CLOCK=str(offset))
    s = world.server("--no-sandbox", **(clock if who == "server" else {}))
    status, said = run(home, "-n", "pam", "--no-sandbox", s.invite,
                       **(clock if who == "client" else {}))
    if who == "server":
        assert status == 0 and "pam: hello" in said, said
    else:
        assert "not sent: this computer's clock is before 1970" in said, said
        assert "UTF-8" not in said
