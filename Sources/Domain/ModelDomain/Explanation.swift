// SPDX-License-Identifier: Apache-2.0

/// What a person needs when something fails: the fact, the next step, and where to read more.
package struct Explanation: Sendable, Equatable {
    /// The family of the failure. Each interface maps it once: HTTP status, exit code.
    package enum Kind: String, Sendable, CaseIterable {
        /// The caller sent or wrote something that cannot be used.
        case invalidInput
        /// More than the limits allow.
        case tooLarge
        /// A name that nothing here has.
        case notFound
        /// True of the request, but not in the present state.
        case conflict
        /// No token, or one that may not do this.
        case denied
        /// Too much work at once; the same request may succeed later.
        case overloaded
        /// More from this caller than their share or rate; others are answered meanwhile.
        case callerLimited
        /// The time for which the answer was of use has passed.
        case deadlineExceeded
        /// A part that is needed does not answer, or is not there.
        case unavailable
        /// The machine, or what this process may have of it, is too small for what was asked beside what is there.
        case memoryShort
        /// Our mistake. The only kind that is logged as an error.
        case bug
    }

    /// A named fact of this one failure: the field, the row, the rule.
    package struct Detail: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Stable; described in `docs/errors/<code>.md`. Scripts may rely on it.
    package let code: ErrorCode
    package let kind: Kind
    /// One sentence without jargon that names the thing.
    package let message: String
    /// What to do next, as a command where there is one.
    package let hint: String?
    package let details: [Detail]
    /// After how many seconds the same request may do better; `nil` where that is not known.
    package let retryAfterSeconds: Int?

    package init(
        _ code: ErrorCode, _ kind: Kind, _ message: String, hint: String? = nil, details: [Detail] = [],
        retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.kind = kind
        self.message = message
        self.hint = hint
        self.details = details
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// What happened and what to do next.
    package var text: String { ([message] + (hint.map { [$0] } ?? [])).joined(separator: " ") }

    /// As a terminal shows it: one line, the code last.
    package var line: String { "\(text) (\(code.rawValue))" }
}

/// Every failure that can reach a person explains itself.
package protocol ExplainedError: Error {
    /// Safe to show to any caller. Secrets, paths and SQL stay in the underlying error, for the log.
    var explanation: Explanation { get }
}

/// An explanation that is thrown as it is, where no caller tells the cases apart.
package struct Refusal: ExplainedError, Equatable {
    package let explanation: Explanation

    package init(_ explanation: Explanation) { self.explanation = explanation }

    package init(
        _ code: ErrorCode, _ kind: Explanation.Kind, _ message: String, hint: String? = nil,
        details: [Explanation.Detail] = []
    ) {
        explanation = Explanation(code, kind, message, hint: hint, details: details)
    }
}
