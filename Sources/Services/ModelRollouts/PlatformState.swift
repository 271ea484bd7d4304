// SPDX-License-Identifier: Apache-2.0
internal import InferenceServing

/// What stands for every endpoint at this moment: where ``ServingTable``s come from.
struct PlatformState {
    /// By endpoint name.
    var states: [String: EndpointState] = [:]
    /// Whether every endpoint that is loaded at the start has a verdict.
    var isComplete = false
    /// What models that are being loaded were promised.
    var promises: [Int: Promise] = [:]
    var promiseCount = 0

    /// How many predictions all endpoints have accepted; `nil` while some of them are on their way.
    var traffic: Int? {
        var accepted = 0
        for state in states.values {
            guard state.counters.inFlight == 0 else { return nil }
            accepted += state.counters.accepted
        }
        return accepted
    }

    /// Room for a version until it is in ``states``, where it counts by itself.
    struct Promise {
        let endpoint: String
        var byteCount: Int
        /// Once it is loaded.
        var live: ObjectIdentifier?
    }
}
