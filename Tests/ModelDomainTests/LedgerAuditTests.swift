// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Tensors
import Testing

struct LedgerAuditTests {
    private let rows = ledger(9)

    @Test func aLedgerAsItWasWrittenHasNoFault() {
        let audit = audited(rows)
        #expect(audit.faults.isEmpty)
        #expect(audit.tree.size == 9)
        #expect(audit.chain?.hex == rows.last?.chain)
        #expect(audited([]).head(at: nil) == LedgerHead(size: 0, root: Digest(of: [])))
    }

    /// Each column changed alone: the entry, the field, and what either says.
    @Test(arguments: ["actor", "action", "object", "before", "after", "reason", "evidence", "time"])
    func aChangedColumnIsNamed(_ field: String) throws {
        var changed = rows
        changed[4] = rows[4].with(field, "4242")
        let fault = try #require(audited(changed).faults.first)
        #expect(audited(changed).faultCount == 1)
        #expect(fault.sequence == 4 && fault.field == field)
        #expect(fault.said.found == "4242")
        #expect(fault.said.written == rows[4].value(of: field))
        #expect(fault.line.contains("entry 4") && fault.line.contains("“4242”"))
        // The tree is over what was written: the head is the one from before.
        #expect(audited(changed).head(at: nil) == audited(rows).head(at: nil))
    }

    @Test func aValueThatWasTakenAwayOrAddedIsNamed() throws {
        var changed = rows
        changed[3] = rows[3].with("reason", nil)
        #expect(
            audited(changed).faults == [
                .differs(sequence: 3, field: "reason", leaf: "because 3", row: nil, isLeaf: false)
            ])
        #expect(audited(changed).faults[0].line.contains("the row says nothing"))
    }

    @Test func aChangedLeafIsToldFromAChangedRow() throws {
        var changed = rows
        let other = rows[5].with("actor", "mallory")
        changed[5] = LedgerRow(
            sequence: 5, time: rows[5].time, change: rows[5].change,
            leaf: canonicalLeaf(sequence: 5, time: other.time, change: other.change), chain: rows[5].chain)
        let fault = try #require(audited(changed).faults.first)
        #expect(fault == .differs(sequence: 5, field: "actor", leaf: "mallory", row: "alice", isLeaf: true))
        #expect(audited(changed).head(at: nil).root == audited(rows).head(at: nil).root)
        changed[5] = LedgerRow(
            sequence: 5, time: rows[5].time, change: rows[5].change, leaf: [0xFF], chain: rows[5].chain)
        #expect(audited(changed).faults == [.unreadableLeaf(sequence: 5)])
    }

    @Test(arguments: ["", "no digest", String(repeating: "0", count: 64)])
    func aChangedChainValueIsNamedAndNothingElse(_ chain: String) {
        var changed = rows
        changed[2] = LedgerRow(
            sequence: 2, time: rows[2].time, change: rows[2].change, leaf: rows[2].leaf, chain: chain)
        let audit = audited(changed)
        #expect(audit.faultCount == 1 && audit.faults.first?.sequence == 2 && audit.faults.first?.field == "chain")
    }

    /// Row and leaf together: only the chain tells.
    @Test func anEntryThatWasRewrittenWholeIsUnchained() {
        var changed = rows
        let other = rows[6].with("actor", "mallory")
        changed[6] = LedgerRow(
            sequence: 6, time: other.time, change: other.change,
            leaf: canonicalLeaf(sequence: 6, time: other.time, change: other.change), chain: rows[6].chain)
        let audit = audited(changed)
        #expect(audit.faultCount == 1 && audit.faults.first?.field == "chain" && audit.faults.first?.sequence == 6)
    }

    @Test func whatIsMissingIsNamed() {
        for place in 0..<8 {
            var changed = rows
            changed.remove(at: place)
            #expect(audited(changed).faults == [.gone(place...place)], "\(place)")
        }
        #expect(audited(Array(rows[..<2] + rows[5...])).faults == [.gone(2...4)])
        // At the end only against a head.
        #expect(audited(Array(rows.dropLast())).faults.isEmpty)
    }

    @Test func exchangedEntriesAreFound() {
        var swapped = rows
        swapped[3] = rows[4].numbered(3)
        swapped[4] = rows[3].numbered(4)
        let faults = audited(swapped).faults
        #expect(faults.map(\.sequence) == [3, 4] && faults.map(\.field) == ["sequence", "sequence"])
        #expect(faults.first?.said.written == "4" && faults.first?.said.found == "3")
        // In a file, where they stand in another order.
        var moved = rows
        moved.swapAt(3, 4)
        #expect(audited(moved).faults.contains(.outOfOrder(sequence: 3, expected: 5)))
    }

    @Test func anInsertedEntryIsFound() {
        let forged = LedgerEntry(
            sequence: 4, time: rows[4].time, change: LedgerChange(actor: "mallory", action: "a", object: "b"),
            after: Digest(of: [7]))
        let shifted = Array(rows[..<4]) + [LedgerRow(forged)] + rows[4...].map { $0.numbered($0.sequence + 1) }
        let faults = audited(shifted).faults
        #expect(faults.first?.sequence == 4 && faults.first?.field == "chain")
        #expect(faults.dropFirst().map(\.sequence) == [5, 6, 7, 8, 9])
    }

    @Test func aHeadFindsWhatWasCutOffOrWrittenAnew() throws {
        let head = audited(rows).head(at: nil)
        #expect(audited(rows, head).faults.isEmpty)
        #expect(audited(ledger(30), head).faults.isEmpty)
        let cut = audited(Array(rows.dropLast(2)), head).faults
        #expect(cut.map(\.sequence) == [7] && cut.map(\.field) == ["entry"])
        #expect(cut.first?.said.written == "9" && cut.first?.said.found == "7")
        // Chained faultlessly, with another actor in one entry.
        let anew = ledger(9, actorOfFifth: "mallory")
        #expect(audited(anew).faults.isEmpty)
        let faults = audited(anew, head).faults
        #expect(faults.map(\.field) == ["root"])
        #expect(audited(rows, audited([]).head(at: nil)).faults.isEmpty)
    }

    @Test func manyFaultsAreCounted() {
        let audit = audited(ledger(100).map { $0.with("actor", "mallory") })
        #expect(audit.faultCount == 100 && audit.faults.count == LedgerAudit.faultLimit)
        let explanation = LedgerBroken(audit).explanation
        #expect(explanation.code == .ledgerBroken && explanation.details.last == .init("more", "80"))
        #expect(explanation.details.first == .init("sequence", "0"))
    }

    @Test func linesComeBackAsTheyWere() throws {
        let broken = LedgerRow(
            sequence: 3, time: rows[3].time, change: rows[3].change, leaf: [0xFF, 0], chain: "none")
        for row in rows + [broken] {
            #expect(try LedgerLine(LedgerLine.entry(row).json.canonical) == .entry(row))
        }
        let head = audited(rows).head(at: Timestamp(microseconds: 1_700_000_000_000_001))
        #expect(try LedgerLine(LedgerLine.head(head).json.canonical) == .head(head))
        #expect(try LedgerLine(LedgerLine.beginning.json.canonical) == .beginning)
        for text in ["", "[]", "{}", #"{"sequence":1}"#, #"{"head":{"size":-1,"root":"x"}}"#] {
            #expect(throws: Refusal.self) { try LedgerLine(Array(text.utf8)) }
        }
    }

    @Test func aHeadIsReadFromWhatSomebodyKept() throws {
        let head = audited(rows).head(at: nil)
        #expect(LedgerHead(head.text)?.root == head.root)
        for text in [
            head.text, "head   \(head.text)\nchain  \(head.chain?.hex ?? "")\n", "kept on Monday: \(head.text)",
        ] {
            let kept = try LedgerHead(kept: Array(text.utf8))
            #expect(kept.size == 9 && kept.root == head.root)
        }
        let json = #"{"size":9,"root":"\#(head.root.hex)","time":"2026-01-02T03:04:05.000000Z"}"#
        #expect(try LedgerHead(kept: Array(json.utf8)).time != nil)
        for text in ["", "9", "9:", "-1:\(head.root.hex)", "09:\(head.root.hex)", "9:\(head.root.hex)0", "{}"] {
            #expect(LedgerHead(text) == nil)
            #expect(throws: Refusal.self) { try LedgerHead(kept: Array(text.utf8)) }
        }
    }
}

