# SPDX-License-Identifier: Apache-2.0
"""A model as worker.json describes it: opened, called with tensors, and its answers turned into tensors."""
