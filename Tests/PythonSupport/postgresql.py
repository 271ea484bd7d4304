# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of our own, from Debian's package, in a temporary folder: `scripts/setup.sh test` installs it.

With SLIPWAY_TEST_STORE=postgresql the tests of MLflow's protocol have their registry there, each server in a database of
its own, and in SQLite without it.
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

CHOSEN = os.environ.get("SLIPWAY_TEST_STORE", "sqlite")
assert CHOSEN in ("sqlite", "postgresql"), f"SLIPWAY_TEST_STORE is {CHOSEN!r}"
IS_POSTGRESQL = CHOSEN == "postgresql"
OWNER = "slipway"
START_LIMIT_S = 300
_numbers = itertools.count(1)


def programs():
    """Debian keeps them beside each other, by version, off the path."""
    folders = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    assert folders, "`scripts/setup.sh test` installs PostgreSQL"
    return max(folders, key=lambda folder: int(folder.parent.name))


class Cluster:
    """Nothing is synced, unless `durable`; texts are not ordered by their bytes, as on many a machine."""

    def __init__(self, durable=False):
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.durable = durable
        # The server refuses to be root, and the folder has to be its user's.
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.process = None
        self._run(
            "initdb", "--pgdata", self.folder / "data", "--username", OWNER, "--encoding", "UTF8", "--locale", "C.UTF-8",
            "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync", "--auth", "trust",
        )  # fmt: skip
        self.start()

    def _command(self, name, *arguments):
        command = [str(programs() / name), *map(str, arguments)]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", *command]
        return command

    def _run(self, name, *arguments, check=True):
        done = subprocess.run(
            self._command(name, *arguments), cwd="/", capture_output=True, text=True, timeout=START_LIMIT_S,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{name}:\n{done.stdout}{done.stderr}"
        return done

    def start(self):
        sync = "on" if self.durable else "off"
        command = self._command(
            "postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", "-c", f"fsync={sync}",
            "-c", "max_connections=100",
        )  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while self._run("pg_isready", "-q", "-h", self.folder, check=False).returncode:
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def stop(self):
        """Fast: connections are ended, and nothing is lost."""
        if self.process:
            self.process.send_signal(2)
            self.process.wait(START_LIMIT_S)
            self.process = None

    def end(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database):
        return f"postgres://{OWNER}@/{database}?host={self.folder}"

    def new_database(self):
        """The URL of a database that is empty."""
        name = f"test_{next(_numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'", "postgres")
        return self.url(name)

    def sql(self, statement, database):
        """What `psql` prints, without a frame."""
        command = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
        target = database if "://" in database else self.url(database)
        return self._run("psql", *command, "--command", statement, target).stdout

    def end_connections(self, url):
        """Ends Slipway's connections to a database, as a failing network would."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'slipway'",
            url,
        )


_shared = []


def shared_cluster():
    """The one that a session's tests share, started by the first that asks; `end_shared_cluster` ends it."""
    if not _shared:
        _shared.append(Cluster())
    return _shared[0]


def end_shared_cluster():
    while _shared:
        _shared.pop().end()


def store():
    """Settings for one new server, as variables of its environment: where its registry is."""
    return {"SLIPWAY_DATABASE": shared_cluster().new_database()} if IS_POSTGRESQL else {}


@contextlib.contextmanager
def cluster():
    """One of a test's own, which it may stop and start."""
    own = Cluster()
    try:
        yield own
    finally:
        own.end()
