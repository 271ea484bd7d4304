// SPDX-License-Identifier: Apache-2.0
internal import CPostgres
internal import Foundation
internal import Synchronization

/// libpq, loaded at run time, so that Slipway builds and starts without it. It stays for the life of the process. The only
/// file that looks through the wall.
///
/// `@unchecked Sendable`: its functions never change, and libpq may be called from any thread, each connection from one at
/// a time.
@safe final class PostgreSQLLibrary: @unchecked Sendable {
    /// The name under which the system finds it.
    static let usualName = "libpq.so.5"

    private let parseURL: pq_parse_url
    private let freeOptions: pq_free_options
    fileprivate let freeMemory: pq_free_memory
    fileprivate let connect: pq_connect
    fileprivate let finish: pq_finish
    fileprivate let status: pq_status
    fileprivate let transactionStatus: pq_transaction_status
    fileprivate let errorMessage: pq_error_message
    fileprivate let parameterStatus: pq_parameter_status
    fileprivate let consumeInput: pq_consume_input
    fileprivate let isBusy: pq_is_busy
    fileprivate let socket: pq_socket
    fileprivate let notifications: pq_notifications
    fileprivate let setNoticeProcessor: pq_set_notice_processor
    fileprivate let execute: pq_execute
    fileprivate let prepare: pq_prepare
    fileprivate let runPrepared: pq_run_prepared
    fileprivate let run: pq_run
    fileprivate let clear: pq_clear
    fileprivate let resultStatus: pq_result_status
    fileprivate let errorField: pq_error_field
    fileprivate let commandWord: pq_command_word
    fileprivate let rowCount: pq_count
    fileprivate let columnCount: pq_count
    fileprivate let columnName: pq_column_name
    fileprivate let columnType: pq_column_type
    fileprivate let isNull: pq_cell_number
    fileprivate let length: pq_cell_number
    fileprivate let value: pq_cell

    private static let loaded = Mutex<[String: PostgreSQLLibrary]>([:])

    /// - Throws: ``StoreFailure`` that says what to install.
    static func load(_ name: String) throws -> PostgreSQLLibrary {
        try loaded.withLock { loaded in
            if let library = loaded[name] { return library }
            let library = try PostgreSQLLibrary(name)
            loaded[name] = library
            return library
        }
    }

    private init(_ name: String) throws {
        guard let handle = unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
            throw StoreFailure(.server(.libraryMissing(unsafe String(cString: dlerror())), at: name))
        }
        func find<Function>(_ symbol: String, as type: Function.Type) throws -> Function {
            guard let found = unsafe dlsym(handle, symbol) else {
                throw StoreFailure(.server(.libraryMissing("it has no \(symbol)"), at: name))
            }
            // The types are those of libpq's own header.
            return unsafe unsafeBitCast(found, to: type)
        }
        unsafe parseURL = try find("PQconninfoParse", as: pq_parse_url.self)
        unsafe freeOptions = try find("PQconninfoFree", as: pq_free_options.self)
        unsafe freeMemory = try find("PQfreemem", as: pq_free_memory.self)
        unsafe connect = try find("PQconnectdbParams", as: pq_connect.self)
        unsafe finish = try find("PQfinish", as: pq_finish.self)
        unsafe status = try find("PQstatus", as: pq_status.self)
        unsafe transactionStatus = try find("PQtransactionStatus", as: pq_transaction_status.self)
        unsafe errorMessage = try find("PQerrorMessage", as: pq_error_message.self)
        unsafe parameterStatus = try find("PQparameterStatus", as: pq_parameter_status.self)
        unsafe consumeInput = try find("PQconsumeInput", as: pq_consume_input.self)
        unsafe isBusy = try find("PQisBusy", as: pq_is_busy.self)
        unsafe socket = try find("PQsocket", as: pq_socket.self)
        unsafe notifications = try find("PQnotifies", as: pq_notifications.self)
        unsafe setNoticeProcessor = try find("PQsetNoticeProcessor", as: pq_set_notice_processor.self)
        unsafe execute = try find("PQexec", as: pq_execute.self)
        unsafe prepare = try find("PQprepare", as: pq_prepare.self)
        unsafe runPrepared = try find("PQexecPrepared", as: pq_run_prepared.self)
        unsafe run = try find("PQexecParams", as: pq_run.self)
        unsafe clear = try find("PQclear", as: pq_clear.self)
        unsafe resultStatus = try find("PQresultStatus", as: pq_result_status.self)
        unsafe errorField = try find("PQresultErrorField", as: pq_error_field.self)
        unsafe commandWord = try find("PQcmdStatus", as: pq_command_word.self)
        unsafe rowCount = try find("PQntuples", as: pq_count.self)
        unsafe columnCount = try find("PQnfields", as: pq_count.self)
        unsafe columnName = try find("PQfname", as: pq_column_name.self)
        unsafe columnType = try find("PQftype", as: pq_column_type.self)
        unsafe isNull = try find("PQgetisnull", as: pq_cell_number.self)
        unsafe length = try find("PQgetlength", as: pq_cell_number.self)
        unsafe value = try find("PQgetvalue", as: pq_cell.self)
    }

    /// What a URL says, by libpq's own key words, such as `host` and `dbname`.
    ///
    /// - Returns: `nil` for what is no URL. Why is not told: libpq's reason may quote the password.
    func parts(of url: String) -> [String: String]? {
        var reason: UnsafeMutablePointer<CChar>?
        guard let options = unsafe parseURL(url, &reason) else {
            unsafe freeMemory(reason)
            return nil
        }
        defer { unsafe freeOptions(options) }
        var parts: [String: String] = [:]
        var index = 0
        while let keyword = unsafe options[index].keyword {
            if let value = unsafe options[index].value {
                parts[unsafe String(cString: keyword)] = unsafe String(cString: value)
            }
            index += 1
        }
        return parts
    }
}

