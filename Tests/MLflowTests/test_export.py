# SPDX-License-Identifier: Apache-2.0
"""A model with all that it comes from, out of one server and into another."""

import io
import json
import math
import sys
import tarfile

import pytest
from mlflow_rest import Rest
from program import EXAMPLES, running, slipway

pytestmark = [pytest.mark.no_reference("it has no such files"), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model that was trained, logged, registered and deployed, its file, and what is known of it."""
    import mlflow
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    folder = tmp_path_factory.mktemp("export")
    rows, labels = load_iris(return_X_y=True, as_frame=True)
    with running(folder / "old", SLIPWAY_PYTHON=sys.executable) as server:
        mlflow.set_tracking_uri(server.url)
        mlflow.set_registry_uri(server.url)
        client = mlflow.MlflowClient(tracking_uri=server.url, registry_uri=server.url)
        # So that numbers of experiments differ on the other side.
        client.create_experiment("another")
        mlflow.set_experiment("irises")
        with mlflow.start_run(run_name="train") as run:
            model = LogisticRegression(max_iter=300).fit(rows, labels)
            mlflow.log_params({"max_iter": 300, "näme": "wért"})
            for step in range(250):
                mlflow.log_metric("loss", 1 / (1 + step), step=step)
            mlflow.log_metric("odd", math.nan)
            mlflow.log_metric("odd", math.inf)
            mlflow.log_text("what I thought", "notes/thoughts.txt")
            mlflow.log_input(mlflow.data.from_pandas(rows, name="irises"), context="training")
            mlflow.sklearn.log_model(model, name="model", registered_model_name="iris", input_example=rows.head(5))
        client.update_model_version("iris", "1", description="the first that is any good")
        client.set_model_version_tag("iris", "1", "team", "growth")
        client.set_registered_model_tag("iris", "kind", "classifier")
        client.set_registered_model_alias("iris", "champion", "1")
        server.slipway("deploy", "iris@champion", "--endpoint", "iris")
        file = folder / "iris.slipway"
        report = json.loads(server.slipway("model", "export", "iris@champion", file, "--format", "json").stdout)
        row = folder / "row.json"
        row.write_text(json.dumps(dict(rows.iloc[0])))
        answer = server.slipway("predict", "iris", "--rows", row).stdout
        yield {
            "file": file, "report": report, "run": client.get_run(run.info.run_id), "row": row, "answer": answer,
            "history": client.get_metric_history(run.info.run_id, "loss"),
            "odd": client.get_metric_history(run.info.run_id, "odd"), "environment": server.environment,
            "version": client.get_model_version("iris", "1"),
        }


def clients(server):
    import mlflow

    return mlflow.MlflowClient(tracking_uri=server.url, registry_uri=server.url)


def test_all_of_it_arrives_and_it_answers_with_its_proof(exported, tmp_path):
    with running(tmp_path, SLIPWAY_PYTHON=sys.executable) as server:
        brought = json.loads(server.slipway("model", "import", exported["file"], "--format", "json").stdout)
        assert brought["isNew"] and brought["bundle"] == exported["report"]["bundle"]
        run_id = exported["run"].info.run_id
        assert brought["run"] == run_id and exported["version"].source == f"models:/{brought['loggedModel']}"
        client = clients(server)
        there, here = exported["run"], client.get_run(run_id)
        assert here.data.params == there.data.params and here.data.tags == there.data.tags
        assert {key: str(value) for key, value in here.data.metrics.items()} == {
            key: str(value) for key, value in there.data.metrics.items()
        }
        assert (here.info.status, here.info.start_time, here.info.end_time, here.info.run_name, here.info.user_id) == (
            there.info.status, there.info.start_time, there.info.end_time, there.info.run_name, there.info.user_id
        )
        history = client.get_metric_history(run_id, "loss")
        assert [(point.value, point.step, point.timestamp) for point in history] == [
            (point.value, point.step, point.timestamp) for point in exported["history"]
        ]
        odd = [str(point.value) for point in client.get_metric_history(run_id, "odd")]
        assert odd == [str(point.value) for point in exported["odd"]] and set(odd) == {"nan", "inf"}
        assert [(data.dataset.name, data.dataset.digest) for data in here.inputs.dataset_inputs] == [
            (data.dataset.name, data.dataset.digest) for data in there.inputs.dataset_inputs
        ]
        path = client.download_artifacts(run_id, "notes/thoughts.txt")
        assert open(path).read() == "what I thought"
        assert client.get_experiment(here.info.experiment_id).name == "irises"
        model = client.get_logged_model(brought["loggedModel"])
        assert (model.name, model.source_run_id) == ("model", run_id)
        version = client.get_model_version("iris", str(brought["version"]))
        assert version.description == "the first that is any good" and version.tags["team"] == "growth"
        assert (version.run_id, version.source) == (run_id, exported["version"].source)
        assert client.get_registered_model("iris").tags == {"kind": "classifier"}
        # What the other ledger says is a content, named by this one, and no part of its chain.
        evidence = version.tags["slipway.evidence"]
        kept = (server.data / "contents" / "blobs").rglob(evidence.removeprefix("sha256:"))
        lines = [json.loads(line) for line in next(kept).read_text().splitlines()]
        assert {"model.create", "model.register", "version.pack", "endpoint.deploy"} <= {line["action"] for line in lines}
        assert all("iris" in json.dumps(line) for line in lines)
        ledger = json.loads(server.slipway("ledger", "list", "--format", "json").stdout)["entries"]
        (entry,) = [entry for entry in ledger if entry["action"] == "model.import"]
        assert evidence in entry["evidence"] and brought["bundle"] in entry["after"]
        server.slipway("ledger", "verify")
        # Nothing answers yet; when it does, it has proven itself here.
        server.slipway("deploy", "iris@1", "--endpoint", "iris")
        shown = json.loads(server.slipway("endpoint", "show", "iris", "--format", "json").stdout)
        assert shown["endpoint"]["ready"] and shown["endpoint"]["proof"]["replayed"] > 0
        assert server.slipway("predict", "iris", "--rows", exported["row"]).stdout == exported["answer"]
        # Nothing of it is in anybody's way.
        assert json.loads(server.slipway("gc", "--format", "json").stdout)["unnamed"]["count"] == 0


def test_importing_twice_is_harmless_and_another_run_of_that_name_is_refused(exported, tmp_path):
    with running(tmp_path) as server:
        server.slipway("model", "import", exported["file"])
        before = json.loads(server.slipway("ledger", "list", "--format", "json").stdout)
        again = json.loads(server.slipway("model", "import", exported["file"], "--format", "json").stdout)
        assert not again["isNew"] and again["version"] == 1
        assert json.loads(server.slipway("ledger", "list", "--format", "json").stdout) == before
        # Under another name it is another model, of the same run.
        other = server.slipway("model", "import", exported["file"], "--name", "iris2", "--format", "json").stdout
        assert json.loads(other)["model"] == "iris2" and json.loads(other)["isNew"]
        client = clients(server)
        client.log_param(exported["run"].info.run_id, "more", "here")
        refused = server.slipway("model", "import", exported["file"], "--name", "iris3", code=4)
        assert "TRK-011" in refused.stderr and "params" in refused.stderr
        assert "iris3" not in server.slipway("model", "list").stdout
        # Nor may it be taken into another project, where the run is not.
        refused = server.slipway("model", "import", exported["file"], "--project", "growth", code=4)
        assert "TRK-011" in refused.stderr and "another project" in refused.stderr


def test_it_can_go_into_another_project(exported, tmp_path):
    with running(tmp_path) as server:
        made = json.loads(
            server.slipway("model", "import", exported["file"], "--project", "growth", "--format", "json").stdout
        )
        assert made["project"] == "growth"
        rest = Rest(server.url)
        assert rest.ask("GET", "runs/get", {"run_id": made["run"]}).status_code == 404
        assert "growth" in server.slipway("project", "list").stdout
        server.slipway("ledger", "verify")


def test_a_file_that_was_tampered_with_is_refused_and_nothing_is_sent(exported, tmp_path):
    with running(tmp_path) as server:
        whole = exported["file"].read_bytes()
        with tarfile.open(exported["file"]) as archive:
            members = {member.name: archive.extractfile(member).read() for member in archive}

        def refused(name, members_or_bytes):
            path = tmp_path / name
            if isinstance(members_or_bytes, bytes):
                path.write_bytes(members_or_bytes)
            else:
                with tarfile.open(path, "w") as archive:
                    for member, content in members_or_bytes.items():
                        info = tarfile.TarInfo(member)
                        info.size = len(content)
                        archive.addfile(info, io.BytesIO(content))
            said = server.slipway("model", "import", path, code=2)
            assert "BAK-001" in said.stderr, said.stderr

        refused("cut", whole[: len(whole) // 2])
        refused("empty", b"")
        refused("text", b"no archive at all" * 100)
        content = next(name for name in members if name.startswith("contents/"))
        refused("without", {name: data for name, data in members.items() if name != content})
        refused("changed", members | {content: members[content][:-1] + b"\0"})
        refused("outside", members | {"../evil": b"x"})
        document = json.loads(members["model.json"])
        for change in [
            {"schema": "slipway.model/9"}, {"contents": []}, {"version": {}}, {"model": "../x"}, {"contents": 3},
            {"run": document["run"] | {"files": [{"path": "../../x", "sha256": "0" * 64, "bytes": 1}]}},
            {"run": document["run"] | {"id": "x"}},
        ]:
            path = tmp_path / "document"
            with tarfile.open(path, "w") as archive:
                for member, data in (members | {"model.json": json.dumps(document | change).encode()}).items():
                    info = tarfile.TarInfo(member)
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
            said = server.slipway("model", "import", path, code=2)
            assert "bug" not in said.stderr.lower(), said.stderr
        assert "iris" not in server.slipway("model", "list").stdout
        assert not json.loads(server.slipway("run", "list", "--format", "json").stdout)["runs"]


def test_only_who_administers_the_project_may(exported, tmp_path):
    with running(tmp_path) as server:
        server.slipway("model", "import", exported["file"])
        for role, code in [("viewer", 5), ("developer,approver", 5), ("admin", 0)]:
            made = server.slipway("token", "create", "ada", "--role", role, "--project", "default", "--format", "json")
            token = json.loads(made.stdout)["token"]
            out = tmp_path / f"{role}.slipway"
            server.slipway("model", "export", "iris@1", out, code=code, SLIPWAY_TOKEN=token)
            assert out.exists() == (code == 0)
            server.slipway("model", "import", exported["file"], code=code, SLIPWAY_TOKEN=token)


def test_what_is_not_packed_is_not_exported(tmp_path):
    with running(tmp_path) as server:
        rest = Rest(server.url)
        rest.new_registered_model("bare")
        run = rest.new_run(rest.new_experiment())
        rest.new_version("bare", run)
        refused = server.slipway("model", "export", "bare@1", tmp_path / "x.slipway", code=4)
        assert "REG-012" in refused.stderr and not (tmp_path / "x.slipway").exists()
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        server.slipway("model", "export", "breast-cancer@1", tmp_path / "x.slipway")
        assert "REG-002" in server.slipway("model", "export", "breast-cancer@7", tmp_path / "y", code=3).stderr
        assert "BAK-002" in server.slipway("model", "export", "breast-cancer@1", tmp_path / "x.slipway", code=4).stderr
        environment = server.environment
    with running(tmp_path / "other") as other:
        other.slipway("model", "import", tmp_path / "x.slipway")
        other.slipway("deploy", "breast-cancer@1", "--endpoint", "breast-cancer")
    assert slipway("backup", tmp_path / "b.tar", environment=environment)
