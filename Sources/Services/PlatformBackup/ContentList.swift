// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// The contents of a backup, a line each, in order: `DIGEST  contents/ab/DIGEST`, as `sha256sum --check` reads it.
package enum ContentList {
    package static func bytes(of contents: some Collection<Digest>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(contents.count * 144)
        for digest in contents.sorted() {
            bytes += "\(digest.hex)  \(BackupManifest.contentName(digest))\n".utf8
        }
        return bytes
    }

    /// - Throws: `BAK-001` for a line that is none of these.
    package static func read(_ bytes: [UInt8]) throws(Refusal) -> [Digest] {
        var contents: [Digest] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self)
            guard let digest = Digest(String(text.prefix(64))),
                text == "\(digest.hex)  \(BackupManifest.contentName(digest))", contents.last ?? digest <= digest
            else { throw backupDamaged("a line of the list of contents is not what was written") }
            contents.append(digest)
        }
        return contents
    }
}
