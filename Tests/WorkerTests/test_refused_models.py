# SPDX-License-Identifier: Apache-2.0
"""What cannot be opened is refused with what is missing or what to save instead."""

import importlib.util
import pickle

import cloudpickle
import numpy as np
import pytest
from bundles import MATRIX, code_bundle
from contract import Connection
from slipway._model.descriptor import Call, Descriptor, TensorSpec
from slipway._model.errors import FormatRefused, LoadFailed, ModuleMissing
from slipway._model.loaders import load
from workers import PYTHON, bare_environment


def described(loader, model, **more):
    return Descriptor(
        inputs=(MATRIX,),
        outputs=(TensorSpec("y", "FP64", (-1,)),),
        loader=loader,
        model=model,
        form="matrix",
        calls=(Call("predict", "y"),),
        **more,
    )


def refusal(tmp_path, content, loader="pickle", name="model.pkl", error=LoadFailed):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as caught:
        load(described(loader, name), tmp_path)
    return str(caught.value)


def pickle_of(module, name):
    """A pickle that looks `name` up in `module`, which nobody has to have."""
    return f"c{module}\n{name}\n.".encode()


def test_the_missing_module_is_named(tmp_path):
    message = refusal(tmp_path, pickle_of("churn_features", "Model"), error=ModuleMissing)
    assert "“churn_features”" in message and "--code" in message


@pytest.mark.parametrize(
    ("loader", "module"), [("torch", "torch"), ("torchscript", "torch"), ("keras", "keras")]
)
def test_a_framework_that_is_missing_is_named(tmp_path, loader, module):
    assert importlib.util.find_spec(module) is None, "the environment of these tests has none of them"
    with pytest.raises(ModuleMissing) as caught:
        (tmp_path / "model").write_bytes(b"")
        load(described(loader, "model"), tmp_path)
    assert caught.value.module == module


def test_a_class_of_the_notebook_that_stayed_there(tmp_path):
    message = refusal(tmp_path, pickle_of("__main__", "Mine"))
    assert "cloudpickle" in message and "Mine" in message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"layer.weight": np.ones((2, 2)), "layer.bias": np.ones(2)}, "state_dict"),
        ({"model": 1, "scaler": 2}, "dictionary ('model', 'scaler')"),
        (np.ones(3), "ndarray"),
        ([1, 2], "list"),
        (None, "NoneType"),
    ],
    ids=["state_dict", "dictionary", "array", "list", "none"],
)
def test_what_is_no_model_is_refused_with_what_to_save(tmp_path, content, says):
    message = refusal(tmp_path, pickle.dumps(content), error=FormatRefused)
    assert says in message and ("Save" in message or "save" in message)


@pytest.mark.parametrize("name", ["model.safetensors", "model.rds", "model.RData"])
def test_files_that_hold_no_model_of_python(tmp_path, name):
    refusal(tmp_path, b"anything", name=name, error=FormatRefused)


@pytest.mark.parametrize(
    "loader", ["joblib", "pickle", "skops", "xgboost", "lightgbm", "catboost", "statsmodels", "mlflow"]
)
@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04", b"not a model at all"], ids=["empty", "cut off", "text"]
)
def test_a_damaged_file_is_load_failed(tmp_path, loader, content):
    assert refusal(tmp_path, content, loader=loader).startswith("The model cannot be opened: ")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(LoadFailed, match="no “other.pkl”"):
        load(described("pickle", "other.pkl"), tmp_path)


class Exits:
    def __reduce__(self):
        return (exit, (3,))


@pytest.mark.parametrize(
    "source", ["raise ValueError('at home')", "import sys; sys.exit(4)", "raise KeyboardInterrupt"]
)
def test_code_that_raises_when_it_is_opened(tmp_path, source):
    code_bundle(tmp_path, source)
    with pytest.raises(LoadFailed, match="cannot be opened"):
        load(described("code", "predict.py"), tmp_path)


def test_the_worker_says_it_and_ends(tmp_path):
    (tmp_path / "model.pkl").write_bytes(cloudpickle.dumps(Exits()))
    described("pickle", "model.pkl").write(tmp_path / "worker.json")
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        answer = worker.load(tmp_path)
        assert answer["code"] == "load_failed"
        assert answer["message"] == "The model cannot be opened: SystemExit: 3."
        assert worker.ended() == 1


def test_the_worker_names_the_missing_module(tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle_of("churn.features", "Model"))
    described("pickle", "model.pkl").write(tmp_path / "worker.json")
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        answer = worker.load(tmp_path)
    assert (answer["code"], answer["module"]) == ("module_missing", "churn")
    assert "\n" not in answer["message"]


def test_a_method_that_the_model_lacks_is_refused_with_those_it_has(tmp_path):
    (tmp_path / "predict.py").write_text(
        "class Model:\n    def predict(self, x): ...\n    def score(self, x): ...\n"
    )
    descriptor = Descriptor(
        inputs=(MATRIX,),
        outputs=(TensorSpec("y", "FP64", (-1,)),),
        loader="code",
        model="predict.py:Model",
        form="matrix",
        calls=(Call("predict_proba", "y"),),
    )
    descriptor.write(tmp_path / "worker.json")
    with Connection(PYTHON, bare_environment(tmp_path)) as worker:
        answer = worker.load(tmp_path)
    assert answer["code"] == "load_failed"
    assert "no method “predict_proba”" in answer["message"] and "predict, score" in answer["message"]
