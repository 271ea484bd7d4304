# SPDX-License-Identifier: Apache-2.0
"""The ledger: heads that are kept elsewhere, proofs, exports that are checked without a server, and every way to tamper."""

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
from program import MODELS, ROOT, clean_environment, fetch, running, slipway

COLUMNS = ["sequence", "time", "actor", "action", "object", "before", "after", "reason", "evidence", "leaf", "chain"]


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(leaf):
    return sha256(b"\0" + leaf)


def root_of(hashes):
    """RFC 6962, section 2.1, word by word."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    return sha256(b"\1" + root_of(hashes[:middle]) + root_of(hashes[middle:]))


def fill(server):
    """A dozen entries of several kinds, one with every column."""
    server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "churn", "--reason", "the first one, “quoted”")
    server.slipway("deploy", MODELS / "scale.onnx", "--name", "other", "--endpoint", "other")
    for limit in ["1", "2", "3"]:
        server.slipway("endpoint", "set", "churn", "--queue", limit, "--reason", f"limit {limit}")
    server.slipway("project", "create", "growth")
    server.slipway("model", "alias", "set", "churn", "champion", "1")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A data folder that a server has left, and the head of its ledger."""
    folder = tmp_path_factory.mktemp("ledger")
    with running(folder) as server:
        fill(server)
        head = json.loads(server.slipway("ledger", "head", "--format", "json").stdout)
    return folder, head


def copy(filled, tmp_path):
    """The platform once more, for somebody to tamper with -> (folder, environment)."""
    folder = tmp_path / "copy"
    shutil.copytree(filled[0], folder)
    return folder / "data", clean_environment(folder)


def tamper(data, *statements):
    with contextlib.closing(sqlite3.connect(data / "registry.sqlite")) as database:
        for statement in statements:
            changed = database.execute(statement)
            assert changed.rowcount > 0, statement
        database.commit()


def rows(data):
    with contextlib.closing(sqlite3.connect(data / "registry.sqlite")) as database:
        return [dict(zip(COLUMNS, row)) for row in
                database.execute(f"SELECT {','.join(COLUMNS)} FROM ledger ORDER BY sequence")]


def told(problem):
    """What a failure says, as {name: value}; the first of several."""
    details = json.loads(problem)["details"]
    return {detail["name"]: detail["value"] for detail in reversed(details)}


# Heads and proofs


def test_the_head_is_what_anybody_computes(filled):
    folder, head = filled
    leaves = [row["leaf"] for row in rows(folder / "data")]
    assert head["size"] == len(leaves) >= 9
    assert head["root"] == root_of([leaf_hash(leaf) for leaf in leaves]).hex()
    chain = bytes(32)
    for leaf in leaves:
        chain = sha256(b"\2" + chain + leaf_hash(leaf))
    assert head["chain"] == chain.hex()
    assert head["time"].startswith("20")
    assert any(json.loads(leaf).get("evidence", "").startswith("bundle=sha256:") for leaf in leaves)


def test_a_kept_head_is_extended_and_shown_to_be(tmp_path):
    with running(tmp_path) as server:
        empty = server.slipway("ledger", "head").stdout
        fill(server)
        kept = server.slipway("ledger", "head").stdout
        (tmp_path / "kept.txt").write_text(kept)
        head = re.search(r"\d+:[0-9a-f]{64}", kept)[0]
        server.slipway("project", "create", "later")
        for form in [tmp_path / "kept.txt", head]:
            verified = server.slipway("ledger", "verify", "--head", form).stdout
            assert f"the first {head.split(':')[0]} are those of the head" in verified
        (tmp_path / "empty.txt").write_text(empty)
        server.slipway("ledger", "verify", "--head", tmp_path / "empty.txt")
        # Somebody else's head, and one of another size.
        size, root = head.split(":")
        for other in [f"{size}:{'0' * 64}", f"{int(size) - 1}:{root}", f"{int(size) + 900}:{root}"]:
            assert "REG-010" in server.slipway("ledger", "verify", "--head", other, code=4).stderr
        assert "IN-006" in server.slipway("ledger", "verify", "--head", tmp_path / "stdout", code=2).stderr
        assert "PRJ-006" in server.slipway("ledger", "verify", "--head", "nowhere.txt", code=3).stderr


