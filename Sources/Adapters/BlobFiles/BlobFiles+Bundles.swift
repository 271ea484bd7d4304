// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Bundles as folders, for engines that open files.
extension BlobFiles {
    package func materialize(_ files: [BundleFile], as bundle: Digest) throws -> String {
        let target = bundlePath(bundle)
        // Contents were compared when the folder was made; a start must not read gigabytes again.
        if try order.together({ try isLaidOut(files, in: target) }) { return target }
        let made = own.newPath
        // It has gone to its place by then, unless somebody was faster.
        defer { removeTree(made) }
        try build(files, in: made)
        try setFileTime(made, now())
        let wrong = own.newPath
        defer { removeTree(wrong) }
        try order.alone {
            forgetNames(in: "\(folder)/bundles")
            guard try !isLaidOut(files, in: target) else { return }
            _ = try renameIfThere(target, to: wrong)
            try renameFile(made, to: target)
        }
        return target
    }

    /// Compares every byte of a bundle with its digests.
    ///
    /// What has changed is set aside, and the bundle's folder goes with it, so that deploying the model again mends it.
    /// - Returns: The files that are damaged or not there; empty when all is well.
    package func verify(_ files: [BundleFile], of bundle: Digest) async throws -> [BundleFile] {
        try await onQueue {
            let target = bundlePath(bundle)
            let seen = try OpenFile(folder: target)
            let isMaterialized = hasAllSizes(files, in: target)
            var wrong: [BundleFile] = []
            for file in files {
                let content = try open(file.digest)
                let isContentSound = try content?.has(file.digest) ?? false
                if let content, !isContentSound { setAside(file.digest, content) }
                let path = "\(target)/\(file.path)"
                let isFileSound = try !isMaterialized || OpenFile(reading: path)?.has(file.digest) ?? false
                if !isContentSound || !isFileSound { wrong.append(file) }
            }
            // One that was made since then has nothing of what was seen.
            if !wrong.isEmpty, let seen { _ = try takeAway(target, if: { try $0.isSame(as: seen) }) }
            return wrong
        }
    }

    /// Removes a bundle's folder unless it is another one by now, or in use.
    func takeAway(_ target: String, if isMeant: (OpenFile) throws -> Bool) throws -> Bool {
        let gone = own.newPath
        let isTaken = try order.alone {
            guard let there = try OpenFile(folder: target), try isMeant(there) else { return false }
            return try renameIfThere(target, to: gone)
        }
        removeTree(gone)
        return isTaken
    }

    private func build(_ files: [BundleFile], in target: String) throws {
        try makeFolder(target)
        for file in files {
            guard let content = try open(file.digest) else { throw missing(file.digest, name: file.path) }
            guard try content.has(file.digest) else {
                setAside(file.digest, content)
                throw damaged(file.digest, name: file.path)
            }
            // A sound content of another size is the manifest's mistake, and stays.
            guard try content.byteCount == file.byteCount else { throw damaged(file.digest, name: file.path) }
            var parent = target
            for part in file.path.split(separator: "/").dropLast() {
                parent += "/\(part)"
                try makeFolder(parent)
            }
            try order.together {
                // It may have gone to the trash while it was read.
                guard try OpenFile(content: blobPath(file.digest)) != nil || takeBack(file.digest) else {
                    throw missing(file.digest, name: file.path)
                }
                try linkOrCopy(blobPath(file.digest), to: "\(target)/\(file.path)")
            }
        }
    }

    /// Whether a bundle lies there already. Who asks is about to open it: that it is in use is noted.
    private func isLaidOut(_ files: [BundleFile], in target: String) throws -> Bool {
        guard hasAllSizes(files, in: target) else { return false }
        try touch(target)
        return true
    }

    private func hasAllSizes(_ files: [BundleFile], in target: String) -> Bool {
        files.allSatisfy { plainFileSize("\(target)/\($0.path)") == $0.byteCount }
    }

    func bundlePath(_ digest: Digest) -> String { "\(folder)/bundles/\(digest.hex)" }
}
