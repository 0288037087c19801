import Daemon
package import Documents
import Engine
import Glibc
import Jobs
import OrderedCollections
package import Spool
import SystemPackage

/// What lies in the inboxes, as it is seen without a daemon: what waits for what, and what is left alone.
package struct InboxReport: Sendable {
    /// The report about one inbox.
    package struct Inbox: Sendable {
        package var queue: String
        package var survey: InboxSurvey
        /// The drops that cannot be taken yet, and why.
        package var waiting: [(drop: WaitingDrop, reason: FileSnapshot.Reason)] = []
    }

    /// The most names of an inbox that are read; more would take too long.
    package static let namesMax = 20_000
    /// The most drops of an inbox that are examined one by one.
    package static let dropsMax = 1_000
    /// The most drops of an inbox that are opened to see whether they are still written.
    private static let openedMax = 50

    package private(set) var inboxes: [Inbox] = []
    package private(set) var strays: [StrayFiles] = []
    package private(set) var notes: [String] = []
    /// The queues that the configuration has; nil where that is not known.
    package private(set) var configured: Set<String>?

    /// A report that says nothing.
    init() {}

    /// - Parameters:
    ///   - queue: The only one that is wanted; nil for all.
    ///   - limit: The most drops of an inbox that are examined one by one.
    /// - Throws: `SpoolError`.
    package init(
        _ client: SpoolClient,
        queue wanted: String? = nil,
        limit: Int = dropsMax,
        now: Timestamp
    ) throws {
        let spool = client.spool
        // The kernel sends SIGIO when a writer opens a drop on which this process holds a lease.
        signal(SIGIO, SIG_IGN)
        var queues: OrderedDictionary<String, QueueSettings>?
        var untold = EngineSettings().settlingTime
        do throws(DocumentError) {
            let configuration = try ConfigurationFile.load(client.configurationPath)
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
}