def test_an_entry_is_proven_to_whoever_has_the_root(tmp_path):
    with running(tmp_path) as server:
        fill(server)
        (tmp_path / "head.json").write_text(server.slipway("ledger", "head", "--format", "json").stdout)
        head = json.loads((tmp_path / "head.json").read_text())
        server.slipway("project", "create", "later")
        proof = json.loads(server.slipway("ledger", "prove", 3, "--head", tmp_path / "head.json").stdout)
        assert (proof["sequence"], proof["size"], proof["root"]) == (3, head["size"], head["root"])
        whole = json.loads(server.slipway("ledger", "prove", 3).stdout)
        assert whole["size"] == head["size"] + 1 and whole["leaf"] == proof["leaf"]
        assert "IN-006" in server.slipway("ledger", "prove", 99, code=2).stderr
        assert "IN-006" in server.slipway("ledger", "prove", head["size"], "--head", tmp_path / "head.json", code=2).stderr
        for path in ["x/proof", "-1/proof", "3/proof?size=x", "3/proof?size=99"]:
            assert fetch(f"{server.url}/v1/ledger/entries/{path}", Authorization=f"Bearer {server.token}")[0] == 400
    # Anybody checks it: here without a server, and in the way that the page describes.
    entry = tmp_path / "entry.json"
    entry.write_text(json.dumps(proof))
    check = ["ledger", "verify", "--proof", entry, "--head", tmp_path / "head.json"]
    elsewhere = clean_environment(tmp_path / "elsewhere")
    assert "entry 3 is in the ledger" in slipway(*check, environment=elsewhere).stdout
    kept = f"{head['size']}:{head['root']}"
    page(tmp_path, "check.py", entry, kept)
    for field, value in [("leaf", proof["leaf"].replace("administrator", "mallory")), ("sequence", 4), ("size", head["size"] + 1),
                         ("root", "0" * 64), ("path", proof["path"][:-1])]:
        entry.write_text(json.dumps(proof | {field: value}))
        assert "REG-010" in slipway(*check, environment=elsewhere, code=4).stderr, field
        page(tmp_path, "check.py", entry, kept, succeeds=False)
    entry.write_text("{}")
    assert "IN-001" in slipway(*check, environment=elsewhere, code=2).stderr


def page(folder, name, *arguments, succeeds=True):
    """Runs a program as docs/formats/ledger.md prints it."""
    text = (ROOT / "docs" / "formats" / "ledger.md").read_text()
    programs = dict(re.findall(r"`(\w+\.py)`[^`]*```python\n(.*?)```", text, re.DOTALL))
    (folder / name).write_text(programs[name])
    done = subprocess.run([sys.executable, folder / name, *map(str, arguments)], capture_output=True, text=True)
    assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
    return done.stdout


# Without a server


def test_the_folder_is_checked_without_a_server_and_beside_one(filled, tmp_path):
    data, environment = copy(filled, tmp_path)
    size = filled[1]["size"]
    head = f"{size}:{filled[1]['root']}"
    for place in [[], ["--data", data]]:
        assert f"✓ {size} entries, unchanged" in slipway("ledger", "verify", *place, environment=environment).stdout
        assert head in slipway("ledger", "head", *place, environment=environment).stdout
        assert "are those of the head" in slipway(
            "ledger", "verify", "--head", head, *place, environment=environment).stdout
    assert str(size) in page(tmp_path, "verify.py", data / "registry.sqlite")
    with running(data.parent) as server:
        assert "unchanged" in server.slipway("ledger", "verify", "--data", data).stdout
        server.slipway("project", "create", "beside")
        grown = server.slipway("ledger", "verify", "--data", data, "--head", head).stdout
        assert f"✓ {size + 1} entries, unchanged; the first {size} are those of the head" in grown
    assert "PRJ-006" in slipway("ledger", "verify", "--data", tmp_path / "nothing", environment=environment, code=3).stderr
    assert not (tmp_path / "nothing").exists(), "looking makes nothing"


