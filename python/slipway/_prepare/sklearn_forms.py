# SPDX-License-Identifier: Apache-2.0
"""Registers with skl2onnx what stands in sklearn_nodes."""
from __future__ import annotations

from . import forests, sklearn_columns, sklearn_ensembles, sklearn_nodes

CLASSIFIER_OPTIONS = {"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True],
                      "raw_scores": [True, False]}


def register() -> None:
    import sklearn.calibration
    import sklearn.discriminant_analysis
    import sklearn.ensemble
    import sklearn.impute
    import sklearn.isotonic
    import sklearn.preprocessing
    import sklearn.tree
    from skl2onnx import update_registered_converter
    from skl2onnx.common._registration import register_converter
    from skl2onnx.common.shape_calculator import (
        calculate_linear_classifier_output_shapes as classified, calculate_linear_regressor_output_shapes as regressed)
    from skl2onnx.operator_converters.linear_classifier import convert_sklearn_linear_classifier

    for name in forests.SKLEARN:
        kind = getattr(sklearn.ensemble, name, None) or getattr(sklearn.tree, name)
        _forest(update_registered_converter, kind, classified, regressed)
    for kind in _boosters():
        _forest(update_registered_converter, kind, classified, regressed)
    update_registered_converter(sklearn.impute.SimpleImputer, "SlipwayImputer", _same_shape,
                                sklearn_nodes.convert_imputer, overwrite=True)
    update_registered_converter(sklearn.preprocessing.OneHotEncoder, "SlipwayOneHot", sklearn_columns.one_hot_shape,
                                sklearn_columns.convert_one_hot, overwrite=True)
    update_registered_converter(sklearn.preprocessing.FunctionTransformer, "SlipwayFunction",
                                sklearn_columns.function_shape, sklearn_columns.convert_function, overwrite=True)
    update_registered_converter(sklearn.isotonic.IsotonicRegression, "SlipwayIsotonic", regressed,
                                sklearn_ensembles.convert_isotonic, overwrite=True)
    for kind, name, convert in (
        (sklearn.ensemble.VotingClassifier, "SlipwayVoting", sklearn_ensembles.convert_vote),
        (sklearn.calibration.CalibratedClassifierCV, "SlipwayCalibrated", sklearn_ensembles.convert_calibrated),
        (sklearn.discriminant_analysis.LinearDiscriminantAnalysis, "SlipwayDiscriminant",
         sklearn_ensembles.convert_discriminant),
    ):
        update_registered_converter(kind, name, sklearn_ensembles.classifier_shape, convert, overwrite=True,
                                    options=CLASSIFIER_OPTIONS)
    # Inside other models skl2onnx gives every classifier an option that this one is not registered with.
    register_converter("SklearnLinearSVC", convert_sklearn_linear_classifier, overwrite=True,
                       options=CLASSIFIER_OPTIONS)


def _forest(register, kind, classified, regressed) -> None:
    name = kind.__name__
    if name == "IsolationForest":
        register(kind, "SlipwayIsolationForest", _outlier_shape, sklearn_nodes.convert_forest, overwrite=True,
                 options={"score_samples": [True, False]})
    elif "Classifier" in name:
        register(kind, f"Slipway{name}", classified, sklearn_nodes.convert_forest, overwrite=True,
                 options=CLASSIFIER_OPTIONS)
    else:
        register(kind, f"Slipway{name}", regressed, sklearn_nodes.convert_forest, overwrite=True)


def _boosters() -> list[type]:
    """The classes of libraries that a model has brought in; the others cannot be in it."""
    import sys
    names = {"xgboost": ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"),
             "lightgbm": ("LGBMClassifier", "LGBMRegressor"), "catboost": ("CatBoostClassifier", "CatBoostRegressor")}
    return [getattr(sys.modules[library], name) for library, kinds in names.items() if library in sys.modules
            for name in kinds]


def _same_shape(operator) -> None:
    from skl2onnx.common.data_types import Int64TensorType, FloatTensorType
    given = operator.inputs[0].type
    width = sum((variable.type.shape[1] or 0) for variable in operator.inputs)
    kind = FloatTensorType if isinstance(given, Int64TensorType) else type(given)
    operator.outputs[0].type = kind([None, width or None])


def _outlier_shape(operator) -> None:
    from skl2onnx.common.data_types import Int64TensorType
    operator.outputs[0].type = Int64TensorType([None, 1])
    operator.outputs[1].type = type(operator.inputs[0].type)([None, 1])
