// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution

/// A project folder with files of our own in front of it, which are not written there.
struct LayeredFolder: ProjectFolder {
    /// Looked into first; new files go there.
    let front: any ProjectFolder
    let project: any ProjectFolder

    var name: String { project.name }

    func fileNames() throws -> [String] { try project.fileNames() }
    func fileNames(below folder: String) throws -> [String] { try project.fileNames(below: folder) }
    func contains(_ path: String) throws -> Bool { try front.contains(path) || project.contains(path) }
    func read(_ path: String, limit: Int) throws -> [UInt8] { try holder(of: path).read(path, limit: limit) }
    func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]? { try holder(of: path).pieces(of: path) }
    func describe(_ path: String) throws -> BundleFile { try holder(of: path).describe(path) }
    func modelFile(_ path: String) throws -> ModelFile { try holder(of: path).modelFile(path) }
    func place(_ path: String) throws -> String { try path == "." ? project.place(path) : holder(of: path).place(path) }
    func create(_ path: String, _ content: [UInt8]) throws { try front.create(path, content) }
    func commit(leavingOut data: [String]) -> SourceCommit? { project.commit(leavingOut: data) }

    private func holder(of path: String) throws -> any ProjectFolder {
        try !path.hasPrefix("/") && path != "." && front.contains(path) ? front : project
    }
}
