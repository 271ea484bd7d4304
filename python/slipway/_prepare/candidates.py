# SPDX-License-Identifier: Apache-2.0
"""The forms that a model was converted to, by a child that tries one after the other, each with a limit of time."""
from __future__ import annotations

import shutil

from . import children
from .job import Job
from .problems import Problem

MOST_FORMS = 6


def made(job: Job) -> tuple[list[dict], list[dict], list[str]]:
    """- Returns: candidates, what was not converted and why, and notes, as the report has them."""
    found: list[dict] = []
    refused: list[dict] = []
    notes: list[str] = []
    for form in _tried(job, refused):
        name = f"form-{form}"
        result = job.result(name)
        notes += result.get("notes", [])
        if "reason" in result:
            refused.append({key: result[key] for key in ("converter", "form", "reason")})
            continue
        number = len(found) + 1
        target = job.out / "candidates" / str(number)
        target.parent.mkdir(exist_ok=True)
        shutil.move(job.folder / name, target)
        files = [f"candidates/{number}/{file}" for file in result["files"]]
        found.append({"file": files[0], "files": files, "converter": result["converter"], "form": result["form"]})
    return found, refused, notes


def _tried(job: Job, refused: list[dict]) -> list[str]:
    """Has a child say which forms are worth trying, and try them; they all have a result then.

    A form that ended the child of several gets one that begins with it: it may have met what another had left behind.
    """
    ended = _convert(job)
    plan = job.result("plan")
    if plan is None:
        refused.append({"converter": "slipway", "form": "any",
                        "reason": f"the process that looks for converters {ended.description}"})
        return []
    refused += plan["refused"]
    first = None
    while left := [form for form in plan["forms"] if job.result(f"form-{form}") is None]:
        if ended.is_late or left[0] == first:
            reason = f"the converter's process {ended.description}"
            job.finish(f"form-{left[0]}", {"converter": left[0].split(":")[0], "form": left[0].split(":")[-1],
                                           "reason": reason})
            left = left[1:]
        if left:
            first = left[0]
            ended = _convert(job, *left)
    return plan["forms"]


def _convert(job: Job, *forms: str) -> children.Ended:
    """The child limits itself, form by form; this is for one that a model's code keeps from that."""
    limit = job.request.load_limit + MOST_FORMS * job.request.convert_limit
    return children.run("slipway._prepare.convert", str(job.path), *forms, limit=limit)


def of_onnx(job: Job) -> dict:
    """A source that is ONNX already: it is its own and only candidate, and nothing opens it but the engine."""
    path = job.source["onnx"]
    target = job.out / "candidates" / "1"
    target.mkdir(parents=True, exist_ok=True)
    try:
        import onnx
        onnx.checker.check_model(path)
    except ModuleNotFoundError:
        pass
    except Exception as error:
        raise Problem("load_failed", f"The file is no ONNX model: {' '.join(str(error).split())[:300]}",
                      "Export the model again.") from error
    shutil.copyfile(path, target / "model.onnx")
    return {"type": "onnx.ModelProto", "task": "other", "descriptor": None, "worker_files": [], "columns": [],
            "candidates": [{"file": "candidates/1/model.onnx", "converter": "none", "form": "as it is"}],
            "not_converted": [], "examples": None, "edges": None, "edge_kinds": [], "origin": "self",
            "baseline": None, "notes": job.source["notes"]}
