# SPDX-License-Identifier: Apache-2.0
"""An ONNX file as a model of MLflow's, with one thread a call. Runs in MLflow's environment.

    mlflow_save.py FILE FOLDER
"""
import sys

import mlflow.onnx
import onnx

mlflow.onnx.save_model(
    onnx.load(sys.argv[1]), sys.argv[2], onnx_execution_providers=["CPUExecutionProvider"],
    onnx_session_options={"intra_op_num_threads": 1})