def test_an_export_is_checked_with_nothing_else(filled, tmp_path):
    data, environment = copy(filled, tmp_path)
    offline = slipway("ledger", "export", environment=environment).stdout
    with running(data.parent) as server:
        online = server.slipway("ledger", "export").stdout
    assert online.splitlines()[:-1] == offline.splitlines()[:-1]
    ends = [json.loads(text.splitlines()[-1])["head"] for text in (online, offline)]
    assert [(end["size"], end["root"]) for end in ends] == [(filled[1]["size"], filled[1]["root"])] * 2
    elsewhere = clean_environment(tmp_path / "elsewhere")
    file = tmp_path / "ledger.jsonl"

    def check(text, code=4, *options):
        file.write_text(text)
        return slipway("ledger", "verify", "--file", file, *options, "--format", "json", environment=elsewhere, code=code)

    assert json.loads(check(online, 0).stdout)["verifiedEntries"] == filled[1]["size"]
    lines = online.splitlines(keepends=True)
    assert told(check("".join(lines[:5] + lines[6:])).stderr)["sequence"] == "4"
    assert "cut off" in check("".join(lines[:-1])).stderr
    assert told(check("".join(lines[:-2] + lines[-1:])).stderr)["field"] == "entry"
    assert told(check("".join(lines[:4] + [lines[5], lines[4]] + lines[6:])).stderr)["field"] == "entry"
    assert "behind its end" in check(online + lines[3]).stderr
    assert "schema" in check("".join(lines[1:])).stderr
    assert "line 4" in check("".join(lines[:3] + ["nonsense\n"] + lines[3:])).stderr
    fault = told(check(online.replace('"actor":"administrator"', '"actor":"mallory"', 1)).stderr)
    assert (fault["field"], fault["written"], fault["found"]) == ("actor", "administrator", "mallory")
    assert told(check(online, 4, "--head", f"3:{'0' * 64}").stderr)["field"] == "root"


# Tampering


@pytest.mark.parametrize("column, value", [
    ("time", 1), ("actor", "'mallory'"), ("action", "'model.delete'"), ("object", "'endpoint/default/other'"),
    ("before", "'x'"), ("after", "'x'"), ("after", "NULL"), ("reason", "'good'"), ("reason", "NULL"),
    ("evidence", "'bundle=sha256:00'"), ("leaf", "x'7b7d'"), ("leaf", "x'ff00'"), ("chain", "'00'"),
    ("chain", "'" + "0" * 64 + "'"), ("sequence", 4000),
])
def test_whoever_changes_a_column_is_found(filled, tmp_path, column, value):
    data, environment = copy(filled, tmp_path)
    before = rows(data)
    (entry,) = [row for row in before if row["action"] == "endpoint.deploy" and row["object"].endswith("/churn")]
    number = entry["sequence"]
    tamper(data, f"UPDATE ledger SET {column} = {value} WHERE sequence = {number}")
    verify = ["ledger", "verify", "--format", "json"]
    found = [slipway(*verify, environment=environment, code=4).stderr]
    (tmp_path / "ledger.jsonl").write_text(slipway("ledger", "export", environment=environment).stdout)
    found.append(slipway(*verify, "--file", tmp_path / "ledger.jsonl", environment=environment, code=4).stderr)
    page(tmp_path, "verify.py", data / "registry.sqlite", succeeds=False)
    if column != "sequence":
        with running(data.parent) as server:
            found.append(server.slipway(*verify, code=4).stderr)
            assert "REG-010" in server.slipway("ledger", "head", code=4).stderr, "no head of what was changed"
            assert "REG-010" in server.slipway("ledger", "prove", 0, code=4).stderr
    for problem in found:
        fault = told(problem)
        assert json.loads(problem)["code"] == "REG-010"
        if column == "sequence":
            assert (fault["sequence"], fault["field"]) == (str(number), "entry")
            continue
        assert (fault["sequence"], fault["field"]) == (str(number), column), problem
        if column not in ("leaf", "chain"):
            written = entry[column]
            assert fault.get("written") == (None if written is None else str(written))
            assert fault.get("found") == (None if value == "NULL" else str(value).strip("'"))
            assert f"entry {number}: the leaf says" in fault[f"entry {number}"]


