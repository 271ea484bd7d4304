# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's estimators on tables of numbers."""
from sklearn import (
    calibration, cluster, cross_decomposition, decomposition, discriminant_analysis, dummy, ensemble,
    gaussian_process, isotonic, kernel_ridge, linear_model, mixture, multioutput, naive_bayes, neighbors, neural_network,
    preprocessing, svm, tree)
from sklearn.pipeline import make_pipeline

import data
from corpus import named, on_table

scaled = lambda model: make_pipeline(preprocessing.StandardScaler(), model)  # noqa: E731

CLASSIFIERS = {
    "logistic": ("breast_cancer", lambda: scaled(linear_model.LogisticRegression(max_iter=2000))),
    "logistic_multiclass": ("wine", lambda: scaled(linear_model.LogisticRegression(max_iter=2000))),
    "sgd": ("breast_cancer", lambda: scaled(linear_model.SGDClassifier(random_state=0))),
    "ridge_classifier": ("wine", lambda: scaled(linear_model.RidgeClassifier())),
    "linear_svc": ("breast_cancer", lambda: scaled(svm.LinearSVC())),
    "svc": ("breast_cancer", lambda: scaled(svm.SVC())),
    "svc_probability": ("iris", lambda: scaled(svm.SVC(probability=True, random_state=0))),
    "knn": ("breast_cancer", lambda: scaled(neighbors.KNeighborsClassifier())),
    "gaussian_nb": ("wine", naive_bayes.GaussianNB),
    "lda": ("wine", discriminant_analysis.LinearDiscriminantAnalysis),
    "qda": ("wine", discriminant_analysis.QuadraticDiscriminantAnalysis),
    "tree": ("breast_cancer", lambda: tree.DecisionTreeClassifier(random_state=0)),
    "forest": ("breast_cancer", lambda: ensemble.RandomForestClassifier(100, random_state=0)),
    "extra_trees": ("wine", lambda: ensemble.ExtraTreesClassifier(100, random_state=0)),
    "gradient_boosting": ("breast_cancer", lambda: ensemble.GradientBoostingClassifier(random_state=0)),
    "gradient_boosting_multiclass": ("wine", lambda: ensemble.GradientBoostingClassifier(random_state=0)),
    "hist_gradient_boosting": ("breast_cancer", lambda: ensemble.HistGradientBoostingClassifier(random_state=0)),
    "hist_gradient_boosting_multiclass": ("wine", lambda: ensemble.HistGradientBoostingClassifier(random_state=0)),
    "ada_boost": ("wine", lambda: ensemble.AdaBoostClassifier(random_state=0)),
    "bagging": ("breast_cancer", lambda: ensemble.BaggingClassifier(random_state=0)),
    "mlp": ("breast_cancer", lambda: scaled(neural_network.MLPClassifier((32, 16), max_iter=600, random_state=0))),
    "digits_mlp": ("digits", lambda: scaled(neural_network.MLPClassifier((64,), max_iter=300, random_state=0))),
    "digits_svc": ("digits", lambda: svm.SVC(gamma=0.001)),
    "digits_forest": ("digits", lambda: ensemble.RandomForestClassifier(60, random_state=0)),
    "calibrated_sigmoid": ("breast_cancer", lambda: calibration.CalibratedClassifierCV(
        scaled(svm.LinearSVC()), method="sigmoid")),
    "calibrated_isotonic": ("breast_cancer", lambda: calibration.CalibratedClassifierCV(
        ensemble.RandomForestClassifier(30, random_state=0), method="isotonic")),
    "voting_soft": ("wine", lambda: ensemble.VotingClassifier(
        [("l", scaled(linear_model.LogisticRegression(max_iter=2000))), ("n", naive_bayes.GaussianNB())], voting="soft")),
    "voting_hard": ("wine", lambda: ensemble.VotingClassifier(
        [("l", scaled(linear_model.LogisticRegression(max_iter=2000))), ("n", naive_bayes.GaussianNB())])),
    "stacking": ("breast_cancer", lambda: ensemble.StackingClassifier(
        [("f", ensemble.RandomForestClassifier(20, random_state=0)),
         ("l", scaled(linear_model.LogisticRegression(max_iter=2000)))])),
    "gaussian_process": ("iris", lambda: gaussian_process.GaussianProcessClassifier(random_state=0)),
    "dummy": ("iris", lambda: dummy.DummyClassifier(strategy="prior")),
    "pca_logistic": ("digits", lambda: make_pipeline(
        decomposition.PCA(20), linear_model.LogisticRegression(max_iter=3000))),
    "quantile_transformer": ("breast_cancer", lambda: make_pipeline(
        preprocessing.QuantileTransformer(n_quantiles=100, random_state=0), linear_model.LogisticRegression())),
    "binned": ("breast_cancer", lambda: make_pipeline(
        preprocessing.KBinsDiscretizer(6), linear_model.LogisticRegression(max_iter=2000))),
}
REGRESSORS = {
    "linear": lambda: linear_model.LinearRegression(),
    "ridge": lambda: scaled(linear_model.Ridge()),
    "lasso": lambda: scaled(linear_model.Lasso(0.05)),
    "elastic_net": lambda: linear_model.ElasticNet(0.01),
    "bayesian_ridge": lambda: linear_model.BayesianRidge(),
    "huber": lambda: linear_model.HuberRegressor(max_iter=1000),
    "poisson": lambda: scaled(linear_model.PoissonRegressor()),
    "quantile": lambda: linear_model.QuantileRegressor(quantile=0.9, alpha=0.001),
    "polynomial": lambda: make_pipeline(preprocessing.PolynomialFeatures(2), linear_model.Ridge()),
    "tree_regressor": lambda: tree.DecisionTreeRegressor(random_state=0),
    "forest_regressor": lambda: ensemble.RandomForestRegressor(60, random_state=0),
    "gradient_boosting_regressor": lambda: ensemble.GradientBoostingRegressor(random_state=0),
    "hist_gradient_boosting_regressor": lambda: ensemble.HistGradientBoostingRegressor(random_state=0),
    "hist_quantile": lambda: ensemble.HistGradientBoostingRegressor(loss="quantile", quantile=0.9, random_state=0),
    "svr": lambda: scaled(svm.SVR()),
    "knn_regressor": lambda: scaled(neighbors.KNeighborsRegressor()),
    "kernel_ridge": lambda: scaled(kernel_ridge.KernelRidge(kernel="rbf")),
    "mlp_regressor": lambda: scaled(neural_network.MLPRegressor(hidden_layer_sizes=(32,), max_iter=800, random_state=0)),
    "pls": lambda: cross_decomposition.PLSRegression(3),
}


