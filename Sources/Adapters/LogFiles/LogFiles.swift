// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
package import PredictionLogging
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The prediction log in a folder: `PROJECT/ENDPOINT/BEGUN.segment`, where BEGUN is in microseconds since 1970.
///
/// Names of projects and endpoints begin with a letter or digit and have no slash: none leads out of the folder.
package final class LogFiles: SegmentShelf {
    private let folder: String
    private let open = Mutex<[SegmentName: OpenSegment]>([:])

    /// A file that is appended to. Whoever has it holds it open.
    private final class OpenSegment: Sendable {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { _ = Glibc.close(descriptor) }
    }

    package init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    private func folder(of segment: SegmentName) -> String { "\(folder)/\(segment.project)/\(segment.endpoint)" }
    private func path(of segment: SegmentName) -> String {
        let digits = String(segment.begunAt)
        return folder(of: segment) + "/" + String(repeating: "0", count: max(0, 16 - digits.count)) + digits
            + Self.suffix
    }
    private static let suffix = ".segment"

    package func segments() throws -> [(name: SegmentName, byteCount: Int)] {
        var segments: [(name: SegmentName, byteCount: Int)] = []
        for project in try names(in: folder) {
            guard let projectName = ProjectName(rawValue: project) else { continue }
            for endpoint in try names(in: "\(folder)/\(project)") {
                guard let endpointName = EndpointName(rawValue: endpoint) else { continue }
                for file in try names(in: "\(folder)/\(project)/\(endpoint)") where file.hasSuffix(Self.suffix) {
                    guard let begunAt = Int64(file.dropLast(Self.suffix.count)) else { continue }
                    let name = SegmentName(project: projectName, endpoint: endpointName, begunAt: begunAt)
                    // One that is gone was deleted since it was listed.
                    if let byteCount = size(of: path(of: name)) { segments.append((name, byteCount)) }
                }
            }
        }
        return segments
    }

    private func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch CocoaError.fileReadNoSuchFile, CocoaError.fileReadUnknown {
            return []
        }
    }

    private func size(of path: String) -> Int? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    package func append(_ bytes: [UInt8], to segment: SegmentName) throws {
        let file = try file(for: segment)
        let start = try check("look at", segment, lseek(file.descriptor, 0, SEEK_END))
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes {
                unsafe write(file.descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                // Half a block would hide what comes behind it.
                _ = ftruncate(file.descriptor, start)
                throw LogFileError(action: "append to", path: path(of: segment), code: code)
            }
            written += count
        }
    }

    private func file(for segment: SegmentName) throws -> OpenSegment {
        if let known = open.withLock({ $0[segment] }) { return known }
        let place = folder(of: segment)
        let isNew = !FileManager.default.fileExists(atPath: place)
        if isNew { try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true) }
        let descriptor = try check(
            "create", segment,
            unsafe Glibc.open(path(of: segment), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600))
        let file = OpenSegment(descriptor)
        // The file's name, too, has to survive a loss of power.
        for path in [place, "\(folder)/\(segment.project)", folder] { try syncFolder(path, segment) }
        open.withLock { $0[segment] = file }
        return file
    }

    private func syncFolder(_ path: String, _ segment: SegmentName) throws {
        let descriptor = try check("open", segment, unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        defer { _ = Glibc.close(descriptor) }
        _ = try check("sync", segment, fsync(descriptor))
    }

    package func sync(_ segment: SegmentName) throws {
        guard let file = open.withLock({ $0[segment] }) else { return }
        _ = try check("sync", segment, fdatasync(file.descriptor))
    }

    package func close(_ segment: SegmentName) { open.withLock { $0[segment] = nil } }

    package func read(_ segment: SegmentName, from offset: Int, count: Int) throws -> [UInt8] {
        let descriptor = unsafe Glibc.open(path(of: segment), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0 && errno == ENOENT { return [] }
        _ = try check("open", segment, descriptor)
        defer { _ = Glibc.close(descriptor) }
        // What is asked for may be more than there is.
        let rest = max(0, (size(of: path(of: segment)) ?? 0) - offset)
        return try unsafe [UInt8](unsafeUninitializedCapacity: min(count, rest)) { buffer, filled in
            while filled < buffer.count {
                let free = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let got = unsafe pread(descriptor, free.baseAddress, free.count, off_t(offset + filled))
                if got < 0 && errno == EINTR { continue }
                guard try check("read", segment, got) > 0 else { return }
                filled += got
            }
        }
    }

    package func cut(_ segment: SegmentName, to byteCount: Int) throws {
        _ = try check("cut", segment, unsafe truncate(path(of: segment), off_t(byteCount)))
    }

    package func delete(_ segment: SegmentName) throws {
        close(segment)
        guard unsafe unlink(path(of: segment)) != 0, errno != ENOENT else { return }
        throw LogFileError(action: "delete", path: path(of: segment), code: errno)
    }

    private func check<Number: BinaryInteger>(_ action: String, _ segment: SegmentName, _ result: Number) throws
        -> Number
    {
        guard result < 0 else { return result }
        throw LogFileError(action: action, path: path(of: segment), code: errno)
    }
}

/// What the system said.
package struct LogFileError: Error, CustomStringConvertible {
    let action: String
    let path: String
    let code: Int32

    package var description: String { "cannot \(action) \(path): \(unsafe String(cString: strerror(code)))" }
}
