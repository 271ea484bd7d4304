# SPDX-License-Identifier: Apache-2.0
"""Predictions as Parquet hold what their JSON lines hold, with types."""

import datetime
import json
import math
import os
import urllib.error
import urllib.request
import venv

import pyarrow
import pyarrow.parquet
import pytest
from program import EXAMPLES, MODELS


def post(server, endpoint, rows):
    request = urllib.request.Request(
        f"{server.url}/v1/endpoints/{endpoint}/predict", json.dumps(rows).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def predicted(server):
    server.slipway("deploy", MODELS / "scale.onnx", "--name", "exported")
    for number in range(40):
        rows = [{"values": [number + part / 3, -number, 0]} for part in range(1 + number % 3)]
        assert post(server, "exported", rows) == 200
    assert post(server, "exported", [{"values": ["NaN", "Infinity", 0.1]}]) == 200
    assert post(server, "exported", {"wrong": 1}) == 400
    return server


def exported(server, path, *options, endpoint="exported"):
    """-> the table, and the predictions as lines have them."""
    server.slipway("prediction", "export", "--endpoint", endpoint, "--as", "parquet", "--output", path, *options)
    lines = server.slipway("prediction", "export", "--endpoint", endpoint, *options).stdout.splitlines()
    return pyarrow.parquet.read_table(path), [json.loads(line) for line in lines]


def single(value):
    """As 32 bits have it."""
    return pyarrow.scalar(float(value), pyarrow.float32()).as_py()


def same(cell, value):
    if isinstance(value, list):
        return len(cell) == len(value) and all(map(same, cell, value))
    wanted = single(value)
    return cell == wanted or (math.isnan(cell) and math.isnan(wanted))


def test_all_rows_are_there_as_the_lines_have_them(predicted, tmp_path):
    table, lines = exported(predicted, tmp_path / "all.parquet")
    assert len(lines) == 42 and table.num_rows == sum(max(line["rows"], 1) for line in lines)
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["time"], types["version"], types["run_us"]) == ("timestamp[us, tz=UTC]", "int64", "double")
    assert types["in_values"] == "list<element: float>" and types["status"] == "string"
    rows = iter(table.to_pylist())
    for line in lines:
        for number in range(max(line["rows"], 1)):
            row = next(rows)
            assert row["id"] == line["id"]
            assert row["time"] == datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
            for name in ("endpoint", "project", "model", "version", "bundle", "generation", "status", "code", "key"):
                assert row[name] == line.get(name), name
            assert row["run_us"] == line["microseconds"]["run"]
            if "inputs" not in line:
                assert (row["row"], row["in_values"], row["code"]) == (None, None, "IN-002")
                continue
            assert row["row"] == number and same(row["in_values"], line["inputs"][number]["values"])
            for name, value in line["outputs"][number].items():
                assert same(row[f"out_{name}"], value)
    # What a person reads twice is stored once.
    group = pyarrow.parquet.ParquetFile(tmp_path / "all.parquet").metadata.row_group(0)
    encodings = {group.column(index).path_in_schema: group.column(index).encodings for index in range(group.num_columns)}
    assert any("DICTIONARY" in name for name in encodings["status"]) and not any("DICTIONARY" in name for name in encodings["id"])


def test_columns_are_scalars_of_their_own_type(server, tmp_path):
    server.slipway("deploy", EXAMPLES / "breast-cancer", "--name", "table")
    row = json.loads((EXAMPLES / "breast-cancer" / "row.json").read_text())
    assert post(server, "table", row) == 200
    table, [line] = exported(server, tmp_path / "table.parquet", endpoint="table")
    [cells] = table.to_pylist()
    for name, value in line["inputs"][0].items():
        assert table.schema.field(f"in_{name}").type in (pyarrow.float32(), pyarrow.float64())
        assert cells[f"in_{name}"] in (value, single(value))
    assert {f"out_{name}" for name in line["outputs"][0]} <= set(table.column_names)


def test_a_choice_and_none_at_all(predicted, tmp_path):
    table, lines = exported(predicted, tmp_path / "refused.parquet", "--status", "invalid")
    assert table.num_rows == len(lines) == 1 and table["code"].to_pylist() == ["IN-002"]
    none = tmp_path / "none.parquet"
    predicted.slipway("prediction", "export", "--endpoint", "exported", "--key", "nobody", "--as", "parquet", "--output", none)
    table = pyarrow.parquet.read_table(none)
    assert table.num_rows == 0 and "time" in table.column_names


def test_a_file_is_whole_or_not_there(predicted, tmp_path):
    taken = tmp_path / "taken.parquet"
    taken.write_text("mine")
    export = ("prediction", "export", "--endpoint", "exported", "--as")
    assert "already" in predicted.slipway(*export, "parquet", "--output", taken, code=4).stderr
    assert taken.read_text() == "mine"
    assert "--output" in predicted.slipway(*export, "parquet", code=64).stderr
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    missing = predicted.slipway(*export, "parquet", "--output", tmp_path / "a.parquet", code=7, SLIPWAY_PYTHON=str(bare / "bin" / "python"))
    assert "pyarrow" in missing.stderr and "ENG-009" in missing.stderr
    predicted.slipway(*export, "jsonl", "--output", tmp_path / "a.jsonl", "--limit", "2")
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 2
    assert sorted(os.listdir(tmp_path)) == ["a.jsonl", "bare", "taken.parquet"]
