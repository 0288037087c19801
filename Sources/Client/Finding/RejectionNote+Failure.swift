import Jobs
import Spool

extension RejectionNote {
    /// The error of a use case that needs a job, for a drop that became none.
    func failure(in spool: SpoolRoot) -> ClientError {
        if let first = duplicateOf {
            return ClientError("\(job.drop) is the same as job \(first), and was not run: \(reason)", .data)
        }
        let path = "\(spool.path)/\(spool.path(of: self))"
        return ClientError(
            "\(job.drop) was rejected: \(reason)\n"
                + "It lies in \(path); mend it and move it back into \(spool.path)/inbox/\(queue)/",
            .data
        )
    }
}
