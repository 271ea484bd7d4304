# SPDX-License-Identifier: Apache-2.0
"""What cannot be packed is refused with what to do, and nothing is left behind or lost."""

import threading

import numpy
import pytest

import slipway
from slipway import errors


REFUSED = {
    "another column": (lambda p, c: {"examples": c.drop(columns="age")}, "rows_unusable", "age"),
    "no rows": (lambda p, c: {"examples": c[:0]}, "rows_unusable", "no rows"),
    "no model": (lambda p, c: {"model": "churn model"}, "format_refused", "str"),
    "a name": (lambda p, c: {"name": "../churn"}, "REG-005", "no name"),
    "baseline of others": (lambda p, c: {"baseline": c[["age"]]}, "rows_unusable", "country"),
    "no versions": (lambda p, c: {"environment": ["numpy>=2"]}, "SYS-008", "exact version"),
    "no code": (lambda p, c: {"code": "nowhere"}, "PRJ-006", "nowhere"),
    "no target": (lambda p, c: {"target": "churned"}, "rows_unusable", "churned"),
    "a lock in it": (lambda p, c: {"model": Locked()}, "model_not_saved", "lock"),
    "raises": (lambda p, c: {"model": Raising()}, "predict_failed", "negative age"),
    "by the index": (
        lambda p, c: {"model": Indexed(), "examples": c[10:50]},
        "predict_failed",
        "otherwise when its values are sent",
    ),
    "too few answers": (lambda p, c: {"model": Short()}, "predict_failed", "50 rows"),
}


class Indexed:
    """Answers by what no request carries."""

    def predict(self, frame):
        return numpy.array(frame.index) if hasattr(frame, "index") else numpy.zeros(len(frame))


class Locked:
    def __init__(self):
        self.lock = threading.Lock()

    def predict(self, rows):
        return numpy.zeros(len(rows))


class Raising:
    def predict(self, rows):
        raise ValueError("negative age")


class Short:
    def predict(self, rows):
        return numpy.zeros(3)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_packed_is_refused_with_what_to_do_and_leaves_nothing(
    pipeline, customers, tmp_path, case
):
    changed, code, said = REFUSED[case]
    given = {"model": pipeline, "name": "churn", "examples": customers[:50]} | changed(pipeline, customers)
    with pytest.raises(errors.ModelRefused, match=said) as refused:
        slipway.pack(**given, folder=tmp_path / "churn")
    assert refused.value.code == code
    assert refused.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_else_is_left_alone(pipeline, customers, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(errors.ModelRefused, match="thesis.tex"):
        slipway.pack(pipeline, "churn", customers[:50], folder=tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
