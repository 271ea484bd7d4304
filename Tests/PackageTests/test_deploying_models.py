# SPDX-License-Identifier: Apache-2.0
"""Model objects reach an endpoint that answers as they do: missing values, categories and texts included."""

import numpy
import pytest
from program import running

import slipway


@pytest.fixture
def machine(own_machine):
    with running(own_machine) as server:
        yield server


@pytest.mark.parametrize("engine", ["auto", "worker"])
def test_a_pipeline_answers_at_its_endpoint_as_here(machine, customers, pipeline, engine):
    deployment = slipway.deploy(pipeline, "churn", customers[:150], baseline=customers, engine=engine)
    assert deployment.proven
    assert "served by" in repr(deployment)
    if engine == "worker":
        assert "a worker: the original itself" in deployment._repr_html_()
    unseen = customers[150:].fillna({"country": "DE"})
    unseen.loc[unseen.index % 5 == 0, "country"] = "unseen"
    for rows in [unseen, unseen.to_dict("records")]:
        assert_served_as_here(deployment, pipeline, rows, unseen)


def test_a_missing_text_reaches_the_model_as_one(machine, customers, pipeline):
    deployment = slipway.deploy(pipeline, "churn", customers[:150])
    assert customers["country"][150:].isna().any()
    for rows in [customers[150:], customers[150:].to_dict("records")]:
        assert_served_as_here(deployment, pipeline, rows, customers[150:])


def assert_served_as_here(deployment, model, rows, frame):
    answer = deployment.predict(rows)
    assert answer["label"].tolist() == model.predict(frame).tolist()
    numpy.testing.assert_allclose(answer["probabilities"], model.predict_proba(frame), atol=1e-5, rtol=1e-4)


def test_a_class_of_the_notebook_is_served(machine):
    class Rule:
        def predict(self, rows):
            return numpy.asarray(rows)[:, 0] * 2

    rows = numpy.arange(20.0).reshape(10, 2)
    deployment = slipway.deploy(Rule(), "rule", rows, baseline=numpy.vstack([rows, [[numpy.nan, 1.0]]]))
    assert deployment.proven
    assert deployment.predict(numpy.array([[4.0, 0.0]]))["prediction"].tolist() == [8.0]


def test_texts_are_classified(machine):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    texts = ["free money now", "cheap money free", "meeting at noon", "lunch at noon"] * 5
    model = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts, ["spam", "spam", "ham", "ham"] * 5)
    deployment = slipway.deploy(model, "spam", texts, baseline=texts)
    assert deployment.predict(["money", "noon"])["label"].tolist() == ["spam", "ham"]
