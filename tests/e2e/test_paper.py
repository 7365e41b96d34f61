"""The documents are true: README's layout, and the options in README, man pages,
completions and --help."""

import os
import re
import shutil
import subprocess

import pytest

from harness import BUILD, TOP, WATCHED


def read(*path):
    with open(os.path.join(TOP, *path)) as f:
        return f.read()


def bash_offers(*words):
    script = ('source client/completions/conclave.bash; COMP_WORDS=("$@"); '
              'COMP_CWORD=$(($# - 1)); _conclave; printf "%s\\n" "${COMPREPLY[@]}"')
    r = subprocess.run(["bash", "-uec", script, "bash", "conclave", *words], cwd=TOP,
                       capture_output=True, text=True, timeout=120, check=True)
    return r.stdout.split()


def test_bash_completes_options():
    assert bash_offers("--pass") == ["--password", "--password-file"]
    assert sorted(set(bash_offers("--"))) == options("conclave")
    assert bash_offers("--identity", "READ") == ["README.md"]
    assert bash_offers("--name", "") == []
    assert bash_offers("--rsa-bits", "") == []


def test_the_programs_are_hardened():
    if WATCHED:
        pytest.skip("a build for sanitizers or valgrind is not the one that is installed")
    for name in ("conclave", "conclaved", "conclavectl"):
        elf = subprocess.run(["readelf", "-Wlhdns", os.path.join(BUILD, name)],
                             capture_output=True, text=True, check=True).stdout
        assert "DYN (Position-Independent Executable" in elf
        assert "GNU_RELRO" in elf and "BIND_NOW" in elf
        assert "__stack_chk_fail" in elf and re.search(r"__\w+_chk", elf)
        assert re.search(r"GNU_STACK .* RW ", elf)
    # The C library's own start files decide whether the note stays in the
    # program; our code has it.
    note = subprocess.run(["readelf", "-Wn", os.path.join(BUILD, "shared/proto/link.o")],
                          capture_output=True, text=True, check=True).stdout
    assert "IBT, SHSTK" in note


def options(program):
    text = subprocess.run([os.path.join(BUILD, program), "--help"], check=True,
                          capture_output=True, text=True).stdout
    return sorted(set(re.findall(r"^ {2,6}(?:-\w, )?(--[a-z0-9-]+)", text, re.M)))


@pytest.mark.parametrize("program,man", [
    ("conclaved", "server/conclaved.8"), ("conclave", "client/conclave.1"),
    ("conclavectl", "server/conclavectl.8")])
def test_every_option_is_in_the_papers(program, man):
    found = options(program)
    assert len(found) >= 10
    page = read(man).replace("\\-", "-")
    for o in found:
        words = o[2:]
        assert re.search(r"(Fl|,) (Fl )?-?%s\b" % words, page), (o, man)
        if o not in ("--version", "--help"):
            assert o in read("README.md"), o


def test_version_and_help():
    versions = [subprocess.run([os.path.join(BUILD, program), "--version"], check=True,
                               capture_output=True, text=True).stdout.split(" ", 1)
                for program in ("conclave", "conclaved")]
    assert versions[0][0] == "conclave" and versions[1][0] == "conclaved"
    assert versions[0][1] == versions[1][1]
    for program in ("conclave", "conclaved", "conclavectl"):
        v = subprocess.run([os.path.join(BUILD, program), "--version"],
                           capture_output=True, text=True)
        assert v.returncode == 0 and re.match(program + r" \d+\.\d+", v.stdout)
        bad = subprocess.run([os.path.join(BUILD, program), "--no-such-thing"],
                             capture_output=True, text=True)
        assert bad.returncode == 2 and bad.stderr.count("\n") <= 2 and bad.stderr


def layout():
    """{folder: names} from README.md."""
    text = read("README.md")
    folder, found = None, {}
    for line in text[text.index("## Layout"):].split("```")[1].split("\n"):
        if m := re.match(r"((?:\w+/)+)", line):
            folder = m[1].rstrip("/")
            found[folder] = []
        elif line.startswith("  "):
            found[folder] += re.split(r" {3,}", line.strip())[0].split()
    return found


def folders():
    """{folder: names of its sources}"""
    found = {}
    for top in ("shared", "server", "client"):
        for d, _, files in os.walk(os.path.join(TOP, top)):
            stems = {os.path.splitext(f)[0] for f in files if f.endswith((".c", ".h"))}
            if stems:
                found[os.path.relpath(d, TOP)] = stems
    return found


def test_the_layout_names_every_file_and_nothing_else():
    said, there = layout(), folders()
    assert sorted(said) == sorted(there)
    for folder, names in said.items():
        assert sorted(names) == sorted(there[folder]), folder


@pytest.mark.skipif(not shutil.which("git"), reason="git is not here")
def test_the_top_level_is_what_was_asked_for():
    tracked = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True)
    if tracked.returncode != 0:
        pytest.skip("these sources are not in git")
    assert {name.split("/")[0] for name in tracked.stdout.splitlines()} == {
        "Makefile", "README.md", "SECURITY.md", "LICENSE", "client", "server", "shared",
        "tests", ".ci", ".clang-format", ".gitignore"}


def test_the_files_are_small_enough_to_read():
    for top in ("shared", "server", "client"):
        for d, _, files in os.walk(os.path.join(TOP, top)):
            for f in files:
                if f.endswith((".c", ".h")):
                    with open(os.path.join(d, f)) as text:
                        assert len(text.readlines()) <= 600, f


def test_the_errors_of_the_protocol_page_are_the_wire_s():
    words = set(re.findall(r'X\(\w+, "([a-z_]+)"', read("shared/wire/wire.h")))
    page = read("shared/PROTOCOL.md")
    assert len(words) == 30
    for w in words:
        assert "`%s`" % w in page
    for label in re.findall(r'#define LABEL_\w+\s+"([^"]+)"', read("shared/wire/wire.h")):
        assert '"%s"·' % label in page
