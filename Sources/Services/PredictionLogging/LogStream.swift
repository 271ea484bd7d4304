// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Tensors

/// One endpoint's records on their way into its segments. The writer's thread only.
final class LogStream {
    /// A block is written when it has so many bytes, or with the next look.
    static let blockByteCount = 1 << 18
    static let segmentByteCount = 64 << 20
    /// In microseconds: segments are what the passing of time takes away.
    static let segmentAge: Int64 = 3_600_000_000
    /// What waits for a disk that takes nothing; the rest is dropped.
    static let backlogByteCount = 8 << 20

    private let shelf: any SegmentShelf
    let project: ProjectName
    let endpoint: EndpointName
    let counters: LogCounters
    /// What the newest deployment says.
    var settings: EndpointSettings

    private var payload: [UInt8] = []
    private var records = 0
    private var earliest = Int64.max
    private var latest = Int64.min
    private var hashes: [UInt64] = []
    private var hasSchema = false
    private var blocks: [(bytes: [UInt8], records: Int)] = []
    private var backlog = 0
    private var missing: [DropCause: Int] = [:]
    /// Records of which rows are about somebody, until their keys are there.
    private var unsealed: [(bytes: [UInt8], plan: LogPlan)] = []
    private var unsealedByteCount = 0

    private var segment: SegmentName?
    private var segmentBytes = 0
    private var schemas: [Int: Int] = [:]
    private var isUnsynced = false
    /// Whether the disk did not do so the last time.
    private var failsToSync = false

    init(
        _ project: ProjectName, _ endpoint: EndpointName, settings: EndpointSettings, counters: LogCounters,
        on shelf: any SegmentShelf
    ) {
        self.project = project
        self.endpoint = endpoint
        self.settings = settings
        self.counters = counters
        self.shelf = shelf
    }

    /// - Parameter bytes: A record, as ``RecordCoding`` has it.
    func take(_ bytes: UnsafeRawBufferPointer, _ plan: LogPlan, now: Int64) {
        guard backlog + payload.count + unsealedByteCount < Self.backlogByteCount else {
            counters.drop(.backlog)
            missing[.backlog, default: 0] += 1
            counters.isPressed = true
            return
        }
        let flags = unsafe RecordCoding.flags(of: bytes)
        if flags & RecordCoding.subjectFlag != 0 || plan.schema.subject != nil {
            unsealed.append((unsafe Array(bytes), plan))
            unsealedByteCount += bytes.count
        } else if plan.isAsIs {
            unsafe put(bytes, plan, now: now)
        } else if let record = RecordCoding.read(unsafe ArraySlice(bytes), plan.schema) {
            let less = RecordCoding.bytes(of: record, RecordCoding.redacted(record, by: plan.hash))
            unsafe less.withUnsafeBytes { unsafe put($0, plan, now: now) }
        }
    }

    /// Puts what belongs to somebody under that one's key.
    ///
    /// - Returns: Why there are no keys; it is kept, and tried again with the next look.
    func encrypt(with keyring: SubjectKeyring, now: Int64) -> (any Error)? {
        guard !unsealed.isEmpty else { return nil }
        let records = unsealed.compactMap { entry in
            RecordCoding.read(entry.bytes[...], entry.plan.schema).map { record in
                (record: record, plan: entry.plan, groups: RecordSealing.groups(of: record))
            }
        }
        let named = records.map { ($0.groups ?? []).map { $0.subject.isEmpty ? nil : keyring.hash($0.subject) } }
        let keys: [String: SubjectKey]?
        do {
            keys = try keyring.keys(of: Set(named.flatMap { $0.compactMap(\.self) }), in: project, at: now)
        } catch {
            press(isFailing: true)
            return error
        }
        (unsealed, unsealedByteCount) = ([], 0)
        for (entry, hashes) in zip(records, named) {
            let bytes = sealed(entry.record, entry.groups, hashes, keys, by: entry.plan.hash)
            unsafe bytes.withUnsafeBytes { unsafe put($0, entry.plan, now: now) }
        }
        return nil
    }

    /// - Parameters:
    ///   - hashes: Of whom the groups are about.
    ///   - keys: `nil` where no keys are kept.
    private func sealed(
        _ record: PredictionRecord, _ groups: [(subject: [UInt8], rows: [Int])]?, _ hashes: [String?],
        _ keys: [String: SubjectKey]?, by hash: ValueHash
    ) -> [UInt8] {
        var record = record
        let inputs = RecordCoding.redacted(record, by: hash)
        if groups?.isEmpty == true { return RecordCoding.bytes(of: record, inputs) }
        guard let groups, let keys else {
            // It is about somebody, and cannot be put under a key.
            (record.isCut, record.outputs, record.key) = (true, [], nil)
            return RecordCoding.bytes(of: record, [])
        }
        let parts = zip(groups, hashes).map { group, hash in
            RecordSealing.Part(key: hash.flatMap { keys[$0] }, rows: group.rows)
        }
        return RecordSealing.bytes(
            of: record, inputs, parts, keyHash: record.key.map { hash.hash(Array($0.utf8)) })
    }

