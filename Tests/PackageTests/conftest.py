# SPDX-License-Identifier: Apache-2.0
"""A real server with models that the Python package asks, and the rows of the example."""

import os

import numpy
import onnx
import pandas
import pytest
from program import BINARY, EXAMPLES, MODELS, clean_environment, running

import slipway

EXAMPLE = EXAMPLES / "breast-cancer"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("slipway")) as server:
        server.slipway("deploy", EXAMPLE)
        server.slipway("deploy", EXAMPLE / "columns")
        server.slipway("deploy", EXAMPLES / "digits")
        for name in ["mixed-columns", "slow", "identity-int64"]:
            server.slipway("deploy", MODELS / f"{name}.onnx", "--name", name)
        server.slipway("deploy", one_text(tmp_path_factory.mktemp("models")), "--name", "one-text")
        yield server


def one_text(folder):
    """A model that gives the text of each row back."""
    values, same = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.STRING, ["rows", 1]) for name in "xy"
    )
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])], "one-text", [values], [same]
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "one-text.onnx")
    return folder / "one-text.onnx"


@pytest.fixture
def client(server):
    with slipway.Client(server.url, server.token) as client:
        yield client


@pytest.fixture(scope="session")
def table():
    """The example's recorded rows with their answers."""
    return pandas.read_csv(EXAMPLE / "examples.csv")


@pytest.fixture(scope="session")
def rows(table):
    """Their 30 columns."""
    return table.iloc[:, :30]


@pytest.fixture
def own_machine(tmp_path, monkeypatch):
    """The variables of a machine on which nothing of Slipway was ever used, set in this process."""
    for name in [name for name in os.environ if name.startswith("SLIPWAY_")]:
        monkeypatch.delenv(name)
    for name, value in clean_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLIPWAY_BINARY", str(BINARY))
    return tmp_path


@pytest.fixture(scope="session")
def customers():
    """A table with what tables have: missing numbers and texts, a category, a date, the country NO."""
    random = numpy.random.default_rng(0)
    count = 400
    frame = pandas.DataFrame(
        {
            "age": random.integers(18, 90, count).astype(float),
            "country": random.choice(["NO", "DE", "日本", None], count),
            "plan": pandas.Categorical(random.choice(["basic", "pro"], count)),
            "income": random.normal(30_000, 9_000, count),
        }
    )
    frame.loc[::7, "income"] = numpy.nan
    return frame


@pytest.fixture(scope="session")
def churned(customers):
    return ((customers["income"].fillna(0) > 30_000) ^ (customers["country"] == "NO")).astype(int)


@pytest.fixture(scope="session")
def pipeline(customers, churned):
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["country", "plan"]), (numbers, ["age", "income"])
    )
    return make_pipeline(columns, LogisticRegression()).fit(customers, churned)
