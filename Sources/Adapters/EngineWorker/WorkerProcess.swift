// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelExecution
internal import Synchronization
internal import Tensors

/// One running worker: a process, and our end of the connection with it.
///
/// One thread at a time asks it; anyone may end it.
@safe final class WorkerProcess: Sendable {
    /// How long a worker may take to say that it is there, and to stop once it was told to.
    private static let helloNanoseconds = 10_000_000_000
    static let cancelNanoseconds = 1_000_000_000

    let process: pid_t
    private let conversation: Mutex<Conversation>
    private let isEnded = Atomic<Bool>(false)
    /// How often in a row its model has failed.
    let failures = Atomic<Int>(0)

    /// What is of one request at a time.
    fileprivate struct Conversation: ~Copyable {
        let channel: WorkerChannel
        let header = ByteWriter()
        let frame = ByteWriter()
        var lastID: Int64 = 0
    }

    private let connection: SocketEnd

    /// Starts a worker; what it prints goes to `log`, line by line.
    ///
    /// - Throws: ``WorkerFault/ended(_:)`` when the system starts no more processes.
    init(_ launch: ProcessLaunch, log: @escaping @Sendable (String) -> Void) throws(WorkerFault) {
        let (ours, theirs) = try socketPair()
        let (logEnd, writeEnd) = try pipePair()
        let spawned = spawn(launch, connection: theirs, log: writeEnd)
        close(theirs)
        close(writeEnd)
        connection = SocketEnd(owning: ours)
        guard let spawned else {
            close(logEnd)
            throw .ended("the system started no process: \(unsafe String(cString: strerror(errno)))")
        }
        process = spawned
        LogPump(reading: logEnd, into: log).start()
        conversation = Mutex(Conversation(channel: WorkerChannel(connection)))
    }

    /// Says hello and has the model loaded.
    ///
    /// - Returns: What it takes and gives.
    func load(
        _ descriptor: WorkerDescriptor, until deadline: Moment
    ) throws(WorkerFault) -> (inputs: [TensorSpec], outputs: [TensorSpec]) {
        let hello = try ask(
            "{\"kind\":\"hello\",\"protocol\":1,\"server\":\"\(Product.nameAndVersion)\"}",
            until: min(deadline, Moment.now.after(Self.helloNanoseconds)))
        guard hello.kind == "hello", hello.header["protocol"]?.integer == 1 else {
            throw .broken("it does not speak version 1 of the worker protocol")
        }
        let loaded = try ask(
            JSONValue.record([
                ("kind", .string("load")), ("folder", .string(descriptor.folder)),
                ("descriptor", .string(descriptor.name)),
            ]).text, until: deadline)
        guard loaded.kind == "loaded" else { throw .broken("it answered “\(loaded.kind)” to “load”") }
        do throws(Refusal) {
            let fields = try FieldReader(loaded.header, what: "answer")
            return (try fields.tensorSpecs("inputs"), try fields.tensorSpecs("outputs"))
        } catch {
            throw .broken(error.explanation.message)
        }
    }

    /// Has it answer one call. Once ``WorkerFault/late`` or ``WorkerFault/broken(_:)`` was thrown, nothing more can be
    /// asked of it.
    func predict(
        _ inputs: [NamedTensor], until deadline: Moment
    ) throws(WorkerFault) -> [NamedTensor] {
        let outcome = conversation.withLock { conversation -> Result<[NamedTensor], WorkerFault> in
            do throws(WorkerFault) {
                return .success(try conversation.predict(inputs, until: deadline))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Whether it is there, and has said nothing since its last answer.
    var isQuiet: Bool { conversation.withLock { $0.channel.isQuiet } }

    /// Whether it answers while it has nothing to do.
    func isAlive(until deadline: Moment) -> Bool {
        (try? ask("{\"kind\":\"ping\"}", until: deadline))?.kind == "pong"
    }

    private func ask(_ message: String, until deadline: Moment) throws(WorkerFault) -> WorkerFrame {
        let outcome = conversation.withLock { conversation -> Result<WorkerFrame, WorkerFault> in
            do throws(WorkerFault) {
                return .success(try conversation.ask(message, until: deadline))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Ends the process, and waits until the system has taken it back.
    ///
    /// - Parameter gently: Whether it may first come to its end by itself, for a moment.
    /// - Returns: How it ended, in words.
    @discardableResult
    func end(gently: Bool = false) -> String {
        guard !isEnded.exchange(true, ordering: .acquiringAndReleasing) else { return "it was ended" }
        connection.shutDown()
        var status: Int32 = 0
        if gently {
            // A closed connection is a worker's sign to go.
            for _ in 0..<50 {
                if unsafe waitpid(process, &status, WNOHANG) != 0 { return describe(status) }
                usleep(10_000)
            }
        }
        // One that ended by itself says how; it is given the moment that the system needs to notice.
        for _ in 0..<20 {
            if unsafe waitpid(process, &status, WNOHANG) != 0 { return describe(status) }
            if !gently { usleep(2_000) }
        }
        kill(process, SIGKILL)
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return "it was ended"
    }
}

extension WorkerProcess.Conversation {
    mutating func ask(_ message: String, until deadline: Moment) throws(WorkerFault) -> WorkerFrame {
        header.removeAll()
        header.append(utf8: message)
        frame.removeAll()
        frame.append(frame: header)
        try channel.send(frame, until: deadline)
        return try refusing(channel.receive(until: deadline))
    }

    mutating func predict(_ inputs: [NamedTensor], until deadline: Moment) throws(WorkerFault) -> [NamedTensor] {
        lastID += 1
        header.removeAll()
        header.append("{\"kind\":\"predict\",\"id\":")
        header.append(utf8: String(lastID))
        header.append(",\"inputs\":[")
        header.append(binaryHeads: inputs)
        header.append("]}")
        frame.removeAll()
        frame.append(frame: header, tensors: inputs)
        try channel.send(frame, until: deadline)
        let answer: WorkerFrame
        do throws(WorkerFault) {
            answer = try channel.receive(until: deadline)
        } catch .late {
            try cancel()
            throw .refused(code: "cancelled", message: "its time was up")
        }
        let result = try refusing(answer)
        guard result.kind == "result", result.header["id"]?.integer == lastID else {
            throw .broken("it answered “\(result.kind)” to “predict” \(lastID)")
        }
        return try result.tensors("outputs")
    }

    /// Has it stop what it does. Its answer comes nonetheless, whichever it is.
    ///
    /// - Throws: ``WorkerFault/late`` when it does not.
    private mutating func cancel() throws(WorkerFault) {
        let deadline = Moment.now.after(WorkerProcess.cancelNanoseconds)
        header.removeAll()
        header.append(utf8: "{\"kind\":\"cancel\",\"id\":\(lastID)}")
        frame.removeAll()
        frame.append(frame: header)
        try channel.send(frame, until: deadline)
        _ = try channel.receive(until: deadline)
    }

    private func refusing(_ frame: WorkerFrame) throws(WorkerFault) -> WorkerFrame {
        guard frame.kind == "error" else { return frame }
        throw .refused(
            code: frame.header["code"]?.string ?? "failed",
            message: String((frame.header["message"]?.string ?? "it did not say why").prefix(1000)))
    }
}

private func describe(_ status: Int32) -> String {
    let signal = status & 0x7f
    let code = (status >> 8) & 0xff
    // A launcher in between reports a signal as shells do.
    if signal == 0, code <= 128 { return "it ended with status \(code)" }
    let number = signal == 0 ? code - 128 : signal
    let hint = number == SIGKILL ? ", as for want of memory" : ""
    return "it was ended by signal \(number)\(hint)"
}
