import Documents
import Jobs
import OrderedCollections

/// A job as clients of MCP see it: a tool's result, or a task.
struct MCPJob: Sendable, Equatable {
    enum End: Sendable, Equatable {
        case completed(JSON)
        /// With what error.txt says.
        case failed(String)
        case cancelled(String)
        /// The caller may see that it has ended, and no more.
        case withheld
    }

    var row: JobSummary
    /// Nil before the end.
    var end: End?
    /// What it asks a person, for callers who may read it.
    var approval: JSON?

    /// Where it is, in three members.
    private var handle: JSON {
        ["job": .string(row.job), "state": .string(row.state.rawValue), "why": JSON(row.why)]
    }

    private var sentence: String {
        "The job \(row.job) is \(row.state.rawValue)\(row.why.map { ": \($0)" } ?? "")."
    }

    /// The result of a tool that runs it or asks for its result.
    ///
    /// - Parameter isModern: Whether structured content may be anything but an object.
    func result(isModern: Bool) -> JSON {
        switch end {
        case .completed(let output):
            let isStructured = output.object != nil || (isModern && output.array != nil)
            return Self.result(output.string ?? output.text, isStructured ? output : nil)
        case .failed(let text), .cancelled(let text): return Self.failure("The job \(row.job) failed.\n\(text)")
        case .withheld:
            return Self.failure("The job \(row.job) has ended; its output is given to its owner and to operators only.")
        case nil:
            return Self.result("\(sentence) job_status says more, and job_result gives the output at its end.", handle)
        }
    }

    /// The result of `job_status`, and of a tool that did something with it.
    var status: JSON {
        guard var members = row.json.object else { return Self.result(sentence, row.json) }
        members["approval"] = approval ?? .null
        let structured = JSON.object(members)
        return Self.result(structured.text, structured)
    }

    /// A result that the model reads as text, and programs as a value.
    static func result(_ text: String, _ structured: JSON?) -> JSON {
        JSON(members: [
            ("content", [["type": "text", "text": .string(text)]]), ("structuredContent", structured),
            ("isError", false),
        ])
    }

    /// A failure that the model reads; it has no structured content, which would not fit the tool's schema.
    static func failure(_ text: String) -> JSON {
        ["content": [["type": "text", "text": .string(text)]], "isError": true]
    }

    // MARK: As a task

    /// In milliseconds.
    private static let pollInterval: JSON = 1_000

    private var createdAt: Timestamp {
        row.acceptedAt ?? JobID(row.job)?.time ?? Timestamp(milliseconds: 0)
    }

    private func members(status: String, isModern: Bool) -> [(String, JSON?)] {
        [
            ("taskId", .string(row.job)), ("status", .string(status)), ("statusMessage", .string(sentence)),
            ("createdAt", .string(createdAt.text)),
            ("lastUpdatedAt", .string((row.finishedAt ?? row.startedAt ?? createdAt).text)),
            // Jobs are kept until the administrator removes them.
            (isModern ? "ttlMs" : "ttl", .null), (isModern ? "pollIntervalMs" : "pollInterval", Self.pollInterval),
        ]
    }

    /// A job that is held for a person works on: the client has nothing to answer by itself.
    private func status(isModern: Bool) -> String {
        switch end {
        case .completed, .withheld: "completed"
        // The modern status `failed` is for errors of the protocol only.
        case .failed: isModern ? "completed" : "failed"
        case .cancelled: "cancelled"
        case nil: "working"
        }
    }

    /// The task by itself.
    func task(isModern: Bool) -> JSON {
        JSON(members: members(status: status(isModern: isModern), isModern: isModern))
    }

    /// The task with its result, where it has one.
    var detailedTask: JSON {
        var members = members(status: status(isModern: true), isModern: true)
        switch end {
        case .completed, .failed, .withheld: members.append(("result", result(isModern: true)))
        case .cancelled, nil: break
        }
        return JSON(members: members)
    }
}
