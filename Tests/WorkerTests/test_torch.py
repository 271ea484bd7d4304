# SPDX-License-Identifier: Apache-2.0
"""PyTorch modules, in an interpreter of their own: Debian's, with its package python3-torch."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from contract import Connection
from slipway._model.descriptor import Call, Descriptor, TensorSpec
from workers import ROOT, bare_environment

DEBIAN = "/usr/bin/python3"
TRAIN = """
import sys, torch
folder = sys.argv[1]
torch.manual_seed(1)
layers = [torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.ReLU(), torch.nn.Linear(4, 2)]
model = torch.nn.Sequential(*layers)
torch.jit.script(model).save(folder + "/script.pt")
torch.save(model, folder + "/module.pt")
torch.save(model.state_dict(), folder + "/weights.pt")
with torch.inference_mode():
    answers = model.eval()(torch.arange(12, dtype=torch.float32).reshape(4, 3))
answers.numpy().tofile(folder + "/answers")
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    if (
        not Path(DEBIAN).exists()
        or subprocess.run([DEBIAN, "-c", "import torch, numpy"], capture_output=True).returncode
    ):
        pytest.skip(f"{DEBIAN} has no torch: install Debian's python3-torch")
    folder = tmp_path_factory.mktemp("torch")
    subprocess.run([DEBIAN, "-c", TRAIN, folder], check=True)
    return folder


def worker(folder, loader, model, form="matrix"):
    Descriptor(
        inputs=(TensorSpec("x", "FP32", (-1, 3)),),
        outputs=(TensorSpec("y", "FP32", (-1, 2)),),
        loader=loader,
        model=model,
        form=form,
        calls=(Call("__call__", "y"),),
    ).write(folder / "worker.json")
    return Connection([DEBIAN, "-B", str(ROOT / "python/slipway/_worker")], bare_environment(folder))


@pytest.mark.parametrize(
    ("loader", "model", "form"),
    [
        ("torchscript", "script.pt", "matrix"),
        ("torch", "module.pt", "matrix"),
        ("torch", "module.pt", "tensors"),
    ],
)
def test_a_module_answers_as_it_did_without_its_dropout(trained, loader, model, form):
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    with worker(trained, loader, model, form) as connection:
        answers = connection.loaded(trained).predict(x=rows)["y"]
    expected = np.fromfile(trained / "answers", np.float32).reshape(4, 2)
    np.testing.assert_allclose(answers, expected, rtol=1e-6)


def test_a_state_dict_is_refused_with_what_to_save(trained):
    with worker(trained, "torch", "weights.pt") as connection:
        answer = connection.load(trained)
    assert answer["code"] == "load_failed"
    assert "state_dict" in answer["message"] and "torch.jit.script" in answer["message"]
