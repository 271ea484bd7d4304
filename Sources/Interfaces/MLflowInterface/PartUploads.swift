// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
package import ModelExecution

/// Uploads of files in parts, between their beginning and their end.
///
/// They live here and not in the store: what is half sent is nothing to keep, and a start sweeps its parts away. A client that
/// lost one begins again.
package actor PartUploads {
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

    /// What an upload is about; the same names have to come with its end.
    package struct Subject: Sendable, Equatable {
        let path: ArtifactPath
        let project: ProjectName

        package init(path: ArtifactPath, project: ProjectName) {
            self.path = path
            self.project = project
        }
    }

    private struct Upload {
        let subject: Subject
        let secret: Digest
        let count: Int
        var parts: [Int: any StagedPart] = [:]
        var state = State.open

        enum State { case open, joining, completed }
    }

    private let lifetime: Duration
    private var uploads: [String: Upload] = [:]

    package init(lifetime: Duration = .seconds(86_400)) { self.lifetime = lifetime }

    /// How many there are, completed ones among them.
    package var count: Int { uploads.count }

    package func begin(_ subject: Subject, count: Int) throws -> Ticket {
        guard (1...Self.mostParts).contains(count) else {
            throw Refusal(
                .limitExceeded, .invalidInput, "An upload has 1 to \(Self.mostParts) parts, and not \(count).",
                hint: "Send larger parts: MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE.", details: [.init("field", "num_parts")])
        }
        if uploads.count >= Self.mostUploads, let done = uploads.first(where: { $0.value.state == .completed }) {
            uploads[done.key] = nil
        }
        guard uploads.count < Self.mostUploads else {
            throw Refusal(
                .limitExceeded, .invalidInput, "\(Self.mostUploads) uploads have begun and not ended.",
                hint: "Complete or abort some; what nobody ends is ended after a day.")
        }
        let ticket = Ticket(upload: randomText(), secret: randomText())
        uploads[ticket.upload] = Upload(subject: subject, secret: Digest(of: ticket.secret.utf8), count: count)
        Task { [lifetime, weak self] in
            try? await Task.sleep(for: lifetime)
            await self?.forget(ticket.upload)
        }
        return ticket
    }

    private func forget(_ upload: String) { uploads[upload] = nil }

    /// Refuses a part before it is sent.
    ///
    /// - Throws: `TRK-010`.
    package func check(_ ticket: Ticket, number: Int) throws {
        // Compared by digests, so that the time it takes tells nothing of the secret.
        guard let upload = uploads[ticket.upload], upload.secret == Digest(of: ticket.secret.utf8) else {
            throw unknown(ticket.upload)
        }
        guard upload.state == .open else { throw ending(ticket.upload) }
        guard (1...upload.count).contains(number) else {
            throw Refusal(
                .uploadRefused, .invalidInput, "The upload has parts 1 to \(upload.count), and no part \(number).",
                details: [.init("field", "part_number")])
        }
    }

    /// Takes a part that was sent, instead of what came under its number before.
    package func take(_ part: any StagedPart, number: Int, _ ticket: Ticket) throws {
        try check(ticket, number: number)
        let others = uploads[ticket.upload]?.parts.filter { $0.key != number }.map(\.value.byteCount) ?? []
        guard others.reduce(part.byteCount, +) <= Self.largestFile else {
            throw Refusal(
                .limitExceeded, .tooLarge, "The parts together are larger than \(Self.largestFile) bytes.",
                hint: "Abort the upload.")
        }
        uploads[ticket.upload]?.parts[number] = part
    }

    /// The parts in their order, for ``end(_:completed:)`` to follow; `nil` where this was done already.
    ///
    /// - Parameter named: The parts as the client names them, by number and digest.
    /// - Throws: `TRK-010`, and then nothing has changed.
    package func join(
        _ id: String, _ subject: Subject, named: [(number: Int, digest: String)]
    ) throws -> [any StagedPart]? {
        guard let upload = uploads[id], upload.subject == subject else { throw unknown(id) }
        switch upload.state {
        case .completed: return nil
        case .joining: throw ending(id)
        case .open: break
        }
        var digests: [Int: String] = [:]
        for part in named where digests.updateValue(part.digest, forKey: part.number) != nil {
            throw refused("The part \(part.number) is named twice.")
        }
        if let other = digests.keys.first(where: { !(1...upload.count).contains($0) }) {
            throw refused("The upload has parts 1 to \(upload.count), and no part \(other).")
        }
        var parts: [any StagedPart] = []
        for number in 1...upload.count {
            guard let part = upload.parts[number] else {
                throw refused("The upload has no part \(number) of \(upload.count) yet.")
            }
            guard let digest = digests[number] else { throw refused("The part \(number) is not named.") }
            guard digest == part.digest.hex || digest == "\"\(part.digest.hex)\"" else {
                throw refused("The part \(number) that came is another one than the one that is named.")
            }
            parts.append(part)
        }
        uploads[id]?.state = .joining
        return parts
    }

    /// Afterwards the parts are gone, or may be completed once more.
    package func end(_ id: String, completed: Bool) {
        uploads[id]?.state = completed ? .completed : .open
        if completed { uploads[id]?.parts = [:] }
    }

    /// Lets go of an upload with all its parts; harmless when it is gone.
    package func abort(_ id: String, _ subject: Subject) throws {
        guard let upload = uploads[id], upload.subject == subject else { return }
        guard upload.state != .joining else { throw ending(id) }
        uploads[id] = nil
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

/// 256 bits of the kernel's, fit for secrets.
private func randomText() -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef".utf8)
    return String(
        decoding: (0..<64).map { _ in digits[Int.random(in: 0..<16, using: &generator)] }, as: UTF8.self)
}
