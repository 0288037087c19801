package import Documents
package import OrderedCollections

/// A job document: what a `.json`, `.yaml` or `.yml` drop asks for (docs/formats.md, section 3).
package struct JobDocument: Sendable, Equatable {
    package var workflow: String?
    package var input: JSON = .null
    package var idempotencyKey: String?
    /// An earlier job; this job takes over its finished steps that asked the same.
    package var resumeFrom: JobID?
    /// 0 to 9, 9 first, within the queue.
    package var priority: Int?
    package var runAfter: Moment?
    package var deadline: Moment?
    package var labels: OrderedDictionary<String, String> = [:]
    package var limits = Limits()

    /// A time, or a duration that counts from acceptance.
    package enum Moment: Sendable, Equatable {
        case after(Duration)
        case at(Timestamp)

        package func resolved(from start: Timestamp) -> Timestamp {
            switch self {
            case .after(let duration): start + duration
            case .at(let time): time
            }
        }
    }

    package static let members = [
        "workflow", "input", "idempotency_key", "priority", "run_after", "deadline", "labels", "limits",
        "resume_from",
    ]

    package init() {}

    /// Reads a document.
    ///
    /// - Throws: ``DocumentError`` naming line, member and what was expected.
    package init(_ document: Document) throws(DocumentError) {
        let reader = try MemberReader(document)
        try reader.allowOnly(Self.members)
        workflow = try reader.string("workflow")
        input = reader.value["input"] ?? .null
        idempotencyKey = try reader.optional("idempotency_key", "a string of 1 to 512 characters") { value in
            value.string.flatMap { (1...512).contains($0.count) ? $0 : nil }
        }
        resumeFrom = try reader.optional("resume_from", "the id of a job") { $0.string.flatMap(JobID.init) }
        priority = try reader.int("priority", in: 0...9)
        runAfter = try Self.moment("run_after", reader)
        deadline = try Self.moment("deadline", reader)
        labels =
            try reader.optional("labels", "an object whose values are strings") { value in
                guard let members = value.object else { return nil }
                let strings = members.compactMapValues { value in
                    value.string ?? (value.int != nil || value.bool != nil ? value.text : nil)
                }
                return strings.count == members.count ? strings : nil
            } ?? [:]
        if let limits = try reader.object("limits") { self.limits = try Limits(limits) }
    }

    /// A digest of the workflow and the input, the same for every format and order of members.
    ///
    /// The start time and the limits do not make a document another request.
    ///
    /// - Parameter workflow: The workflow that runs: the document's, or its queue's.
    package func requestSHA256(workflow: String) -> String {
        let request: JSON = ["workflow": .string(workflow), "input": input.withSortedMembers]
        return request.sha256
    }

    /// Whether the writer of a value meant it as a job document.
    ///
    /// It is an object with nothing but a document's members (one may be misspelled), `input` or `workflow` among them.
    /// It also has what a line of prose with a colon in it has not: two members, or an input that is an object or a
    /// list.
    package static func isMeant(_ value: JSON) -> Bool {
        guard let object = value.object, object["input"] != nil || object["workflow"] != nil else { return false }
        let unknown = object.keys.filter { !members.contains($0) }
        let isMisspelled = unknown.allSatisfy { name in members.contains { $0.editDistance(to: name) <= 2 } }
        guard unknown.count <= 1, isMisspelled else { return false }
        if object.count > 1 { return true }
        switch object["input"] {
        case .object, .array: return true
        default: return false
        }
    }

    private static func moment(_ name: String, _ reader: MemberReader) throws(DocumentError) -> Moment? {
        try reader.optional(name, "a duration such as 2h, or an RFC 3339 time such as 2026-11-24T02:00:00Z") { value in
            guard let text = value.string else { return nil }
            return Duration(text: text).map(Moment.after) ?? Timestamp(text: text).map(Moment.at)
        }
    }
}
