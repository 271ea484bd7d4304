// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelRegistry

/// Where alerts, silences, destinations and what is on its way are kept, beside the ledger. Every conforming type passes
/// `AlertStoreContract`.
package protocol AlertStore: Sendable {
    func read<Result: Sendable>(_ body: @escaping @Sendable (any AlertReading) throws -> Result) async throws -> Result

    /// All of the body's changes, or none; on disk when this returns. The body may run again from the start after a
    /// conflict with another writer: it must not have effects of its own.
    func write<Result: Sendable>(_ body: @escaping @Sendable (any AlertWriting) throws -> Result) async throws -> Result
}

/// What can be asked inside one transaction.
package protocol AlertReading: LedgerReading {
    /// By key.
    func openAlerts() throws -> [Alert]
    /// Those that are over as well, the newest first.
    func alerts(limit: Int) throws -> [Alert]
    func alert(_ number: Int) throws -> Alert?
    /// Those that have ended as well, the newest first.
    func silences(limit: Int) throws -> [AlertSilence]
    /// By name, with what came of their notices.
    func destinations() throws -> [AlertDestination]
    /// Of each destination the one that came first: what comes behind it waits.
    func nextNotices() throws -> [AlertNotice]
    /// What the servers say of themselves, by replica.
    func signals() throws -> [ReplicaSignals]
}

/// What can be changed inside one transaction. Callers append the ledger entry of a person's change beside it.
package protocol AlertWriting: AlertReading, LedgerWriting {
    /// Keeps an alert that has opened.
    ///
    /// - Returns: With its number; `nil` when one of its key is open.
    func insert(_ alert: Alert) throws -> Alert?
    /// Keeps what became of an open alert.
    ///
    /// - Returns: `false` when it was over.
    func update(_ alert: Alert) throws -> Bool
    /// Forgets the oldest of the alerts, silences and notices that are over beyond so many.
    func prune(alerts: Int, silences: Int) throws
    /// - Returns: Its number.
    func insertSilence(_ silence: AlertSilence) throws -> Int
    func endSilence(_ number: Int, at time: Timestamp) throws
    func insert(_ destination: AlertDestination) throws
    /// Forgets a destination with all that was on its way there.
    func removeDestination(_ name: DestinationName) throws
    func setOutcome(_ outcome: AlertDestination.Outcome, of name: DestinationName) throws
    /// Keeps a notice until it is removed. One whose destination has as many as may wait takes the place of the oldest there,
    /// which counts as given up.
    func insert(_ notice: AlertNotice, atMost limit: Int) throws
    /// - Returns: `false` when it was removed before.
    func update(_ notice: AlertNotice) throws -> Bool
    func removeNotice(_ id: String) throws
    /// Keeps what a server says of itself.
    func setSignals(_ signals: ReplicaSignals) throws
    /// Forgets what servers said that are not among `replicas`.
    func keepSignals(of replicas: [String]) throws
}
