# SPDX-License-Identifier: Apache-2.0
"""Reads files of data for `slipway dataset`, and writes them for `slipway prediction export`."""
