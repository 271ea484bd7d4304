// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import Tensors
internal import WireTypes

/// How the callers of a path read errors.
enum ErrorForm {
    /// `{"error": …}`, as clients of the Open Inference Protocol expect.
    case inferenceProtocol
    /// `application/problem+json` (RFC 9457).
    case problem

    /// Writes `explanation` as the body of an answer.
    ///
    /// - Parameter status: Where the status says more than the kind of the failure does.
    func write(
        _ explanation: Explanation, status: Int? = nil, predictionID: String? = nil, into writer: ByteWriter
    ) -> AnswerHead {
        writer.removeAll()
        var head = AnswerHead(status: status ?? explanation.kind.httpStatus)
        head.predictionID = predictionID
        switch self {
        case .inferenceProtocol:
            JSONValue.object(explanation.inferenceProtocolMembers).write(into: writer)
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
        let text = ([message] + (hint.map { [$0] } ?? [])).joined(separator: " ")
        var members: [(name: String, value: JSONValue)] = [
            ("error", .string(text)), ("code", .string(code.rawValue)),
        ]
        if !details.isEmpty { members.append(("details", detailsObject)) }
        return members
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

/// What a person is told of `error`. One that explains nothing is our mistake, and stays unnamed outside the log.
func explanation(of error: any Error) -> Explanation {
    (error as? any ExplainedError)?.explanation
        ?? Explanation(
            .bug, .bug, "Something went wrong that nobody foresaw.",
            hint: "Look for the time of this request in `slipway logs`.")
}
