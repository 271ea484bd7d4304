# SPDX-License-Identifier: Apache-2.0
"""Labels from Python: one, lists, frames."""

import datetime

import pandas
import polars
import pytest

from slipway.errors import InputRefused

ENDPOINT = "breast-cancer-columns"


def test_a_label_of_a_prediction(client, table, rows):
    prediction = client.predict(ENDPOINT, rows.head(1))
    label = table["label"][0]
    answer = client.feedback(ENDPOINT, prediction_id=prediction.id, label=label)
    assert answer["joined"] == 1
    known = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
    assert client.feedback(ENDPOINT, prediction_id=prediction.id, label=label, at=known)["repeated"] == 1
    several = client.predict(ENDPOINT, rows.head(3))
    assert client.feedback(ENDPOINT, prediction_id=several.id, label=[1, None, 0])["joined"] == 2
    assert client.feedback(ENDPOINT, prediction_id=several.id, label=1, row=1)["joined"] == 1
    with pytest.raises(InputRefused) as refused:
        client.feedback(ENDPOINT, prediction_id=prediction.id, label="perhaps")
    assert refused.value.code == "LBL-001"
    with pytest.raises(InputRefused):
        client.feedback(ENDPOINT, label=1)


@pytest.mark.parametrize("form", [lambda frame: frame, polars.from_pandas, lambda frame: frame.to_dict("list")])
def test_many_labels(client, rows, form):
    ids = [client.predict(ENDPOINT, rows.iloc[[index]]).id for index in range(5)]
    frame = pandas.DataFrame(
        {"prediction": ids, "label": [1, 0, None, 7, 1], "at": [None, "2026-01-01T00:00:00Z", None, None, None]}
    )
    answer = client.feedback_batch(ENDPOINT, form(frame))
    assert (answer["joined"], answer["refused"]) == (3, 1)
    (problem,) = answer["problems"]
    assert problem["code"] == "LBL-001" and problem["position"] == 4
    report = client.quality(ENDPOINT)
    assert report["groups"][0]["labelled"] >= 3


def test_what_a_prediction_is_about_goes_along(client, rows):
    prediction = client.predict(ENDPOINT, rows.head(1), key="Auftrag-Zoë", subject="Zoë 17")
    assert client.feedback(ENDPOINT, key="Auftrag-Zoë", label=0)["joined"] == 1
    assert client.feedback(ENDPOINT, prediction_id=prediction.id, label=0)["repeated"] == 1
    for wrong in ["", " x", "x" * 201, "a\nb"]:
        with pytest.raises(InputRefused) as refused:
            client.predict(ENDPOINT, rows.head(1), subject=wrong)
        assert refused.value.code == "IN-006"
