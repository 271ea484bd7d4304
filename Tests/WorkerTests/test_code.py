# SPDX-License-Identifier: Apache-2.0
"""Models that are a person's own code."""

import sys

import pytest
from bundles import MATRIX
from slipway._model.descriptor import Call, Descriptor, TensorSpec
from slipway._model.errors import LoadFailed
from slipway._model.loaders import load


@pytest.fixture(autouse=True)
def modules_as_before():
    modules, path = set(sys.modules), list(sys.path)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def opened(tmp_path, model, source="", file="predict.py", **more):
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    descriptor = Descriptor(
        inputs=(MATRIX,),
        outputs=(TensorSpec("y", "FP64", (-1,)),),
        loader="code",
        model=model,
        form="matrix",
        calls=(Call("predict", "y"),),
        **more,
    )
    return load(descriptor, tmp_path)


def test_a_function_is_used_as_it_is(tmp_path):
    assert opened(tmp_path, "predict.py:double", "def double(x): return 2 * x")(4) == 8


def test_an_object_is_used_as_it_is(tmp_path):
    assert opened(tmp_path, "predict.py:model", "class M:\n    predict = abs\nmodel = M()").predict(-1) == 1


def test_a_class_is_made_with_nothing_when_it_needs_nothing(tmp_path):
    source = "class M:\n    def __init__(self, depth=3): self.depth = depth\n    def predict(self, x): ..."
    assert opened(tmp_path, "predict.py:M", source).depth == 3


def test_a_class_is_made_with_the_folder_when_it_needs_an_argument(tmp_path):
    source = "class M:\n    def __init__(self, folder): self.folder = folder\n    def predict(self, x): ..."
    assert opened(tmp_path, "predict.py", source).folder == str(tmp_path)


def test_the_function_predict_is_found_without_a_name(tmp_path):
    assert opened(tmp_path, "predict.py", "def predict(x): return x")(1) == 1


def test_two_classes_without_a_name_are_refused(tmp_path):
    source = "class A:\n    predict = abs\nclass B:\n    predict = abs"
    with pytest.raises(LoadFailed, match="2 classes"):
        opened(tmp_path, "predict.py", source)


def test_a_package_comes_from_the_code_folder(tmp_path):
    (tmp_path / "code/churn_package").mkdir(parents=True)
    (tmp_path / "code/churn_package/__init__.py").write_text("")
    model = opened(
        tmp_path,
        "churn_package.model:Model",
        "class Model:\n    def predict(self, x): return 7",
        "code/churn_package/model.py",
        code="code",
    )
    assert model.predict(None) == 7


def test_a_file_imports_its_neighbours(tmp_path):
    (tmp_path / "my_neighbour.py").write_text("factor = 3")
    source = "from my_neighbour import factor\ndef predict(x): return factor * x"
    assert opened(tmp_path, "predict.py", source)(2) == 6


def test_a_name_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(LoadFailed, match="no “Other”"):
        opened(tmp_path, "predict.py:Other", "x = 1")
