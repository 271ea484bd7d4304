// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Bundles as folders, for engines that open files.
extension BlobFiles {
    package func materialize(_ files: [BundleFile], as bundle: Digest) throws -> String {
        let target = bundlePath(bundle)
        // Contents were compared when the folder was made; a start must not read gigabytes again.
        if hasAllSizes(files, in: target) { return target }
        removeTree(target)
        let unfinished = newUnfinishedPath()
        do {
            try build(files, in: unfinished)
            // Another task that was faster has made the same folder.
            if try !renameFolder(unfinished, to: target) { removeTree(unfinished) }
        } catch {
            removeTree(unfinished)
            throw error
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
            let isMaterialized = hasAllSizes(files, in: target)
            var wrong: [BundleFile] = []
            for file in files {
                let isContentSound = try isSound(blobPath(file.digest), file.digest)
                if !isContentSound { setAside(file.digest) }
                let isFileSound = try !isMaterialized || isSound("\(target)/\(file.path)", file.digest)
                if !isContentSound || !isFileSound { wrong.append(file) }
            }
            if !wrong.isEmpty { removeTree(target) }
            return wrong
        }
    }

    private func build(_ files: [BundleFile], in target: String) throws {
        try makeFolder(target)
        for file in files {
            let source = blobPath(file.digest)
            guard try isHere(file.digest), let byteCount = plainFileSize(source) else {
                throw missing(file.digest, name: file.path)
            }
            guard try isSound(source, file.digest) else {
                setAside(file.digest)
                throw damaged(file.digest, name: file.path)
            }
            // A sound content of another size is the manifest's mistake, and stays.
            guard byteCount == file.byteCount else { throw damaged(file.digest, name: file.path) }
            var parent = target
            for part in file.path.split(separator: "/").dropLast() {
                parent += "/\(part)"
                try makeFolder(parent)
            }
            try linkOrCopy(source, to: "\(target)/\(file.path)")
        }
    }

    private func hasAllSizes(_ files: [BundleFile], in target: String) -> Bool {
        files.allSatisfy { plainFileSize("\(target)/\($0.path)") == $0.byteCount }
    }

    func bundlePath(_ digest: Digest) -> String { "\(folder)/bundles/\(digest.hex)" }
}
