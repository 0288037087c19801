import Documents
import Jobs

/// The claimed jobs of one queue that wait for a worker: a line for each priority, and one for resumed jobs.
struct ReadyQueue: Sendable {
    static let priorityMax = 9

    /// Jobs that waited for a retry in memory: they go first.
    private var resumed: [Schedule.Ticket] = []
    /// By priority; each in the order of the turns.
    private var lines = [[Schedule.Ticket]](repeating: [], count: priorityMax + 1)
    private(set) var count = 0
    private(set) var dueCount = 0

    mutating func add(_ ticket: Schedule.Ticket) {
        noteChange(of: ticket, 1)
        Self.insert(ticket, into: &lines[ticket.priority]) { $0.turn < $1.turn }
    }

    mutating func addResumed(_ ticket: Schedule.Ticket) {
        noteChange(of: ticket, 1)
        Self.insert(ticket, into: &resumed) { ($1.priority, $0.turn) < ($0.priority, $1.turn) }
    }

    private static func insert(
        _ ticket: Schedule.Ticket,
        into line: inout [Schedule.Ticket],
        goesBefore: (Schedule.Ticket, Schedule.Ticket) -> Bool
    ) {
        // From the end, because most jobs come in order.
        var index = line.endIndex
        while index > line.startIndex, goesBefore(ticket, line[index - 1]) { index -= 1 }
        line.insert(ticket, at: index)
    }

    /// The next job: the first resumed one, else the first of a line that has the best rank; nil when none may start.
    ///
    /// - Parameter part: Only jobs of parts before this one may start; nil for all.
    func next(before part: Int?) -> Schedule.Ticket? {
        if let ticket = resumed.first { return ticket }
        var best: (ticket: Schedule.Ticket, rank: Rank)?
        for line in lines {
            guard let ticket = line.first else { continue }
            if let part, let own = ticket.part, own >= part { continue }
            let rank = Rank(ticket, priority: ticket.priority)
            if best.map({ rank < $0.rank }) ?? true { best = (ticket, rank) }
        }
        return best?.ticket
    }

    /// Removes a job that is the first of its line.
    mutating func remove(_ ticket: Schedule.Ticket) {
        if resumed.first == ticket { resumed.removeFirst() } else { lines[ticket.priority].removeFirst() }
        noteChange(of: ticket, -1)
    }

    /// Removes a job wherever it stands; nil when it does not wait.
    mutating func take(_ job: JobID) -> Schedule.Ticket? {
        guard let ticket = Self.take(job, from: &resumed) ?? takeFromLines(job) else { return nil }
        noteChange(of: ticket, -1)
        return ticket
    }

    private mutating func takeFromLines(_ job: JobID) -> Schedule.Ticket? {
        for priority in lines.indices {
            if let ticket = Self.take(job, from: &lines[priority]) { return ticket }
        }
        return nil
    }

    private static func take(_ job: JobID, from line: inout [Schedule.Ticket]) -> Schedule.Ticket? {
        line.firstIndex { $0.job.id == job }.map { line.remove(at: $0) }
    }

    private mutating func noteChange(of ticket: Schedule.Ticket, _ change: Int) {
        count += change
        if ticket.isDue { dueCount += change }
    }
}

/// How early a job starts among those of other priorities: each ten minutes that it has waited count as one level.
///
/// All jobs age at the same pace, so the order of two jobs never changes while they wait: it is the order in which they
/// began to wait, with each level counted as ten minutes.
struct Rank: Comparable, Sendable {
    private let time: Timestamp
    private let turn: JobID

    static let level: Duration = .seconds(600)

    init(_ ticket: Schedule.Ticket, priority: Int) {
        time = ticket.since + Self.level * -priority
        turn = ticket.turn
    }

    static func < (left: Rank, right: Rank) -> Bool { (left.time, left.turn) < (right.time, right.turn) }
}
