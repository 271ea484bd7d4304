// SPDX-License-Identifier: Apache-2.0

extension CodecError {
    /// The same error with what is known of its place; what it says itself goes first.
    func located(field: String? = nil, row: Int? = nil) -> CodecError {
        CodecError(rule, message, field: self.field ?? field, row: self.row ?? row, offset: offset)
    }
}

/// Runs `body`, and adds the place to what it throws.
@inline(__always)
func located<Result>(
    field: @autoclosure () -> String? = nil, row: @autoclosure () -> Int? = nil,
    _ body: () throws(CodecError) -> Result
) throws(CodecError) -> Result {
    do throws(CodecError) { return try body() } catch { throw error.located(field: field(), row: row()) }
}
