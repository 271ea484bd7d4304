// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// A place at the database: a connection that is made when it is needed, and made anew when it broke. It stays on one
/// thread, which it may block.
final class PostgreSQLSeat {
    enum Access: String {
        case read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        case write = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
    }

    /// How often a body runs before its caller is told that others are in the way: a few seconds.
    static let mostAttempts = 40

    private let target: PostgreSQLTarget
    private let claim: ServerClaim?
    private var session: PostgreSQLSession?

    init(at target: PostgreSQLTarget, claim: ServerClaim?) {
        self.target = target
        self.claim = claim
    }

    /// What became of one run of a body.
    private enum Outcome<Result> {
        case done(Result)
        /// Nothing was changed, and running it again would not help.
        case failed(any Error)
        /// Nothing was changed; another run may do better.
        case conflict(PostgreSQLError)
        /// The connection broke, and nothing was changed.
        case lost(PostgreSQLError)
        /// The connection broke while the changes were being committed.
        case unknown(PostgreSQLError)
    }

    /// The connection that is there, or a new one.
    func openSession() throws -> PostgreSQLSession {
        if let session, !session.isBroken { return session }
        session = nil
        let made = try PostgreSQLSession(to: target, claim: claim)
        session = made
        return made
    }

    /// Lets go of the connection.
    func leave() { session = nil }

    /// Runs a body in a transaction: again after a conflict with another, and once more on a new connection where the old
    /// one broke before anything was sent to be committed.
    ///
    /// - Throws: ``StoreFailure``, or what the body throws.
    func transact<Result>(_ access: Access, _ body: (any SQLTransaction) throws -> Result) throws -> Result {
        var attempts = 0
        var isSecondConnection = false
        while true {
            let outcome = run(access, in: try openSession(), body)
            if session?.isBroken == true { leave() }
            switch outcome {
            case .done(let result): return result
            case .failed(let error): throw error
            case .conflict(let error):
                attempts += 1
                guard attempts < Self.mostAttempts else { throw StoreFailure(.busy, underlying: error) }
                pause(after: attempts)
            case .lost(let error):
                leave()
                guard !isSecondConnection else { throw StoreFailure(error, at: target.description) }
                isSecondConnection = true
            case .unknown(let error):
                leave()
                throw StoreFailure(.server(.outcomeUnknown, at: target.description), underlying: error)
            }
        }
    }

    private func run<Result>(
        _ access: Access, in session: PostgreSQLSession, _ body: (any SQLTransaction) throws -> Result
    ) -> Outcome<Result> {
        do throws(PostgreSQLError) {
            _ = try session.execute(access.rawValue)
        } catch {
            return judge(error, StoreFailure(error, at: target.description))
        }
        let transaction = PostgreSQLTransaction(in: session)
        let result: Result
        do {
            result = try body(transaction)
        } catch {
            rollBack(session)
            return transaction.failure.map { judge($0, error) } ?? .failed(error)
        }
        // A body that goes on after a failure has not seen what it thinks it has.
        if let failure = transaction.failure {
            rollBack(session)
            return judge(failure, StoreFailure(failure, at: target.description))
        }
        guard access == .write else {
            rollBack(session)
            return .done(result)
        }
        return commit(session, result)
    }

    private func commit<Result>(_ session: PostgreSQLSession, _ result: Result) -> Outcome<Result> {
        guard session.stillAnswers() else {
            return .lost(PostgreSQLError(state: nil, message: "the connection has ended", isConnectionLost: true))
        }
        do throws(PostgreSQLError) {
            let answer = try session.execute("COMMIT")
            guard answer.word == "COMMIT" else {
                return .failed(StoreFailure(.refused, underlying: PostgreSQLError(rolledBack: answer.word)))
            }
            return .done(result)
        } catch {
            if error.isConnectionLost { return .unknown(error) }
            return judge(error, StoreFailure(error, at: target.description))
        }
    }

    private func judge<Result>(_ error: PostgreSQLError, _ thrown: any Error) -> Outcome<Result> {
        if error.isConnectionLost { return .lost(error) }
        return error.isConflict ? .conflict(error) : .failed(thrown)
    }

    /// A connection on which that fails is let go, and the server rolls back.
    private func rollBack(_ session: PostgreSQLSession) {
        guard !session.isBroken else { return }
        do throws(PostgreSQLError) { _ = try session.execute("ROLLBACK") } catch { leave() }
    }

    /// Longer each time, and not the same as those that the conflict was with: they would meet again.
    private func pause(after attempts: Int) {
        let most = min(0.2, 0.002 * Double(1 << min(attempts, 10)))
        Thread.sleep(forTimeInterval: Double.random(in: 0...most))
    }
}

extension PostgreSQLError {
    fileprivate init(rolledBack word: String) {
        self.init(state: nil, message: "COMMIT was answered with \(word)", isConnectionLost: false)
    }
}
