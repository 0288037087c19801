import Jobs
import OrderedCollections

/// The drops of one queue that are being accepted side by side.
///
/// Those that were taken together are a part. The jobs of a part start when all of it and of the parts before it are
/// accepted, or will not be: so they start in the order of their drops, however long each takes.
struct Arriving: Sendable {
    private struct Part: Sendable {
        var count: Int
        var since: Timestamp
    }

    /// By their numbers, which ascend.
    private var parts: OrderedDictionary<Int, Part> = [:]
    private(set) var count = 0

    /// How long a job waits for the other drops of its part: one that must be copied may take minutes.
    static let patience: Duration = .seconds(5)

    mutating func begin(_ part: Int, at now: Timestamp) {
        parts[part, default: Part(count: 0, since: now)].count += 1
        count += 1
    }

    mutating func end(_ part: Int) {
        count -= 1
        guard let left = parts[part]?.count else { return }
        if left == 1 { parts[part] = nil } else { parts[part]?.count = left - 1 }
    }

    /// The first part that is not whole; nil when all are.
    var firstPart: Int? { parts.keys.first }

    var patienceEnd: Timestamp? { parts.values.first.map { $0.since + Self.patience } }

    mutating func endPatience(at now: Timestamp) {
        // One that began later than now began before the clock was set back.
        while let part = parts.values.first, now - part.since >= Self.patience || part.since > now {
            parts.removeFirst()
        }
    }
}
