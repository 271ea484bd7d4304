// SPDX-License-Identifier: Apache-2.0
internal import Archives
internal import Foundation
package import ModelDomain
internal import PlatformBackup

/// A tar archive that has its name once it is whole.
package final class TarTarget: ArchiveTarget {
    private let path: String
    private let unfinished: String
    private let file: SystemFile
    private var isFinished = false

    /// - Throws: `BAK-002` when there is something of this name.
    package init(_ path: String) throws {
        guard kind(of: path) == nil else { throw taken(path) }
        self.path = path
        unfinished = path + unfinishedEnding
        file = try SystemFile(replacing: unfinished)
    }

    deinit { if !isFinished { removeFile(unfinished) } }

    package func has(_ name: String, byteCount: Int) -> Bool { false }

    package func add(
        _ name: String, _ digest: Digest, byteCount: Int,
        _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws {
        let header = TarHeader(path: name, byteCount: byteCount)
        try file.write(header.block)
        var received = Received()
        try await pieces { bytes in
            received.take(bytes)
            try file.write(bytes)
        }
        // Nothing of an archive that has one wrong file is kept.
        try received.check(name, digest, byteCount)
        try file.write([UInt8](repeating: 0, count: header.paddedByteCount - byteCount))
    }

    package func finish(index: String, _ bytes: [UInt8]) async throws {
        try await add(index, bytes)
        try file.write(TarHeader.end)
        try file.synchronize()
        // A link fails when the name is taken by now; a rename would replace what has it.
        guard unsafe link(unfinished, path) == 0 else { throw taken(path) }
        removeFile(unfinished)
        isFinished = true
        try synchronizeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }
}

private func taken(_ path: String) -> Refusal {
    Refusal(
        .restoreTargetTaken, .conflict, "There is a “\(path)” already.", hint: "Name another file, or move it away.")
}
