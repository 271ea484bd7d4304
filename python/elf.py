# SPDX-License-Identifier: Apache-2.0
"""What a program needs of the system that it runs on, as binutils' objdump tells."""

import re
import subprocess
from dataclasses import dataclass

# What PEP 600 lets a wheel expect of every Linux, of what programs here are linked with.
EXPECTED = {"ld-linux-x86-64.so.2", "libc.so.6", "libgcc_s.so.1", "libm.so.6", "libstdc++.so.6", "libz.so.1"}
EXPECTED |= {"libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1"}

# The newest symbols of libstdc++ on systems with a glibc 2.x, by x: Debian 11, RHEL 9, Ubuntu 22.04, Fedora
# 38, Ubuntu 24.04.
LIBSTDCXX = {31: 28, 34: 29, 35: 30, 38: 31, 39: 33}


@dataclass(frozen=True)
class Program:
    needed: frozenset[str]
    # Where it looks for libraries before the system's places.
    library_paths: tuple[str, ...]
    # The newest version of symbols, as in GLIBC_2.35: (2, 35).
    versions: dict[str, tuple[int, ...]]

    @classmethod
    def read(cls, path):
        said = subprocess.run(["objdump", "-p", path], check=True, capture_output=True, text=True).stdout
        versions = {}
        for name, number in re.findall(r"\b(GLIBC|GLIBCXX)_(\d+(?:\.\d+)*)\b", said):
            version = tuple(map(int, number.split(".")))
            versions[name] = max(version, versions.get(name, ()))
        paths = re.findall(r"^\s+(?:RUNPATH|RPATH)\s+(\S+)", said, re.MULTILINE)
        return cls(
            frozenset(re.findall(r"^\s+NEEDED\s+(\S+)", said, re.MULTILINE)),
            tuple(part for path in paths for part in path.split(":")),
            versions,
        )

    @property
    def foreign(self):
        """Libraries that not every system has."""
        return self.needed - EXPECTED


def platform_tag(programs):
    """The oldest systems on which all of them run."""
    glibc = max(program.versions.get("GLIBC", (2, 17)) for program in programs)
    libstdcxx = max(program.versions.get("GLIBCXX", (3, 4, 0)) for program in programs)
    new_enough = [minor for minor, newest in LIBSTDCXX.items() if newest >= libstdcxx[-1]]
    if not new_enough:
        raise SystemExit(f"No system with libstdc++ {libstdcxx} is known: add it to LIBSTDCXX in {__file__}.")
    minor = max(glibc[1], min(new_enough))
    return f"manylinux_{glibc[0]}_{minor}_x86_64"
