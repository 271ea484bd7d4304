# SPDX-License-Identifier: Apache-2.0
"""The prediction log, as a user sees it: what was asked and answered, and what a kill leaves."""

import csv
import io
import json
import shutil
import threading
import time
import urllib.request
import uuid

import pytest
from program import EXAMPLES, MODELS, fetch, running

ROW = {"values": [1, 2, 3]}


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    with running(tmp_path_factory.mktemp("logged")) as server:
        for name in ("scale", "other"):
            server.slipway("deploy", MODELS / "scale.onnx", "--name", name)
        yield server


def predict(server, name="scale", row=None, **headers):
    """-> (status, id)"""
    request = urllib.request.Request(
        f"{server.url}/v1/endpoints/{name}/predict", json.dumps(row or ROW).encode(),
        {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers["slipway-prediction-id"]
    except urllib.error.HTTPError as error:
        return error.code, error.headers["slipway-prediction-id"]


def predictions(server, *options):
    return json.loads(server.slipway("prediction", "list", "--format", "json", *options).stdout)["predictions"]


def shown(server, id):
    return json.loads(server.slipway("prediction", "show", id, "--format", "json").stdout)


def test_an_answer_is_found_by_its_id(logged):
    _, id = predict(logged, slipway_key="order 7, #Z")
    found = shown(logged, id)
    assert (found["status"], found["version"], found["rows"], found["key"]) == ("answered", 1, 1, "order 7, #Z")
    assert found["inputs"] == [{"values": [1, 2, 3]}] and len(found["outputs"]) == 1
    assert 0 < found["microseconds"]["run"] <= found["microseconds"]["total"]
    assert "order 7" in logged.slipway("prediction", "show", id).stdout
    assert [one["id"] for one in predictions(logged, "--key", "order 7, #Z")] == [id]


def test_a_caller_may_bring_the_id(logged):
    own = str(uuid.uuid4())
    assert predict(logged, slipway_prediction_id=own) == (200, own)
    assert shown(logged, own)["id"] == own
    status, id = predict(logged, slipway_prediction_id="mine")
    assert status == 400 and uuid.UUID(id).version == 7
    assert predict(logged, slipway_key="k" * 201)[0] == 400


def test_refusals_are_there_with_their_code(logged):
    status, id = predict(logged, row={"wrong": 1})
    assert status == 400
    assert (shown(logged, id)["status"], shown(logged, id)["code"]) == ("invalid", "IN-002")
    assert id in [one["id"] for one in predictions(logged, "--status", "invalid")]
    # Who may not ask leaves nothing: they could fill the log.
    before = len(predictions(logged, "--limit", "1000"))
    assert predict(logged, Via="1.1 proxy")[0] == 401
    assert len(predictions(logged, "--limit", "1000")) == before


def test_choices_pages_and_exports(logged):
    begun = time.time()
    ids = [predict(logged, "other", {"values": [number, 0, 0]})[1] for number in range(30)]
    listed = predictions(logged, "--endpoint", "other", "--limit", "1000")
    assert [one["id"] for one in listed] == ids[::-1]
    moment = listed[10]["time"]
    later = predictions(logged, "--endpoint", "other", "--from", moment)
    earlier = predictions(logged, "--endpoint", "other", "--to", moment, "--limit", "1000")
    assert len(later) == 11 and len(later) + len(earlier) == 30 and begun < time.time()
    assert predictions(logged, "--endpoint", "other", "--version", "2") == []
    bearer = {"Authorization": f"Bearer {logged.token}"}
    seen, before = [], ""
    while True:
        page = json.loads(fetch(f"{logged.url}/v1/predictions?endpoint=other&limit=7{before}", **bearer)[1])
        seen += [one["id"] for one in page["predictions"]]
        if "next" not in page:
            break
        before = f"&before={page['next']}"
    assert seen == ids[::-1]
    exported = logged.slipway("prediction", "export", "--endpoint", "other").stdout.splitlines()
    assert [json.loads(line)["id"] for line in exported] == seen
    table = logged.slipway("prediction", "export", "--endpoint", "other", "--as", "csv", "--limit", "5").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["id"] for row in rows] == seen[:5] and json.loads(rows[0]["in_values"]) == [29, 0, 0]
    for wrong in ("status=lost", "from=yesterday", "limit=0", "before=x", "version=-1", "colour=red"):
        assert fetch(f"{logged.url}/v1/predictions?{wrong}", **bearer)[0] == 400, wrong


def test_a_token_sees_its_own_endpoints(logged):
    predict(logged, "scale")
    predict(logged, "other")
    arguments = ("token", "create", "watcher", "--role", "approver", "--endpoint", "other", "--format", "json")
    token = json.loads(logged.slipway(*arguments).stdout)["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    page = json.loads(fetch(f"{logged.url}/v1/predictions?limit=1000", **bearer)[1])["predictions"]
    assert page and {one["endpoint"] for one in page} == {"other"}
    hidden = predictions(logged, "--endpoint", "scale", "--limit", "1")[0]["id"]
    assert fetch(f"{logged.url}/v1/predictions/{hidden}", **bearer)[0] == 404


def test_a_share_or_nothing_is_kept(logged):
    logged.slipway("endpoint", "set", "scale", "--log-sample", "0%")
    _, id = predict(logged)
    logged.slipway("endpoint", "set", "scale", "--reset")
    logged.slipway("prediction", "show", id, code=3)
    _, id = predict(logged)
    assert shown(logged, id)["status"] == "answered"
    assert "log_when_full" in logged.slipway("endpoint", "set", "scale", "--log-when-full", "wait", code=2).stderr


def test_a_column_that_is_none_is_refused(logged, tmp_path):
    project = tmp_path / "breast-cancer"
    shutil.copytree(EXAMPLES / "breast-cancer", project)
    with (project / "slipway.yaml").open("a") as file:
        file.write('\nfields: {"mean radios": {log: hash}}\n')
    assert "Did you mean “mean radius”?" in logged.slipway("pack", project, code=2).stderr
    text = (project / "slipway.yaml").read_text()
    (project / "slipway.yaml").write_text(text.replace("log: hash", "log: encrypt"))
    assert "keep, hash, sketch, drop" in logged.slipway("pack", project, code=2).stderr


def test_a_receipt_leads_to_everything_and_replays_to_the_last_bit(logged):
    """After other versions have answered, too."""
    logged.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "replayed")
    row = json.loads((EXAMPLES / "breast-cancer" / "row.json").read_text())
    ids = [predict(logged, "replayed", row)[1] for _ in range(3)]
    receipt = json.loads(logged.slipway("receipt", ids[0], "--format", "json").stdout)
    assert receipt["replayable"] == "exact" and receipt["engine"]["name"] == "onnxruntime"
    assert receipt["deployment"] == receipt["deployment"] | {"generation": 1, "by": "administrator"}
    assert {file["path"] for file in receipt["provenance"]["data"]} == {"examples.csv", "train.csv"}
    assert receipt["prediction"]["bundle"] == receipt["registered"]["bundle"]
    for _ in range(10):
        logged.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "replayed", "--reason", "again")
    logged.slipway("endpoint", "delete", "replayed")
    assert f"{ids[1]} exact" in logged.slipway("replay", ids[1]).stdout
    found = json.loads(logged.slipway("replay", "--endpoint", "replayed", "--format", "json").stdout)
    assert found["counts"] == {"exact": 3, "within tolerance": 0, "different": 0, "not replayed": 0}
    text = logged.slipway("receipt", ids[2]).stdout
    assert "replayable  exact" in text and ids[2] in text


