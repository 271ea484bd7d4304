// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

extension SearchGrammar {
    /// The most bytes of a filter, and comparisons in it. A database takes only so many.
    static let longestFilter = 65_536
    static let mostConditions = 100
    static let mostListed = 1000

    /// `metrics.auc > 0.9 AND params.kind = 'tree'`: comparisons, joined by AND.
    ///
    /// - Throws: `TRK-007` saying where it stops being one.
    package func filter(_ text: String) throws(Refusal) -> SearchFilter {
        guard text.utf8.count <= Self.longestFilter else {
            throw unreadableSearch(
                "The filter has \(text.utf8.count) bytes, and at most \(Self.longestFilter) are read.")
        }
        guard !text.isEmpty else { return SearchFilter() }
        var reader = SearchReader(text)
        var conditions: [SearchCondition] = []
        repeat {
            conditions.append(try condition(&reader))
            guard conditions.count <= Self.mostConditions else {
                throw unreadableSearch("The filter has more than \(Self.mostConditions) comparisons.")
            }
        } while reader.take(word: "AND")
        guard reader.isAtEnd else { throw reader.unexpected("AND, or the end") }
        return SearchFilter(conditions)
    }

    /// `metrics.auc DESC`, `attributes.start_time`; without a direction upwards.
    ///
    /// - Throws: `TRK-007`.
    package func order(_ text: String) throws(Refusal) -> SearchOrder {
        guard text.utf8.count <= Self.longestFilter else { throw unreadableSearch("The order is too long.") }
        var reader = SearchReader(text)
        let field = try field(&reader, isOrder: true)
        let isDescending = reader.take(word: "DESC")
        if !isDescending { _ = reader.take(word: "ASC") }
        guard reader.isAtEnd else { throw reader.unexpected("ASC, DESC, or the end") }
        return SearchOrder(field: field, isAscending: !isDescending)
    }

    private func condition(_ reader: inout SearchReader) throws(Refusal) -> SearchCondition {
        let field = try field(&reader, isOrder: false)
        if reader.take(word: "IS") {
            let isNegated = reader.take(word: "NOT")
            guard reader.take(word: "NULL") else { throw reader.unexpected("NULL") }
            switch field {
            case .param, .tag: return SearchCondition(field: field, test: isNegated ? .isPresent : .isMissing)
            default: throw unreadableSearch("Only parameters and tags can be NULL.")
            }
        }
        let isNegated = reader.take(word: "NOT")
        if reader.take(word: "IN") {
            guard isListed(field) else { throw unreadableSearch("\(field.spoken) cannot be searched with IN.") }
            let texts = try reader.list(atMost: Self.mostListed)
            return SearchCondition(field: field, test: isNegated ? .isNoneOf(texts) : .isOneOf(texts))
        }
        guard !isNegated else { throw reader.unexpected("IN") }
        if isNumber(field) {
            let comparison = try reader.comparison()
            // Versions are texts elsewhere, and clients put them into quotes here too.
            let mayBeQuoted = field == .attribute("version_number")
            return SearchCondition(field: field, test: .number(comparison, try reader.number(orQuoted: mayBeQuoted)))
        }
        for (word, ignoringCase) in [("LIKE", false), ("ILIKE", true)] where reader.take(word: word) {
            return SearchCondition(field: field, test: .like(pattern: try reader.text(), ignoringCase: ignoringCase))
        }
        let comparison = try reader.comparison()
        guard comparison == .equal || comparison == .unequal else {
            throw unreadableSearch("\(field.spoken) is text, and is compared with =, !=, LIKE or ILIKE.")
        }
        return SearchCondition(field: field, test: .text(comparison, try reader.text()))
    }

    /// `entity.key`, or the name of an attribute alone.
    private func field(_ reader: inout SearchReader, isOrder: Bool) throws(Refusal) -> SearchField {
        let (entity, key) = try reader.identifier()
        guard let entity else { return try attribute(key, isOrder: isOrder) }
        guard let known = entities[entity] else {
            throw unreadableSearch("There is no “\(entity.prefix(100))” to search by.")
        }
        switch known {
        case .attribute: return try attribute(key, isOrder: isOrder)
        case .metric: return .metric(key)
        case .param: return .param(key)
        case .tag: return .tag(key)
        case .dataset:
            guard ["name", "digest", "context"].contains(key), !isOrder else {
                throw unreadableSearch("Data sets are searched by name, digest and context, and not sorted by.")
            }
            return .dataset(key)
        }
    }

    private func attribute(_ key: String, isOrder: Bool) throws(Refusal) -> SearchField {
        guard let name = isOrder ? sortable[key] : attributes[key]?.name else {
            throw unreadableSearch("There is no attribute “\(key.prefix(100))” to search by.")
        }
        return .attribute(name)
    }

    private func isNumber(_ field: SearchField) -> Bool {
        switch field {
        case .metric: true
        case .attribute(let name): attributes.values.contains { $0.name == name && $0.kind == .number }
        case .param, .tag, .dataset: false
        }
    }

    private func isListed(_ field: SearchField) -> Bool {
        switch field {
        case .attribute(let name): listed.contains(name)
        case .dataset: listed.contains("dataset")
        case .param, .tag: listsTexts
        case .metric: false
        }
    }
}

extension SearchField {
    fileprivate var spoken: String {
        switch self {
        case .attribute(let name): "The attribute \(name)"
        case .metric(let key): "The metric “\(key.prefix(100))”"
        case .param(let key): "The parameter “\(key.prefix(100))”"
        case .tag(let key): "The tag “\(key.prefix(100))”"
        case .dataset(let name): "A data set's \(name)"
        }
    }
}

func unreadableSearch(_ message: String) -> Refusal {
    Refusal(
        .searchUnreadable, .invalidInput, message,
        hint: "Write comparisons such as metrics.auc > 0.9 AND params.kind = 'tree' AND tags.team LIKE 'a%'.")
}
