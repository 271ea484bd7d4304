# SPDX-License-Identifier: Apache-2.0
"""What `slipway run start` keeps of a run, and what it does to nothing else."""

import hashlib
import os
import signal
import subprocess
import time

import pytest
from program import BINARY
from training import problem, rows, tree_of

SHOW = """
import os, sys
names = ["MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_TRACKING_TOKEN", "SLIPWAY_RUN_ID"]
names += ["SLIPWAY_URL", "SLIPWAY_TOKEN", "PYTHONHASHSEED", "SLIPWAY_SEED"]
sys.stdout.write(" ".join(f"{name}={os.environ.get(name)}" for name in names) + "\\n")
print("said aside", file=sys.stderr)
"""


def test_a_run_knows_its_command_and_the_command_its_run(runs, server, repository):
    code = repository(train_dot_py=SHOW)
    run, done = runs.start(
        code.folder, "--experiment", "shown", "--name", "first", "--seed", "7", "--", "python", "train.py", "a b"
    )
    told = dict(word.split("=", 1) for word in done.stdout.split())
    assert told["MLFLOW_TRACKING_URI"] == told["SLIPWAY_URL"] == server.url
    assert told["MLFLOW_RUN_ID"] == told["SLIPWAY_RUN_ID"] == run
    assert told["MLFLOW_TRACKING_TOKEN"] == told["SLIPWAY_TOKEN"] == server.token
    assert told["PYTHONHASHSEED"] == told["SLIPWAY_SEED"] == "7"
    assert "said aside" in done.stderr
    shown = runs.show(run)
    assert (shown["status"], shown["name"], shown["experiment"]) == ("FINISHED", "first", told["MLFLOW_EXPERIMENT_ID"])
    assert shown["tags"]["mlflow.source.git.commit"] == code.head
    assert shown["tags"]["slipway.command"] == "python train.py 'a b'"
    record = runs.record(run)
    assert record["schema"] == "slipway.run/1"
    assert record["command"] == ["python", "train.py", "a b"]
    assert (record["folder"], record["seed"], record["data"]) == (".", 7, [])
    assert record["git"] == {"commit": code.head, "dirty": False}
    assert "patch" not in record["code"]
    output = runs.artifact(run, "output.txt").decode()
    assert done.stdout in output and "said aside" in output


def test_files_are_what_the_record_says(runs, repository):
    run, _ = runs.start(repository(train_dot_py="print(1)").folder, "--", "python", "train.py")
    record = runs.record(run)
    for file in [record["code"]["archive"], record["environment"]["requirements"]]:
        content = runs.artifact(run, file["path"].removeprefix("slipway/"))
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"])
    lines = runs.artifact(run, "requirements.txt").decode().splitlines()
    import sklearn

    assert f"scikit-learn=={sklearn.__version__}" in lines
    assert record["environment"]["python"].startswith("3.")


def test_no_python_no_environment(runs, repository):
    run, done = runs.start(repository(a="1").folder, "--", "echo", "hello")
    assert done.stdout == "hello\n"
    assert "environment" not in runs.record(run)


def test_changes_of_every_kind_come_back(runs, repository, tmp_path):
    code = repository(
        train_dot_py="print(1)", kept="same", changed="before", gone="away", old__name="moved " * 50,
        binary=bytes(range(256)), script="#!/bin/sh\n", _dot_gitignore="*.log\n",
    )  # fmt: skip
    code.write("changed", "after\r\n")
    (code.folder / "gone").unlink()
    (code.folder / "new").mkdir()
    (code.folder / "old" / "name").rename(code.folder / "new" / "name with ü")
    code.write("binary", bytes(reversed(range(256))) * 9)
    code.write("untracked/deep/file", b"\0\xff")
    code.write("ignored.log", "a secret")
    (code.folder / "script").chmod(0o755)
    (code.folder / "link").symlink_to("kept")
    code.git("add", "changed")
    index, objects = (code.folder / ".git/index").read_bytes(), sorted((code.folder / ".git").rglob("*"))
    before = tree_of(code.folder)
    run, _ = runs.start(code.folder, "--", "true")
    assert (code.folder / ".git/index").read_bytes() == index
    assert sorted((code.folder / ".git").rglob("*")) == objects
    assert runs.record(run)["git"]["dirty"] is True
    del before["ignored.log"]
    assert tree_of(runs.restore(run, tmp_path / "restored")) == before
    assert b"a secret" not in (runs.artifact(run, "code.patch") + runs.artifact(run, "code.tar"))


