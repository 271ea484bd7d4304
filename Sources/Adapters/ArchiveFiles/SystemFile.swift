// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How much is read or copied at a time.
let pieceSize = 1 << 18

/// An open file, closed when its last holder lets go. Everything here that calls the system is in this file.
final class SystemFile: Sendable {
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// A regular file; no link is followed, and nothing is waited for.
    convenience init(reading path: String) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw fileRefusal(path, errno) }
        self.init(path: path, descriptor: descriptor)
        guard try status().st_mode & S_IFMT == S_IFREG else { throw fileRefusal(path, EINVAL) }
    }

    /// A file of this name that only its owner may read, instead of one that is there.
    convenience init(replacing path: String) throws {
        unsafe unlink(path)
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw fileRefusal(path, errno) }
        self.init(path: path, descriptor: descriptor)
    }

    /// A file without a name: it is gone with its last holder, however that ends.
    convenience init(namelessIn folder: String) throws {
        let path = "\(folder)/.\(getpid()).\(UInt64.random(in: .min ... .max))"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw fileRefusal(path, errno) }
        unsafe unlink(path)
        self.init(path: path, descriptor: descriptor)
    }

    deinit { _ = close(descriptor) }

    var byteCount: Int { get throws { Int(try status().st_size) } }

    private func status() throws -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw fileRefusal(path, errno) }
        return status
    }

    func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            // The array outlives the call, and the count is what is left of it.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe systemWrite(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw fileRefusal(path, errno) }
            written += count
        }
    }

    /// At most `limit` bytes from `offset` on; empty at the end.
    func read(at offset: Int, upTo limit: Int) throws -> [UInt8] {
        var outcome = 0
        repeat {
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
                // The buffer has room for `limit` bytes, and a negative count initializes none.
                outcome = unsafe pread(descriptor, buffer.baseAddress, limit, off_t(offset))
                initialized = max(0, outcome)
            }
            if outcome >= 0 { return bytes }
        } while errno == EINTR
        throw fileRefusal(path, errno)
    }

    func empty() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw fileRefusal(path, errno)
        }
    }

    /// Returns when everything written is on disk.
    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw fileRefusal(path, errno) }
    }
}

/// Makes the names in a folder survive a power loss.
func synchronizeFolder(_ path: String) throws {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw fileRefusal(path, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw fileRefusal(path, errno) }
}

/// Makes a folder that nobody else enters; harmless when it is there.
func makeFolder(_ path: String) throws {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw fileRefusal(path, errno) }
}

/// Replaces what has the name `new`.
func renameFile(_ old: String, to new: String) throws {
    guard unsafe rename(old, new) == 0 else { throw fileRefusal(new, errno) }
}

/// Takes the name away; harmless when it is gone already.
func removeFile(_ path: String) { _ = unsafe unlink(path) }

enum FileKind { case file(byteCount: Int), folder, other }

/// What has this name, without following a link; `nil` for nothing.
func kind(of path: String) -> FileKind? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file(byteCount: Int(status.st_size))
    case S_IFDIR: return .folder
    default: return .other
    }
}

func fileRefusal(_ path: String, _ code: Int32) -> Refusal {
    switch code {
    case ENOENT:
        Refusal(
            .fileMissing, .notFound, "There is no file or folder “\(path)”.",
            hint: "Check the path; it is case-sensitive.")
    case ENOSPC, EDQUOT, EFBIG:
        Refusal(
            .diskFull, .unavailable, "The disk is full: “\(path)” could not be written.",
            hint: "Free some space; what has its name is whole.")
    default:
        Refusal(
            .notWritable, .unavailable,
            "“\(path)” could not be read or written: \(unsafe String(cString: strerror(code))).",
            hint: "Check its owner and permissions, or name another one.")
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    unsafe write(descriptor, bytes, count)
}
