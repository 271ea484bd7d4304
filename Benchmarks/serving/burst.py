# SPDX-License-Identifier: Apache-2.0
"""Ten times the steady rate for two seconds, alone and while a model of 500 MB loads beside.

The model takes about a millisecond a row, on one lane, so that its saturation is one processor's and the client has the
other. Saturation is what it answers when a few connections ask again at once; the steady rate is half of that.
"""
import multiprocessing
import pathlib
import time

import numpy

import client
import models
import servers
from inputs import binary_body

INFER = "/v2/models/heavy/infer"
CONNECTIONS = 2000
STEADY_S, BURST_S, AFTER_S = 6, 2, 4
REFUSALS = (429, 503)


def load_beside(slipway, delay, taken):
    """In a process of its own: deploys the large model again, when the burst begins."""
    time.sleep(delay)
    began = time.perf_counter()
    servers.api(slipway, "/v1/endpoints/large/deployments", {"model": "large", "version": "1"})
    taken.value = time.perf_counter() - began


def latencies_ms(answers, begin):
    return [(one.arrived - begin(one)) * 1000 for one in answers]


def stage(answers, first, last):
    """The requests whose turn came between the two moments."""
    found = [one for one in answers if first <= one.due < last]
    accepted = [one for one in found if one.status == 200]
    refused = [one for one in found if one.status in REFUSALS]
    waited, turned_away = latencies_ms(accepted, lambda one: one.due), latencies_ms(refused, lambda one: one.sent)
    late = [(one.sent - one.due) * 1000 for one in found]
    return {
        "sent": len(found), "answered": len(accepted), "refused": len(refused),
        "other": len(found) - len(accepted) - len(refused),
        "answered_in_time_per_second":
            sum(one.status == 200 and first <= one.arrived < last for one in answers) / (last - first),
        "accepted_p50_ms": client.percentile(waited, 0.5), "accepted_p99_ms": client.percentile(waited, 0.99),
        "refused_p50_ms": client.percentile(turned_away, 0.5), "refused_p99_ms": client.percentile(turned_away, 0.99),
        "refused_longest_ms": max(turned_away, default=None),
        "client_late_p99_ms": client.percentile(late, 0.99)}


def ratio(value, other):
    return value / other if value is not None and other else None


def saturate(address, requests, seconds):
    """Answers a second when eight connections ask again at once."""
    answers = client.drive(address, requests, 8, client.without_pause(seconds), lambda *_: None)
    return sum(one.status == 200 for one in answers) / (answers[-1].arrived - answers[0].sent)


def one_burst(address, requests, seconds):
    """The steady rate, the burst, the steady rate again; saturation is measured just before."""
    saturation = saturate(address, requests, seconds)
    steady = saturation / 2
    due, (start, burst, after, end) = client.in_stages(
        (steady, STEADY_S), (10 * steady, BURST_S), (steady, AFTER_S))
    answers = client.drive(address, requests, CONNECTIONS, due, lambda *_: None)
    calm, storm = stage(answers, start + 1, burst), stage(answers, burst, after)
    return {
        "saturation_per_second": saturation, "steady_per_second": steady,
        "steady": calm, "burst": storm, "afterwards": stage(answers, after + 1, end),
        "goodput_of_saturation": storm["answered_in_time_per_second"] / saturation,
        "accepted_p99_of_steady": ratio(storm["accepted_p99_ms"], calm["accepted_p99_ms"])}


def one_burst_while_loading(slipway, address, requests, seconds):
    taken = multiprocessing.Value("d", 0)
    worker = multiprocessing.Process(target=load_beside, args=(slipway, seconds + STEADY_S, taken))
    worker.start()
    found = one_burst(address, requests, seconds)
    worker.join()
    servers.api(slipway, "/v1/endpoints/large", method="DELETE")
    return found | {"load_seconds": taken.value or None}


def measure(slipway, folder, rounds, seconds, megabytes):
    """`slipway` has one lane thread. Bursts with and without the load in alternation."""
    folder = pathlib.Path(folder)
    servers.command(slipway, "deploy", models.large(folder / "large.onnx", megabytes))
    (folder / "large.onnx").unlink()
    servers.api(slipway, "/v1/endpoints/large", method="DELETE")
    servers.command(slipway, "deploy", models.heavy(folder / "heavy.onnx"))
    rows = numpy.random.default_rng(9).standard_normal((64, 1, 512), numpy.float32)
    requests = [client.request(INFER, *binary_body("x", row, binary_answer=True)) for row in rows]
    address = client.address_of(slipway.url)
    client.all_answered(client.drive(address, requests, 4, client.without_pause(2), lambda *_: None))
    alone, loading = [], []
    for _ in range(rounds):
        alone.append(one_burst(address, requests, seconds))
        loading.append(one_burst_while_loading(slipway, address, requests, seconds))
    return {"loaded_megabytes": megabytes, "alone": alone, "while_loading": loading}
