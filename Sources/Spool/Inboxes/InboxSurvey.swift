package import Documents
import Jobs
import SystemPackage

/// A drop that no node has taken yet.
package struct WaitingDrop: Sendable {
    package var drop: Drop
    package var uid: Int
    /// When it was moved here or last written.
    package var changedAt: Timestamp
    var status: FileStatus
}

/// What lies in an inbox: waiting drops, and files that are left alone.
package struct InboxSurvey: Sendable {
    /// Files that are left alone for one reason.
    package struct Pile: Sendable, Equatable {
        package var count = 0
        /// The oldest modification time among the files that were looked at.
        package var oldest: Timestamp?
    }

    /// Some of the drops; none whose name is not UTF-8.
    package var drops: [WaitingDrop] = []
    /// The number of all drops.
    package var count = 0
    package var leftAlone: [SkipReason: Pile] = [:]
    /// False when the inbox has more names than were read; then the counts are lower bounds.
    package var isComplete = true
}

/// Files below `inbox/` that are in no queue's inbox.
package struct StrayFiles: Sendable, Equatable {
    /// The directory's name; nil for `inbox/` itself.
    package var directory: String?
    /// A lower bound when it is ``countMax``.
    package var count: Int

    package static let countMax = 10_000
}

extension SpoolRoot {
    /// The most files of an inbox whose age is read, for the age of what is left alone.
    private static let agedMax = 1_000

    /// Looks at what lies in the inbox of `queue`.
    ///
    /// - Parameters:
    ///   - rules: Which names the queue takes.
    ///   - limit: The most drops that are listed one by one.
    ///   - namesMax: The most names that are read.
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
                // A drop that a node has claimed is still a drop, until it is a job.
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

    /// Why a daemon would not take the drop now; nil when nothing keeps it in its inbox.
    package func whyWaiting(_ waiting: WaitingDrop, _ quiet: StabilityTimes, now: Timestamp) -> FileSnapshot.Reason? {
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

    /// Files below `inbox/` that no queue takes, in the order of the directories' names.
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
