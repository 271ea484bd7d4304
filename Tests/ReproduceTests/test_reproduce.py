# SPDX-License-Identifier: Apache-2.0
"""Training a version again, from the server alone."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest
from program import BINARY, EXAMPLES, fetch
from training import COPY, MLFLOW, TREE, Repository, problem, rows

CANCER = EXAMPLES / "breast-cancer"
ROWS = "f0,f1\n" + "\n".join(f"{i * 37 % 101},{i * 53 % 97}" for i in range(40)) + "\n"


@pytest.fixture
def data(runs, name, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(rows())
    runs.slipway("/", "dataset", "add", file, "--name", name)
    return name


@pytest.fixture
def trained(runs, repository, data, name):
    """A model that was trained under a record and deployed, and whose repository is gone -> model, run."""

    def train(*options, script=COPY, deploys=True):
        model = "model.joblib" if script.startswith(TREE) else "model.onnx"
        code = repository(train_dot_py="old", examples_dot_csv=ROWS, base_dot_onnx="")
        code.write("train.py", script)
        if model == "model.onnx":
            code.write("base.onnx", (CANCER / "model.onnx").read_bytes())
            code.write("examples.csv", (CANCER / "examples.csv").read_bytes())
        run, _ = runs.start(
            code.folder, "--data", f"{data}@1=data/rows.csv", *options, "--", "python", "train.py", "--depth", "4"
        )
        if deploys:
            runs.slipway(code.folder, "deploy", model, "--name", name, "--examples", "examples.csv", "--run", run)
        shutil.rmtree(code.folder)
        return name, run

    return train


def test_a_seeded_model_comes_back_from_the_server_alone(runs, trained, tmp_path):
    model, run = trained("--seed", "7", "--experiment", "trees", script=TREE)
    found = runs.reproduce(f"{model}@1", "--repeat", "3")
    assert found["reproduced"] is True
    assert (found["model"], found["version"], found["run"], found["seed"]) == (model, 1, run, 7)
    assert found["command"] == ["python", "train.py", "--depth", "4"]
    assert found["rows"] >= 40
    assert len(found["repetitions"]) == 3
    for one in found["repetitions"]:
        assert (one["agree"], one["sameDecisions"], one["largestDifference"]) == (found["rows"], found["rows"], 0)
    assert found["varyingDecisions"] == 0
    assert all(spread["rows"] == 0 for spread in found["spread"])
    assert found["environment"]["kind"] == "active"
    assert found.get("folder") is None


def test_an_unseeded_model_shows_how_far_training_varies(runs, trained):
    model, _ = trained(script=TREE)
    found = runs.reproduce(f"{model}@1", "--repeat", "3", code=4)
    assert found["reproduced"] is False
    assert found["varyingDecisions"] > 0
    assert any(spread["rows"] > 0 for spread in found["spread"])
    assert any(one["agree"] < found["rows"] and one["differences"] for one in found["repetitions"])


def test_another_model_is_not_taken_for_the_same(runs, trained):
    # The same graph with another sign before a number: behind the attribute's name stand a tag and four bytes.
    script = COPY + """
if os.environ.get("ONCE_MORE"):
    model = bytearray(open("model.onnx", "rb").read())
    model[model.index(b"intercepts") + len("intercepts") + 4] ^= 0x80
    open("model.onnx", "wb").write(model)
