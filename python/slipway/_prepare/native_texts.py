# SPDX-License-Identifier: Apache-2.0
"""Words of a text, counted or hashed."""
from __future__ import annotations

import re
from dataclasses import replace

from .native_sheet import Sheet
from .native_table import WIDTH_LIMIT, Column, NoForm, Table, plain

LETTERS = r"(?:\\[wWsSdD]|\[(?:\\.|[^\]\\])+\])"
"""One class of characters; as often as a token has to have it at least."""
TOKEN = re.compile(rf"({LETTERS})(?P<again>(?:\1)*)(?:\+|\{{\d+,\}})\Z")


def counts(sheet: Sheet, table: Table, vectorizer) -> Table:
    return _counted(sheet, table, vectorizer, words=_words(vectorizer))


def weighed(sheet: Sheet, table: Table, vectorizer) -> Table:
    inner = vectorizer._tfidf
    return _counted(sheet, table, vectorizer, words=_words(vectorizer), **_weights(inner))


def hashed(sheet: Sheet, table: Table, vectorizer) -> Table:
    return _counted(sheet, table, vectorizer, buckets=vectorizer.n_features, signed=vectorizer.alternate_sign,
                    norm=vectorizer.norm)


def _counted(sheet: Sheet, table: Table, vectorizer, **keys) -> Table:
    import numpy
    if len(table.columns) != 1 or table.count != 1 or not table.columns[0].is_text or table.columns[0].odd:
        raise NoForm(f"{type(vectorizer).__name__} of anything but one column of texts")
    for name, usual in (("input", "content"), ("strip_accents", None), ("preprocessor", None), ("tokenizer", None)):
        if getattr(vectorizer, name) != usual:
            raise NoForm(f"{type(vectorizer).__name__} with {name} of its own")
    width = keys.get("buckets") or len(keys["words"])
    if width > WIDTH_LIMIT:
        raise NoForm(f"{type(vectorizer).__name__} with {width:,} columns")
    column = table.columns[0]
    if vectorizer.lowercase:
        sheet.add("lower", [column])
    stop = vectorizer.get_stop_words() if vectorizer.analyzer == "word" else None
    sheet.add("count", [column], **_tokens(vectorizer), ngrams=[int(size) for size in vectorizer.ngram_range],
              stop=sorted(stop) if stop else None, binary=True if vectorizer.binary else None, **keys)
    made = [Column(column.name, "FP64", width)]
    if numpy.dtype(vectorizer.dtype) == numpy.float32:
        made = sheet.cast(made, "FP32")
    return table.of(made, is_objects=False, is_sparse=True)


def _tokens(vectorizer) -> dict:
    """- Raises NoForm for expressions that are more than one class of characters."""
    if vectorizer.analyzer == "char":
        return {"characters": "text"}
    if vectorizer.analyzer == "char_wb":
        return {"characters": "words"}
    if vectorizer.analyzer != "word":
        raise NoForm("an analyzer of its own")
    pattern = vectorizer.token_pattern
    inner = pattern.removeprefix("(?u)")
    is_bounded = inner.startswith(r"\b") and inner.endswith(r"\b")
    inner = inner[2:-2] if is_bounded else inner
    found = TOKEN.match(inner)
    # Only between \w and what is none is a boundary.
    if found is None or (is_bounded and found[1] != r"\w"):
        raise NoForm(f"tokens by the expression {pattern}")
    return {"pattern": pattern}


def _words(vectorizer) -> list[str]:
    return sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)


def _weights(transformer) -> dict:
    return {"sublinear": True if transformer.sublinear_tf else None,
            "weights": plain(transformer.idf_) if transformer.use_idf else None, "norm": transformer.norm}


def transformer(sheet: Sheet, table: Table, estimator) -> Table:
    """On counts that were only just made; or on any others, unless their logarithm is asked for."""
    last = sheet.operations[-1] if sheet.operations else {"op": None, "columns": []}
    weights = _weights(estimator)
    is_fresh = last["op"] == "count" and last["columns"] == [column.name for column in table.columns]
    if is_fresh and not {"norm", "weights", "sublinear"} & set(last):
        last.update({key: value for key, value in weights.items() if value is not None})
        return table
    if estimator.sublinear_tf:
        raise NoForm("TfidfTransformer with logarithms of what are no counts")
    table = sheet.scaled(sheet.numbers(table, halves=False), multiply=weights["weights"])
    if estimator.norm:
        sheet.add("normalise", table.columns, norm=estimator.norm)
    return replace(table, is_sparse=True)


def features(sheet: Sheet, table: Table, hasher) -> Table:
    """Every text of a row is one."""
    import numpy
    if hasher.input_type != "string" or table.names or not all(column.is_text and not column.missing
                                                               for column in table.columns):  # fmt: skip
        raise NoForm("FeatureHasher of anything but rows of texts")
    if hasher.n_features > WIDTH_LIMIT:
        raise NoForm(f"FeatureHasher with {hasher.n_features:,} columns")
    column = table.columns[0]
    if len(table.columns) > 1:
        column = sheet.joined(table.columns, "texts", "BYTES")
    sheet.add("hash", [column], buckets=hasher.n_features, signed=hasher.alternate_sign)
    made = [Column(column.name, "FP64", hasher.n_features)]
    return table.of(sheet.cast(made, "FP32") if numpy.dtype(hasher.dtype) == numpy.float32 else made,
                    is_objects=False, is_sparse=True)


WRITERS = {"CountVectorizer": counts, "TfidfVectorizer": weighed, "HashingVectorizer": hashed,
           "TfidfTransformer": transformer, "FeatureHasher": features}
