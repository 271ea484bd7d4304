# SPDX-License-Identifier: Apache-2.0
"""What is kept of somebody lies under a key of their own, and is gone with it; where else they are is said."""

import csv
import json
import shutil

import pytest
from program import EXAMPLES, fetch, running

EXAMPLE = EXAMPLES / "breast-cancer"
ADA, BOB = "customer-of-one-4711", "customer-of-two-4712"


@pytest.fixture(scope="module")
def inputs():
    rows = list(csv.DictReader((EXAMPLE / "examples.csv").open()))
    return [{name: float(value) for name, value in list(row.items())[:30]} for row in rows]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    folder = tmp_path_factory.mktemp("subjects")
    with running(folder / "server") as server:
        server.slipway("deploy", EXAMPLE)
        yield server


def predict(server, rows, endpoint="breast-cancer", **headers):
    status, text = fetch(f"{server.url}/v1/endpoints/{endpoint}/predict", rows, **headers)
    assert status == 200, text
    return json.loads(text)["id"]


def shown(server, id):
    return json.loads(server.slipway("prediction", "show", id, "--format", "json").stdout)


def erase(server, subject, *options):
    return json.loads(server.slipway("erase", "--subject", subject, *options, "--format", "json").stdout)


def everything(server):
    return b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())


def test_somebody_is_erased_and_nobody_else(platform, inputs):
    mine = predict(platform, inputs[:2], **{"slipway-subject": ADA, "slipway-key": "order-of-4711"})
    other = predict(platform, inputs[2:3], **{"slipway-subject": BOB})
    label = {"labels": [{"prediction": mine, "row": 0, "label": 1}, {"prediction": other, "label": 0}]}
    status, text = fetch(f"{platform.url}/v1/feedback?endpoint=breast-cancer", label, Authorization=f"Bearer {platform.token}")
    assert status == 200 and json.loads(text)["joined"] == 2, text
    assert len(shown(platform, mine)["inputs"]) == 2 and shown(platform, mine)["key"] == "order-of-4711"
    listed = json.loads(platform.slipway("prediction", "list", "--key", "order-of-4711", "--format", "json").stdout)
    assert mine in json.dumps(listed)
    # Nobody reads from the disk who it was, or under what key.
    disk = everything(platform)
    for word in [ADA, BOB, "order-of-4711"]:
        assert word.encode() not in disk, word

    asked = erase(platform, ADA, "--dry-run")
    assert not asked["applied"] and asked["labels"] == 1
    (found,) = asked["predictions"]
    assert (found["endpoint"], found["predictions"], found["rows"]) == ("breast-cancer", 1, 2)
    assert len(shown(platform, mine)["inputs"]) == 2

    done = erase(platform, ADA)
    assert done["applied"] and done["labels"] == 1 and done["reference"] == asked["reference"]
    gone = shown(platform, mine)
    assert gone["erased"] is True and "inputs" not in gone and "outputs" not in gone and "key" not in gone
    assert "erased" in platform.slipway("receipt", mine).stdout
    assert len(shown(platform, other)["inputs"]) == 1
    ledger = platform.slipway("ledger", "list").stdout
    assert "subject.erase" in ledger and ADA not in ledger
    assert ADA.encode() not in everything(platform)
    quality = json.loads(platform.slipway("quality", "breast-cancer", "--format", "json").stdout)
    assert sum(group["labelled"] for group in quality["groups"]) == 1
    # A second time there is nothing, and whoever comes again begins anew.
    assert "reference" not in erase(platform, ADA)
    assert len(shown(platform, predict(platform, inputs[:1], **{"slipway-subject": ADA}))["inputs"]) == 1
    assert "erased" in shown(platform, mine)


def test_a_column_says_whom_a_row_is_about(platform, inputs, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    text = (project / "slipway.yaml").read_text().replace("name: breast-cancer", "name: by-column")
    (project / "slipway.yaml").write_text(
        text.replace("  breast-cancer: {}", "  by-column: {}")
        + "\nfields: {mean area: {role: subject_key, log: hash}, worst area: {log: drop}}\n"
    )
    platform.slipway("deploy", project)
    rows = [row | {"mean area": area} for row, area in zip(inputs, [1001, 1002, 1001, 1003])]
    id = predict(platform, rows, "by-column")
    before = shown(platform, id)
    assert [row["mean radius"] for row in before["inputs"]] == pytest.approx([row["mean radius"] for row in rows])
    assert all(len(row["mean area"]) == 32 and "worst area" not in row for row in before["inputs"])
    assert erase(platform, "1001")["predictions"][0]["rows"] == 2
    after = shown(platform, id)
    assert after["erased"] == [0, 2]
    assert after["inputs"] == [before["inputs"][1], before["inputs"][3]]
    assert after["outputs"] == [before["outputs"][1], before["outputs"][3]]


def test_two_columns_cannot_say_it(platform, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    with (project / "slipway.yaml").open("a") as file:
        file.write("\nfields: {mean area: {role: subject_key}, worst area: {role: subject_key}}\n")
    assert "subject_key once" in platform.slipway("pack", project, code=2).stderr


def test_the_value_is_followed(platform, inputs):
    value = next(iter(csv.DictReader((EXAMPLE / "train.csv").open())))["mean radius"]
    platform.slipway("dataset", "add", EXAMPLE / "train.csv", "--name", "people")
    report = erase(platform, value, "--dry-run")
    assert {"kind": "dataset", "name": "people@1"} in report["findings"]
    assert {"name": "breast-cancer@1", "dataset": "people@1", "endpoint": "breast-cancer"} in report["models"]
    text = platform.slipway("erase", "--subject", value, "--dry-run").stdout
    assert "data set people@1" in text and "breast-cancer@1 on people@1" in text and "nothing was changed" in text


def test_what_names_nobody_is_refused(platform, inputs):
    status, text = fetch(f"{platform.url}/v1/endpoints/breast-cancer/predict", inputs[:1], **{"slipway-subject": "x" * 201})
    assert status == 400 and "slipway-subject" in text
    auth = {"Authorization": f"Bearer {platform.token}"}
    for subject in ["", "x" * 201]:
        status, text = fetch(f"{platform.url}/v1/erasures", {"subject": subject}, **auth)
        assert status == 400 and "1 to 200 bytes" in text
    assert fetch(f"{platform.url}/v1/erasures", {"subject": "x"})[0] == 401
