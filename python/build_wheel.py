#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the wheel: the Python package, the program as a script on the PATH, and the demo's example. Python
3.11 on.

    python3 build_wheel.py [FOLDER]        ../dist by default
 Also the build backend of pyproject.toml (PEP 517). SLIPWAY_BINARY names the program instead of the release
build; SOURCE_DATE_EPOCH is the time that files get. The same input is the same bytes. Needs binutils.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

from elf import Program, platform_tag

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
EXAMPLE = ROOT / "examples" / "breast-cancer"
EXAMPLE_FILES = (
    "README.md",
    "examples.csv",
    "model.onnx",
    "row.json",
    "slipway.yaml",
    "train.csv",
    "train.py",
)
# What the wheel may bring along instead of expecting it of the system, with where it is on this machine.
BUNDLED = ("libsqlite3.so.0",)
EARLIEST = 315532800  # 1980-01-01, before which zip archives know no time.


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """The hook of PEP 517. Returns the wheel's name."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
    binary = Path(os.environ.get("SLIPWAY_BINARY", ROOT / ".build" / "release" / "slipway"))
    if not binary.exists():
        raise SystemExit(f"There is no program at {binary}: run `make build` first, or set SLIPWAY_BINARY.")
    with tempfile.TemporaryDirectory() as staging:
        stripped = Path(staging, "slipway")
        subprocess.run(["strip", "-o", stripped, binary], check=True)
        libraries = bundled(Program.read(stripped))
        tag = f"py3-none-{platform_tag([Program.read(path) for path in (stripped, *libraries.values())])}"
        stem = f"{project['name']}-{project['version']}"
        name = f"{stem}-{tag}.whl"
        entries = contents(stem, project, tag, stripped, libraries)
        unfinished = Path(wheel_directory, f".{name}")
        write(unfinished, f"{stem}.dist-info/RECORD", entries)
        unfinished.rename(Path(wheel_directory, name))
    return name


def bundled(program):
    """The libraries that the wheel brings along, by name. Refuses what a wheel of its tag may not expect."""
    libraries = {name: located(name) for name in program.foreign if name in BUNDLED}
    lacking = sorted(program.foreign - libraries.keys())
    if lacking:
        raise SystemExit(
            f"The program needs {', '.join(lacking)}, which not every system of the wheel's tag has. "
            "Build the release program with `make build`, which links Swift's libraries in."
        )
    if libraries and "$ORIGIN/../lib/slipway" not in program.library_paths:
        raise SystemExit(
            "The program does not look for libraries in lib/slipway: build it with `make build`."
        )
    return libraries


def located(name):
    """Where the loader of this machine finds a library, without links."""
    listing = subprocess.run(["/sbin/ldconfig", "-p"], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        words = line.split()
        if words and words[0] == name and "x86-64" in line:
            return Path(words[-1]).resolve()
    raise SystemExit(f"{name} is not on this machine: `scripts/setup.sh build` installs it.")


def contents(stem, project, tag, binary, libraries):
    """All files of the wheel but RECORD: by path, the bytes, and whether they are run."""
    info, data = f"{stem}.dist-info", f"{stem}.data"
    entries = {}
    for path in sorted((HERE / "slipway").rglob("*")):
        if path.suffix == ".py" or path.name == "py.typed":
            entries[path.relative_to(HERE).as_posix()] = (path.read_bytes(), False)
    entries[f"{data}/scripts/slipway"] = (binary.read_bytes(), True)
    for name, path in libraries.items():
        entries[f"{data}/data/lib/slipway/{name}"] = (path.read_bytes(), False)
    for name in EXAMPLE_FILES:
        entries[f"{data}/data/share/slipway/examples/{EXAMPLE.name}/{name}"] = (
            (EXAMPLE / name).read_bytes(),
            False,
        )
    wheel = (
        f"Wheel-Version: 1.0\nGenerator: slipway {project['version']}\nRoot-Is-Purelib: false\nTag: {tag}\n"
    )
    entries[f"{info}/METADATA"] = (metadata(project).encode(), False)
    entries[f"{info}/WHEEL"] = (wheel.encode(), False)
    entries[f"{info}/licenses/LICENSE"] = ((ROOT / "LICENSE").read_bytes(), False)
    return entries


def metadata(project):
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
        f"Keywords: {','.join(project['keywords'])}",
        f"License-Expression: {project['license']}",
        "License-File: LICENSE",
        f"Requires-Python: {project['requires-python']}",
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
        *(f"Requires-Dist: {requirement}" for requirement in project["dependencies"]),
    ]
    for extra, requirements in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {requirement}; extra == '{extra}'" for requirement in requirements]
    readme = (HERE / project["readme"]).read_text("utf-8")
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", readme])


def write(path, record, entries):
    """An archive with the same bytes wherever and whenever it is written."""
    moment = time.gmtime(max(int(os.environ.get("SOURCE_DATE_EPOCH", EARLIEST)), EARLIEST))
    lines = [
        f"{name},sha256={digest(content)},{len(content)}\n" for name, (content, _) in sorted(entries.items())
    ]
    entries = entries | {record: ("".join([*lines, f"{record},,\n"]).encode(), False)}
    with zipfile.ZipFile(path, "w") as archive:
        # RECORD comes last, as the format wants it.
        for name, (content, is_run) in sorted(
            entries.items(), key=lambda entry: (entry[0] == record, entry[0])
        ):
            entry = zipfile.ZipInfo(name, moment[:6])
            entry.create_system = 3
            entry.external_attr = (0o100755 if is_run else 0o100644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"
    folder.mkdir(parents=True, exist_ok=True)
    for before in folder.glob("slipway-*.whl"):
        before.unlink()
    print(folder / build_wheel(folder))


if __name__ == "__main__":
    if shutil.which("strip") is None or shutil.which("objdump") is None:
        sys.exit("strip and objdump are missing: install binutils, as `scripts/setup.sh build` does.")
    main()
