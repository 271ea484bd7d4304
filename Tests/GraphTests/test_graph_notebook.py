# SPDX-License-Identifier: Apache-2.0
"""`slipway.Graph`: graphs that are written in a notebook, deployed with its own models, and proved against its own code."""

import numpy
import pandas
import pytest
import slipway
from program import BINARY


@pytest.fixture(scope="module")
def notebook(server):
    """The environment of a notebook that finds the server."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (server.environment | {"SLIPWAY_BINARY": str(BINARY)}).items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def people():
    random = numpy.random.default_rng(0)
    frame = pandas.DataFrame({"age": random.integers(18, 90, 400).astype(float),
                              "plan": random.choice(["basic", "gold"], 400)})
    frame.loc[random.random(400) < 0.1, "age"] = numpy.nan
    return frame


def features(frame, median):
    return pandas.DataFrame({"age": frame["age"].fillna(median), "plan_basic": (frame["plan"] == "basic") * 1.0,
                             "plan_gold": (frame["plan"] == "gold") * 1.0})


def test_a_graph_of_two_libraries_is_proved_against_the_notebooks_own_code(notebook, people):
    import lightgbm
    import xgboost

    median = people["age"].median()
    wanted = ((people["age"].fillna(median) > 50) ^ (people["plan"] == "gold")).astype(int)
    known = features(people, median)
    boost = xgboost.XGBClassifier(n_estimators=10, max_depth=3).fit(known, wanted)
    light = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1).fit(known, wanted)

    def original(rows):
        seen = features(rows, median)
        score = 0.6 * boost.predict_proba(seen)[:, 1] + 0.4 * light.predict_proba(seen)[:, 1]
        return {"churns": numpy.where(score >= 0.42, "yes", "no"), "score": score}

    g = slipway.Graph()
    prep = g.transform("prep", g.input, [{"impute": {"age": "median"}}, {"one_hot": ["plan"], "unseen": "ignore"}])
    one, two = g.model("boost", prep, boost), g.model("light", prep, light)
    score = g.combine("score", [one["probabilities"][1], two["probabilities"][1]], "weighted", weights=[0.6, 0.4])
    g.output(churns=g.combine("churns", score, "threshold", at_least=0.42, then="yes", otherwise="no"), score=score)
    deployed = slipway.deploy(g, name="noted", examples=people.head(100), baseline=people, original=original)
    assert "proven: 100 of 100 examples agree" in str(deployed)
    rows = people.tail(5)
    answers = slipway.Client(notebook.url, notebook.token).predict("noted", rows)
    assert numpy.allclose(answers["score"], original(rows)["score"], rtol=1e-5)

    # The same code with another answer is no proof.
    with pytest.raises(slipway.SlipwayError):
        slipway.deploy(g, name="noted", examples=people.head(100), baseline=people,
                       original=lambda rows: original(rows) | {"score": original(rows)["score"] + 0.01})


def test_a_saved_graph_is_a_project(notebook, people, tmp_path):
    g = slipway.Graph()
    old = g.transform("old", g.input, [{"impute": {"age": "median"}}, {"select": ["age"]}])
    label = g.combine("label", old["age"], "threshold", at_least=60, then="old", otherwise="young")
    g.output(label=label)
    g.save(tmp_path / "saved", people.head(50), people, name="saved")
    assert "graph" in (tmp_path / "saved/slipway.yaml").read_text()
    notebook.slipway("deploy", tmp_path / "saved")
    assert slipway.Client(notebook.url, notebook.token).predict("saved", people.head(1))["label"][0] in ("old", "young")


def test_mistakes_are_told_at_once():
    g, other = slipway.Graph(), slipway.Graph()
    first = g.transform("first", g.input, [])
    for mistake, words in [
        (lambda: g.transform("first", g.input, []), "two steps “first”"),
        (lambda: g.transform("second", "frist", []), "no step “frist”"),
        (lambda: other.transform("second", first, []), "of another graph"),
        (lambda: g.transform("Second", g.input, []), "no name of a step"),
        (lambda: g.model("second", g.input, "nowhere.ubj"), "no file “nowhere.ubj”"),
        (lambda: g.output(a=first["a"]) or g.output(a=first["b"]), "two outputs “a”"),
    ]:
        with pytest.raises(slipway.SlipwayError, match=words):
            mistake()
