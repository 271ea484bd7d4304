// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// An open file, closed when its last holder lets go. Everything here that calls the system is in this file.
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

    /// - Returns: `nil` when there is no such file.
    init?(lockingExisting path: String) throws(FileFailure) {
        let opened = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        if opened < 0 && errno == ENOENT { return nil }
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

    /// Returns when everything written is on disk.
    func synchronize() throws(FileFailure) { _ = try check("fsync", path, fsync(descriptor)) }

    enum Lock { case shared, exclusive }

    /// Waits until the file is locked. The lock belongs to this open file, whichever thread asks, and goes with it.
    func lock(_ kind: Lock) throws(FileFailure) {
        while flock(descriptor, kind == .shared ? LOCK_SH : LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("flock", path) }
        }
    }

    /// - Returns: Whether nobody else has it locked; now this one has.
    func lockIfFree() throws(FileFailure) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw failure("flock", path) }
        }
        return true
    }

    func unlock() throws(FileFailure) { _ = try check("flock", path, flock(descriptor, LOCK_UN)) }
}

/// Makes the names in a folder survive a power loss.
func synchronizeFolder(_ path: String) throws(FileFailure) {
    try OpenFile(existing: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
}

/// Makes a folder that only its owner may write into; harmless when it is there.
func makeFolder(_ path: String, mode: mode_t = 0o755) throws(FileFailure) {
    guard unsafe mkdir(path, mode) != 0 else { return }
    // Something else of that name shows in the first use of the folder.
    guard errno == EEXIST else { throw failure("mkdir", path) }
}

/// Replaces what has the name `new`.
func renameFile(_ old: String, to new: String) throws(FileFailure) {
    _ = try check("rename", new, unsafe rename(old, new))
}

/// - Returns: `false` when there is nothing to rename.
func renameIfThere(_ old: String, to new: String) throws(FileFailure) -> Bool {
    if unsafe rename(old, new) == 0 { return true }
    guard errno == ENOENT else { throw failure("rename", new) }
    return false
}

/// - Returns: `false` when there is something of that name already.
func renameFolder(_ old: String, to new: String) throws(FileFailure) -> Bool {
    if unsafe rename(old, new) == 0 { return true }
    guard errno == ENOTEMPTY || errno == EEXIST else { throw failure("rename", new) }
    return false
}

/// A second name for the same file, or a copy where the file system has no such thing.
func linkOrCopy(_ source: String, to target: String) throws(FileFailure) {
    if unsafe link(source, target) == 0 { return }
    guard [EXDEV, EPERM, EMLINK, EOPNOTSUPP, ENOSYS].contains(errno) else { throw failure("link", target) }
    guard let input = try OpenFile(reading: source) else { throw failure("open", source) }
    let output = try OpenFile(creating: target)
    while true {
        let bytes = try input.read(upTo: chunkSize)
        if bytes.isEmpty { break }
        try output.write(bytes)
    }
    try output.synchronize()
}

/// Bytes of a plain file; `nil` when there is none of that name, or something else: a folder, a symbolic link.
func plainFileSize(_ path: String) -> Int? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
}

/// When a file was last given a time; `nil` when there is none of that name.
func fileTime(_ path: String) -> Timestamp? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    return modificationTime(status)
}

private func modificationTime(_ status: stat) -> Timestamp {
    #if canImport(Glibc)
        let time = status.st_mtim
    #else
        let time = status.st_mtimespec
    #endif
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
}

/// Has a network file system ask its server anew which names there are in a folder: what another machine put there a moment
/// ago may be missing from what this one remembers. Nothing elsewhere.
func forgetNames(in folder: String) { _ = try? OpenFile(folder: folder) }

/// Gives a file a time of its own, whenever it was written.
func setFileTime(_ path: String, _ time: Timestamp) throws(FileFailure) {
    let (seconds, rest) = time.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    let both = timespec(tv_sec: Int(seconds), tv_nsec: Int(rest) * 1000)
    let times = [both, both]
    // Two times, as the call wants them.
    let outcome = unsafe times.withUnsafeBufferPointer { times in
        unsafe utimensat(AT_FDCWD, path, times.baseAddress, AT_SYMLINK_NOFOLLOW)
    }
    _ = try check("utimensat", path, outcome)
}

/// Takes the name away; harmless when it is gone already.
func removeFile(_ path: String) { _ = unsafe unlink(path) }

/// How much is read or copied at a time.
let chunkSize = 1 << 18

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
    unsafe read(descriptor, bytes, count)
}

private func check<Count: SignedInteger>(
    _ operation: String, _ path: String, _ outcome: Count
) throws(FileFailure) -> Count {
    guard outcome >= 0 else { throw failure(operation, path) }
    return outcome
}

private func failure(_ operation: String, _ path: String) -> FileFailure {
    let number = errno
    let reason: FileFailure.Reason =
        switch number {
        case ENOSPC, EDQUOT: .diskFull
        case ENOLCK, ENOSYS, EOPNOTSUPP,
            EINVAL where operation == "flock":
            .noLocks
        default: .notWritable
        }
    return FileFailure(reason: reason, operation: operation, path: path, systemError: number)
}
