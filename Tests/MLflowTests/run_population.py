# SPDX-License-Identifier: Apache-2.0
"""Forty runs that are searched, and what is known of each."""

from dataclasses import dataclass, field

from mlflow_rest import pairs, unique

NAN = "NaN"
STATUSES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"]
COLORS = ["red", "Red", "blue", "a%b", "x_y", "xyy", "", "größe"]
COUNT = 40


@dataclass
class Run:
    name: str
    user: str
    status: str
    start: int
    end: int | None
    metrics: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    # (name, digest, context or None)
    dataset: tuple | None = None
    id: str = ""

    @property
    def datasets(self):
        return [self.dataset] if self.dataset else []


def described(number):
    """The run of that number; whatever is a third, a fourth, … of them is missing in the others."""
    run = Run(
        name=f"{'Run' if number % 7 == 0 else 'run'}-{number:02}",
        user=f"user{number % 3}",
        status=STATUSES[number % 5],
        start=1_000_000 + number // 2,
        end=None if number % 4 == 0 else 2_000_000 - number,
    )
    run.tags["number"] = str(number)
    run.params["family"] = ["linear", "forest", "Boosted"][number % 3]
    if number % 3:
        run.metrics["acc"] = NAN if number == 20 else (number - 10) / 8
    if number % 4 == 1:
        run.metrics["a b/c.d"] = float(number)
        run.params["optimizer.name"] = f"adam{number}"
    if number % 2:
        run.params["lr"] = ["0.1", "0.01", "abc", "é'"][number // 2 % 4]
    if number % 5 == 0:
        run.tags["color"] = COLORS[number // 5]
        run.tags["dotted.key/with slash"] = "yes"
    if number % 6 == 0:
        run.metrics["huge"] = [1e308, -1e308, 5e-324, 0.0][number // 6 % 4]
    if number % 8 == 3:
        run.dataset = [("iris", "d1", "train"), ("Iris", "d2", "test"), ("wine", "d1", None)][number // 8 % 3]
    return run


def populate(rest):
    """An experiment with them -> its id, and the runs."""
    experiment = rest.new_experiment(name=unique("population"))
    runs = [described(number) for number in range(COUNT)]
    for run in runs:
        run.id = rest.new_run(experiment, run_name=run.name, start_time=run.start, user_id=run.user)
        # The values before are not the latest: no search may find them.
        old = [{"key": key, "value": 77.7, "timestamp": 1, "step": -1} for key in run.metrics]
        new = [{"key": key, "value": value, "timestamp": 1, "step": 0} for key, value in run.metrics.items()]
        rest.post("runs/log-batch", run_id=run.id, metrics=old + new, params=pairs(run.params), tags=pairs(run.tags))
        if run.dataset:
            name, digest, context = run.dataset
            dataset = {"name": name, "digest": digest, "source_type": "local", "source": "{}"}
            tags = pairs({"mlflow.data.context": context} if context else {"other": "tag"})
            rest.post("runs/log-inputs", run_id=run.id, datasets=[{"dataset": dataset, "tags": tags}])
        rest.post("runs/update", run_id=run.id, status=run.status, **({"end_time": run.end} if run.end else {}))
    return experiment, runs
