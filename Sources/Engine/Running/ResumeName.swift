import Documents
package import Jobs

/// The drop name that says which job it resumes: `words.resume-<id>.jsonl`. A job document says it inside.
package enum ResumeName {
    private static let mark = ".resume-"

    /// The job that a drop's name says it resumes; nil when it says none.
    package static func job(in name: String) -> JobID? {
        // This runs for every drop, and few names are long enough.
        guard name.utf8.count > mark.utf8.count + JobID.length, let range = name.ranges(of: mark).last else {
            return nil
        }
        let rest = name[range.upperBound...]
        let id = rest.prefix(JobID.length)
        guard rest.dropFirst(JobID.length).first.map({ $0 == "." }) ?? true else { return nil }
        return JobID(id)
    }

    /// The name with which a drop called `name` resumes `job`.
    package static func name(_ name: String, resuming job: JobID) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "\(name)\(mark)\(job)" }
        return "\(name[..<dot])\(mark)\(job)\(name[dot...])"
    }
}
