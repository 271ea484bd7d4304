# SPDX-License-Identifier: Apache-2.0
"""Repositories with code that trains, and runs of it that are recorded."""

import io
import json
import subprocess
import tarfile
import urllib.parse

from program import BINARY, fetch

# Nothing of the caller's own git.
GIT = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
}  # fmt: skip

# A tree that is written to a file: with a seed the same each time, without one another.
TREE = """
import csv, os, sys, joblib
from sklearn.ensemble import RandomForestClassifier
with open("data/rows.csv") as file:
    rows = list(csv.DictReader(file))
seed = os.environ.get("SLIPWAY_SEED")
model = RandomForestClassifier(n_estimators=5, random_state=None if seed is None else int(seed))
model.fit([[float(row["a"]), float(row["b"])] for row in rows], [int(row["y"]) for row in rows])
joblib.dump(model, "model.joblib")
print("trained with", seed, *sys.argv[1:])
"""

# A model that is there already, under another name: training for tests of all that is around it.
COPY = """
import os, shutil, sys
shutil.copyfile("base.onnx", "model.onnx")
print("trained with", os.environ.get("SLIPWAY_SEED"), *sys.argv[1:])
"""

MLFLOW = """
import os, mlflow, pandas
from sklearn.linear_model import SGDClassifier
rows = pandas.read_csv("data/rows.csv").astype(float)
seed = os.environ.get("SLIPWAY_SEED")
with mlflow.start_run():
    model = SGDClassifier(loss="log_loss", random_state=None if seed is None else int(seed))
    model.fit(rows[["a", "b"]], rows["y"])
    mlflow.log_param("loss", "log_loss")
    mlflow.sklearn.log_model(
        model, name="model", registered_model_name=os.environ.get("MODEL"), input_example=rows[["a", "b"]].head(40),
        pip_requirements=[])
"""


def rows(count=60, shift=0):
    """Rows that no small forest separates alike twice."""
    lines = ["a,b,y"]
    lines += [f"{i * 37 % 101},{i * 53 % 97},{(i * i + shift) % 7 % 2}" for i in range(count)]
    return "\n".join(lines) + "\n"


class Repository:
    """A folder with history."""

    def __init__(self, folder, **files):
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        for name, content in files.items():
            self.write(name.replace("__", "/").replace("_dot_", "."), content)
        self.commit()

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def git(self, *arguments):
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.folder), **GIT}
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "as it is")
        return self.head

    @property
    def head(self):
        return self.git("rev-parse", "HEAD").strip()


def tree_of(folder, without=()):
    """Every file and link below a folder: what it holds, and whether it can be run."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] in (".git", *without) or "__pycache__" in name:
            continue
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_file():
            found[name] = ("run" if path.stat().st_mode & 0o100 else "file", path.read_bytes())
    return found


class Runs:
    """Runs commands at a server, from folders."""

    def __init__(self, server):
        self.server = server

    def slipway(self, folder, *arguments, code=0, **variables):
        done = subprocess.run(
            [BINARY, *map(str, arguments)], cwd=folder, env=self.server.environment | variables, capture_output=True,
            text=True, timeout=300)  # fmt: skip
        assert done.returncode == code, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def start(self, folder, *arguments, code=0, **variables):
        """Records a run. Returns its id, and what it said."""
        done = self.slipway(folder, "run", "start", *arguments, code=code, **variables)
        words = done.stderr.split()
        return words[words.index("run") + 1], done

    def show(self, run):
        return json.loads(self.slipway("/", "run", "show", run, "--format", "json").stdout)

    def place(self, run, name):
        path = urllib.parse.quote(f"{self.show(run)['experiment']}/{run}/artifacts/slipway/{name}")
        return f"{self.server.url}/api/2.0/mlflow-artifacts/artifacts/{path}"

    def artifact(self, run, name):
        """Bytes of one of the record's files; `None` when there is none."""
        try:
            with urllib.request.urlopen(self.place(run, name)) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            assert error.code == 404
            return None

    def replace(self, run, name, content):
        status, text = fetch(self.place(run, name), content, "PUT")
        assert status == 200, text

    def record(self, run):
        return json.loads(self.artifact(run, "run.json"))

    def restore(self, run, folder):
        """Lays the recorded code out as anybody could: with tar and git."""
        folder.mkdir()
        with tarfile.open(fileobj=io.BytesIO(self.artifact(run, "code.tar"))) as archive:
            archive.extractall(folder, filter="data")
        if patch := self.artifact(run, "code.patch"):
            place = folder.parent / f"{folder.name}.patch"
            place.write_bytes(patch)
            environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", **GIT}
            subprocess.run(["git", "apply", place], cwd=folder, env=environment, check=True)
        return folder

    def reproduce(self, version, *arguments, code=0, **variables):
        """What came of training a version again."""
        done = self.slipway("/", "reproduce", version, *arguments, "--format", "json", code=code, **variables)
        return json.loads(done.stdout) if done.stdout else json.loads(done.stderr.splitlines()[-1])


def problem(done):
    """What a command that failed said of it."""
    return next(line for line in done.stderr.splitlines() if line.startswith("error:"))
