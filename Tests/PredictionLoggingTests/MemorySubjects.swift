// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import PredictionLogging
import Synchronization

/// Keys in memory, in a store that can be out of reach.
final class MemorySubjects: SubjectKeyStore {
    struct Away: Error {}

    private struct Place: Hashable {
        let project: ProjectName
        let subject: String
    }

    private let state = Mutex((keys: [Place: SubjectKey](), isAway: false, asked: 0))

    var isAway: Bool {
        get { state.withLock(\.isAway) }
        set { state.withLock { $0.isAway = newValue } }
    }
    /// How often keys were asked for that might have to be made.
    var asked: Int { state.withLock(\.asked) }

    func keys(of subjects: Set<String>, in project: ProjectName) async throws -> [String: SubjectKey] {
        try state.withLock { state in
            state.asked += 1
            if state.isAway { throw Away() }
            return Dictionary(
                uniqueKeysWithValues: subjects.map { subject in
                    let key = state.keys[Place(project: project, subject: subject)] ?? .random()
                    state.keys[Place(project: project, subject: subject)] = key
                    return (subject, key)
                })
        }
    }

    func key(of subject: String, in project: ProjectName) async throws -> SubjectKey? {
        state.withLock { $0.keys[Place(project: project, subject: subject)] }
    }

    func secrets(of references: Set<SubjectReference>) async throws -> [SubjectReference: [UInt8]] {
        try state.withLock { state in
            if state.isAway { throw Away() }
            let known = state.keys.values.filter { references.contains($0.reference) }
            return Dictionary(uniqueKeysWithValues: known.map { ($0.reference, $0.secret) })
        }
    }

    func destroy(_ subject: String, in project: ProjectName) async throws -> SubjectReference? {
        state.withLock { $0.keys.removeValue(forKey: Place(project: project, subject: subject))?.reference }
    }
}
