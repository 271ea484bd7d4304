# SPDX-License-Identifier: Apache-2.0
"""The walk of docs/how-to/version-data.md: add, look, compare, expect, check, get back, verify, and fingerprints."""

import json
import random
import re

import pytest
from data_commands import blobs, sha256


def table(rows, changed=(), first=0):
    lines = ["customer_id,age,plan,signed_up,balance"]
    numbers = random.Random(1)
    for row in range(first, first + rows):
        age, balance = numbers.randint(18, 90), numbers.gauss(100, 30)
        plan = "gold" if row in changed else ["basic", "pro"][row % 3 == 0]
        lines.append(f"{row},{age},{plan},2026-0{row % 9 + 1}-1{row % 10},{balance:.2f}")
    return "\n".join(lines) + "\n"


def test_the_walk(data):
    first = data.add_text(table(2000), "--key", "customer_id", "--note", "export of “March”")
    assert (first["version"], first["new"], first["rows"], first["kept"]) == (1, True, 2000, True)
    assert first["digest"] == "sha256:" + sha256(table(2000).encode())
    assert first["note"] == "export of “March”" and first["createdBy"] == "administrator"

    second = data.add_text(table(2100, changed={7, 8}), "--key", "customer_id")
    assert second["version"] == 2
    again = data.add_text(table(2100, changed={7, 8}), "--key", "customer_id")
    assert again == second | {"new": False}

    assert [version["version"] for version in data.json("list", data.name)] == [2, 1]
    assert data.name in [version["dataset"] for version in data.json("list")]
    assert "customer_id (key)" in data.run("show", f"{data.name}@1").stdout

    report = data.diff(1, f"{data.name}@2", "--rows", "3")
    rows = report["rows"]
    assert (rows["same"], rows["added"], rows["removed"], rows["changed"]) == (1998, 100, 0, 2) and rows["byKey"]
    assert {"change": "changed", "row": 8, "values": {"customer_id": "7", "plan": "basic → gold"}} in rows["shown"]
    assert [row["row"] for row in rows["shown"] if row["change"] == "added"] == [2001, 2002, 2003]
    assert report["columns"] == []
    drift = {column["column"]: column for column in report["drift"]}
    assert drift["age"]["level"] == "none" and drift["plan"]["newValues"] == ["gold"]
    text = data.run("diff", f"{data.name}@1").stdout
    assert "1998 rows are the same, 100 new, 0 gone, 2 changed." in text

    assert data.get(1) == table(2000).encode()
    assert data.get(first["digest"][7:15]) == table(2000).encode()
    path = data.write(table(2000))
    assert "byte for byte" in data.run("verify", f"{data.name}@1", path).stdout
    code, said = data.refusal("verify", f"{data.name}@2", path)
    assert code == "DAT-006" and f"is {data.name}@1, not version 2" in said


def test_expectations(data):
    data.add_text(table(2000), "--key", "customer_id")
    expected = data.folder / "expectations.yaml"
    expected.write_text(data.run("expect", data.name).stdout)
    assert "schema: slipway.expectations/1" in expected.read_text()

    good = data.write(table(1900, first=5), "good.csv")
    assert all(result["met"] for result in data.json("check", good, "--expectations", expected))
    assert all(result["met"] for result in data.json("check", good, "--like", data.name))
    assert data.run("check", data.name, "--expectations", expected).stdout.count("✗") == 0

    lines = table(1900).splitlines()
    lines[3] = "1,200,platinum,2026-01-11,"
    bad = data.write("\n".join(lines) + "\n", "bad.csv")
    results = data.json("check", bad, "--expectations", expected, code=2)
    unmet = {(result["subject"], result["rule"]): result["rows"] for result in results if not result["met"]}
    assert unmet == {
        ("customer_id", "unique"): [3], ("age", "range"): [3], ("plan", "values"): [3], ("balance", "missing"): [3]
    }
    code, said = data.refusal("add", bad, "--name", data.name, "--expectations", expected)
    assert code == "DAT-005"
    assert len(data.json("list", data.name)) == 1
    assert data.add(good, "--expectations", expected)["version"] == 2


def test_relations_and_freshness(data):
    path = data.write("start,end,total,net,tax\n2026-01-01,2026-01-02,3,1,2\n2026-01-03,2026-01-02,4,1,2\n")
    expected = data.write(
        "schema: slipway.expectations/1\ncolumns: {end: {newer_than: 1d}}\n"
        "relations: [start <= end, total = net + tax, 'total >= net', 'gone > 1']\n",
        "e.yaml",
    )
    results = data.json("check", path, "--expectations", expected, code=2)
    assert {result["subject"]: (result["met"], result["rows"]) for result in results} == {
        "end": (False, []),
        "start <= end": (False, [2]),
        "total = net + tax": (False, [2]),
        "total >= net": (True, []),
        "gone > 1": (False, []),
    }


def test_what_is_between_versions(data):
    data.add_text("a,b,c\n1,x,2026-01-01\n2,y,2026-01-02\n")
    data.add_text("c,a,d\n2026-01-01T00:00:00Z,1.0,true\n2026-01-02,3,false\n")
    report = data.diff(1, f"{data.name}@2")
    assert report["columns"] == [
        {"change": "retyped", "name": "a", "from": "integer", "to": "number"},
        {"change": "added", "name": "d", "to": "boolean"},
        {"change": "removed", "name": "b", "from": "text"},
    ]
    # Of the columns that both have: a and c.
    assert (report["rows"]["same"], report["rows"]["added"], report["rows"]["removed"]) == (1, 1, 1)


