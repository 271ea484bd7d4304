# SPDX-License-Identifier: Apache-2.0
"""Several servers of one platform: a database and a folder of contents for all, and for each a data folder of its own."""

import contextlib
import fcntl
import json
import os
import pathlib
import signal
import struct
import time

import postgresql
from program import MODELS, fetch, running

# For what comes by itself, on a machine that is busy with other things.
LIMIT_S = 180
# Where the float32 factor lies in the fixture.
FACTOR_OFFSET = 64
# How far the slow model counts while it proves itself: for seconds.
SLOW_STEPS = 1_000_000


class Fleet:
    def __init__(self, folder, database=None):
        self.folder, self.contents = folder, folder / "contents"
        self.database = database or postgresql.shared_cluster().new_database()
        self._all, self._each = contextlib.ExitStack(), {}

    def __enter__(self):
        return self

    def __exit__(self, *told):
        return self._all.__exit__(*told)

    def start(self, name, *options, ends_with=0):
        """A server with the data folder of this name, which other servers before it may have had."""
        self._each[name] = self._all.enter_context(contextlib.ExitStack())
        return self._each[name].enter_context(
            running(
                self.folder / name, "--contents", self.contents, *options, ends_with=ends_with,
                SLIPWAY_DATABASE=self.database,
            )  # fmt: skip
        )

    def start_mortal(self, name, *options):
        """One that will be killed."""
        return self.start(name, *options, ends_with=-signal.SIGKILL)

    def end(self, name):
        """In good order, unless it was killed before."""
        self._each.pop(name).close()


def kill(server):
    server.process.kill()
    server.process.wait()


def stands_still(pid):
    """Whether every thread has taken notice of the signal."""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return all((task / "stat").read_text().rpartition(")")[2].split()[0] in "Tt" for task in tasks)


@contextlib.contextmanager
def suspended(server, fleet):
    """Not while it has the folder of the contents locked, which is for the time that a file takes to be renamed: as long as
    that lasts, the others could keep nothing there."""
    with open(fleet.contents / "lock", "r+b") as lock:
        while True:
            os.kill(server.pid, signal.SIGSTOP)
            until(lambda: stands_still(server.pid), pause=0.001)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.kill(server.pid, signal.SIGCONT)
                time.sleep(0.001)
                continue
            fcntl.flock(lock, fcntl.LOCK_UN)
            break
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def until(holds, pause=0.05):
    """What `holds()` gives, once that is something."""
    deadline = time.monotonic() + LIMIT_S
    while not (found := holds()):
        assert time.monotonic() < deadline, f"it did not come to that in {LIMIT_S} s"
        time.sleep(pause)
    return found


# Asking


def call(server, method, path, body=None, token=None):
    """The status and the body of an answer."""
    status, text = fetch(server.url + path, body, method, Authorization=f"Bearer {token or server.token}")
    return status, json.loads(text) if text[:1] in ("{", "[") else text


def take(server, method, path, body=None):
    status, content = call(server, method, path, body)
    assert status in (200, 201, 204), f"{method} {path}: {status} {content}"
    return content


def json_of(server, *arguments):
    return json.loads(server.slipway(*arguments, "--format", "json").stdout)


def replicas(server):
    """What a server knows of all of them, by the address of each that listens."""
    return {replica["url"]: replica for replica in take(server, "GET", "/v1/replicas") if "url" in replica}


def generations(replica):
    """What a replica says that it has, by endpoint."""
    return {endpoint["name"]: endpoint["generation"] for endpoint in replica["endpoints"]}


def predict(server, name, value=1):
    """The status of one prediction, and the factor by which it was answered."""
    status, content = call(server, "POST", f"/v1/endpoints/{name}/predict", [{"values": [value]}])
    return status, content["predictions"][0]["doubled"] if status == 200 else content


def factor(server, name):
    status, content = predict(server, name)
    return factor_of(content) if status == 200 else None


def factor_of(doubled):
    return doubled[0] if isinstance(doubled, list) else doubled


def endpoint(server, name):
    """An endpoint as a server sees it; None where it sees none."""
    status, content = call(server, "GET", f"/v1/endpoints/{name}")
    assert status in (200, 404), content
    return content["endpoint"] if status == 200 else None


def standing(server, name):
    """The generation that is wanted, and the version that answers."""
    found = endpoint(server, name)
    return found and (found["generation"], found.get("liveVersion"))


def all_stand(servers, name, *expected):
    """Waits until an endpoint is the same on every server, and the wanted version answers -> (generation, version)"""

    def same():
        found = [endpoint(server, name) for server in servers]
        if not all(one and one.get("liveVersion") == one["wantedVersion"] for one in found):
            return None
        stands = {(one["generation"], one["liveVersion"]) for one in found}
        return stands if len(stands) == 1 and (not expected or stands == {expected}) else None

    return until(same).pop()


def all_answer(servers, name, version):
    """Waits until a version answers on every server, whatever it took -> the generation"""
    until(lambda: all((standing(server, name) or (0, 0))[1] == version for server in servers))
    return all_stand(servers, name)[0]


def deploy(server, name, version, model=None, **fields):
    """Has a registered version answer at an endpoint -> (status, outcome)"""
    order = {"model": model or name, "version": str(version), **fields}
    return call(server, "POST", f"/v1/endpoints/{name}/deployments", order)


def verify_ledger(server):
    server.slipway("ledger", "verify")


# Models


def scale_model(folder, factor):
    """A model that multiplies by a factor."""
    content = bytearray((MODELS / "scale.onnx").read_bytes())
    content[FACTOR_OFFSET : FACTOR_OFFSET + 4] = struct.pack("<f", factor)
    path = folder / f"scale-{factor}.onnx"
    path.write_bytes(content)
    return path


def new_scale(server, folder, name, *factors):
    """An endpoint that has a version for each factor; the last one answers."""
    for each in factors:
        server.slipway("deploy", scale_model(folder, each), "--name", name)
    return name


def new_slow(server, folder, name):
    """An endpoint with three versions: the first one answers, and the second one takes seconds to prove itself."""
    for version, steps in enumerate([1, SLOW_STEPS, 2], 1):
        rows = folder / f"{name}-{version}.jsonl"
        rows.write_text(json.dumps({"inputs": {"steps": steps}, "outputs": {"count": steps}}) + "\n")
        server.slipway("deploy", MODELS / "slow.onnx", "--examples", rows, "--name", name)
    assert deploy(server, name, 1)[0] == 200
    return name
