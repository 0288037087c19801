package import Jobs
import SystemPackage

/// A drop that no node has taken yet.
package struct WaitingDrop: Sendable {
    package var drop: Drop
    package var uid: Int
    /// When it was moved here or written last.
    package var changedAt: Timestamp
    var status: FileStatus
}

/// What lies in an inbox: drops that wait, and what is left alone.
package struct InboxSurvey: Sendable {
    /// Files that are left alone for one reason.
    package struct Pile: Sendable, Equatable {
        package var count = 0
        /// When the one was written last that is the oldest of those that were looked at.
        package var oldest: Timestamp?
    }

    /// Some of the drops; not those whose names are no UTF-8.
    package var drops: [WaitingDrop] = []
    /// Of all drops.
    package var count = 0
    package var leftAlone: [LeftAlone: Pile] = [:]
    /// False when the inbox has more names than were read: then there are at least so many of each.
    package var isComplete = true
}

/// What lies below `inbox/` and is in no queue's inbox.
package struct StrayFiles: Sendable, Equatable {
    /// The directory's name; nil for `inbox/` itself.
    package var directory: String?
    /// At least, when it is ``countMax``.
    package var count: Int

    package static let countMax = 10_000
}

extension SpoolRoot {
    /// Files of an inbox that are looked at one by one to tell how old what is left alone is.
    private static let agedMax = 1_000

    /// Looks at what lies in the inbox of `queue`.
    ///
    /// - Parameters:
    ///   - rules: Which names the queue takes.
    ///   - limit: Drops that are told of one by one.
    ///   - namesMax: Names that are read.
    package func survey(
        of queue: String,
        _ rules: NameRules = NameRules(),
        limit: Int,
        namesMax: Int = .max
    ) throws(SpoolError) -> InboxSurvey {
        try doing("reading inbox/\(queue)/") { () throws(Errno) in
            let path = SpoolLayout.inbox(of: queue)
            var survey = InboxSurvey()
            guard try fileSystem.exists(path, in: root) else { return survey }
            let inbox = try directory(path)
            let listing = try DirectoryListing(of: path, in: root)
            var (read, aged) = (0, 0)
            while let name = try listing.next() {
                if read == namesMax {
                    survey.isComplete = false
                    break
                }
                read += 1
                // One that a node has claimed is a drop still, until it is a job.
                let carried = SpoolLayout.carriedJob(name)
                if carried == nil, let reason = rules.leftAlone(name) {
                    let pile = survey.leftAlone[reason] ?? InboxSurvey.Pile()
                    let time = aged < Self.agedMax ? status(of: name, in: inbox)?.modifiedAt : nil
                    aged += 1
                    let oldest = [pile.oldest, time].compactMap(\.self).min()
                    survey.leftAlone[reason] = InboxSurvey.Pile(count: pile.count + 1, oldest: oldest)
                    continue
                }
                survey.count += 1
                if survey.drops.count < limit, let status = status(of: name, in: inbox) {
                    let shown = carried.map { Array($0.description.utf8) } ?? name
                    survey.drops.append(
                        WaitingDrop(
                            drop: Drop(queue: queue, name: shown),
                            uid: Int(status.uid),
                            changedAt: status.changedAt,
                            status: status
                        )
                    )
                }
            }
            return survey
        }
    }

    private func status(of name: [UInt8], in inbox: OpenFile) -> FileStatus? {
        String(validating: name, as: UTF8.self).flatMap { try? fileSystem.status(of: $0, in: inbox) }
    }

    /// The drops in the inbox of `queue`; at most `limit`, and how many there are in all.
    package func waitingDrops(
        of queue: String,
        _ rules: NameRules = NameRules(),
        limit: Int
    ) throws(SpoolError) -> (drops: [WaitingDrop], count: Int) {
        let survey = try survey(of: queue, rules, limit: limit)
        return (survey.drops, survey.count)
    }

    /// Why a drop is not taken as it is now, as a daemon would find it; nil when nothing keeps it.
    package func whyWaiting(_ waiting: WaitingDrop, _ quiet: QuietTimes, now: Timestamp) -> Look.Reason? {
        let status = waiting.status
        guard status.kind == .regular else { return nil }
        let age = now - status.changedAt
        if status.links > 1, age < quiet.link { return .link }
        let path = SpoolLayout.inbox(of: waiting.drop.queue)
        guard let (inbox, isLocal) = try? directoryAndKind(path) else { return nil }
        let file = try? fileSystem.openRaw(waiting.drop.name, in: inbox, .read)
        if isLocal, let file {
            let hasNoWriter = try? fileSystem.hasNoWriter(file)
            if hasNoWriter == false { return .writer }
            if hasNoWriter == nil, age < quiet.unseen { return .unseen }
        }
        if status.size == 0, age < quiet.empty { return .empty }
        if age < quiet.settle { return .settling }
        return !isLocal && age < quiet.untold ? .untold : nil
    }

    /// What lies below `inbox/` where no queue takes it from, in the order of the directories' names.
    package func strayFiles(besides queues: Set<String>) throws(SpoolError) -> [StrayFiles] {
        try doing("reading inbox/") { () throws(Errno) in
            var loose = 0
            var strays: [StrayFiles] = []
            for name in try DirectoryListing.names(in: SpoolLayout.inbox, of: root).sorted()
            where !queues.contains(name) && !DropName.isTemporary(Array(name.utf8)) {
                let path = "\(SpoolLayout.inbox)/\(name)"
                switch try? fileSystem.status(of: path, in: root).kind {
                case .directory: strays.append(StrayFiles(directory: name, count: try count(in: path)))
                case .regular: loose += 1
                default: break
                }
            }
            return (loose > 0 ? [StrayFiles(count: loose)] : []) + strays
        }
    }

    private func count(in path: String) throws(Errno) -> Int {
        do throws(Errno) {
            let listing = try DirectoryListing(of: path, in: root)
            var count = 0
            while count < StrayFiles.countMax, try listing.next() != nil { count += 1 }
            return count
        } catch .permissionDenied, .noSuchFileOrDirectory {
            return 0
        }
    }
}

extension FileStatus {
    var changedAt: Timestamp { Timestamp(milliseconds: changed / 1_000_000) }
    var modifiedAt: Timestamp { Timestamp(milliseconds: modified / 1_000_000) }
}
