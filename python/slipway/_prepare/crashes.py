# SPDX-License-Identifier: Apache-2.0
"""Rows at the edges that end the process that asks the original. They are ours, and no reason to refuse a
model: the process is started again, and passes over them.
"""
from __future__ import annotations

from .job import Job

# What is asked, as a phase of the job.
JUMPS = "edges: jumps"
TOGETHER = "edges: together"
ALL = "edges: all"
_ROW = "edges: row "


def row(index: int) -> str:
    return f"{_ROW}{index}"


def rows(left_out: list[str]) -> list[int]:
    return [int(phase.removeprefix(_ROW)) for phase in left_out if phase.startswith(_ROW)]


def pass_over(job: Job, is_late: bool) -> bool:
    """Leaves out what the last child did not survive; everything when there is no time to look for more.

    Each look costs opening the model again.

    - Returns: whether there was something to leave out.
    """
    phase, left_out = job.phase(), job.left_out()
    if not phase.startswith("edges: ") or ALL in left_out:
        return False
    job.leave_out(ALL if is_late or phase in left_out else phase)
    return True


def notes(left_out: list[str], kinds: list[str]) -> list[str]:
    """- Parameter kinds: what each of the rows is."""
    if ALL in left_out:
        return ["rows at the edges end the process of the original, or take it too long; "
                "there are none in the proof"]
    # A model that answers otherwise each time has other thresholds, and perhaps fewer rows.
    ends = sorted({kinds[index] for index in rows(left_out) if index < len(kinds)})
    said = [f"the original's process ends on {len(rows(left_out))} of {len(kinds)} edge rows "
            f"({', '.join(ends)}); they are no proof"] if ends else []
    if JUMPS in left_out:
        said.append("the original's process ended when its thresholds were looked for; no rows lie at them")
    return said
