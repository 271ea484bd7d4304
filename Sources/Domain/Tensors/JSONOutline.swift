// SPDX-License-Identifier: Apache-2.0

/// Cuts an object into its members without decoding them: each name with the bytes of its value, in order.
///
/// The whole document is checked as JSON. Names inside the values are not looked at; whoever decodes a value does that.
///
/// - Throws: ``CodecError``: `syntax`, `encoding`, `limit`, or `duplicate` for a name that occurs twice in `body`.
@unsafe package func jsonMembers(
    of body: UnsafeRawBufferPointer, limits: CodecLimits = .standard
) throws(CodecError) -> [(name: String, range: Range<Int>)] {
    var reader = try unsafe JSONReader(checking: body, limits: limits)
    try reader.enterObject()
    var members: [(name: String, range: Range<Int>)] = []
    var names = NameSet()
    while let (name, _) = try reader.nextName(after: &names) {
        members.append((name, try reader.skipValue()))
    }
    try reader.finish()
    return members
}

/// Cuts an array into the bytes of its elements, in order, without decoding them.
///
/// - Throws: ``CodecError``: `syntax`, `encoding` or `limit`.
@unsafe package func jsonElements(
    of body: UnsafeRawBufferPointer, limits: CodecLimits = .standard
) throws(CodecError) -> [Range<Int>] {
    var reader = try unsafe JSONReader(checking: body, limits: limits)
    try reader.enterArray()
    var elements: [Range<Int>] = []
    while try reader.nextElement(isFirst: elements.isEmpty) {
        guard elements.count < limits.maxElements else {
            throw CodecError(.limit, "more than \(limits.maxElements) elements", offset: reader.position)
        }
        elements.append(try reader.skipValue())
    }
    try reader.finish()
    return elements
}
