"""server/conclaved.service, as `make install` writes it: systemd accepts it, and
`systemd-analyze security` reports a low exposure."""

import os
import re
import shutil
import subprocess

import pytest

from harness import BUILD, TOP, environment, until

ANALYZE = shutil.which("systemd-analyze")
EXPOSURE_MAX = 1.5


def analyze(*args):
    if ANALYZE is None:
        pytest.skip("there is no systemd-analyze here")
    return subprocess.run([ANALYZE, *args], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"],
                                                         "LC_ALL": "C", "TERM": "dumb"})


@pytest.fixture
def unit(tmp_path):
    with open(os.path.join(TOP, "server", "conclaved.service")) as f:
        text = f.read()
    assert text.count("@SBINDIR@") == 2
    path = tmp_path / "conclaved.service"
    path.write_text(text.replace("@SBINDIR@", BUILD))
    return path


def test_systemd_takes_the_unit(unit):
    r = analyze("verify", "--man=no", str(unit))
    if "unrecognized option" in r.stderr:
        pytest.skip("this systemd-analyze is too old")
    ours = [line for line in r.stderr.splitlines() if "conclaved" in line]
    assert ours == [] and r.returncode == 0, r.stderr


def test_the_unit_reaches_little(unit):
    r = analyze("security", "--offline=true", str(unit))
    m = re.search(r"Overall exposure level for \S+: ([0-9.]+)", r.stdout)
    if not m and "unrecognized option" in r.stderr:
        pytest.skip("this systemd-analyze is too old")
    assert m, r.stdout + r.stderr
    assert float(m[1]) <= EXPOSURE_MAX, r.stdout


def test_the_options_of_the_unit_are_the_program_s(unit, tmp_path):
    text = unit.read_text()
    command = re.search(r"^ExecStart=(.*)$", text, re.M)[1]
    options = re.search(r'^Environment="CONCLAVED_OPTIONS=(.*)"$', text, re.M)[1]
    argv = (command.replace("${STATE_DIRECTORY}", str(tmp_path / "state"))
            .replace("$CONCLAVED_OPTIONS", options).split())
    r = subprocess.run(argv + ["--check-config"], capture_output=True, text=True, timeout=60)
    assert r.returncode == 0 and not r.stderr, r.stderr


def test_the_unit_has_no_password_and_can_be_reloaded(world, unit, tmp_path):
    """With its own options but the port: from the record that --make-record writes
    where the unit looks for it, to a new password by what `systemctl reload` runs."""
    text = unit.read_text()
    assert "password" not in re.sub("#.*", "", text) and "LoadCredential" not in text
    where = re.search("^AssertPathExists=/var/lib/conclaved/(.*)$", text, re.M)[1]
    state = tmp_path / "state"
    for password in ("the first", "the second"):
        r = subprocess.run([os.path.join(BUILD, "conclaved"), "--make-record", "--state", str(state),
                            "--scrypt-n", "16384"], capture_output=True, text=True, timeout=60,
                           env=environment(tmp_path, CONCLAVE_PASSWORD=password))
        assert r.returncode == 0 and (state / where).exists(), r
        if password == "the first":
            command = re.search(r"^ExecStart=\S+ (.*)$", text, re.M)[1]
            argv = command.replace("${STATE_DIRECTORY}", str(state)).split()[:-1]
            s = world.server(*argv, *(["--user", "root"] if os.geteuid() == 0 else []),
                             password=None, ephemeral=False)
            world.client(s, "alice", password=password).joined()
    reload = re.search(r"^ExecReload=\+(.*)$", text, re.M)[1]
    # By the shell's own kill: a machine without systemd may have no other.
    assert reload.startswith("/bin/kill "), reload
    subprocess.run(["sh", "-c", reload[5:].replace("$MAINPID", str(s.p.pid))], check=True, timeout=60)
    until(lambda: s.said("record: read again"), what="the reload")
    world.client(s, "bob", password="the second").joined()


def test_the_unit_never_gives_up(unit):
    """A server whose address comes late fails until then (status 1), and is
    started again as often as that takes. Wrong options (2) end it."""
    sections = {}
    for line in unit.read_text().splitlines():
        if line.startswith("["):
            section = sections.setdefault(line, {})
        elif re.match(r"[A-Z]\w*=", line):
            name, _, value = line.partition("=")
            section[name] = value
    assert sections["[Unit]"]["StartLimitIntervalSec"] == "0"
    service = sections["[Service]"]
    assert service["Restart"] == "on-failure"
    assert service["RestartSec"] == "2s"
    assert service["RestartPreventExitStatus"] == "2"
