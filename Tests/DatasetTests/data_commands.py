# SPDX-License-Identifier: Apache-2.0
"""`slipway dataset …` on one data set, with its answers as JSON."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from program import Server


@dataclass
class Data:
    server: Server
    name: str
    folder: Path

    def run(self, verb, *arguments, code=0, **variables):
        return self.server.slipway("dataset", verb, *arguments, code=code, **variables)

    def json(self, verb, *arguments, code=0, **variables):
        return json.loads(self.run(verb, *arguments, "--format", "json", code=code, **variables).stdout)

    def write(self, content, name="data.csv"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def add(self, path, *options, **variables):
        """The version, and whether it is new."""
        added = self.json("add", path, "--name", self.name, *options, **variables)
        return added["version"] | {"new": added["new"]}

    def add_text(self, content, *options, name="data.csv"):
        return self.add(self.write(content, name), *options)

    def refusal(self, verb, *arguments, **variables):
        """The code and the line of a command that is refused."""
        done = self.server.slipway("dataset", verb, *arguments, code=ANY, **variables)
        assert done.returncode not in (0, 70) and done.returncode > 0, done.stderr
        return re.search(r"^error: .*\(([A-Z]+-\d+)\)$", done.stderr, re.M).group(1), done.stderr

    def record(self, version=None):
        return self.json("show", f"{self.name}@{version}" if version else self.name)

    def columns(self, version=None):
        return {column["name"]: column for column in self.record(version)["columns"]}

    def diff(self, older, newer, *options):
        return self.json("diff", f"{self.name}@{older}", newer, *options)

    def get(self, version):
        path = self.folder / f"got-{version}"
        path.unlink(missing_ok=True)
        self.run("get", f"{self.name}@{version}", "--out", path)
        return path.read_bytes()


class AnyCode:
    """Equal to every exit code."""

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False


ANY = AnyCode()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def blobs(server):
    """The contents in the data folder."""
    return {path.name for path in (server.data / "contents" / "blobs").glob("*/*")}