"""
    model, _ = trained(script=script)
    done = runs.slipway("/", "reproduce", f"{model}@1", code=4, ONCE_MORE="1")
    assert "RPR-004" in problem(done) and "is not reproduced" in done.stdout


def test_the_command_is_shown_first_and_the_real_server_is_left_alone(runs, server, trained):
    model, _ = trained("--seed", "1")
    before = [json.loads(runs.slipway("/", *what, "--format", "json").stdout) for what in
              (("run", "list"), ("model", "list"), ("experiment", "list"))]  # fmt: skip
    done = runs.slipway("/", "reproduce", f"{model}@1")
    assert "python train.py --depth 4" in done.stderr and "outside of any sandbox" in done.stderr
    assert done.stderr.index("python train.py") < done.stderr.index("trained with 1")
    assert f"✓ {model}@1 is reproduced" in done.stdout
    after = [json.loads(runs.slipway("/", *what, "--format", "json").stdout) for what in
             (("run", "list"), ("model", "list"), ("experiment", "list"))]  # fmt: skip
    assert after == before


def test_nothing_is_left_running_or_lying_about(runs, trained, tmp_path):
    model, _ = trained("--seed", "1")
    place = tmp_path / "temporary"
    place.mkdir()
    runs.reproduce(f"{model}@1", TMPDIR=str(place))
    assert not [path for path in place.iterdir() if path.name.startswith("slipway-")]


def test_a_folder_of_its_own_stays(runs, trained, tmp_path):
    model, _ = trained("--seed", "1")
    place = tmp_path / "again"
    found = runs.reproduce(f"{model}@1", "--into", place)
    assert found["folder"] == str(place)
    assert (place / "1/train.py").read_text() == COPY and (place / "1/data/rows.csv").read_text() == rows()
    assert not (place / "server/server.json").exists()
    assert problem(runs.slipway("/", "reproduce", f"{model}@1", "--into", place, code=4)).count("PRJ-008")


def test_an_mlflow_model_comes_back(runs, repository, data, name):
    code = repository(train_dot_py=MLFLOW)
    run, _ = runs.start(
        code.folder, "--experiment", "with-mlflow", "--seed", "3", "--data", f"{data}@1=data/rows.csv", "--", "python",
        "train.py", MODEL=name)  # fmt: skip
    shown = runs.show(run)
    assert shown["params"] == {"loss": "log_loss"} and len(shown["models"]) == 1
    runs.slipway("/", "deploy", f"{name}@1")
    shutil.rmtree(code.folder)
    # Registered under its name, logged without one.
    for variables in [{"MODEL": name}, {}]:
        found = runs.reproduce(f"{name}@1", **variables)
        assert found["reproduced"] is True and found["rows"] >= 40


DEPLOYS = TREE + """
import subprocess
subprocess.run([os.environ["PROGRAM"], "deploy", "model.joblib", "--name", os.environ["MODEL"], "--examples", "examples.csv"],
               check=True)
