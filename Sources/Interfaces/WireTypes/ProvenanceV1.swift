// SPDX-License-Identifier: Apache-2.0

/// Where a version comes from, and what was found when it was packed: `provenance.json` as the API gives it.
package struct ProvenanceV1: Codable, Sendable, Equatable {
    package struct Engine: Codable, Sendable, Equatable {
        package let name: String
        package let version: String
        package let build: String
    }

    package struct Commit: Codable, Sendable, Equatable {
        package let commit: String
        package let dirty: Bool
        /// What tracked files had otherwise: a content of its own, by `GET /v1/blobs/sha256:…`.
        package let patch: Patch?
    }

    package struct Patch: Codable, Sendable, Equatable {
        /// 64 hexadecimal digits.
        package let sha256: String
        package let bytes: Int
    }

    package struct Proof: Codable, Sendable, Equatable {
        package let proven: Bool
        package let summary: String
    }

    /// A graph that was packed anew by the server, because a model that it uses had a newer version.
    package struct Repacked: Codable, Sendable, Equatable {
        /// The version that it was made of.
        package let of: Int
        /// What it was made with: `growth/churn-text@4`.
        package let with: String
        /// Whether it still gives the recorded answers.
        package let agrees: Bool
    }

    /// RFC 3339.
    package let packedAt: String
    package let packedBy: String
    package let tool: String
    package let source: String
    package let engine: Engine
    package let git: Commit?
    package let proof: Proof
    package let conversion: ConversionV1?
    package let repacked: Repacked?

    /// As the document spells them.
    private enum CodingKeys: String, CodingKey {
        case packedAt = "packed_at"
        case packedBy = "packed_by"
        case tool, source, engine, git, proof, conversion, repacked
    }
}

/// What became of the attempts to run a model natively that was made in another language.
package struct ConversionV1: Codable, Sendable, Equatable {
    package struct Attempt: Codable, Sendable, Equatable {
        package let form: String
        package let agrees: Bool
        package let rows: Int
        /// How many of them were made to lie at the edges.
        package let edgeRows: Int
        package let largestDifference: Double
        package let differingRows: Int
        package let firstDifference: String?
        package let problem: String?

        package init(
            form: String, agrees: Bool, rows: Int, edgeRows: Int, largestDifference: Double, differingRows: Int,
            firstDifference: String?, problem: String?
        ) {
            self.form = form
            self.agrees = agrees
            self.rows = rows
            self.edgeRows = edgeRows
            self.largestDifference = largestDifference
            self.differingRows = differingRows
            self.firstDifference = firstDifference
            self.problem = problem
        }

        private enum CodingKeys: String, CodingKey {
            case form, agrees, rows, problem
            case edgeRows = "edge_rows"
            case largestDifference = "largest_difference"
            case differingRows = "differing_rows"
            case firstDifference = "first_difference"
        }
    }

    package let original: String
    /// `native` or `worker`.
    package let servedBy: String
    package let attempts: [Attempt]
    package let notConverted: [String]
    package let notes: [String]

    package init(
        original: String, servedBy: String, attempts: [Attempt], notConverted: [String], notes: [String]
    ) {
        self.original = original
        self.servedBy = servedBy
        self.attempts = attempts
        self.notConverted = notConverted
        self.notes = notes
    }

    private enum CodingKeys: String, CodingKey {
        case original, attempts, notes
        case servedBy = "served_by"
        case notConverted = "not_converted"
    }
}
