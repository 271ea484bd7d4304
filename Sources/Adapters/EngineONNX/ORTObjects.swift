// SPDX-License-Identifier: Apache-2.0
internal import CONNXRuntime
internal import Tensors

/// Why a call failed, in the library's own words.
struct ORTFailure: Error {
    let message: String
}

/// The loaded library: its table of calls, and its one environment. It is never unloaded.
///
/// `@unchecked Sendable`: nothing in it changes after it was made, and the library's calls may come from any thread.
@safe final class ORTLibrary: @unchecked Sendable {
    fileprivate let api: OpaquePointer
    fileprivate let environment: OpaquePointer
    fileprivate let allocator: OpaquePointer
    fileprivate let memory: OpaquePointer

    /// - Parameters:
    ///   - symbol: Where `OrtGetApiBase` is.
    ///   - accepts: Asked with the library's version before anything else is called.
    /// - Throws: when `accepts` does, or the environment cannot be made.
    @unsafe init(symbol: UnsafeMutableRawPointer, accepts: (String) throws(ORTFailure) -> Void) throws(ORTFailure) {
        guard let base = unsafe ort_get_base(symbol) else { throw ORTFailure(message: "it has no calls") }
        try accepts(unsafe String(cString: ort_get_version(base)))
        // The oldest table that has every position in shim.c, and the oldest that was tried.
        guard let api = unsafe ort_get_api(base, 18) else { throw ORTFailure(message: "it has not the calls of 1.18") }
        unsafe self.api = api
        unsafe environment = try made(api) { unsafe ort_create_env(api, "slipway", &$0) }
        unsafe allocator = try made(api) { unsafe ort_get_allocator(api, &$0) }
        unsafe memory = try made(api) { unsafe ort_create_memory(api, &$0) }
    }
}

extension ORTLibrary {
    /// The names of the execution providers that this build has, whether or not the machine can use them.
    func providers() throws(ORTFailure) -> [String] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: CInt = 0
        unsafe try check(api, ort_get_providers(api, &names, &count))
        guard let names = unsafe names else { return [] }
        defer {
            if let status = unsafe ort_release_providers(api, names, count) { unsafe ort_release_status(api, status) }
        }
        return (0..<Int(count)).compactMap { index in unsafe names[index].map { unsafe String(cString: $0) } }
    }
}

/// A loaded model, released when its owner lets go.
///
/// `@unchecked Sendable`: the library lets sessions run on several threads at once, and the rest never changes.
@safe final class ORTSession: @unchecked Sendable {
    private let library: ORTLibrary
    private let handle: OpaquePointer
    private let inputNames: [UnsafePointer<CChar>]
    private let outputNames: [UnsafePointer<CChar>]

    /// - Parameters:
    ///   - entries: Session settings by their keys.
    ///   - card: The graphics card that computes, as CUDA counts them; `nil` for the processor.
    init(
        library: ORTLibrary, path: String, entries: [(key: String, value: String)], card: Int? = nil
    ) throws(ORTFailure) {
        let api = unsafe library.api
        let options = unsafe try made(api) { unsafe ort_create_options(api, &$0) }
        defer { unsafe ort_release_options(api, options) }
        // One thread for each call, and none of its own: many small requests beat one large one.
        unsafe try check(api, ort_set_threads(api, options, 1, 1))
        unsafe try check(api, ort_set_sequential(api, options))
        unsafe try check(api, ort_optimize_all(api, options))
        unsafe try check(api, ort_disable_arena(api, options))
        for entry in entries { unsafe try check(api, ort_set_entry(api, options, entry.key, entry.value)) }
        if let card { unsafe try append(card: card, to: options, api) }
        let handle = unsafe try made(api) { unsafe ort_create_session(api, library.environment, path, options, &$0) }
        self.library = library
        unsafe self.handle = handle
        do throws(ORTFailure) {
            let allocator = unsafe library.allocator
            let inputs = unsafe try number(api) { unsafe ort_count_inputs(api, handle, &$0) }
            let outputs = unsafe try number(api) { unsafe ort_count_outputs(api, handle, &$0) }
            unsafe inputNames = try (0..<inputs).map { index throws(ORTFailure) in
                unsafe UnsafePointer(try made(api) { unsafe ort_get_input_name(api, handle, index, allocator, &$0) })
            }
            unsafe outputNames = try (0..<outputs).map { index throws(ORTFailure) in
                unsafe UnsafePointer(try made(api) { unsafe ort_get_output_name(api, handle, index, allocator, &$0) })
            }
        } catch {
            unsafe ort_release_session(api, handle)
            throw error
        }
    }

