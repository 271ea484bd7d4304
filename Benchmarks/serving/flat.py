# SPDX-License-Identifier: Apache-2.0
"""Whether memory stays where it is over many requests: resident memory after each slice, and its slope."""
import pathlib

import numpy

import load
import processes
from inputs import JSON, infer_body, rows

INFER = "/v2/models/breast-cancer/infer"
CONNECTIONS = 16


def measure(slipway, folder, requests, slice_seconds=5):
    _, values = rows()
    script = load.prepare(pathlib.Path(folder, "load-flat"), INFER, [(infer_body(row), JSON) for row in values])
    load.drive(slipway, script, CONNECTIONS, 1)
    answered, points = 0, [(0, processes.resident_mib(slipway.pid))]
    while answered < requests:
        answered += load.drive(slipway, script, CONNECTIONS, slice_seconds)["requests"]
        points.append((answered, processes.resident_mib(slipway.pid)))
    settled = [point for point in points if point[0] >= answered / 10] if len(points) > 4 else points
    slope = numpy.polyfit(*zip(*settled), 1)[0]
    return {"requests": answered, "first_mib": points[0][1], "last_mib": points[-1][1],
            "largest_mib": max(mib for _, mib in points), "bytes_a_request": slope * 2**20, "points": points}
