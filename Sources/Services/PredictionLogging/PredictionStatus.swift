// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What became of a request, in the log's few words.
package enum PredictionStatus: String, Sendable, Hashable, CaseIterable {
    case answered
    /// For what the caller sent.
    case invalid
    /// Too much at once, from everybody or from this caller.
    case overloaded
    /// The deadline passed.
    case late
    /// There, and not able to answer.
    case unavailable
    /// Our own mistake, or the model's.
    case failed

    package init(_ kind: Explanation.Kind) {
        switch kind {
        case .deadlineExceeded: self = .late
        case .invalidInput, .tooLarge, .notFound, .denied: self = .invalid
        case .overloaded, .callerLimited: self = .overloaded
        case .unavailable, .conflict, .memoryShort: self = .unavailable
        case .bug: self = .failed
        }
    }

    /// Never changed: files have it.
    var number: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }

    init?(number: UInt8) {
        guard Int(number) < Self.allCases.count else { return nil }
        self = Self.allCases[Int(number)]
    }
}
