# SPDX-License-Identifier: Apache-2.0
"""Clearing away on one server, beside the other ones, a backup, and itself."""

import contextlib
import os
import signal

import pytest
from clearing import KEPT_SHORTLY, age_all, begin, begin_clearing, blobs, clear, is_taken, litter, outcome, trash
from fleet import Fleet, factor, json_of, new_scale, until, verify_ledger
from mlflow_rest import Rest
from program import running, slipway

LITTER = 400


@pytest.fixture
def pair(fleet):
    return [fleet.start(name, *KEPT_SHORTLY) for name in ["a", "b"]]


def test_only_one_at_a_time_clears_away(fleet, pair, tmp_path):
    new_scale(pair[0], tmp_path, "kept", 2)
    needed = blobs(fleet)
    for meeting in range(4):
        gone = litter(fleet, LITTER, f"meeting {meeting}")
        told = [outcome(clearing) for clearing in [begin_clearing(server) for server in pair]]
        done = [report for code, report in told if code == 0]
        assert done and all(code == 0 or is_taken((code, said)) for code, said in told), told
        # One that waited found nothing any more.
        assert sum(report["unnamed"]["count"] for report in done) == LITTER
        assert gone <= trash(fleet) and not gone & blobs(fleet)
    assert needed <= blobs(fleet)
    entries = json_of(pair[0], "ledger", "list", "--limit", "1000")["entries"]
    assert len([entry for entry in entries if entry["action"] == "platform.sweep"]) == 4
    assert factor(pair[1], "kept") == 2
    verify_ledger(pair[1])


def test_what_one_server_holds_no_other_clears_away(fleet, pair, tmp_path):
    """A backup that one makes while another clears away, of files of a run that is deleted meanwhile."""
    a, b = pair
    rest = Rest(a.url)
    experiment = rest.new_experiment()
    run = rest.new_run(experiment)
    contents = {f"{number}.bin": f"{number} ".encode() * 100_000 for number in range(20)}
    for name, content in contents.items():
        rest.put_artifact(f"{experiment}/{run}/artifacts/{name}", content)
    new_scale(b, tmp_path, "kept", 2)
    before = blobs(fleet)
    target = tmp_path / "backup"
    backup = begin(a, "backup", target)
    # The registry is written down, and the files are being copied, for as long as this takes.
    until(lambda: list(tmp_path.glob("backup*/**/*")) or backup.poll() is not None, pause=0.001)
    os.kill(backup.pid, signal.SIGSTOP)
    try:
        assert backup.poll() is None, "it was over before"
        Rest(b.url).post("runs/delete", run_id=run)
        until(lambda: json_of(b, "gc")["runs"] == 1)
        age_all(fleet)
        clear(b)
        assert not Rest(b.url).ask("GET", "runs/get", {"run_id": run}).ok, "the row is gone, and the files are held"
        assert before <= blobs(fleet)
    finally:
        os.kill(backup.pid, signal.SIGCONT)
    assert backup.wait(600) == 0, backup.communicate()
    slipway("backup", "verify", target, environment=a.environment)
    alone = {key: value for key, value in a.environment.items() if key != "SLIPWAY_DATABASE"}
    slipway("restore", target, "--data", tmp_path / "restored" / "data", environment=alone)
    with running(tmp_path / "restored") as restored:
        for name, content in contents.items():
            assert Rest(restored.url).get_artifact(f"{experiment}/{run}/artifacts/{name}") == content
        assert factor(restored, "kept") == 2
    # Once it is done they go.
    age_all(fleet)
    until(lambda: clear(b)["needed"]["count"] and not blobs(fleet) & gone_with(contents))


def gone_with(contents):
    import hashlib

    return {hashlib.sha256(content).hexdigest() for content in contents.values()}


def test_what_is_being_sent_to_one_server_is_not_cleared_away_by_another(fleet, pair):
    a, b = pair
    litter(fleet, LITTER, "swept")
    rest, experiment = Rest(a.url), Rest(a.url).new_experiment()
    with contextlib.ExitStack() as stack:
        clearing = begin_clearing(b)
        stack.callback(clearing.kill)
        for number in range(30):
            run = rest.new_run(experiment)
            # The same contents as are being swept.
            rest.put_artifact(f"{experiment}/{run}/artifacts/f.txt", f"swept {number}".encode())
            assert Rest(b.url).get_artifact(f"{experiment}/{run}/artifacts/f.txt") == f"swept {number}".encode()
        assert outcome(clearing)[0] == 0
    clear(a)
    for found in rest.post("runs/search", experiment_ids=[experiment])["runs"]:
        run = found["info"]["run_id"]
        assert Rest(b.url).get_artifact(f"{experiment}/{run}/artifacts/f.txt").startswith(b"swept ")


def test_platforms_do_not_share_what_they_clear(tmp_path):
    """Two platforms in one cluster of PostgreSQL: what one clears away is no business of the other."""
    with Fleet(tmp_path / "one") as one, Fleet(tmp_path / "two") as two:
        servers = [platform.start("a", *KEPT_SHORTLY) for platform in (one, two)]
        for platform in (one, two):
            litter(platform, LITTER, "of each")
        told = [outcome(clearing) for clearing in [begin_clearing(server) for server in servers]]
        assert [code for code, _ in told] == [0, 0]
