import Documents
package import Jobs
package import OrderedCollections
package import Spool

/// A queue: an inbox and what applies to the jobs that come through it.
package struct QueueSettings: Sendable, Equatable {
    package var name: String
    /// The workflow of drops that name none.
    package var workflow: String
    /// Jobs of this queue that run at the same time.
    package var concurrency: Int
    /// 0 to 9; jobs of the queue with the highest priority start first.
    package var priority: Int
    /// The largest drop that is accepted, in bytes.
    package var sizeMax: Int
    /// How long every drop must have stayed unchanged, for writers that close a file and open it again.
    package var settle: Duration
    /// The same for an empty drop, whose bytes may still come.
    package var settleEmpty: Duration
    /// Which names are taken.
    package var names: NameRules
    /// The longest `input.text` of a file, in bytes.
    package var textMax: Int
    /// Whether `.csv` and `.tsv` files are batches, with one input per row.
    package var takesRows = false
    /// Maps the model names in a batch's lines to configured models; overrides the workflow's map.
    package var lineModels: OrderedDictionary<String, String> = [:]
    /// The users and groups that may submit; nil for every user that can write to the inbox.
    package var submitters: Submitters?
    /// What all its jobs together may use per day (UTC); nil is no limit.
    package var dailyLimits: Limits?
    /// Whether the owner of a job may approve and deny what it asks.
    package var ownersAnswer = false
    /// How many drops and jobs may wait before an API takes no more; nil is no limit. A drop in the inbox is always taken.
    package var waitingMax: Int?
    /// Where results go, and which commands are told; nil for neither.
    package var delivery: DeliverySettings?

    package static let concurrencyDefault = 4
    package static let sizeMaxDefault = 100_000_000
    package static let settleEmptyDefault: Duration = .seconds(5)
    package static let textMaxDefault = 4_000_000

    package init(name: String, workflow: String) {
        self.name = name
        self.workflow = workflow
        concurrency = Self.concurrencyDefault
        priority = 0
        sizeMax = Self.sizeMaxDefault
        textMax = Self.textMaxDefault
        settle = .zero
        settleEmpty = Self.settleEmptyDefault
        names = NameRules()
    }

    /// Whether the owner of a job of this queue may do this to it, who is no operator.
    package func ownerMay(_ action: ControlRequest.Action) -> Bool {
        switch action {
        case .cancel: true
        case .approve, .deny: ownersAnswer
        case .retry, .hold, .release, .deliver: false
        }
    }

    /// How long a drop with a second link waits for its writer to remove the link.
    private static let linkWait: Duration = .seconds(5)

    /// How long a drop of this queue must stay unchanged before it counts as complete.
    ///
    /// - Parameter untold: How long where the kernel cannot tell whether there is a writer.
    package func quietTimes(untold: Duration) -> StabilityTimes {
        var times = StabilityTimes(settle: settle, untold: untold)
        times.empty = settleEmpty
        times.link = Self.linkWait
        return times
    }
}

/// The users and groups that may submit to a queue; the submitter is the owner of the dropped file.
package struct Submitters: Sendable, Equatable {
    package var users: Set<String>
    package var groups: Set<String>

    package init(users: Set<String>, groups: Set<String>) { (self.users, self.groups) = (users, groups) }

    /// Whether a user may submit. Blocks while it queries the system's user database.
    func include(uid: Int, name: String) -> Bool {
        users.contains(name) || (!groups.isEmpty && !groups.isDisjoint(with: UserNames.groups(of: uid)))
    }
}

/// The settings of the engine as a whole.
package struct EngineSettings: Sendable, Equatable {
    /// Jobs that run at the same time, all queues together.
    package var concurrency = 16
    /// After so many deaths of the daemon while a step ran, the step runs alone.
    package var deathsMax = 3
    /// How long the daemon must have lived, at the least, before a suspected step runs.
    package var quietMin: Duration = .seconds(2)
    /// How long suspected steps may keep all others waiting.
    package var guardMax: Duration = .seconds(600)
    /// How long running steps may continue after a stop request.
    package var stopGrace: Duration = .seconds(20)
    /// Waits for a retry up to this long stay in memory.
    package var shortWaitMax: Duration = .seconds(10)
    /// How long a file must stay unchanged where the kernel cannot tell whether it has a writer.
    package var settlingTime: Duration = .seconds(2)
    /// How often the engine scans everything, whatever inotify reported.
    package var scanInterval: Duration = .seconds(60)
    /// How often the node writes its heartbeat.
    package var heartbeatInterval: Duration = .seconds(15)
    /// Whether the engine ends when the inboxes are empty, no claimed job is left and no deferred job is due.
    package var drains = false

    package init() {}

    /// Waits for a resting model up to this long stay in memory: otherwise a drain would end while jobs lie in
    /// `deferred/` for it.
    package var modelWaitMax: Duration { drains ? max(shortWaitMax, .seconds(3_600)) : shortWaitMax }
}
