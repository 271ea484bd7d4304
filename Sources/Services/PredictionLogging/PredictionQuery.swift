// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Which predictions are asked for; whoever is not limited by something gets all of that.
package struct PredictionQuery: Sendable {
    package var project: ProjectName?
    package var endpoint: EndpointName?
    package var id: PredictionID?
    /// From then on.
    package var from: Timestamp?
    /// Before then.
    package var to: Timestamp?
    package var version: Int?
    package var status: PredictionStatus?
    package var key: String?
    package var principal: String?
    /// Whom a row is about.
    package var subject: SubjectReference?
    /// Only what is older than this one: where the page before ended.
    package var before: Place?

    /// Where a record stands among others, newest first.
    package struct Place: Sendable, Hashable, Comparable {
        package let time: Timestamp
        package let id: PredictionID

        package init(time: Timestamp, id: PredictionID) {
            self.time = time
            self.id = id
        }

        package static func < (left: Self, right: Self) -> Bool { (left.time, left.id) < (right.time, right.id) }
    }

    package init() {}

    func mayHave(_ segment: SegmentName) -> Bool {
        (project.map { $0 == segment.project } ?? true) && (endpoint.map { $0 == segment.endpoint } ?? true)
    }

    /// In microseconds since 1970: a record that is meant came then.
    var times: ClosedRange<Int64> {
        let low = from?.microseconds ?? .min
        let end = to.map { $0.microseconds - 1 } ?? .max
        let high = before.map { min(end, $0.time.microseconds) } ?? end
        return min(low, high)...high
    }

    /// - Parameter keyHash: What stands for ``key`` in records that are sealed.
    func mayHave(_ head: BlockHead, keyHash: String?) -> Bool {
        guard head.recordCount > 0, times.overlaps(head.earliest...max(head.earliest, head.latest)) else {
            return false
        }
        let keys = [key, keyHash].compactMap(\.self)
        if !keys.isEmpty, !keys.contains(where: { KeyFilter.mayHave(KeyFilter.hash($0.utf8), head.filter) }) {
            return false
        }
        if let subject, !KeyFilter.mayHave(KeyFilter.hash(subject.bytes), head.filter) { return false }
        guard let id else { return true }
        let isOfItsTime = (id.milliseconds.map { $0 * 1000 }).map {
            $0 >= head.earliest - 60_000_000 && $0 <= head.latest + 60_000_000
        }
        return isOfItsTime ?? false || KeyFilter.mayHave(KeyFilter.hash(id.bytes), head.filter)
    }

    func takes(_ record: PredictionRecord) -> Bool {
        if let before, Place(time: record.time, id: record.id) >= before { return false }
        return times.contains(record.time.microseconds)
            && (id.map { $0 == record.id } ?? true) && (version.map { $0 == record.schema.version } ?? true)
            && (status.map { $0 == record.status } ?? true)
            && (key.map { $0.utf8.elementsEqual((record.key ?? "").utf8) } ?? true)
            && (principal.map { $0 == record.principal } ?? true)
            && (subject.map(record.subjects.contains) ?? true)
    }
}
