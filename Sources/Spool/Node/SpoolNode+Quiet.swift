import Documents
import Jobs
import SystemPackage

/// What keeps a drop from being taken.
enum StabilityFailure {
    /// A writer has it open; an event reports when it is done.
    case writer
    /// It has not stayed unchanged for long enough.
    case look(FileSnapshot)
}

extension SpoolNode {
    /// How long a drop must stay unchanged, and why.
    private struct Demand {
        var quiet: Duration
        var reason: FileSnapshot.Reason
        /// The kernel reports that there is no writer: then the file's own times say how long it has been quiet.
        var isProven = true

        mutating func raise(to quiet: Duration, _ reason: FileSnapshot.Reason) {
            if quiet > self.quiet { (self.quiet, self.reason) = (quiet, reason) }
        }
    }

    /// Checks whether a drop is complete.
    ///
    /// A read lease shows that there is no writer (fcntl(2), F_SETLEASE); without one, inotify events and equal looks
    /// decide. The queue's settle time may keep it longer.
    ///
    /// - Parameter earlier: The previous look, when the drop was not quiet then.
    /// - Returns: Nil when it may be taken.
    func stabilityFailure(
        _ drop: Drop,
        _ file: OpenFile,
        _ status: FileStatus,
        isLocal: Bool,
        _ rules: DropRules,
        _ earlier: FileSnapshot?
    ) -> StabilityFailure? {
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
        let isWriterSeen = rules.witness == .finished
        if let look = look(demand, status, earlier, isWriterSeen: isWriterSeen) { return .look(look) }
        return isLocal && !demand.isProven && rules.witness != .finished
            ? openWriter(of: file, status, rules).map(StabilityFailure.look) : nil
    }

    /// The last check of a file about which neither events nor the kernel tell anything: the open files of processes.
    private func openWriter(of file: OpenFile, _ status: FileStatus, _ rules: DropRules) -> FileSnapshot? {
        let now = clock.now
        guard let path = OpenWriters.path(of: file), openWriters.include(path, at: now) else { return nil }
        var look = FileSnapshot(status, at: now, .writer)
        look.due = now + rules.quiet.untold
        return look
    }

    private func raise(_ demand: inout Demand, _ rules: DropRules, _ status: FileStatus) {
        switch rules.witness {
        case .finished: demand.raise(to: rules.quiet.untold, .unseen)
        case .unknown: demand.raise(to: rules.quiet.unseen, .unseen)
        case .open:
            // A write sets both times; a new link, which is created and not closed either, sets only the change time.
            let mayBeLink = status.size > 0 && status.changed > status.modified
            demand.raise(to: mayBeLink ? rules.quiet.unseen : rules.quiet.open, mayBeLink ? .unseen : .writer)
        }
    }

    private func look(
        _ demand: Demand,
        _ status: FileStatus,
        _ earlier: FileSnapshot?,
        isWriterSeen: Bool
    ) -> FileSnapshot? {
        let now = clock.now
        if demand.isProven, isPast(status, demand.quiet, now) { return nil }
        var look = FileSnapshot(status, at: now, demand.reason)
        look.isWriterSeen = isWriterSeen
        if let earlier, earlier.isSame(as: look) {
            if now - earlier.at >= demand.quiet { return nil }
            // After the clock was set back, a drop waits at most once more.
            if earlier.at <= now { look.at = earlier.at }
        }
        let changed = changeTime(of: status)
        // Where the file's own times count, the wait starts at the change, not at the look.
        look.due = (demand.isProven && changed <= now ? changed : look.at) + demand.quiet
        // No event reports the removal of a link in another directory.
        if demand.reason == .link { look.due = min(look.due, now + StabilityTimes.linkLook) }
        return look
    }

    /// Whether a file's change time is at least `quiet` ago. A rename and a link count as changes.
    private func isPast(_ status: FileStatus, _ quiet: Duration, _ now: Timestamp) -> Bool {
        let changed = changeTime(of: status)
        return changed <= now && now - changed >= quiet
    }

    /// Rounded up to the next millisecond.
    private func changeTime(of status: FileStatus) -> Timestamp {
        Timestamp(milliseconds: status.changed / 1_000_000 + 1)
    }
}
