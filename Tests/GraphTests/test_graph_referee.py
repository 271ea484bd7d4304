# SPDX-License-Identifier: Apache-2.0
"""The graph engine against scikit-learn: every transformer over rows at its edges, and whole models."""

import subprocess

import pipelines
import pytest
import recording
import transformers
from program import BINARY, ROOT, clean_environment


def proven(folder):
    environment = clean_environment(folder.parent / "home")
    done = subprocess.run([str(BINARY), "pack", str(folder), "--output", str(folder.parent / f"{folder.name}-bundle")],
                          cwd=ROOT, env=environment, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "proven" in done.stdout + done.stderr


def judged(tmp_path, case):
    rows = recording.write(tmp_path / "model", case.model, case.rows, case.relative, case.absolute)
    assert rows >= len(case.rows) / 2, "scikit-learn refuses most of the rows, so that little is compared"
    proven(tmp_path / "model")


@pytest.mark.parametrize("name", transformers.ALL)
def test_a_transformer(tmp_path, name):
    judged(tmp_path, transformers.ALL[name]())


@pytest.mark.parametrize("name", pipelines.ALL)
def test_a_model(tmp_path, name):
    judged(tmp_path, pipelines.ALL[name]())


def test_a_graph_that_differs_is_refused(tmp_path):
    """The judge itself: one number off by the last bit but a few."""
    case = transformers.SCALERS["standard"]()
    case.model.mean_[1] *= 1 + 1e-14
    folder = tmp_path / "model"
    recording.write(folder, case.model, case.rows)
    text = (folder / "graph.json").read_text("utf-8")
    case.model.mean_[1] /= 1 + 1e-14
    other = tmp_path / "other"
    recording.write(other, case.model, case.rows)
    assert text != (other / "graph.json").read_text("utf-8")
    (other / "graph.json").write_text(text, "utf-8")
    with pytest.raises(AssertionError):
        proven(other)
