# SPDX-License-Identifier: Apache-2.0
"""Opens a model: one function for each `loader` of docs/formats/worker.md.

Opening a pickle runs its code. This is only ever called inside a sandbox, never in the server.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys
import zipfile
from pathlib import Path

from .descriptor import Descriptor
from .errors import FormatRefused, LoadFailed, ModelError, ModuleMissing, one_line
from .refusals import refuse_file, refuse_object


def load(descriptor: Descriptor, folder: Path | str) -> object:
    """The model of the bundle in `folder`. Raises ModuleMissing, FormatRefused or LoadFailed, and nothing
    else."""
    folder = Path(folder).absolute()
    if descriptor.loader is None or descriptor.model is None:
        raise LoadFailed("This descriptor names a command, and no model that Python opens.")
    if descriptor.code is not None:
        sys.path.insert(0, str(folder / descriptor.code))
    try:
        if descriptor.loader == "code":
            from .code import load_code

            return load_code(descriptor.model, folder)
        path = folder / descriptor.model
        if not path.exists():
            raise LoadFailed(f"The bundle has no “{descriptor.model}”.", "Pack the model again.")
        refuse_file(path)
        model = LOADERS[descriptor.loader](path)
        refuse_object(model)
        return model
    except ModelError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None:
            raise LoadFailed(_said(error)) from error
        raise ModuleMissing(error.name) from error
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise _load_failed(descriptor.model, error) from error


def _said(error: BaseException) -> str:
    return f"The model cannot be opened: {one_line(error)}"


def _load_failed(model: str, error: BaseException) -> LoadFailed:
    if isinstance(error, AttributeError) and "__main__" in str(error):
        return LoadFailed(
            _said(error) + ".",
            "It uses a class or function of the notebook or script it was saved in: save it with "
            "cloudpickle, which "
            "keeps those inside, or move them into a module and add its folder with --code.",
        )
    if isinstance(error, (pickle.UnpicklingError, EOFError)):
        return LoadFailed(_said(error) + ".", f"“{model}” is damaged, or is not what its loader opens.")
    return LoadFailed(_said(error) + ".")


def load_joblib(path: Path) -> object:
    import joblib

    return joblib.load(path)


def load_pickle(path: Path) -> object:
    """Also what cloudpickle wrote: its pickles import cloudpickle by themselves."""
    with path.open("rb") as file:
        return pickle.load(file)


def load_skops(path: Path) -> object:
    """Types that skops does not know are accepted: the sandbox is what is trusted, and not the file."""
    import skops.io

    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def load_xgboost(path: Path) -> object:
    """A model of the scikit-learn API where the file says that it was one, else a Booster."""
    import json

    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    saved_by = json.loads(booster.attr("scikit_learn") or "{}")
    kinds = {
        "classifier": xgboost.XGBClassifier,
        "regressor": xgboost.XGBRegressor,
        "ranker": xgboost.XGBRanker,
    }
    if saved_by.get("_estimator_type") not in kinds:
        return booster
    model = kinds[saved_by["_estimator_type"]]()
    model.load_model(path)
    return model


def load_lightgbm(path: Path) -> object:
    import lightgbm

    return lightgbm.Booster(model_file=path)


def load_catboost(path: Path) -> object:
    """The class that the loss says: only a classifier has `predict_proba`, and answers with labels."""
    import catboost

    model = catboost.CatBoost().load_model(str(path))
    loss = str(model.get_all_params().get("loss_function", ""))
    if catboost.CatBoostClassifier()._is_classification_objective(loss):
        return catboost.CatBoostClassifier().load_model(str(path))
    if catboost.CatBoostRegressor()._is_regression_objective(loss):
        return catboost.CatBoostRegressor().load_model(str(path))
    return model


def load_torchscript(path: Path) -> object:
    import torch

    return torch.jit.load(str(path), map_location="cpu").eval()


def load_torch(path: Path) -> object:
    """A whole module, saved by torch.save or by cloudpickle."""
    import torch

    if zipfile.is_zipfile(path):
        model = torch.load(path, map_location="cpu", weights_only=False)
    else:
        model = load_pickle(path)
    refuse_object(model)
    if not isinstance(model, torch.nn.Module):
        raise FormatRefused(
            f"The file holds a {type(model).__name__}, and no torch module.",
            "Save the module itself, with torch.save(model, path) or as TorchScript.",
        )
    return model.eval()


def load_keras(path: Path) -> object:
    """By any backend that is there: the file is the same for all of them. Keras itself would insist on TensorFlow."""
    there = [name for name in ("tensorflow", "torch", "jax") if importlib.util.find_spec(name)]
    if there:
        os.environ.setdefault("KERAS_BACKEND", there[0])
    import keras

    return keras.models.load_model(path, compile=False)


def load_statsmodels(path: Path) -> object:
    from statsmodels.iolib.smpickle import load_pickle as load_results

    return load_results(str(path))


def load_mlflow(path: Path) -> object:
    from mlflow import pyfunc

    return pyfunc.load_model(str(path))


LOADERS = {
    "joblib": load_joblib,
    "pickle": load_pickle,
    "cloudpickle": load_pickle,
    "skops": load_skops,
    "xgboost": load_xgboost,
    "lightgbm": load_lightgbm,
    "catboost": load_catboost,
    "torchscript": load_torchscript,
    "torch": load_torch,
    "keras": load_keras,
    "statsmodels": load_statsmodels,
    "mlflow": load_mlflow,
}
