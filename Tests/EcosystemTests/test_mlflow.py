# SPDX-License-Identifier: Apache-2.0
"""MLflow's own scoring client, unmodified."""

import json

import numpy
import pandas
import pytest
from mlflow.pyfunc.scoring_server.client import ScoringServerClient


@pytest.fixture
def client(server):
    host, port = server.url.removeprefix("http://").split(":")
    return ScoringServerClient(host, int(port))


def test_it_is_there(client, server):
    client.ping()
    assert client.get_version()


def test_a_data_frame_gets_the_engines_answers(client, table, expected):
    names, rows = table
    frame = pandas.DataFrame(rows.astype(numpy.float64), columns=names)
    # Columns are found by their names, and one that the model does not know is passed over.
    frame = frame[list(reversed(names))].assign(customer="c")
    predictions = client.invoke(frame).get_predictions()
    assert numpy.array_equal(predictions["label"].to_numpy(), numpy.ravel(expected[0]))
    probabilities = numpy.array(predictions["probabilities"].to_list(), numpy.float32)
    assert numpy.array_equal(probabilities, expected[1])


def test_an_array_gets_the_engines_answers(client, table, expected):
    predictions = client.invoke(table[1]).get_predictions()
    assert numpy.array_equal(predictions["label"].to_numpy(), numpy.ravel(expected[0]))


def test_a_missing_column_is_explained(client, table):
    names, rows = table
    with pytest.raises(Exception, match="error code 400") as caught:
        client.invoke(pandas.DataFrame(rows[:2, 1:].astype(numpy.float64), columns=names[1:]))
    assert names[0] in str(caught.value)


def test_records_get_the_engines_answers(client, table, expected):
    """The client passes text on as it is."""
    names, rows = table
    frame = pandas.DataFrame(rows.astype(numpy.float64), columns=names)
    records = json.dumps({"dataframe_records": frame.to_dict(orient="records")})
    predictions = client.invoke(records).get_predictions()
    assert numpy.array_equal(predictions["label"].to_numpy(), numpy.ravel(expected[0]))
    assert numpy.array_equal(numpy.array(predictions["probabilities"].to_list(), numpy.float32), expected[1])


def test_a_list_gets_the_engines_answers(client, table, expected):
    predictions = client.invoke(table[1].tolist()).get_predictions()
    assert numpy.array_equal(numpy.array(predictions["probabilities"].to_list(), numpy.float32), expected[1])


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param('{"dataframe_split": ', "JSON", id="cut off"),
        pytest.param(json.dumps({"inputs": [[1.0] * 30], "instances": [[1.0] * 30]}), "instances", id="two forms"),
        pytest.param('{"rows": [[1]]}', "dataframe_split", id="no form"),
        pytest.param([[1.0, 2.0]], "30", id="two of thirty columns"),
    ],
)
def test_a_bad_body_is_explained_in_mlflows_words(client, body, says):
    with pytest.raises(Exception, match="error code 400") as caught:
        client.invoke(body)
    explained = json.loads(str(caught.value).split("response: ", 1)[1].removesuffix(")"))
    assert explained["error_code"] in {"BAD_REQUEST", "INVALID_PARAMETER_VALUE"}
    assert says in explained["message"]