def test_a_file_can_be_the_newer_side(data):
    data.add_text("id,v\n1,a\n2,b\n", "--key", "id")
    lines = data.write('{"v": "B", "id": 2}\n{"id": 3, "v": "c"}\n', "new.jsonl")
    rows = data.diff(1, lines, "--rows", "5")["rows"]
    assert (rows["same"], rows["added"], rows["removed"], rows["changed"]) == (0, 1, 1, 1)
    assert {"change": "changed", "row": 1, "values": {"id": "2", "v": "b → B"}} in rows["shown"]


def test_a_version_against_itself(data):
    data.add_text(table(100))
    report = data.diff(1, f"{data.name}@1", "--rows", "5")
    assert report["rows"] == {"same": 100, "added": 0, "removed": 0, "changed": 0, "byKey": False, "shown": []}
    assert {column["level"] for column in report["drift"]} == {"none"}


def test_a_fingerprint_sends_no_data(data, server):
    before = blobs(server)
    path = data.write(table(5000))
    version = data.add(path, "--fingerprint-only", "--key", "customer_id")
    assert not version["kept"] and version["digest"] == "sha256:" + sha256(path.read_bytes())
    fresh = blobs(server) - before
    # One content, the record, and no row in it.
    assert fresh == {version["record"][7:]}
    record = server.data / "contents" / "blobs" / version["record"][7:9] / version["record"][7:]
    assert not re.search(rb"\d+,\d+,(basic|pro),", record.read_bytes())
    assert "chunks" not in json.loads(record.read_bytes())["data"]

    assert data.run("verify", data.name, path)
    assert data.refusal("verify", data.name, data.write(table(5001), "other.csv"))[0] == "DAT-006"
    assert data.refusal("get", data.name)[0] == "DAT-004"
    assert all(result["met"] for result in data.json("check", path, "--like", data.name))
    assert data.refusal("check", data.name, "--like", data.name)[0] == "DAT-004"

    data.add_text(table(5000, changed=set(range(3000))), "--key", "customer_id")
    report = data.diff(1, f"{data.name}@2")
    assert "rows" not in report
    assert {column["column"]: column["level"] for column in report["drift"]}["plan"] == "strong"


def test_what_is_rare_stays_where_it_is(data):
    names = "".join(f"{'often' if row < 20 else f'Ada {row}'}\n" for row in range(40))
    data.add_text("name\n" + names, "--fingerprint-only")
    column = data.columns()["name"]
    assert column["categories"] == [["often", 20]] and column["other"] == 20 and column["distinct"] == 21


def test_nothing_is_written_over(data):
    data.add_text(table(3))
    there = data.write("mine", "there.csv")
    assert data.refusal("get", data.name, "--out", there)[0] == "PRJ-008"
    assert there.read_text() == "mine"


def test_versions_share_what_did_not_change(data):
    data.add_text(table(60_000))
    edited = data.add_text(table(60_000, changed={30_000}))
    assert edited["newBytes"] < edited["bytes"] / 8
    appended = data.add_text(table(60_600, changed={30_000}))
    assert appended["newBytes"] < appended["bytes"] / 8


@pytest.mark.parametrize(
    "name", ["a/b", "..", ".", "%2e%2e", "a%2fb", "😀", "a b", "", "-x", "n" * 101, "n" * 10_000, "a@1", "a\nb"]
)
def test_names_that_are_none(data, name):
    path = data.write("a\n1\n")
    before = data.json("list")
    assert data.server.slipway("dataset", "add", path, f"--name={name}", code=64).stderr
    for verb in ["show", "get", "expect"]:
        assert data.server.slipway("dataset", verb, "--", f"{name}@1", code=64).stderr
    assert data.json("list") == before


@pytest.mark.parametrize("name", ["a.b", "A-1_x", "0", "n" * 100])
def test_names_that_are_some(data, name):
    data.name = name
    assert data.add_text(f"a\n1\n2\n{len(name)}\n")["version"] == 1
    assert data.get(1).endswith(f"{len(name)}\n".encode())


@pytest.mark.parametrize("name", ["é", "a,b", 'quote "x"', "line\nbreak", "", " ", "😀" * 50, "x" * 10_000, "a.b%2f/.."])
def test_columns_may_have_any_name(data, name):
    quoted = '"' + name.replace('"', '""') + '"'
    data.add_text(f"{quoted},id\n1,1\n2,2\n", "--key", "id")
    data.add_text(f"{quoted},id\n1,1\n3,2\n", "--key", "id")
    assert name in data.columns()
    rows = data.diff(1, f"{data.name}@2", "--rows", "1")["rows"]
    assert rows["changed"] == 1 and rows["shown"][0]["values"] == {name: "2 → 3", "id": "2"}
    expected = data.write(data.run("expect", data.name).stdout, "e.yaml")
    assert all(result["met"] for result in data.json("check", f"{data.name}", "--expectations", expected))
