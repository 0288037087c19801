import Jobs
import SystemPackage

/// What keeps a drop from being taken.
enum Unquiet {
    /// A writer has it open; an event tells when he is done.
    case writer
    /// It has not looked the same for long enough.
    case look(Look)
}

extension SpoolNode {
    /// How long a drop must stay the same, and why.
    private struct Demand {
        var quiet: Duration
        var reason: Look.Reason
        /// The kernel knows that there is no writer: then the file's own times say how long it has been quiet.
        var isProven = true

        mutating func raise(to quiet: Duration, _ reason: Look.Reason) {
            if quiet > self.quiet { (self.quiet, self.reason) = (quiet, reason) }
        }
    }

    /// Sees whether a drop is whole: a read lease tells that there is no writer (fcntl(2), F_SETLEASE), what inotify
    /// saw of it, else equal looks; and the queue may want it to be quiet for longer.
    ///
    /// - Parameter earlier: How it looked before, when it was not quiet then.
    /// - Returns: Nil when it may be taken.
    func unquiet(
        _ drop: Drop,
        _ file: OpenFile,
        _ status: FileStatus,
        isLocal: Bool,
        _ rules: DropRules,
        _ earlier: Look?
    ) -> Unquiet? {
        var demand = Demand(quiet: rules.quiet.settle, reason: .settling)
        if isLocal {
            do throws(Errno) {
                if try !fileSystem.hasNoWriter(file) { return .writer }
            } catch {
                // Not the file's owner and no CAP_LEASE, or a filesystem without leases.
                demand.isProven = false
                raise(&demand, rules, status)
            }
        } else {
            demand.isProven = false
            demand.raise(to: rules.quiet.untold, .untold)
        }
        if status.size == 0 { demand.raise(to: rules.quiet.empty, .empty) }
        if status.links > 1 { demand.raise(to: rules.quiet.link, .link) }
        if DropName.hasID(drop.name), DropName.isTemporary(Array(drop.name.dropFirst(JobID.length + 1))) {
            demand.raise(to: rules.quiet.named, .settling)
        }
        if demand.quiet <= .zero { return nil }
        if let look = look(demand, status, earlier) { return .look(look) }
        return isLocal && !demand.isProven && rules.witness != .finished
            ? openWriter(of: file, status, rules).map(Unquiet.look) : nil
    }

    /// The last look at a file of which nothing was seen and the kernel tells nothing: other processes may.
    private func openWriter(of file: OpenFile, _ status: FileStatus, _ rules: DropRules) -> Look? {
        let now = clock.now
        guard let path = OpenWriters.path(of: file), openWriters.include(path, at: now) else { return nil }
        var look = Look(status, at: now, .writer)
        look.due = now + rules.quiet.untold
        return look
    }

    private func raise(_ demand: inout Demand, _ rules: DropRules, _ status: FileStatus) {
        switch rules.witness {
        case .finished: demand.raise(to: rules.quiet.untold, .unseen)
        case .unknown: demand.raise(to: rules.quiet.unseen, .unseen)
        case .open:
            // A write sets both times at once; a link, which is made and not closed either, sets the second one alone.
            let mayBeLink = status.size > 0 && status.changed > status.modified
            demand.raise(to: mayBeLink ? rules.quiet.unseen : rules.quiet.open, mayBeLink ? .unseen : .writer)
        }
    }

    private func look(_ demand: Demand, _ status: FileStatus, _ earlier: Look?) -> Look? {
        let now = clock.now
        if demand.isProven, isPast(status, demand.quiet, now) { return nil }
        var look = Look(status, at: now, demand.reason)
        if let earlier, earlier.isSame(as: look) {
            if now - earlier.at >= demand.quiet { return nil }
            // A clock that was set back makes nothing wait longer than once more.
            if earlier.at <= now { look.at = earlier.at }
        }
        let changed = changeTime(of: status)
        // A change that came between two looks counts from when it was, where the file's own times count.
        look.due = (demand.isProven && changed <= now ? changed : look.at) + demand.quiet
        // No event tells of a link that goes elsewhere.
        if demand.reason == .link { look.due = min(look.due, now + QuietTimes.linkLook) }
        return look
    }

    /// Whether a file was last changed so long ago, as it says itself. A rename and a link count as changes.
    private func isPast(_ status: FileStatus, _ quiet: Duration, _ now: Timestamp) -> Bool {
        let changed = changeTime(of: status)
        return changed <= now && now - changed >= quiet
    }

    /// Rounded up.
    private func changeTime(of status: FileStatus) -> Timestamp {
        Timestamp(milliseconds: status.changed / 1_000_000 + 1)
    }
}