def test_rows_that_are_gone_exchanged_or_put_in_are_found(filled, tmp_path):
    data, environment = copy(filled, tmp_path)
    size, head = filled[1]["size"], f"{filled[1]['size']}:{filled[1]['root']}"

    def fault(*statements, options=(), code=4):
        shutil.rmtree(data)
        shutil.copytree(filled[0] / "data", data)
        tamper(data, *statements)
        done = slipway("ledger", "verify", "--format", "json", *options, environment=environment, code=code)
        return told(done.stderr) if code else done.stdout

    gone = fault("DELETE FROM ledger WHERE sequence = 3")
    assert (gone["sequence"], gone["field"]) == ("3", "entry") and "not there" in gone["entry 3"]
    several = fault("DELETE FROM ledger WHERE sequence IN (2, 3, 4)")
    assert several["sequence"] == "2" and "up to 4" in several["entry 2"]
    first = fault("DELETE FROM ledger WHERE sequence = 0")
    assert first["sequence"] == "0"
    swapped = fault("UPDATE ledger SET sequence = -1 WHERE sequence = 4", "UPDATE ledger SET sequence = 4 WHERE sequence = 5",
                    "UPDATE ledger SET sequence = 5 WHERE sequence = -1")
    assert (swapped["sequence"], swapped["field"], swapped["written"], swapped["found"]) == ("4", "sequence", "5", "4")
    assert "entry 5" in swapped and "entry 6" not in swapped
    values = f"{size}, 1, 'mallory', 'model.delete', 'model/default/churn', x'00', '{'0' * 64}'"
    columns = "sequence, time, actor, action, object, leaf, chain"
    inserted = fault(f"INSERT INTO ledger ({columns}) VALUES ({values})")
    assert inserted["sequence"] == str(size)
    # At the end only whoever kept a head can tell.
    assert f'"verifiedEntries":{size - 2}' in fault(f"DELETE FROM ledger WHERE sequence >= {size - 2}", code=0)
    cut = fault(f"DELETE FROM ledger WHERE sequence >= {size - 2}", options=["--head", head])
    assert (cut["sequence"], cut["field"], cut["written"], cut["found"]) == (str(size - 2), "entry", str(size), str(size - 2))


def test_a_ledger_that_was_written_anew_is_found_against_a_head(filled, tmp_path):
    """Everything fits together again, by somebody who knows how it is made."""
    data, environment = copy(filled, tmp_path)
    chain = bytes(32)
    with contextlib.closing(sqlite3.connect(data / "registry.sqlite")) as database:
        for row in rows(data):
            if row["sequence"] == 2:
                row["actor"] = "mallory"
            record = {name: row[name] for name in COLUMNS[:-2] if row[name] is not None}
            leaf = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
            chain = sha256(b"\2" + chain + leaf_hash(leaf))
            database.execute("UPDATE ledger SET actor = ?, leaf = ?, chain = ? WHERE sequence = ?",
                             [row["actor"], leaf, chain.hex(), row["sequence"]])
        database.commit()
    assert "unchanged" in slipway("ledger", "verify", environment=environment).stdout
    head = f"{filled[1]['size']}:{filled[1]['root']}"
    with running(data.parent) as server:
        for place in [[], ["--data", data]]:
            refused = server.slipway("ledger", "verify", "--head", head, "--format", "json", *place, code=4).stderr
            assert told(refused)["field"] == "root"


