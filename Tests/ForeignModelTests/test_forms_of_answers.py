# SPDX-License-Identifier: Apache-2.0
"""Answers of the forms that models give: a column of numbers, several by name, texts, more than two dimensions."""

import joblib
import numpy
import pytest
from foreign import ask, deploy_code
from sklearn.linear_model import LinearRegression

SAMPLE = "a,b\n1.5,2\n2.5,3\n4,1\n"


@pytest.mark.parametrize("engine", ["auto", "worker"])
def test_a_regression_that_was_fitted_to_a_column_is_served(server, tmp_path, engine):
    """`fit(X, table[["price"]])` is what many write: it answers with a column, [rows, 1]."""
    rows = numpy.array([[1.5, 2], [2.5, 3], [4, 1]])
    joblib.dump(LinearRegression().fit(rows, rows[:, :1] * 2), tmp_path / "model.joblib")
    (tmp_path / "sample.csv").write_text(SAMPLE)
    server.slipway("deploy", tmp_path / "model.joblib", "--examples", tmp_path / "sample.csv", "--name", engine, "--engine", engine)
    status, answer = ask(server, engine, {"a": 3, "b": 7})
    assert status == 200
    assert numpy.ravel(answer["predictions"][0]["prediction"]).tolist() == pytest.approx([6])


ANSWERS = {
    "a frame": ("rows[['a', 'b']].rename(columns={'a': 'first', 'b': 'second'})", [3.0, 7.0]),
    "texts": ("np.where(rows['a'] > 2, 'NO', 'æøå')", "NO"),
    "a mapping": ("{'double': rows['a'] * 2, 'word': ['no'] * len(rows)}", {"double": 6.0, "word": "no"}),
    "a column": ("rows[['a']].to_numpy()", 3.0),
    "a cube": ("np.ones((len(rows), 2, 2))", [[1.0, 1.0], [1.0, 1.0]]),
}


@pytest.mark.parametrize("form", ANSWERS)
def test_what_a_function_gives_back_is_served(server, tmp_path, form):
    expression, expected = ANSWERS[form]
    name = form.replace(" ", "-")
    code = f"import numpy as np\n\n\ndef predict(rows):\n    return {expression}\n"
    deploy_code(server, tmp_path, name, code, sample=SAMPLE)
    status, answer = ask(server, name, {"a": 3, "b": 7})
    assert status == 200
    given = answer["predictions"][0]
    assert (given if isinstance(expected, dict) else next(iter(given.values()))) == expected
