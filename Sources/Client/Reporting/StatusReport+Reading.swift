import Documents
import Jobs
import Spool

extension StatusReport {
    /// Reads the report that the API gives, except for the lines about the inboxes.
    init(json: JSON, at time: Timestamp) {
        self.init(spool: json["spool"]?.string ?? "", at: time)
        for queue in json["queues"]?.array ?? [] {
            guard let name = queue["queue"]?.string else { continue }
            for state in JobSummary.State.allCases {
                guard let tally = queue[state.rawValue], let count = tally["count"]?.int else { continue }
                add(count, tally["oldest_at"]?.string.flatMap(Timestamp.init(text:)), name, state)
            }
        }
        nodes = (json["nodes"]?.array ?? []).map { node in
            let holder = node["pid"]?.int.map { pid in
                NodeLock.Holder(
                    pid: pid,
                    host: node["host"]?.string ?? "",
                    startedAt: node["started_at"]?.string.flatMap(Timestamp.init(text:))
                )
            }
            return (node["node"]?.string ?? "", node["alive"]?.bool ?? false, holder)
        }
        func rows(_ name: String) -> [JobSummary] { (json[name]?.array ?? []).compactMap(JobSummary.init(json:)) }
        (stuck, suspects, waits) = (rows("stuck"), rows("suspects"), rows("waits"))
        failedLines = rows("failed_lines")
        undelivered = (json["undelivered"]?.array ?? []).compactMap { json in
            var row = JobSummary(json: json)
            row?.deliveryReason = json["delivery_reason"]?.string
            return row
        }
        notes = (json["notes"]?.array ?? []).compactMap(\.string)
        answer = json
    }
}
