# SPDX-License-Identifier: Apache-2.0
"""Graphs as a user meets them: written in slipway.yaml, deployed, asked, explained, shown."""

import json
import urllib.error
import urllib.request

import numpy
import pytest
from program import ROOT

EXAMPLES = ROOT / "examples"
ROWS = "a,b,kind\n1,2,x\n3,4,y\n5,6,x\n-1,0,y\n"
# A model of somebody's own: it refuses large numbers, and adds up the others.
RULES = """
def predict(rows):
    a = rows["a"]
    if (a > 100).any():
        raise ValueError("too large")
    return {"total": a + rows["b"]}
"""


def project(folder, graph, rows=ROWS, more=""):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.csv").write_text(rows)
    (folder / "slipway.yaml").write_text(
        f"schema: slipway/1\nmodel: {{name: {folder.name}}}\ngraph:\n{graph}"
        "proof:\n  examples: {data: rows.csv}\nbaseline: {data: rows.csv}\n" + more
    )
    return folder


def call(server, path, rows, **headers):
    request = urllib.request.Request(
        server.url + path, json.dumps(rows).encode(), {"content-type": "application/json"} | headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), error.headers


def predict(server, name, *rows):
    status, body, _ = call(server, f"/v1/endpoints/{name}/predict", list(rows))
    assert status == 200, body
    return body["predictions"]


def steps(server, name):
    shown = json.loads(server.slipway("endpoint", "show", name, "--format", "json").stdout)
    return {step["name"]: step for step in shown["endpoint"]["steps"]}


# Examples


@pytest.fixture(scope="module")
def churn(server):
    deployed = server.slipway("deploy", EXAMPLES / "churn")
    assert "proven: 200 of 200 examples agree" in deployed.stdout
    return server


def test_the_churn_example_answers_as_its_script_did(churn):
    row = json.loads((EXAMPLES / "churn/row.json").read_text())
    (answer,) = predict(churn, "churn", *row)
    assert answer["churns"] in ("yes", "no") and 0 < answer["score"] < 1
    text = churn.slipway("model", "show", "churn", "--graph").stdout
    assert "score     combine: weighted ← boost.probabilities[1], light.prediction" in text
    assert churn.slipway("model", "show", "churn", "--dot").stdout.startswith("digraph")


def test_steps_are_timed_in_the_answer(churn):
    row = json.loads((EXAMPLES / "churn/row.json").read_text())
    _, _, headers = call(churn, "/v1/endpoints/churn/predict", row, **{"slipway-timing": "steps"})
    names = [part.split(";")[0] for part in headers["server-timing"].split(", ")]
    assert names == ["prep", "boost", "light", "score", "churns"]
    assert headers.get("server-timing") and all("dur=" in part for part in headers["server-timing"].split(", "))
    _, _, headers = call(churn, "/v1/endpoints/churn/predict", row)
    assert headers.get("server-timing") is None
    status, body, _ = call(churn, "/v1/endpoints/churn/predict", row, **{"slipway-timing": "all"})
    assert (status, body["code"]) == (400, "IN-006")


def test_explanations_of_a_graph_add_up(churn):
    row = json.loads((EXAMPLES / "churn/row.json").read_text())
    _, body, _ = call(churn, "/v1/endpoints/churn/explain?budget=20s", row)
    (found,) = body["explanations"]
    assert found["method"] == "exact" and set(found["contributions"]) == set(row[0])
    assert abs(found["base"] + sum(found["contributions"].values()) - found["value"]) < 1e-9
    assert abs(found["value"] - predict(churn, "churn", *row)[0]["score"]) < 1e-9
    _, sampled, _ = call(churn, "/v1/endpoints/churn/explain?method=sampled&budget=500ms", row)
    (sampled,) = sampled["explanations"]
    for name, value in sampled["contributions"].items():
        assert abs(value - found["contributions"][name]) <= 6 * sampled["standard_errors"][name] + 1e-6


def test_the_second_opinion_is_asked_about_uncertain_rows_only(server):
    assert "proven: 200 of 200" in server.slipway("deploy", EXAMPLES / "cascade").stdout
    before = steps(server, "cascade")
    data = json.loads((EXAMPLES / "cascade/row.json").read_text())[0]
    sure = data | {name: value / 2 for name, value in data.items() if name.startswith("mean")}
    answers = predict(server, "cascade", data, sure)
    after = steps(server, "cascade")
    assert after["quick"]["rows"] - before["quick"]["rows"] == 2
    assert after["thorough"]["rows"] - before["thorough"]["rows"] == 1
    assert answers[1]["score"] == answers[1]["first"] and answers[0]["score"] != answers[0]["first"]


# Explanations beside the libraries


