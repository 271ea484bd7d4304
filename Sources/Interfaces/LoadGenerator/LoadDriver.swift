// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Sends a schedule over connections. Everything happens on one event loop.
///
/// A request is sent when it is due and a connection is free. When none is, it keeps its due time: the wait counts as
/// latency, as it would for a caller.
final class LoadDriver {
    /// How many bodies' answers are kept for a look.
    private static let sampleCount = 256
    /// How often a run with limits is looked at while nothing is answered.
    private static let watchPause = TimeAmount.milliseconds(20)

    private let loop: any EventLoop
    private let host: String
    private let port: Int
    private let patience: Int
    private var free = CircularBuffer<LoadConnection>()
    /// When a connection became free after none was.
    private var freeSince = 0
    private var open: [ObjectIdentifier: LoadConnection] = [:]
    private var isShut = false
    private var isCancelled = false
    private var piece: Piece?
    private var timer: Scheduled<Void>?
    private var timerDue = 0

    /// The piece of a run that is under way. A class, so that counting never copies a histogram.
    private final class Piece {
        let schedule: LoadSchedule
        let heads: [HTTPRequestHead]
        let bodies: [ByteBuffer]
        let firstBody: Int
        let start: Int
        let done: EventLoopPromise<LoadRecord>
        var record = LoadRecord()
        var watch: LoadWatch?
        var next = 0
        var underway = 0
        var lastAnswer = 0
        /// Whether nothing more is sent.
        var isStopped = false

        init(
            _ schedule: LoadSchedule, heads: [HTTPRequestHead], bodies: [ByteBuffer], firstBody: Int, start: Int,
            watch: LoadWatch?, done: EventLoopPromise<LoadRecord>
        ) {
            self.schedule = schedule
            self.heads = heads
            self.bodies = bodies
            self.firstBody = firstBody
            self.start = start
            self.watch = watch
            self.done = done
            record.noteSchedule(schedule)
        }
    }

    /// - Parameter patience: Nanoseconds that answers may take beyond the schedule's end, and connections to open.
    init(loop: any EventLoop, host: String, port: Int, patience: Int) {
        self.loop = loop
        self.host = host
        self.port = port
        self.patience = patience
    }

    private var now: Int { Int(NIODeadline.now().uptimeNanoseconds) }

    // MARK: Connections

