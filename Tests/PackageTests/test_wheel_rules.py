# SPDX-License-Identifier: Apache-2.0
"""A wheel is built only of a program that runs wherever its tag says."""

import tomllib

import pytest
from build_wheel import bundled, metadata
from elf import Program, platform_tag
from program import ROOT


def program(needed=(), paths=(), **versions):
    return Program(frozenset(needed), tuple(paths), versions)


@pytest.mark.parametrize(
    "programs, tag",
    [
        ([program(GLIBC=(2, 35), GLIBCXX=(3, 4, 30))], "manylinux_2_35_x86_64"),
        ([program(GLIBC=(2, 36), GLIBCXX=(3, 4, 30))], "manylinux_2_36_x86_64"),
        # The C++ library is what keeps it from older systems.
        ([program(GLIBC=(2, 31), GLIBCXX=(3, 4, 30))], "manylinux_2_35_x86_64"),
        ([program(GLIBC=(2, 35), GLIBCXX=(3, 4, 33))], "manylinux_2_39_x86_64"),
        # A library that comes along counts as well.
        ([program(GLIBC=(2, 34), GLIBCXX=(3, 4, 29)), program(GLIBC=(2, 38))], "manylinux_2_38_x86_64"),
    ],
)
def test_the_tag_is_the_oldest_system_that_has_everything(programs, tag):
    assert platform_tag(programs) == tag


def test_a_cpp_library_that_no_known_system_has_is_refused():
    with pytest.raises(SystemExit, match="LIBSTDCXX"):
        platform_tag([program(GLIBC=(2, 35), GLIBCXX=(3, 4, 99))])


def test_libraries_that_systems_lack_are_refused_by_name():
    with pytest.raises(SystemExit, match="libswiftCore.so"):
        bundled(program(["libc.so.6", "libswiftCore.so"]))


def test_a_program_that_would_not_find_what_comes_along_is_refused():
    with pytest.raises(SystemExit, match="make build"):
        bundled(program(["libc.so.6", "libsqlite3.so.0"], ["$ORIGIN"]))


def test_what_a_program_of_this_machine_needs_is_read(tmp_path):
    read = Program.read("/bin/ls")
    assert "libc.so.6" in read.needed
    assert read.versions["GLIBC"] >= (2, 17)


def test_the_package_brings_what_reading_folders_of_mlflow_needs():
    """Whoever packs one may have nothing of MLflow installed."""
    project = tomllib.loads((ROOT / "python" / "pyproject.toml").read_text("utf-8"))["project"]
    assert "Requires-Dist: pyyaml" in metadata(project).splitlines()
