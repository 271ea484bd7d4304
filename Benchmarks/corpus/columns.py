# SPDX-License-Identifier: Apache-2.0
"""Pipelines over columns of different kinds, and over texts."""
import numpy as np
from sklearn import ensemble, linear_model, naive_bayes, preprocessing, svm
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

import data
from corpus import Pipeline, joblib_file, named, on_table

NUMBERS, TEXTS = ["age", "income", "calls"], ["plan", "country"]


def prepared(categories=None, more=()):
    categories = categories or OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
        ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"), categories), TEXTS), *more])


def on_churn(model, columns=None, rows: int = 20_000):
    table, target = data.churn()
    table = table[columns or NUMBERS + TEXTS]
    return on_table(model, table.head(rows), target.head(rows))


def on_texts(model):
    texts, names = data.licences()
    model = model.fit(texts, names)
    return Pipeline(model, texts[:300], lambda count: data.more_texts(count, 5), joblib_file)


TABLES = {
    "churn_logistic": lambda: make_pipeline(prepared(), linear_model.LogisticRegression(max_iter=1000)),
    "churn_forest": lambda: make_pipeline(prepared(), ensemble.RandomForestClassifier(50, random_state=0)),
    "churn_gradient_boosting": lambda: make_pipeline(prepared(), ensemble.GradientBoostingClassifier(random_state=0)),
    "churn_ordinal": lambda: make_pipeline(
        prepared(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
        ensemble.RandomForestClassifier(50, random_state=0)),
    "churn_target_encoder": lambda: make_pipeline(
        prepared(TargetEncoder(random_state=0)), linear_model.LogisticRegression(max_iter=1000)),
    "churn_knn_imputer": lambda: make_pipeline(
        ColumnTransformer([("n", KNNImputer(), NUMBERS)]), linear_model.LogisticRegression(max_iter=1000)),
    "churn_log": lambda: make_pipeline(
        ColumnTransformer([("n", make_pipeline(
            SimpleImputer(), FunctionTransformer(np.abs), FunctionTransformer(np.log1p)), NUMBERS)]),
        linear_model.LogisticRegression(max_iter=1000)),
}
LANGUAGE = {
    "licences_tfidf": lambda: make_pipeline(TfidfVectorizer(), linear_model.LogisticRegression(max_iter=1000)),
    "licences_count_nb": lambda: make_pipeline(CountVectorizer(lowercase=True), naive_bayes.MultinomialNB()),
    "licences_bigrams": lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), svm.LinearSVC()),
    "licences_hashing": lambda: make_pipeline(HashingVectorizer(n_features=2 ** 12), linear_model.SGDClassifier(
        random_state=0)),
}


def _register() -> None:
    for name, model in TABLES.items():
        few = name == "churn_knn_imputer"
        columns = NUMBERS if name in ("churn_knn_imputer", "churn_log") else None
        named(name, lambda model=model, columns=columns, few=few: on_churn(
            model(), columns, 1000 if few else 20_000))
    named("churn_500_towns", lambda: on_churn(
        make_pipeline(prepared(more=[("town", OneHotEncoder(handle_unknown="ignore", min_frequency=5), ["town"])]),
                      linear_model.LogisticRegression(max_iter=1000)), NUMBERS + TEXTS + ["town"]))
    named("churn_flags", lambda: on_churn(
        make_pipeline(prepared(more=[("flag", "passthrough", ["is_member"])]),
                      linear_model.LogisticRegression(max_iter=1000)), NUMBERS + TEXTS + ["is_member"]))
    for name, model in LANGUAGE.items():
        named(name, lambda model=model: on_texts(model()))
    named("scaler_only", lambda: on_table(preprocessing.RobustScaler(), data.bundled("wine")[0]))


_register()
