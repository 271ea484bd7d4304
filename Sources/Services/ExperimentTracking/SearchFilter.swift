// SPDX-License-Identifier: Apache-2.0

/// What a search asks for: all of its conditions hold.
package struct SearchFilter: Sendable, Hashable {
    package let conditions: [SearchCondition]

    package init(_ conditions: [SearchCondition] = []) { self.conditions = conditions }
}

/// One comparison of a search.
package struct SearchCondition: Sendable, Hashable {
    package enum Test: Sendable, Hashable {
        case number(Comparison, Double)
        case text(Comparison, String)
        /// With `%` for any text and `_` for any letter.
        case like(pattern: String, ignoringCase: Bool)
        case isOneOf([String])
        case isNoneOf([String])
        case isMissing
        case isPresent
    }

    package enum Comparison: String, Sendable, CaseIterable {
        case equal = "="
        case unequal = "!="
        case greater = ">"
        case atLeast = ">="
        case less = "<"
        case atMost = "<="
    }

    package let field: SearchField
    package let test: Test

    package init(field: SearchField, test: Test) {
        self.field = field
        self.test = test
    }
}

/// What a condition or an order looks at.
package enum SearchField: Sendable, Hashable {
    /// By the name that ``SearchGrammar`` gives it.
    case attribute(String)
    case metric(String)
    case param(String)
    case tag(String)
    /// `name`, `digest` or `context`.
    case dataset(String)
}

/// By what a search is sorted.
package struct SearchOrder: Sendable, Hashable {
    package let field: SearchField
    package let isAscending: Bool
    /// For a metric: that of this data set only; either may be missing.
    package var datasetName: String?
    package var datasetDigest: String?

    package init(field: SearchField, isAscending: Bool, datasetName: String? = nil, datasetDigest: String? = nil) {
        self.field = field
        self.isAscending = isAscending
        self.datasetName = datasetName
        self.datasetDigest = datasetDigest
    }
}

/// A search, and which part of what it finds is wanted.
package struct SearchRequest: Sendable {
    package var filter = SearchFilter()
    package var order: [SearchOrder] = []
    package var view = LifecycleView.active
    /// How many are passed over.
    package var offset = 0
    package var limit = 1000

    package init() {}
}

/// Part of what a search found.
package struct SearchPage<Item: Sendable>: Sendable {
    package let items: [Item]
    /// Where the next part begins; `nil` when this was the last.
    package let nextOffset: Int?

    package init(items: [Item], nextOffset: Int?) {
        self.items = items
        self.nextOffset = nextOffset
    }
}
