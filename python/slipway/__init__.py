# SPDX-License-Identifier: Apache-2.0
"""Slipway: a trained model to a live endpoint, proven at every start."""

__version__ = "0.1.0"