def test_nothing_is_left_lying_about(runs, repository, tmp_path):
    place = tmp_path / "temporary"
    place.mkdir()
    code = repository(a="1")
    code.write("b", "2")
    runs.start(code.folder, "--", "true", TMPDIR=str(place))
    runs.start(code.folder, "--", "false", code=1, TMPDIR=str(place))
    assert list(place.iterdir()) == []


def test_the_working_folder_may_be_below_the_top(runs, repository, tmp_path):
    code = repository(top="1", models__churn__train_dot_py="print(1)")
    run, _ = runs.start(code.folder / "models/churn", "--", "python", "train.py")
    assert runs.record(run)["folder"] == "models/churn"
    assert tree_of(runs.restore(run, tmp_path / "restored")) == tree_of(code.folder)


def test_a_repository_starts_no_programs(runs, repository, tmp_path):
    proof = tmp_path / "started"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {proof}\ncat\n")
    program.chmod(0o755)
    code = repository(a="1", _dot_gitattributes="* filter=evil diff=evil\nleft export-ignore\n", left="here")
    for key in ["core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.external",
                "diff.evil.command", "diff.evil.textconv", "core.pager", "core.sshCommand"]:  # fmt: skip
        code.git("config", key, str(program))
    code.git("config", "filter.evil.required", "true")
    hooks = code.folder / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ["post-index-change", "pre-commit", "post-checkout"]:
        (hooks / hook).write_bytes(program.read_bytes())
        (hooks / hook).chmod(0o755)
    code.write("a", "2")
    code.write("b", "3")
    run, _ = runs.start(code.folder, "--", "true")
    assert not proof.exists()
    assert tree_of(runs.restore(run, tmp_path / "restored")) == tree_of(code.folder)


def test_the_remote_is_kept_without_its_password(runs, repository):
    code = repository(a="1")
    code.git("remote", "add", "origin", "https://ada:hunter2@example.com/code.git?token=hunter2")
    run, _ = runs.start(code.folder, "--", "true")
    assert runs.record(run)["git"]["remote"] == "https://example.com/code.git"
    assert b"hunter2" not in runs.artifact(run, "run.json")


def test_without_history_the_files_are_the_code(runs, tmp_path):
    folder = tmp_path / "plain"
    (folder / "venv").mkdir(parents=True)
    (folder / "venv/pyvenv.cfg").write_text("")
    (folder / ".env").write_text("hunter2")
    (folder / "train.py").write_text("print(1)")
    run, _ = runs.start(folder, "--", "python", "train.py")
    record = runs.record(run)
    assert "git" not in record
    assert tree_of(runs.restore(run, tmp_path / "restored")) == {"train.py": ("file", b"print(1)")}