    deinit {
        let api = unsafe library.api
        unsafe (inputNames + outputNames).forEach { unsafe release(library, UnsafeMutablePointer(mutating: $0)) }
        unsafe ort_release_session(api, handle)
    }

    /// Names and types of what the model takes, in order.
    func inputs() throws(ORTFailure) -> [(name: String, type: ORTType)] {
        unsafe try declared(inputNames, ort_get_input_type)
    }

    /// Names and types of what the model gives, in order.
    func outputs() throws(ORTFailure) -> [(name: String, type: ORTType)] {
        unsafe try declared(outputNames, ort_get_output_type)
    }

    private func declared(
        _ names: [UnsafePointer<CChar>],
        _ type: (OpaquePointer, OpaquePointer, Int, UnsafeMutablePointer<OpaquePointer?>) -> OpaquePointer?
    ) throws(ORTFailure) -> [(name: String, type: ORTType)] {
        let api = unsafe library.api
        return unsafe try names.enumerated().map { index, name throws(ORTFailure) in
            let found = unsafe try made(api) { unsafe type(api, handle, index, &$0) }
            return unsafe (String(cString: name), try ORTType(adopting: found, of: api))
        }
    }

    func metadata() throws(ORTFailure) -> ModelMetadata {
        let (api, allocator) = unsafe (library.api, library.allocator)
        let metadata = unsafe try made(api) { unsafe ort_get_metadata(api, handle, &$0) }
        defer { unsafe ort_release_metadata(api, metadata) }
        func text(_ call: (inout UnsafeMutablePointer<CChar>?) -> OpaquePointer?) throws(ORTFailure) -> String {
            let text = unsafe try made(api, call)
            defer { unsafe release(library, text) }
            return unsafe String(cString: text)
        }
        let producer = unsafe try text { unsafe ort_get_producer(api, metadata, allocator, &$0) }
        var keys: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe try number(api) { unsafe ort_get_custom_keys(api, metadata, allocator, &keys, &$0) }
        defer { if let keys = unsafe keys { unsafe release(library, keys) } }
        var custom: [String: String] = [:]
        for index in 0..<count {
            guard let key = unsafe keys?[index] else { continue }
            defer { unsafe release(library, key) }
            let name = unsafe String(cString: key)
            custom[name] = unsafe try text { unsafe ort_get_custom_text(api, metadata, allocator, key, &$0) }
        }
        return ModelMetadata(producer: producer, custom: custom)
    }

    /// Runs the model. The values may lie in memory of `inputs`, so these must live until the values are read.
    ///
    /// - Precondition: One tensor for each input. Types and shapes are checked by the library.
    func run(_ inputs: [Tensor]) throws(ORTFailure) -> [ORTValue] {
        unsafe precondition(inputs.count == inputNames.count, "one tensor for each input")
        let api = unsafe library.api
        var values = unsafe [OpaquePointer?]()
        var results = unsafe [OpaquePointer?]()
        unsafe values.reserveCapacity(inputs.count)
        // One by one: made at once, the array's type is looked up each time.
        unsafe results.reserveCapacity(outputNames.count)
        while unsafe results.count < outputNames.count { unsafe results.append(nil) }
        defer { unsafe values.forEach { unsafe ort_release_value(api, $0) } }
        for tensor in inputs { unsafe values.append(try ORTValue.handle(of: tensor, in: library)) }
        // Values borrow from their tensors, which stay until the call is over; the counts are the arrays' own.
        let status = unsafe withExtendedLifetime(inputs) {
            unsafe ort_run(
                api, handle, inputNames, values, inputNames.count, outputNames, outputNames.count, &results)
        }
        var owned: [ORTValue] = []
        owned.reserveCapacity(unsafe results.count)
        unsafe results.forEach { result in
            guard let result = unsafe result else { return }
            owned.append(unsafe ORTValue(adopting: result, of: library))
        }
        unsafe try check(api, status)
        guard unsafe owned.count == results.count else {
            throw ORTFailure(message: "the model left an output without a value")
        }
        return owned
    }
}

