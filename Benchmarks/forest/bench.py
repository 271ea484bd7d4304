# SPDX-License-Identifier: Apache-2.0
"""Trees in Slipway's engine beside the libraries that grew them and ONNX Runtime, all on one thread.

    make bench-forest
    python Benchmarks/forest/bench.py catboost      # what begins with this alone; needs the built program

Prints microseconds for a row: one at a time, in batches of 32, and 10,000 at once. The libraries are asked through
Python with what they have for it (XGBoost's in-place prediction, LightGBM's and CatBoost's arrays), whose own cost of a
few microseconds a call is part of it, as it is for whoever serves with them. Writes forest.json.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

import catboost
import lightgbm
import numpy
import onnxruntime
import xgboost

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
ROWS, COLUMNS = 10_000, 30


def data():
    rng = numpy.random.default_rng(0)
    rows = rng.normal(size=(ROWS, COLUMNS)).astype(numpy.float32)
    return rows, (rows[:, 0] + rows[:, 1] * rows[:, 2] + rng.normal(size=ROWS) > 0).astype(int)


def models(rows, wanted, only):
    """Name, model, and how the library answers, of those whose name begins with `only`."""
    for trees, depth in ((100, 6), (500, 8)):
        if (name := f"xgboost, {trees} trees of depth {depth}").startswith(only):
            model = xgboost.XGBClassifier(n_estimators=trees, max_depth=depth, n_jobs=1).fit(rows, wanted)
            yield name, model, model.get_booster().inplace_predict
    for trees, leaves in ((100, 31), (1000, 255)):
        if (name := f"lightgbm, {trees} trees of {leaves} leaves").startswith(only):
            model = lightgbm.LGBMClassifier(n_estimators=trees, num_leaves=leaves, n_jobs=1, verbose=-1).fit(rows, wanted)
            yield name, model, lambda part, b=model.booster_: b.predict(part, num_threads=1)
    for policy, kind in (("SymmetricTree", "trees"), ("Depthwise", "branching trees")):
        if (name := f"catboost, 500 {kind} of depth 6").startswith(only):
            model = catboost.CatBoostClassifier(iterations=500, depth=6, grow_policy=policy, thread_count=1, verbose=False,
                                                allow_writing_files=False).fit(rows, wanted)  # fmt: skip
            yield name, model, lambda part, m=model: m.predict_proba(part, thread_count=1)


def timed(answer, rows, seconds=1.0):
    """Microseconds for a row: one alone (median and 99th percentile), of 32, of all."""

    def calls(parts):
        found, end, turn = [], time.perf_counter() + seconds, 0
        while time.perf_counter() < end or not found:
            part = parts[turn % len(parts)]
            start = time.perf_counter()
            answer(part)
            found.append(time.perf_counter() - start)
            turn += 1
        return numpy.array(found) * 1e6

    one = calls([rows[i : i + 1] for i in range(1000)])
    few = calls([rows[i * 32 : i * 32 + 32] for i in range(100)])
    everything = calls([rows])
    return {"one": float(numpy.median(one)), "one_p99": float(numpy.quantile(one, 0.99)),
            "of 32": float(numpy.median(few)) / 32, "of 10,000": float(numpy.median(everything)) / len(rows)}  # fmt: skip


def measured(folder):
    """What the engine needs for the forest and the rows in a folder."""
    program = ROOT / ".build/release/forest-bench"
    done = subprocess.run([program, folder / "forest.json", folder / "rows.f64", str(COLUMNS)],
                          capture_output=True, text=True, check=True)  # fmt: skip
    found = json.loads(done.stdout)
    return {"one": found["one_ns"] / 1e3, "one_p99": found["one_p99_ns"] / 1e3, "of 32": found["of_32_ns"] / 1e3,
            "of 10,000": found["of_all_ns"] / 1e3, "open_s": found["open_s"], "memory_bytes": found["memory_bytes"]}  # fmt: skip


def native(model, rows, folder):
    """The forest engine, and the ONNX form of double precision where there is one; both as `slipway pack` makes them."""
    from slipway._prepare import converters, forest_files
    from slipway._prepare.forest_sklearn import NoForest
    from slipway._prepare.graph import conform

    descriptor = {"form": "matrix", "columns": [],
                  "inputs": [{"name": "input", "datatype": "FP32", "shape": [-1, COLUMNS]}],
                  "calls": [{"method": "predict_proba", "output": "probabilities"}],
                  "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}]}  # fmt: skip
    forest_files.write(model, descriptor, folder)
    rows.astype(numpy.float64).tofile(folder / "rows.f64")
    found = measured(folder)
    ours = {key: found[key] for key in ("one", "one_p99", "of 32", "of 10,000")}
    label = {"name": "label", "datatype": "INT64", "shape": [-1]}
    descriptor["outputs"].insert(0, label)
    descriptor["calls"].insert(0, {"method": "predict", "output": "label"})
    try:
        raw, feeds, takes, _ = converters.CONVERTERS["slipway"](model, descriptor, True)
    except NoForest:
        return ours, None, found["open_s"], found["memory_bytes"]
    graph = conform(raw, descriptor["inputs"], descriptor["outputs"], feeds, takes).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return ours, timed(lambda part: session.run(["probabilities"], {"input": part}), rows), found["open_s"], found["memory_bytes"]


def explained(model, rows, folder):
    """Shapley values of the margin, in the engine and in the library, where both have them for a model of this size."""
    if isinstance(model, xgboost.XGBClassifier) and model.n_estimators == 100:
        booster = model.get_booster()
        answer = lambda part: booster.predict(xgboost.DMatrix(part, nthread=1), pred_contribs=True)  # noqa: E731
    elif isinstance(model, lightgbm.LGBMClassifier) and model.n_estimators == 100:
        answer = lambda part: model.booster_.predict(part, pred_contrib=True, num_threads=1)  # noqa: E731
    else:
        return None
    described = json.loads((folder / "forest.json").read_text())
    described["outputs"] = [{"name": "contributions", "datatype": "FP64", "shape": [-1, COLUMNS + 1], "gives": "contributions"}]
    (folder / "forest.json").write_text(json.dumps(described))
    few = rows[:3200]
    few.astype(numpy.float64).tofile(folder / "rows.f64")
    return measured(folder), timed(answer, few)


def main():
    rows, wanted = data()
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    report = []
    print("| model | who | one row | p99 | a row of 32 | a row of 10,000 |\n|---|---|--:|--:|--:|--:|")
    for name, model, answer in models(rows, wanted, only):
        with tempfile.TemporaryDirectory() as folder:
            ours, onnx, opening, memory = native(model, rows, pathlib.Path(folder))
            size = sum(path.stat().st_size for path in pathlib.Path(folder).glob("model.*"))
            why = explained(model, rows, pathlib.Path(folder))
        for who, found in (("Slipway", ours), ("library", timed(answer, rows)), ("ONNX Runtime", onnx)):
            if found is None:
                continue
            print(f"| {name} | {who} | {found['one']:.2f} | {found['one_p99']:.2f} | {found['of 32']:.2f} "
                  f"| {found['of 10,000']:.2f} |", flush=True)
            report.append({"model": name, "who": who, "us": found})
        for who, found in zip(("Slipway", "library"), why or ()):
            print(f"| {name}, contributions | {who} | {found['one']:.2f} | {found['one_p99']:.2f} | {found['of 32']:.2f} "
                  f"| {found['of 10,000']:.2f} (of 3,200) |", flush=True)
            report.append({"model": f"{name}, contributions", "who": who, "us": found})
        print(f"| | opened in {opening * 1e3:.0f} ms, {size / 1e6:.1f} MB as a file, {memory / 1e6:.1f} MB in memory | | | | |")
        report.append({"model": name, "open_s": opening, "file_bytes": size, "memory_bytes": memory})
    pathlib.Path("forest.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
