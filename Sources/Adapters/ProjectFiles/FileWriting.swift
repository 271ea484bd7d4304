// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import ModelPackaging

func resolvedPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
}

func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}

/// Writes a file that is not there yet, whole or not at all.
///
/// - Throws: `PRJ-008` when it is there, `SYS-001` when the disk is full, `SYS-002` when the folder cannot be written.
func writeNewFile(_ path: String, _ content: [UInt8]) throws {
    let temporary = "\(path).\(getpid()).tmp"
    defer { unsafe unlink(temporary) }
    try writeFile(temporary, pieces: { try $0(content) })
    try giveName(path, to: temporary)
}

/// A link fails when the name is taken; a rename would replace it.
private func giveName(_ path: String, to temporary: String) throws {
    guard unsafe link(temporary, path) == 0 else {
        guard errno != EEXIST else { throw nameTaken(path) }
        throw writingFailed(path, errno)
    }
}

private func nameTaken(_ path: String) -> Refusal {
    Refusal(.projectExists, .conflict, "There is a “\(path)” already.", hint: "Move it away first.")
}

/// Writes a file that is not there yet as its pieces come in, whole or not at all.
///
/// - Throws: As ``writeNewFile(_:_:)``; what `pieces` throws.
package func receiveFile(
    at path: String, _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void
) async throws {
    let temporary = "\(path).\(getpid()).tmp"
    let file = try NewFile(temporary)
    defer { unsafe unlink(temporary) }
    try await pieces { try file.write($0) }
    try file.synchronize()
    try giveName(path, to: temporary)
}

/// Has another program write a file that is not there yet, whole or not at all.
///
/// - Throws: As ``writeNewFile(_:_:)``; what `program` throws.
package func receiveFile(at path: String, from program: (_ descriptor: Int32) async throws -> Void) async throws {
    // Asked once more at the end: this spares the work.
    guard unsafe access(path, F_OK) != 0 else { throw nameTaken(path) }
    let temporary = "\(path).\(getpid()).tmp"
    let file = try NewFile(temporary)
    defer { unsafe unlink(temporary) }
    try await program(file.descriptor)
    try file.synchronize()
    try giveName(path, to: temporary)
}

/// Creates `path` and writes what `pieces` hands over, down to the disk.
func writeFile(_ path: String, pieces: (_ write: ([UInt8]) throws -> Void) throws -> Void) throws {
    let file = try NewFile(path)
    do {
        try pieces { try file.write($0) }
        try file.synchronize()
    } catch {
        unsafe unlink(path)
        throw error
    }
}

/// A file that was not there before.
private final class NewFile {
    private let path: String
    let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw writingFailed(path, errno) }
    }

    func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Foundation.write(
                    descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            guard count > 0 else { throw writingFailed(path, errno) }
            written += count
        }
    }

    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw writingFailed(path, errno) }
    }

    deinit { close(descriptor) }
}

func writingFailed(_ path: String, _ code: Int32) -> Refusal {
    switch code {
    case ENOSPC, EDQUOT, EFBIG:
        Refusal(
            .diskFull, .unavailable, "The disk is full: “\(path)” could not be written.",
            hint: "Free some space; nothing half-written was left.")
    default:
        Refusal(
            .notWritable, .unavailable,
            "“\(path)” could not be written: \(unsafe String(cString: strerror(code))).",
            hint: "Check the folder's permissions, or name another one.")
    }
}

extension PackedBundle {
    /// Writes the bundle as a folder that appears whole or not at all.
    ///
    /// - Parameter path: Must not exist yet.
    package func write(to path: String) throws {
        guard unsafe access(path, F_OK) != 0 else {
            throw Refusal(
                .projectExists, .conflict, "There is a “\(path)” already.",
                hint: "Name another folder with --output, or move this one away.")
        }
        let temporary = "\(path).\(getpid()).tmp"
        guard unsafe mkdir(temporary, 0o755) == 0 else { throw writingFailed(path, errno) }
        do {
            for (file, _) in contents {
                let place = "\(temporary)/\(file.path)"
                try FileManager.default.createDirectory(
                    atPath: URL(fileURLWithPath: place).deletingLastPathComponent().path,
                    withIntermediateDirectories: true)
                let next = try pieces(of: file)
                try writeFile(place) { write in
                    while let piece = try next() { try write(piece) }
                }
            }
            try writeFile("\(temporary)/\(BundleManifest.fileName)") { try $0(manifestBytes) }
            try writeFile("\(temporary)/\(PackedBundle.provenanceName)") { try $0(provenanceBytes) }
            if let patch { try writeFile("\(temporary)/\(PackedBundle.patchName)") { try $0(patch) } }
            guard unsafe rename(temporary, path) == 0 else { throw writingFailed(path, errno) }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
    }
}
