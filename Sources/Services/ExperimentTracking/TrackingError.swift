// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What tracking does not have, or does not take.
package enum TrackingError: ExplainedError, Equatable {
    case unknownExperiment(String)
    case unknownRun(String)
    case unknownLoggedModel(String)
    case unknownArtifact(String)
    case experimentNameTaken(String, isDeleted: Bool)
    /// A parameter of a run keeps its first value.
    case paramChanged(key: String, old: String, new: String)
    case experimentIsDeleted(ExperimentID)
    /// What is to be deleted is so already.
    case experimentIsGone(ExperimentID)
    case experimentIsNotDeleted(ExperimentID)
    case runIsDeleted(RunID)
    case badKey(String, what: String)
    case tooLong(what: String, limit: Int)
    case tooMany(what: String, count: Int, limit: Int)
    case unusable(what: String, value: String)
    case namesDiffer(name: String, tag: String)

    package var explanation: Explanation {
        switch self {
        case .unknownExperiment(let name):
            Explanation(
                .experimentUnknown, .notFound, "There is no experiment “\(name.prefix(200))”.",
                hint: "`slipway experiment list` shows what is there.")
        case .unknownRun(let id):
            Explanation(
                .runUnknown, .notFound, "There is no run “\(id.prefix(200))”.", hint: "`slipway run list` shows them.")
        case .unknownLoggedModel(let id):
            Explanation(.loggedModelUnknown, .notFound, "There is no logged model “\(id.prefix(200))”.")
        case .unknownArtifact(let path):
            Explanation(.artifactUnknown, .notFound, "There is no artifact “\(path.prefix(200))”.")
        case .experimentNameTaken(let name, let isDeleted):
            Explanation(
                .nameTaken, .conflict,
                "There is an experiment “\(name.prefix(200))” already\(isDeleted ? ", which was deleted" : "").",
                hint: isDeleted ? "Restore it, or choose another name." : "Use it, or choose another name.")
        case .paramChanged(let key, let old, let new):
            Explanation(
                .paramChanged, .invalidInput,
                "The parameter “\(key.prefix(200))” of this run is “\(old.prefix(200))” and cannot become "
                    + "“\(new.prefix(200))”.", hint: "Start another run for another value.",
                details: [.init("param", String(key.prefix(200)))])
        case .experimentIsDeleted(let id):
            Explanation(.wasDeleted, .invalidInput, "The experiment \(id) was deleted.", hint: "Restore it first.")
        case .experimentIsGone(let id):
            Explanation(.wasDeleted, .notFound, "The experiment \(id) was deleted already.")
        case .experimentIsNotDeleted(let id):
            Explanation(.wasDeleted, .notFound, "The experiment \(id) was not deleted.")
        case .runIsDeleted(let id):
            Explanation(.wasDeleted, .invalidInput, "The run \(id) was deleted.", hint: "Restore it first.")
        case .badKey(let key, let what):
            Explanation(
                .badName, .invalidInput, "“\(key.prefix(200))” is no name of a \(what).",
                hint: "Use letters, digits, “_”, “-”, “.”, “/”, “:” and spaces, as in a relative path without “..”.")
        case .tooLong(let what, let limit):
            Explanation(
                .limitExceeded, .invalidInput, "The \(what) is longer than \(limit) characters.",
                hint: "Shorten it, or log it as an artifact.")
        case .tooMany(let what, let count, let limit):
            Explanation(
                .limitExceeded, .invalidInput, "There are \(count) \(what), and one call takes \(limit).",
                hint: "Send them in several calls.")
        case .unusable(let what, let value):
            Explanation(.outOfRange, .invalidInput, "“\(value.prefix(200))” cannot be the \(what).")
        case .namesDiffer(let name, let tag):
            Explanation(
                .duplicateName, .invalidInput,
                "The run's name is “\(name.prefix(200))”, and its tag mlflow.runName is “\(tag.prefix(200))”.",
                hint: "Give one of them.")
        }
    }
}
