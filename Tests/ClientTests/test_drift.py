# SPDX-License-Identifier: Apache-2.0
"""Whether what comes is still what the model was made for, as a user sees it."""

import csv
import json
import random
import time
import urllib.request

import pytest
from program import EXAMPLES, running

EXAMPLE = EXAMPLES / "breast-cancer"
CALIBRATION = 21


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    with running(tmp_path_factory.mktemp("drift"), "--alert-interval", "1s") as server:
        server.slipway("deploy", EXAMPLE)
        server.slipway("endpoint", "set", "breast-cancer", "--monitor-window", "500rows")
        yield server


@pytest.fixture(scope="module")
def people():
    with (EXAMPLE / "train.csv").open() as file:
        return [{name: float(value) for name, value in row.items() if name != "target"} for row in csv.DictReader(file)]


def send(server, rows):
    for start in range(0, len(rows), 250):
        body = json.dumps(rows[start : start + 250]).encode()
        request = urllib.request.Request(
            f"{server.url}/v1/endpoints/breast-cancer/predict", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200


def drift(server):
    return json.loads(server.slipway("drift", "breast-cancer", "--format", "json").stdout)


def settled(server, condition, limit=60):
    """What `drift` says once `condition` of it holds."""
    end = time.monotonic() + limit
    while not condition(said := drift(server)):
        assert time.monotonic() < end, said
        time.sleep(0.3)
    return said


def test_a_shift_is_found_told_and_over(watched, people):
    random.seed(1)
    draw = lambda count: [dict(random.choice(people)) for _ in range(count)]  # noqa: E731
    assert drift(watched)["state"] == "waiting"
    send(watched, draw(600))
    said = settled(watched, lambda said: "600 of 1000" in said["message"])
    assert said["state"] == "learning" and "level" not in said
    send(watched, draw(500 * (CALIBRATION + 3)))
    said = settled(watched, lambda said: said["state"] == "judged")
    assert said.get("level") == "ok" and said["version"] == "breast-cancer@1"
    assert said["baseline"]["inputs"] == "training" and said["baseline"]["outputs"] == "traffic"
    assert said["newest"]["rows"] >= 500

    moved = draw(1500)
    for person in moved:
        person["mean radius"] += 3.5
    send(watched, moved)
    said = settled(watched, lambda said: said.get("level") == "critical")
    assert said["newest"]["drifting"] == ["mean radius"]
    column = next(column for column in said["newest"]["columns"] if column["name"] == "mean radius")
    assert column["drift"] == "critical" and column["adjustedStability"] > 0.25
    assert sum(bin["window"] for bin in column["bins"]) == pytest.approx(1)
    assert sum(bin["baseline"] for bin in column["bins"]) == pytest.approx(1)

    text = watched.slipway("drift", "breast-cancer").stdout
    assert "critical" in text and "█" in text and "\nmean radius\n" in text
    end = time.monotonic() + 60
    while not (alerts := json.loads(watched.slipway("alert", "list", "--format", "json").stdout)):
        assert time.monotonic() < end
        time.sleep(0.3)
    assert [alert["key"] for alert in alerts] == ["drift/breast-cancer/mean radius"]
    assert alerts[0]["next"] == "slipway drift breast-cancer"
    assert any(one["name"] == "adjusted stability index" for one in alerts[0]["evidence"])

    # The evidence of slow drift is used up only after some quiet windows.
    send(watched, draw(500 * 12))
    settled(watched, lambda said: said.get("level") == "ok")
    end = time.monotonic() + 60
    while json.loads(watched.slipway("alert", "list", "--format", "json").stdout):
        assert time.monotonic() < end
        time.sleep(0.3)


def test_columns_are_asked_for_by_name(watched):
    assert "\nworst area\n" in watched.slipway("drift", "breast-cancer", "--column", "worst area").stdout
    refused = watched.slipway("drift", "breast-cancer", "--column", "worst aera", code=3).stderr
    assert "Did you mean “worst area”?" in refused
    assert len(drift(watched)["history"]) == 24
    few = watched.slipway("drift", "breast-cancer", "--windows", "3", "--format", "json").stdout
    assert len(json.loads(few)["history"]) == 3


def test_what_is_not_watched_says_so(watched):
    assert "REG-003" in watched.slipway("drift", "nobody", code=3).stderr
    watched.slipway("endpoint", "set", "breast-cancer", "--monitor-window", "none")
    try:
        refused = watched.slipway("drift", "breast-cancer", code=3).stderr
        assert "MON-001" in refused and "--monitor-window" in refused
        wrong = watched.slipway("endpoint", "set", "breast-cancer", "--monitor-window", "10rows", code=2).stderr
        assert "500 to 10000000" in wrong
    finally:
        watched.slipway("endpoint", "set", "breast-cancer", "--monitor-window", "500rows")


def test_the_counts_outlive_a_restart(tmp_path, people):
    """What was learned before is what traffic is held against afterwards."""
    random.seed(2)
    with running(tmp_path, "--alert-interval", "1s") as server:
        server.slipway("deploy", EXAMPLE)
        server.slipway("endpoint", "set", "breast-cancer", "--monitor-window", "500rows", "--log-sample", "0%")
        send(server, [random.choice(people) for _ in range(1500)])
        # What is not kept in the log is counted all the same.
        assert json.loads(server.slipway("prediction", "list", "--format", "json").stdout)["predictions"] == []
    with running(tmp_path, "--alert-interval", "1s") as server:
        before = settled(server, lambda said: "newest" in said or "open" in said)
        send(server, [random.choice(people) for _ in range(500)])
        said = settled(server, lambda said: said != before and "newest" in said)
        assert said["baseline"]["outputs"] == "traffic"