def test_what_another_version_would_have_said(logged):
    _, id = predict(logged, "other")
    same = json.loads(logged.slipway("replay", id, "--with", "scale@1", "--format", "json").stdout)
    assert same["result"] == "within tolerance" and same["was"] == same["is"]
    logged.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "echo")
    other = json.loads(logged.slipway("replay", "--endpoint", "other", "--with", "echo@1", "--format", "json").stdout)
    assert other["predictions"] == sum(other["counts"].values()) and other["counts"]["exact"] == 0
    assert other["counts"]["different"] + other["counts"]["not replayed"] == other["predictions"]
    assert "REG-001" in logged.slipway("replay", id, "--with", "nobody@1", code=3).stderr
    assert "MODEL@VERSION" in logged.slipway("replay", id, "--with", "nobody", code=2).stderr
    logged.slipway("replay", code=64)


def test_what_cannot_be_computed_again_says_why(logged):
    _, refused = predict(logged, row={"wrong": 1})
    receipt = json.loads(logged.slipway("receipt", refused, "--format", "json").stdout)
    assert (receipt["replayable"], receipt["because"]) == ("no", "nothing was answered")
    assert "not replayed: nothing was answered" in logged.slipway("replay", refused).stdout
    logged.slipway("receipt", str(uuid.uuid4()), code=3)
    # What was kept for the same inputs is no call of the engine.
    logged.slipway("endpoint", "set", "other", "--cache", "1MiB")
    row = {"values": [17, 18, 19]}
    predict(logged, "other", row)
    _, kept = predict(logged, "other", row)
    logged.slipway("endpoint", "set", "other", "--reset")
    receipt = json.loads(logged.slipway("receipt", kept, "--format", "json").stdout)
    assert receipt["replayable"] == "tolerance" and "kept" in receipt["because"]
    assert "exact" in logged.slipway("replay", kept).stdout


def test_what_was_answered_survives_a_kill(tmp_path):
    """Killed under load: whatever was answered a tenth of a second before is there."""
    answered = []
    with running(tmp_path, ends_with=-9) as server:
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "scale")
        ended = threading.Event()

        def ask():
            while not ended.is_set():
                try:
                    answered.append((predict(server)[1], time.monotonic()))
                except OSError:
                    return

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        killed = time.monotonic()
        server.process.kill()
        ended.set()
        for thread in threads:
            thread.join()
    with running(tmp_path) as server:
        expected = {id for id, moment in answered if moment < killed - 0.5}
        page = server.slipway("prediction", "export", "--endpoint", "scale").stdout.splitlines()
        kept = {json.loads(line)["id"] for line in page}
        assert expected and expected <= kept
        _, id = predict(server)
        assert shown(server, id)["status"] == "answered"
