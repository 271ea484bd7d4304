// SPDX-License-Identifier: Apache-2.0
internal import ExperimentTracking
internal import ModelDomain

/// Metrics: of each its newest point and how many there are, and every point behind that.
extension SQLTrackingTransaction {
    func latestMetrics(of runs: [Int64]) throws -> [Int64: [MetricPoint]] {
        guard !runs.isEmpty else { return [:] }
        var metrics: [Int64: [MetricPoint]] = [:]
        for row in try transaction.rows(
            """
            SELECT run, key, value, kind, timestamp_ms, step, model, dataset_name, dataset_digest FROM run_metric
            WHERE \(transaction.dialect.isAmong("run", ":list")) ORDER BY run, key
            """, ["list": .list(runs)])
        {
            metrics[try row.integer64("run"), default: []].append(try MetricPoint(row, key: try row.text("key")))
        }
        return metrics
    }

    func pointCount(of key: String, in run: RunID) throws -> Int {
        try transaction.rows(
            "SELECT points FROM run_metric WHERE run = (SELECT number FROM run WHERE id = :id) AND key = :key",
            ["id": .text(run.text), "key": .text(key)]
        ).first?.integer("points") ?? 0
    }

    func setMetric(_ point: MetricPoint, measuredBy run: RunID) throws {
        try appendToModel(point, try number(of: run))
    }

    func metricHistory(_ key: String, of run: RunID, offset: Int, limit: Int) throws -> [MetricPoint] {
        guard let series = try series(key, of: run) else { return [] }
        // Points that came in their order, as nearly all do, are found by position: none is read to be passed over.
        let part =
            series.isInOrder
            ? "AND position >= :offset ORDER BY position LIMIT :limit"
            : "ORDER BY timestamp_ms, step, value, position LIMIT :limit OFFSET :offset"
        return try transaction.rows(
            """
            SELECT value, kind, timestamp_ms, step, model, dataset_name, dataset_digest FROM metric_point
            WHERE run = :run AND metric = :metric \(part)
            """, series.parameters.merging(["offset": SQLValue(offset), "limit": SQLValue(limit)]) { $1 }
        ).map { try MetricPoint($0, key: key) }
    }

    func metricSample(
        _ key: String, of run: RunID, steps: ClosedRange<Int64>?, limit: Int
    ) throws -> [MetricPoint] {
        guard let series = try series(key, of: run) else { return [] }
        var parameters = series.parameters
        var range = ""
        if let steps {
            range = " AND step BETWEEN :low AND :high"
            parameters["low"] = .integer(steps.lowerBound)
            parameters["high"] = .integer(steps.upperBound)
        }
        let bounds = try transaction.rows(
            """
            SELECT COUNT(*) AS points, MIN(step) AS low, MAX(step) AS high FROM metric_point
            WHERE run = :run AND metric = :metric\(range)
            """, parameters)
        guard let bounds = bounds.first, try bounds.integer("points") > 0 else { return [] }
        let (low, high) = (try bounds.integer64("low"), try bounds.integer64("high"))
        // Steps fall into as many parts of equal width as points are wanted; of each part the first and of each step the
        // newest counts. They are found by position: a planner that knows nothing of the table yet joins it with itself
        // point by point.
        let (span, isTooWide) = high.subtractingReportingOverflow(low)
        let width = UInt64(bitPattern: span) / UInt64(max(1, limit - 1))
        parameters["width"] = .integer(max(1, Int64(clamping: width)))
        parameters["last"] = .integer(high)
        parameters["first"] = .integer(isTooWide ? 0 : low)
        let positions = try transaction.rows(
            """
            SELECT newest FROM (
                SELECT one_step, newest,
                    ROW_NUMBER() OVER (PARTITION BY (one_step - :first) / :width ORDER BY one_step) AS place
                FROM (
                    SELECT step AS one_step, MAX(position) AS newest FROM metric_point
                    WHERE run = :run AND metric = :metric\(range) GROUP BY step
                ) AS each_step
            ) AS each_part
            WHERE place = 1 OR one_step = :last
            """, parameters
        ).map { try $0.integer64("newest") }
        let rows = try transaction.rows(
            """
            SELECT value, kind, timestamp_ms, step, model, dataset_name, dataset_digest FROM metric_point
            WHERE run = :run AND metric = :metric AND \(transaction.dialect.isAmong("position", ":list"))
            ORDER BY step
            """, series.parameters.merging(["list": .list(positions)]) { $1 })
        return try rows.map { try MetricPoint($0, key: key) }
    }

