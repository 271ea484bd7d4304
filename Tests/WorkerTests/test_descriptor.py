# SPDX-License-Identifier: Apache-2.0
"""worker.json: what is read is what was written, and what breaks a rule is refused by name."""

import copy
import json
import re

import pytest
from slipway._model.descriptor import Descriptor
from slipway._model.errors import DescriptorInvalid

# The example of docs/formats/worker.md.
GOOD = {
    "schema": "slipway.worker/1",
    "language": "python",
    "loader": "joblib",
    "model": "model.joblib",
    "environment": "environment.json",
    "code": "code",
    "form": "frame",
    "columns": [
        {"name": "age", "input": "age", "dtype": "float64"},
        {"name": "plan", "input": "plan", "dtype": "category", "categories": ["basic", "pro"]},
    ],
    "calls": [
        {"method": "predict", "output": "label"},
        {"method": "predict_proba", "output": "probabilities"},
    ],
    "inputs": [
        {"name": "age", "datatype": "FP64", "shape": [-1, 1]},
        {"name": "plan", "datatype": "BYTES", "shape": [-1, 1]},
    ],
    "outputs": [
        {"name": "label", "datatype": "INT64", "shape": [-1]},
        {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]},
    ],
}
COMMAND = {
    "schema": "slipway.worker/1", "command": ["Rscript", "{folder}/worker.R"],
    "inputs": GOOD["inputs"], "outputs": GOOD["outputs"],
}  # fmt: skip


def changed(path, value):
    """GOOD with the value at the path, or without the key when the value is `...`."""
    made = copy.deepcopy(GOOD)
    place = made
    *way, last = path
    for key in way:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.mark.parametrize("value", [GOOD, COMMAND], ids=["python", "command"])
def test_what_is_written_is_what_is_read(tmp_path, value):
    descriptor = Descriptor.of(value)
    assert descriptor.json() == value
    descriptor.write(tmp_path / "worker.json")
    assert Descriptor.read(tmp_path / "worker.json") == descriptor
    assert json.loads((tmp_path / "worker.json").read_text()) == value


def test_every_key_of_a_column_and_a_call_is_kept():
    made = changed(["columns", 1, "missing"], True)
    made["columns"][1].update(ordered=True, categories=[1, 2.5, "x", True])
    made["inputs"][1]["shape"] = [-1, 3]
    made["columns"][1].update(offset=2, name=7)
    made["calls"][0]["each"] = True
    assert Descriptor.of(made).json() == made


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["schema"], "slipway.worker/2", "slipway.worker/2"),
        (["schema"], ..., "None"),
        (["lodaer"], "x", "unknown key “lodaer”"),
        (["language"], "r", "only “python”"),
        (["loader"], "dill", "loader is 'dill'"),
        (["loader"], ..., "loader is None"),
        (["form"], "table", "form is 'table'"),
        (["model"], "../other", "without “..”"),
        (["model"], "/etc/passwd", "inside the bundle"),
        (["model"], ..., "model must name"),
        (["code"], "a/../../b", "without “..”"),
        (["environment"], 3, "environment must be a text"),
        (["command"], ["x"], "cannot stand together"),
        (["command"], [], "command must be a list of texts"),
        (["inputs"], [], "inputs must name"),
        (["outputs"], ..., "outputs must name"),
        (["inputs", 0, "datatype"], "FP128", "“FP128”"),
        (["inputs", 0, "shape"], [-2], "from -1 on"),
        (["inputs", 0, "shape"], [True], "must be an integer"),
        (["inputs", 0, "shape"], "rows", "shape must be a list"),
        (["inputs", 1, "name"], "age", "“age” 2 times"),
        (["inputs", 0], "age", "inputs[0] must be an object"),
        (["columns"], ..., "needs columns"),
        (["columns", 0, "input"], "other", "which is none"),
        (["columns", 0, "offset"], 1, "is element 1"),
        (["columns", 0, "missing"], True, "is no text"),
        (["columns", 1, "missing"], "yes", "true, false or “none”"),
        (["columns", 1, "name"], "age", "“age” 2 times"),
        (["columns", 1, "categories"], ..., "go together"),
        (["columns", 1, "categories"], [None], "texts, numbers or booleans"),
        (["columns", 0, "categories"], ["a"], "go together"),
        (["columns", 0, "dtype"], "", "dtype must be a text"),
        (["calls"], [], "calls must name"),
        (["calls", 1, "output"], "label", "each output exactly once"),
        (["calls", 0, "each"], 1, "each must be true or false"),
        (["form"], "texts", "no columns"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(path, value, says):
    with pytest.raises(DescriptorInvalid, match=re.escape(says)):
        Descriptor.of(changed(path, value))


@pytest.mark.parametrize("content", [b"", b"[", b"[]", b"\xff", b"[" * 100_000, b"null"])
def test_files_that_are_no_descriptor_are_refused(tmp_path, content):
    (tmp_path / "worker.json").write_bytes(content)
    with pytest.raises(DescriptorInvalid):
        Descriptor.read(tmp_path / "worker.json")
