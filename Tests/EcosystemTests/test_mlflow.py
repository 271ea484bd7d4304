# SPDX-License-Identifier: Apache-2.0
"""MLflow's own scoring client, unmodified."""

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
