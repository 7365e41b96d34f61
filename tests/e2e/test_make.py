"""The Makefile as its users meet it: bare `make`, every target that it or a
document names, packages that are missing, and the same bytes in any folder."""

import filecmp
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import BUILD, TOP, WATCHED, environment

PROGRAMS = ("conclaved", "conclave")
DOCUMENTS = ("README.md", "SECURITY.md", "shared/PROTOCOL.md", "tests/fuzz/README.md",
             "tests/prove/README.md", "tests/analyze/README.md", "tests/ct/README.md",
             "tests/model/README.md", "tests/bench/README.md", "tests/attacks.md")
pytestmark = pytest.mark.skipif(bool(WATCHED), reason="builds for itself; the flavour under test plays no part")


def copy_to(folder):
    """What a clone would hold."""
    return shutil.copytree(TOP, folder, symlinks=True, ignore=shutil.ignore_patterns(
        "build", ".git", "__pycache__", "*.swp"))


def make(where, *args, **more):
    env = environment(os.path.join(where, "build", "home"))    # compilers' caches
    for k in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CONCLAVE_BUILD"):
        env.pop(k, None)
    return subprocess.run(["make", *args], cwd=where, env=dict(env, **more), timeout=600,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def makefile():
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as f:
        return f.read()


def phony():
    """The targets that are no files."""
    lists = re.findall(r"^\.PHONY:((?:.*\\\n)*.*)$", makefile(), re.M)
    return {t for text in lists for t in text.replace("\\\n", " ").split()}


def named():
    """{target: where it is named}, of the Makefile's head and the documents."""
    head = re.findall(r"^#   make ([a-z-]+)", makefile(), re.M)
    found = {t: "the Makefile's head" for t in head}
    for document in DOCUMENTS:
        with open(os.path.join(TOP, document), encoding="utf-8") as f:
            text = f.read()
        blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S))
        for words in re.findall(r"`make ([^`\n]+)`", text) + re.findall(r"^make ([^#\n]+)", blocks, re.M):
            for word in words.split():
                if re.fullmatch(r"[a-z][a-z-]*", word):
                    found.setdefault(word, document)
    return found


def test_the_head_names_targets_that_exist_and_documents_do_too():
    targets = phony()
    assert len(targets) > 20
    missing = {t: where for t, where in named().items() if t not in targets}
    assert not missing


@pytest.mark.parametrize("target", sorted(phony()))
def test_every_target_can_be_made(target):
    """All that it needs has a rule: make plans it to its end. What the tests
    run for real is below."""
    result = make(TOP, "-n", target)
    assert result.returncode == 0, result.stderr
    assert "No rule" not in result.stderr


