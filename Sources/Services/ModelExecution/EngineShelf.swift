// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Synchronization

/// The engines that are open, by what they were opened from: files with the same contents are opened once, however many
/// bundles have them. Held weakly, so that an engine goes with the last version that uses it.
final class EngineShelf: Sendable {
    /// Everything that decides what an engine answers and where.
    struct Key: Hashable {
        private let engine: String
        private let model: Digest
        /// Files that the model's own may refer to, by the names that it knows them by.
        private let others: [BundleFile]
        private let device: ComputeDevice

        init(_ manifest: BundleManifest, on device: ComputeDevice) {
            engine = manifest.engine
            // Where the manifest names no such file the engine will refuse to open it; until then it shares with nobody.
            model = manifest.file(manifest.model)?.digest ?? Digest(of: manifest.canonicalBytes)
            others = manifest.engineFiles.filter { $0.path != manifest.model }
            self.device = device
        }
    }

    private struct Place { weak var engine: (any InferenceEngine)? }

    private struct Shelf {
        var places: [Key: Place] = [:]
        /// With how many places it is searched next for those that are empty: so that each costs but a few looks.
        var searchedAt = 64
        /// Engines that have opened something, each with the device.
        var engines: Set<String> = []
    }

    private let shelf = Mutex(Shelf())

    /// Whether nobody has asked this before of an engine and a device.
    func isFirst(of engine: String, on device: ComputeDevice) -> Bool {
        shelf.withLock { $0.engines.insert("\(engine) on \(device)").inserted }
    }

    func engine(for key: Key) -> (any InferenceEngine)? { shelf.withLock { $0.places[key]?.engine } }

    /// - Parameters:
    ///   - reopening: Whether it is opened also where there is one, and stands in its place from then on.
    ///   - open: Opens it where there is none. Two that come at the same time may both do so; one is kept.
    func engine(
        for key: Key, reopening: Bool, open: () throws(EngineError) -> any InferenceEngine
    ) throws(EngineError) -> any InferenceEngine {
        if !reopening, let engine = engine(for: key) { return engine }
        let opened = try open()
        return shelf.withLock { shelf in
            if !reopening, let engine = shelf.places[key]?.engine { return engine }
            if shelf.places.count >= shelf.searchedAt {
                shelf.places = shelf.places.filter { $0.value.engine != nil }
                shelf.searchedAt = max(64, 2 * shelf.places.count)
            }
            shelf.places[key] = Place(engine: opened)
            return opened
        }
    }
}

extension BundleManifest {
    /// The files that an engine may read: all but the recorded rows and the profile of the training data.
    package var engineFiles: [BundleFile] { files.filter { $0.path != proof?.examples && $0.path != baseline } }
}
