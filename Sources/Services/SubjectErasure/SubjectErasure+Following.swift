// SPDX-License-Identifier: Apache-2.0
internal import ContentSearch
internal import DataVersions
internal import ModelDomain
internal import ModelExecution
internal import ModelMonitoring
internal import ModelRegistry

/// Where else the value is: what is kept under a digest is named and not changed.
extension SubjectErasure {
    func follow(
        _ subject: String, in project: ProjectName, into report: inout ErasureReport
    ) async throws {
        let value = Array(subject.utf8)
        var known: [Digest: Bool] = [:]
        let versions: [ModelVersion] = try await registry.allVersions()
        for version in versions where version.model.project == project {
            try await follow(value, into: version, &known, &report)
        }
        let live = try await registry.endpoints().filter { $0.project == project }.map {
            ExaminedPlace(endpoint: $0.name, model: $0.current.model, number: $0.current.version, state: .live)
        }
        for dataset in try await datasets.datasets(in: project).map(\.dataset) {
            for version in try await datasets.versions(of: dataset) {
                try await follow(value, into: version, live: live, &report)
            }
        }
        report.alerts = try await alerts.read { store in
            try store.alerts(limit: 100_000).filter { alert in
                alert.project == project
                    && ([alert.summary] + alert.evidence.map(\.value)).contains { has($0.utf8, value) }
            }.map(\.number)
        }
    }

    private func follow(
        _ value: [UInt8], into version: ModelVersion, _ known: inout [Digest: Bool], _ report: inout ErasureReport
    ) async throws {
        guard let bundle = version.bundle else { return }
        let name = "\(version.model)@\(version.number)"
        do {
            let manifest = try BundleManifest(manifest: try await blobs.read(bundle, limit: 16 << 20))
            for path in [manifest.proof?.examples, manifest.baseline].compactMap(\.self) {
                guard let file = manifest.file(path) else { continue }
                if known[file.digest] == nil {
                    var search = ValueSearch(value)
                    let next = try await blobs.pieces(of: file.digest)
                    while !search.isFound, let piece = try await next() { search.take(piece) }
                    known[file.digest] = search.isFoundAtEnd
                }
                if known[file.digest] == true {
                    report.findings.append(.init(kind: .bundle, name: name, path: path))
                }
            }
        } catch let refusal as Refusal {
            report.gaps.append("\(name): \(refusal.explanation.message)")
        }
    }

    private func follow(
        _ value: [UInt8], into version: DatasetVersion, live: [ExaminedPlace], _ report: inout ErasureReport
    ) async throws {
        let name = "\(version.dataset)@\(version.number)"
        guard version.isKept else { return report.gaps.append("\(name): only its digest is kept") }
        let next = try await datasets.data(of: version)
        var search = ValueSearch(value)
        var isFirst = true
        while !search.isFound, let piece = try await next() {
            if isFirst, isPacked(piece) {
                return report.gaps.append("\(name): Parquet and Arrow are not searched")
            }
            isFirst = false
            search.take(piece)
        }
        guard search.isFoundAtEnd else { return }
        report.findings.append(.init(kind: .dataset, name: name, path: nil))
        guard let digest = DigestPrefix(version.data.hex) else { return }
        let question = try ContentQuestion(
            digest: nil, library: nil, dataset: .digest(digest), includesRegistered: true)
        let project = version.dataset.project
        for match in try await self.search.search(question, live: live, engines: [], sees: { $0 == project }).matches {
            report.models.append(
                .init(
                    name: "\(match.place.model)@\(match.place.number)", dataset: name,
                    endpoint: match.place.endpoint?.rawValue))
        }
    }
}

/// Whether the file is one whose values are not there as text.
private func isPacked(_ bytes: [UInt8]) -> Bool {
    ["PAR1", "ARROW1"].contains { bytes.starts(with: $0.utf8) } || bytes.starts(with: [0xFF, 0xFF, 0xFF, 0xFF])
}

private func has(_ text: some Sequence<UInt8>, _ value: [UInt8]) -> Bool {
    var search = ValueSearch(value)
    search.take(Array(text))
    return search.isFoundAtEnd
}

/// Looks for a value that stands by itself, and not inside of a longer word or number, in bytes that come in pieces.
struct ValueSearch {
    private let value: [UInt8]
    /// What a value could begin in, with the byte before.
    private var rest: [UInt8] = [0x0A]
    private(set) var isFound = false

    /// - Precondition: It is not empty.
    init(_ value: [UInt8]) { self.value = value }

    mutating func take(_ piece: [UInt8]) {
        guard !isFound else { return }
        let bytes = rest + piece
        // The byte behind it has to be there, too.
        let last = bytes.count - value.count - 1
        var place = 1
        while place <= last {
            if bytes[place] == value[0], stands(in: bytes, at: place), !isWord(bytes[place + value.count]) {
                isFound = true
                return
            }
            place += 1
        }
        rest = Array(bytes[max(0, min(place, bytes.count) - 1)...])
    }

    /// The same once nothing comes any more.
    var isFoundAtEnd: Bool {
        isFound || (rest.count == value.count + 1 && stands(in: rest, at: 1))
    }

    private func stands(in bytes: [UInt8], at place: Int) -> Bool {
        !isWord(bytes[place - 1]) && bytes[place..<place + value.count].elementsEqual(value)
    }
}

/// Letters, digits, what is beyond ASCII, and what holds a number or an address together.
private func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...0xFF:
        true
    default: "_-.@+".utf8.contains(byte)
    }
}
