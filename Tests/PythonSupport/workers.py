# SPDX-License-Identifier: Apache-2.0
"""How each worker is started, and a bundle for it. All of them run the same model: a linear regression of
three values, whose coefficients are in the bundle."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples/workers"
PYTHON = [sys.executable, "-B", str(ROOT / "python/slipway/_worker")]
KINDS = ("python", "r", "java")

INTERCEPT, COEFFICIENTS = 0.5, [2.0, -1.0, 0.25]

PYTHON_MODEL = """
import json, pathlib

class Linear:
    def __init__(self, folder):
        model = json.loads(pathlib.Path(folder, "model.json").read_text())
        self.intercept, self.coefficients = model["intercept"], model["coefficients"]

    def predict(self, values):
        if (values != values).any():
            raise ValueError("a value is missing")
        return self.intercept + values @ self.coefficients
"""


def missing(kind):
    """Why this worker cannot be run here; nothing when it can."""
    if kind == "java" and not shutil.which("javac"):
        return "javac was not found: install a JDK, such as Debian's openjdk-17-jdk-headless"
    if kind == "r":
        if not shutil.which("Rscript"):
            return "Rscript was not found: install R and jsonlite, Debian's r-base-core and r-cran-jsonlite"
        if subprocess.run(["Rscript", "-e", "library(jsonlite)"], capture_output=True).returncode:
            return "R has no jsonlite: install it, Debian's r-cran-jsonlite"
    return None


def linear(kind, folder):
    """Writes the bundle and returns the command of its worker."""
    specs = {
        "inputs": [{"name": "values", "datatype": "FP64", "shape": [-1, 3]}],
        "outputs": [{"name": "estimate", "datatype": "FP64", "shape": [-1]}],
    }
    (folder / "model.json").write_text(json.dumps({"intercept": INTERCEPT, "coefficients": COEFFICIENTS}))
    if kind == "python":
        (folder / "predict.py").write_text(PYTHON_MODEL)
        how = {
            "language": "python",
            "loader": "code",
            "model": "predict.py:Linear",
            "form": "matrix",
            "calls": [{"method": "predict", "output": "estimate"}],
        }
        command = PYTHON
    elif kind == "r":
        how = {"command": ["Rscript", "{folder}/worker.R"]}
        shutil.copy(EXAMPLES / "r/worker.R", folder)
        command = ["Rscript", str(folder / "worker.R")]
    else:
        how = {"command": ["java", "-cp", "{folder}", "Worker"]}
        for compiled in java_classes().iterdir():
            shutil.copy(compiled, folder)
        command = ["java", "-cp", str(folder), "Worker"]
    (folder / "worker.json").write_text(json.dumps({"schema": "slipway.worker/1", **how, **specs}))
    return command


@functools.cache
def java_classes():
    folder = Path(tempfile.mkdtemp(prefix="slipway-java-"))
    atexit.register(shutil.rmtree, folder)
    subprocess.run(
        ["javac", "-Xlint:all,-serial", "-Werror", "-d", folder, *(EXAMPLES / "java").glob("*.java")],
        check=True,
    )
    return folder


def bare_environment(folder):
    """What a sandbox leaves of the environment: no home, and one folder to write to."""
    return {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "LANG": "C.UTF-8"}
