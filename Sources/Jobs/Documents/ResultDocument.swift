package import Documents
import OrderedCollections

/// `result.json` and `error.txt`, made from the history alone, so that they can always be made again.
package struct ResultDocument: Sendable {
    private let replay: JobReplay

    /// - Parameter replay: A job that has ended.
    package init(_ replay: JobReplay) { self.replay = replay }

    package var json: JSON {
        var members = head
        members["steps"] = .array(replay.steps.entries.map { path, entry in step(path, entry) })
        return .object(members)
    }

    /// Writes the indented text in pieces: that of a large batch is too long to hold in memory.
    package func write<E: Error>(_ put: ([UInt8]) throws(E) -> Void) throws(E) {
        var piece: [UInt8] = []
        piece.reserveCapacity(1_024)
        piece.append(indented: .object(head))
        // The last newline and brace: the steps come before them.
        piece.removeLast(2)
        piece.append(",\n  \"steps\": [")
        var separator: StaticString = "\n    "
        for (path, entry) in replay.steps.entries {
            piece.append(separator)
            piece.append(indented: step(path, entry), depth: 2)
            separator = ",\n    "
            if piece.count >= Self.pieceSize {
                try put(piece)
                piece = []
            }
        }
        piece.append(replay.steps.entries.isEmpty ? "]\n}\n" : "\n  ]\n}\n")
        try put(piece)
    }

    /// In bytes.
    private static let pieceSize = 64 << 10

    /// All but the steps.
    private var head: OrderedDictionary<String, JSON> {
        [
            "job": .string(replay.name.id.text),
            "name": JSON(replay.acceptance?.name),
            "queue": JSON(replay.acceptance?.queue),
            "workflow": JSON(replay.acceptance?.workflow),
            "outcome": JSON(replay.outcome?.rawValue),
            "output": replay.output ?? .null,
            "error": error,
            "truncated": .bool(replay.isTruncated),
            "usage": usage,
            "accepted_at": JSON(replay.acceptedAt?.text),
            "started_at": JSON(replay.startedAt?.text),
            "finished_at": JSON(replay.finishedAt?.text),
            "epochs": .int(Int64(replay.life.epoch)),
            "models": .array(modelNames.map(JSON.string)),
        ]
    }

    /// The models that answered, by the names that their providers give.
    private var modelNames: [String] {
        replay.steps.entries.values.reduce(into: []) { names, entry in
            if let model = entry.model, !names.contains(model) { names.append(model) }
        }
    }

    /// Every result says whether the usage is an estimate, so that a script need not guess.
    private var usage: JSON {
        var members = replay.usage.json.object ?? [:]
        members["estimated"] = .bool(replay.usage.isEstimated)
        return .object(members)
    }

    private func step(_ path: String, _ entry: StepLedger.Entry) -> JSON {
        JSON(members: [
            ("path", .string(path)), ("kind", .string(entry.kind.rawValue)), ("status", .string(entry.status.rawValue)),
            ("attempts", .int(Int64(entry.attempts))), ("duration_ms", .int(Int64(entry.durationMilliseconds))),
            ("finish_reason", entry.finishReason.map(JSON.string)),
            ("truncated", entry.isTruncated ? true : JSON?.none),
            ("estimated", entry.usage.isEstimated ? true : JSON?.none), ("note", entry.note.map(JSON.string)),
        ])
    }

    private var error: JSON {
        switch replay.lastTurn {
        case .failed(let step, let failure):
            [
                "step": JSON(step), "class": .string(failure.class.rawValue), "message": .string(failure.message),
                "hint": JSON(failure.hint),
            ]
        case .denied(let denial):
            [
                "step": JSON(denial.step), "class": "denied",
                "message": .string(
                    "denied by \(denial.decision.user)\(denial.decision.reason.map { ": \($0)" } ?? "")"
                ),
                "hint": "`agentspool retry` runs it again, and asks again; finished steps stay finished",
            ]
        case .cancelled(let decision):
            [
                "step": JSON(replay.currentStep), "class": "denied",
                "message": .string("cancelled by \(decision.user)\(decision.reason.map { ": \($0)" } ?? "")"),
                "hint": "`agentspool retry` runs it again; finished steps stay finished",
            ]
        default: .null
        }
    }

    /// The text of `error.txt`; nil for a job that completed.
    package var errorText: String? {
        guard let message = error["message"]?.string else { return nil }
        let id = replay.name.id.text
        let step = error["step"]?.string
        let attempts = step.flatMap { replay.steps[$0]?.attempts } ?? 0
        let lines: [(String, String?)] = [
            ("What", message),
            ("Where", step.map { "step \($0), attempt \(attempts)" } ?? "before the first step"),
            ("Why", error["class"]?.string.map(Self.explanation)),
            ("To do", error["hint"]?.string ?? "mend the cause, then: agentspool retry \(id)"),
            ("More", "agentspool show \(id), or history.jsonl in this directory"),
        ]
        return lines.compactMap { label, text in text.map { "\(label):\(padding(label))\($0)\n" } }.joined()
    }

    private func padding(_ label: String) -> String { String(repeating: " ", count: 8 - label.count) }

    private static func explanation(_ class: String) -> String {
        switch FailureClass(rawValue: `class`) {
        case .temporary: "temporary: it was tried again as often as the retry policy allows"
        case .permanent: "permanent: trying again without a change would fail again"
        case .limit: "a limit of the job is used up"
        case .denied: "a person or the policy said no"
        default: `class`
        }
    }
}