    func connect() -> EventLoopFuture<Void> {
        let driver = NIOLoopBound(self, eventLoop: loop)
        return ClientBootstrap(group: loop)
            .connectTimeout(max(.seconds(5), .nanoseconds(Int64(patience))))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(LoadConnection(driver.value))
                }
            }
            .connect(host: host, port: port)
            .map { _ in }
    }

    func opened(_ connection: LoadConnection) {
        guard !isShut else { return connection.close() }
        open[ObjectIdentifier(connection)] = connection
        freed(connection)
    }

    func freed(_ connection: LoadConnection) {
        if free.isEmpty { freeSince = now }
        free.append(connection)
        sendWhatIsDue()
    }

    func closed(_ connection: LoadConnection, during flight: LoadConnection.Flight?) {
        open[ObjectIdentifier(connection)] = nil
        free = CircularBuffer(free.filter { $0 !== connection })
        if flight != nil {
            piece?.record.note(.connectionClosed)
            piece?.watch?.noteLoss()
            piece?.underway -= 1
            stopIfHopeless()
        }
        // A server that only turns connections away is not asked for new ones without a pause.
        reconnect(after: connection.hasAnswered ? .zero : .milliseconds(100))
        finishIfDone()
    }

    /// Tries until the run ends: what could not be sent meanwhile is counted as late or not sent.
    private func reconnect(after delay: TimeAmount) {
        guard !isShut else { return }
        _ = loop.assumeIsolated().scheduleTask(in: delay) {
            guard !self.isShut else { return }
            self.connect().assumeIsolated().whenFailure { _ in self.reconnect(after: .milliseconds(100)) }
        }
    }

    func shut() {
        isShut = true
        timer?.cancel()
        for connection in open.values { connection.close() }
    }

    // MARK: One piece

    func run(
        _ schedule: LoadSchedule, to target: LoadTarget, firstBody: Int, within limits: LoadLimits?
    ) -> EventLoopFuture<LoadRecord> {
        guard !isCancelled else { return loop.makeFailedFuture(CancellationError()) }
        let done = loop.makePromise(of: LoadRecord.self)
        let heads = target.bodies.map { body in
            var headers = HTTPHeaders(target.headers.map { ($0.name, $0.value) })
            headers.add(name: "host", value: "\(host):\(port)")
            headers.add(name: "content-length", value: String(body.bytes.count))
            if let count = body.jsonByteCount {
                headers.add(name: "inference-header-content-length", value: String(count))
            }
            return HTTPRequestHead(version: .http1_1, method: .POST, uri: target.path, headers: headers)
        }
        let piece = Piece(
            schedule, heads: heads, bodies: target.bodies.map { ByteBuffer(bytes: $0.bytes) }, firstBody: firstBody,
            start: now, watch: limits.map(LoadWatch.init), done: done)
        self.piece = piece
        let end = NIODeadline.uptimeNanoseconds(UInt64(piece.start + schedule.nanoseconds + patience))
        let giveUp = loop.assumeIsolated().scheduleTask(deadline: end) { self.giveUp(piece) }
        sendWhatIsDue()
        if limits != nil { watch(piece) }
        return done.futureResult.always { _ in giveUp.cancel() }
    }

    /// Looks at a run now and then: a server that answers nothing gives no other occasion.
    private func watch(_ watched: Piece) {
        _ = loop.assumeIsolated().scheduleTask(in: Self.watchPause) {
            guard self.piece === watched, !watched.isStopped else { return }
            self.stopIfHopeless()
            self.finishIfDone()
            self.watch(watched)
        }
    }

    private func stopIfHopeless() {
        guard let piece, !piece.isStopped, let watch = piece.watch,
            watch.isHopeless(piece.schedule, elapsed: now - piece.start)
        else { return }
        stop(piece)
        // What is under way still counts, but is not waited for until a schedule ends that nobody follows.
        _ = loop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(patience))) { self.giveUp(piece) }
    }

    private func stop(_ piece: Piece) {
        guard !piece.isStopped else { return }
        piece.isStopped = true
        let due = max(piece.next, piece.schedule.dueCount(before: now - piece.start))
        piece.record.note(.notSent, count: due - piece.next)
        piece.record.noteStop(notDue: piece.schedule.count - due)
    }

    /// Ends what runs, and lets nothing run any more.
    func cancel() {
        isCancelled = true
        guard let piece else { return }
        stop(piece)
        giveUp(piece)
    }

    private func sendWhatIsDue() {
        // A write may fail at once, and end the piece from within.
        while let piece, !piece.isStopped, piece.next < piece.schedule.count {
            let due = piece.start + piece.schedule.due(piece.next)
            let sent = now
            guard due <= sent else { return wait(until: due) }
            guard let connection = free.popFirst() else { return }
            let body = (piece.firstBody + piece.next) % piece.bodies.count
            piece.record.noteSending(delay: sent - max(due, freeSince), waited: freeSince > due)
            let keeps = body < Self.sampleCount && piece.record.samples[body] == nil
            let flight = LoadConnection.Flight(body: body, due: due, sent: sent, keepsAnswer: keeps)
            piece.next += 1
            piece.underway += 1
            connection.send(flight, head: piece.heads[body], body: piece.bodies[body])
        }
    }

    private func wait(until due: Int) {
        guard timerDue != due else { return }
        timer?.cancel()
        timerDue = due
        timer = loop.assumeIsolated().scheduleTask(deadline: .uptimeNanoseconds(UInt64(due))) {
            self.timerDue = 0
            self.sendWhatIsDue()
        }
    }

    func answered(_ flight: LoadConnection.Flight, status: Int, isObject: Bool, answer: LoadAnswer?) {
        guard let piece else { return }
        let end = now
        piece.lastAnswer = end
        piece.underway -= 1
        piece.record.noteAnswer(status: status, latency: end - flight.due, serviceTime: end - flight.sent)
        if status == 200, !isObject { piece.record.note(.notAnAnswer) }
        if status == 200, isObject, let answer { piece.record.noteSample(answer, of: flight.body) }
        piece.watch?.noteAnswer(isGood: status == 200 && isObject, latency: end - flight.due)
        stopIfHopeless()
        finishIfDone()
    }

    private func finishIfDone() {
        guard let piece, piece.isStopped || piece.next == piece.schedule.count, piece.underway == 0 else { return }
        finish(piece)
    }

    private func giveUp(_ given: Piece) {
        guard let piece, piece === given else { return }
        piece.record.note(.timedOut, count: piece.underway)
        if !piece.isStopped { piece.record.note(.notSent, count: piece.schedule.count - piece.next) }
        // Their answers would be taken for those of the next piece.
        for connection in open.values where connection.flight != nil { connection.abandon() }
        finish(piece)
    }

    private func finish(_ finished: Piece) {
        let end = finished.isStopped ? now : finished.start + finished.schedule.nanoseconds
        finished.record.noteEnd(nanoseconds: max(end, finished.lastAnswer) - finished.start)
        piece = nil
        timer?.cancel()
        timerDue = 0
        finished.done.succeed(finished.record)
    }
}
