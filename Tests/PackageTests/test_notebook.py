# SPDX-License-Identifier: Apache-2.0
"""The example notebook runs from its first cell to its last, and shows what it says that it shows."""

import os
import subprocess

import nbformat
from nbclient import NotebookClient
from program import EXAMPLES, ROOT


def test_the_notebook_takes_its_model_to_an_endpoint(own_machine, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "python"))
    notebook = nbformat.read(EXAMPLES / "notebook" / "churn.ipynb", as_version=4)
    try:
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(own_machine)}}).execute()
    finally:
        subprocess.run([os.environ["SLIPWAY_BINARY"], "stop"], capture_output=True)
    pages = [shown(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert "✓ churn version 1" in pages[2] and "examples agree" in pages[2]
    assert "/v1/endpoints/churn/predict" in pages[2]
    assert "probabilities[1]" in pages[3]
    assert float(pages[4]) < 1e-5
    assert "“plan”" in pages[5] and "IN-003" in pages[5]


def shown(cell):
    """What a cell's outputs say, as text."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts.append(data.get("text/html") or data.get("text/plain") or output.get("text", ""))
    return "\n".join(parts)
