# SPDX-License-Identifier: Apache-2.0
"""Clearing away: what is needed stays through it, whatever it is interrupted by, and what nothing needs goes."""

import hashlib
import json
import os
import signal
import subprocess
import time

import pytest
from mlflow_rest import Rest
from program import BINARY, EXAMPLES, SOAK, running, unfinished

pytestmark = pytest.mark.no_reference("it has no trash")

ROW = EXAMPLES / "breast-cancer" / "row.json"
KEPT_SHORTLY = ["--retain-deleted", "1s", "--retain-trash", "1s", "--retain-ledger", "1s"]


def age(server, days=2):
    """As if everything had been put some days ago."""
    past = time.time() - days * 86_400
    for folder in ["blobs", "trash"]:
        for path in (server.data / "contents" / folder).rglob("*"):
            os.utime(path, (past, past), follow_symlinks=False)


def gc(server, *arguments):
    return json.loads(server.slipway("gc", *arguments, "--format", "json").stdout)


def blobs(server):
    return {path.name for path in (server.data / "contents" / "blobs").rglob("*") if path.is_file()}


def trash(server):
    return {content["digest"].removeprefix("sha256:") for content in gc(server, "trash")}


def logged_file(rest, experiment, text, run=None):
    run = run or rest.new_run(experiment)
    rest.put_artifact(f"{experiment}/{run}/artifacts/file.txt", text.encode())
    return run, hashlib.sha256(text.encode()).hexdigest()


def test_a_deleted_runs_files_go_and_what_is_named_stays(tmp_path):
    with running(tmp_path, *KEPT_SHORTLY) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        answer = server.slipway("predict", "breast-cancer", "--rows", ROW).stdout
        rest = Rest(server.url)
        experiment = rest.new_experiment()
        deleted, gone = logged_file(rest, experiment, "of a run that is deleted")
        kept, stays = logged_file(rest, experiment, "of a run that stays")
        both, shared = logged_file(rest, experiment, "of both")
        logged_file(rest, experiment, "of both", run=deleted)
        rest.put_artifact(f"{experiment}/{deleted}/artifacts/other.txt", b"of a run that is deleted")
        rest.post("runs/delete", run_id=deleted)
        restored, back = logged_file(rest, experiment, "of a run that comes back")
        rest.post("runs/delete", run_id=restored)
        rest.post("runs/restore", run_id=restored)
        time.sleep(1.1)
        before = blobs(server)
        # All of it is young.
        plan = gc(server)
        assert not plan["applied"] and plan["runs"] == 1 and plan["ofDeleted"]["count"] == 0
        age(server)
        plan = gc(server)
        assert (plan["runs"], plan["artifacts"], plan["ofDeleted"]["count"], plan["unnamed"]["count"]) == (1, 2, 1, 0)
        assert blobs(server) == before and rest.get("runs/get", run_id=deleted)
        done = gc(server, "--apply")
        assert done["applied"] and done["ofDeleted"] == plan["ofDeleted"] and done["runs"] == 1
        assert before - blobs(server) == {gone} == trash(server)
        assert {stays, shared, back} <= blobs(server)
        rest.refuses("RESOURCE_DOES_NOT_EXIST", "GET", "runs/get", {"run_id": deleted})
        assert rest.get_artifact(f"{experiment}/{both}/artifacts/file.txt") == b"of both"
        ledger = server.slipway("ledger", "list", "--limit", "100").stdout
        assert "platform.expire" in ledger and "1 run, 2 artifacts" in ledger and done["list"] in ledger
        # It comes back for whoever asks, and by its digest.
        server.slipway("gc", "restore", "sha256:" + gone)
        assert gone in blobs(server) and not trash(server)
        age(server)
        gc(server, "--apply")
        age(server)
        done = gc(server, "--apply")
        assert done["destroyed"]["count"] >= 1 and gone not in blobs(server) | trash(server)
        server.slipway("ledger", "verify")
    with running(tmp_path) as server:
        assert server.slipway("predict", "breast-cancer", "--rows", ROW).stdout == answer
        assert Rest(server.url).get_artifact(f"{experiment}/{kept}/artifacts/file.txt") == b"of a run that stays"


