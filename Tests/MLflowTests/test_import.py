# SPDX-License-Identifier: Apache-2.0
"""Stores that MLflow itself made, of both generations and of both kinds, brought here and compared through its client."""

import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import postgresql
import pytest
from program import ROOT, running

pytestmark = pytest.mark.no_reference("it brings nothing")

SECOND = Path(os.environ.get("SLIPWAY_MLFLOW2_PYTHON", ROOT / ".tools" / "venv-mlflow2" / "bin" / "python"))
MAKER = Path(__file__).with_name("store_to_import.py")


def made(folder, python, kind):
    """A store that the MLflow of `python` made -> its tracking URI, and what the command is to be called with."""
    folder.mkdir(parents=True)
    uri = f"sqlite:///{folder}/mlflow.db" if kind == "database" else str(folder / "mlruns")
    done = subprocess.run([python, MAKER, uri, folder], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return uri


@pytest.fixture(scope="module", params=["3 folder", "3 database", "2 folder", "2 database"])
def store(request, tmp_path_factory):
    generation, kind = request.param.split()
    python = sys.executable if generation == "3" else SECOND
    return made(tmp_path_factory.mktemp("store") / "there", python, kind)


@pytest.fixture(scope="module")
def brought(store, tmp_path_factory):
    """A server with the store in it -> the server, and what the command said."""
    with running(tmp_path_factory.mktemp("here"), **postgresql.store()) as server:
        done = server.slipway("import", "mlflow", store, "--format", "json")
        yield server, json.loads(done.stdout)


@pytest.fixture(scope="module")
def readable(store, tmp_path_factory):
    """The store as the client of the third generation reads it: a database is brought up to date first, in a copy."""
    if not store.startswith("sqlite:"):
        return store
    copy = tmp_path_factory.mktemp("copy") / "mlflow.db"
    shutil.copy(store.removeprefix("sqlite:///"), copy)
    subprocess.run([sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{copy}"], check=True, capture_output=True)
    return f"sqlite:///{copy}"


@pytest.fixture
def both(readable, brought, mlflow):
    """MLflow's client on the store, and on the server that it was brought to."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    yield mlflow.MlflowClient(readable, readable), mlflow.MlflowClient(brought[0].url, brought[0].url)
    del os.environ["MLFLOW_ALLOW_FILE_STORE"]


def comparable(value):
    return "nan" if math.isnan(value) else value


def runs(client, name):
    experiment = client.get_experiment_by_name(name)
    found = client.search_runs([experiment.experiment_id], run_view_type=3, max_results=1000)
    return {run.info.run_id: run for run in found}


def files(client, run, path=None):
    found = {}
    for item in client.list_artifacts(run, path):
        if item.is_dir:
            found |= files(client, run, item.path)
        else:
            found[item.path] = item.file_size or 0
    return found


def test_nothing_is_left_out(brought):
    _, told = brought
    assert told["problems"] == []
    for what in ("runs", "params", "tags", "points", "datasets", "loggedModels", "files", "models", "versions"):
        assert told[what]["found"] == told[what]["brought"], what
    assert told["runs"]["found"] == 6
    assert told["points"]["found"] >= 1030


@pytest.mark.parametrize("name", ["churn", "gone", "Default"])
def test_runs_are_the_same(both, name):
    there, here = both
    experiments = [client.get_experiment_by_name(name) for client in both]
    assert experiments[0].lifecycle_stage == experiments[1].lifecycle_stage
    if name != "Default":
        for field in ("creation_time", "last_update_time"):
            # A deletion is a change, and is made when it is brought.
            if name != "gone" or field == "creation_time":
                assert getattr(experiments[0], field) == getattr(experiments[1], field)
    own = {"mlflow.experimentKind"}
    assert {k: v for k, v in experiments[0].tags.items() if k not in own} == {
        k: v for k, v in experiments[1].tags.items() if k not in own
    }
    old, new = runs(there, name), runs(here, name)
    assert set(old) == set(new) and old
    for run, expected in old.items():
        found = new[run]
        for field in ("run_name", "user_id", "status", "start_time", "end_time", "lifecycle_stage"):
            if name == "gone" and field == "lifecycle_stage":
                assert found.info.lifecycle_stage == "deleted"
                continue
            assert getattr(found.info, field) == getattr(expected.info, field), field
        assert found.data.params == expected.data.params
        assert found.data.tags == expected.data.tags
        assert set(found.data.metrics) == set(expected.data.metrics)
        for key in expected.data.metrics:
            histories = [
                sorted((point.timestamp, point.step, comparable(point.value)) for point in client.get_metric_history(run, key))
                for client in both
            ]
            assert histories[0] == histories[1], key
            if key != "nan":
                assert found.data.metrics[key] == expected.data.metrics[key], key
        inputs = [
            [
                (
                    item.dataset.name, item.dataset.digest, item.dataset.source_type, item.dataset.source,
                    item.dataset.schema, item.dataset.profile, {tag.key: tag.value for tag in item.tags},
                )
                for item in told.inputs.dataset_inputs
            ]
            for told in (expected, found)
        ]  # fmt: skip
        assert inputs[0] == inputs[1]


def test_files_are_the_same(both, store, tmp_path):
    there, here = both
    (run,) = [run for run, told in runs(there, "churn").items() if told.info.run_name == "1e5"]
    for number, client in enumerate(both):
        (tmp_path / str(number)).mkdir()
        client.download_artifacts(run, "", str(tmp_path / str(number)))
    trees = [
        {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
        for root in (tmp_path / "0", tmp_path / "1")
    ]
    assert trees[0] == trees[1]
    assert trees[1]["notes/a text.txt"] == "é 第二".encode() and trees[1]["empty.txt"] == b""
    assert files(here, run) == {name: len(content) for name, content in trees[1].items()}


def test_models_are_the_same(both, mlflow, common_server):
    there, here = both
    old, new = there.get_registered_model("churn"), here.get_registered_model("churn")
    for field in ("description", "creation_timestamp", "tags", "aliases"):
        # A folder of the second generation says numbers as numbers.
        assert str(getattr(new, field)) == str(getattr(old, field)) or getattr(new, field) == {
            alias: str(number) for alias, number in old.aliases.items()
        }, field
    assert here.get_registered_model("nothing yet").name == "nothing yet"
    versions = [
        {int(version.version): version for version in client.search_model_versions("name = 'churn'")} for client in both
    ]
    assert set(versions[0]) == set(versions[1]) == {1, 3}
    for number, expected in versions[0].items():
        found = versions[1][number]
        for field in ("description", "creation_timestamp", "last_updated_timestamp", "current_stage", "run_id", "tags"):
            assert (getattr(found, field) or "") == (getattr(expected, field) or ""), field
    # What it is made of is found: a version is loaded by its alias and answers.
    mlflow.set_tracking_uri(here.tracking_uri)
    mlflow.set_registry_uri(here.tracking_uri)
    try:
        model = mlflow.pyfunc.load_model("models:/churn@champion")
        assert model.predict([1, 2]) == [1, 2]
        assert mlflow.artifacts.download_artifacts("models:/churn@challenger")
    finally:
        mlflow.set_tracking_uri(common_server.url)
        mlflow.set_registry_uri(common_server.url)


def test_logged_models_are_the_same(both):
    there, here = both
    if not hasattr(there, "search_logged_models"):
        return
    for run in runs(there, "churn").values():
        for output in run.outputs.model_outputs if run.outputs else []:
            old, new = there.get_logged_model(output.model_id), here.get_logged_model(output.model_id)
            for field in ("name", "creation_timestamp", "source_run_id", "status", "params"):
                assert getattr(old, field) == getattr(new, field), field
            assert {key: value for key, value in old.tags.items()} == new.tags
            latest = [
                {(metric.key, comparable(metric.value), metric.step, metric.run_id) for metric in model.metrics or []}
                for model in (old, new)
            ]
            assert latest[1] <= latest[0] and {key for key, *_ in latest[1]} == {key for key, *_ in latest[0]}


def test_it_may_be_done_again_and_changes_nothing(brought, store):
    server, _ = brought
    before = server.slipway("ledger", "list", "--format", "json").stdout
    again = json.loads(server.slipway("import", "mlflow", store, "--format", "json").stdout)
    assert again["problems"] == []
    assert not any(count["brought"] for count in again.values() if isinstance(count, dict))
    assert server.slipway("ledger", "list", "--format", "json").stdout == before
    server.slipway("ledger", "verify")


def test_a_dry_run_brings_nothing(store, tmp_path):
    with running(tmp_path) as server:
        told = json.loads(server.slipway("import", "mlflow", store, "--dry-run", "--format", "json").stdout)
        assert told["runs"] == {"found": 6, "brought": 0} and told["dryRun"]
        assert "No runs" in server.slipway("run", "list", "--all").stdout


@pytest.fixture(scope="module")
def folder_store(tmp_path_factory):
    return Path(made(tmp_path_factory.mktemp("store") / "there", sys.executable, "folder"))


@pytest.fixture
def copy(folder_store, tmp_path):
    """A copy of a folder's store, to be spoilt."""
    if postgresql.IS_POSTGRESQL:
        pytest.skip("what is read is the same wherever it is brought")
    return Path(shutil.copytree(folder_store, tmp_path / "mlruns", symlinks=True))


@pytest.fixture
def bring(tmp_path):
    def bring(place, *options, code=0):
        with running(tmp_path / "here") as server:
            done = server.slipway("import", "mlflow", place, *options, "--format", "json", code=code)
            found = server.slipway("run", "list", "--format", "json", "--all").stdout
            return json.loads(done.stdout), json.loads(found)["runs"]

    return bring


def a_run(store):
    """The folder of the run that has everything."""
    return next(path.parent for path in store.glob("*/*/tags/multi")).parent


def test_what_is_cut_off_goes_on(copy, tmp_path):
    """The first time only half of the points were there, and a file was missing."""
    run = a_run(copy)
    points = (run / "metrics" / "many").read_text().splitlines(keepends=True)
    (run / "metrics" / "many").write_text("".join(points[:417]))
    notes = (run / "artifacts" / "notes" / "a text.txt").read_bytes()
    (run / "artifacts" / "notes" / "a text.txt").unlink()
    with running(tmp_path / "here") as server:
        server.slipway("import", "mlflow", copy)
        (run / "metrics" / "many").write_text("".join(points))
        (run / "artifacts" / "notes" / "a text.txt").write_bytes(notes)
        told = json.loads(server.slipway("import", "mlflow", copy, "--format", "json").stdout)
        assert told["points"]["brought"] == len(points) - 417
        assert told["files"]["brought"] == 1
        assert told["runs"]["brought"] == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda run: (run / "meta.yaml").write_text("}{ no yaml"),
        lambda run: (run / "meta.yaml").write_bytes(b"\xff\xfe\x00"),
        lambda run: (run / "meta.yaml").write_text("- a list\n"),
        lambda run: (run / "meta.yaml").write_text("a: &a [x]\nb: [*a, *a]\n" * 1),
        lambda run: (run / "meta.yaml").write_text((run / "meta.yaml").read_text().replace("status: 3", "status: 99")),
        lambda run: (run / "meta.yaml").write_text((run / "meta.yaml").read_text().replace(run.name, "0" * 32)),
        lambda run: (run / "params" / "C").write_bytes(b"\xff\xfe"),
        lambda run: (run / "params" / "C").unlink() or (run / "params" / "C").symlink_to("/etc/passwd"),
        lambda run: (run / "tags" / "link").symlink_to("/etc/passwd"),
        lambda run: shutil.rmtree(run / "tags") or (run / "tags").symlink_to("/etc"),
        lambda run: (run / "meta.yaml").unlink() or (run / "meta.yaml").symlink_to("/etc/hostname"),
        lambda run: os.mkfifo(run / "params" / "pipe"),
    ],
)
def test_what_cannot_be_read_is_listed_and_the_rest_comes(copy, bring, spoil):
    run = a_run(copy)
    spoil(run)
    told, found = bring(copy, code=2)
    assert any(run.name in problem["what"] for problem in told["problems"]), told["problems"]
    assert told["runs"]["found"] == 6
    assert run.name not in {item["id"] for item in found} and len(found) == 5


@pytest.mark.parametrize("line", ["no number here", "1 2", "x 0.5 1", "1 0.5 y", "1 0.5 99999999999999999999"])
def test_a_metric_that_cannot_be_read_is_listed(copy, bring, line):
    run = a_run(copy)
    if line == "1 2":
        (run / "metrics" / "auc").write_text("no")
    else:
        (run / "metrics" / "auc").write_text(f"1 0.5 1\n{line}\n")
    told, found = bring(copy, code=2)
    assert [problem["what"] for problem in told["problems"]] == [f"metric auc of run {run.name}"]
    assert run.name in {item["id"] for item in found}


def test_files_outside_of_the_store_stay_outside(copy, bring, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    artifacts = a_run(copy) / "artifacts"
    (artifacts / "link.txt").symlink_to(secret)
    (artifacts / "folder").symlink_to(tmp_path)
    os.mkfifo(artifacts / "pipe")
    told, found = bring(copy, code=2)
    assert {problem["what"].split()[1] for problem in told["problems"]} == {"link.txt", "folder", "pipe"}
    assert len(found) == 6
    # The whole folder of a run is one, and what a document says of its place leads out.
    shutil.rmtree(artifacts)
    artifacts.symlink_to(tmp_path)
    told, _ = bring(copy, code=2)
    assert any("secret" not in problem["reason"] and "run" in problem["what"] for problem in told["problems"])


@pytest.mark.parametrize("place", ["/etc", "file:///etc", "../../../etc", "s3://bucket/x", "mlflow-artifacts:/../x", "file://host/x"])
def test_places_elsewhere_are_not_followed(copy, bring, place):
    run = a_run(copy)
    shutil.rmtree(run / "artifacts")
    document = (run / "meta.yaml").read_text()
    line = next(line for line in document.splitlines() if line.startswith("artifact_uri"))
    (run / "meta.yaml").write_text(document.replace(line, f"artifact_uri: {place}"))
    told, found = bring(copy, code=2)
    assert [problem["what"] for problem in told["problems"]] == [f"run {run.name}"]
    assert place in told["problems"][0]["reason"]
    # The run itself comes.
    assert run.name in {item["id"] for item in found}


def test_a_database_that_is_none_is_refused(bring, tmp_path):
    (tmp_path / "noise.db").write_bytes(os.urandom(10_000))
    sqlite3.connect(tmp_path / "empty.db").close()
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE experiments (x)")
        # Views that are called as MLflow's tables are.
        for name in ("alembic_version", "runs", "metrics", "params", "tags"):
            other.execute(f"CREATE VIEW {name} AS SELECT 1 AS x")
    with running(tmp_path / "here") as server:
        for name, code in [("noise.db", 7), ("empty.db", 3), ("other.db", 3), ("none.db", 3)]:
            done = server.slipway("import", "mlflow", f"sqlite:///{tmp_path}/{name}", code=code)
            assert "error:" in done.stderr
        for place in ["postgresql://u@h/db", "http://localhost:5000", str(tmp_path / "nowhere"), str(tmp_path)]:
            assert "error:" in server.slipway("import", "mlflow", place, code=2 if "://" in place else 3).stderr


def test_it_goes_to_the_project_that_is_named(folder_store, tmp_path):
    with running(tmp_path / "here") as server:
        server.slipway("project", "create", "growth")
        server.slipway("import", "mlflow", folder_store, "--project", "growth")
        assert "No runs" in server.slipway("run", "list", "--all").stdout
        listed = json.loads(server.slipway("run", "list", "--all", "--project", "growth", "--format", "json").stdout)
        assert len(listed["runs"]) == 6
        # The ids are there already: the same store does not come into a second project.
        told = server.slipway("import", "mlflow", folder_store, "--format", "json", code=2)
        assert any("already" in problem["reason"] for problem in json.loads(told.stdout)["problems"])
