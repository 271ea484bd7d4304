// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
package import ModelExecution
internal import Synchronization
internal import Tensors

/// Opens graphs: their steps on the engines that they name, bundles in them with their own proofs.
package struct GraphRuntime: EngineRuntime {
    /// How deep bundles may lie in bundles.
    private static let depthLimit = 8

    /// The build is the program's.
    package let identity = EngineIdentity(name: EngineName.graph, version: "1", build: Product.version)

    private let runtimes: RuntimeLookup
    private let read: FileReading
    private let depth: Int
    /// What the graph that this one lies in has left; `nil` for the outermost.
    private let outerRoom: OpeningRoom?

    package init(runtimes: @escaping RuntimeLookup, read: @escaping FileReading) {
        self.init(runtimes: runtimes, read: read, depth: 1, outerRoom: nil)
    }

    private init(
        runtimes: @escaping RuntimeLookup, read: @escaping FileReading, depth: Int, outerRoom: OpeningRoom?
    ) {
        self.runtimes = runtimes
        self.read = read
        self.depth = depth
        self.outerRoom = outerRoom
    }

    package func open(modelAt file: ModelFile) throws(EngineError) -> any InferenceEngine {
        let room = outerRoom ?? OpeningRoom()
        let descriptor = try descriptor(at: file, room)
        var models: [String: any InferenceEngine] = [:]
        for step in descriptor.steps {
            guard case .model(let model) = step.work else { continue }
            do throws(EngineError) {
                models[step.name] = try open(model, beside: file, room)
            } catch {
                throw error.opening(step.name)
            }
        }
        do throws(GraphFault) {
            return try GraphEngine(descriptor, models: models)
        } catch {
            throw .modelRefused(reason: error.reason)
        }
    }

    package func prepare(for file: ModelFile) throws(EngineError) {
        let room = outerRoom ?? OpeningRoom()
        for step in try descriptor(at: file, room).steps {
            guard case .model(let model) = step.work else { continue }
            switch model {
            case .file(let path, let engine):
                try runtime(of: engine, room).prepare(for: file.sibling(path))
            case .bundle(let folder, _):
                let manifest = try manifest(of: folder, beside: file)
                try runtime(of: manifest.engine, room).prepare(for: file.sibling("\(folder)/\(manifest.model)"))
            }
        }
    }

    private func descriptor(at file: ModelFile, _ room: OpeningRoom) throws(EngineError) -> GraphDescriptor {
        do {
            let bytes = try read(file, GraphDescriptor.byteLimit)
            try room.take(byteCount: bytes.count)
            let descriptor = try GraphDescriptor(file: bytes)
            try room.take(stepCount: descriptor.steps.count)
            return descriptor
        } catch let fault as GraphFault {
            throw .modelRefused(reason: fault.reason)
        } catch let refusal as Refusal {
            throw .modelRefused(reason: refusal.explanation.message)
        } catch {
            throw .modelRefused(reason: "its file cannot be read")
        }
    }

    private func runtime(of engine: String, _ room: OpeningRoom) throws(EngineError) -> any EngineRuntime {
        guard engine == EngineName.graph else { return try runtimes(engine) }
        guard depth < Self.depthLimit else {
            throw .modelRefused(reason: "graphs lie in graphs more than \(Self.depthLimit) deep")
        }
        return GraphRuntime(runtimes: runtimes, read: read, depth: depth + 1, outerRoom: room)
    }

    private func open(
        _ model: GraphDescriptor.Model, beside file: ModelFile, _ room: OpeningRoom
    ) throws(EngineError) -> any InferenceEngine {
        switch model {
        case .file(let path, let engine): return try runtime(of: engine, room).open(modelAt: file.sibling(path))
        case .bundle(let folder, _):
            let manifest = try manifest(of: folder, beside: file)
            let runtime = try runtime(of: manifest.engine, room)
            do {
                return try ProvenModel(
                    proving: PreparedBundle(
                        manifest: manifest, model: file.sibling("\(folder)/\(manifest.model)"),
                        examples: try examples(of: manifest, in: folder, beside: file)), on: runtime
                ).engine
            } catch let error as EngineError {
                throw error
            } catch let error as any ExplainedError {
                throw .unavailable(error.explanation)
            } catch {
                throw .modelRefused(reason: "its bundle cannot be read")
            }
        }
    }

    private func manifest(of folder: String, beside file: ModelFile) throws(EngineError) -> BundleManifest {
        do throws(Refusal) {
            return try BundleManifest(
                manifest: try read(file.sibling("\(folder)/\(BundleManifest.fileName)"), 16 << 20))
        } catch {
            throw .modelRefused(reason: error.explanation.message)
        }
    }

    private func examples(
        of manifest: BundleManifest, in folder: String, beside file: ModelFile
    ) throws -> [Example] {
        guard let proof = manifest.proof else { return [] }
        let format = try ExampleFormat(signature: manifest.signature, outputs: proof.outputs)
        let lines = try read(file.sibling("\(folder)/\(proof.examples)"), ExampleFormat.byteLimit)
        return try format.read(lines: lines, limit: proof.replayAtStart.limit(proof.count))
    }
}

/// What graphs in graphs may take together: a few of them that open each other would else be millions.
private final class OpeningRoom: Sendable {
    private let left = Mutex((steps: GraphDescriptor.stepLimit, bytes: GraphDescriptor.byteLimit))

    func take(stepCount: Int = 0, byteCount: Int = 0) throws(GraphFault) {
        let hasRoom = left.withLock { left in
            left.steps -= stepCount
            left.bytes -= byteCount
            return left.steps >= 0 && left.bytes >= 0
        }
        guard hasRoom else {
            throw GraphFault(
                "it and the graphs in it have more than \(GraphDescriptor.stepLimit) steps or "
                    + "\(GraphDescriptor.byteLimit >> 20) MiB together")
        }
    }
}

extension EngineError {
    /// The same, saying which step of a graph could not be opened.
    fileprivate func opening(_ step: String) -> EngineError {
        switch self {
        case .modelRefused(let reason): .modelRefused(reason: "step “\(step)”: \(reason)")
        case .unavailable(let explanation):
            .unavailable(
                Explanation(
                    explanation.code, explanation.kind, "Step “\(step)”: \(explanation.message)",
                    hint: explanation.hint, details: explanation.details))
        default: self
        }
    }
}
