// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import ContentCoding
internal import Glibc
internal import InferenceServing
internal import Logging
internal import NIOCore
internal import Synchronization
internal import Tensors

/// What one event loop keeps between requests, so that a request takes no lock and allocates little.
///
/// Not `Sendable`: used on its event loop only.
final class EventLoopSlot {
    let service: InferenceService
    let settings: HTTPServerSettings
    let authority: TokenAuthority
    let logger: Logger
    /// The server's calls as OpenAPI describes them; made when somebody first asks.
    private(set) lazy var document = serverDocument(version: settings.version, administration: administrationRoutes)
    private let administrationRoutes: [AdministrationRoute]
    /// What answers where. Replaced by ``InferenceService/publish(_:)``.
    var table: ServingTable
    /// Bodies of answers are written here, one at a time.
    let writer = ByteWriter(capacity: 16_384)
    /// Heads of answers are written here, when their body is complete.
    let headWriter = ByteWriter(capacity: 512)
    var ids: PredictionIDSource
    var date = HTTPDate()
    /// What connections hold while nothing is asked.
    let unreadable = FastRequest(unreadable: ())

    init(
        service: InferenceService, settings: HTTPServerSettings, authority: TokenAuthority,
        administrationRoutes: [AdministrationRoute], logger: Logger, loopIndex: Int
    ) {
        self.administrationRoutes = administrationRoutes
        self.service = service
        self.settings = settings
        self.authority = authority
        self.logger = logger
        table = service.table
        ids = PredictionIDSource(
            replica: settings.replica, loop: UInt16(truncatingIfNeeded: loopIndex),
            startedAtSeconds: UInt32(truncatingIfNeeded: time(nil)))
    }

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
        var small: [UInt8]?
        if let acceptEncoding, settings.compressedSizes.contains(writer.count), !isBodyless,
            let coding = ContentCoding.accepted(by: acceptEncoding)
        {
            small = unsafe writer.withUnsafeBytes { unsafe compressed(Span(_unsafeBytes: $0), as: coding) }
            if small != nil { head.contentEncoding = coding.name }
        }
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
}

/// The slots of a server's event loops; each is made when its loop gets its first connection.
final class EventLoopSlots: Sendable {
    private let service: InferenceService
    private let settings: HTTPServerSettings
    private let authority: TokenAuthority
    private let administrationRoutes: [AdministrationRoute]
    private let logger: Logger
    private let slots = Mutex<[ObjectIdentifier: NIOLoopBound<EventLoopSlot>]>([:])

    init(
        service: InferenceService, settings: HTTPServerSettings, authority: TokenAuthority,
        administrationRoutes: [AdministrationRoute], logger: Logger
    ) {
        self.administrationRoutes = administrationRoutes
        self.service = service
        self.settings = settings
        self.authority = authority
        self.logger = logger
    }

    /// - Precondition: called on `loop`.
    func slot(of loop: any EventLoop) -> EventLoopSlot {
        let key = ObjectIdentifier(loop)
        let (bound, isNew) = slots.withLock { slots in
            if let known = slots[key] { return (known, false) }
            let slot = EventLoopSlot(
                service: service, settings: settings, authority: authority,
                administrationRoutes: administrationRoutes, logger: logger, loopIndex: slots.count)
            let bound = NIOLoopBound(slot, eventLoop: loop)
            slots[key] = bound
            return (bound, true)
        }
        if isNew { subscribe(bound, on: loop) }
        return bound.value
    }

    private func subscribe(_ bound: NIOLoopBound<EventLoopSlot>, on loop: any EventLoop) {
        service.subscribe { [weak service] done in
            loop.execute { [weak service] in
                // The table of this moment, not the one handed over: two of them may arrive in either order.
                if let service { bound.value.table = service.table }
                done()
            }
        }
    }
}
