# SPDX-License-Identifier: Apache-2.0
"""Converters that end the process they share, or take too long: the others' forms are there all the same."""

from __future__ import annotations

import pickle

import pandas as pd
import preparing
from sklearn.linear_model import LogisticRegression

ROWS = pd.DataFrame({"a": [float(i * 37 % 101) for i in range(60)], "b": [float(i * 53 % 97) for i in range(60)]})
FORMS = ["float64", "float32", "native graph"]
# The model is opened to be asked, to plan, and for each form: this is the second one.
SECOND = 4
CRASH = "__import__('os').kill(__import__('os').getpid(), 11)"
# As the alarm of a form would end it, if one is set.
LATE = "signal.getitimer(signal.ITIMER_REAL)[0] > 0 and signal.raise_signal(signal.SIGALRM)"


class Opening:
    """A model that does something on some of the times that it is opened."""

    def __init__(self, model: object, deeds: dict[int, str], counter: str):
        self.code = f"""
import pickle, signal
with open({counter!r}, "a+b") as file:
    file.write(b".")
    file.flush()
    times = file.tell()
if times in {set(deeds)!r}:
    {{{", ".join(f"{times}: lambda: {deed}" for times, deed in deeds.items())}}}[times]()
made = pickle.loads({pickle.dumps(model)!r})
"""

    def __reduce__(self):
        return eval, (f"(lambda names: (exec({self.code!r}, names), names['made'])[1])({{}})",)


def prepared(folder, deeds: dict[int, str]) -> dict:
    model = LogisticRegression().fit(ROWS, [i % 3 == 0 for i in range(60)])
    (folder / "model.pkl").write_bytes(pickle.dumps(Opening(model, deeds, str(folder / "counter"))))
    result = preparing.prepare(folder / "work", folder / "model.pkl", rows=preparing.save_rows(ROWS, folder / "rows"))
    assert result.status == 0, result.report
    for one in result.report["candidates"]:
        assert all((result.out / file).is_file() for file in one["files"])
    return result.report


def forms(report: dict) -> list[str]:
    return [one["form"] for one in report["candidates"]]


def reasons(report: dict) -> dict[str, str]:
    return {one["form"]: one["reason"] for one in report["not_converted"]}


def test_a_form_that_ends_the_process_of_others_is_tried_in_one_of_its_own(tmp_path):
    report = prepared(tmp_path, {SECOND: CRASH})
    assert (forms(report), reasons(report)) == (FORMS, {})


def test_one_that_ends_its_own_as_well_is_refused_and_the_rest_is_tried(tmp_path):
    report = prepared(tmp_path, {SECOND: CRASH, SECOND + 1: CRASH})
    assert forms(report) == ["float64", "native graph"]
    assert reasons(report) == {"float32": "the converter's process was ended by SIGSEGV"}


def test_one_that_takes_too_long_is_not_tried_again(tmp_path):
    report = prepared(tmp_path, {SECOND: LATE})
    assert forms(report) == ["float64", "native graph"]
    assert reasons(report) == {"float32": "the converter's process took longer than it may"}


def test_a_plan_that_ends_its_process_leaves_the_model_to_a_worker(tmp_path):
    report = prepared(tmp_path, {2: CRASH})
    assert forms(report) == []
    assert reasons(report) == {"any": "the process that looks for converters was ended by SIGSEGV"}
