// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// Uploads of files in parts, between their beginning and their end: who may send what, and when the parts are whole.
///
/// They are kept on a shelf that all processes of a platform share, so that each request may reach another one.
package final class PartUploads: Sendable {
    package static let mostParts = 10_000
    /// Of all parts together: what a file may have.
    package static let largestFile = 1 << 40
    /// Begun and not ended, of all clients.
    package static let mostUploads = 1000

    /// What may be sent to: whoever was told both may, without a token, as long as the upload lives.
    package struct Ticket: Sendable {
        package let upload: String
        package let secret: String

        package init(upload: String, secret: String) {
            self.upload = upload
            self.secret = secret
        }
    }

    private let shelf: any PartShelf
    private let lifetime: Duration
    private let limit: Int
    /// Has the shelf forget what nobody ends, when its time has come.
    private let watch: Task<Void, Never>

    /// - Parameter limit: Of uploads that have begun and not ended.
    package init(
        shelf: any PartShelf, lifetime: Duration = .seconds(86_400), limit: Int = PartUploads.mostUploads
    ) {
        self.shelf = shelf
        self.lifetime = lifetime
        self.limit = limit
        // What begins while it sleeps ends after it wakes.
        watch = Task {
            while !Task.isCancelled {
                let rest = try? await shelf.forgetEnded()
                try? await Task.sleep(for: min(rest ?? lifetime, lifetime))
            }
        }
    }

    deinit { watch.cancel() }

    package func begin(_ subject: UploadSubject, count: Int) async throws -> Ticket {
        guard (1...Self.mostParts).contains(count) else {
            throw Refusal(
                .limitExceeded, .invalidInput, "An upload has 1 to \(Self.mostParts) parts, and not \(count).",
                hint: "Send larger parts: MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE.", details: [.init("field", "num_parts")])
        }
        let ticket = Ticket(upload: randomText(), secret: randomText())
        let document = UploadDocument(subject: subject, secret: Digest(of: ticket.secret.utf8), count: count)
        guard try await shelf.begin(ticket.upload, document.bytes, lifetime: lifetime, limit: limit) else {
            throw Refusal(
                .limitExceeded, .invalidInput, "\(limit) uploads have begun and not ended.",
                hint: "Complete or abort some; what nobody ends is ended after a day.")
        }
        return ticket
    }

    /// Refuses a part before it is sent.
    ///
    /// - Returns: How many parts there are to be.
    /// - Throws: `TRK-010`.
    @discardableResult
    package func check(_ ticket: Ticket, number: Int) async throws -> Int {
        let (upload, state) = try await upload(ticket.upload)
        // Compared by digests, so that the time it takes tells nothing of the secret.
        guard upload.secret == Digest(of: ticket.secret.utf8) else { throw unknown(ticket.upload) }
        guard state == .open else { throw ending(ticket.upload) }
        guard (1...upload.count).contains(number) else {
            throw Refusal(
                .uploadRefused, .invalidInput, "The upload has parts 1 to \(upload.count), and no part \(number).",
                details: [.init("field", "part_number")])
        }
        return upload.count
    }

    /// Takes a part, instead of what came under its number before.
    ///
    /// - Throws: `TRK-010`, `IN-009`; then it is not there.
    package func take(
        _ number: Int, of ticket: Ticket, _ chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) async throws -> Digest {
        let room = PartRoom(byteLimit: Self.largestFile, count: try await check(ticket, number: number))
        switch try await shelf.add(number, to: ticket.upload, in: room, chunks) {
        case .kept(let digest): return digest
        case .tooLarge: throw tooLarge()
        case .closed:
            // Says why.
            try await check(ticket, number: number)
            throw ending(ticket.upload)
        }
    }

    /// The upload in the hands of whoever asked first, with its parts in their order; `nil` where it was completed already.
    ///
    /// - Parameter named: The parts as the client names them, by number and digest.
    /// - Throws: `TRK-010`, and then nothing has changed.
    package func join(
        _ id: String, _ subject: UploadSubject, named: [(number: Int, digest: String)]
    ) async throws -> (claim: any PartClaim, parts: JoinedParts)? {
        let (upload, state) = try await upload(id)
        guard upload.subject == subject else { throw unknown(id) }
        if state == .completed { return nil }
        guard let claim = try await shelf.claim(id) else {
            // Somebody was faster.
            guard try await self.upload(id).state == .completed else { throw ending(id) }
            return nil
        }
        let parts = try await claim.parts()
        var digests: [Int: String] = [:]
        for part in named where digests.updateValue(part.digest, forKey: part.number) != nil {
            throw refused("The part \(part.number) is named twice.")
        }
        if let other = digests.keys.first(where: { !(1...upload.count).contains($0) }) {
            throw refused("The upload has parts 1 to \(upload.count), and no part \(other).")
        }
        var (found, byteCount): ([Digest], Int) = ([], 0)
        for number in 1...upload.count {
            guard let part = parts[number] else {
                throw refused("The upload has no part \(number) of \(upload.count) yet.")
            }
            guard let digest = digests[number] else { throw refused("The part \(number) is not named.") }
            guard digest == part.digest.hex || digest == "\"\(part.digest.hex)\"" else {
                throw refused("The part \(number) that came is another one than the one that is named.")
            }
            found.append(part.digest)
            byteCount += part.byteCount
        }
        guard byteCount <= Self.largestFile else { throw tooLarge() }
        return (claim, JoinedParts(of: claim, found))
    }

    /// Lets go of an upload with all its parts; harmless when it is gone.
    package func abort(_ id: String, _ subject: UploadSubject) async throws {
        guard let found = try await shelf.upload(id), let upload = UploadDocument(found.document),
            upload.subject == subject
        else { return }
        guard try await shelf.abort(id) else { throw ending(id) }
    }

    private func upload(_ id: String) async throws -> (UploadDocument, state: ShelvedUpload.State) {
        guard let found = try await shelf.upload(id), let upload = UploadDocument(found.document) else {
            throw unknown(id)
        }
        return (upload, found.state)
    }
}

private func unknown(_ id: String) -> Refusal {
    Refusal(
        .uploadRefused, .notFound, "There is no upload “\(id.prefix(80))”, or it has ended.", hint: "Begin another one."
    )
}

private func ending(_ id: String) -> Refusal {
    Refusal(.uploadRefused, .conflict, "The upload “\(id.prefix(80))” is complete, or is being completed.")
}

private func refused(_ message: String) -> Refusal {
    Refusal(.uploadRefused, .invalidInput, message, hint: "Send the part, and complete the upload again.")
}

private func tooLarge() -> Refusal {
    Refusal(
        .limitExceeded, .tooLarge, "The parts together are larger than \(PartUploads.largestFile) bytes.",
        hint: "Abort the upload.")
}

/// 256 bits of the kernel's, fit for secrets.
private func randomText() -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: (0..<64).map { _ in digits[Int.random(in: 0..<16, using: &generator)] }, as: UTF8.self)
}