def _register() -> None:
    for name, (table, model) in CLASSIFIERS.items():
        named(name, lambda table=table, model=model: on_table(model(), *data.bundled(table)))
    for name, model in REGRESSORS.items():
        few = name in ("kernel_ridge", "svr", "quantile")
        named(name, lambda model=model, few=few: on_table(
            model(), *(part.head(1000) if few else part for part in data.friedman())))
    named("isotonic", lambda: on_table(isotonic.IsotonicRegression(out_of_bounds="clip"),
                                       data.friedman()[0][["x3"]], data.friedman()[1]))
    table, target = data.friedman()
    two = lambda: __import__("pandas").DataFrame({"a": target, "b": target ** 2})  # noqa: E731
    named("multi_output_forest", lambda: on_table(ensemble.RandomForestRegressor(40, random_state=0), table, two()))
    named("multi_output_ridge", lambda: on_table(multioutput.MultiOutputRegressor(linear_model.Ridge()), table, two()))
    cancer = data.bundled("breast_cancer")[0]
    for name, model in {
        "isolation_forest": lambda: ensemble.IsolationForest(n_estimators=60, random_state=0),
        "one_class_svm": lambda: scaled(svm.OneClassSVM(nu=0.05)),
        "local_outlier_factor": lambda: scaled(neighbors.LocalOutlierFactor(novelty=True)),
        "k_means": lambda: scaled(cluster.KMeans(5, random_state=0, n_init=3)),
        "gaussian_mixture": lambda: scaled(mixture.GaussianMixture(3, random_state=0)),
        "pca": lambda: scaled(decomposition.PCA(5)),
    }.items():
        named(name, lambda model=model: on_table(model(), cancer))


_register()