/// One value of the library, released when the last tensor that reads its memory lets go.
///
/// `@unchecked Sendable`: after the run that made it, it is only read.
@safe final class ORTValue: @unchecked Sendable {
    private let library: ORTLibrary
    private let handle: OpaquePointer

    fileprivate init(adopting handle: OpaquePointer, of library: ORTLibrary) {
        self.library = library
        unsafe self.handle = handle
    }

    deinit { unsafe ort_release_value(library.api, handle) }

    var kind: ORTKind {
        get throws(ORTFailure) {
            let api = unsafe library.api
            return ORTKind(rawValue: unsafe try number(api) { unsafe ort_get_value_kind(api, handle, &$0) }) ?? .unknown
        }
    }

    /// The elements of a sequence; the keys and the values of a map.
    func elements() throws(ORTFailure) -> [ORTValue] {
        let (api, allocator) = unsafe (library.api, library.allocator)
        let count = unsafe try number(api) { unsafe ort_count_elements(api, handle, &$0) }
        return try (0..<count).map { index throws(ORTFailure) in
            let element = unsafe try made(api) { unsafe ort_get_contained(api, handle, Int32(index), allocator, &$0) }
            return unsafe ORTValue(adopting: element, of: library)
        }
    }

    /// The value of kind ``ORTKind/tensor`` as a tensor that borrows its memory; texts are copied out.
    ///
    /// - Parameter lent: Memory of the caller's, which the value may lie in.
    func tensor(lent: [Tensor]) throws(ORTFailure) -> Tensor {
        let api = unsafe library.api
        let type = unsafe try made(api) { unsafe ort_get_tensor_type(api, handle, &$0) }
        defer { unsafe ort_release_tensor_type(api, type) }
        let element = unsafe try number(api) { unsafe ort_get_element(api, type, &$0) }
        let rank = unsafe try number(api) { unsafe ort_get_rank(api, type, &$0) }
        var shape = Shape()
        shape.reserveCapacity(rank)
        for _ in 0..<rank { shape.append(0) }
        unsafe try check(api, ort_get_dimensions(api, type, &shape, rank))
        guard let datatype = Datatype(element: element), let count = countable(shape) else {
            throw ORTFailure(message: "the model gave a tensor of a type that is not supported")
        }
        guard let width = datatype.byteWidth else { return try texts(count: count, shape: shape) }
        guard count > 0 else { return Tensor(datatype, shape: shape, storage: TensorStorage(byteCount: 0)) }
        // The library keeps as many bytes as its own shape says, for as long as the value lives.
        let bytes = unsafe try made(api) { unsafe ort_get_data(api, handle, &$0) }
        let borrowed = unsafe UnsafeRawBufferPointer(start: bytes, count: count * width)
        let tensor = Tensor(datatype, shape: shape, storage: unsafe TensorStorage(borrowing: borrowed, owner: self))
        // A model may hand an input through as it is; that memory is not the library's to lend.
        let start = UInt(bitPattern: bytes)
        return lent.contains { $0.addresses.contains(start) } ? tensor.copied() : tensor
    }

    private func texts(count: Int, shape: Shape) throws(ORTFailure) -> Tensor {
        let api = unsafe library.api
        let length = unsafe try number(api) { unsafe ort_get_text_length(api, handle, &$0) }
        let storage = TensorStorage(byteCount: length)
        var offsets = [Int](repeating: 0, count: count)
        if count > 0 {
            unsafe try storage.withUnsafeMutableBytes { target throws(ORTFailure) in
                guard let base = target.baseAddress else { return }
                unsafe try check(api, ort_get_texts(api, handle, base, length, &offsets, count))
            }
        }
        return Tensor(bytes: storage, offsets: offsets + [length], shape: shape)
    }

    /// A value over the elements of `tensor`, which must outlive it; texts are copied in.
    fileprivate static func handle(of tensor: Tensor, in library: ORTLibrary) throws(ORTFailure) -> OpaquePointer {
        let (api, shape) = unsafe (library.api, tensor.shape)
        guard tensor.datatype == .bytes else {
            // The buffer does not move: storage is a class that holds its memory until it goes.
            let bytes = unsafe tensor.storage.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(mutating: $0) }
            guard let base = bytes.baseAddress else { throw ORTFailure(message: "a tensor has no memory") }
            return unsafe try made(api) {
                unsafe ort_borrow_tensor(
                    api, library.memory, base, bytes.count, shape, shape.count, tensor.datatype.element, &$0)
            }
        }
        let value = unsafe try made(api) {
            unsafe ort_create_texts(api, library.allocator, shape, shape.count, &$0)
        }
        do throws(ORTFailure) {
            for index in 0..<tensor.elementCount {
                try unsafe tensor.withBytes(at: index) { text throws(ORTFailure) in
                    let target = unsafe try made(api) { unsafe ort_resize_text(api, value, index, text.count, &$0) }
                    unsafe UnsafeMutableRawBufferPointer(start: target, count: text.count).copyMemory(from: text)
                }
            }
        } catch {
            unsafe ort_release_value(api, value)
            throw error
        }
        return unsafe value
    }
}

