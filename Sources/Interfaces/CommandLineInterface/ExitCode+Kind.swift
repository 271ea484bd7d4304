// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ModelDomain

extension ExitCode {
    /// The exit code of each kind of failure: the only place that maps them. A command that cannot be parsed exits
    /// with 64.
    init(_ kind: Explanation.Kind) {
        switch kind {
        case .invalidInput, .tooLarge: self.init(2)
        case .notFound: self.init(3)
        case .conflict: self.init(4)
        case .denied: self.init(5)
        case .overloaded, .callerLimited: self.init(6)
        case .unavailable, .deadlineExceeded, .memoryShort: self.init(7)
        case .bug: self.init(70)
        }
    }
}
