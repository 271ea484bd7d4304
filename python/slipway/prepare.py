# SPDX-License-Identifier: Apache-2.0
"""python -m slipway.prepare request.json: writes OUT/report.json, as docs/formats/prepared-model.md has it.

0 when it says "prepared", 1 when it says "error", 2 when there is no request to answer.
"""
from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

from ._prepare import candidates, children, crashes, sources
from ._prepare.job import Job
from ._prepare.problems import Problem, one_line
from ._prepare.request import Request


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m slipway.prepare request.json", file=sys.stderr)
        return 2
    try:
        request = Request.read(Path(arguments[0]))
        out = Path(request.out)
        out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError, TypeError) as error:
        print(f"The request cannot be read: {one_line(error)}", file=sys.stderr)
        return 2
    try:
        report = prepared(request)
    except Problem as problem:
        report = problem.report()
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False)
    (out / "report.json").write_text(text + "\n", "utf-8")
    return 0 if report["status"] == "prepared" else 1


def prepared(request: Request) -> dict:
    source = sources.find(request.source, request.loader, request.code)
    rows = [path for path in (request.rows, request.baseline) if path is not None]
    job = Job.start(request, source, source.stage(Path(request.out), rows))
    try:
        if source.onnx is not None:
            return {"schema": "slipway.prepared/1", "status": "prepared", **candidates.of_onnx(job)}
        recorded = _recorded(job)
        notes = recorded.pop("notes")
        made, refused, causes = candidates.made(job) if request.convert else ([], [], [])
        return {"schema": "slipway.prepared/1", "status": "prepared", **recorded, "candidates": made,
                "not_converted": refused, "notes": list(dict.fromkeys([*notes, *causes]))}
    finally:
        shutil.rmtree(job.folder, ignore_errors=True)


def _recorded(job: Job) -> dict:
    """What the child that opens the original found. - Raises Problem, also when the child did not live to say so."""
    began = time.monotonic()
    while True:
        ended = children.run("slipway._prepare.record", str(job.path), limit=job.request.load_limit)
        problem = job.result("problem")
        if problem is not None:
            raise Problem.of(problem)
        recorded = job.result("recorded")
        if recorded is not None:
            return recorded
        is_late = ended.timed_out or time.monotonic() - began > job.request.load_limit
        if not crashes.pass_over(job, is_late):
            break
    if job.phase() == "load":
        raise Problem("load_failed", f"The process that opened the model {ended.description}.",
                      "The file is damaged, or its code ends the process when it is opened: save it again.")
    raise Problem("predict_failed", f"The process that asked the model {ended.description}.",
                  "Call the model with the same rows in Python, and see what it does.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
