// SPDX-License-Identifier: Apache-2.0

/// Whose contents they are.
extension BlobFiles {
    /// Has the folder belong to a platform, unless it belongs to one.
    ///
    /// - Parameter name: A line of text. Of two who claim at once, one has the folder.
    /// - Returns: The name that it was claimed by.
    package func platform(claimedBy name: String) throws -> String {
        let path = "\(folder)/platform"
        if let known = try owner(at: path) { return known }
        let unfinished = own.newPath
        defer { removeFile(unfinished) }
        let file = try OpenFile(creating: unfinished)
        try file.write(Array(name.utf8))
        try file.synchronize()
        // Whoever was faster stays.
        if try linkFile(unfinished, to: path) { try synchronizeFolder(folder) }
        return try owner(at: path) ?? name
    }

    private func owner(at path: String) throws -> String? {
        guard let file = try OpenFile(reading: path) else { return nil }
        return String(decoding: try file.read(upTo: 4096), as: UTF8.self)
    }
}
