// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// What the operating system refused. The path stays here, for the log.
package struct FileFailure: ExplainedError, Equatable {
    package enum Reason: Sendable { case diskFull, notWritable, noLocks, localLocks, locked }

    package let reason: Reason
    /// What was tried: `open`, `write`, `rename`.
    package let operation: String
    package let path: String
    /// The number the system gave (`errno`).
    package let systemError: Int32

    package var explanation: Explanation {
        switch reason {
        case .diskFull:
            Explanation(
                .diskFull, .unavailable, "The disk is full: nothing was kept.",
                hint: "Make room in the data folder and try again.")
        case .notWritable:
            Explanation(
                .notWritable, .unavailable, "The folder of the contents cannot be read or written.",
                hint: "Check owner and mode of the data folder, or choose another with `--data`.")
        case .locked:
            Explanation(
                .notWritable, .unavailable,
                "Another process has kept the folder of the contents locked for half a minute.",
                hint: "Look for one that is suspended or hangs: a server, or the file system. Then try again.")
        case .noLocks:
            Explanation(
                .notWritable, .unavailable, "The folder of the contents is where files cannot be locked.",
                hint: "Choose one on a local disk, or on NFS of version 4.")
        case .localLocks:
            Explanation(
                .notWritable, .unavailable,
                "The folder of the contents is shared, but files that are locked in it are locked on one machine only.",
                hint: "Mount it without `nolock`, `local_lock` and `nobrl`.")
        }
    }
}
