# SPDX-License-Identifier: Apache-2.0
"""Labels reach their predictions whenever they come, and what was answered is on disk."""

import csv
import datetime
import io
import json
import random
import time

import pytest
from program import EXAMPLES, fetch, running

EXAMPLE = EXAMPLES / "breast-cancer"
NEVER = "01a21fc5-b149-7000-8000-02246bc4a1cc"
ROWS = [row for row in csv.DictReader((EXAMPLE / "examples.csv").open())]
INPUTS = [{name: float(value) for name, value in list(row.items())[:30]} for row in ROWS]


NAME = "labelled"


@pytest.fixture(scope="module", autouse=True)
def endpoint(server):
    server.slipway("deploy", EXAMPLE, "--name", NAME)


@pytest.fixture
def since():
    """Predictions of before are other tests'."""
    time.sleep(0.002)
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ask(server, method, path, body=None, kind="application/json"):
    status, text = fetch(server.url + path, body, method, Authorization=f"Bearer {server.token}", **{"Content-Type": kind})
    return status, json.loads(text)


def predict(server, rows, key=None, endpoint=NAME, **headers):
    headers = headers | ({"slipway-key": key} if key else {})
    status, text = fetch(f"{server.url}/v1/endpoints/{endpoint}/predict", rows, **headers)
    assert status == 200, text
    answer = json.loads(text)
    return answer["id"], [row["label"] for row in answer["predictions"]]


def feedback(server, body, kind="application/json", endpoint=None):
    query = f"?endpoint={endpoint}" if endpoint else ""
    status, answer = ask(server, "POST", f"/v1/feedback{query}", body, kind)
    assert status == 200, answer
    return {name: value for name, value in answer.items() if value not in (0, [])}


def quality(server, since, by="all", endpoint=NAME):
    status, report = ask(server, "GET", f"/v1/endpoints/{endpoint}/quality?by={by}&since={since}")
    assert status == 200, report
    return report


def test_labels_of_every_form_join_and_quality_is_restated(server, since):
    """One, a batch, lines, CSV; shuffled, twice, corrected; by id and by key; of some rows only."""
    random.seed(7)
    predicted = [predict(server, [row], key=f"order-{index}")[0] for index, row in enumerate(INPUTS[:60])]
    truth = [int(row["label"]) for row in ROWS[:60]]
    # A tenth of the answers turns out wrong.
    truth[::10] = [1 - label for label in truth[::10]]
    one = {"endpoint": NAME, "prediction": predicted[0], "label": truth[0]}
    assert feedback(server, one) == {"labels": 1, "accepted": 1, "joined": 1}
    assert feedback(server, one) == {"labels": 1, "accepted": 1, "repeated": 1}
    assert feedback(server, one | {"label": 1 - truth[0]})["corrected"] == 1
    assert feedback(server, one)["corrected"] == 1
    batch = [{"prediction": predicted[index], "label": bool(truth[index])} for index in range(1, 20)]
    random.shuffle(batch)
    assert feedback(server, {"endpoint": NAME, "labels": batch})["joined"] == 19
    lines = "\n".join(json.dumps({"key": f"order-{index}", "label": truth[index]}) for index in range(20, 40))
    assert feedback(server, lines.encode(), "application/jsonl", NAME)["joined"] == 20
    table = "label,noted,prediction\n" + "".join(f"{truth[index]},x,{predicted[index]}\n" for index in range(40, 60))
    table += f",later,{NEVER}\n"
    assert feedback(server, table.encode(), "text/csv", NAME) == {
        "labels": 20, "accepted": 20, "joined": 20, "empty": 1,
    }
    several, _ = predict(server, INPUTS[:3])
    listed = {"endpoint": NAME, "prediction": several, "label": [int(ROWS[0]["label"]), None, None]}
    assert feedback(server, listed)["joined"] == 1
    assert feedback(server, listed | {"label": int(ROWS[2]["label"]), "row": 2})["joined"] == 1

    (group,) = quality(server, since)["groups"]
    assert (group["predictions"], group["labelled"], group["rows"]) == (63, 62, 62)
    wrong = sum(int(row["label"]) != label for row, label in zip(ROWS, truth))
    assert group["metrics"]["accuracy"]["value"] == pytest.approx((62 - wrong) / 62)
    low, high = group["metrics"]["accuracy"]["interval"]
    assert low < (62 - wrong) / 62 < high
    assert set(group["metrics"]) == {"accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier"}
    estimate = group["estimate"]
    assert estimate["rows"] == 63 and estimate["probabilities"] == "raw" and estimate["valid"] is None
    assert sum(one["labelled"] for one in quality(server, since, "hour")["groups"]) == 62
    text = server.slipway("quality", NAME, "--since", since).stdout
    assert "63 rows, 62 with a label" in text and "accuracy" in text


