# SPDX-License-Identifier: Apache-2.0
"""Models of several kinds, from the file to the answer: what is served is what the original answers."""

import json
import subprocess
import sys

import cloudpickle
import joblib
import numpy
import pandas
import pytest
from foreign import ask, deploy_code
from program import BINARY, ROOT, running
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from workers import linear, missing

import slipway


@pytest.fixture(scope="module")
def people():
    """Numbers and texts, some of both missing, and a country that is no boolean."""
    rng = numpy.random.default_rng(3)
    count = 600
    table = pandas.DataFrame({
        "age": rng.integers(18, 90, count).astype(float), "plan": rng.choice(["basic", "pro"], count).astype(object),
        "country": rng.choice(["NO", "DE", "日本"], count)})
    table.loc[rng.random(count) < 0.1, "age"] = numpy.nan
    table.loc[rng.random(count) < 0.1, "plan"] = numpy.nan
    return table, (table.age.fillna(40) + 20 * (table.plan == "pro") + rng.normal(0, 9, count) > 60).astype(int)


@pytest.fixture(scope="module")
def pipeline(people):
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer([("n", SimpleImputer(), ["age"]), ("t", texts, ["plan", "country"])])
    return make_pipeline(columns, LogisticRegression()).fit(*people)


@pytest.fixture(scope="module")
def reports(server, people, pipeline, tmp_path_factory):
    """What deploying the pipeline said, natively and by a worker; the target lies among the rows."""
    folder = tmp_path_factory.mktemp("people")
    table, target = people
    rows = table.head(200).assign(churned=target.head(200))
    return {engine: deployed(server, folder, pipeline, rows, f"people-{engine}", "--target", "churned", "--engine", engine)
            for engine in ("auto", "worker")}


def deployed(server, folder, model, table, name, *options):
    joblib.dump(model, folder / "model.joblib")
    table.to_csv(folder / "sample.csv", index=False)
    done = server.slipway(
        "deploy", folder / "model.joblib", "--examples", folder / "sample.csv", "--name", name, "--format", "json",
        *options)
    return json.loads(done.stdout)


def served(server, name, table):
    with slipway.Client(server.url, server.token) as client:
        return client.predict(name, table).outputs


