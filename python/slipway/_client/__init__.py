# SPDX-License-Identifier: Apache-2.0
"""Asks endpoints for predictions."""
