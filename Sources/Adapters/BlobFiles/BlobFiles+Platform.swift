// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// Whose contents these are.
extension BlobFiles {
    private static let heading = "slipway.contents/1"

    /// The platform that the folder belongs to: the first that claimed it, for good.
    ///
    /// - Parameter id: Of the platform that claims it; one line.
    /// - Returns: `id`, or that of whoever was first. All who ask, however many at once, are told the same.
    /// - Throws: `SYS-001`, `SYS-002`; the latter also when what stands there cannot be read.
    package func platform(claimedBy id: String) throws -> String {
        precondition(!id.isEmpty && !id.utf8.contains(UInt8(ascii: "\n")))
        let path = "\(folder)/platform"
        let owner = try order.alone {
            forgetNames(in: folder)
            if let owner = try readOwner(path) { return owner }
            let file = try OpenFile(creating: own.newPath)
            defer { removeFile(file.path) }
            try file.write(Array("\(Self.heading)\n\(id)\n".utf8))
            try file.synchronize()
            try renameFile(file.path, to: path)
            return id
        }
        // Also where somebody else has written it: nobody may forget what somebody was told.
        try synchronizeFolder(folder)
        return owner
    }

    /// Whose they are; `nil` for nobody's so far.
    package func owner() throws -> String? { try readOwner("\(folder)/platform") }

    private func readOwner(_ path: String) throws -> String? {
        guard let bytes = try OpenFile(reading: path)?.rest() else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0] == Self.heading, !lines[1].isEmpty, lines[2].isEmpty else {
            throw Refusal(
                .notWritable, .unavailable, "The folder of the contents does not say any more which platform it is of.",
                hint: "Bring its file “platform” back from a copy.")
        }
        return String(lines[1])
    }
}
