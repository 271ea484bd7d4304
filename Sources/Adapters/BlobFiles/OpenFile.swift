// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// An open file, closed when its last holder lets go. What calls the system is here and in `FileSystem.swift`.
///
/// Safe to hand between threads; whoever writes does so one call after the other.
final class OpenFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// A new file that only its owner may write.
    init(creating path: String) throws(FileFailure) {
        self.path = path
        descriptor = try check(
            "create", path, unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644))
    }

    /// - Returns: `nil` when there is no such file.
    init?(reading path: String) throws(FileFailure) {
        // A pipe without a writer would be waited for.
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        if opened < 0 && errno == ENOENT { return nil }
        self.path = path
        descriptor = try check("open", path, opened)
    }

    /// Something that is there already, to be written to or synced.
    init(existing path: String, flags: Int32) throws(FileFailure) {
        self.path = path
        descriptor = try check("open", path, unsafe open(path, flags | O_CLOEXEC))
    }

    /// - Returns: `nil` when there is no such folder.
    init?(folder path: String) throws(FileFailure) {
        let opened = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        if opened < 0 && (errno == ENOENT || errno == ENOTDIR) { return nil }
        self.path = path
        descriptor = try check("open", path, opened)
    }

    /// A file that is only locked; made where there is none. NFS locks nobody out of a file that is open for reading only.
    init(locking path: String) throws(FileFailure) {
        self.path = path
        descriptor = try check("open", path, unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644))
    }

    /// - Returns: `nil` when there is no such file, or what should be its folder is none.
    init?(lockingExisting path: String) throws(FileFailure) {
        let opened = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        if opened < 0 && (errno == ENOENT || errno == ENOTDIR) { return nil }
        self.path = path
        descriptor = try check("open", path, opened)
    }

    deinit { _ = close(descriptor) }

    var byteCount: Int { get throws(FileFailure) { Int(try status.st_size) } }
    var isRegular: Bool { get throws(FileFailure) { try status.st_mode & S_IFMT == S_IFREG } }
    /// When it was last given a time.
    var time: Timestamp { get throws(FileFailure) { modificationTime(try status) } }

    /// Whether `other` is the same file, under whatever name.
    func isSame(as other: OpenFile) throws(FileFailure) -> Bool {
        let (mine, its) = (try status, try other.status)
        return mine.st_ino == its.st_ino && mine.st_dev == its.st_dev
    }

    private var status: stat {
        get throws(FileFailure) {
            var status = stat()
            _ = try check("stat", path, unsafe fstat(descriptor, &status))
            return status
        }
    }

    func write(_ bytes: [UInt8]) throws(FileFailure) {
        var written = 0
        while written < bytes.count {
            // The array outlives the call, and the count is what is left of it.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe systemWrite(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            written += Int(try check("write", path, count))
        }
    }

    /// At most `limit` bytes from the present position; empty at the end.
    func read(upTo limit: Int) throws(FileFailure) -> [UInt8] {
        var outcome = 0
        repeat {
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
                // The buffer has room for `limit` bytes, and a negative count initializes none.
                outcome = unsafe systemRead(descriptor, buffer.baseAddress, limit)
                initialized = max(0, outcome)
            }
            if outcome >= 0 { return bytes }
        } while errno == EINTR
        throw failure("read", path)
    }

    /// At most `count` bytes from `offset` on, wherever the present position is.
    func read(_ count: Int, at offset: Int) throws(FileFailure) -> [UInt8] {
        var outcome = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // The buffer has room for `count` bytes, and a negative outcome initializes none.
            outcome = unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset))
            initialized = max(0, outcome)
        }
        _ = try check("read", path, outcome)
        return bytes
    }

    /// Returns when everything written is on disk.
    func synchronize() throws(FileFailure) { _ = try check("fsync", path, fsync(descriptor)) }

    enum Lock { case shared, exclusive }

    /// Waits until the file is locked. The lock belongs to this open file, whichever thread asks, and goes with it.
    func lock(_ kind: Lock) throws(FileFailure) {
        var pause: UInt32 = 100
        for waited in 0... {
            if try lockIfFree(kind) { return }
            // The system's own waiting would last as long as another process is suspended.
            guard waited < Self.mostWaits else {
                throw FileFailure(reason: .locked, operation: "flock", path: path, systemError: EWOULDBLOCK)
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    /// Some 30 seconds: others hold it for the time that a file takes to be renamed.
    private static let mostWaits = 1500

    /// - Returns: Whether nobody else has it locked in a way that does not go with this one; now this one has.
    func lockIfFree(_ kind: Lock = .exclusive) throws(FileFailure) -> Bool {
        while flock(descriptor, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw failure("flock", path) }
        }
        return true
    }

    func unlock() throws(FileFailure) { _ = try check("flock", path, flock(descriptor, LOCK_UN)) }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}