extension ORTType {
    /// Reads a declared type, and releases it.
    fileprivate init(adopting type: OpaquePointer, of api: OpaquePointer) throws(ORTFailure) {
        defer { unsafe ort_release_type(api, type) }
        switch ORTKind(rawValue: unsafe try number(api) { unsafe ort_get_type_kind(api, type, &$0) }) {
        case .tensor:
            let tensor = unsafe try made(api) { unsafe ort_as_tensor(api, type, &$0) }
            let element = unsafe try number(api) { unsafe ort_get_element(api, tensor, &$0) }
            let rank = unsafe try number(api) { unsafe ort_get_rank(api, tensor, &$0) }
            var sizes = [Int](repeating: 0, count: rank)
            var names = unsafe [UnsafePointer<CChar>?](repeating: nil, count: rank)
            unsafe try check(api, ort_get_dimensions(api, tensor, &sizes, rank))
            unsafe try check(api, ort_get_symbols(api, tensor, &names, rank))
            self = .tensor(
                element: element,
                shape: (0..<rank).map { index in
                    guard sizes[index] < 0 else { return .fixed(sizes[index]) }
                    return .symbolic(unsafe names[index].map { unsafe String(cString: $0) } ?? "")
                })
        case .sequence:
            let sequence = unsafe try made(api) { unsafe ort_as_sequence(api, type, &$0) }
            let element = unsafe try made(api) { unsafe ort_get_sequence_element(api, sequence, &$0) }
            self = .sequence(unsafe try ORTType(adopting: element, of: api))
        case .map:
            let map = unsafe try made(api) { unsafe ort_as_map(api, type, &$0) }
            let key = unsafe try number(api) { unsafe ort_get_map_key(api, map, &$0) }
            let value = unsafe try made(api) { unsafe ort_get_map_value(api, map, &$0) }
            self = .map(key: key, value: unsafe try ORTType(adopting: value, of: api))
        case let kind:
            self = .other(kind ?? .unknown)
        }
    }
}

/// Has CUDA compute.
private func append(card: Int, to options: OpaquePointer, _ api: OpaquePointer) throws(ORTFailure) {
    let cuda = unsafe try made(api) { unsafe ort_create_cuda_options(api, &$0) }
    defer { unsafe ort_release_cuda_options(api, cuda) }
    unsafe try check(api, ort_set_cuda_option(api, cuda, "device_id", String(card)))
    unsafe try check(api, ort_append_cuda(api, options, cuda))
}

/// Throws the message of a status that says something went wrong, and releases it.
private func check(_ api: OpaquePointer, _ status: OpaquePointer?) throws(ORTFailure) {
    guard let status = unsafe status else { return }
    defer { unsafe ort_release_status(api, status) }
    throw ORTFailure(message: unsafe String(cString: ort_get_message(api, status)))
}

/// What `call` stores, which is not NULL when it succeeds.
private func made<Made>(
    _ api: OpaquePointer, _ call: (inout Made?) -> OpaquePointer?
) throws(ORTFailure) -> Made {
    var made: Made?
    unsafe try check(api, call(&made))
    guard let made else { throw ORTFailure(message: "the engine returned nothing") }
    return made
}

private func number<Number: FixedWidthInteger>(
    _ api: OpaquePointer, _ call: (inout Number) -> OpaquePointer?
) throws(ORTFailure) -> Number {
    var number: Number = 0
    unsafe try check(api, call(&number))
    return number
}

private func release(_ library: ORTLibrary, _ memory: UnsafeMutableRawPointer) {
    // Freeing cannot fail for memory that came from this allocator.
    if let status = unsafe ort_free(library.api, library.allocator, memory) {
        unsafe ort_release_status(library.api, status)
    }
}
