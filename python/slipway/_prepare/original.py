# SPDX-License-Identifier: Apache-2.0
"""The original model: opened as a worker opens it, asked as a worker asks it."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .problems import Problem, load_problem, module_missing, one_line, refused, rows_unusable
from .said import Asked, asked, task
from .signature import Call

if TYPE_CHECKING:
    import numpy

FEW = 64
NOTHING = {"name": "nothing", "datatype": "FP64", "shape": [-1]}


def opened(fields: dict, folder: Path) -> object:
    """- Parameter fields: `loader`, `model` and perhaps `code` of worker.json. - Raises Problem."""
    from .._model.descriptor import Descriptor
    from .._model.errors import FormatRefused, LoadFailed, ModuleMissing
    from .._model.loaders import load

    provisional = descriptor(fields, {"form": "matrix", "inputs": [NOTHING]},
                             [{"method": "predict", "output": "nothing"}], [NOTHING])
    try:
        return load(Descriptor.of(provisional), folder)
    except ModuleMissing as error:
        raise module_missing(error.module) from error
    except FormatRefused as error:
        raise refused(error.message, error.hint) from error
    except LoadFailed as error:
        if error.__cause__ is not None:
            raise load_problem(error.__cause__) from error
        raise Problem("load_failed", error.message, error.hint or "Save the model again.") from error
    except BaseException as error:
        raise load_problem(error) from error


def descriptor(fields: dict, call: dict, calls: list[dict], outputs: list[dict]) -> dict:
    return {"schema": "slipway.worker/1", "language": "python", **fields, **call, "calls": calls, "outputs": outputs}


def answers_of(model: object, loader: str, ways: list[Call], fields: dict) -> tuple[Call, list[dict], list[dict], str]:
    """The first way in which the model answers. - Returns: it, the calls, the outputs, and the task."""
    wishes = asked(model, loader)
    if not wishes:
        raise refused(f"The object is a {type(model).__name__}, which has neither predict nor transform.",
                      "Save the object that predicts, or write a folder with predict.py around it.")
    first: BaseException | None = None
    for way in ways:
        try:
            calls, outputs = _outputs(model, wishes, way, fields)
            return way, calls, outputs, task(model, outputs)
        except Problem as problem:
            first = first or problem
        except BaseException as error:
            first = first or error
    if isinstance(first, Problem):
        raise first
    raise predict_problem(first) from first


def predict_problem(error: BaseException) -> Problem:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return module_missing(error.name)
    if isinstance(error, SystemExit):
        return Problem("predict_failed", f"The model ended Python with exit({error.code!r}) instead of answering.",
                       "Take the call of exit out of the model's code, and save it again.")
    text = one_line(error)
    if any(mark in text for mark in ("could not convert string to float", "features, but", "feature names",
                                     "Columns must be", "columns are missing", "Shape mismatch, expected")):
        return rows_unusable(f"The model does not take these rows: {text}",
                             "Give rows as it was trained on: the same columns with the same types.")
    return Problem("predict_failed", f"The model fails on the rows: {text}",
                   "Call it with the same rows in Python, and see what it needs.")


def _outputs(model: object, wishes: list[Asked], way: Call, fields: dict) -> tuple[list[dict], list[dict]]:
    from .._model.arguments import argument_builder
    from .._model.descriptor import Descriptor
    from .._model.methods import method_of
    from .examples import tensors

    few = way.table.take(slice(0, FEW))
    whole = descriptor(fields, way.fields(), [{"method": "predict", "output": "nothing"}], [NOTHING])
    build = argument_builder(Descriptor.of(whole))
    calls: list[dict] = []
    outputs: list[dict] = []
    for wish in wishes:
        if wish.is_optional and (wish.output in ("scores",) and any(o["name"] == "probabilities" for o in outputs)):
            continue
        try:
            answer = method_of(model, wish.method)(build(tensors(few, way.inputs, way.columns)))
        except Exception:
            if wish.is_optional:
                continue
            raise
        for name, part in _parts(wish.output, answer):
            calls.append({"method": wish.method, "output": name})
            outputs.append(_spec(name, part, few.count))
    return calls, outputs


def _parts(name: str, answer) -> list[tuple[str, object]]:
    """One answer, or several: a dictionary by name, a tuple by position, as of `predict_proba` of several outputs."""
    import numpy
    if isinstance(answer, dict):
        return [(str(key), value) for key, value in answer.items()]
    several = isinstance(answer, (list, tuple)) and len(answer) > 0 and all(
        hasattr(part, "shape") and len(part.shape) > 0 for part in answer)
    if several and (isinstance(answer, tuple) or numpy.ndim(answer[0]) == 2):
        return [(f"{name}_{index}", part) for index, part in enumerate(answer)] if len(answer) > 1 else [(name, answer[0])]
    return [(name, answer)]


def _spec(name: str, answer, count: int) -> dict:
    """The output that an answer is. - Raises Problem `predict_failed`, when it is no tensor with a row for each row."""
    import numpy

    from .._model.tensors import DATATYPES
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu().numpy()
    try:
        array = numpy.asarray(answer)
    except ValueError as error:
        raise Problem("predict_failed", f"“{name}” is no tensor: its rows differ in shape.",
                      "Answer each row with as many values as every other.") from error
    if array.ndim == 0 or array.shape[0] != count:
        came = f"{array.shape[0]} values" if array.ndim else f"one {type(answer).__name__}"
        raise Problem("predict_failed", f"The model answers {count} rows with {came} for “{name}”.",
                      "Answer with one value, or one row of values, for each row.")
    if array.dtype.kind in "US" or (array.dtype == object and all(isinstance(v, (str, bytes)) for v in array.ravel())):
        datatype = "BYTES"
    elif array.dtype.newbyteorder("<") in DATATYPES and array.dtype != object:
        datatype = DATATYPES[array.dtype.newbyteorder("<")]
    else:
        kind = type(array.ravel()[0]).__name__ if array.size else str(array.dtype)
        raise Problem("predict_failed", f"The model answers “{name}” with {kind}, which is no tensor.",
                      "Answer with numbers, texts or booleans.")
    return {"name": name, "datatype": datatype, "shape": [-1, *array.shape[1:]]}
