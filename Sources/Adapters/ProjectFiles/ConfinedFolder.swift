// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
package import ModelExecution
package import ModelPackaging

/// A project folder of this machine. Paths are followed part by part and never through a symbolic link, so nothing outside
/// is reached, whatever a project file says.
package struct ConfinedFolder: ProjectFolder {
    package let name: String
    private let root: String
    /// Files that the person at the command line named, wherever they are, by the path they are called here.
    private let granted: Set<String>

    /// - Throws: `PRJ-006` when there is no such folder.
    package init(at path: String, granting granted: Set<String> = []) throws {
        guard let root = resolvedPath(path), isDirectory(root) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no folder “\(path)”.", hint: "Check the path; it is case-sensitive.")
        }
        self.root = root
        self.granted = granted
        name = root.split(separator: "/").last.map(String.init) ?? "model"
    }

    package func fileNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root).sorted().filter { (try? contains($0)) == true }
    }

    package func fileNames(below folder: String) throws -> [String] {
        let top = try place(folder)
        var found: [String] = []
        var waiting = [""]
        while let inner = waiting.popLast() {
            for name in try FileManager.default.contentsOfDirectory(atPath: top + inner) where !name.hasPrefix(".") {
                let path = "\(inner)/\(name)"
                switch (try? FileManager.default.attributesOfItem(atPath: top + path))?[.type] as? FileAttributeType {
                case .typeDirectory?: waiting.append(path)
                case .typeRegular?: found.append(folder + path)
                default: break
                }
                guard found.count + waiting.count <= 10_000 else {
                    throw Refusal(
                        .limitExceeded, .tooLarge, "There are more than 10000 files below “\(folder)”.",
                        hint: "Keep only what the model needs there.")
                }
            }
        }
        return found.sorted()
    }

    package func contains(_ path: String) throws -> Bool {
        do {
            _ = try open(path)
            return true
        } catch let refusal as Refusal where refusal.explanation.code == .fileMissing {
            return false
        }
    }

    package func read(_ path: String, limit: Int) throws -> [UInt8] {
        let file = try open(path)
        guard file.byteCount <= limit else {
            throw Refusal(
                .limitExceeded, .tooLarge, "“\(path)” has \(file.byteCount) bytes; at most \(limit) are taken.",
                hint: "Keep fewer rows in it.")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(file.byteCount)
        while let piece = try file.next() { bytes += piece }
        return bytes
    }

    package func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]? {
        let file = try open(path)
        return { try file.next() }
    }

    package func describe(_ path: String) throws -> BundleFile {
        let file = try open(path)
        var hasher = DigestHasher()
        var byteCount = 0
        while let piece = try file.next() {
            hasher.update(piece)
            byteCount += piece.count
        }
        let name = granted.contains(path) ? path.split(separator: "/").last.map(String.init) ?? path : path
        return try BundleFile(path: name, digest: hasher.finish(), byteCount: byteCount)
    }

    package func modelFile(_ path: String) throws -> ModelFile {
        _ = try open(path)
        return ModelFile(path: location(of: path))
    }

    package func place(_ path: String) throws -> String {
        if granted.contains(path) { return path }
        guard path != "." else { return root }
        guard isInside(path) else { throw outside(path) }
        let whole = "\(root)/\(path)"
        // A folder that links lead out of is followed by nobody.
        guard let real = resolvedPath(whole), real == whole else {
            guard FileManager.default.fileExists(atPath: whole) else {
                throw Refusal(
                    .fileMissing, .notFound, "There is no file or folder “\(path)”.",
                    hint: "Check the path; it is case-sensitive.")
            }
            throw outside(path)
        }
        return whole
    }

    package func create(_ path: String, _ content: [UInt8]) throws {
        guard isInside(path) else { throw outside(path) }
        try writeNewFile(location(of: path), content)
    }

    package func commit(leavingOut data: [String]) -> SourceCommit? {
        guard let repository = try? GitRepository(at: root), let isDirty = try? repository.isDirty() else { return nil }
        guard isDirty else { return SourceCommit(commit: repository.commit, isDirty: false) }
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { unsafe unlink(place) }
        let inside = data.filter { isInside($0) }
        guard (try? repository.trackedPatch(to: place, leavingOut: inside)) == true,
            let patch = try? Data(contentsOf: URL(fileURLWithPath: place), options: .mappedIfSafe)
        else { return SourceCommit(commit: repository.commit, isDirty: true) }
        guard patch.count <= SourceCommit.patchByteLimit else {
            return SourceCommit(commit: repository.commit, isDirty: true, isPatchTooLarge: true)
        }
        return SourceCommit(commit: repository.commit, isDirty: true, patch: [UInt8](patch))
    }

    /// One of the folder's files, for reading it in pieces.
    private func open(_ path: String) throws -> OpenFile {
        if granted.contains(path) { return try OpenFile(following: path) }
        guard isInside(path) else { throw outside(path) }
        return try OpenFile(path, below: root)
    }

    private func location(of path: String) -> String { granted.contains(path) ? path : "\(root)/\(path)" }
}

private func outside(_ path: String) -> Refusal {
    Refusal(
        .pathOutside, .invalidInput, "“\(path.prefix(200))” leads out of the project's folder.",
        hint: "Name a file inside the folder, relative to it and without “..”.")
}