def test_contributions_through_one_hot_are_the_librarys(server, tmp_path):
    import pandas
    import xgboost

    random = numpy.random.default_rng(3)
    frame = pandas.DataFrame({"a": random.normal(size=400), "b": random.normal(size=400),
                              "kind": random.choice(["x", "y", "z"], 400)})
    columns = pandas.get_dummies(frame, dtype=float)
    model = xgboost.XGBClassifier(n_estimators=20, max_depth=3).fit(columns, (frame["a"] > 0) ^ (frame["kind"] == "x"))
    folder = project(tmp_path / "shap", "  steps:\n    kinds: {in: input, transform: [{one_hot: [kind]}]}\n"
                     "    trees: {in: kinds, model: trees.ubj}\n  outputs: {score: 'trees.probabilities[1]'}\n",
                     frame.to_csv(index=False))
    model.save_model(folder / "trees.ubj")
    server.slipway("deploy", folder)
    rows = frame.head(20)
    _, body, _ = call(server, "/v1/endpoints/shap/explain", rows.to_dict("records"))
    expected = model.get_booster().predict(
        xgboost.DMatrix(columns.head(20)), pred_contribs=True, validate_features=False)
    for found, wanted in zip(body["explanations"], expected):
        assert (found["method"], found["scale"]) == ("trees", "margin")
        got = [found["contributions"][name] for name in ("a", "b", "kind")] + [found["base"]]
        assert numpy.allclose(got, [wanted[0], wanted[1], wanted[2:5].sum(), wanted[5]], rtol=1e-4, atol=1e-5)


def test_a_linear_model_is_explained_exactly(server, tmp_path):
    import pandas
    from sklearn.linear_model import LinearRegression
    import joblib

    random = numpy.random.default_rng(4)
    frame = pandas.DataFrame(random.normal(size=(300, 12)), columns=[f"c{i}" for i in range(12)])
    model = LinearRegression().fit(frame, frame @ numpy.arange(12.0))
    joblib.dump(model, tmp_path / "line.joblib")
    frame.head(100).to_csv(tmp_path / "rows.csv", index=False)
    server.slipway("deploy", tmp_path / "line.joblib", "--examples", tmp_path / "rows.csv")
    _, body, _ = call(server, "/v1/endpoints/line/explain", frame.tail(1).to_dict("records"))
    (found,) = body["explanations"]
    assert found["method"] == "additive"
    # Over the background rows, which are among those that were given.
    value = model.predict(frame.tail(1))[0]
    assert abs(found["value"] - value) < 1e-8 and abs(found["contributions"]["c0"]) < 1e-6


# Parts that fail


@pytest.fixture(scope="module")
def guarded(server, tmp_path_factory):
    """A worker that refuses large numbers, with everything that a step may do about it."""
    folder = tmp_path_factory.mktemp("graphs") / "guarded"
    project(folder, """  steps:
    strict: {in: [input.a, input.b], worker: "rules:predict"}
    skipped: {in: [input.a, input.b], worker: "rules:predict", on_error: skip}
    valued: {in: [input.a, input.b], worker: "rules:predict", on_error: {value: -1}}
    plain: {in: [input.a, input.b], transform: [{op: linear, columns: [a, b], coefficients: [[1, 1]], as: total}]}
    either: {in: [skipped.total, plain.total], combine: first_available}
    blend: {in: [skipped.total, valued.total], combine: average, missing: renormalise}
  outputs: {either: either, blend: blend, valued: valued.total}
""".replace("    strict: {in: [input.a, input.b], worker: \"rules:predict\"}\n", ""))
    (folder / "rules.py").write_text(RULES)
    return server, folder


def test_failures_stay_with_their_rows(guarded):
    server, folder = guarded
    server.slipway("deploy", folder)
    good, bad = {"a": 1, "b": 2, "kind": "x"}, {"a": 200, "b": 2, "kind": "x"}
    alone = predict(server, "guarded", good)[0]
    together = predict(server, "guarded", good, bad, good)
    assert together[0] == together[2] == alone
    assert together[1]["valued"] == -1 and together[1]["either"] == 202 and together[1]["blend"] == -1
    assert steps(server, "guarded")["skipped"]["failures"] >= 1


def test_a_request_fails_where_nothing_else_is_said(guarded, tmp_path):
    server, folder = guarded
    strict = project(tmp_path / "strict", "  steps:\n    rules: {in: [input.a, input.b], worker: 'rules:predict'}\n"
                     "  outputs: {total: rules.total}\n")
    (strict / "rules.py").write_text(RULES)
    server.slipway("deploy", strict)
    status, body, _ = call(server, "/v1/endpoints/strict/predict", [{"a": 200, "b": 2, "kind": "x"}])
    assert status in (400, 500) and "step “rules”" in body["title"]


# Files that engines open as they are


