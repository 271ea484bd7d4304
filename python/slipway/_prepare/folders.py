# SPDX-License-Identifier: Apache-2.0
"""Folders that hold a model: MLflow's, Triton's, MLServer's, one with `predict.py`, or one with a single model file."""
from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from . import sources
from .problems import Problem, file_missing, refused

MODEL_FILES = (".pkl", ".pickle", ".joblib", ".skops", ".cbm", ".ubj", ".json", ".pt", ".pth", ".keras", ".h5", ".txt",
               ".onnx", ".bst", ".xgb", ".lgb")
NOT_MODELS = {"package.json", "config.json", "metadata.json", "requirements.txt", "readme.txt", "license.txt"}


def find(folder: Path) -> sources.Source:
    from . import mlflow_folder

    if (folder / "MLmodel").is_file():
        return mlflow_folder.find(folder)
    if (folder / "config.pbtxt").is_file():
        return triton(folder)
    if (folder / "model-settings.json").is_file():
        return mlserver(folder)
    if (folder / "predict.py").is_file():
        return code(folder)
    return single(folder)


def single(folder: Path) -> sources.Source:
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    models = [path for path in files if path.suffix.lower() in MODEL_FILES and path.name.lower() not in NOT_MODELS]
    if len(models) == 1:
        return sources.of_file(models[0])
    if models:
        raise refused(f"The folder “{folder.name}” holds {len(models)} model files: "
                      f"{', '.join(path.name for path in models[:5])}.", "Give the path of one of them.")
    refusals = [refusal for refusal in map(sources.refusal_of, files) if refusal]
    if refusals:
        raise refusals[0]
    raise refused(f"The folder “{folder.name}” holds no model.",
                  "Give a model's file, an MLflow model, or a folder with a class Predictor in predict.py.")


def code(folder: Path) -> sources.Source:
    """A folder of code: `predict.py` with a class `Predictor` or `Model`, or a function `predict`."""
    text = (folder / "predict.py").read_text("utf-8")
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise Problem("load_failed", f"predict.py is no Python: line {error.lineno}: {error.msg}.",
                      "Correct the line.") from error
    defined = {node.name for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            defined |= {alias.asname or alias.name for alias in node.names}
    name = next((name for name in ("Predictor", "Model", "predict") if name in defined), None)
    if name is None:
        raise refused("predict.py defines neither a class Predictor or Model nor a function predict.",
                      "Define class Predictor with a method predict(self, rows), or a function predict(rows).")
    return sources.Source("code", None, f"predict:{name}", code=folder)


def triton(folder: Path) -> sources.Source:
    """The newest version of a model of Triton's repository layout."""
    settings = (folder / "config.pbtxt").read_text("utf-8")

    def setting(key: str) -> str | None:
        found = re.search(rf'^\s*{key}\s*:\s*"([^"]*)"', settings, re.MULTILINE)
        return found[1] if found else None

    versions = sorted((path for path in folder.iterdir() if path.is_dir() and path.name.isdigit()),
                      key=lambda path: int(path.name))
    if not versions:
        raise file_missing("config.pbtxt", "1/")
    version = versions[-1]
    backend = setting("backend") or (setting("platform") or "").split("_")[0]
    usual = {"onnxruntime": "model.onnx", "python": "model.py", "pytorch": "model.pt"}
    if backend not in usual:
        raise refused(f"The backend “{backend}” of config.pbtxt is not one that Slipway serves.",
                      "Its backends are onnxruntime, python and pytorch: save the model for one of them.")
    name = setting("default_model_filename") or usual[backend]
    if not (version / name).is_file():
        raise file_missing("config.pbtxt", f"{version.name}/{name}")
    if backend == "python":
        raise refused("The model is written for Triton's Python backend, whose requests only Triton has.",
                      "Put what its execute() does into predict.py: class Predictor with predict(self, rows).")
    return sources.of_file(version / name)


def mlserver(folder: Path) -> sources.Source:
    try:
        settings = json.loads((folder / "model-settings.json").read_text("utf-8"))
    except ValueError as error:
        raise Problem("load_failed", f"model-settings.json is no JSON: {error}", "Correct it.") from error
    implementation = str(settings.get("implementation", ""))
    uri = (settings.get("parameters") or {}).get("uri")
    usual = {"SKLearnModel": ("model.joblib", "model.pickle", "model.pkl"),
             "XGBoostModel": ("model.ubj", "model.bst", "model.json"), "LightGBMModel": ("model.bst", "model.txt"),
             "CatboostModel": ("model.cbm", "model.bin"), "MLflowRuntime": (".",)}
    kind = implementation.rsplit(".", 1)[-1]
    if kind not in usual:
        raise refused(f"model-settings.json names the implementation “{implementation}”, which only MLServer runs.",
                      "Put what its predict does into predict.py: class Predictor with predict(self, rows).")
    names = (uri.removeprefix("file://"),) if uri else usual[kind]
    found = next((folder / name for name in names if (folder / name).exists()), None)
    if found is None:
        raise file_missing("model-settings.json", names[0])
    if found.is_dir():
        return find(found) if kind == "MLflowRuntime" else single(found)
    return sources.of_file(found)