def test_what_is_too_large_is_refused_before_anything_runs(runs, tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    with (folder / "large.bin").open("wb") as file:
        file.truncate(65 << 20)
    done = runs.slipway(folder, "run", "start", "--", "touch", "ran", code=2)
    assert "RPR-007" in problem(done) and not (folder / "ran").exists()
    run, _ = runs.start(folder, "--no-code", "--", "touch", "ran")
    assert (folder / "ran").exists() and "code" not in runs.record(run)


def test_a_command_that_fails_hands_its_code_on(runs, repository):
    run, done = runs.start(repository(a="1").folder, "--", "sh", "-c", "echo oh no >&2; exit 3", code=3)
    assert runs.show(run)["status"] == "FAILED"
    assert "oh no" in runs.artifact(run, "output.txt").decode()


def test_a_command_that_is_not_there_is_said(runs, repository):
    done = runs.slipway(repository(a="1").folder, "run", "start", "--", "no-such-program", code=2)
    assert "RPR-005" in problem(done)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_stopped_was_killed(runs, server, repository, sent):
    code = repository(a="1")
    script = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\nprint('up')\ntime.sleep(600)"
    process = subprocess.Popen(
        [BINARY, "run", "start", "--", "python", "-c", script], cwd=code.folder, env=server.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stdout.readline() == "up\n"
    began = time.monotonic()
    process.send_signal(sent)
    output, errors = process.communicate(timeout=300)
    assert time.monotonic() - began < 300
    assert process.returncode == (9 if sent == signal.SIGTERM else 130), errors
    run = errors.split()[1]
    assert runs.show(run)["status"] == "KILLED"
    assert runs.artifact(run, "output.txt").decode().startswith("up\n")


def test_only_the_end_of_much_output_is_kept(runs, repository):
    run, done = runs.start(repository(a="1").folder, "--", "sh", "-c", "seq 400000; echo the end")
    kept = runs.artifact(run, "output.txt")
    assert len(kept) == 1 << 20 and kept.endswith(b"400000\nthe end\n")
    assert done.stdout.startswith("1\n2\n")


# MARK: Data


@pytest.fixture
def data(runs, name, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(rows())
    runs.slipway("/", "dataset", "add", file, "--name", name)
    return name


def test_data_are_fetched_and_recorded(runs, repository, data, tmp_path):
    code = repository(train_dot_py="print(open('data/rows.csv').read())")
    run, done = runs.start(code.folder, "--data", f"{data}@1=data/rows.csv", "--", "python", "train.py")
    assert done.stdout == rows() + "\n"
    digest = hashlib.sha256(rows().encode()).hexdigest()
    assert runs.record(run)["data"] == [
        {"dataset": data, "project": "default", "version": 1, "sha256": digest, "path": "data/rows.csv"}
    ]
    (given,) = runs.show(run)["datasets"]
    assert (given["name"], given["digest"]) == (data, digest[:36])
    # They are no code.
    assert runs.record(run)["git"]["dirty"] is False
    assert b"a,b,y" not in runs.artifact(run, "code.tar")


def test_data_have_a_place_of_their_own(runs, repository, data):
    code = repository(a="1")
    runs.start(code.folder, "--data", f"{data}@1", "--", "true")
    assert (code.folder / f"data/{data}.csv").read_text() == rows()
    # There already, and the same.
    runs.start(code.folder, "--data", data, "--", "true")


def test_data_may_be_what_git_ignores(runs, repository, data):
    code = repository(_dot_gitignore="data/\n", train_dot_py="print(1)")
    code.write("new", "1")
    run, _ = runs.start(code.folder, "--data", f"{data}@1=data/rows.csv", "--", "true")
    patch = runs.artifact(run, "code.patch")
    assert b"new" in patch and b"a,b,y" not in patch


def test_other_data_in_their_place_are_refused(runs, repository, data):
    code = repository(a="1")
    code.write("data/rows.csv", rows(shift=1))
    done = runs.slipway(code.folder, "run", "start", "--data", f"{data}@1=data/rows.csv", "--", "touch", "ran", code=4)
    assert "DAT-006" in problem(done)
    assert not (code.folder / "ran").exists()
    assert (code.folder / "data/rows.csv").read_text() == rows(shift=1)


@pytest.mark.parametrize("path", ["/tmp/rows.csv", "../rows.csv", "a/../../rows.csv", ""])
def test_data_stay_inside(runs, repository, data, path):
    code = repository(a="1")
    runs.slipway(code.folder, "run", "start", "--data", f"{data}@1={path}", "--", "true", code=64)


def test_packing_keeps_the_changes_and_not_the_data(runs, server, repository, name, tmp_path):
    """`slipway deploy` of a folder with changes: the patch is a content of its own."""
    from program import EXAMPLES, fetch

    folder = EXAMPLES / "breast-cancer"
    files = {f.name.replace(".", "_dot_"): f.read_bytes() for f in folder.iterdir() if f.is_file()}
    code = repository(**files)
    code.write("README.md", "changed by me\n")
    code.write("untracked.csv", "personal\n")
    code.write("train.csv", (folder / "train.csv").read_text() + "\n")
    bundle = tmp_path / "bundle"
    runs.slipway(code.folder, "pack", ".", "--output", bundle)
    runs.slipway("/", "deploy", bundle, "--name", name)
    import json

    (git,) = [json.loads((bundle / "provenance.json").read_text())["git"]]
    patch = (bundle / "provenance.patch").read_bytes()
    assert git == {
        "commit": code.head, "dirty": True,
        "patch": {"sha256": hashlib.sha256(patch).hexdigest(), "bytes": len(patch)},
    }  # fmt: skip
    assert b"changed by me" in patch and b"personal" not in patch and b"a/train.csv" not in patch
    authorization = {"Authorization": f"Bearer {server.token}"}
    status, text = fetch(f"{server.url}/v1/blobs/sha256:{git['patch']['sha256']}", **authorization)
    assert (status, text.encode()) == (200, patch)
    shown = json.loads(runs.slipway("/", "model", "show", name, "--version", "1", "--format", "json").stdout)
    assert shown["git"] == git
