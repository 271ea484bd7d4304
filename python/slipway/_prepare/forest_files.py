# SPDX-License-Identifier: Apache-2.0
"""XGBoost, LightGBM and CatBoost as Slipway's own engine takes them: the library's file, and forest.json beside it."""
from __future__ import annotations

import json
import tempfile
from pathlib import Path

from . import parts
from .forest_sklearn import NoForest

SCHEMA, NAME = "slipway.forest/1", "forest.json"
FILES = {"xgboost": "model.ubj", "lightgbm": "model.txt", "catboost": "model.json"}


def library(model: object) -> str | None:
    """Whose trees these are; `None` when they are of none that the engine knows."""
    name = parts.kind(model).split(".")[0].removeprefix("_")
    return name if name in FILES else None


def write(model, descriptor: dict, folder: Path) -> list[str]:
    """Writes the descriptor and the library's file. - Returns: their names. - Raises NoForest."""
    name = library(model)
    assert name is not None, "only what a library has grown is written"
    described = {"schema": SCHEMA, "library": name, "model": FILES[name], **WRITERS[name](model, folder / FILES[name]),
                 "inputs": _inputs(descriptor, name), "outputs": [_output(model, output, call, name)
                                                            for output, call in _answers(descriptor)]}  # fmt: skip
    if any(output["gives"] == "decision" for output in described["outputs"]):
        described["classes"] = _classes(model)
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    (folder / NAME).write_text(text, "utf-8")
    return [NAME, FILES[name]]


def _xgboost(model, path: Path) -> dict:
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    path.write_bytes(bytes(booster.save_raw("ubj")))
    try:
        # With early stopping, the scikit-learn API answers with the best round.
        return {"rounds": int(model.best_iteration) + 1} if hasattr(model, "get_booster") else {}
    except AttributeError:
        return {}


def _lightgbm(model, path: Path) -> dict:
    booster = model.booster_ if hasattr(model, "_Booster") else model
    # As many rounds as it answers with.
    path.write_text(booster.model_to_string(), "utf-8")
    return {}


def _catboost(model, path: Path) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        # It writes nothing where a file is already, or where it may not.
        place = Path(folder) / path.name
        model.save_model(str(place), format="json")
        path.write_bytes(place.read_bytes())
    return {}


WRITERS = {"xgboost": _xgboost, "lightgbm": _lightgbm, "catboost": _catboost}


def _inputs(descriptor: dict, name: str) -> list[dict]:
    """- Raises NoForest when the model's columns are not its inputs side by side.

    CatBoost's own categories are texts and whole numbers, whatever pandas held them as; which columns are categories, its
    file says. It knows no missing ones.
    """
    inputs = descriptor["inputs"]
    for column in descriptor.get("columns") or []:
        is_coded = column["dtype"] == "category" or "categories" in column
        if is_coded and name != "catboost" or column.get("missing"):
            raise NoForest(f"the column “{column['name']}”, whose values are texts or codes")
    position = 0
    for spec in inputs:
        if spec["datatype"] == "BYTES" and name != "catboost" or len(spec["shape"]) > 2:
            raise NoForest(f"the input “{spec['name']}”, {spec['datatype']}")
        width = spec["shape"][1] if len(spec["shape"]) == 2 else 1
        own = [column.get("offset", 0) for column in descriptor.get("columns") or []
               [position:position + width] if column["input"] == spec["name"]]  # fmt: skip
        if descriptor.get("columns") and own != list(range(width)):
            raise NoForest("columns in another order than its inputs")
        position += width
    return inputs


def _answers(descriptor: dict):
    calls = {call["output"]: call for call in descriptor["calls"]}
    for output in descriptor["outputs"]:
        if output["name"] not in calls:
            raise NoForest(f"the output “{output['name']}”")
        yield output, calls[output["name"]]


def _output(model, output: dict, call: dict, name: str) -> dict:
    method, is_classifier = call["method"], hasattr(model, "classes_") and hasattr(model, "predict_proba")
    if method == "predict_proba":
        gives = "probabilities"
    elif method == "predict" and is_classifier:
        gives = "decision"
    elif method == "predict":
        # Only CatBoost's regressor transforms what its loss says.
        gives = "prediction" if name != "catboost" or type(model).__name__ == "CatBoostRegressor" else "margins"
    else:
        raise NoForest(f"what {method} answers")
    if gives != "decision" and output["datatype"] not in ("FP32", "FP64"):
        raise NoForest(f"the output “{output['name']}”, {output['datatype']}")
    return {**{key: output[key] for key in ("name", "datatype", "shape")}, "gives": gives}


def _classes(model) -> list:
    classes = model.classes_.tolist() if hasattr(model.classes_, "tolist") else list(model.classes_)
    if all(type(one) is int for one in classes) or all(type(one) is str for one in classes):
        return classes
    raise NoForest("classes that are neither integers nor texts")
