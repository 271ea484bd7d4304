# SPDX-License-Identifier: Apache-2.0
"""Graphs whose parts get newer versions: packed anew, replayed, marked, and never deployed by that."""

import json
import time

from test_graph_program import predict, project

LINE = "sum: {in: [input.a, input.b], transform: [{op: linear, columns: [a, b], coefficients: [[%s, 1]], as: sum}]}"


def part(folder, coefficient):
    return project(folder, f"  steps:\n    {LINE % coefficient}\n  outputs: {{sum: 'sum.sum[0]'}}\n")


def versions(server, name, count, seconds=300):
    """The versions of a model, once there are so many."""
    deadline = time.monotonic() + seconds
    while True:
        found = json.loads(server.slipway("model", "show", name, "--format", "json").stdout)["versions"]
        if len(found) >= count or time.monotonic() > deadline:
            assert len(found) == count, found
            return {version["version"]: version for version in found}
        time.sleep(0.2)


def test_a_newer_part_makes_a_newer_graph(server, tmp_path):
    server.slipway("deploy", part(tmp_path / "sums", 1))
    whole = project(tmp_path / "bill", "  steps:\n    part: {in: input, model: sums@1}\n"
                    "    high: {in: part.sum, combine: threshold, at_least: 5, then: 'high', else: 'low'}\n"
                    "  outputs: {level: high}\n")
    server.slipway("deploy", whole)

    # Another way to the same answers.
    same = project(tmp_path / "again" / "sums", "  steps:\n    sum: {in: [input.b, input.a], transform: [{op: linear, "
                   "columns: [b, a], coefficients: [[1, 1]], as: sum}]}\n  outputs: {sum: 'sum.sum[0]'}\n")
    server.slipway("deploy", same)
    assert versions(server, "bill", 2)[2]["status"] == "ready"
    shown = server.slipway("model", "show", "bill", "--version", "2").stdout
    assert "version 1 with default/sums@2" in shown and "other answers" not in shown
    assert "default/sums@2" in server.slipway("model", "show", "bill", "--graph").stdout

    # And one that answers otherwise: marked, and what answers stays as it is.
    server.slipway("deploy", part(tmp_path / "other" / "sums", 3))
    assert versions(server, "bill", 3)[3]["status"] == "failed"
    assert "gives other answers than were recorded" in server.slipway("model", "show", "bill", "--version", "3").stdout
    assert predict(server, "bill", {"a": 1, "b": 1, "kind": "x"}) == [{"level": "low"}]
    assert json.loads(server.slipway("endpoint", "show", "bill", "--format", "json").stdout)["endpoint"]["liveVersion"] == 1