"""


def test_a_command_that_deploys_is_linked_and_deploys_elsewhere(runs, trained, name):
    runs.server.environment.update(PROGRAM=str(BINARY), MODEL=name)
    model, run = trained("--seed", "5", script=DEPLOYS, deploys=False)
    found = runs.reproduce(f"{model}@1")
    assert found["reproduced"] is True and found["run"] == run
    assert len(json.loads(runs.slipway("/", "model", "show", model, "--format", "json").stdout)["versions"]) == 1


SLEEPS = COPY + """
if os.environ.get("ONCE_MORE"):
    import time
    print("asleep", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_giving_it_up_leaves_nothing(runs, trained, tmp_path, sent):
    model, _ = trained("--seed", "1", script=SLEEPS)
    place = tmp_path / "temporary"
    place.mkdir()
    process = subprocess.Popen(
        [BINARY, "reproduce", f"{model}@1"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, env=runs.server.environment | {"TMPDIR": str(place), "ONCE_MORE": "1"},
    )  # fmt: skip
    for line in process.stderr:
        if line == "asleep\n":
            break
    process.send_signal(sent)
    process.communicate(timeout=300)
    assert process.returncode in (-sent, 128 + sent, 130)
    assert not [path for path in place.iterdir() if path.name.startswith("slipway-")]
    left = [command.read_bytes() for command in Path("/proc").glob("[0-9]*/cmdline") if command.exists()]
    assert not [command for command in left if str(place).encode() in command]


# MARK: What is missing


def test_data_that_were_not_copied_are_missing(runs, repository, name, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(rows())
    runs.slipway("/", "dataset", "add", file, "--name", name, "--fingerprint-only")
    code = repository(
        train_dot_py=COPY, base_dot_onnx=(CANCER / "model.onnx").read_bytes(),
        examples_dot_csv=(CANCER / "examples.csv").read_bytes(),
    )  # fmt: skip
    arguments = ["--data", f"{name}@1=rows.csv", "--", "python", "train.py"]
    # Nobody has them to bring, and the very file is good enough.
    assert "DAT-004" in problem(runs.slipway(code.folder, "run", "start", *arguments, code=4))
    code.write("rows.csv", rows())
    run, _ = runs.start(code.folder, *arguments)
    assert b"a,b,y" not in (runs.artifact(run, "code.tar") + (runs.artifact(run, "code.patch") or b""))
    runs.slipway(code.folder, "deploy", "model.onnx", "--name", name, "--examples", "examples.csv", "--run", run)
    assert "DAT-004" in problem(runs.slipway("/", "reproduce", f"{name}@1", code=4))


def test_a_version_of_no_run(runs, tmp_path, name):
    runs.slipway("/", "deploy", CANCER / "model.onnx", "--name", name)
    assert "RPR-001" in problem(runs.slipway("/", "reproduce", f"{name}@1", code=4))


def test_a_run_that_nobody_has_is_not_linked(runs, name):
    arguments = ["deploy", CANCER / "model.onnx", "--name", name, "--run"]
    assert "TRK-002" in problem(runs.slipway("/", *arguments, "f" * 32, code=3))
    assert "TRK-002" in problem(runs.slipway("/", *arguments, "../../x", code=3))
    runs.slipway("/", "model", "show", name, code=3)


def test_a_run_without_a_record(runs, server, name):
    status, text = fetch(
        f"{server.url}/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "x"})
    assert status == 200, text
    run = json.loads(text)["run"]["info"]["run_id"]
    runs.slipway("/", "deploy", CANCER / "model.onnx", "--name", name, "--run", run)
    assert "RPR-002" in problem(runs.slipway("/", "reproduce", f"{name}@1", code=4))


def test_a_run_without_its_code(runs, trained):
    model, _ = trained("--seed", "1", "--no-code")
    assert "RPR-002" in problem(runs.slipway("/", "reproduce", f"{model}@1", code=4))


def test_a_version_that_is_not_there(runs):
    runs.slipway("/", "reproduce", "nobody@1", code=3)
    assert "REG-005" in problem(runs.slipway("/", "reproduce", "nobody", code=2))


FAILS = COPY + """
if not os.path.exists(os.environ["ONCE"]):
    print("the second time is the last", file=sys.stderr)
    sys.exit(5)
"""


def test_a_command_that_fails_this_time(runs, trained, tmp_path):
    once = tmp_path / "once"
    once.touch()
    runs.server.environment["ONCE"] = str(once)
    model, _ = trained("--seed", "1", script=FAILS)
    once.unlink()
    place = tmp_path / "temporary"
    place.mkdir()
    done = runs.slipway("/", "reproduce", f"{model}@1", code=4, TMPDIR=str(place))
    assert "RPR-005" in problem(done) and "the second time is the last" in done.stderr
    # What it ran in can be looked at, and the server there has ended.
    (kept,) = [path for path in place.iterdir() if path.name.startswith("slipway-")]
    assert (kept / "1/train.py").exists() and not (kept / "server/server.json").exists()


def test_a_command_that_writes_no_model(runs, trained):
    script = "import os\nif 'ONCE_MORE' in os.environ:\n    raise SystemExit\n" + COPY
    model, _ = trained("--seed", "1", script=script)
    done = runs.slipway("/", "reproduce", f"{model}@1", code=4, ONCE_MORE="1")
    assert "RPR-006" in problem(done)


def test_a_stale_model_in_the_code_is_no_result(runs, repository, data, name):
    """The file that was packed is among the code: it is not taken for what was trained."""
    code = repository(
        train_dot_py=COPY, examples_dot_csv=(CANCER / "examples.csv").read_bytes(),
        base_dot_onnx=(CANCER / "model.onnx").read_bytes(),
    )  # fmt: skip
    arguments = ["--seed", "1", "--data", f"{data}@1=data/rows.csv", "--", "python", "train.py"]
    runs.start(code.folder, *arguments)
    code.commit()
    code.write("train.py", "import os\nif 'ONCE_MORE' in os.environ:\n    raise SystemExit\n" + COPY)
    run, _ = runs.start(code.folder, *arguments)
    runs.slipway(code.folder, "deploy", "model.onnx", "--name", name, "--examples", "examples.csv", "--run", run)
    assert "RPR-006" in problem(runs.slipway("/", "reproduce", f"{name}@1", code=4, ONCE_MORE="1"))


def test_other_packages_are_not_taken_for_the_same(runs, trained):
    model, run = trained("--seed", "1")
    record = runs.record(run)
    list_ = b"no-such-package-at-all==1.0\n"
    record["environment"]["requirements"].update(sha256=hashlib.sha256(list_).hexdigest(), bytes=len(list_))
    runs.replace(run, "requirements.txt", list_)
    runs.replace(run, "run.json", json.dumps(record).encode())
    found = runs.reproduce(f"{model}@1", "--environment", "active")
    assert found["environment"]["differences"] == ["no-such-package-at-all 1.0 was recorded, none is here"]
    done = runs.slipway("/", "reproduce", f"{model}@1", code=7, PIP_NO_INDEX="1")
    assert "ENG-009" in problem(done)


def test_an_environment_of_its_own(runs, trained, repository, name):
    """Without packages, so that nothing has to be fetched: what is run there is a Python of its own."""
    model, run = trained("--seed", "1")
    record = runs.record(run)
    record["environment"]["requirements"].update(sha256=hashlib.sha256(b"").hexdigest(), bytes=0)
    record["command"] = ["python", "-c", "import sys; print(sys.prefix); import sklearn"]
    runs.replace(run, "requirements.txt", b"")
    runs.replace(run, "run.json", json.dumps(record).encode())
    done = runs.slipway("/", "reproduce", f"{model}@1", "--environment", "recorded", code=4)
    assert "RPR-005" in problem(done)
    assert "/environment\n" in done.stderr and "No module named 'sklearn'" in done.stderr


# MARK: What is hostile


def archive_of(*entries):
    """A tar archive of entries as they are: name, content, type, link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content, kind, link in entries:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, link
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


FILE, LINK, HARD, PIPE, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE

ARCHIVES = {
    "absolute": [("/tmp/escaped", b"x", FILE, "")],
    "parent": [("../escaped", b"x", FILE, "")],
    "parent deep": [("a/../../escaped", b"x", FILE, "")],
    "absolute link": [("link", b"", LINK, "/tmp")],
    "link out": [("a/link", b"", LINK, "../../outside")],
    "through a link": [("link", b"", LINK, "folder"), ("folder", b"", FOLDER, ""), ("link/file", b"x", FILE, "")],
    "link over a link": [
        ("a/b/deep", b"", LINK, "../.."), ("out", b"", LINK, "a/b/deep/../outside"),
    ],
    "hard link": [("file", b"", HARD, "/etc/passwd")],
    "pipe": [("pipe", b"", PIPE, "")],
    "repository": [(".git/config", b"x", FILE, "")],
    "repository below": [("a/.GIT/hooks/x", b"x", FILE, "")],
    "twice": [("file", b"x", FILE, ""), ("file", b"y", FILE, "")],
    "backslash": [("..\\escaped", b"x", FILE, "")],
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(runs, tmp_path_factory):
    """A version with a record that tests spoil, and put back."""
    folder = tmp_path_factory.mktemp("hostile")
    code = Repository(
        folder / "code", train_dot_py=COPY, examples_dot_csv=(CANCER / "examples.csv").read_bytes(),
        base_dot_onnx=(CANCER / "model.onnx").read_bytes(),
    )  # fmt: skip
    run, _ = runs.start(code.folder, "--seed", "1", "--", "python", "train.py")
    runs.slipway(code.folder, "deploy", "model.onnx", "--name", "spoiled", "--examples", "examples.csv", "--run", run)
    return run, runs.record(run), runs.artifact(run, "code.tar")


def refused(runs, tmp_path, code=2):
    """Nothing outside of the folder is there afterwards, and no command was run."""
    place = tmp_path / "temporary"
    place.mkdir()
    done = runs.slipway("/", "reproduce", "spoiled@1", code=code, TMPDIR=str(place))
    assert "trained with" not in done.stderr
    assert {path.name.split("-")[0] for path in place.iterdir()} <= {"slipway"}
    assert not os.path.exists("/tmp/escaped") and not (tmp_path / "escaped").exists()
    return problem(done)


@pytest.mark.parametrize("name", ARCHIVES)
def test_hostile_archives(runs, recorded, tmp_path, name):
    run, record, _ = recorded
    content = archive_of(*ARCHIVES[name])
    record = json.loads(json.dumps(record))
    record["code"]["archive"].update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    runs.replace(run, "code.tar", content)
    runs.replace(run, "run.json", json.dumps(record).encode())
    assert "RPR-003" in refused(runs, tmp_path)


PATCHES = {
    "parent": "diff --git a/../escaped b/../escaped\nnew file mode 100644\n--- /dev/null\n+++ b/../escaped\n@@ -0,0 +1 @@\n+x\n",
    "repository": "diff --git a/.git/config b/.git/config\nnew file mode 100644\n--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
    "link out": "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n\\ No newline at end of file\n",
    "nothing": "hello",
    "other": "diff --git a/no b/no\n--- a/no\n+++ b/no\n@@ -1 +1 @@\n-x\n+y\n",
}


@pytest.mark.parametrize("name", PATCHES)
def test_hostile_patches(runs, recorded, tmp_path, name):
    run, record, archive = recorded
    content = PATCHES[name].encode()
    record = json.loads(json.dumps(record))
    file = {"path": "slipway/code.patch", "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    record["code"]["patch"] = file
    runs.replace(run, "code.tar", archive)
    runs.replace(run, "code.patch", content)
    runs.replace(run, "run.json", json.dumps(record).encode())
    assert "RPR-003" in refused(runs, tmp_path)


def changed(**changes):
    def change(record):
        for key, value in changes.items():
            record[key] = value

    return change


def archive_path(path):
    def change(record):
        record["code"]["archive"]["path"] = path

    return change


RECORDS = {
    "schema": changed(schema="slipway.run/2"),
    "no command": changed(command=[]),
    "a command of numbers": changed(command=[1]),
    "a command with a zero": changed(command=["a\0b"]),
    "a folder outside": changed(folder="../.."),
    "an absolute folder": changed(folder="/tmp"),
    "a seed that is a text": changed(seed="7; rm"),
    "data outside": changed(data=[{"dataset": "d", "project": "default", "version": 1, "sha256": "0" * 64, "path": "../x"}]),
    "an archive elsewhere": archive_path("../../0/secret"),
    "an archive of another run": archive_path("model/weights"),
    "a code that is a list": changed(code=[]),
    "a time that is none": changed(started_at="yesterday"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_hostile_records(runs, recorded, tmp_path, name):
    run, record, archive = recorded
    record = json.loads(json.dumps(record))
    RECORDS[name](record)
    runs.replace(run, "code.tar", archive)
    runs.replace(run, "run.json", json.dumps(record).encode())
    assert "RPR-003" in refused(runs, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b"{}", b"[" * 100_000, b"\xff\xfe"])
def test_records_that_are_none(runs, recorded, tmp_path, content):
    run, _, _ = recorded
    runs.replace(run, "run.json", content)
    assert "RPR-003" in refused(runs, tmp_path)


def test_an_archive_that_is_not_the_recorded_one(runs, recorded, tmp_path):
    run, record, archive = recorded
    runs.replace(run, "run.json", json.dumps(record).encode())
    runs.replace(run, "code.tar", archive[:-512] + b"x" * 512)
    assert "RPR-003" in refused(runs, tmp_path)


@pytest.mark.parametrize("options", ["--index-url=http://127.0.0.1:9/", "-r /etc/passwd", "x @ file:///etc/passwd"])
def test_hostile_requirements(runs, recorded, tmp_path, options):
    run, record, archive = recorded
    content = f"{options}\n".encode()
    record = json.loads(json.dumps(record))
    record["environment"]["requirements"].update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    runs.replace(run, "code.tar", archive)
    runs.replace(run, "requirements.txt", content)
    runs.replace(run, "run.json", json.dumps(record).encode())
    assert "RPR-003" in refused(runs, tmp_path)


def test_it_can_be_put_back(runs, recorded):
    """What the others spoil is what makes them fail."""
    run, record, archive = recorded
    import sklearn

    runs.replace(run, "code.tar", archive)
    text = f"scikit-learn=={sklearn.__version__}\n".encode()
    record = json.loads(json.dumps(record))
    record["environment"]["requirements"].update(sha256=hashlib.sha256(text).hexdigest(), bytes=len(text))
    runs.replace(run, "requirements.txt", text)
    runs.replace(run, "run.json", json.dumps(record).encode())
    assert runs.reproduce("spoiled@1")["reproduced"] is True
