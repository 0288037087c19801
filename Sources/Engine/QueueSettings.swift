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
    /// Larger drops are rejected, in bytes.
    package var sizeMax: Int
    /// How long every drop must have stayed the same, for writers that close a file and open it again.
    package var settle: Duration
    /// The same of an empty one, whose bytes may still come.
    package var settleEmpty: Duration
    /// Which names are taken.
    package var names: NameRules
    /// The most that `input.text` takes of a file, in bytes.
    package var textMax: Int
    /// Whether `.csv` and `.tsv` files are batches, a row an input.
    package var takesRows = false
    /// Which configured models answer lines of a batch, by the names in the lines; goes before the workflow's.
    package var lineModels: OrderedDictionary<String, String> = [:]
    /// Who may submit; nil for everybody who can write to the inbox.
    package var submitters: Submitters?
    /// What all its jobs together may use a day (UTC); nil is no limit.
    package var dailyLimits: Limits?

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

    /// How long a second link of a drop is waited for.
    private static let linkWait: Duration = .seconds(5)

    /// When a drop of this queue is whole, as far as can be told.
    ///
    /// - Parameter untold: How long it must stay the same where the kernel cannot tell whether there is a writer.
    package func quietTimes(untold: Duration) -> QuietTimes {
        var times = QuietTimes(settle: settle, untold: untold)
        times.empty = settleEmpty
        times.link = Self.linkWait
        return times
    }
}

/// Who may submit to a queue: the owner of the dropped file, as the kernel knows it.
package struct Submitters: Sendable, Equatable {
    package var users: Set<String>
    package var groups: Set<String>

    package init(users: Set<String>, groups: Set<String>) { (self.users, self.groups) = (users, groups) }

    /// Blocks while the system's user database is asked.
    func include(uid: Int, name: String) -> Bool {
        users.contains(name) || (!groups.isEmpty && !groups.isDisjoint(with: UserNames.groups(of: uid)))
    }
}

/// What limits the engine as a whole.
package struct EngineSettings: Sendable, Equatable {
    /// Jobs that run at the same time, all queues together.
    package var concurrency = 16
    /// So often may the daemon die while a step runs before the step runs alone.
    package var deathsMax = 3
    /// How long the daemon must have lived, at the least, before a suspected step runs.
    package var quietMin: Duration = .seconds(2)
    /// So long may what is suspected keep all others waiting.
    package var guardMax: Duration = .seconds(600)
    /// How long running steps may go on after a stop was asked for.
    package var stopGrace: Duration = .seconds(20)
    /// Waits for a retry up to this long stay in memory.
    package var shortWaitMax: Duration = .seconds(10)
    /// How long a file must look the same where the kernel cannot tell whether it is still written.
    package var settlingTime: Duration = .seconds(2)
    /// How often everything is looked at, whatever inotify said.
    package var scanInterval: Duration = .seconds(60)
    /// How often the node writes its heartbeat.
    package var heartbeatInterval: Duration = .seconds(15)
    /// End when the inboxes are empty, and nothing claimed is left and nothing deferred is due.
    package var drains = false

    package init() {}

    /// Waits for a model that rests stay in memory up to this long: a daemon that drains would end while jobs lie in
    /// `deferred/` for it.
    package var modelWaitMax: Duration { drains ? max(shortWaitMax, .seconds(3_600)) : shortWaitMax }
}
