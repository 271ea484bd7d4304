# SPDX-License-Identifier: Apache-2.0
"""Starts real programs in each form of the sandbox, as the server does: `slipway sandboxed`, with an order."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from program import BINARY

# No one's on this machine; it only has to be another than root.
ORDINARY_USER = 54_321
# The system's own: everybody may read it.
PYTHON = "/usr/bin/python3"
LIMIT_S = 120
FAILED = 125
MIB = 1 << 20


@dataclass(frozen=True)
class Sandbox:
    """A form of the sandbox, and who starts it."""

    form: str
    is_root: bool

    def __str__(self) -> str:
        return f"{self.form}-{'root' if self.is_root else 'user'}"

    @property
    def has_namespaces(self) -> bool:
        return self.form != "landlock"

    @property
    def user(self) -> dict:
        """For subprocess: who starts it."""
        if self.is_root or os.geteuid() != 0:
            return {}
        return {"user": ORDINARY_USER, "group": ORDINARY_USER, "extra_groups": []}


@dataclass
class Limits:
    memory: int = 512 * MIB
    temporary: int = 8 * MIB
    file: int = 64 * MIB
    openFiles: int = 128
    tasks: int = 32
    startsProcesses: bool = True
    processors: int | None = None


@dataclass
class Policy:
    program: str = PYTHON
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    readOnly: list[str] = field(default_factory=list)
    writable: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)


def environment(sandbox: Sandbox, policy: Policy, parent: int | None = None, is_strict: bool = True) -> dict[str, str]:
    """What `slipway sandboxed` is started with."""
    limits = {name: value for name, value in vars(policy.limits).items() if value is not None}
    order = {
        "policy": vars(policy) | {"limits": limits},
        "form": sandbox.form,
        "isStrict": is_strict,
        "parent": parent or os.getpid(),
        "bubblewrap": shutil.which("bwrap"),
        "temporaryFolder": "/tmp",
        "firstProcessor": 0,
    }
    return {"SLIPWAY_SANDBOX_ORDER": json.dumps(order)}


def start(sandbox: Sandbox, policy: Policy, **options) -> subprocess.Popen:
    """The caller sets the descriptors; standard input is empty unless it says otherwise."""
    settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [BINARY.resolve(), "sandboxed"], env=environment(sandbox, policy), **settings | sandbox.user | options
    )


def run(sandbox: Sandbox, policy: Policy, **options) -> subprocess.CompletedProcess:
    process = start(sandbox, policy, text=True, **options)
    try:
        output, errors = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    return subprocess.CompletedProcess(policy.arguments, process.returncode, output, errors)


def is_readable_by_all(path: Path) -> bool:
    return all(place.stat().st_mode & 0o005 == 0o005 for place in [path, *path.parents])


def sandboxes() -> list[Sandbox]:
    """Those that can be tried here: as root, without namespaces, there is none that is full."""
    forms = ["bubblewrap", "namespaces", "landlock"]
    if os.geteuid() != 0:
        return [Sandbox(form, False) for form in forms]
    as_root = [Sandbox(form, True) for form in forms[:2]]
    if not (is_readable_by_all(BINARY.resolve()) and is_readable_by_all(Path(sys.prefix).parent)):
        return as_root
    return as_root + [Sandbox(form, False) for form in forms]
