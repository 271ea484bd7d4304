# SPDX-License-Identifier: Apache-2.0
"""Runs what may hang, print, exit or crash in a process of its own, with a limit of time."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Ended:
    """How a child ended; `status` is negative when a signal ended it."""

    status: int
    timed_out: bool
    seconds: float

    @property
    def is_late(self) -> bool:
        """Whether time ran out for it: here, or by an alarm that it had set itself."""
        return self.timed_out or self.status == -signal.SIGALRM

    @property
    def description(self) -> str:
        if self.timed_out:
            return f"was ended after {self.seconds:g} s"
        if self.is_late:
            return "took longer than it may"
        if self.status < 0:
            return f"was ended by {signal.Signals(-self.status).name}"
        return f"ended with status {self.status}"


def run(module: str, *arguments: str, limit: float) -> Ended:
    """Runs `python -m module arguments`; what it prints goes to standard error, and its children end with it."""
    command = [sys.executable, "-m", module, *arguments]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
    try:
        return Ended(child.wait(limit), False, limit)
    except subprocess.TimeoutExpired:
        return Ended(-signal.SIGKILL, True, limit)
    finally:
        _end_group(child)


def _end_group(child: subprocess.Popen) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()
