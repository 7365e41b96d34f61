"""An error names its cause: each case breaks one thing, and the sentence has to
name that thing, not a neighbour, and never advise to move or delete a key that
is whole."""

import os
import subprocess

import pytest

from harness import BUILD, PASSWORD, WAIT, Process, environment

CONCLAVE = os.path.join(BUILD, "conclave")
CONCLAVED = os.path.join(BUILD, "conclaved")


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    (folder / "config" / "conclave").mkdir(parents=True)
    return folder


def at(home, name):
    return home / "config" / "conclave" / name


def run(home, *args, text=b"hello\n", password=PASSWORD, **more):
    """conclave --plain with its input at once; returns status and output."""
    env = environment(home, **more)
    if password is not None:
        env["CONCLAVE_PASSWORD"] = password
    r = subprocess.run([CONCLAVE, "--plain", *args], input=text, env=env,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=4 * WAIT, start_new_session=True)
    return r.returncode, r.stdout.decode("utf-8", "replace")


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
