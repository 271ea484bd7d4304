# SPDX-License-Identifier: Apache-2.0
"""Opens what was saved in a process of its own, as a worker will: what only the notebook knows is missing
there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slipway

from .._prepare.problems import Problem
from ..errors import ModelRefused

LIMIT_S = 600
HINTS = {"module_missing": "Install it as a package, or hand its folder in: code=“folder”."}


def check(folder: Path, model: str, loader: str) -> dict[str, Any]:
    """The report of `slipway.prepare` about the folder, which is given its environment.json. Raises
    ModelRefused.
    """
    with tempfile.TemporaryDirectory(prefix="slipway-") as name:
        place = Path(name)
        request = {
            "schema": "slipway.prepare/1",
            "source": str(folder / model),
            "rows": str(folder / "examples.jsonl"),
            "recorded": str(folder / "worker.json"),
            "loader": loader,
            "code": str(folder / "code") if (folder / "code").is_dir() else None,
            "convert": False,
            "edge_rows": 0,
            "out": str(place / "out"),
        }
        (place / "request.json").write_text(json.dumps(request), "utf-8")
        said = _run([sys.executable, "-m", "slipway.prepare", str(place / "request.json")], place)
        try:
            report: dict[str, Any] = json.loads((place / "out" / "report.json").read_bytes())
        except (OSError, ValueError):
            raise ModelRefused(
                f"The process that opens the saved model ended without a report: {said[-1000:].strip()}",
                hint="Open the saved file in a new Python, and see what it does.",
                code="load_failed",
            ) from None
        if report["status"] == "error":
            raise refused(Problem.of(report))
        (folder / "environment.json").write_bytes((place / "out" / "environment.json").read_bytes())
        return report


def refused(problem: Problem) -> ModelRefused:
    """What is wrong, with a hint for a notebook instead of one for the command line."""
    details = {"module": problem.module} if problem.module else {}
    return ModelRefused(
        problem.message, hint=HINTS.get(problem.code, problem.hint), code=problem.code, details=details
    )


def _run(command: Sequence[str], place: Path) -> str:
    package = str(Path(slipway.__file__).resolve().parents[1])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        command,
        cwd=place,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        text=True,
        errors="replace",
    )
    return done.stdout
