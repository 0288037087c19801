import Jobs
import SystemPackage

extension SpoolNode {
    /// Reserves an idempotency key for a job: `keys/<2 hex>/<sha256>` holds the id of the job that has it, and a digest of
    /// what it asks for.
    ///
    /// Who wants it appends its id, and the first whole id counts: so two who find no id both see who was first, and
    /// what a crash left of an id binds no job. A key that an acceptance reserved before a crash cut it short is the
    /// same job's again.
    ///
    /// - Throws: `Rejection` when another job has it: that of a duplicate when it asks for the same.
    func reserve(
        _ key: String,
        for job: JobName,
        inputSHA256: String?
    ) throws -> (file: OpenFile, directories: [OpenFile]) {
        let claim = KeyClaim(job: job.id, inputSHA256: inputSHA256)
        let (file, directories, first) = try doing("reserving the idempotency key of \(job)") { () throws(Errno) in
            let (directory, changed) = try spool.ensuredDirectory(KeyClaim.directory(of: key))
            let file = try fileSystem.open(KeyClaim.fileName(of: key), in: directory, .append)
            let directories = [directory] + changed
            while true {
                let bytes = try fileSystem.contents(of: file)
                if let first = KeyClaim(first: bytes) { return (file, directories, first) }
                try fileSystem.writeAll(Array("\(bytes.isEmpty ? "" : "\n")\(claim.line)\n".utf8), to: file)
            }
        }
        if first.job == job.id { return (file, directories) }
        if first.asksTheSame(as: claim) {
            throw Rejection("its idempotency_key was used before, by job \(first.job)", duplicateOf: first.job)
        }
        let shown = key.count <= 60 ? key : key.prefix(60) + "…"
        throw Rejection("the key \(shown) was used by job \(first.job) for another input")
    }
}
