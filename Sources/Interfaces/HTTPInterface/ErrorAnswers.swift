// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import InferenceServing
internal import ModelDomain
internal import Tensors
internal import WireTypes

/// How the callers of a path read errors.
enum ErrorForm {
    /// `{"error": …}`, as clients of the Open Inference Protocol expect.
    case inferenceProtocol
    /// `application/problem+json` (RFC 9457).
    case problem
    /// `{"error_code": …, "message": …}`, as MLflow's scoring server writes them.
    case scoring

    /// Writes `explanation` as the body of an answer.
    ///
    /// - Parameter status: Where the status says more than the kind of the failure does.
    func write(
        _ explanation: Explanation, status: Int? = nil, predictionID: PredictionID? = nil, into writer: ByteWriter
    ) -> AnswerHead {
        writer.removeAll()
        var head = AnswerHead(status: status ?? explanation.kind.httpStatus)
        head.predictionID = predictionID
        head.retryAfterSeconds = explanation.retryAfterSeconds
        switch self {
        case .inferenceProtocol:
            JSONValue.object(explanation.inferenceProtocolMembers).write(into: writer)
        case .scoring:
            JSONValue.object(explanation.scoringMembers(status: head.status)).write(into: writer)
        case .problem:
            head.contentType = "application/problem+json"
            writer.append(problemBody(explanation, status: head.status))
        }
        return head
    }
}

/// The body of `application/problem+json`.
func problemBody(_ explanation: Explanation, status: Int) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts and integers only: there is nothing in a problem that could not be encoded.
    return (try? encoder.encode(ProblemV1(explanation, status: status))).map { [UInt8]($0) } ?? []
}

extension Explanation {
    /// `error`, `code` and `details`, for an object of the Open Inference Protocol.
    var inferenceProtocolMembers: [(name: String, value: JSONValue)] {
        [("error", .string(text)), ("code", .string(code.rawValue))] + detailsMember
    }

    /// `error_code`, `message`, `code` and `details`, for a caller of MLflow's scoring server.
    fileprivate func scoringMembers(status: Int) -> [(name: String, value: JSONValue)] {
        let name: JSONValue =
            switch status {
            case 401, 403: "UNAUTHENTICATED"
            case 404: "RESOURCE_DOES_NOT_EXIST"
            case 429, 503, 504: "TEMPORARILY_UNAVAILABLE"
            case 500...: "INTERNAL_ERROR"
            case _ where code == .unsupportedOption: "INVALID_PARAMETER_VALUE"
            default: "BAD_REQUEST"
            }
        return [("error_code", name), ("message", .string(text)), ("code", .string(code.rawValue))] + detailsMember
    }

    private var detailsMember: [(name: String, value: JSONValue)] {
        details.isEmpty ? [] : [("details", detailsObject)]
    }

    /// Details by name, positions as numbers. A name that several details have gets a list.
    private var detailsObject: JSONValue {
        var members: [(name: String, value: JSONValue)] = []
        for detail in details {
            let value = Int64(detail.value).map(JSONValue.integer) ?? .string(detail.value)
            guard let index = members.firstIndex(where: { $0.name == detail.name }) else {
                members.append((detail.name, value))
                continue
            }
            if case .array(let earlier) = members[index].value {
                members[index].value = .array(earlier + [value])
            } else {
                members[index].value = .array([members[index].value, value])
            }
        }
        return .object(members)
    }
}
