import Documents
import OrderedCollections

extension HistoryRecord {
    func append(_ acceptance: Acceptance, to bytes: inout [UInt8]) {
        bytes.append(member: "name", acceptance.name)
        bytes.append(member: "file", acceptance.file)
        bytes.append(member: "kind", acceptance.kind.rawValue)
        bytes.append(member: "size", acceptance.size)
        bytes.append(member: "lines", acceptance.lines)
        bytes.append(member: "form", acceptance.form?.text)
        bytes.append(member: "sha256", acceptance.sha256)
        bytes.append(member: "owner_uid", acceptance.ownerUID)
        bytes.append(member: "owner", acceptance.owner)
        bytes.append(member: "queue", acceptance.queue)
        bytes.append(member: "workflow", acceptance.workflow)
        bytes.append(member: "priority", acceptance.priority)
        bytes.append(member: "run_at", acceptance.runAt?.text)
        bytes.append(member: "deadline", acceptance.deadline?.text)
        if !acceptance.labels.isEmpty {
            bytes.append(member: "labels", .object(acceptance.labels.mapValues(JSON.string)))
        }
        bytes.append(member: "limits", acceptance.limits.json)
        bytes.append(member: "idempotency_key", acceptance.idempotencyKey)
        bytes.append(member: "input_sha256", acceptance.inputSHA256)
        bytes.append(member: "text_max", acceptance.textMax)
        bytes.append(member: "resume_from", acceptance.resumeFrom?.text)
        bytes.append(member: "turn", acceptance.turn?.text)
        bytes.append(member: "delivery", acceptance.delivery)
        bytes.append(member: "definition", acceptance.definition)
    }
}

extension Acceptance {
    init?(json: JSON) {
        guard let name = json["name"]?.string, let file = json["file"]?.string,
            let kind = json["kind"]?.string.flatMap(Kind.init), let size = json["size"]?.int,
            let sha256 = json["sha256"]?.string, let ownerUID = json["owner_uid"]?.int,
            let owner = json["owner"]?.string, let queue = json["queue"]?.string,
            let workflow = json["workflow"]?.string, let definition = json["definition"]
        else { return nil }
        self.init(
            name: name,
            file: file,
            kind: kind,
            size: size,
            sha256: sha256,
            ownerUID: ownerUID,
            owner: owner,
            queue: queue,
            workflow: workflow,
            definition: definition
        )
        lines = json["lines"]?.int
        form = json["form"]?.string.flatMap(BatchFormat.init(text:))
        priority = json["priority"]?.int ?? 0
        runAt = json["run_at"]?.string.flatMap(Timestamp.init(text:))
        deadline = json["deadline"]?.string.flatMap(Timestamp.init(text:))
        labels = (json["labels"]?.object ?? [:]).compactMapValues(\.string)
        limits = Limits(json: json["limits"])
        idempotencyKey = json["idempotency_key"]?.string
        inputSHA256 = json["input_sha256"]?.string
        textMax = json["text_max"]?.int
        resumeFrom = json["resume_from"]?.string.flatMap(JobID.init)
        turn = json["turn"]?.string.flatMap(JobID.init)
        delivery = json["delivery"]
    }
}
