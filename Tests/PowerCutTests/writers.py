# SPDX-License-Identifier: Apache-2.0
"""What clients write while the power is on, and what they were told of it.

Each writer changes things one after the other and remembers, of each thing, every value that it asked for: how much had
been recorded when it asked, and when it was told that it is so.
"""

import hashlib
import json
import random
import struct
import threading
from collections import defaultdict
from dataclasses import dataclass, field

import requests
from mlflow_rest import Rest
from program import MODELS

# Where the float32 factor lies in the model of the fixtures that multiplies by it.
FACTOR_OFFSET = 64
MPU = "/api/2.0/mlflow-artifacts/mpu"


@dataclass
class Value:
    """One value of one thing; `told` is None as long as nobody has said that it is so."""

    value: object
    asked: int
    told: int = None


@dataclass
class Memory:
    """Of everything, by its name, the values that it was to have, in order."""

    position: object
    things: dict = field(default_factory=lambda: defaultdict(list))
    lock: object = field(default_factory=threading.Lock)

    def change(self, work, values):
        """Does `work`, which gives each thing of `values` that value: None takes it away."""
        asked = self.position()
        with self.lock:
            entries = [Value(value, asked) for value in values.values()]
            for name, entry in zip(values, entries, strict=True):
                self.things[name].append(entry)
        result = work()
        told = self.position()
        with self.lock:
            for entry in entries:
                entry.told = told
        return result

    def make(self, work, name, value):
        """Does `work`, which makes something whose name only the answer tells: `name` takes it from that."""
        asked = self.position()
        made = work()
        told = self.position()
        with self.lock:
            self.things[name(made)].append(Value(value, asked, told))
        return made

    def allowed(self, name, cut):
        """What a thing may be when the power is cut there: the last that was told, and what was asked for since."""
        values = self.things[name]
        told = [number for number, value in enumerate(values) if value.told is not None and value.told <= cut]
        first = told[-1] if told else -1
        later = [value.value for value in values[first + 1 :] if value.asked <= cut]
        return [values[first].value if told else None, *later]

    def told_by(self, cut):
        """How many changes had been acknowledged."""
        return sum(value.told is not None and value.told <= cut for values in self.things.values() for value in values)


class Writer(threading.Thread):
    def __init__(self, server, memory, seed, rounds):
        super().__init__(name=f"{type(self).__name__}-{seed}")
        self.server, self.memory, self.rounds = server, memory, rounds
        self.chance = random.Random(f"{self.name}")
        self.rest = Rest(server.url)
        self.administration = Rest(server.url, Authorization=f"Bearer {server.token}")
        self.failure = None
        self.key = f"{type(self).__name__}-{seed}".lower()

    def run(self):
        try:
            for number in range(self.rounds):
                self.write(number)
        except requests.exceptions.ConnectionError as error:
            self.failure = error
        except Exception as error:
            self.failure = error
            raise

    def ask(self, method, path, body=None):
        answer = self.administration.ask(method, path, json=body)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer


class Runs(Writer):
    """Runs with batches, parameters and tags."""

    def write(self, number):
        rest = self.rest
        name = f"{self.key}-{number}"
        if number % 4 == 0:
            self.memory.change(lambda: rest.post("experiments/create", name=name), {("experiment", name): True})
        run = self.memory.make(lambda: rest.new_run("0", run_name=name), lambda run: ("run", run), "RUNNING")
        batch = [{"key": "m", "value": step, "timestamp": step, "step": step} for step in range(10)]
        for last in (9, 19):
            for point in batch:
                point["step"] = point["timestamp"] = point["value"] = point["value"] + (10 if last == 19 else 0)
            self.memory.change(
                lambda: rest.post("runs/log-batch", run_id=run, metrics=batch), {("points", run): last + 1}
            )
        for key in "ab":
            self.memory.change(
                lambda key=key: rest.post("runs/log-parameter", run_id=run, key=key, value=name), {("param", run, key): name}
            )
        for value in "12":
            self.memory.change(
                lambda value=value: rest.post("runs/set-tag", run_id=run, key="t", value=value), {("tag", run, "t"): value}
            )
        self.memory.change(lambda: rest.post("runs/update", run_id=run, status="FINISHED"), {("run", run): "FINISHED"})


class Files(Writer):
    """Files of a run: new, over others, deleted, and sent in parts."""

    def write(self, number):
        rest = self.rest
        if number == 0:
            self.run_id = rest.new_run("0")
            self.place = f"0/{self.run_id}/artifacts"
        for name in (f"{number}.bin", "same.bin", f"deep/{number}/er.bin"):
            content = self.chance.randbytes(self.chance.choice([0, 1, 5_000, 700_000]))
            digest = hashlib.sha256(content).hexdigest()
            path = f"{self.place}/{name}"
            self.memory.change(lambda path=path, content=content: rest.put_artifact(path, content), {("file", path): digest})
        fields, digest = self.send_in_parts(f"{number}.large", [self.chance.randbytes(300_000) for _ in range(3)])
        self.memory.change(
            lambda: rest.post(f"{MPU}/complete/{self.place}", **fields), {("file", f"{self.place}/{number}.large"): digest}
        )
        # Another is completed by whoever comes after the cut.
        self.memory.make(
            lambda: self.send_in_parts(f"{number}.begun", [self.chance.randbytes(1000) for _ in range(2)]),
            lambda sent: ("upload", self.place, json.dumps(sent[0]), sent[1]),
            True,
        )
        gone = f"{self.place}/{number}.bin"
        if number % 3 == 2:
            self.memory.change(
                lambda: rest.delete(f"/api/2.0/mlflow-artifacts/artifacts/{gone}"), {("file", gone): None}
            )

    def send_in_parts(self, name, parts):
        begun = self.rest.post(f"{MPU}/create/{self.place}", path=name, num_parts=len(parts))
        named = []
        for part, content in zip(begun["credentials"], parts, strict=True):
            answer = requests.put(part["url"], data=content, headers=part["headers"], timeout=60)
            named.append({"part_number": part["part_number"], "etag": answer.headers["ETag"]})
        fields = {"path": name, "upload_id": begun["upload_id"], "parts": named}
        return fields, hashlib.sha256(b"".join(parts)).hexdigest()