def test_an_upload_of_what_is_being_swept_is_never_lost(tmp_path):
    """The same content, put and named again and again while it is swept, as it would be an age later."""
    with running(tmp_path, *KEPT_SHORTLY) as server:
        rest = Rest(server.url)
        experiment = rest.new_experiment()
        for round in range(40 if SOAK else 12):
            run, digest = logged_file(rest, experiment, "always the same")
            rest.post("runs/delete", run_id=run)
            time.sleep(1.05)
            age(server)
            sweeping = subprocess.Popen([BINARY, "gc", "--apply"], env=server.environment, stdout=subprocess.DEVNULL)
            time.sleep(0.002 * (round % 12))
            again, _ = logged_file(rest, experiment, "always the same")
            assert sweeping.wait(300) == 0
            assert rest.get_artifact(f"{experiment}/{again}/artifacts/file.txt") == b"always the same"
            rest.post("runs/delete", run_id=again)


def test_a_kill_in_the_middle_leaves_everything_in_order(tmp_path):
    kept, last = {}, []
    for round in range(12 if SOAK else 4):
        with running(tmp_path, *KEPT_SHORTLY, ends_with=-signal.SIGKILL) as server:
            rest = Rest(server.url)
            if not kept:
                server.slipway("deploy", EXAMPLES / "breast-cancer")
                last = [rest.new_experiment()]
            for number in range(60):
                run, _ = logged_file(rest, last[0], f"{round} {number} goes")
                rest.post("runs/delete", run_id=run)
            run, _ = logged_file(rest, last[0], f"{round} stays")
            kept[run] = f"{round} stays".encode()
            time.sleep(1.1)
            age(server)
            sweeping = subprocess.Popen(
                [BINARY, "gc", "--apply"], env=server.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(0.03 + 0.02 * round)
            server.process.kill()
            sweeping.wait(300)
    with running(tmp_path, *KEPT_SHORTLY) as server:
        rest = Rest(server.url)
        for run, content in kept.items():
            assert rest.get_artifact(f"{last[0]}/{run}/artifacts/file.txt") == content
        assert server.slipway("predict", "breast-cancer", "--rows", ROW).stdout
        server.slipway("ledger", "verify")
        age(server)
        gc(server, "--apply")
        plan = gc(server)
        assert plan["runs"] == plan["unnamed"]["count"] == plan["ofDeleted"]["count"] == 0
        # Every content is in one place, and the folder has nothing half.
        assert not blobs(server) & trash(server)
        assert not unfinished(server.data)


def test_a_bundle_that_cannot_be_read_stops_it(tmp_path):
    with running(tmp_path, *KEPT_SHORTLY) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        rest = Rest(server.url)
        experiment = rest.new_experiment()
        run, content = logged_file(rest, experiment, "goes")
        rest.post("runs/delete", run_id=run)
        time.sleep(1.1)
        age(server)
        files = [path for path in (server.data / "contents" / "blobs").rglob("*") if path.is_file()]
        (path,) = [path for path in files if b"slipway.bundle/1" in path.read_bytes()]
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + b" ")
        for arguments in [["gc"], ["gc", "--apply"], ["gc", "empty-trash"]]:
            refused = server.slipway(*arguments, code=4)
            assert "RET-001" in refused.stderr and "breast-cancer version 1" in refused.stderr
            assert content in blobs(server)
        # Mended, as the hint says.
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        age(server)
        assert gc(server, "--apply")["ofDeleted"]["count"] == 1


def test_what_a_backup_or_an_export_copies_is_held_through_a_restart(tmp_path):
    export = "/v1/registry/models/breast-cancer/versions/1/export"
    with running(tmp_path, *KEPT_SHORTLY) as server:
        server.slipway("deploy", EXAMPLES / "breast-cancer")
        rest = Rest(server.url, Authorization=f"Bearer {server.token}")
        experiment = rest.new_experiment()
        run, copied = logged_file(rest, experiment, "being copied")
        backup = rest.ask("POST", "/v1/backups", {}).json()["id"]
        content = rest.ask("GET", export).json()["contents"][0]["sha256"]
        rest.post("runs/delete", run_id=run)
    with running(tmp_path, *KEPT_SHORTLY) as server:
        rest = Rest(server.url, Authorization=f"Bearer {server.token}")
        time.sleep(1.1)
        age(server)
        # The second one is what the ledger said of the version when it was exported.
        assert gc(server, "--apply")["held"]["count"] == 2
        assert copied in blobs(server)
        assert hashlib.sha256(rest.ask("GET", f"{export}/{content}").content).hexdigest() == content
        assert rest.ask("GET", f"{export}/{copied}").status_code == 404
        # The platform's alone: whoever ends a backup ends nothing else.
        assert rest.ask("DELETE", "/v1/backups/export%20default%2Fbreast-cancer%201").status_code == 204
        assert len(list((server.data / "contents" / "held").iterdir())) == 2
        assert rest.ask("DELETE", f"/v1/backups/{backup}").status_code == 204
        gc(server, "--apply")
        assert copied in trash(server)
