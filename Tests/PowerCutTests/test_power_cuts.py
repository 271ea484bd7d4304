# SPDX-License-Identifier: Apache-2.0
"""The power is cut while clients write: what they were told is there is there, and the next start needs no repair.

A real server runs with a layer between it and the disk that writes down what it writes and what it syncs (`recorder.c`).
From that a folder is made that a disk may hold at some moment (`recording.py`), and a server started on it. SLIPWAY_SEED
chooses other moments and other halves.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from mlflow_rest import Rest, values
from program import SOAK, fetch, running, unfinished
from recording import LOST, NAMES_ONLY, SOME, Disk, records
from writers import MPU, Deployments, Files, Imports, LoggedModels, Memory, Predictions, Registrations, Runs, Tokens

SEED = int(os.environ.get("SLIPWAY_SEED", random.randrange(1 << 30)))
STARTS = 1200 if SOAK else 30
FIRST_STARTS = 300 if SOAK else 9
ROUNDS = 40 if SOAK else 6
# What the harness itself writes beside the data.
OURS = ("stdout", "stderr")
# A socket is no file; and what goes through memory the layer does not see: this is made anew after a crash.
UNSEEN = ("handover", "registry.sqlite-shm")


@pytest.fixture(scope="session")
def recorder(tmp_path_factory):
    """The layer, compiled with the machine's own compiler."""
    library = tmp_path_factory.mktemp("recorder") / "recorder.so"
    compiler = next(filter(None, map(shutil.which, ["cc", "clang", "gcc"])), None)
    assert compiler, "there is no C compiler: `scripts/setup.sh build` installs one"
    source = Path(__file__).with_name("recorder.c")
    options = ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([compiler, *options, "-o", library, source, "-ldl", "-lpthread"], check=True)
    return library


class Recording:
    """A server whose files are recorded; afterwards, everything it did to them in order."""

    def __init__(self, folder, library):
        self.root = folder / "disk"
        self.root.mkdir()
        self.log = folder / "records"
        self.disk = Disk(self.root)
        self.variables = {"LD_PRELOAD": library, "RECORDER_ROOT": self.root, "RECORDER_LOG": self.log}

    def running(self):
        return running(self.root, ends_with=-signal.SIGKILL, **{name: str(value) for name, value in self.variables.items()})

    def position(self):
        return os.path.getsize(self.log)

    def replay(self):
        """Each record's end, and the disk once it has happened."""
        for record in records(self.log):
            self.disk.replay(record)
            yield record[0]


def state(server, memory):
    """What of everything that was ever asked for the server says now."""
    rest = Rest(server.url)
    administration = Rest(server.url, Authorization=f"Bearer {server.token}")
    found = {}
    runs = {}
    for thing in memory.things:
        match thing:
            case ("experiment", name):
                answer = rest.ask("GET", "experiments/get-by-name", {"experiment_name": name})
                found[thing] = True if answer.status_code == 200 else None
            case ("run", run) | ("param", run, _) | ("tag", run, _) | ("points", run):
                if run not in runs:
                    answer = rest.ask("GET", "runs/get", {"run_id": run})
                    runs[run] = answer.json()["run"] if answer.status_code == 200 else None
                told = runs[run]
                if told is None:
                    found[thing] = None
                elif thing[0] == "run":
                    found[thing] = told["info"]["status"]
                elif thing[0] == "points":
                    history = rest.get("metrics/get-history", run_id=run, metric_key="m").get("metrics", [])
                    assert [point["value"] for point in history] == list(range(len(history)))
                    found[thing] = len(history) or None
                else:
                    listed = values(told["data"].get("params" if thing[0] == "param" else "tags", []))
                    found[thing] = listed.get(thing[2])
            case ("file", path):
                answer = rest.ask("GET", f"/api/2.0/mlflow-artifacts/artifacts/{path}")
                assert answer.status_code in (200, 404), answer.text
                found[thing] = hashlib.sha256(answer.content).hexdigest() if answer.status_code == 200 else None
            case ("upload", place, fields, digest):
                answer = rest.ask("POST", f"{MPU}/complete/{place}", json.loads(fields))
                assert answer.status_code in (200, 400, 404), answer.text
                found[thing] = True if answer.status_code == 200 else None
                if found[thing]:
                    content = rest.get_artifact(f"{place}/{json.loads(fields)['path']}")
                    assert hashlib.sha256(content).hexdigest() == digest
            case ("logged", model) | ("logged tag", model):
                answer = rest.ask("GET", f"logged-models/{model}")
                told = answer.json()["model"]["info"] if answer.status_code == 200 else None
                if thing[0] == "logged":
                    found[thing] = told and told["status"]
                else:
                    found[thing] = told and values(told.get("tags", [])).get("t")
            case ("model", name):
                answer = rest.ask("GET", "registered-models/get", {"name": name})
                model = answer.json()["registered_model"] if answer.status_code == 200 else None
                found[thing] = None if model is None else model.get("description", "")
            case ("version", name, number):
                answer = rest.ask("GET", "model-versions/get", {"name": name, "version": number})
                found[thing] = answer.json()["model_version"]["current_stage"] if answer.status_code == 200 else None
            case ("alias", name):
                answer = rest.ask("GET", "registered-models/alias", {"name": name, "alias": "champion"})
                found[thing] = answer.json()["model_version"]["version"] if answer.status_code == 200 else None
            case ("token", token):
                status = fetch(f"{server.url}/v1/endpoints", Authorization=f"Bearer {token}")[0]
                assert status in (200, 401), status
                found[thing] = True if status == 200 else None
            case ("factor", name):
                status, text = fetch(f"{server.url}/v1/endpoints/{name}/predict", b'[{"values":[1]}]')
                assert status in (200, 404), text
                digits = text.partition('"doubled":')[2].lstrip("[")
                found[thing] = int(float(digits.split("]")[0].split("}")[0])) if status == 200 else None
            case ("deadline", name):
                answer = administration.ask("GET", f"/v1/endpoints/{name}")
                known = answer.json()["endpoint"]["settings"] if answer.status_code == 200 else {}
                found[thing] = known.get("deadline")
            case ("prediction", id):
                answer = administration.ask("GET", f"/v1/predictions/{id}")
                assert answer.status_code in (200, 404), answer.text
                found[thing] = answer.json()["status"] if answer.status_code == 200 else None
            case _:
                raise AssertionError(thing)
    return found


