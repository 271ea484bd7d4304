// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The files that a sandboxed program finds, besides `/proc`, `/dev` and its temporary folders.
struct SandboxView {
    enum Entry: Equatable {
        /// The source, at a path.
        case readOnly(String, at: String)
        case writable(String, at: String)
        /// A link to a target, at a path.
        case link(String, at: String)

        var place: String {
            switch self {
            case .readOnly(_, let place), .writable(_, let place), .link(_, let place): place
            }
        }
    }

    /// What every program needs to start: the system's programs and libraries, and the few files below `/etc` that say
    /// where these are. No names of users, no host, no keys.
    private static let system = [
        "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store",
        "/sys/devices/system",
    ]
    private static let settings: [(name: String, isPrefix: Bool)] = [
        ("alternatives", false), ("ld.so.cache", false), ("ld.so.conf", true), ("localtime", false),
        ("timezone", false), ("mime.types", false), ("fonts", false), ("R", false), ("java", true), ("python", true),
    ]
    /// The devices that hold nothing.
    static let devices = ["null", "zero", "full", "random", "urandom"]

    /// Folders before what lies in them.
    let entries: [Entry]

    init(_ policy: SandboxPolicy) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/etc")) ?? []
        let settings = names.filter { name in
            Self.settings.contains { $0.isPrefix ? name.hasPrefix($0.name) : name == $0.name }
        }
        let base = (Self.system + settings.map { "/etc/\($0)" }).compactMap(Self.systemEntry)
        let granted =
            (policy.readOnly + Self.ownFiles).flatMap {
                Self.places(of: $0).map { Entry.readOnly($0.source, at: $0.place) }
            }
            + policy.writable.flatMap { Self.places(of: $0).map { Entry.writable($0.source, at: $0.place) } }
        // What may be written wins over what may be read, at the same place.
        let byPlace = Dictionary((base + granted).map { ($0.place, $0) }) { $1 }
        entries = byPlace.values.sorted { $0.place < $1.place }
    }

    private static func systemEntry(_ path: String) -> Entry? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFLNK else { return .readOnly(path, at: path) }
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return nil }
        return .link(target, at: path)
    }

    /// Where a granted path has to be found: as it is named, and as it is without links.
    private static func places(of path: String) -> [(source: String, place: String)] {
        guard let resolved = unsafe realpath(path, nil) else { return [] }
        defer { unsafe free(resolved) }
        let real = unsafe String(cString: resolved)
        guard real != "/usr", !real.hasPrefix("/usr/") else { return [] }
        let named = URL(fileURLWithPath: path).standardizedFileURL.path
        return named == real ? [(real, real)] : [(real, real), (real, named)]
    }

    /// The files that this process was loaded from, which starts again inside: the program and its libraries.
    private static var ownFiles: [String] {
        let lines = (kernelText("/proc/self/maps") ?? "").split(separator: "\n")
        let paths = lines.compactMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
        return Set(paths).filter { !$0.hasPrefix("/usr/") && !$0.hasPrefix("/dev/") }.sorted()
    }
}
