# SPDX-License-Identifier: Apache-2.0
"""The program `slipway`, run from here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from .._client.refusals import KINDS
from ..errors import ModelRefused, ProgramMissing, SlipwayError

NAME = "slipway"


def binary() -> Path:
    """In this order: SLIPWAY_BINARY, the one that was installed with this package, the PATH. Raises
    ProgramMissing.
    """
    named = os.environ.get("SLIPWAY_BINARY")
    if named:
        return Path(named)
    installed = Path(sysconfig.get_path("scripts"), NAME)
    if os.access(installed, os.X_OK):
        return installed
    found = shutil.which(NAME)
    if found:
        return Path(found)
    raise ProgramMissing(
        "The program `slipway` is not on this machine.",
        hint="Install the wheel that carries it (docs/how-to/install.md), or name it with SLIPWAY_BINARY.",
        code="program_missing",
    )


def run(arguments: Sequence[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Runs a command to its end, handing on what it says on the way. Returns its result.

    What it needs of Python it runs with this interpreter. Raises SlipwayError with what the command refused.
    """
    command = [str(binary()), *arguments, "--format", "json"]
    environment = os.environ | {"SLIPWAY_PYTHON": sys.executable}
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise ProgramMissing(
            f"“{command[0]}” cannot be run: {error.strerror}.",
            hint="Install the wheel for this machine again, or name the program with SLIPWAY_BINARY.",
            code="program_missing",
        ) from error
    with process:
        assert process.stdout is not None and process.stderr is not None
        said: list[str] = []
        listener = threading.Thread(target=_listen, args=(process.stderr, said, say))
        listener.start()
        try:
            output = process.stdout.read()
        except BaseException:
            process.terminate()
            raise
        finally:
            listener.join()
    if process.returncode:
        raise _refusal(said, process.returncode)
    result: dict[str, Any] = json.loads(output)
    return result


def _listen(stream: IO[str], said: list[str], say: Callable[[str], None]) -> None:
    for line in stream:
        line = line.rstrip("\n")
        said.append(line)
        if not line.startswith('{"code"'):
            say(line)


def _refusal(said: list[str], code: int) -> SlipwayError:
    """The last line is the error, as JSON."""
    try:
        problem = json.loads(said[-1])
    except (IndexError, ValueError):
        what = f"signal {-code}" if code < 0 else f"code {code}"
        return SlipwayError(f"`slipway` ended with {what}.", hint=" ".join(said[-3:])[:1000])
    details = {str(part["name"]): str(part["value"]) for part in problem.get("details", [])}
    kind = KINDS.get(problem["status"], SlipwayError)
    if problem["code"].startswith(("PRJ", "PRF", "ENG")):
        kind = ModelRefused
    error = kind(
        problem["title"],
        hint=problem.get("hint", ""),
        code=problem["code"],
        details=details,
        status=problem["status"],
    )
    return error
