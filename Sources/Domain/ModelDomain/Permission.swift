// SPDX-License-Identifier: Apache-2.0

/// What somebody may do; several at a time where a role has several, or where one of several is enough.
package struct Permission: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// See what there is: registry, runs, ledger, status, metrics.
    package static let view = Permission(rawValue: 1)
    /// Ask endpoints.
    package static let predict = Permission(rawValue: 2)
    /// Change what there is: upload contents, register models and versions, log runs.
    package static let develop = Permission(rawValue: 4)
    /// Change what answers: deploy, roll back, load and unload, settings of endpoints, their removal, aliases.
    package static let decide = Permission(rawValue: 8)
    /// Change who may, and everything else: tokens, projects, logs of the server, contents with rows of examples.
    package static let administer = Permission(rawValue: 16)

    package static let all: Permission = [.view, .predict, .develop, .decide, .administer]

    private static let names: [(Permission, String)] = [
        (.view, "view"), (.predict, "predict"), (.develop, "develop"), (.decide, "decide"),
        (.administer, "administer"),
    ]

    /// Their names, in the order above.
    package var words: [String] { Self.names.filter { contains($0.0) }.map(\.1) }
}

/// What a token's bearer is: a set of permissions under a name that people use.
///
/// A developer changes what there is, an approver what answers, an admin who may.
package enum Role: String, Sendable, CaseIterable {
    case viewer, predictor, developer, approver, admin

    package var permissions: Permission {
        switch self {
        case .viewer: .view
        case .predictor: .predict
        case .developer: [.view, .predict, .develop]
        case .approver: [.view, .predict, .decide]
        case .admin: .all
        }
    }

    /// `viewer, developer, approver or admin`: those that have one of `permissions`.
    package static func names(having permissions: Permission) -> String {
        let names = allCases.filter { !$0.permissions.isDisjoint(with: permissions) }.map(\.rawValue)
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension [Role] {
    /// `developer,approver`: roles by name, each once however often it is written.
    ///
    /// - Throws: `IN-006` for a name that is no role, and for none at all.
    package init(listed text: String) throws(Refusal) {
        var found: Set<Role> = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let role = Role(rawValue: String(name)) else {
                throw Refusal(
                    .outOfRange, .invalidInput, "“\(name.prefix(40))” is no role.",
                    hint: "Roles are \(Role.allCases.map(\.rawValue).joined(separator: ", ")); several with commas.",
                    details: [.init("field", "roles")])
            }
            found.insert(role)
        }
        self = Role.allCases.filter(found.contains)
    }

    /// `developer,approver`, always in the same order.
    package var listed: String { Role.allCases.filter(contains).map(\.rawValue).joined(separator: ",") }

    /// All that one of them has.
    package var permissions: Permission { reduce(into: []) { $0.formUnion($1.permissions) } }
}
