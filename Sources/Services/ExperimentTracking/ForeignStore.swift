// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A store of MLflow's, read and never written to. What is in it was written by others: whoever reads it takes nothing for
/// granted, and what cannot be read throws a ``Refusal`` that says why, for one thing at a time.
package protocol ForeignStore: Sendable {
    /// By their names in the store.
    func experiments() throws -> [(id: String, experiment: ForeignExperiment)]
    func runs(of experiment: String) throws -> [String]
    /// With the names of its metrics, and where its files are, as the store says.
    func run(_ id: String, of experiment: String) throws -> (run: ForeignRun, metrics: [String], files: String)
    /// In the order in which they were recorded.
    func points(of metric: String, run: String, experiment: String) throws -> [ForeignPoint]
    func loggedModels(of experiment: String) throws -> [String]
    func loggedModel(_ id: String, of experiment: String) throws -> (model: ForeignLoggedModel, files: String)
    func models() throws -> [String]
    func model(_ name: String) throws -> ForeignModel
    /// What is there that nobody brings: traces and the like, with how many there are.
    func leftBehind() throws -> [(what: String, count: Int)]
}

/// The files of such a store, below one folder, and never through a symbolic link.
package protocol ForeignFiles: Sendable {
    /// Every file at a place, by its path below it, and what is no file of that folder: links, pipes, what leads out.
    ///
    /// - Throws: ``Refusal`` for a place that is not below the folder, or on no disk.
    func files(at place: String) throws -> (names: [String], refused: [String])
    func describe(_ name: String, at place: String) throws -> (digest: Digest, byteCount: Int)
    func pieces(of name: String, at place: String) throws -> @Sendable () throws -> [UInt8]?
}
