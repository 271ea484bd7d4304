// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution
package import ModelReproduction

/// What commands that run the user's own code, and do it again, need from the machine.
package protocol RunTools: Sendable {
    /// A new folder that is gone when nobody has it any more, unless it is kept. A command that is interrupted leaves it.
    func scratch() throws -> any TemporaryFolder
    /// The same at a path that is not there yet; somewhere for `nil`. It goes too when the command is given up.
    func workplace(at path: String?) throws -> any KeepableFolder

    // The code.
    /// - Parameter paths: Files below the folder that are data.
    func snapshot(of folder: String, leavingOut paths: [String], in scratch: String) throws -> CodeSnapshot
    func commit(of folder: String) -> RunRecord.Commit?
    /// Lays it out in a new folder.
    func layOut(_ archive: String, patch: String?, in folder: String) throws

    // Python.
    /// What the Python has that a command runs; `nil` for one that runs none.
    func python(of words: [String]) throws -> PythonContents?
    /// What the active Python has; `nil` where there is none.
    func activePython() -> PythonContents?
    /// Makes an environment of its own. Returns its Python.
    func makeEnvironment(
        at folder: String, python version: String, requirements: [String],
        progress: @escaping @Sendable (String) -> Void
    ) throws -> String

    /// Has models be packed by this Python from now on.
    func usePython(_ program: String)

    // Commands.
    /// Runs a command to its end. Who asks this process to end asks the command.
    func run(_ command: TrainingCommand) async throws -> CommandEnd
    /// A server of its own on a data folder of its own, which uses the engines of this machine, as this process does from
    /// now on with any data folder.
    func startServer(data: String) async throws -> LocalServer

    // Files.
    /// Each call gives the next piece of a file, `nil` at the end.
    func pieces(of path: String) throws -> @Sendable () throws -> [UInt8]?
    /// Files of a name that were written since some moment, by their paths below a folder, sorted.
    func files(named name: String, below folder: String, since moment: Timestamp) throws -> [String]
    /// Takes a file or a link away, if it is there; never what a link points to.
    func remove(_ path: String)
    /// Makes the folder of a file that is to be written.
    func makeFolder(for path: String) throws
    func write(_ bytes: [UInt8], to path: String) throws

    /// Opens a bundle that lies in a folder, so that it answers; nothing of it is proven.
    ///
    /// - Parameter data: The data folder whose engines and environments serve.
    func open(bundleAt folder: String, data: String) throws -> (manifest: BundleManifest, engine: any InferenceEngine)
}

package protocol KeepableFolder: TemporaryFolder {
    /// From now on it stays.
    func keep()
}
