// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain

/// Where a kind of thing has what searches look at. Statements name the thing's own table as ``SQLSearch`` expects it.
struct SearchSubject {
    /// Expressions by the names of attributes.
    let attributes: [String: String]
    var tags: KeyedTable?
    var params: KeyedTable?
    var metrics: KeyedTable?
    /// A tag that stands for false where it is not there.
    var optionalFlag: String?

    /// A table with `key` and `value`, and how its rows belong to the thing: `%.run = run.number`, with `%` for the table.
    struct KeyedTable {
        let name: String
        let match: String

        func match(as alias: String) -> String { match.replacing("%", with: alias) }
    }
}

/// Turns a search into SQL. Whatever a caller wrote becomes a parameter, and never a part of a statement.
struct SQLSearch {
    let subject: SearchSubject
    let dialect: SQLDialect
    /// Points of other data sets do not count; empty for any.
    var datasets: [DatasetKey] = []
    private(set) var parameters: [String: SQLValue] = [:]
    private var aliasCount = 0

    init(_ subject: SearchSubject, dialect: SQLDialect) {
        self.subject = subject
        self.dialect = dialect
    }

    /// A name for a value, with its colon.
    mutating func parameter(_ value: SQLValue) -> String {
        let name = "s\(parameters.count)"
        parameters[name] = value
        return ":\(name)"
    }

    /// All conditions, each behind its `AND`.
    mutating func conditions(_ filter: SearchFilter) throws -> String {
        try filter.conditions.map { " AND (\(try condition($0)))" }.joined()
    }

    /// What has to be joined for an order, and the terms of `ORDER BY`. Missing values are last in either direction.
    mutating func order(_ orders: [SearchOrder]) throws -> (joins: String, terms: [String]) {
        var joins = ""
        var terms: [String] = []
        for order in orders {
            let direction = order.isAscending ? "ASC" : "DESC"
            if case .attribute(let name) = order.field {
                let column = try column(name)
                terms += ["CASE WHEN \(column) IS NULL THEN 1 ELSE 0 END", "\(column) \(direction)"]
                continue
            }
            let (table, key, isMetric) = try keyed(order.field)
            let alias = newAlias()
            var narrowed = ""
            if let name = order.datasetName { narrowed += " AND \(alias).dataset_name = \(parameter(.text(name)))" }
            if let digest = order.datasetDigest {
                narrowed += " AND \(alias).dataset_digest = \(parameter(.text(digest)))"
            }
            joins +=
                " LEFT JOIN \(table.name) AS \(alias) ON \(table.match(as: alias))"
                + " AND \(alias).key = \(parameter(.text(key)))\(narrowed)"
            let rank =
                isMetric
                ? "CASE WHEN \(alias).value IS NULL THEN 2 WHEN \(alias).kind = \(MetricKind.nan) THEN 1 ELSE 0 END"
                : "CASE WHEN \(alias).value IS NULL THEN 1 ELSE 0 END"
            terms += [rank, "\(alias).value \(direction)"]
        }
        return (joins, terms)
    }

    private mutating func condition(_ condition: SearchCondition) throws -> String {
        switch condition.field {
        case .attribute(let name): return test(condition.test, on: try column(name))
        case .dataset(let name): return datasetCondition(name, condition.test)
        case .metric, .param, .tag: break
        }
        let (table, key, isMetric) = try keyed(condition.field)
        let alias = newAlias()
        let keyName = parameter(.text(key))
        func exists(_ test: String) -> String {
            "EXISTS (SELECT 1 FROM \(table.name) AS \(alias) WHERE \(table.match(as: alias)) AND \(alias).key = \(keyName)"
                + "\(test.isEmpty ? "" : " AND \(test)"))"
        }
        switch condition.test {
        case .isPresent: return exists("")
        case .isMissing: return "NOT \(exists(""))"
        // Not there stands for false.
        case .text(.unequal, let text) where isOptionalFlag(condition.field) && text != "false":
            return "NOT \(exists("\(alias).value = \(parameter(.text(text)))"))"
        case .text(.equal, "false") where isOptionalFlag(condition.field):
            return "NOT \(exists("\(alias).value <> \(parameter(.text("false")))"))"
        default:
            let compared = test(condition.test, on: "\(alias).value")
            guard isMetric else { return exists(compared) }
            // What is no number is unlike any, and neither above nor below.
            let number =
                if case .number(.unequal, _) = condition.test {
                    "(\(alias).kind = \(MetricKind.nan) OR \(compared))"
                } else {
                    "\(alias).kind <> \(MetricKind.nan) AND \(compared)"
                }
            return exists("\(number)\(ofWantedDatasets(alias))")
        }
    }

