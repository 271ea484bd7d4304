// SPDX-License-Identifier: Apache-2.0

/// How the cases of one kind are run.
struct VectorKind: Sendable {
    enum Rule: Sendable {
        /// What comes out for an input; `nil` for an optional case that nothing here computes.
        case computes(@Sendable (VectorValue) throws -> Outcome?)
        /// What a case demands and does not find, in words.
        case satisfies(@Sendable (VectorCase) throws -> [String])
    }

    let name: String
    /// Names of expected fields that need not be computed; they are compared when they are.
    let optional: Set<String>
    let rule: Rule

    init(_ name: String, optional: Set<String> = [], _ outcome: @escaping @Sendable (VectorValue) throws -> Outcome?) {
        self.name = name
        self.optional = optional
        rule = .computes(outcome)
    }

    init(_ name: String, satisfies violations: @escaping @Sendable (VectorCase) throws -> [String]) {
        self.name = name
        optional = []
        rule = .satisfies(violations)
    }
}

/// Each list has a file of its own.
let vectorKinds: [VectorKind] =
    driftKinds + servingKinds + sketchKinds + libraryKinds + qualityKinds + canaryKinds + gateKinds
