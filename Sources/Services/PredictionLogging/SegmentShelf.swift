// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// A part of an endpoint's log, named by when it was begun.
package struct SegmentName: Sendable, Hashable, Comparable {
    package let project: ProjectName
    package let endpoint: EndpointName
    /// In microseconds since 1970; no two segments of an endpoint have the same.
    package let begunAt: Int64

    package init(project: ProjectName, endpoint: EndpointName, begunAt: Int64) {
        self.project = project
        self.endpoint = endpoint
        self.begunAt = begunAt
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.project, left.endpoint, left.begunAt) < (right.project, right.endpoint, right.begunAt)
    }
}

/// Port: where the segments of the log are kept. Blocking; safe to call from several threads.
package protocol SegmentShelf: Sendable {
    /// What is there, in any order.
    func segments() throws -> [(name: SegmentName, byteCount: Int)]

    /// Appends to a segment, and makes one where there is none. What was appended is there for readers when this returns,
    /// and survives a loss of power after ``sync(_:)``.
    ///
    /// - Throws: When not all of it could be written. Then none of it is there, as far as the system lets that be undone.
    func append(_ bytes: [UInt8], to segment: SegmentName) throws

    func sync(_ segment: SegmentName) throws

    /// Nothing more will be appended.
    func close(_ segment: SegmentName)

    /// - Returns: Fewer than `count` bytes only at the end; nothing where there is no such segment.
    func read(_ segment: SegmentName, from offset: Int, count: Int) throws -> [UInt8]

    func cut(_ segment: SegmentName, to byteCount: Int) throws

    func delete(_ segment: SegmentName) throws
}
