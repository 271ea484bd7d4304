// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The number of an experiment, as callers write it: `0`, `17`.
package struct ExperimentID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The experiment of a project that runs belong to when nobody names one: made with the first look at it.
    package static let standard = ExperimentID(0)

    package let number: Int64

    package init(_ number: Int64) { self.number = number }

    /// - Returns: `nil` for what is no decimal number as we write them.
    package init?(text: String) {
        guard let number = Int64(text), number >= 0, String(number) == text else { return nil }
        self.init(number)
    }

    package var description: String { String(number) }
    package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// What runs are grouped by.
package struct Experiment: Sendable, Hashable {
    package let id: ExperimentID
    package let project: ProjectName
    package let name: String
    package let isDeleted: Bool
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    /// By key.
    package let tags: [KeyedText]

    package init(
        id: ExperimentID, project: ProjectName, name: String, isDeleted: Bool, createdAt: Timestamp,
        updatedAt: Timestamp, tags: [KeyedText]
    ) {
        self.id = id
        self.project = project
        self.name = name
        self.isDeleted = isDeleted
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.tags = tags
    }
}

/// Which of things that can be deleted and restored are meant.
package enum LifecycleView: Sendable {
    case active, deleted, all
}