class Imports(Writer):
    """Runs that are brought from another store, in pieces."""

    def write(self, number):
        run = f"{self.chance.getrandbits(128):032x}"
        document = {
            "id": run, "experiment": 0, "name": "brought", "user": "", "status": "FINISHED", "startedAt": 1, "isDeleted": False,
            "params": {"a": run}, "tags": {"t": "1"}, "datasets": [], "inputModels": [], "outputModels": [],
        }  # fmt: skip
        things = {("run", run): "FINISHED", ("param", run, "a"): run, ("tag", run, "t"): "1"}
        self.memory.change(lambda: self.ask("POST", "/v1/import/runs", document), things)
        for offset in (0, 10):
            points = [{"value": str(step), "timestamp": step, "step": step} for step in range(offset, offset + 10)]
            body = {"key": "m", "offset": offset, "points": points}
            self.memory.change(
                lambda body=body: self.ask("POST", f"/v1/import/runs/{run}/points", body), {("points", run): offset + 10}
            )


class LoggedModels(Writer):
    def write(self, number):
        rest = self.rest
        model = self.memory.make(
            lambda: rest.new_model("0", f"{self.key}-{number}")["model_id"],
            lambda model: ("logged", model),
            "LOGGED_MODEL_PENDING",
        )
        self.memory.change(
            lambda: rest.patch(f"logged-models/{model}", status="LOGGED_MODEL_READY"), {("logged", model): "LOGGED_MODEL_READY"}
        )
        self.memory.change(
            lambda: rest.patch(f"logged-models/{model}/tags", tags=[{"key": "t", "value": "v"}]), {("logged tag", model): "v"}
        )


class Registrations(Writer):
    """Models, versions, aliases, stages, tags and descriptions."""

    def write(self, number):
        rest = self.rest
        if number == 0:
            self.run_id = rest.new_run("0")
            self.model = self.key
            self.memory.change(
                lambda: rest.post("registered-models/create", name=self.model), {("model", self.model): ""}
            )
        version = str(number + 1)
        self.memory.change(
            lambda: rest.new_version(self.model, self.run_id), {("version", self.model, version): "None"}
        )
        self.memory.change(
            lambda: rest.post("registered-models/alias", name=self.model, alias="champion", version=version),
            {("alias", self.model): version},
        )
        fields = {"name": self.model, "version": version, "stage": "Staging", "archive_existing_versions": False}
        self.memory.change(
            lambda: rest.post("model-versions/transition-stage", **fields), {("version", self.model, version): "Staging"}
        )
        self.memory.change(
            lambda: rest.patch("registered-models/update", name=self.model, description=version),
            {("model", self.model): version},
        )


class Tokens(Writer):
    """Tokens that are made, rotated and revoked."""

    def write(self, number):
        body = {"principal": f"{self.key}-{number}", "roles": ["viewer"]}
        made = self.memory.make(lambda: self.ask("POST", "/v1/tokens", body).json(), self.token, True)
        place, present = f"/v1/tokens/{made['record']['id']}", {self.token(made): None}
        if number % 3 == 1:
            self.memory.change(lambda: self.ask("DELETE", place), present)
        if number % 3 == 2:
            self.memory.make(
                lambda: self.memory.change(lambda: self.ask("POST", f"{place}/rotation").json(), present), self.token, True
            )

    @staticmethod
    def token(made):
        return ("token", made["token"])


class Deployments(Writer):
    """Models that are packed, uploaded and deployed by the command, each with another factor; and settings."""

    endpoint = "scale"

    def write(self, number):
        factor = number + 2
        model = self.server.data.parent.parent / f"scale-{factor}.onnx"
        content = bytearray((MODELS / "scale.onnx").read_bytes())
        content[FACTOR_OFFSET : FACTOR_OFFSET + 4] = struct.pack("<f", factor)
        model.write_bytes(content)
        self.memory.change(
            lambda: self.server.slipway("deploy", model, "--name", self.endpoint), {("factor", self.endpoint): factor}
        )
        limit = f"{number + 1}s"
        self.memory.change(
            lambda: self.ask("PATCH", f"/v1/endpoints/{self.endpoint}", {"settings": {"deadline": limit}}),
            {("deadline", self.endpoint): limit},
        )


class Predictions(Writer):
    """Predictions at an endpoint that answers what is on the disk."""

    endpoint = "durable"

    def write(self, number):
        place = f"/v1/endpoints/{self.endpoint}"
        if number == 0:
            self.server.slipway("deploy", MODELS / "scale.onnx", "--name", self.endpoint)
            self.ask("PATCH", place, {"settings": {"log_durable": "true"}})
        for _ in range(4):
            self.memory.make(
                lambda: self.ask("POST", f"{place}/predict", [{"values": [number]}]).json()["id"],
                lambda id: ("prediction", id),
                "answered",
            )
