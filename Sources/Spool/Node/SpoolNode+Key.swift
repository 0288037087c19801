import Documents
import Jobs
import SystemPackage

extension SpoolNode {
    /// Reserves an idempotency key for a job: `keys/<2 hex>/<sha256>` holds the job's id and its input's digest.
    ///
    /// Each claimer appends its job's id, and the first whole id counts: two claimers that find no id both see which
    /// was first, and a part of an id binds no job. A job that reserved the key before a crash gets it again.
    ///
    /// - Throws: ``Rejection`` when another job has the key; a duplicate's when that job asks for the same.
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
