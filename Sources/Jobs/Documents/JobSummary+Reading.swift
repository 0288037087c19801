package import Documents
import OrderedCollections

extension JobSummary {
    /// Reads a row as `json` gives it; nil for any other value.
    ///
    /// What a row does not show is not known: the owner's uid, the delivery's reason and the number of the record.
    package init?(json: JSON) {
        guard let name = json["name"]?.string, let queue = json["queue"]?.string,
            let state = json["state"]?.string.flatMap(State.init)
        else { return nil }
        self.init(job: json["job"]?.string ?? "", name: name, queue: queue, state: state)
        func time(_ name: String) -> Timestamp? { json[name]?.string.flatMap(Timestamp.init(text:)) }
        workflow = json["workflow"]?.string
        outcome = json["outcome"]?.string
        reason = json["reason"]?.string
        why = json["why"]?.string
        labels = json["labels"]?.object?.compactMapValues(\.string) ?? [:]
        owner = json["owner"]?.string
        (acceptedAt, startedAt) = (time("accepted_at"), time("started_at"))
        (finishedAt, dueAt) = (time("finished_at"), time("due_at"))
        step = json["step"]?.string
        attempts = json["attempts"]?.int ?? 0
        tokens = json["tokens"]?.int ?? 0
        costUSD = json["cost_usd"]?.double ?? 0
        isTruncated = json["truncated"]?.bool ?? false
        delivery = json["delivery"]?.string.flatMap(DeliveryPlan.Status.init)
    }
}
