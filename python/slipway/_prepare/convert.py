# SPDX-License-Identifier: Apache-2.0
"""The child that converts: it says which forms are worth trying, and tries them; with forms it tries those.

    python -m slipway._prepare.convert JOB [CONVERTER:FORM]…

What is slow in it is opening Python's libraries: so one child tries them all, for as long as none ends it.
"""
from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from . import converters, forest_files, forests, native_answers, native_form, original, parts
from .forest_sklearn import NoForest
from .graph import conform
from .job import Job
from .native_table import NoForm
from .problems import one_line

TREES, FOREST, CATBOOST, GRAPH = "forest:trees", "slipway:float64", "catboost:float32", "graph:native"


def main(path: str, *forms: str) -> int:
    os.dup2(2, 1)
    job = Job.read(Path(path))
    descriptor = json.loads((job.out / "worker.json").read_text("utf-8"))
    fields = {key: descriptor[key] for key in ("loader", "model", "code", "environment") if key in descriptor}
    if not forms:
        signal.setitimer(signal.ITIMER_REAL, job.request.load_limit)
        found = plan(original.opened(fields, job.out), descriptor)
        job.finish("plan", found)
        forms = found["forms"]
    for form in forms:
        # Its signal ends the process, whatever it is at.
        signal.setitimer(signal.ITIMER_REAL, job.request.convert_limit)
        # Opened once more: converters write into the models they are given.
        model = original.opened(fields, job.out)
        try:
            result = attempt(job, model, descriptor, form)
        except MemoryError:
            # A child that begins with it has more.
            if form != forms[0]:
                raise
            result = _refused(*form.split(":"), "it takes more memory than there is")
        job.finish(f"form-{form}", result)
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
    # What a child that was ended has left of it.
    shutil.rmtree(folder, ignore_errors=True)
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
    except MemoryError:
        raise
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
