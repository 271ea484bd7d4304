// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What went wrong in a database, in our words. SQL, paths and values stay in ``underlying``, for the log.
package struct StoreFailure: ExplainedError {
    package enum Reason: Sendable, Equatable {
        case diskFull
        /// The file cannot be opened or written.
        case notWritable
        /// Another program holds the database longer than we wait.
        case busy
        /// The disk answers with an error of its own.
        case deviceFailed
        /// The file is no database, or damaged.
        case damaged
        /// A row has something that we never wrote there.
        case unreadable(column: String)
        /// A newer Slipway was here.
        case schemaNewer(found: Int, known: Int)
        /// Servers live that do not know the tables which this program needs.
        case schemaHeld(by: String)
        /// The database was made with other definitions than ours under the same number.
        case migrationEdited(number: Int)
        /// A rule of the database was broken, or a statement is wrong: our mistake.
        case refused
        /// A database that another process keeps, by host and name.
        case server(ServerProblem, at: String)
    }

    package let reason: Reason
    /// The driver's own error, where there is one.
    package let underlying: (any Error)?

    package init(_ reason: Reason, underlying: (any Error)? = nil) {
        self.reason = reason
        self.underlying = underlying
    }

    package var explanation: Explanation {
        switch reason {
        case .diskFull:
            Explanation(
                .diskFull, .unavailable, "The disk is full: the change was not made.",
                hint: "Make room in the data folder and try again.")
        case .notWritable:
            Explanation(
                .notWritable, .unavailable, "The registry's database cannot be opened or written.",
                hint: "Check owner and mode of the data folder, or choose another with `--data`.")
        case .busy:
            Explanation(
                .storeUnavailable, .unavailable, "Another program holds the registry's database.",
                hint: "End it, and try again.")
        case .deviceFailed:
            Explanation(
                .storeUnavailable, .unavailable, "The disk fails to read or write the registry's database.",
                hint: "Look into the system's log for the disk's errors.")
        case .damaged:
            Explanation(
                .storeUnavailable, .unavailable, "The registry's database is damaged, or no database at all.",
                hint: "Bring it back from a backup.")
        case .unreadable(let column):
            Explanation(
                .storeUnavailable, .unavailable, "The registry's database holds a value that cannot be read.",
                hint: "Bring it back from a backup.", details: [.init("column", column)])
        case .schemaNewer(let found, let known):
            Explanation(
                .schemaNewer, .conflict,
                "The registry was written by a newer Slipway: its schema is \(found), this one knows \(known).",
                hint: "Start the newer Slipway, or bring back the backup from before.")
        case .schemaHeld(let host):
            Explanation(
                .schemaHeld, .conflict, "A server of an earlier Slipway uses the registry's database, on \(host).",
                hint: "Stop the earlier ones, or go to the versions between first: one step of the tables at a time.")
        case .migrationEdited(let number):
            Explanation(
                .storeUnavailable, .conflict,
                "The registry was made by another edition of Slipway: its migration \(number) is not ours.",
                hint: "Start the Slipway that made it.")
        case .refused:
            Explanation(.storeUnavailable, .bug, "The registry's database refused a change, and nothing was changed.")
        case .server(let problem, let address): problem.explanation(at: address)
        }
    }
}
