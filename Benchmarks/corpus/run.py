# SPDX-License-Identifier: Apache-2.0
"""Deploys every pipeline of the corpus, and compares what is served with what the original answers to unseen rows.

    .tools/venv-python/bin/python Benchmarks/corpus/run.py [--names NAME…] [--rows 100000] [--binary PATH]

Prints a table, writes corpus.json. Ends with 1 when anything was served wrong, or did not deploy.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd

import corpus

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
CHUNK = 5000
# The project's own tolerance.
ABSOLUTE, RELATIVE = 1e-5, 1e-4
METHODS = {"label": "predict", "prediction": "predict", "probabilities": "predict_proba", "scores": "decision_function",
           "score": "decision_function", "output": "transform"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="+", help="these pipelines and no others")
    parser.add_argument("--rows", type=int, default=100_000, help="unseen rows for each pipeline")
    parser.add_argument("--binary", default=str(ROOT / ".build/release/slipway"))
    parser.add_argument("--output", default=str(ROOT / "corpus.json"))
    return parser.parse_args()


def original(model, rows, output: str):
    """What the original answers, asked by its own interface."""
    kind = type(model).__module__.split(".")[0]
    if kind == "xgboost" and type(model).__name__ == "Booster":
        import xgboost
        return model.predict(xgboost.DMatrix(rows))
    if output == "score" and not hasattr(model, "decision_function"):
        return model.predict(rows)
    return getattr(model, METHODS[output])(rows)


def compared(served: np.ndarray, expected) -> tuple[np.ndarray, float]:
    """Which rows differ, and the largest difference of a number."""
    expected = np.asarray(expected)
    served = served.reshape(expected.shape) if served.size == expected.size else served
    if served.shape != expected.shape:
        raise ValueError(f"{served.shape} was served, and {expected.shape} was expected")
    if expected.dtype.kind == "f":
        distance = np.abs(served - expected)
        same = (distance <= ABSOLUTE + RELATIVE * np.abs(expected)) | (np.isnan(served) & np.isnan(expected))
        largest = float(np.nanmax(distance, initial=0))
    else:
        texts = expected.dtype.kind in "OU"
        same = served.astype(str) == expected.astype(str) if texts else served == expected
        largest = 0.0
    return ~same.reshape(len(same), -1).all(axis=1), largest


def one(name: str, options, client, folder: pathlib.Path) -> dict:
    began = time.monotonic()
    made = corpus.make(name)
    place = folder / name
    place.mkdir()
    file = made.save(made.model, str(place))
    sample = made.sample if isinstance(made.sample, pd.DataFrame) else pd.DataFrame({"text": made.sample})
    sample.to_csv(place / "sample.csv", index=False)
    endpoint = name.replace("_", "-")
    done = subprocess.run(
        [options.binary, "deploy", str(place / file), "--examples", str(place / "sample.csv"), "--name", endpoint,
         "--format", "json"], capture_output=True, text=True)
    if done.returncode:
        return {"name": name, "failed": done.stderr.strip().splitlines()[-3:]}
    conversion = json.loads(done.stdout)["conversion"]
    deployed = time.monotonic()
    result = {"name": name, "served_by": conversion["served_by"], "rows": 0, "wrong": 0, "largest_difference": 0.0,
              "why": why(conversion)}
    rows = made.unseen(options.rows)
    for start in range(0, len(rows), CHUNK):
        part = rows[start:start + CHUNK]
        part = part.reset_index(drop=True) if isinstance(part, pd.DataFrame) else part
        asked = part if isinstance(part, pd.DataFrame) else pd.DataFrame({"text": part})
        outputs = client.predict(endpoint, asked).outputs
        wrong = np.zeros(len(part), bool)
        for output, served in outputs.items():
            differs, largest = compared(np.asarray(served), original(made.model, part, output))
            wrong |= differs
            result["largest_difference"] = max(result["largest_difference"], largest)
        result["rows"] += len(part)
        result["wrong"] += int(wrong.sum())
    return result | {"deploy_s": deployed - began, "seconds": time.monotonic() - began}


def why(conversion: dict) -> str:
    """The form that serves, or why there is none."""
    if conversion["served_by"] == "native":
        return conversion["attempts"][-1]["form"]
    for attempt in conversion["attempts"]:
        if not attempt["agrees"]:
            return f"{attempt['form']}: " + (attempt.get("problem") or (
                f"{attempt['differing_rows']} of {attempt['rows']} rows differ: {attempt['first_difference']}"))
    return "; ".join(conversion["not_converted"])


def main() -> int:
    options = arguments()
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory(prefix="slipway-corpus-") as home:
        os.environ |= {"SLIPWAY_DATA": f"{home}/data", "SLIPWAY_PYTHON": sys.executable}
        for variable in ("SLIPWAY_URL", "SLIPWAY_TOKEN"):
            os.environ.pop(variable, None)
        server = subprocess.Popen([options.binary, "serve", "--port", "0"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            url = next(line for line in server.stdout if line.startswith("listening on ")).split()[-1]
            os.environ["SLIPWAY_URL"] = url
            os.environ["SLIPWAY_TOKEN"] = pathlib.Path(home, "data/token").read_text().strip()
            import slipway
            client = slipway.Client(url, token=os.environ["SLIPWAY_TOKEN"])
            results = []
            for name in options.names or corpus.names():
                try:
                    results.append(one(name, options, client, pathlib.Path(home)))
                except Exception as error:
                    results.append({"name": name, "failed": [f"{type(error).__name__}: {error}"[:300]]})
                print(line(results[-1]), flush=True)
                subprocess.run([options.binary, "endpoint", "delete", name.replace("_", "-")], capture_output=True)
        finally:
            server.terminate()
            server.wait()
    native = sum(result.get("served_by") == "native" for result in results)
    worker = sum(result.get("served_by") == "worker" for result in results)
    failed = sum("failed" in result for result in results)
    wrong = sum(result.get("wrong", 0) for result in results)
    compared_rows = sum(result.get("rows", 0) for result in results)
    print(f"\n{len(results)} pipelines: {native} native, {worker} by a worker, {failed} failed; "
          f"{wrong} of {compared_rows} unseen rows served wrong")
    pathlib.Path(options.output).write_text(json.dumps(results, indent=1))
    return 1 if wrong or failed else 0


def line(result: dict) -> str:
    if "failed" in result:
        return f"| {result['name']} | failed | {' '.join(result['failed'])} | | | |"
    why = ' '.join(result['why'].split())[:160].replace('|', ' ')
    return (f"| {result['name']} | {result['served_by']} | {why} | {result['rows']:,} | {result['wrong']} | "
            f"{result['largest_difference']:.1e} | {result['seconds']:.0f} s |")


if __name__ == "__main__":
    sys.exit(main())
