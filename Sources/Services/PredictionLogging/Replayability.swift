// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing
internal import ModelDomain

/// Whether a prediction can be computed again, and how closely it must come out.
package enum Replayability: Sendable, Hashable {
    /// To the last bit: the inputs are kept as they came, and the engine's call had these rows and no others.
    case exact
    /// Within the model's tolerance; why not to the last bit.
    case tolerance(String)
    /// Not at all; why.
    case no(String)

    package var word: String {
        switch self {
        case .exact: "exact"
        case .tolerance: "tolerance"
        case .no: "no"
        }
    }

    package var reason: String? {
        switch self {
        case .exact: nil
        case .tolerance(let reason), .no(let reason): reason
        }
    }
}

extension PredictionRecord {
    package var replayability: Replayability {
        if status != .answered { return .no("nothing was answered") }
        if schema.bundle == nil { return .no("the version had no bundle") }
        if isCut { return .no("inputs and outputs were too large to be kept") }
        if isErased { return .no("what it was about is erased") }
        guard wholeInputs != nil else {
            let fields = schema.fields.filter { $0.policy != .keep }.map { "“\($0.name)” (\($0.policy.rawValue))" }
            return .no(
                fields.isEmpty
                    ? "the inputs are not kept"
                    : "not everything of the inputs is kept: \(fields.joined(separator: ", "))")
        }
        if times.callRows == 0 { return .tolerance("the answer was one that was kept for inputs like these") }
        if times.callRows != rowCount {
            return .tolerance("the engine's call had \(times.callRows) rows, those of other requests among them")
        }
        return .exact
    }
}
