// SPDX-License-Identifier: Apache-2.0
internal import Foundation
package import ModelDomain
package import ModelExecution
package import Tensors

/// Computes predictions again from what is kept of them, with the bundle that answered or with another one.
package struct PredictionReplay: Sendable {
    private static let queue = DispatchQueue(label: "prediction-replay", qos: .utility)

    private let loader: ModelLoader

    package init(loader: ModelLoader) { self.loader = loader }

    /// What came out when a prediction was computed again.
    package struct Outcome: Sendable {
        package enum Kind: String, Sendable, CaseIterable {
            /// To the last bit.
            case exact
            case withinTolerance = "within tolerance"
            case different
            case notReplayed = "not replayed"
        }

        package let record: PredictionRecord
        package let kind: Kind
        /// Why it was not replayed, or what differs.
        package let reason: String?
        /// What came out.
        package let outputs: [NamedTensor]
    }

    /// - Parameter other: The bundle to compute with; `nil` for each one's own.
    /// - Returns: One for each, in their order.
    package func replay(_ records: [PredictionRecord], with other: Digest? = nil) async throws -> [Outcome] {
        var outcomes = [Outcome?](repeating: nil, count: records.count)
        var byBundle: [Digest: [Int]] = [:]
        for (index, record) in records.enumerated() {
            if case .no(let reason) = record.replayability {
                outcomes[index] = Outcome(record: record, kind: .notReplayed, reason: reason, outputs: [])
            } else if let bundle = other ?? record.schema.bundle {
                byBundle[bundle, default: []].append(index)
            }
        }
        for (bundle, indices) in byBundle {
            let fetched: FetchedBundle
            do {
                fetched = try await loader.fetch(bundle)
            } catch {
                let reason = "the bundle is not there: \(message(of: error))"
                for index in indices {
                    outcomes[index] = Outcome(record: records[index], kind: .notReplayed, reason: reason, outputs: [])
                }
                continue
            }
            let found = await withCheckedContinuation { continuation in
                Self.queue.async {
                    continuation.resume(returning: compute(indices.map { records[$0] }, fetched, isOther: other != nil))
                }
            }
            for (index, outcome) in zip(indices, found) { outcomes[index] = outcome }
        }
        return outcomes.compactMap(\.self)
    }

    /// Blocks.
    private func compute(_ records: [PredictionRecord], _ bundle: FetchedBundle, isOther: Bool) -> [Outcome] {
        let engine: any InferenceEngine
        do {
            engine = try loader.engine(of: bundle)
        } catch {
            let reason = "the model cannot be opened: \(message(of: error))"
            return records.map { Outcome(record: $0, kind: .notReplayed, reason: reason, outputs: []) }
        }
        return records.map { record in
            guard let inputs = record.wholeInputs, inputs.count == engine.inputs.count,
                zip(inputs, engine.inputs).allSatisfy({ $0.fits($1) })
            else {
                return Outcome(
                    record: record, kind: .notReplayed, reason: "the model takes other inputs", outputs: [])
            }
            do throws(EngineError) {
                let answers = try engine.run(inputs)
                return outcome(of: answers, record, bundle.manifest, isOther: isOther)
            } catch {
                return Outcome(
                    record: record, kind: .different, reason: "the model fails: \(message(of: error))", outputs: [])
            }
        }
    }

    private func outcome(
        of answers: [Tensor], _ record: PredictionRecord, _ manifest: BundleManifest, isOther: Bool
    ) -> Outcome {
        let named = zip(manifest.signature.outputs, answers).map { NamedTensor($0.name, $1) }
        let isExact =
            !isOther && answers.count == record.outputs.count
            && zip(answers, record.outputs).allSatisfy { $0.isIdentical(to: $1) }
        if isExact { return Outcome(record: record, kind: .exact, reason: nil, outputs: named) }
        let replay = Replay(
            signature: manifest.signature, tolerance: manifest.proof?.tolerance ?? .standard, task: manifest.task)
        if let missing = record.answers.first(where: { answer in !named.contains { $0.name == answer.name } }) {
            return Outcome(
                record: record, kind: .different, reason: "there is no output “\(missing.name)”", outputs: named)
        }
        let difference = replay.difference(of: answers, from: Example(inputs: [], outputs: record.answers))
        return Outcome(
            record: record, kind: difference == nil ? .withinTolerance : .different, reason: difference, outputs: named)
    }

    private func message(of error: any Error) -> String {
        (error as? any ExplainedError)?.explanation.message ?? "\(error)"
    }
}

extension Tensor {
    fileprivate func isIdentical(to other: Tensor) -> Bool {
        guard datatype == other.datatype, shape == other.shape else { return false }
        return content == other.content && lengths == other.lengths
    }

    private var content: [UInt8] {
        unsafe storage.withUnsafeBytes { bytes in
            guard datatype == .bytes else { return unsafe Array(bytes) }
            return unsafe Array(bytes[(offsets.first ?? 0)..<(offsets.last ?? 0)])
        }
    }

    private var lengths: [Int] { zip(offsets.dropFirst(), offsets).map { $0 - $1 } }
}
