# SPDX-License-Identifier: Apache-2.0
"""Markdown tables of figures, and what machine they are of."""
import os
import pathlib
import platform
import re


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores ({model[1] if model else 'unnamed'})"


def cell(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def table(head, rows):
    line = "|" + "|".join(["---"] + ["--:"] * (len(head) - 1)) + "|"
    return "\n".join(["| " + " | ".join(head) + " |", line] + ["| " + " | ".join(row) + " |" for row in rows])


def figures(label, values, form):
    return [label, *("–" if value is None else form.format(value) for value in values)]