private func audited(_ rows: [LedgerRow], _ head: LedgerHead? = nil) -> LedgerAudit {
    var audit = LedgerAudit(extending: head)
    for row in rows { audit.take(row) }
    audit.finish()
    return audit
}

private func ledger(_ count: Int, actorOfFifth: String = "alice") -> [LedgerRow] {
    var entries: [LedgerEntry] = []
    for number in 0..<count {
        let change = LedgerChange(
            actor: number == 5 ? actorOfFifth : "alice", action: "endpoint.deploy", object: "endpoint/default/churn",
            before: "\(number)", after: "\(number + 1)", reason: "because \(number)", evidence: "bundle=\(number)")
        entries.append(
            LedgerEntry(
                sequence: number, time: Timestamp(microseconds: 1_700_000_000_000_000 + Int64(number)), change: change,
                after: entries.last?.chain))
    }
    return entries.map(LedgerRow.init)
}

extension LedgerRow {
    fileprivate func numbered(_ number: Int) -> LedgerRow {
        LedgerRow(sequence: number, time: time, change: change, leaf: leaf, chain: chain)
    }

    fileprivate func value(of field: String) -> String? {
        switch field {
        case "actor": change.actor
        case "action": change.action
        case "object": change.object
        case "before": change.before
        case "after": change.after
        case "reason": change.reason
        case "evidence": change.evidence
        default: String(time.microseconds)
        }
    }

    /// The same row with another value in one column.
    fileprivate func with(_ field: String, _ value: String?) -> LedgerRow {
        let pick = { (name: String, old: String?) in name == field ? value : old }
        return LedgerRow(
            sequence: sequence,
            time: field == "time" ? Timestamp(microseconds: value.flatMap { Int64($0) } ?? 0) : time,
            change: LedgerChange(
                actor: pick("actor", change.actor) ?? "", action: pick("action", change.action) ?? "",
                object: pick("object", change.object) ?? "", before: pick("before", change.before),
                after: pick("after", change.after), reason: pick("reason", change.reason),
                evidence: pick("evidence", change.evidence)), leaf: leaf, chain: chain)
    }
}