    func append(_ points: [MetricPoint], to run: RunID) throws {
        guard !points.isEmpty else { return }
        let number = try number(of: run)
        // By metric in the order in which each first came, so that the same call always numbers them alike.
        var keys: [String] = []
        var byKey: [String: [MetricPoint]] = [:]
        for point in points {
            if byKey[point.key] == nil { keys.append(point.key) }
            byKey[point.key, default: []].append(point)
        }
        for key in keys {
            if let points = byKey[key] { try append(points, key, number) }
        }
        for point in points { try appendToModel(point, number) }
    }

    private func append(_ points: [MetricPoint], _ key: String, _ run: Int64) throws {
        var metric: [String: SQLValue] = ["run": .integer(run), "key": .text(key)]
        let known = try transaction.rows(
            """
            SELECT metric, points, in_order, value, kind, timestamp_ms, step FROM run_metric
            WHERE run = :run AND key = :key
            """, metric
        ).first
        var newest = try known.map { try MetricPoint($0, key: key) }
        for point in points where newest.map(point.isNewer(than:)) ?? true { newest = point }
        let count = try known?.integer64("points") ?? 0
        let number =
            try known?.integer64("metric")
            ?? transaction.rows(
                "SELECT COUNT(*) AS metrics FROM run_metric WHERE run = :run", ["run": .integer(run)]
            ).first?.integer64("metrics") ?? 0
        guard let newest else { return }
        metric.merge(newest.parameters) { $1 }
        metric["metric"] = .integer(number)
        metric["points"] = .integer(count + Int64(points.count))
        let isInOrder = try known.map { try $0.integer("in_order") == 1 } ?? true
        let last = isInOrder && count > 0 ? try point(at: count - 1, of: number, key, run) : nil
        metric["inOrder"] = .integer(isInOrder && areInOrder((last.map { [$0] } ?? []) + points) ? 1 : 0)
        try transaction.execute(
            """
            INSERT INTO run_metric
                (run, key, metric, points, in_order, value, kind, timestamp_ms, step, model, dataset_name, dataset_digest)
            VALUES (:run, :key, :metric, :points, :inOrder, :value, :kind, :timestamp, :step, :model, :datasetName,
                :datasetDigest)
            ON CONFLICT (run, key) DO UPDATE SET points = excluded.points, in_order = excluded.in_order, value = excluded.value,
                kind = excluded.kind, timestamp_ms = excluded.timestamp_ms, step = excluded.step,
                model = excluded.model, dataset_name = excluded.dataset_name,
                dataset_digest = excluded.dataset_digest
            """, metric)
        for (index, point) in points.enumerated() {
            try transaction.execute(
                """
                INSERT INTO metric_point
                    (run, metric, position, value, kind, timestamp_ms, step, model, dataset_name, dataset_digest)
                VALUES (:run, :metric, :position, :value, :kind, :timestamp, :step, :model, :datasetName,
                    :datasetDigest)
                """,
                point.parameters.merging([
                    "run": .integer(run), "metric": .integer(number), "position": .integer(count + Int64(index)),
                ]) { $1 })
        }
    }

    private func point(at position: Int64, of metric: Int64, _ key: String, _ run: Int64) throws -> MetricPoint? {
        try transaction.rows(
            """
            SELECT value, kind, timestamp_ms, step FROM metric_point
            WHERE run = :run AND metric = :metric AND position = :position
            """, ["run": .integer(run), "metric": .integer(metric), "position": .integer(position)]
        ).first.map { try MetricPoint($0, key: key) }
    }

