// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import Foundation
package import ModelDomain

/// The files of a store of MLflow's: what lies below one folder, never through a symbolic link.
package struct MLflowFiles: ForeignFiles {
    /// Resolved.
    private let root: String
    private static let mostFiles = 100_000

    /// - Throws: `PRJ-006` when there is no such folder.
    package init(at path: String) throws {
        guard let root = resolvedPath(path), isDirectory(root) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no folder “\(path)”.", hint: "Check the path; it is case-sensitive.")
        }
        self.root = root
    }

    package func files(at place: String) throws -> (names: [String], refused: [String]) {
        let folder = try location(of: place)
        var found: [String] = []
        var refused: [String] = []
        guard FileManager.default.fileExists(atPath: "\(root)/\(folder)") else { return ([], []) }
        guard resolvedPath("\(root)/\(folder)") == "\(root)/\(folder)", isDirectory("\(root)/\(folder)") else {
            throw outside(place)
        }
        var waiting = [""]
        while let inner = waiting.popLast() {
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)\(inner)") {
                let path = "\(inner)/\(name)"
                let attributes = try? FileManager.default.attributesOfItem(atPath: "\(root)/\(folder)\(path)")
                switch attributes?[.type] as? FileAttributeType {
                case .typeDirectory?: waiting.append(path)
                case .typeRegular?: found.append(String(path.dropFirst()))
                default: refused.append(String(path.dropFirst()))
                }
                guard found.count + waiting.count + refused.count <= Self.mostFiles else {
                    throw Refusal(
                        .limitExceeded, .tooLarge, "There are more than \(Self.mostFiles) files at “\(place)”.")
                }
            }
        }
        return (found.sorted(), refused.sorted())
    }

    package func describe(_ name: String, at place: String) throws -> (digest: Digest, byteCount: Int) {
        let file = try OpenFile("\(location(of: place))/\(name)", below: root)
        var hasher = DigestHasher()
        var byteCount = 0
        while let piece = try file.next() {
            hasher.update(piece)
            byteCount += piece.count
        }
        return (hasher.finish(), byteCount)
    }

    package func pieces(of name: String, at place: String) throws -> @Sendable () throws -> [UInt8]? {
        let file = try OpenFile("\(location(of: place))/\(name)", below: root)
        return { try file.next() }
    }

    /// A place as a path below the root: `file:` with an absolute path, a path, or one of MLflow's own proxy.
    private func location(of place: String) throws -> String {
        var path = Substring(place)
        if let scheme = ["mlflow-artifacts:/", "file://localhost/", "file:///", "file:/"].first(where: path.hasPrefix) {
            path = path.dropFirst(scheme.count)
            guard let decoded = String(path).removingPercentEncoding else { throw outside(place) }
            path = scheme.hasPrefix("file") ? "/\(decoded)" : Substring(decoded)
            // With a host it is another machine's.
            if !scheme.hasPrefix("file"), path.hasPrefix("/") { throw elsewhere(place) }
        } else if path.prefix(while: { $0 != "/" }).contains(":") {
            throw elsewhere(place)
        }
        if path.hasPrefix("/") {
            // As it stands there, or as it is reached through links: `/tmp` is one on some machines.
            let above = (String(path) as NSString).deletingLastPathComponent
            let real = resolvedPath(above).map { "\($0)/\((String(path) as NSString).lastPathComponent)" }
            guard let inside = [String(path), real ?? ""].first(where: { $0.hasPrefix("\(root)/") }) else {
                throw outside(place)
            }
            path = Substring(inside.dropFirst(root.count + 1))
        }
        while path.hasPrefix("./") { path = path.dropFirst(2) }
        guard !path.isEmpty, isInside(String(path)) else { throw outside(place) }
        return String(path)
    }
}

private func outside(_ place: String) -> Refusal {
    Refusal(
        .pathOutside, .invalidInput, "“\(place.prefix(300))” is not below the folder of the store's files.",
        hint: "Name the folder that they are in with --artifacts.")
}

private func elsewhere(_ place: String) -> Refusal {
    Refusal(
        .pathOutside, .invalidInput, "“\(place.prefix(300))” is on no disk of this machine.",
        hint: "Copy the files to a folder, and name it with --artifacts.")
}