def test_an_onnx_file_is_a_step(server, tmp_path):
    source = EXAMPLES / "breast-cancer"
    folder = tmp_path / "tumor"
    folder.mkdir()
    for name in ("model.onnx", "examples.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    (folder / "slipway.yaml").write_text("""schema: slipway/1
model: {name: tumor}
graph:
  steps:
    model: {in: input, model: model.onnx}
    verdict: {in: "model.probabilities[1]", combine: threshold, at_least: 0.9, then: benign, else: look again}
  outputs: {label: model.label, probabilities: model.probabilities, verdict: verdict}
proof:
  examples: {data: examples.csv, outputs: [label, probabilities]}
""")
    assert "proven: 143 of 143" in server.slipway("deploy", folder).stdout
    row = json.loads((source / "row.json").read_text())
    assert predict(server, "tumor", *row)[0]["verdict"] == "benign"


# Registered versions


def test_a_registered_version_is_pinned(server, tmp_path):
    part = project(tmp_path / "part", "  steps:\n    sum: {in: [input.a, input.b], transform: [{op: linear, "
                   "columns: [a, b], coefficients: [[1, 1]], as: sum}]}\n  outputs: {sum: 'sum.sum[0]'}\n")
    server.slipway("deploy", part)
    whole = project(tmp_path / "whole", "  steps:\n    part: {in: input, model: part@1}\n"
                    "    high: {in: part.sum, combine: threshold, at_least: 5, then: 'high', else: 'low'}\n"
                    "  outputs: {level: high, sum: part.sum}\n")
    server.slipway("deploy", whole)
    assert predict(server, "whole", {"a": 3, "b": 4, "kind": "x"}) == [{"level": "high", "sum": 7}]
    assert "model: default/part@1" in server.slipway("model", "show", "whole", "--graph").stdout
    missing = project(tmp_path / "missing", "  steps:\n    part: {in: input, model: part@9}\n  outputs: {sum: part.sum}\n")
    assert "REG-002" in server.slipway("pack", missing, "--output", tmp_path / "out", code=3).stderr


# Projects that cannot be

TWO = "    one: {in: input, transform: []}\n    two: {in: one, transform: []}\n"


@pytest.mark.parametrize("graph, words", [
    ("  steps:\n    a: {in: b, transform: []}\n    b: {in: a, transform: []}\n  outputs: {o: a.a}\n",
     ["in a circle", "reads"]),
    (f"  steps:\n{TWO}  outputs: {{o: on.a}}\n", ["“on.a”"]),
    ("  steps:\n    one: {in: inpt, transform: []}\n  outputs: {o: one.a}\n", ["“inpt”", "did you mean “input”"]),
    ("  steps:\n    one: {in: input.aa, transform: []}\n  outputs: {o: one.a}\n", ["gives no “aa”"]),
    ("  steps:\n    one: {in: [input.a, input.a], transform: []}\n  outputs: {o: one.a}\n", ["two columns “a”"]),
    ("  steps:\n    one: {in: input, transform: [{scal: [a]}]}\n  outputs: {o: one.a}\n", ["did you mean “scale”"]),
    ("  steps:\n    one: {in: input, transform: [{scale: [kind]}]}\n  outputs: {o: one.a}\n", ["“kind” is a text"]),
    ("  steps:\n    one: {in: input.kind, combine: threshold, at_least: 1, then: 1, else: 0}\n  outputs: {o: one}\n",
     ["“threshold” is of one number", "BYTES"]),
    ("  steps:\n    one: {in: [input.a, input.kind], combine: average}\n  outputs: {o: one}\n", ["“average” is of numbers"]),
    (f"  steps:\n{TWO}  outputs: {{o: two}}\n", ["has 3 columns"]),
    ("  steps:\n    one: {in: input, transform: [], timeout: 5ms}\n  outputs: {o: one.a}\n", ["cannot be stopped"]),
    ("  steps:\n    one: {in: input, transform: [], weights: [1]}\n  outputs: {o: one.a}\n", ["belongs to “combine”"]),
    ("  steps:\n    One: {in: input, transform: []}\n  outputs: {o: One.a}\n", ["no name of a step"]),
])
def test_what_does_not_fit_is_refused_with_both_ends(server, tmp_path, graph, words):
    refused = server.slipway("pack", project(tmp_path / "bad", graph), "--output", tmp_path / "out", code=2).stderr
    for word in words:
        assert word in refused, refused


def test_two_outputs_of_one_name_are_refused(server, tmp_path):
    folder = tmp_path / "twice"
    folder.mkdir()
    (folder / "graph.json").write_text(json.dumps({
        "schema": "slipway.graph/1", "inputs": [{"name": "a", "datatype": "FP64", "shape": [-1]}],
        "steps": [{"name": "one", "in": ["input"], "transform": []}],
        "outputs": [{"name": "o", "from": "one.a"}, {"name": "o", "from": "input.a"}]}))
    assert "two outputs “o”" in server.slipway("pack", folder, "--output", tmp_path / "out", code=2).stderr


def test_rows_that_the_graph_refuses_are_told_of(server, tmp_path):
    folder = project(tmp_path / "partly", "  steps:\n    one: {in: input, transform: [{one_hot: {kind: [x]}}]}\n"
                     "  outputs: {o: one.kind}\n")
    said = server.slipway("pack", folder, "--output", tmp_path / "out").stderr
    assert "2 of 4 rows" in said and "“y” is no known value of “kind”" in said