def test_what_cannot_be_right_is_told_with_its_place(server):
    known, _ = predict(server, [INPUTS[0]])
    several, _ = predict(server, INPUTS[:2])
    labels = [
        ({"prediction": known, "label": 7}, "LBL-001"), ({"prediction": known, "label": "1"}, "LBL-001"),
        ({"prediction": known, "label": 0.5}, "LBL-001"), ({"prediction": NEVER, "label": "maybe"}, "LBL-001"),
        ({"prediction": known, "label": 1, "at": "2031-01-01"}, "LBL-002"),
        ({"prediction": known, "label": 1, "at": "soon"}, "LBL-002"), ({"prediction": several, "label": 1}, "LBL-003"),
        ({"prediction": several, "label": 1, "row": 2}, "LBL-003"), ({"prediction": "x", "label": 1}, "LBL-004"),
        ({"label": 1}, "LBL-004"), ({"prediction": known, "key": "k", "label": 1}, "LBL-004"),
        ({"prediction": known, "label": {}}, "LBL-004"), ({"prediction": known, "labels": 1}, "LBL-004"),
    ]  # fmt: skip
    good = {"prediction": known, "label": 1}
    answer = feedback(server, {"endpoint": NAME, "labels": [one for one, _ in labels] + [good]})
    assert answer["joined"] == 1 and answer["refused"] == len(labels)
    assert [(problem["position"], problem["code"]) for problem in answer["problems"]] == [
        (index + 1, code) for index, (_, code) in enumerate(labels)
    ]
    for label, code in labels:
        if "labels" in label:
            continue
        status, problem = ask(server, "POST", "/v1/feedback", {"endpoint": NAME, **label})
        assert (problem["code"], status) == (code, 409 if code == "LBL-003" else 400)
    for body, kind, code in [
        (b"prediction\n1\n", "text/csv", "LBL-004"), (b"{", "application/json", "IN-001"),
        (b"label,prediction\n" + b"1,x\n" * 100_001, "text/csv", "IN-009"), (b"x", "text/plain", "IN-010"),
    ]:  # fmt: skip
        assert ask(server, "POST", f"/v1/feedback?endpoint={NAME}", body, kind)[1]["code"] == code
    # More than other calls take; none has a label.
    large = b"key,label\n" + b"".join(b"%060d,\n" % index for index in range(50_000))
    assert feedback(server, large, "text/csv", NAME) == {"empty": 50_000}
    assert ask(server, "POST", "/v1/feedback", {"endpoint": "nobody", **good})[1]["code"] == "REG-003"


def test_broken_bodies_are_refused_and_nothing_else(server):
    """Cut, doubled and with bytes changed: an answer or a refusal, and never a mistake of the server's."""
    random.seed(11)
    good = {
        "application/json": json.dumps({"endpoint": NAME, "labels": [{"key": "a", "label": 1, "row": 0}]}).encode(),
        "application/jsonl": b'{"prediction": "%s", "label": 1, "at": "2026-01-01"}\n' % NEVER.encode(),
        "text/csv": b'key,label,row,at\n"a,""b",1,0,2026-01-01\n',
    }
    for _ in range(150):
        kind, body = random.choice(list(good.items()))
        changed = bytearray(body)
        for _ in range(random.randrange(1, 6)):
            place = random.randrange(len(changed))
            action = random.randrange(3)
            if action == 0:
                changed[place] = random.choice(b'"{}[],:\n\r\x00\xff-1e')
            elif action == 1:
                del changed[place:place + random.randrange(1, 9)]
            else:
                changed[place:place] = changed[place:place + random.randrange(1, 9)]
            if not changed:
                break
        status, text = fetch(f"{server.url}/v1/feedback?endpoint={NAME}", bytes(changed), "POST",
                             Authorization=f"Bearer {server.token}", **{"Content-Type": kind})
        assert status in (200, 400, 401, 404, 409), (status, text, bytes(changed))


