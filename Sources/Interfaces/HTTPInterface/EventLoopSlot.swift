// SPDX-License-Identifier: Apache-2.0
internal import ContentCoding
internal import InferenceProtocol
internal import InferenceServing
internal import NIOCore
internal import Synchronization
internal import Tensors

/// What one event loop keeps for HTTP between requests, beside its ``ServingSlot``.
///
/// Not `Sendable`: used on its event loop only.
final class EventLoopSlot {
    let serving: ServingSlot
    let settings: HTTPServerSettings
    /// The server's calls as OpenAPI describes them; made when somebody first asks.
    private(set) lazy var document = serverDocument(version: settings.version, administration: administrationRoutes)
    private let administrationRoutes: [AdministrationRoute]
    /// Heads of answers are written here, when their body is complete.
    let headWriter = ByteWriter(capacity: 512)
    var date = HTTPDate()
    /// What connections hold while nothing is asked.
    let unreadable = FastRequest(unreadable: ())

    init(_ serving: ServingSlot, settings: HTTPServerSettings, administrationRoutes: [AdministrationRoute]) {
        self.serving = serving
        self.settings = settings
        self.administrationRoutes = administrationRoutes
    }

    var service: InferenceService { serving.service }
    var table: ServingTable { serving.table }
    /// Bodies of answers are written here, one at a time.
    var writer: ByteWriter { serving.writer }

    /// The whole answer whose body ``writer`` holds, in one buffer; the writers are empty afterwards.
    ///
    /// - Parameters:
    ///   - connection: What becomes of the connection behind it.
    ///   - isBodyless: For HEAD: the head of the answer that GET would get.
    ///   - acceptEncoding: The request's header: where it asks for that, a body that is worth it is compressed.
    func answer(_ head: AnswerHead, connection: AnswerHead.Connection, isBodyless: Bool, acceptEncoding: String?)
        -> ByteBuffer
    {
        var head = head
        let small = isBodyless ? nil : compressBody(acceptEncoding, &head)
        let byteCount = small?.count ?? writer.count
        head.write(into: headWriter, byteCount: byteCount, date: date.now(), connection: connection)
        var buffer = ByteBufferAllocator().buffer(capacity: headWriter.count + (isBodyless ? 0 : byteCount))
        unsafe headWriter.withUnsafeBytes { unsafe _ = buffer.writeBytes($0) }
        if let small {
            buffer.writeBytes(small)
        } else if !isBodyless {
            unsafe writer.withUnsafeBytes { unsafe _ = buffer.writeBytes($0) }
        }
        headWriter.removeAll()
        writer.removeAll(keepingCapacity: writer.count < 1 << 20)
        return buffer
    }

    /// The body that ``writer`` holds, compressed where the request asks for that and it is worth it.
    func compressBody(_ acceptEncoding: String?, _ head: inout AnswerHead) -> [UInt8]? {
        guard let acceptEncoding, settings.compressedSizes.contains(writer.count),
            let coding = ContentCoding.accepted(by: acceptEncoding),
            let small = unsafe writer.withUnsafeBytes({ unsafe compressed(Span(_unsafeBytes: $0), as: coding) })
        else { return nil }
        head.contentEncoding = coding.name
        return small
    }
}

/// The slots of a server's event loops; each is made when its loop gets its first connection.
final class EventLoopSlots: Sendable {
    private let serving: ServingSlots
    private let settings: HTTPServerSettings
    private let administrationRoutes: [AdministrationRoute]
    private let slots = Mutex<[ObjectIdentifier: NIOLoopBound<EventLoopSlot>]>([:])

    init(_ serving: ServingSlots, settings: HTTPServerSettings, administrationRoutes: [AdministrationRoute]) {
        self.serving = serving
        self.settings = settings
        self.administrationRoutes = administrationRoutes
    }

    /// - Precondition: called on `loop`.
    func slot(of loop: any EventLoop) -> EventLoopSlot {
        let key = ObjectIdentifier(loop)
        if let known = slots.withLock({ $0[key] }) { return known.value }
        let slot = EventLoopSlot(
            serving.slot(of: loop), settings: settings, administrationRoutes: administrationRoutes)
        let bound = NIOLoopBound(slot, eventLoop: loop)
        slots.withLock { $0[key] = bound }
        return slot
    }
}
