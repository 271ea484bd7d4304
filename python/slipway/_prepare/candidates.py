# SPDX-License-Identifier: Apache-2.0
"""The forms that a model was converted to, each by a converter in a process of its own with a limit of time."""
from __future__ import annotations

import shutil

from . import children
from .job import Job
from .problems import Problem


def made(job: Job) -> tuple[list[dict], list[dict], list[str]]:
    """- Returns: candidates, what was not converted and why, and notes, as the report has them."""
    found: list[dict] = []
    refused: list[dict] = []
    notes: list[str] = []
    forms = _plan(job, refused)
    for form in forms:
        name = f"form-{form}"
        ended = children.run("slipway._prepare.convert", str(job.path), form, limit=job.request.convert_limit)
        result = job.result(name)
        if result is None:
            refused.append({"converter": form.split(":")[0], "form": form.split(":")[-1],
                            "reason": f"the converter's process {ended.description}"})
            continue
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


def _plan(job: Job, refused: list[dict]) -> list[str]:
    """The forms worth trying: the child that knows the model says which."""
    ended = children.run("slipway._prepare.convert", str(job.path), limit=job.request.load_limit)
    plan = job.result("plan")
    if plan is None:
        refused.append({"converter": "slipway", "form": "any",
                        "reason": f"the process that looks for converters {ended.description}"})
        return []
    refused += plan["refused"]
    return plan["forms"]


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
