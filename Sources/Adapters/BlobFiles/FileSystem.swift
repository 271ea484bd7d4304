// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Makes the names in a folder survive a power loss.
func synchronizeFolder(_ path: String) throws(FileFailure) {
    try OpenFile(existing: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
}

/// - Throws: `SYS-002` where files that are locked in the folder are known to be locked on this machine alone.
func refuseLocalLocks(in folder: String) throws {
    var status = stat()
    _ = try check("stat", folder, unsafe stat(folder, &status))
    // Where there is no such table, nothing is known.
    guard let table = try? OpenFile(reading: "/proc/self/mountinfo")?.rest(),
        let mount = SharedMount(in: String(decoding: table, as: UTF8.self), of: UInt64(status.st_dev)),
        mount.keepsLocksToItself
    else { return }
    throw FileFailure(reason: .localLocks, operation: "flock", path: folder, systemError: 0)
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

func modificationTime(_ status: stat) -> Timestamp {
    #if canImport(Glibc)
        let time = status.st_mtim
    #else
        let time = status.st_mtimespec
    #endif
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
}

/// Has a network file system ask its server anew which names there are in a folder: what another machine put there a moment
/// ago may be missing from what this one remembers. Nothing elsewhere.
func forgetNames(in folder: String) { _ = try? OpenFile(existing: folder, flags: O_RDONLY | O_DIRECTORY) }

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

func check<Count: SignedInteger>(
    _ operation: String, _ path: String, _ outcome: Count
) throws(FileFailure) -> Count {
    guard outcome >= 0 else { throw failure(operation, path) }
    return outcome
}

func failure(_ operation: String, _ path: String) -> FileFailure {
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
