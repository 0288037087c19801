package import Documents
import Jobs
import OrderedCollections
import Spool

extension StatusReport {
    package var json: JSON { answer ?? ownJSON }

    private var ownJSON: JSON {
        [
            "spool": .string(spool),
            "queues": .array(queues.sorted { $0.key < $1.key }.map { json(of: $0.key, $0.value) }),
            "nodes": .array(
                nodes.map { node, isAlive, holder in
                    [
                        "node": .string(node), "alive": .bool(isAlive),
                        "pid": holder.map { .int(Int64($0.pid)) } ?? .null, "host": JSON(holder?.host),
                        "started_at": JSON(holder?.startedAt?.text),
                    ]
                }
            ),
            "stuck": .array(stuck.map(\.json)),
            "suspects": .array(suspects.map(\.json)),
            "waits": .array(waits.map(\.json)),
            "inboxes": inboxes.json,
            "unqueued": inboxes.straysJSON,
            "failed_lines": .array(failedLines.map(\.json)),
            "undelivered": .array(
                undelivered.map { $0.json.adding("delivery_reason", JSON($0.deliveryReason)) }
            ),
            "notes": .array(notes.map(JSON.string)),
        ]
    }

    private func json(of queue: String, _ tallies: [JobSummary.State: Tally]) -> JSON {
        let about: [(String, JSON?)] = [
            ("queue", .string(queue)),
            ("configured", inboxes.configured.map { .bool($0.contains(queue)) } ?? .null),
        ]
        let counts = JobSummary.State.allCases.map { state -> (String, JSON?) in
            let tally = tallies[state] ?? Tally()
            return (state.rawValue, ["count": .int(Int64(tally.count)), "oldest_at": JSON(tally.oldest?.text)])
        }
        return JSON(members: about + counts)
    }
}

extension JSON {
    fileprivate func adding(_ name: String, _ value: JSON) -> JSON {
        guard case .object(var members) = self else { return self }
        members[name] = value
        return .object(members)
    }
}
