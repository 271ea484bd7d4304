# SPDX-License-Identifier: Apache-2.0
"""The wheel of `make wheel`, installed into an environment of its own, as on a machine without Swift."""

import os
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
from program import ROOT

WHEEL = os.environ.get("SLIPWAY_WHEEL")


@dataclass
class Installed:
    environment: Path
    home: Path

    def run(self, *command, code=0):
        """Runs a program of the environment, with nothing else but the system's on the PATH."""
        variables = {
            "HOME": str(self.home),
            "PATH": f"{self.environment / 'bin'}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
        }
        done = subprocess.run(
            [self.environment / "bin" / command[0], *map(str, command[1:])], env=variables, cwd=self.home,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel():
    found = [Path(WHEEL)] if WHEEL else sorted((ROOT / "dist").glob("slipway-*.whl"))
    assert len(found) == 1, (
        "There is no wheel in dist, or more than one: run `make wheel`, or set SLIPWAY_WHEEL."
    )
    return found[0]


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    place = tmp_path_factory.mktemp("machine")
    venv.create(place / "environment", with_pip=True)
    home = place / "home"
    home.mkdir()
    subprocess.run(
        [
            place / "environment" / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            wheel,
        ],
        check=True,
    )
    machine = Installed(place / "environment", home)
    yield machine
    machine.run("slipway", "stop")