    private mutating func test(_ test: SearchCondition.Test, on column: String) -> String {
        switch test {
        case .number(let comparison, let value):
            // What is beyond every number is compared with the greatest there is, as it is kept.
            let bound =
                value.isInfinite ? (value < 0 ? -Double.greatestFiniteMagnitude : .greatestFiniteMagnitude) : value
            return "\(column) \(comparison.sql) \(parameter(.real(bound)))"
        case .text(let comparison, let text): return "\(column) \(comparison.sql) \(parameter(.text(text)))"
        case .like(let pattern, let ignoringCase):
            let (sql, pattern) = dialect.like(column, pattern, ignoringCase: ignoringCase)
            return sql.replacing("%", with: parameter(.text(pattern)))
        case .isOneOf(let texts): return "\(column) IN (\(list(texts)))"
        case .isNoneOf(let texts): return "\(column) NOT IN (\(list(texts)))"
        case .isMissing: return "\(column) IS NULL"
        case .isPresent: return "\(column) IS NOT NULL"
        }
    }

    private mutating func list(_ texts: [String]) -> String {
        texts.map { parameter(.text($0)) }.joined(separator: ", ")
    }

    private mutating func datasetCondition(_ name: String, _ condition: SearchCondition.Test) -> String {
        let read = "FROM run_dataset JOIN dataset ON dataset.number = run_dataset.dataset"
        guard name == "context" else {
            return
                "EXISTS (SELECT 1 \(read) WHERE run_dataset.run = run.number AND \(test(condition, on: "dataset.\(name)")))"
        }
        let key = parameter(.text(DatasetInput.contextTag))
        return "EXISTS (SELECT 1 FROM run_dataset_tag AS tag WHERE tag.run = run.number AND tag.key = \(key) AND "
            + "\(test(condition, on: "tag.value")))"
    }

    /// Whether there is any metric of the data sets that are wanted.
    mutating func measuredOnWantedDatasets() -> String {
        guard !datasets.isEmpty, let metrics = subject.metrics else { return "" }
        let alias = newAlias()
        return " AND EXISTS (SELECT 1 FROM \(metrics.name) AS \(alias) WHERE \(metrics.match(as: alias))"
            + "\(ofWantedDatasets(alias)))"
    }

    private mutating func ofWantedDatasets(_ alias: String) -> String {
        guard !datasets.isEmpty else { return "" }
        let wanted = datasets.map { dataset in
            let name = "\(alias).dataset_name = \(parameter(.text(dataset.name)))"
            guard !dataset.digest.isEmpty else { return name }
            return "(\(name) AND \(alias).dataset_digest = \(parameter(.text(dataset.digest))))"
        }
        return " AND (\(wanted.joined(separator: " OR ")))"
    }

    private func isOptionalFlag(_ field: SearchField) -> Bool { field == subject.optionalFlag.map(SearchField.tag) }

    private mutating func newAlias() -> String {
        aliasCount += 1
        return "k\(aliasCount)"
    }

    private func column(_ attribute: String) throws -> String {
        guard let column = subject.attributes[attribute] else { throw notSearchable(attribute) }
        return column
    }

    private func keyed(_ field: SearchField) throws -> (SearchSubject.KeyedTable, key: String, isMetric: Bool) {
        switch field {
        case .metric(let key): if let table = subject.metrics { return (table, key, true) }
        case .param(let key): if let table = subject.params { return (table, key, false) }
        case .tag(let key): if let table = subject.tags { return (table, key, false) }
        case .attribute, .dataset: break
        }
        throw notSearchable("\(field)")
    }

    private func notSearchable(_ what: String) -> Refusal {
        Refusal(.searchUnreadable, .invalidInput, "This cannot be searched or sorted by \(what.prefix(100)).")
    }
}

extension SearchCondition.Comparison {
    fileprivate var sql: String { self == .unequal ? "<>" : rawValue }
}

/// Which number a metric is: a database keeps none that is not finite.
enum MetricKind {
    static let finite = 0
    static let nan = 1
    static let positiveInfinity = 2
    static let negativeInfinity = 3

    static func of(_ value: Double) -> (value: Double, kind: Int) {
        if value.isNaN { return (0, nan) }
        if value == .infinity { return (.greatestFiniteMagnitude, positiveInfinity) }
        if value == -.infinity { return (-.greatestFiniteMagnitude, negativeInfinity) }
        return (value, finite)
    }

    static func value(_ value: Double, kind: Int) -> Double {
        switch kind {
        case nan: .nan
        case positiveInfinity: .infinity
        case negativeInfinity: -.infinity
        default: value
        }
    }
}
