# SPDX-License-Identifier: Apache-2.0
"""Settings of MLflow's client for tests, made when this is imported."""

import os

# Before MLflow is imported: nothing of the caller's own settings, nothing that asks others, nothing that waits.
for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
    del os.environ[name]
os.environ |= {
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A 5xx that is wrong fails at once, and not after minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MPLBACKEND": "agg",
}
