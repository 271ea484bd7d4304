// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A failure, as `application/problem+json` (RFC 9457) has it.
package struct ProblemV1: Codable, Sendable, Equatable {
    /// The page that describes the code.
    package let type: String
    package let title: String
    package let status: Int
    package let code: String
    package let hint: String?
    /// Facts of this one failure: field, row, rule, or the rows that differ.
    package let details: [DetailV1]?

    package struct DetailV1: Codable, Sendable, Equatable {
        package let name: String
        package let value: String
    }

    /// - Parameter status: The HTTP status, where it says more than the kind of the failure does.
    package init(_ explanation: Explanation, status: Int? = nil) {
        type = explanation.code.page
        title = explanation.message
        self.status = status ?? explanation.kind.httpStatus
        code = explanation.code.rawValue
        hint = explanation.hint
        details =
            explanation.details.isEmpty
            ? nil : explanation.details.map { DetailV1(name: $0.name, value: $0.value) }
    }

    /// The explanation again, on the other side of the wire.
    package var explanation: Explanation {
        Explanation(
            ErrorCode(rawValue: code) ?? .bug, Explanation.Kind(httpStatus: status), title, hint: hint,
            details: (details ?? []).map { .init($0.name, $0.value) })
    }
}

extension Explanation.Kind {
    /// The HTTP status of each kind: the only place that maps them.
    package var httpStatus: Int {
        switch self {
        case .invalidInput: 400
        case .tooLarge: 413
        case .notFound: 404
        case .conflict: 409
        case .denied: 401
        case .overloaded: 503
        case .callerLimited: 429
        case .deadlineExceeded: 504
        case .unavailable: 503
        case .memoryShort: 507
        case .bug: 500
        }
    }

    package init(httpStatus: Int) {
        self =
            switch httpStatus {
            case 401, 403: .denied
            case 404: .notFound
            case 409: .conflict
            case 413: .tooLarge
            case 429: .callerLimited
            case 503: .unavailable
            case 504: .deadlineExceeded
            case 507: .memoryShort
            case 400..<500: .invalidInput
            default: .bug
            }
    }
}