    /// A point that measures a logged model is one of that model's metrics too.
    private func appendToModel(_ point: MetricPoint, _ run: Int64) throws {
        guard let model = point.model else { return }
        guard let number = try number(of: model) else { throw TrackingError.unknownLoggedModel(model.text) }
        var place: [String: SQLValue] = [
            "owner": .integer(number), "key": .text(point.key), "run": .integer(run),
            "datasetName": .text(point.dataset?.name ?? ""), "datasetDigest": .text(point.dataset?.digest ?? ""),
        ]
        let known = try transaction.rows(
            """
            SELECT value, kind, timestamp_ms, step FROM logged_model_metric WHERE owner = :owner AND key = :key
                AND run = :run AND dataset_name = :datasetName AND dataset_digest = :datasetDigest
            """, place
        ).first.map { try MetricPoint($0, key: point.key) }
        if let known, !point.isNewer(than: known) { return }
        let (value, kind) = MetricKind.of(point.value)
        place.merge(
            [
                "value": .real(value), "kind": SQLValue(kind), "timestamp": .integer(point.timestamp),
                "step": .integer(point.step),
            ]) { $1 }
        try transaction.execute(
            """
            INSERT INTO logged_model_metric
                (owner, key, dataset_name, dataset_digest, run, value, kind, timestamp_ms, step)
            VALUES (:owner, :key, :datasetName, :datasetDigest, :run, :value, :kind, :timestamp, :step)
            ON CONFLICT (owner, key, dataset_name, dataset_digest, run) DO UPDATE SET value = excluded.value,
                kind = excluded.kind, timestamp_ms = excluded.timestamp_ms, step = excluded.step
            """, place)
    }

    /// A metric of a run by their numbers.
    private struct Series {
        let parameters: [String: SQLValue]
        /// Whether its points came by time, step and value.
        let isInOrder: Bool
    }

    private func series(_ key: String, of run: RunID) throws -> Series? {
        try transaction.rows(
            """
            SELECT run_metric.run, run_metric.metric, run_metric.in_order FROM run JOIN run_metric ON run_metric.run = run.number
            WHERE run.id = :id AND run_metric.key = :key
            """, ["id": .text(run.text), "key": .text(key)]
        ).first.map { row in
            Series(
                parameters: [
                    "run": .integer(try row.integer64("run")), "metric": .integer(try row.integer64("metric")),
                ], isInOrder: try row.integer("in_order") == 1)
        }
    }
}

private func areInOrder(_ points: [MetricPoint]) -> Bool {
    zip(points, points.dropFirst()).allSatisfy { first, second in
        if first.timestamp != second.timestamp { return first.timestamp < second.timestamp }
        if first.step != second.step { return first.step < second.step }
        return MetricKind.of(first.value).value <= MetricKind.of(second.value).value
    }
}

extension MetricPoint {
    /// Without its key, which stands once for all of a metric.
    fileprivate var parameters: [String: SQLValue] {
        let (value, kind) = MetricKind.of(value)
        return [
            "value": .real(value), "kind": SQLValue(kind), "timestamp": .integer(timestamp), "step": .integer(step),
            "model": SQLValue(model?.text), "datasetName": SQLValue(dataset?.name),
            "datasetDigest": SQLValue(dataset?.digest),
        ]
    }

    init(_ row: SQLRow, key: String) throws {
        self.init(
            key: key, value: MetricKind.value(try row.real("value"), kind: try row.integer("kind")),
            timestamp: try row.integer64("timestamp_ms"), step: try row.integer64("step"))
        model = try row.textIfAny("model").flatMap(LoggedModelID.init)
        if let name = try row.textIfAny("dataset_name"), let digest = try row.textIfAny("dataset_digest"), !name.isEmpty
        {
            dataset = DatasetKey(name: name, digest: digest)
        }
    }
}