@pytest.mark.parametrize("engine", ["auto", "worker"])
def test_a_pipeline_answers_as_the_original(server, people, pipeline, reports, engine):
    table, _ = people
    assert reports[engine]["conversion"]["served_by"] == ("native" if engine == "auto" else "worker")
    assert reports[engine]["proven"]
    outputs = served(server, f"people-{engine}", table.tail(400))
    assert set(outputs) == {"label", "probabilities"}
    assert (outputs["label"] == pipeline.predict(table.tail(400))).all()
    numpy.testing.assert_allclose(outputs["probabilities"], pipeline.predict_proba(table.tail(400)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("engine", ["auto", "worker"])
def test_rows_of_json_may_lack_what_was_missing_in_training(server, pipeline, reports, engine):
    status, answer = ask(server, f"people-{engine}", {"age": None, "plan": None, "country": "NO"})
    expected = pipeline.predict_proba(pandas.DataFrame({"age": [numpy.nan], "plan": [numpy.nan], "country": ["NO"]}))
    assert status == 200
    numpy.testing.assert_allclose(answer["predictions"][0]["probabilities"], expected[0], rtol=1e-4)


@pytest.mark.parametrize("engine, by", [("auto", "native"), ("worker", "worker")])
def test_the_verdict_is_kept_with_the_version(server, reports, engine, by):
    shown = server.slipway("model", "show", f"people-{engine}", "--version", "1").stdout
    assert ["served", "by", by] == next(line.split() for line in shown.splitlines() if "served by" in line)[:3]
    assert ("of them at the edges" in shown) == (engine == "auto")


@pytest.mark.parametrize("engine", ["auto", "worker"])
def test_packing_twice_gives_the_same_digest(server, tmp_path, people, pipeline, engine):
    joblib.dump(pipeline, tmp_path / "model.joblib")
    people[0].head(50).to_csv(tmp_path / "sample.csv", index=False)
    digests = {
        json.loads(server.slipway(
            "pack", tmp_path / "model.joblib", "--examples", tmp_path / "sample.csv", "--output", tmp_path / str(turn),
            "--format", "json", "--engine", engine).stdout)["bundle"]
        for turn in range(2)}
    assert len(digests) == 1


def test_no_native_form_is_refused_with_the_reason(server, tmp_path):
    (tmp_path / "predict.py").write_text("def predict(rows):\n    return rows * 2\n")
    (tmp_path / "sample.csv").write_text("a\n1.5\n2\n")
    refused = server.slipway(
        "deploy", tmp_path, "--examples", tmp_path / "sample.csv", "--engine", "native", "--name", "native", code=4)
    assert "PRF-001" in refused.stderr and "no converter" in refused.stderr


def test_a_pickled_function_and_a_folder_with_modules_are_models(server, tmp_path):
    with (tmp_path / "model.pkl").open("wb") as file:
        cloudpickle.dump(lambda rows: rows["a"] * 3, file)
    (tmp_path / "sample.csv").write_text("a\n1.5\n2\n")
    server.slipway("deploy", tmp_path / "model.pkl", "--examples", tmp_path / "sample.csv", "--name", "function")
    assert ask(server, "function", {"a": 2.5})[1]["predictions"][0]["prediction"] == 7.5
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "helper.py").write_text("FACTOR = 4\n")
    deploy_code(server, folder, "folder", "from helper import FACTOR\n\n\ndef predict(rows):\n    return rows['a'] * FACTOR\n",
                sample="a\n1.5\n2\n")
    assert ask(server, "folder", {"a": 2.5})[1]["predictions"][0]["prediction"] == 10


def test_mlflows_folders_are_taken_as_they_are(server, tmp_path):
    data = load_breast_cancer(as_frame=True)
    model = RandomForestClassifier(10, random_state=0).fit(data.data, data.target)
    folder = tmp_path / "mlflow"
    folder.mkdir()
    with (folder / "model.pkl").open("wb") as file:
        cloudpickle.dump(model, file)
    (folder / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
        "    predict_fn: predict\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: cloudpickle\n"
        "    sklearn_version: 1.9.1\n")
    data.data.head(100).to_csv(tmp_path / "sample.csv", index=False)
    server.slipway("deploy", folder, "--examples", tmp_path / "sample.csv", "--name", "from-mlflow")
    rows = data.data.tail(50)
    outputs = served(server, "from-mlflow", rows)
    assert (next(iter(outputs.values())) == model.predict(rows)).all()


def test_a_server_that_starts_again_answers_without_a_network(tmp_path):
    """Nothing is resolved or fetched at a start."""
    folder = tmp_path / "slipway"
    with running(folder, SLIPWAY_PYTHON=sys.executable) as server:
        (tmp_path / "code").mkdir()
        deploy_code(server, tmp_path / "code", "doubled", "def predict(rows):\n    return rows['a'] * 2\n",
                    sample="a\n1.5\n2\n")
        assert ask(server, "doubled", {"a": 4})[1]["predictions"][0]["prediction"] == 8
    offline = ["unshare", "--net", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$0" "$@"']
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        pytest.skip("no network namespaces for this user")
    with running(folder, wrapper=offline) as server:
        ready = server.process.pid
        asked = subprocess.run(
            ["nsenter", "--target", str(ready), "--net", sys.executable, "-c",
             "import sys, urllib.request as r; print(r.urlopen(r.Request(sys.argv[1], sys.argv[2].encode(), "
             "{'Content-Type': 'application/json'}), timeout=30).read().decode())",
             f"{server.url}/v1/endpoints/doubled/predict", '[{"a": 5}]'], capture_output=True, text=True)
    assert '"prediction":10' in asked.stdout, asked.stderr


@pytest.mark.parametrize("kind", ["java", "r"])
def test_workers_in_other_languages_are_deployed_like_any_model(server, tmp_path, kind):
    """The examples, in the sandbox: a folder with a worker.json that names a command."""
    if reason := missing(kind):
        pytest.skip(reason)
    # Workers of root are users of their own, and pytest's folders only their owner's.
    tmp_path.chmod(0o755)
    linear(kind, tmp_path)
    (tmp_path / "examples.csv").write_text("a,b,c,estimate\n1,2,3,1.25\n4,5,6,5\n")
    server.slipway("deploy", tmp_path, "--examples", tmp_path / "examples.csv", "--name", kind)
    status, answer = ask(server, kind, {"a": 1, "b": 2, "c": 3})
    assert (status, answer["predictions"][0]["estimate"]) == (200, 1.25)


SYSTEM_PYTHON = "/usr/bin/python3"


def test_torch_runs_in_the_systems_environment(server, tmp_path):
    """Debian's PyTorch, by Debian's Python: another environment than that of all the other models."""
    if subprocess.run([SYSTEM_PYTHON, "-c", "import torch"], capture_output=True).returncode:
        pytest.skip("Debian's python3-torch is not installed")
    make = ("import sys, torch; net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2));"
            "torch.jit.trace(net, torch.zeros(1, 3)).save(sys.argv[1]);"
            "print(net(torch.tensor([[1.0, 2, 3]])).tolist())")
    made = subprocess.run([SYSTEM_PYTHON, "-c", make, tmp_path / "net.pt"], capture_output=True, text=True, check=True)
    (tmp_path / "sample.csv").write_text("a,b,c\n0.1,0.2,0.3\n1,2,3\n")
    server.slipway(
        "deploy", tmp_path / "net.pt", "--examples", tmp_path / "sample.csv", "--name", "net", SLIPWAY_PYTHON=SYSTEM_PYTHON)
    status, answer = ask(server, "net", {"a": 1, "b": 2, "c": 3})
    assert status == 200
    numpy.testing.assert_allclose(answer["predictions"][0]["prediction"], json.loads(made.stdout)[0], rtol=1e-5)


def test_a_torch_module_goes_from_the_notebook_to_the_server(server, tmp_path):
    """Saved as TorchScript; Debian's packages keep no list of their files, and stand in the lock nonetheless."""
    if subprocess.run([SYSTEM_PYTHON, "-c", "import torch"], capture_output=True).returncode:
        pytest.skip("Debian's python3-torch is not installed")
    code = """
import json, sys, numpy, slipway, torch
net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(), torch.nn.Linear(8, 2))
rows = numpy.random.default_rng(0).normal(size=(40, 3)).astype(numpy.float32)
deployed = slipway.deploy(net, name="module", examples=rows)
with torch.inference_mode():
    expected = net.eval()(torch.tensor(rows)).numpy()
served = slipway.Client().predict("module", rows)["prediction"]
json.dump([float(numpy.abs(served - expected).max()), deployed.report["conversion"]["served_by"]], sys.stdout)
"""
    environment = server.environment | {"PYTHONPATH": str(ROOT / "python"), "SLIPWAY_BINARY": str(BINARY),
                                        "SLIPWAY_PYTHON": SYSTEM_PYTHON}  # fmt: skip
    done = subprocess.run([SYSTEM_PYTHON, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    difference, served_by = json.loads(done.stdout.splitlines()[-1])
    assert (difference < 1e-5, served_by) == (True, "worker")
    locks = [json.loads(path.read_text()) for path in (server.data / "environments").glob("*.json")]
    assert any({"numpy", "torch"} <= {pin.partition("==")[0] for pin in lock["requirements"]} for lock in locks)
