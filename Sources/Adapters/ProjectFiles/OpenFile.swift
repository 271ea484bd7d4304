// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain

/// A regular file that is open for reading from start to end, and closed when the last user lets go.
package final class OpenFile: Sendable {
    let byteCount: Int
    private let descriptor: Int32
    private let name: String

    /// Opens `path` below `root`, one part at a time, never through a symbolic link.
    convenience init(_ path: String, below root: String) throws {
        var folder = unsafe Foundation.open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(folder) }
        let parts = path.split(separator: "/").map(String.init)
        for part in parts.dropLast() {
            let next = unsafe openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw refusal(path, errno) }
            close(folder)
            folder = next
        }
        // Without O_NONBLOCK, a named pipe would wait for a writer.
        let descriptor = unsafe openat(folder, parts.last ?? "", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(path, errno) }
        try self.init(descriptor: descriptor, name: path)
    }

    /// Opens `path` wherever it leads: for files that the person at the command line named.
    convenience init(following path: String) throws {
        let descriptor = unsafe Foundation.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(path, errno) }
        try self.init(descriptor: descriptor, name: path)
    }

    private init(descriptor: Int32, name: String) throws {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Refusal(
                .fileMissing, .notFound, "“\(name)” is no regular file.", hint: "Name a file with contents.")
        }
        self.descriptor = descriptor
        self.name = name
        byteCount = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// The next piece of the contents, at most a megabyte; `nil` at the end.
    package func next() throws -> [UInt8]? {
        var count = 0
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, filled in
            count = unsafe read(descriptor, buffer.baseAddress, buffer.count)
            filled = max(0, count)
        }
        guard count >= 0 else { throw refusal(name, errno) }
        return count == 0 ? nil : piece
    }
}

private func refusal(_ path: String, _ code: Int32) -> Refusal {
    switch code {
    case ELOOP, ENOTDIR:
        Refusal(
            .pathOutside, .invalidInput, "“\(path)” is, or leads through, a symbolic link.",
            hint: "Put the file itself into the project's folder.")
    case EACCES, EPERM:
        Refusal(.notWritable, .unavailable, "“\(path)” may not be read.", hint: "Check its permissions.")
    default:
        Refusal(
            .fileMissing, .notFound, "There is no file “\(path)”.", hint: "Check the path; it is case-sensitive.")
    }
}