def ours(copy):
    """Processes that run a program of that copy."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            exe = os.readlink("/proc/%s/exe" % pid)
        except OSError:
            continue
        if exe.startswith(str(copy)):
            found.append(exe)
    return found


def expect_programs(where, result):
    assert result.returncode == 0, result.stdout + result.stderr
    for program in PROGRAMS:
        assert os.access(where / "build" / program, os.X_OK), program


def expect_demo(where, result):
    expect_programs(where, result)
    assert "ada: Welcome!" in result.stdout
    assert "guest: hello everybody" in result.stdout
    assert re.search("new group key .*ben", result.stdout)
    assert "ben: Back again." in result.stdout
    assert re.search("ben, replying to ada .*: And type", result.stdout)
    assert re.search('ben reacts with .* to you [(]"hello everybody"', result.stdout)
    assert "[garden] -- ada removed eve: advertising" in result.stdout
    assert ours(where) == []
    assert "warning" not in result.stderr


def expect_install(where, to):
    result = make(where, "install", f"DESTDIR={to}", "PREFIX=/usr")
    assert result.returncode == 0, result.stdout + result.stderr
    for f in ("bin/conclave", "sbin/conclaved", "share/man/man1/conclave.1",
              "share/man/man8/conclaved.8", "sbin/conclavectl",
              "share/man/man8/conclavectl.8",
              "share/bash-completion/completions/conclavectl",
              "share/bash-completion/completions/conclave",
              "share/zsh/site-functions/_conclave",
              "share/fish/vendor_completions.d/conclave.fish",
              "lib/systemd/system/conclaved.service"):
        assert (to / "usr" / f).exists(), f
    unit = (to / "usr/lib/systemd/system/conclaved.service").read_text()
    assert "ExecStart=/usr/sbin/conclaved " in unit and "@SBINDIR@" not in unit
    result = make(where, "uninstall", f"DESTDIR={to}", "PREFIX=/usr")
    assert result.returncode == 0 and not (to / "usr/bin/conclave").exists()


def expect_clean(where):
    before = sorted(p for p in os.listdir(where) if p != "build")
    result = make(where, "clean")
    assert result.returncode == 0 and not (where / "build").exists()
    assert sorted(os.listdir(where)) == before


FLAGS = {"CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "HARDEN", "LDHARDEN", "SAN", "PKGCONFIG"}


def built_here():
    """The folder of the programs under test, if bare `make` would make them there:
    with its flags, in its folder, up to date. Else None."""
    given = {w.split("=")[0] for w in os.environ.get("MAKEFLAGS", "").split()}
    if BUILD != os.path.join(TOP, "build") or FLAGS & (given | set(os.environ)):
        return None
    left = make(TOP, "-n", "V=1", *("build/" + p for p in PROGRAMS)).stdout
    return pathlib.Path(BUILD) if " -o build/" not in left else None


def test_two_clean_copies(tmp_path):
    """Bare `make` builds both programs in a copy, and `make demo` shows them. They
    have the bytes of those built in this folder, or where these are made otherwise,
    in a second copy of another name. Then install, uninstall and clean. This is
    one test because every part needs the same builds, which take long."""
    one, other = copy_to(tmp_path / "one"), built_here()
    expect_programs(one, make(one))
    expect_demo(one, make(one, "demo"))
    if other is None:
        again = copy_to(tmp_path / "another-folder" / "deeper")
        expect_programs(again, make(again, "all"))
        other = again / "build"
    for program in PROGRAMS:
        assert filecmp.cmp(one / "build" / program, other / program, shallow=False), program
    expect_install(one, tmp_path / "root")
    expect_clean(one)


def poor(tmp_path, *lacking):
    """A PATH with the usual tools but for those named, and an apt-get and a sudo that tell of it."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in ("/bin", "/usr/bin"):
        for tool in os.listdir(folder):
            if tool not in (*lacking, "apt-get", "sudo") and not (tools / tool).is_symlink():
                (tools / tool).symlink_to(os.path.join(folder, tool))
    (tools / "apt-get").write_text('#!/bin/sh\necho "apt-get $*" >>"$ASKED"\n')
    (tools / "apt-get").chmod(0o755)
    return str(tools)


def test_nodeps_never_installs(tmp_path):
    asked = tmp_path / "asked"
    result = make(TOP, "deps", "NODEPS=1", PATH=poor(tmp_path, "pkg-config"), ASKED=str(asked))
    assert result.returncode != 0
    assert "NODEPS is set" in result.stderr and "pkg-config" in result.stderr
    assert not asked.exists()


def test_what_is_installed_and_why_is_said_first(tmp_path):
    asked = tmp_path / "asked"
    result = make(TOP, "deps", PATH=poor(tmp_path, "pkg-config"), ASKED=str(asked))
    assert "packages that are missing here: " in result.stdout and "pkg-config" in result.stdout
    assert "NODEPS=1 never installs" in result.stdout
    assert "install" in asked.read_text()
    # That apt-get installs nothing, so it is still missing.
    assert result.returncode != 0 and "still missing" in result.stderr


def test_a_compiler_of_two_words_is_one(tmp_path):
    result = make(TOP, "deps", "NODEPS=1", "CC=env cc")
    assert result.returncode == 0, result.stderr
