// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import Testing

/// Expects a failure that explains itself with `code`.
package func expectCode(
    _ code: ErrorCode, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? any ExplainedError)?.explanation.code == code, "\(error)", sourceLocation: sourceLocation)
    }
}
