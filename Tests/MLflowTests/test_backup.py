# SPDX-License-Identifier: Apache-2.0
"""Copies of a platform that MLflow's client goes on to log to while models are deployed: what was acknowledged before a
backup began is in it, and a server on the restored folder answers with its proof."""

import hashlib
import json
import subprocess
import threading

import pytest
from program import BINARY, EXAMPLES, MODELS, fetch, running, slipway

pytestmark = pytest.mark.no_reference("it has no backups")

ROWS = EXAMPLES / "breast-cancer" / "row.json"


class Load(threading.Thread):
    """Logs runs with MLflow's own client until it is stopped; `done` are those that were acknowledged."""

    def __init__(self, url, experiment, number):
        super().__init__()
        import mlflow

        self.client = mlflow.MlflowClient(tracking_uri=url, registry_uri=url)
        self.experiment, self.number = experiment, number
        self.stopped = threading.Event()
        self.done, self.failure = [], None

    def run(self):
        try:
            while not self.stopped.is_set():
                step = len(self.done)
                run = self.client.create_run(self.experiment).info.run_id
                self.client.log_param(run, "step", step)
                for point in range(20):
                    self.client.log_metric(run, "loss", 1 / (1 + point), step=point)
                text = f"{self.number} {step} " * 500
                self.client.log_text(run, text, "notes/text.txt")
                self.client.set_terminated(run)
                self.done.append((run, step, hashlib.sha256(text.encode()).hexdigest()))
        except Exception as error:  # noqa: BLE001 - shown by the test
            self.failure = error


def check(url, done):
    """Every run of `done` is there with all of it."""
    import mlflow

    client = mlflow.MlflowClient(tracking_uri=url, registry_uri=url)
    for run, step, digest in done:
        found = client.get_run(run)
        assert found.data.params["step"] == str(step) and found.info.status == "FINISHED"
        assert [point.value for point in client.get_metric_history(run, "loss")] == [1 / (1 + n) for n in range(20)]
        path = client.download_artifacts(run, "notes/text.txt")
        assert hashlib.sha256(open(path, "rb").read()).hexdigest() == digest


def test_a_backup_under_load_has_all_that_was_acknowledged(tmp_path):
    backups = tmp_path / "backups"
    backups.mkdir()
    with running(tmp_path / "old") as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        answer = server.slipway("predict", "breast-cancer", "--rows", ROWS).stdout
        ada = json.loads(server.slipway("token", "create", "ada", "--role", "viewer", "--format", "json").stdout)["token"]
        import mlflow

        client = mlflow.MlflowClient(tracking_uri=server.url, registry_uri=server.url)
        experiment = client.create_experiment("backed up")
        load = [Load(server.url, experiment, number) for number in range(3)]
        for writer in load:
            writer.start()
        before, reports = [], []
        try:
            for round in range(4):
                # Deployments go on as well: each a version and a ledger entry of its own.
                name = ["scale", "add", "identity-fp32", "identity-fp64"][round]
                server.slipway("deploy", MODELS / f"{name}.onnx", "--name", name)
                before.append(([list(writer.done) for writer in load], round + 2))
                target = backups / ("folder" if round % 2 else f"{round}.tar")
                made = server.slipway("backup", target, "--format", "json")
                reports.append((target, json.loads(made.stdout)))
        finally:
            for writer in load:
                writer.stopped.set()
            for writer in load:
                writer.join()
        assert [writer.failure for writer in load] == [None] * 3
        assert all(len(writer.done) > 3 for writer in load), "there was hardly any load"
        server.slipway("ledger", "verify")
    # The second time, what is in the folder was not copied again.
    assert reports[3][1]["copied"] < reports[3][1]["contents"] and reports[1][1]["copied"] == reports[1][1]["contents"]
    environment = {**server.environment}
    for index, (target, report) in enumerate(reports):
        if index == 1:
            continue  # The fourth was written over it.
        slipway("backup", "verify", target, environment=environment)
        data = tmp_path / f"new-{index}" / "data"
        data.parent.mkdir()
        slipway("restore", target, "--data", data, environment=environment)
        with running(data.parent) as restored:
            acknowledged, endpoints = before[index]
            check(restored.url, [run for done in acknowledged for run in done])
            shown = json.loads(restored.slipway("endpoint", "list", "--format", "json").stdout)
            assert len(shown) == endpoints and all(endpoint["ready"] for endpoint in shown)
            state = json.loads(restored.slipway("endpoint", "show", "breast-cancer", "--format", "json").stdout)
            assert state["endpoint"]["proof"]["proven"], state
            assert restored.slipway("predict", "breast-cancer", "--rows", ROWS).stdout == answer
            restored.slipway("ledger", "verify")
            assert report["ledgerEntries"] > endpoints
            # People's tokens go on to hold. The administrator's is not in a backup unless asked for: there is a new one.
            assert fetch(restored.url + "/v1/status", Authorization=f"Bearer {ada}")[0] == 200
            assert restored.token != server.token
            assert fetch(restored.url + "/v1/status", Authorization=f"Bearer {server.token}")[0] == 401


def test_a_killed_backup_leaves_nothing_half_and_a_killed_server_neither(tmp_path):
    with running(tmp_path / "old") as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        import mlflow

        client = mlflow.MlflowClient(tracking_uri=server.url, registry_uri=server.url)
        run = client.create_run("0").info.run_id
        for number in range(60):
            client.log_text(run, f"{number} " * 20_000, f"{number}.txt")
        folder, archive = tmp_path / "folder", tmp_path / "whole.tar"
        server.slipway("backup", folder)
        client.log_text(run, "later", "later.txt")
        for delay in [0.02, 0.05, 0.08, 0.12, 0.2]:
            for target in [folder, archive]:
                process = subprocess.Popen(
                    [BINARY, "backup", target], env=server.environment, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                try:
                    process.wait(delay)
                except subprocess.TimeoutExpired:
                    process.kill()
                process.wait()
                if target.exists():
                    server.slipway("backup", "verify", target)
                    if target == archive:
                        archive.unlink()
        server.slipway("backup", folder)
        server.slipway("backup", archive)
        report = json.loads(server.slipway("backup", "verify", archive, "--format", "json").stdout)
        assert report["contents"] >= 61
        assert not list(folder.glob("*.unfinished")) and not list(tmp_path.glob("*.unfinished"))
        environment = {**server.environment}
    data = tmp_path / "new" / "data"
    data.parent.mkdir()
    for delay in [0.01, 0.03, 0.06, 0.1, 0.15, 0.25]:
        process = subprocess.Popen(
            [BINARY, "restore", archive, "--data", data], env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        if data.exists():
            break
    if not data.exists():
        slipway("restore", archive, "--data", data, environment=environment)
    assert [entry.name for entry in data.parent.iterdir()] == ["data"]
    with running(data.parent) as restored:
        assert json.loads(restored.slipway("status", "--format", "json").stdout)["ready"]
        client = mlflow.MlflowClient(tracking_uri=restored.url, registry_uri=restored.url)
        assert len(client.list_artifacts(run)) == 61