# As of


def test_what_came_back_at_a_start_is_in_the_ledger(tmp_path):
    def moment(server):
        return json.loads(server.slipway("ledger", "--endpoint", "churn", "--format", "json").stdout)

    with running(tmp_path) as server:
        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "churn")
        server.slipway("deploy", MODELS / "scale.onnx", "--name", "other", "--endpoint", "other")
        unload = f"{server.url}/v2/repository/models/churn/unload"
        assert fetch(unload, {}, Authorization=f"Bearer {server.token}")[0] == 200
        assert "version" not in moment(server)
    with running(tmp_path) as server:
        wait_for(lambda: moment(server)["because"]["action"] == "endpoint.start")
        shown = moment(server)
        assert shown["version"] == "model/default/churn/1" and shown["because"]["actor"] == "slipway"
        assert "bundle=" in shown["because"]["evidence"]
        entries = json.loads(server.slipway("ledger", "list", "--format", "json").stdout)["entries"]
        assert [entry["object"] for entry in entries if entry["action"] == "endpoint.start"] == ["endpoint/default/churn"]
        server.slipway("ledger", "verify")


def test_a_version_that_fails_its_start_is_in_the_ledger(tmp_path):
    """Version 2 has lost a file when the server starts: version 1 answers, then version 2 again once it is back."""

    def moment(server, at=None):
        options = ["--at", at] if at else []
        return json.loads(server.slipway("ledger", "--endpoint", "churn", *options, "--format", "json").stdout)

    content = b"a further file"
    digest = hashlib.sha256(content).hexdigest()
    with running(tmp_path) as server:
        def call(method, path, body=None):
            status, text = fetch(server.url + path, body, method, Authorization=f"Bearer {server.token}")
            assert status < 300, text
            return text

        server.slipway("deploy", MODELS / "identity-fp32.onnx", "--name", "churn")
        first = json.loads(call("GET", "/v1/registry/models/churn/versions/1"))
        entry = '{"bytes":%d,"path":"a","sha256":"%s"},' % (len(content), digest)
        manifest = call("GET", f"/v1/blobs/{first['bundle']}").replace('"files":[', '"files":[' + entry).encode()
        bundle = "sha256:" + hashlib.sha256(manifest).hexdigest()
        for name, bytes_ in [(f"sha256:{digest}", content), (bundle, manifest)]:
            call("PUT", f"/v1/blobs/{name}", bytes_)
        call("POST", "/v1/registry/models/churn/versions", {"manifest": bundle, "provenance": first["provenance"]})
        call("POST", "/v1/endpoints/churn/deployments", {"model": "churn", "version": "2"})
        assert moment(server)["version"] == "model/default/churn/2"
    contents = tmp_path / "data" / "contents"
    lost = contents / "blobs" / digest[:2] / digest
    shutil.rmtree(contents / "bundles" / bundle.removeprefix("sha256:"))
    lost.rename(tmp_path / "lost")
    with running(tmp_path) as server:
        wait_for(lambda: moment(server)["because"]["action"] == "endpoint.start")
        fallen = moment(server)
        assert fallen["version"] == "model/default/churn/1" and fallen["because"]["before"] == "model/default/churn/2"
        assert "a" in fallen["because"]["reason"] and "replay=" in fallen["because"]["evidence"]
    (tmp_path / "lost").rename(lost)
    with running(tmp_path) as server:
        wait_for(lambda: moment(server)["version"] == "model/default/churn/2")
        assert moment(server)["because"]["action"] == "endpoint.start"
        assert moment(server, fallen["because"]["time"])["version"] == "model/default/churn/1"
        assert "endpoint.start" in server.slipway("ledger", "--endpoint", "churn").stdout


def wait_for(holds):
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