/// A connection to a server, ended when its owner lets go. Not `Sendable`: it stays on the thread that made it.
@safe final class PostgreSQLLink {
    private let library: PostgreSQLLibrary
    private let handle: OpaquePointer

    /// Connects, and waits for it.
    ///
    /// - Parameter settings: libpq's key words, the later of two that are the same counting. What stands for `dbname` may be
    ///   a URL, whose parts then count in its place.
    init(_ library: PostgreSQLLibrary, settings: [(keyword: String, value: String)]) throws(PostgreSQLError) {
        let keywords = unsafe settings.map { unsafe UnsafePointer(strdup($0.keyword)) } + [nil]
        let values = unsafe settings.map { unsafe UnsafePointer(strdup($0.value)) } + [nil]
        defer { unsafe (keywords + values).forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
        guard let handle = unsafe library.connect(keywords, values, 1) else {
            throw PostgreSQLError(state: nil, message: "there is no memory for a connection", isConnectionLost: true)
        }
        self.library = library
        unsafe self.handle = handle
        guard !isBroken else { throw PostgreSQLError(connecting: unsafe String(cString: library.errorMessage(handle))) }
        // They would go to standard error.
        unsafe _ = library.setNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { unsafe library.finish(handle) }

    /// Whether nothing more can be asked.
    var isBroken: Bool { unsafe Int(library.status(handle)) != pq_connection_ok }

    /// Whether a transaction is open in which nothing has failed.
    var isInTransaction: Bool { unsafe Int(library.transactionStatus(handle)) == pq_in_transaction }

    /// Looks, without waiting, whether the server has ended the connection meanwhile.
    func stillAnswers() -> Bool {
        // Its last words may have come before the end: the first look finds those, the second the end.
        for _ in 0..<2 {
            guard unsafe library.consumeInput(handle) == 1 else { return false }
            unsafe _ = library.isBusy(handle)
        }
        return !isBroken
    }

    /// Waits for a notification of the server's, at most so many milliseconds.
    ///
    /// - Returns: How many have come; `nil` when the connection is gone.
    func notifications(waiting milliseconds: Int32) -> Int? {
        var descriptor = pollfd(fd: unsafe library.socket(handle), events: Int16(POLLIN), revents: 0)
        guard descriptor.fd >= 0, unsafe poll(&descriptor, 1, milliseconds) >= 0 || errno == EINTR,
            unsafe library.consumeInput(handle) == 1, !isBroken
        else { return nil }
        var count = 0
        while let notification = unsafe library.notifications(handle) {
            unsafe library.freeMemory(notification)
            count += 1
        }
        return count
    }

    /// One of the server's settings that it tells of its own accord.
    func serverSetting(_ name: String) -> String? {
        unsafe library.parameterStatus(handle, name).map { unsafe String(cString: $0) }
    }

    /// Runs statements without parameters. The answer is that to the last one.
    func execute(_ statements: String) throws(PostgreSQLError) -> PostgreSQLAnswer {
        unsafe try answer(library.execute(handle, statements))
    }

    /// Has the server remember a statement under a name, for ``run(prepared:_:)``.
    func prepare(_ name: String, _ statement: String, types: [UInt32]) throws(PostgreSQLError) {
        _ = unsafe try answer(library.prepare(handle, name, statement, CInt(types.count), types))
    }

    func run(prepared name: String, _ parameters: PostgreSQLParameters) throws(PostgreSQLError) -> PostgreSQLAnswer {
        unsafe try answer(
            parameters.withPointers { count, values, lengths, formats in
                unsafe library.runPrepared(handle, name, count, values, lengths, formats, 0)
            })
    }

    func run(_ statement: String, _ parameters: PostgreSQLParameters) throws(PostgreSQLError) -> PostgreSQLAnswer {
        unsafe try answer(
            parameters.withPointers { count, values, lengths, formats in
                unsafe library.run(handle, statement, count, parameters.types, values, lengths, formats, 0)
            })
    }

    private func answer(_ result: OpaquePointer?) throws(PostgreSQLError) -> PostgreSQLAnswer {
        defer { unsafe library.clear(result) }
        let status = unsafe Int(library.resultStatus(result))
        guard let result = unsafe result, [pq_command_done, pq_rows_given].contains(status) else {
            throw unsafe failure(result)
        }
        return unsafe PostgreSQLAnswer(
            word: String(cString: library.commandWord(result)), columns: columns(of: result),
            cells: (0..<library.rowCount(result)).map { row in unsafe cells(of: result, row: row) })
    }

    private func failure(_ result: OpaquePointer?) -> PostgreSQLError {
        func field(_ code: Int) -> String? {
            guard let result = unsafe result, let text = unsafe library.errorField(result, CInt(code)) else {
                return nil
            }
            return unsafe String(cString: text)
        }
        let message = unsafe String(cString: library.errorMessage(handle))
        return PostgreSQLError(
            state: field(pq_field_state), message: field(pq_field_message) ?? message,
            isConnectionLost: isBroken)
    }

    private func columns(of result: OpaquePointer) -> [PostgreSQLAnswer.Column] {
        let count = unsafe library.columnCount(result)
        return (0..<count).map { index in
            PostgreSQLAnswer.Column(
                name: unsafe library.columnName(result, index).map { unsafe String(cString: $0) } ?? "",
                type: unsafe library.columnType(result, index))
        }
    }

    /// `nil` for NULL.
    private func cells(of result: OpaquePointer, row: CInt) -> [[UInt8]?] {
        let count = unsafe library.columnCount(result)
        return (0..<count).map { column in
            guard unsafe library.isNull(result, row, column) == 0, let start = unsafe library.value(result, row, column)
            else { return nil }
            // The bytes belong to the result, which outlives this call.
            return unsafe Array(
                UnsafeRawBufferPointer(start: start, count: Int(library.length(result, row, column))))
        }
    }
}

/// What a server answered to a statement, as text.
struct PostgreSQLAnswer {
    struct Column {
        let name: String
        /// The number of its type.
        let type: UInt32
    }

    /// What was done, as in `COMMIT`.
    let word: String
    let columns: [Column]
    let cells: [[[UInt8]?]]
}

/// Values for `$1`, `$2` and so on, as bytes.
struct PostgreSQLParameters {
    /// The numbers of their types.
    let types: [UInt32]
    private let bytes: [UInt8]
    private let lengths: [CInt]

    init(_ values: [(type: UInt32, bytes: [UInt8])]) {
        types = values.map(\.type)
        lengths = values.map { CInt($0.bytes.count) }
        // One more, because no bytes at all have no address, which would be NULL.
        bytes = values.flatMap(\.bytes) + [0]
    }

    fileprivate func withPointers<Result>(
        _ body: (CInt, UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<CInt>, UnsafePointer<CInt>) -> Result
    ) -> Result {
        unsafe bytes.withUnsafeBytes { buffer in
            var start = 0
            let values = unsafe lengths.map { length in
                defer { start += Int(length) }
                return unsafe buffer.baseAddress.map { unsafe ($0 + start).assumingMemoryBound(to: CChar.self) }
            }
            // 1: in binary.
            let formats = [CInt](repeating: 1, count: lengths.count)
            return unsafe body(CInt(lengths.count), values + [nil], lengths + [0], formats + [0])
        }
    }
}
