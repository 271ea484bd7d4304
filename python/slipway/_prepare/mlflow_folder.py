# SPDX-License-Identifier: Apache-2.0
"""A model that MLflow saved: its own file where the flavour is known, else the whole folder as pyfunc."""
from __future__ import annotations

import json
from pathlib import Path

from . import sources
from .problems import Problem, file_missing, refused

NATIVE = ("sklearn", "xgboost", "lightgbm", "catboost", "pytorch", "keras", "tensorflow", "onnx", "statsmodels")
TYPES = {"double": "float64", "float": "float32", "long": "int64", "integer": "int32", "boolean": "bool",
         "string": "object", "binary": "object", "datetime": "datetime64[ns]"}


def find(folder: Path) -> sources.Source:
    description = _description(folder / "MLmodel")
    flavors = description.get("flavors") or {}
    native = next((name for name in NATIVE if name in flavors), None)
    function = flavors.get("python_function") or {}
    if native is not None:
        source = _native(folder, native, flavors[native], function)
    elif function:
        _check(folder, function.get("artifacts_path") or function.get("data"))
        _check(folder, (function.get("python_model") if isinstance(function.get("python_model"), str) else None))
        source = sources.Source("mlflow", folder, "model")
    else:
        raise refused(f"MLmodel has only the flavours {', '.join(sorted(flavors)) or '(none)'}.",
                      "Save the model with a flavour that Python can open, such as sklearn or pyfunc.")
    code = (flavors.get(native) or {}).get("code") or function.get("code")
    if code and native is not None:
        _check(folder, code)
        source.code = folder / code
    source.columns = _columns(description)
    return source


def _description(path: Path) -> dict:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise Problem("module_missing", "Reading MLmodel needs the module “yaml”, which is not there.",
                      "Install pyyaml.", "yaml") from error
    try:
        description = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Problem("load_failed", f"MLmodel is no YAML: {' '.join(str(error).split())[:300]}",
                      "Copy the folder again, as MLflow wrote it.") from error
    if not isinstance(description, dict):
        raise Problem("load_failed", "MLmodel describes nothing.", "Copy the folder again, as MLflow wrote it.")
    return description


def _check(folder: Path, name: str | None) -> None:
    if name and not (folder / name).exists():
        raise file_missing("MLmodel", name)


def _native(folder: Path, flavour: str, own: dict, function: dict) -> sources.Source:
    name = str(own.get("pickled_model") or own.get("data") or own.get("model_data") or function.get("model_path")
               or function.get("data") or "")
    if flavour in ("pytorch", "keras", "tensorflow"):
        name = str(own.get("model_data") or own.get("data") or function.get("data") or "data")
    if not name:
        raise Problem("load_failed", f"MLmodel does not say which file holds the {flavour} model.",
                      "Copy the folder again, as MLflow wrote it.")
    _check(folder, name)
    path = folder / name
    if path.is_dir():
        inner = [found for found in sorted(path.rglob("*")) if found.suffix in (".pth", ".pt", ".keras", ".h5")]
        if not inner:
            raise file_missing("MLmodel", f"{name}/model.{'pth' if flavour == 'pytorch' else 'keras'}")
        path = inner[0]
    if flavour == "onnx":
        return sources.Source("onnx", None, "model.onnx", onnx=path)
    source = sources.of_file(path)
    if flavour == "xgboost" and source.loader == "xgboost":
        with path.open("rb") as stream:
            source.model = "model.json" if stream.read(2) == b'{"' else "model.ubj"
    if flavour == "sklearn" and own.get("serialization_format") == "cloudpickle":
        source.loader = "cloudpickle"
    return source


def _columns(description: dict) -> list[dict] | None:
    """The columns of the signature, where it is one of columns; a signature of a tensor has none."""
    inputs = (description.get("signature") or {}).get("inputs")
    columns = json.loads(inputs) if isinstance(inputs, str) else inputs or []
    if not columns or any(column.get("type") not in TYPES or not column.get("name") for column in columns):
        return None
    return [{"name": str(column["name"]), "dtype": TYPES[column["type"]],
             "nullable": not column.get("required", True)} for column in columns]
