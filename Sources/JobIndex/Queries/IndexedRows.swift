import Documents
import GRDB
import Jobs
import OrderedCollections

// Reads rows by position. A row with a word that this version does not know is nil, and is left out.

extension Row {
    func time(_ index: Int) -> Timestamp? {
        let milliseconds: Int64? = self[index]
        return milliseconds.map(Timestamp.init(milliseconds:))
    }
}

extension JobSummary {
    /// The rows of a query that selects ``RowWriter/jobColumns``.
    static func fetchAll(_ database: Database, sql: String, arguments: StatementArguments) throws -> [JobSummary] {
        var summaries: [JobSummary] = []
        let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
        while let row = try rows.next() {
            if let summary = JobSummary(row: row) { summaries.append(summary) }
        }
        return summaries
    }

    init?(row: Row) {
        guard let state = State(rawValue: row[4]) else { return nil }
        self.init(job: row[0], name: row[1], queue: row[2], state: state)
        workflow = row[3]
        outcome = row[5]
        reason = row[6]
        let labels: String = row[7]
        if labels != "{}", let members = (try? JSONParser.parse(labels))?.object {
            self.labels = members.compactMapValues(\.string)
        }
        owner = row[8]
        acceptedAt = row.time(9)
        startedAt = row.time(10)
        finishedAt = row.time(11)
        dueAt = row.time(12)
        step = row[13]
        attempts = row[14]
        tokens = row[15]
        costUSD = row[16]
        seq = row[17]
        why = row[18]
        let truncated: Int = row[19]
        isTruncated = truncated != 0
        ownerUID = row[20]
        let delivery: String? = row[21]
        self.delivery = delivery.flatMap(DeliveryPlan.Status.init)
        deliveryReason = row[22]
    }
}

extension IndexedStep {
    init?(row: Row) {
        guard let kind = StepKind(rawValue: row[1]),
            let status = StepLedger.Status(rawValue: row[2])
        else { return nil }
        let failureClass: String? = row[7]
        self.init(
            path: row[0],
            kind: kind,
            status: status,
            attempts: row[3],
            startedAt: row.time(4),
            finishedAt: row.time(5),
            durationMilliseconds: row[6],
            failureClass: failureClass.flatMap(FailureClass.init),
            message: row[8],
            seq: row[9]
        )
    }
}

extension IndexedCall {
    /// A row of a query that selects ``RowWriter/callColumns(_:)``.
    init?(row: Row) {
        guard let status = Status(rawValue: row[6]) else { return nil }
        let effect: String? = row[4]
        let failureClass: String? = row[8]
        self.init(
            seq: row[16],
            step: row[1],
            name: row[3],
            attempt: row[2],
            effect: effect.flatMap(Effect.init),
            arguments: row[5],
            status: status,
            output: row[7],
            failureClass: failureClass.flatMap(FailureClass.init),
            message: row[9],
            durationMilliseconds: row[10],
            inputTokens: row[11],
            cachedInputTokens: row[12],
            outputTokens: row[13],
            costUSD: row[14],
            at: Timestamp(milliseconds: row[15])
        )
    }
}
