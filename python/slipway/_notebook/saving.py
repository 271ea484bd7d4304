# SPDX-License-Identifier: Apache-2.0
"""Saves a model in the form that keeps all of it: its framework's own where there is one, else a pickle."""

from __future__ import annotations

import io
import pickle
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .._prepare.pickled import names
from .._prepare.rows import Table
from ..errors import ModelRefused


def save(model: Any, folder: Path, code: Path | None, rows: Table) -> str:
    """Writes the model into `folder`. Returns the name of its file.

    `code` is a folder whose modules travel as they are. `rows` are some that the model takes. Raises
    ModelRefused.
    """
    module = type(model).__module__.partition(".")[0]
    framework = sys.modules.get(module)
    try:
        if module == "xgboost" and framework is not None:
            return _save_xgboost(model, folder, framework) or _pickled(model, folder, code)
        if module == "lightgbm" and framework is not None and isinstance(model, framework.Booster):
            model.save_model(str(folder / "model.txt"))
            return "model.txt"
        if module == "catboost" and framework is not None and isinstance(model, framework.CatBoost):
            model.save_model(str(folder / "model.cbm"))
            return "model.cbm"
        torch, keras = sys.modules.get("torch"), sys.modules.get("keras")
        if torch is not None and hasattr(torch, "nn") and isinstance(model, torch.nn.Module):
            return _save_torch(model, folder, torch, rows)
        if keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model):
            model.save(folder / "model.keras")
            return "model.keras"
        return _pickled(model, folder, code)
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RuntimeError, OSError) as error:
        raise ModelRefused(
            f"The model cannot be saved: {type(error).__name__}: {error}.",
            hint="It, or a module of yours that it uses, holds what cannot be saved, such as an open file, "
            "a connection or a lock: open that when the model is asked, or hand the modules in as a folder, "
            "code=….",
            code="model_not_saved",
        ) from error


def _save_xgboost(model: Any, folder: Path, xgboost: ModuleType) -> str | None:
    """The classes whose kind the file remembers; any other is pickled."""
    if type(model) not in (xgboost.Booster, xgboost.XGBClassifier, xgboost.XGBRegressor, xgboost.XGBRanker):
        return None
    model.save_model(folder / "model.ubj")
    return "model.ubj"


def _save_torch(model: Any, folder: Path, torch: ModuleType, rows: Table) -> str:
    """TorchScript, which needs none of the model's code: by script, else by trace where that gives the same
    answers.
    """
    path = folder / "model.pt"
    if isinstance(model, torch.jit.ScriptModule):
        model.save(str(path))
        return path.name
    try:
        script = torch.jit.script(model)
    except Exception:
        script = None
    if script is None:
        try:
            script = torch.jit.trace(model, _first_rows(rows, torch))
        except Exception:
            script = None
    if script is not None:
        script.save(str(path))
        return path.name
    torch.save(model, path, pickle_module=_cloudpickle("a torch module that TorchScript does not take"))
    return path.name


def _first_rows(rows: Table, torch: ModuleType) -> Any:
    values = np.stack([*rows.columns.values()], axis=1) if rows.is_named else rows.columns["input"]
    return torch.as_tensor(values[:4].astype(np.float32) if values.dtype.kind == "f" else values[:4])


def _pickled(model: Any, folder: Path, code: Path | None) -> str:
    """With joblib; with cloudpickle, which keeps code inside, where the model needs code that only this
    process has.
    """
    content, keeps_code = _content(model, code)
    joblib = _import("joblib")
    if joblib is not None and not keeps_code:
        joblib.dump(model, folder / "model.joblib")
        return "model.joblib"
    (folder / "model.pkl").write_bytes(content)
    return "model.pkl"


def _content(model: Any, code: Path | None) -> tuple[bytes, bool]:
    """A pickle of the model, and whether code is kept inside."""
    try:
        plain: bytes | None = pickle.dumps(model, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError):
        plain = None
    if plain is not None and not _needs_this_process(names(io.BytesIO(plain)), code):
        return plain, False
    cloudpickle = _cloudpickle("a model with code of this notebook")
    # All at once: one may use another in ways that only running it would show.
    beside = [
        module
        for name, module in sorted(sys.modules.items())
        if name != "__main__" and _is_local(module, code)
    ]
    for module in beside:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps(model, protocol=5), True
    finally:
        for module in beside:
            cloudpickle.unregister_pickle_by_value(module)


def _needs_this_process(imported: Iterable[str], code: Path | None) -> bool:
    """Whether a server would lack any of what a pickle imports."""
    for name in imported:
        while name and name not in sys.modules:
            name = name.rpartition(".")[0]
        if name and _is_local(sys.modules[name], code):
            return True
    return False


def _is_local(module: ModuleType, code: Path | None) -> bool:
    """Whether only this machine has it: the notebook itself, and files beside it."""
    if module.__name__ == "__main__":
        return True
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or module.__name__.partition(".")[0] == __name__.partition(".")[0]:
        return False
    path = Path(file).resolve()
    if code is not None and path.is_relative_to(code.resolve()):
        return False
    paths = sysconfig.get_paths()
    installed = {Path(paths[key]).resolve() for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    return not any(path.is_relative_to(place) for place in installed) and not (
        {"site-packages", "dist-packages"} & set(path.parts)
    )


def _cloudpickle(what: str) -> Any:
    cloudpickle = _import("cloudpickle")
    if cloudpickle is None:
        raise ModelRefused(
            f"Saving {what} needs cloudpickle, which is not there.",
            hint="Install it: pip install cloudpickle. Or hand the code in as a folder, code=….",
            code="module_missing",
            details={"module": "cloudpickle"},
        )
    return cloudpickle


def _import(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        return None
