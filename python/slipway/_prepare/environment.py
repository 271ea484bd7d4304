# SPDX-License-Identifier: Apache-2.0
"""The lock of what a model really imports: exact versions, and what those need in turn."""
from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path

SCHEMA = "slipway.environment/1"
OWN = "slipway"
"""Comes with the server, and in its version."""


def lock(modules: set[str], platform: str) -> tuple[dict, list[str]]:
    """- Parameter modules: what stands in `sys.modules` because the model was opened and called.
    - Returns: the lock, and what it cannot hold, in sentences.
    """
    by_module = _distributions_by_module()
    wanted = {name for module in modules for name in by_module.get(module.split(".")[0], ())} - {OWN}
    found: dict[str, metadata.Distribution] = {}
    notes: list[str] = []
    waiting = sorted(wanted)
    while waiting:
        name = _normal(waiting.pop())
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        waiting += _requirements(found[name], platform)
    for name, distribution in sorted(found.items()):
        if distribution.read_text("direct_url.json"):
            notes.append(f"{name} {distribution.version} was installed from a folder or an address, not from a package "
                         "index: the server may not find it.")
    return {
        "schema": SCHEMA, "python": f"{sys.version_info.major}.{sys.version_info.minor}", "platform": platform,
        "requirements": [f"{name}=={found[name].version}" for name in sorted(found)],
    }, notes


def _distributions_by_module() -> dict[str, set[str]]:
    """As importlib.metadata has it from Python 3.11 on: told from the files, and from `top_level.txt` where a system's
    package lists none.
    """
    found: dict[str, set[str]] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name and distribution.files is None:
            for top in (distribution.read_text("top_level.txt") or "").split():
                found.setdefault(top, set()).add(name)
        for file in distribution.files or []:
            top = file.parts[0]
            if name and (len(file.parts) > 1 or top.endswith((".py", ".so"))) and not top.startswith((".", "_")):
                found.setdefault(top.split(".")[0], set()).add(name)
    return found


def write(lock: dict, path: Path) -> None:
    """As canonical JSON: its SHA-256 names the environment."""
    path.write_text(json.dumps(lock, sort_keys=True, separators=(",", ":"), ensure_ascii=False), "utf-8")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(distribution: metadata.Distribution, platform: str) -> list[str]:
    """What it needs on `platform`, without extras."""
    requirement = _parser()
    system, _, machine = platform.partition("_")
    surroundings = {"sys_platform": system, "platform_machine": machine, "extra": "",
                    "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}.get(system, system),
                    "os_name": "nt" if system == "win32" else "posix"}
    found = []
    for text in distribution.requires or []:
        need = requirement(text)
        if need.marker is None or need.marker.evaluate(surroundings):
            found.append(need.name)
    return found


def _parser():
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        from pip._vendor.packaging.requirements import Requirement
    return Requirement
