package import Jobs

extension SpoolRoot {
    /// Who submitted a drop that lies in an inbox: the file's owner, or the one for whom the daemon wrote it.
    package func submitter(of waiting: WaitingDrop) -> Owner {
        if let job = String(validating: waiting.drop.name, as: UTF8.self).flatMap({ JobName($0) }) {
            let ids = [job.id] + [JobName(job.drop)?.id].compactMap(\.self)
            for id in ids {
                // A user who may not read `submitted/` sees the file's owner.
                if let found = try? Submission.read(of: id, in: self, ownedBy: UInt32(waiting.uid)) {
                    return found.owner
                }
            }
        }
        return Owner(uid: waiting.uid, name: UserNames.name(of: waiting.uid))
    }
}
