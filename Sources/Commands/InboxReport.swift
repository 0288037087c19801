import Daemon
import Documents
import Engine
import Glibc
import Jobs
import OrderedCollections
import Spool
import SystemPackage

/// What `status` reports about the inboxes, without a daemon: what waits for what, and what is left alone.
struct InboxReport {
    /// The report about one inbox.
    struct Inbox {
        var queue: String
        var survey: InboxSurvey
        /// The drops that cannot be taken yet, and why.
        var waiting: [(drop: WaitingDrop, reason: FileSnapshot.Reason)] = []
    }

    /// The most names of an inbox that are read; more would take too long.
    static let namesMax = 20_000
    /// The most drops of an inbox that are examined one by one.
    static let dropsMax = 1_000
    /// The most drops of an inbox that are opened to see whether they are still written.
    private static let openedMax = 50
    /// The most drops of an inbox that get a line of their own.
    private static let shownMax = 5

    private(set) var inboxes: [Inbox] = []
    private(set) var strays: [StrayFiles] = []
    private(set) var notes: [String] = []
    /// The queues that the configuration has; nil where that is not known.
    private(set) var configured: Set<String>?

    /// - Parameters:
    ///   - path: Of the configuration, which says what the queues take.
    ///   - queue: The only one that is wanted; nil for all.
    ///   - limit: The most drops of an inbox that are examined one by one.
    init(
        _ spool: SpoolRoot,
        configuration path: String,
        queue wanted: String? = nil,
        limit: Int = dropsMax,
        now: Timestamp
    ) throws {
        // The kernel sends SIGIO when a writer opens a drop on which this process holds a lease.
        signal(SIGIO, SIG_IGN)
        var queues: OrderedDictionary<String, QueueSettings>?
        var untold = EngineSettings().settlingTime
        do throws(DocumentError) {
            let configuration = try ConfigurationFile.load(path)
            (queues, untold) = (configuration.catalog.queues, configuration.engine.settlingTime)
        } catch {
            notes.append("what the queues take is not known: \(error)")
        }
        for queue in try spool.inboxes() where (queues?[queue] != nil || queues == nil) && (wanted ?? queue) == queue {
            let settings = queues?[queue] ?? QueueSettings(name: queue, workflow: "")
            let survey: InboxSurvey
            do throws(SpoolError) {
                survey = try spool.survey(of: queue, settings.names, limit: limit, namesMax: Self.namesMax)
            } catch {
                if error.cause != .permissionDenied { throw error }
                notes.append("\(error)")
                continue
            }
            var inbox = Inbox(queue: queue, survey: survey)
            let quiet = settings.quietTimes(untold: untold)
            for drop in survey.drops.sorted(by: { $0.changedAt < $1.changedAt }).prefix(Self.openedMax) {
                if let reason = spool.whyWaiting(drop, quiet, now: now) { inbox.waiting.append((drop, reason)) }
            }
            inboxes.append(inbox)
        }
        configured = queues.map { Set($0.keys) }
        if let queues { strays = try spool.strayFiles(besides: Set(queues.keys)) }
    }

    // MARK: For people

    /// Sentences, each about one thing.
    func lines(now: Timestamp) -> [String] {
        inboxes.flatMap { Self.lines($0, now: now) } + strays.map(Self.line)
    }

    private static func lines(_ inbox: Inbox, now: Timestamp) -> [String] {
        let path = SpoolLayout.inbox(of: inbox.queue)
        let atLeast = inbox.survey.isComplete ? "" : "at least "
        var lines: [String] = []
        for reason in SkipReason.allCases {
            guard let pile = inbox.survey.leftAlone[reason] else { continue }
            let files = pile.count == 1 ? "1 file" : "\(pile.count) files"
            let age = pile.oldest.map { ", \(pile.count == 1 ? "" : "the oldest ")\(spaced(now - $0))" } ?? ""
            lines.append("\(path): \(atLeast)\(files) left alone \(reason.phrase)\(age)")
        }
        for (drop, reason) in inbox.waiting.prefix(shownMax) {
            lines.append(
                "\(path): \(drop.drop.shownName) waits: \(reason.phrase); last changed \(spaced(now - drop.changedAt)) ago"
            )
        }
        let more = inbox.waiting.count - shownMax
        if more > 0 { lines.append("\(path): \(more) more wait likewise") }
        if !inbox.survey.isComplete { lines.append("\(path): has more than \(namesMax) names; only so many were read") }
        return lines
    }

    private static func line(_ stray: StrayFiles) -> String {
        let atLeast = stray.count == StrayFiles.countMax ? "at least " : ""
        let files = stray.count == 1 ? "1 file" : "\(stray.count) files"
        guard let directory = stray.directory else {
            let them = stray.count == 1 ? "it lies" : "they lie"
            return "inbox: \(atLeast)\(files) in no queue's directory; \(them) there untouched"
        }
        return "inbox/\(directory): \(atLeast)\(files), and no queue of that name; the directory is left alone"
    }

    /// `3 d`, `40 s`.
    private static func spaced(_ duration: Duration) -> String {
        let text = duration.roundedText
        let number = text.prefix { !$0.isLetter }
        return "\(number) \(text.dropFirst(number.count))"
    }

    // MARK: For programs

    var json: JSON {
        .array(
            inboxes.map { inbox in
                [
                    "queue": .string(inbox.queue), "path": .string(SpoolLayout.inbox(of: inbox.queue)),
                    "complete": .bool(inbox.survey.isComplete), "drops": .int(Int64(inbox.survey.count)),
                    "left_alone": .array(
                        SkipReason.allCases.compactMap { reason in
                            inbox.survey.leftAlone[reason].map { pile in
                                [
                                    "reason": .string(reason.rawValue), "count": .int(Int64(pile.count)),
                                    "oldest_at": JSON(pile.oldest?.text),
                                ]
                            }
                        }
                    ),
                    "waiting": .array(
                        inbox.waiting.map { drop, reason in
                            [
                                "name": .string(drop.drop.shownName), "waits_for": .string(reason.rawValue),
                                "why": .string(reason.phrase), "since": .string(drop.changedAt.text),
                            ]
                        }
                    ),
                ]
            }
        )
    }

    var straysJSON: JSON {
        .array(
            strays.map { stray in
                [
                    "path": .string(stray.directory.map { "inbox/\($0)" } ?? "inbox"),
                    "count": .int(Int64(stray.count)),
                ]
            }
        )
    }
}
