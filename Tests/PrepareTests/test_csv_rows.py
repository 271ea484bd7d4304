# SPDX-License-Identifier: Apache-2.0
"""CSV means what it says: “NO” is a country, and an id keeps its zeros."""

from __future__ import annotations

import math

import numpy as np
import pytest
from slipway._prepare import csv_rows
from slipway._prepare.problems import Problem


def column(*cells: str) -> np.ndarray:
    return csv_rows.columns("value,end\n" + "".join(f"{cell},1\n" for cell in cells))["value"]


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (("NO", "SE"), object, ["NO", "SE"]),
        (("NA", "null", "None", "nan"), object, ["NA", "null", "None", "nan"]),
        (("007", "12"), object, ["007", "12"]),
        (("1", "-20", "0"), np.int64, [1, -20, 0]),
        (("1", "2.5", "1e-3"), np.float64, [1.0, 2.5, 0.001]),
        (("true", "FALSE"), bool, [True, False]),
        (("2024-01-31", "2024-02-01"), object, ["2024-01-31", "2024-02-01"]),
        (("9223372036854775807",), np.int64, [2**63 - 1]),
        (("日本", "größer"), object, ["日本", "größer"]),
        (("1,5",), None, None),
        (('"1,5"',), object, ["1,5"]),
        (('"a ""b"""', '"two\nlines"'), object, ['a "b"', "two\nlines"]),
    ],
)
def test_a_column_has_the_narrowest_type_that_keeps_its_cells(cells, kind, values):
    if values is None:
        with pytest.raises(Problem) as raised:
            column(*cells)
        assert raised.value.code == "rows_unusable"
        return
    found = column(*cells)
    assert found.dtype == kind
    assert found.tolist() == values


def test_only_the_empty_cell_is_missing():
    assert column("a", "", '""').tolist() == ["a", None, ""]


def test_integers_with_a_missing_one_are_floats():
    found = column("1", "", "3")
    assert found.dtype == np.float64
    assert found[0] == 1 and math.isnan(found[1]) and found[2] == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [("a,a\n1,2\n", "two columns “a”"), ("a,\n1,2\n", "no name"), ("a,b\n1\n", "Line 2"), ('a,b\n1,"2\n', "quote"),
     ('a,b\n1,x"y\n', "quote")],
)  # fmt: skip
def test_what_is_no_table_is_refused_with_its_place(text, said):
    with pytest.raises(Problem) as raised:
        csv_rows.columns(text)
    assert raised.value.code == "rows_unusable"
    assert said in raised.value.message


def test_windows_lines_and_a_last_line_without_an_end():
    found = csv_rows.columns("a,b\r\n1,x\r\n2,y")
    assert found["a"].tolist() == [1, 2] and found["b"].tolist() == ["x", "y"]
