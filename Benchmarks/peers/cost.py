# SPDX-License-Identifier: Apache-2.0
"""What a prediction costs each server: CPU, how long it takes, and how many a second, by model, protocol and how many
callers there are at once.

Every server answers every row of every model first. Then each has its turn for a short slice, and again in the other
order, so that whatever else the machine does hits all of them alike.
"""
import contextlib
import pathlib
import statistics

import drive
import inputs
import subjects

STREAMS = (1, 16, 64)
# What is out at the end of a slice is waited for; sixty-four of tens of milliseconds would only measure that queue.
STREAMS_LONG = (1, 16)
SUBJECTS = ("linear", "forest", "net", "convolutions")
# A slice of a second has some twenty answers of tens of milliseconds: those take longer slices, and fewer rounds.
ROUNDS_LONG, LONGER = 2, 2


def lines(stack, peers, models, folder, say):
    """Starts the peers with all models, and checks what each answers."""
    found = []
    for peer in peers:
        say(f"starting {peer.name}")
        parts = [[one] for one in models.values()] if peer.is_single else [list(models.values())]
        for part in parts:
            running = peer.start(stack, folder, part)
            for subject in part:
                for speech in peer.speaks:
                    # The binary form of tabular rows says little that gRPC and JSON do not.
                    if speech.protocol == "binary" and not subject.is_long:
                        continue
                    one = drive.line(peer.name, running, subject, speech, pathlib.Path(folder, f"line-{len(found)}"))
                    drive.check(one)
                    found.append(one)
    return found


def summary(slices, subject):
    """Medians over the rounds, and the median of the ratios to Slipway over the same protocol in the same round."""
    costs = [one["cpu_us"] for one in slices]
    return {key: statistics.median(one[key] for one in slices) for key in ("per_second", "p50_us", "p99_us")} | {
        "cpu_us": statistics.median(costs), "cpu_us_least": min(costs),
        "requests": sum(one["requests"] for one in slices),
        "ratio": statistics.median(cost / other["cpu_us"] for cost, other in zip(costs, subject))}


def measure(peers, folder, rounds, seconds, say, names=SUBJECTS):
    models = subjects.all_of(folder, names)
    found = {name: {"says": one.says, "engine_us": [], "lines": {}} for name, one in models.items()}
    with contextlib.ExitStack() as stack:
        field, slices = lines(stack, peers, models, folder, say), {}
        for one in field:
            drive.slice_of(one, 4, 1)
        for turn in range(rounds):
            for name, subject in models.items():
                if subject.is_long and turn >= ROUNDS_LONG:
                    continue
                say(f"round {turn + 1} of {rounds}: {name}")
                engine = inputs.session(subject.file)
                found[name]["engine_us"].append(inputs.engine_us(engine, subject.input, subject.inputs, seconds))
                those = [one for one in field if one.subject is subject]
                for streams in STREAMS_LONG if subject.is_long else STREAMS:
                    for one in those if turn % 2 == 0 else those[::-1]:
                        key = name, one.name, one.speech.protocol, str(streams)
                        length = seconds * LONGER if subject.is_long else seconds
                        slices.setdefault(key, []).append(drive.slice_of(one, streams, length))
    for (name, peer, protocol, streams), taken in slices.items():
        of_peer = found[name]["lines"].setdefault(f"{peer} · {protocol}", {})
        of_peer[streams] = summary(taken, slices[name, "Slipway", protocol, streams])
    for one in found.values():
        one["engine_us"] = statistics.median(one["engine_us"])
    return {"rounds": rounds, "slice_seconds": seconds, "subjects": found}
