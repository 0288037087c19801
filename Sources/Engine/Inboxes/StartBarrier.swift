import Documents
import Jobs
import OrderedCollections

/// The drops of one queue that are being accepted concurrently.
///
/// Drops that the engine took together form a part. Jobs start when no drop of their part or of an earlier part is
/// still being accepted: so they start in the order of their drops, however long each acceptance takes.
struct StartBarrier: Sendable {
    private struct Part: Sendable {
        var count: Int
        var since: Timestamp
    }

    /// Keyed by part number, in ascending order.
    private var parts: OrderedDictionary<Int, Part> = [:]
    private(set) var count = 0

    /// How long a job waits for the other drops of its part: a drop that must be copied may take minutes.
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

    /// The first part with a drop that is still being accepted; nil when there is none.
    var firstPart: Int? { parts.keys.first }

    var patienceEnd: Timestamp? { parts.values.first.map { $0.since + Self.patience } }

    mutating func endPatience(at now: Timestamp) {
        // A part that began in the future began before the clock was set back.
        while let part = parts.values.first, now - part.since >= Self.patience || part.since > now {
            parts.removeFirst()
        }
    }
}