def check(folder, memory, cut, token, told):
    """Starts a server on what the disk holds, and compares it with what had been acknowledged."""
    # With the engine's library that the data folder keeps, if it has one.
    with running(folder, wrapper=("env", "-u", "SLIPWAY_ONNXRUNTIME")) as server:
        # The token was told before anything else was.
        assert token is None or server.token == token, f"another token is in force: {told}"
        for thing, found in state(server, memory).items():
            allowed = memory.allowed(thing, cut)
            if thing[0] == "deadline" and not memory.allowed(("factor", thing[1]), cut)[0]:
                continue
            if thing[0] == "deadline" and allowed[0] is None:
                # A setting that nobody has chosen yet.
                continue
            assert found in allowed, f"{thing} is {found!r}, and not one of {allowed!r}: {told}"
        server.slipway("ledger", "verify")
        server.slipway("doctor")
    leftovers = unfinished(folder / "data")
    assert not leftovers, f"{leftovers}: {told}"


def test_nothing_that_was_acknowledged_goes_with_the_power(recorder, tmp_path):
    print(f"SLIPWAY_SEED={SEED}")
    chance = random.Random(SEED)
    recording = Recording(tmp_path, recorder)
    with recording.running() as server:
        ready, token = recording.position(), server.token
        memory = Memory(recording.position)
        kinds = [Runs, Files, Imports, LoggedModels, Registrations, Tokens, Deployments, Predictions]
        writers = [kind(server, memory, SEED, ROUNDS) for kind in kinds]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [writer.failure for writer in writers] == [None] * len(writers)
        server.process.kill()
    ends = [record[0] for record in records(recording.log)]
    # Every moment at which somebody was told something, and any others.
    told = sorted({value.told for listed in memory.things.values() for value in listed} & set(ends))
    moments = chance.sample(told, min(len(told), STARTS * 2 // 3))
    moments += chance.sample([end for end in ends if end > ready], STARTS - len(moments))
    moments.sort()
    tried = 0
    for end in recording.replay():
        while tried < len(moments) and moments[tried] == end:
            treatment = [LOST, NAMES_ONLY, SOME, SOME][tried % 4]
            folder = tmp_path / f"cut-{tried}"
            recording.disk.write(folder, treatment, seed=SEED + tried)
            where = f"SLIPWAY_SEED={SEED}, cut at {end}, {treatment}, after {memory.told_by(end)} acknowledgements"
            check(folder, memory, end, token, where)
            shutil.rmtree(folder)
            tried += 1
    assert tried == len(moments)
    # The layer has seen everything: what it makes of the records is what there is.
    assert recording.disk.differences(recording.root, but=OURS + UNSEEN) == []


def test_a_first_start_that_is_cut_off_is_begun_again(recorder, tmp_path):
    print(f"SLIPWAY_SEED={SEED}")
    chance = random.Random(SEED)
    recording = Recording(tmp_path, recorder)
    with recording.running() as server:
        ready, token = recording.position(), server.token
        server.process.kill()
    ends = [record[0] for record in records(recording.log)]
    moments = sorted(chance.sample(ends, min(len(ends), FIRST_STARTS)) + [ready])
    empty = Memory(recording.position)
    tried = 0
    for end in recording.replay():
        while tried < len(moments) and moments[tried] == end:
            treatment = [LOST, NAMES_ONLY, SOME][tried % 3]
            folder = tmp_path / f"cut-{tried}"
            recording.disk.write(folder, treatment, seed=SEED + tried)
            where = f"SLIPWAY_SEED={SEED}, cut at {end} of {ready}, {treatment}"
            check(folder, empty, end, token if end >= ready else None, where)
            shutil.rmtree(folder)
            tried += 1
    assert tried == len(moments)
