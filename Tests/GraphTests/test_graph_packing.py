# SPDX-License-Identifier: Apache-2.0
"""`slipway pack` of a pipeline without an ONNX form: its graph where that agrees, a worker where it does not."""

import json
import subprocess
import sys

import edges
import joblib
import numpy
import pandas
from program import BINARY, ROOT, clean_environment
from sklearn.compose import make_column_transformer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder


def packed(tmp_path, model, rows):
    """The conversion, as the command tells it."""
    joblib.dump(model, tmp_path / "model.joblib")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    environment = clean_environment(tmp_path / "home") | {"SLIPWAY_PYTHON": sys.executable}
    done = subprocess.run(
        [str(BINARY), "pack", str(tmp_path / "model.joblib"), "--examples", str(tmp_path / "rows.csv"), "--sandbox", "off",
         "--output", str(tmp_path / "bundle"), "--format", "json"],
        cwd=ROOT, env=environment, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["conversion"]


def test_its_graph_serves_it(tmp_path):
    rows = edges.frame(1)
    model = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(), KBinsDiscretizer(5)), ["age", "income"]),
            (OneHotEncoder(handle_unknown="ignore", min_frequency=5), ["plan", "town"])),
        LogisticRegression(max_iter=500))  # fmt: skip
    conversion = packed(tmp_path, model.fit(rows, numpy.arange(len(rows)) % 2), rows)
    assert conversion["served_by"] == "native"
    assert "native graph" in conversion["attempts"][-1]["form"]
    assert (tmp_path / "bundle" / "graph.json").is_file()


def test_a_worker_serves_it_where_the_graph_differs(tmp_path):
    """Eighty rows are as near as each other, and NumPy takes any five of them: the graph takes the first."""
    rng = numpy.random.default_rng(0)
    known = pandas.DataFrame({"a": rng.integers(0, 5, 400), "b": rng.normal(size=400) * 100})
    rows = known.copy()
    rows.loc[::3, "b"] = numpy.nan
    model = make_pipeline(KNNImputer(), LinearRegression()).fit(known, known["a"] + known["b"])
    conversion = packed(tmp_path, model, rows)
    assert conversion["served_by"] == "worker"
    (tried,) = [attempt for attempt in conversion["attempts"] if "native graph" in attempt["form"]]
    assert tried["differing_rows"] > 0 and "prediction" in tried["first_difference"]
