# SPDX-License-Identifier: Apache-2.0
"""The child that converts: without a form it says which are worth trying, with one it tries that.

    python -m slipway._prepare.convert JOB [CONVERTER:FORM]
"""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from . import converters, forest_files, forests, native_answers, native_form, original, parts
from .forest_sklearn import NoForest
from .graph import conform
from .job import Job
from .native_table import NoForm
from .problems import one_line

TREES, FOREST, CATBOOST, GRAPH = "forest:trees", "slipway:float64", "catboost:float32", "graph:native"


def main(path: str, form: str | None = None) -> int:
    os.dup2(2, 1)
    job = Job.read(Path(path))
    descriptor = json.loads((job.out / "worker.json").read_text("utf-8"))
    fields = {key: descriptor[key] for key in ("loader", "model", "code", "environment") if key in descriptor}
    model = original.opened(fields, job.out)
    if form is None:
        job.finish("plan", plan(model, descriptor))
    else:
        job.finish(f"form-{form}", attempt(job, model, descriptor, form))
    sys.stderr.flush()
    os._exit(0)


def plan(model: object, descriptor: dict) -> dict:
    """The forms worth trying, the most exact first."""
    if any(call.get("each") for call in descriptor["calls"]) or descriptor["form"] in ("tensors", "list"):
        return {"forms": [], "refused": [_refused("slipway", "any", "the model is called in a way of its own")]}
    forms = []
    if forest_files.library(model) is not None:
        forms.append(TREES)
    if forests.writer(model) is not None:
        forms.append(FOREST)
    library = parts.kind(model).split(".")[0].removeprefix("_")
    if hasattr(model, "get_params") and library != "catboost":
        forms += ["skl2onnx:float64", "skl2onnx:float32"]
    if library == "catboost":
        forms.append(CATBOOST)
    if native_answers.is_known(model):
        forms.append(GRAPH)
    if not forms:
        return {"forms": [], "refused": [_refused("slipway", "any", f"no converter for {parts.kind(model)}")]}
    return {"forms": forms, "refused": []}


def attempt(job: Job, model: object, descriptor: dict, form: str) -> dict:
    """Writes a form into a folder of its own. - Returns: what made it, and its files; or the reason why there is none."""
    converter, precision = form.split(":")
    if form == GRAPH:
        converter, precision = "slipway", "native graph"
    folder = job.folder / f"form-{form}"
    folder.mkdir()
    try:
        if form == TREES:
            files = forest_files.write(model, descriptor, folder)
            return {"converter": _slipway(), "form": "the library's own trees", "files": files}
        if form == GRAPH:
            return {"converter": _slipway(), "form": precision, "files": native_form.write(model, descriptor, folder)}
        raw, feeds, takes, name = converters.CONVERTERS[converter](model, descriptor, precision == "float64")
        made = conform(raw, descriptor["inputs"], descriptor["outputs"], feeds, takes).SerializeToString()
        converters.opened(made)
    except NoForm as error:
        return _refused(converter, precision, f"no native form for {error}")
    except (NoForest, NotImplementedError) as error:
        return _refused(converter, precision, f"no converter for {error}")
    except ModuleNotFoundError as error:
        return _refused(converter, precision, f"the module {error.name} is not installed")
    except Exception as error:
        return _refused(converter, precision, one_line(error)[:300])
    (folder / "model.onnx").write_bytes(made)
    return {"converter": name, "form": precision, "files": ["model.onnx"]}


def _slipway() -> str:
    from .. import __version__
    return f"slipway {__version__}"


def _refused(converter: str, form: str, reason: str) -> dict:
    return {"converter": converter, "form": form, "reason": reason}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
