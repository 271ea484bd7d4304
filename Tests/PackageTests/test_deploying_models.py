# SPDX-License-Identifier: Apache-2.0
"""Model objects reach an endpoint that answers as they do: missing values, categories and texts included."""

import numpy
import pandas
import pytest
from program import running

import slipway


@pytest.fixture(scope="module")
def customers():
    random = numpy.random.default_rng(5)
    count = 300
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


@pytest.fixture
def machine(own_machine):
    with running(own_machine) as server:
        yield server


def fitted(customers):
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["country", "plan"]), (numbers, ["age", "income"])
    )
    target = ((customers["income"].fillna(0) > 30_000) ^ (customers["country"] == "NO")).astype(int)
    return make_pipeline(columns, LogisticRegression()).fit(customers, target)


@pytest.mark.parametrize("engine", ["auto", "worker"])
def test_a_pipeline_answers_at_its_endpoint_as_here(machine, customers, engine):
    model = fitted(customers)
    deployment = slipway.deploy(model, "churn", customers[:150], baseline=customers, engine=engine)
    assert deployment.proven
    unseen = customers[150:].assign(country=customers["country"][150:].where(customers.index[150:] % 5 != 0, "unseen"))
    for rows in [unseen, unseen.to_dict("records")]:
        answer = deployment.predict(rows)
        assert answer["label"].tolist() == model.predict(unseen).tolist()
        numpy.testing.assert_allclose(answer["probabilities"], model.predict_proba(unseen), atol=1e-5, rtol=1e-4)


def test_a_class_of_the_notebook_is_served(machine):
    class Rule:
        def predict(self, rows):
            return numpy.asarray(rows)[:, 0] * 2

    deployment = slipway.deploy(Rule(), "rule", numpy.arange(20.0).reshape(10, 2))
    assert deployment.proven
    assert deployment.predict(numpy.array([[4.0, 0.0]]))["prediction"].tolist() == [8.0]


def test_texts_are_classified(machine):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    texts = ["free money now", "cheap money free", "meeting at noon", "lunch at noon"] * 5
    model = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts, ["spam", "spam", "ham", "ham"] * 5)
    deployment = slipway.deploy(model, "spam", texts)
    assert deployment.predict(["money", "noon"])["label"].tolist() == ["spam", "ham"]
