"""What the parent chose stays: signals that it ignores, and what else a program
inherits. And what a parent leaves behind by mistake does no harm."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time

import pytest

from harness import BUILD, PASSWORD, SCRYPT_N, WAIT, environment, until
from test_client import Terminal, member, terminal  # noqa: F401

SERVER = os.path.join(BUILD, "conclaved")
STOPS = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]


def ignoring(*signals):
    def pre():
        for n in signals:
            signal.signal(n, signal.SIG_IGN)
    return pre


def blocking(*signals):
    return lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signals)


def state(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def serves(world, server, name):
    """Somebody new can join."""
    member(world, server, name).quit()


@pytest.mark.parametrize("n", STOPS)
def test_a_server_keeps_ignoring_a_signal(world, n):
    s = world.server(preexec=ignoring(n))
    s.signal(n)
    serves(world, s, "ana")
    s.signal(n)
    serves(world, s, "bob")
    s.signal(next(other for other in STOPS if other != n))
    assert s.wait() == 0
    assert s.said("saying bye")


def test_nohup(world, tmp_path):
    p = subprocess.Popen(
        ["nohup", SERVER, "--ephemeral", "--scrypt-n", SCRYPT_N, "-p", PASSWORD,
         "-l", "127.0.0.1:0"], env=environment(tmp_path), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        where = p.stdout.readline().split()[2]
        p.send_signal(signal.SIGHUP)
        serves(world, where, "ana")
        assert p.poll() is None
        p.terminate()
        assert p.wait(WAIT) == 0
    finally:
        if p.poll() is None:
            p.kill()
        p.wait()
        p.stdout.close()


def test_a_background_job_of_a_script(world, tmp_path):
    """A shell without job control makes it ignore SIGINT: Ctrl-C is meant for the
    script."""
    p = subprocess.Popen(
        ["/bin/sh", "-c", '"$0" "$@" & echo $!; wait', SERVER, "--ephemeral", "--scrypt-n",
         SCRYPT_N, "-p", PASSWORD, "-l", "127.0.0.1:0"], env=environment(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    pid = int(p.stdout.readline())
    try:
        where = p.stdout.readline().split()[2]
        os.kill(pid, signal.SIGINT)
        serves(world, where, "ana")
    finally:
        os.kill(pid, signal.SIGTERM)
        assert p.wait(WAIT) == 0
        p.stdout.close()


@pytest.mark.parametrize("n", STOPS)
def test_a_client_keeps_ignoring_a_signal(world, n):
    s = world.server()
    c = member(world, s, "ana", preexec=ignoring(n))
    c.signal(n)
    c.say("still here")
    c.see("sent", seq=1)
    c.signal(next(other for other in STOPS if other != n))
    assert c.wait() == 0
    assert c.events()[-1]["reason"] == "quit"


def test_signals_that_the_parent_blocks_still_end_both(world):
    """A mask is inherited by mistake only, and nobody could see it."""
    everything = set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}
    s = world.server(preexec=blocking(*everything))
    c = member(world, s, "ana", preexec=blocking(*everything))
    c.signal(signal.SIGQUIT)
    assert c.wait() == -signal.SIGQUIT
    member(world, s, "bob", preexec=blocking(*everything)).signal(signal.SIGTERM)
    s.signal(signal.SIGQUIT)
    assert s.wait() == -signal.SIGQUIT


# A shell with job control: a job of its own group in the foreground. Says when
# the job stops, and makes it continue.
SHELL = """
import os, signal, sys
ignore, out, *argv = sys.argv[1:]
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, os.getpid())
    for n in (signal.SIGTTOU, signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(n, signal.SIG_DFL)
    if ignore == "TSTP":
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    os.execv(argv[0], argv)
with open(out, "a", buffering=1) as f:
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        f.write("stopped\\n")
        os.killpg(pid, signal.SIGCONT)
    f.write("ended %d\\n" % os.waitstatus_to_exitcode(status))
"""


class Job(Terminal):
    """A program as a job of such a shell."""

    def __init__(self, home, ignore, *argv, **env):
        more = dict(environment(home), TERM="xterm", LC_ALL="C.UTF-8", **env)
        self.report = home / "report"
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, [sys.executable, "-c", SHELL, ignore, str(self.report),
                                       *map(str, argv)], more)
        self.text, self.code, self.visit = "", None, None

    def said(self, what):
        self.read()
        return self.report.exists() and what in self.report.read_text()


@pytest.mark.parametrize("ignore, stops", [("TSTP", False), ("", True)])
def test_ctrl_z_only_where_somebody_can_continue_it(world, tmp_path, ignore, stops):
    s = world.server()
    t = Job(tmp_path, ignore, os.path.join(BUILD, "conclave"), "-n", "tim", "--tui",
            s.invite, CONCLAVE_PASSWORD=PASSWORD)
    try:
        t.see("lobby")
        t.type("\x1a")
        if stops:
            until(lambda: t.said("stopped"), what="the stop")
        else:
            t.see("\x07")    # the bell says that it cannot
        t.type("/quit\r")
        until(lambda: t.said("ended 0"), what="the end")
        assert bool(t.said("stopped")) == stops
    finally:
        t.stop()


def test_a_background_server_on_a_terminal_with_tostop(world, tmp_path):
    """Its log goes to a terminal that stops background jobs that write: lines
    may be in the way there, but the room goes on."""
    pid, fd = pty.fork()
    if pid == 0:
        t = termios.tcgetattr(0)
        t[3] |= termios.TOSTOP
        termios.tcsetattr(0, termios.TCSANOW, t)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)    # not the foreground's
            with open(tmp_path / "pid", "w") as f:
                f.write(str(os.getpid()))
            os.execve(SERVER, [SERVER, "--ephemeral", "--scrypt-n", SCRYPT_N, "-l",
                               "unix:" + str(tmp_path / "sock")],
                      dict(environment(tmp_path), CONCLAVE_PASSWORD=PASSWORD))
        os.waitpid(child, 0)
        os._exit(0)
    try:
        until(lambda: (tmp_path / "sock").exists() or
              (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() and
              state(int((tmp_path / "pid").read_text())) == "T", what="the server")
        server = int((tmp_path / "pid").read_text())
        for name in ("ana", "bob"):
            serves(world, "unix:" + str(tmp_path / "sock"), name)
        assert state(server) != "T"
        os.kill(server, signal.SIGTERM)
        until(lambda: os.waitpid(pid, os.WNOHANG)[0], what="the end")
        pid = None
    finally:
        if pid:
            for n in (int((tmp_path / "pid").read_text()), pid):
                os.kill(n, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(fd)


def test_children_that_nobody_waits_for(world, tmp_path):
    """A parent that ignores SIGCHLD makes the kernel drop exit statuses; /export
    has a process of its own."""
    s = world.server()
    t = Job(tmp_path, "", "/bin/sh", "-c", 'trap "" CHLD; exec "$0" "$@"',
            os.path.join(BUILD, "conclave"), "-n", "tim", "--tui", s.invite,
            CONCLAVE_PASSWORD=PASSWORD)
    try:
        t.see("lobby")
        t.type("/export lines.jsonl\r")
        until(lambda: (tmp_path / "conclave-exports" / "lines.jsonl").exists(), what="the file")
        t.type("/quit\r")
        until(lambda: t.said("ended 0"), what="the end")
    finally:
        t.stop()


def test_standard_input_that_does_not_block(world, tmp_path):
    """The other end of a shared description chose that."""
    s = world.server()
    r, w = os.pipe()
    os.set_blocking(r, False)
    p = subprocess.Popen([os.path.join(BUILD, "conclave"), "--json", "-n", "ana",
                          s.listening[0]], stdin=r, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True,
                         env=environment(tmp_path, CONCLAVE_PASSWORD=PASSWORD))
    os.close(r)
    try:
        bob = member(world, s, "bob")
        os.write(w, b'{"do":"say","text":"one"}\n')
        bob.see("message", text="one")
        time.sleep(0.2)     # it waits meanwhile, and reads on
        os.write(w, b'{"do":"say","text":"two"}\n')
        bob.see("message", text="two")
    finally:
        os.close(w)
        out = p.communicate(timeout=WAIT)[0]
    assert p.returncode == 0
    assert json.loads(out.splitlines()[-1])["event"] == "closed"