def test_a_label_comes_before_its_prediction(server, since):
    own = "11111111-2222-4333-8444-555555555555"
    body = {"endpoint": NAME, "labels": [{"prediction": own, "label": 0}, {"key": "early", "label": 1}]}
    before = quality(server, since)["waiting"]
    assert feedback(server, body)["waiting"] == 2
    assert quality(server, since)["waiting"] == before + 2
    predict(server, [INPUTS[0]], **{"slipway-prediction-id": own})
    predict(server, [INPUTS[1]], key="early")
    report = quality(server, since)
    assert report["waiting"] == before and report["groups"][0]["labelled"] == 2
    assert report["groups"][0]["early"] is True and report["groups"][0]["mature"] == 0


def test_files_go_out_empty_and_come_back_filled_in(server, since, tmp_path):
    for row in INPUTS[:30]:
        predict(server, [row])
    file = tmp_path / "ask.csv"
    server.slipway("feedback", "sample", NAME, "--since", since, "--by", "uncertain", "--count", 10, "--out", file)
    rows = list(csv.DictReader(file.open()))
    assert len(rows) == 10 and {row["label"] for row in rows} == {""} and rows[0]["in_mean radius"]
    margins = [abs(json.loads(row["out_probabilities"])[1] - 0.5) for row in rows]
    assert margins == sorted(margins)
    for row in rows[:8]:
        row["label"] = row["out_label"]
    rows[8]["label"] = "2"
    filled = io.StringIO()
    writer = csv.DictWriter(filled, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    file.write_text(filled.getvalue())
    done = server.slipway("feedback", "import", file, "--endpoint", NAME, "--format", "json", code=2)
    answer = json.loads(done.stdout)
    assert (answer["joined"], answer["refused"], answer["empty"]) == (8, 1, 1)
    assert answer["problems"][0]["position"] == 9 and answer["problems"][0]["code"] == "LBL-001"
    again = tmp_path / "again.csv"
    server.slipway("feedback", "sample", NAME, "--since", since, "--count", 1000, "--out", again)
    left = {row["prediction"] for row in csv.DictReader(again.open())}
    assert not left & {row["prediction"] for row in rows[:8]} and rows[9]["prediction"] in left
    refused = server.slipway("feedback", "sample", NAME, "--since", since, "--by", "drift", "--out", tmp_path / "no.csv", code=4)
    assert "LBL-005" in refused.stderr and not (tmp_path / "no.csv").exists()


def test_who_may_predict_may_label_and_nobody_elses_endpoint(server):
    made = json.loads(
        server.slipway("token", "create", "bob", "--role", "predictor", "--endpoint", NAME, "--format", "json").stdout
    )
    headers = {"Authorization": f"Bearer {made['token']}"}
    body = {"prediction": NEVER, "label": 1}
    assert fetch(f"{server.url}/v1/feedback", {"endpoint": NAME, **body}, **headers)[0] == 200
    for endpoint in ["breast-cancer", "nobody"]:
        assert fetch(f"{server.url}/v1/feedback", {"endpoint": endpoint, **body}, **headers)[0] == 401
        assert fetch(f"{server.url}/v1/feedback?endpoint={endpoint}", body, **headers)[0] == 401


def test_what_was_answered_survives_kill_9(since, tmp_path):
    """Labels that joined and labels that wait, with the process gone right behind the answer."""
    with pytest.raises(AssertionError, match="ended with"), running(tmp_path) as server:
        server.slipway("deploy", EXAMPLE, "--name", NAME)
        ids = [predict(server, [row])[0] for row in INPUTS[:20]]
        own = "11111111-2222-4333-8444-555555555555"
        labels = [{"prediction": id, "label": index % 2} for index, id in enumerate(ids)] + [{"prediction": own, "label": 1}]
        answer = feedback(server, {"endpoint": NAME, "labels": labels})
        server.process.kill()
        assert answer["joined"] == 20 and answer["waiting"] == 1
        server.process.wait()
    with running(tmp_path) as server:
        report = quality(server, since)
        assert report["groups"][0]["labelled"] == 20 and report["waiting"] == 1
        predict(server, [INPUTS[0]], **{"slipway-prediction-id": own})
        assert quality(server, since)["groups"][0]["labelled"] == 21
        repeated = feedback(server, {"endpoint": NAME, "labels": labels})
        assert repeated == {"labels": 21, "accepted": 21, "repeated": 21}