    /// - Parameter bytes: A record as segments have it.
    private func put(_ bytes: UnsafeRawBufferPointer, _ plan: LogPlan, now: Int64) {
        settings = plan.settings
        if segment.map({ segmentBytes >= Self.segmentByteCount || now - $0.begunAt >= Self.segmentAge }) ?? true {
            begin(at: now)
        }
        noteGaps(at: now)
        let schema = schemaNumber(of: plan)
        unsafe append(BlockEntry.record, schema, bytes)
        unsafe note(ArraySlice(bytes.prefix(24)), bytes)
        records += 1
        if payload.count >= Self.blockByteCount { seal() }
    }

    /// Says where records are missing that did not come to be written.
    private func noteGaps(at now: Int64) {
        for (cause, count) in missing.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            let text = Array("\(now) \(cause.rawValue)".utf8)
            unsafe text.withUnsafeBytes { unsafe append(BlockEntry.gap, count, $0) }
        }
        missing.removeAll()
    }

    /// What its block has to say of a record: its time, its key, and an id that does not tell its time.
    private func note(_ front: ArraySlice<UInt8>, _ bytes: UnsafeRawBufferPointer) {
        var scan = ByteScan(front)
        guard let high = scan.fixed(), let low = scan.fixed(), let bits = scan.fixed() else { return }
        let time = Int64(bitPattern: bits)
        earliest = min(earliest, time)
        latest = max(latest, time)
        let id = PredictionID(high: high, low: low)
        if !id.isNear(time) { hashes.append(KeyFilter.hash(id.bytes)) }
        if let key = unsafe RecordCoding.key(of: bytes), !key.isEmpty { hashes.append(KeyFilter.hash(key)) }
        // Of the others nothing is copied.
        guard unsafe RecordCoding.flags(of: bytes) & RecordCoding.sealedFlag != 0 else { return }
        for subject in RecordSealing.references(in: unsafe ArraySlice(bytes)) {
            hashes.append(KeyFilter.hash(subject.bytes))
        }
    }

    private func begin(at now: Int64) {
        seal()
        if let segment {
            // What waits means schemas of its own segment.
            guard flush() == nil, (try? sync()) != nil else { return }
            shelf.close(segment)
        }
        segment = SegmentName(
            project: project, endpoint: endpoint, begunAt: max(now, (segment?.begunAt ?? 0) + 1))
        segmentBytes = 0
        schemas = [:]
    }

    private func schemaNumber(of plan: LogPlan) -> Int {
        if let known = schemas[plan.number] { return known }
        let number = schemas.count
        schemas[plan.number] = number
        hasSchema = true
        let json = Array(plan.schema.json.text.utf8)
        unsafe json.withUnsafeBytes { unsafe append(BlockEntry.schema, number, $0) }
        return number
    }

    private func append(_ kind: UInt8, _ number: Int, _ bytes: UnsafeRawBufferPointer) {
        payload.append(kind)
        appendNumber(numberByteCount(number) + bytes.count)
        appendNumber(number)
        unsafe payload.append(contentsOf: bytes)
    }

    private func appendNumber(_ number: Int) {
        var rest = number
        while rest >= 0x80 {
            payload.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        payload.append(UInt8(rest))
    }

    private func numberByteCount(_ number: Int) -> Int { max(1, (Int.bitWidth - number.leadingZeroBitCount + 6) / 7) }

    /// Ends the block that is being filled.
    private func seal() {
        guard !payload.isEmpty else { return }
        let head = BlockHead(
            hasSchema: hasSchema, recordCount: records, payload: payload, earliest: earliest, latest: latest,
            filter: KeyFilter.make(hashes))
        let block = head.bytes + payload
        blocks.append((block, records))
        backlog += block.count
        segmentBytes += block.count
        payload.removeAll(keepingCapacity: true)
        (records, earliest, latest, hasSchema) = (0, .max, .min, false)
        hashes.removeAll(keepingCapacity: true)
    }

    /// Writes what waits.
    ///
    /// - Returns: Why the disk did not take it; it is kept, and tried again with the next look.
    func write() -> (any Error)? {
        seal()
        return flush()
    }

    private func flush() -> (any Error)? {
        guard let segment else { return nil }
        while let block = blocks.first {
            do {
                try shelf.append(block.bytes, to: segment)
            } catch {
                press(isFailing: true)
                return error
            }
            isUnsynced = true
            blocks.removeFirst()
            backlog -= block.bytes.count
            counters.wrote(block.records, bytes: block.bytes.count)
        }
        press(isFailing: failsToSync || !unsealed.isEmpty)
        return nil
    }

    /// Says whether there is little room, or, where answers wait for the disk, whether they would be computed in vain.
    private func press(isFailing: Bool) {
        counters.isPressed =
            isFailing && settings.logDurable || backlog + unsealedByteCount > Self.backlogByteCount / 2
    }

    /// - Throws: When the disk cannot say that it has what was written.
    func sync() throws {
        guard isUnsynced, let segment else { return }
        do {
            try shelf.sync(segment)
        } catch {
            // The next one may succeed without what this one lost.
            counters.failSync()
            failsToSync = true
            press(isFailing: true)
            throw error
        }
        isUnsynced = false
        guard failsToSync else { return }
        failsToSync = false
        press(isFailing: !unsealed.isEmpty)
    }

    var isBusy: Bool { !unsealed.isEmpty || !payload.isEmpty || !blocks.isEmpty || isUnsynced }

    func close() {
        if let segment { shelf.close(segment) }
        segment = nil
    }
}
