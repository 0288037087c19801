package import Jobs
import SystemPackage

extension SpoolRoot {
    /// Opens a job's history where it lies, to be read in pieces; nil when it is gone from there.
    package func openHistory(of location: JobLocation) throws(SpoolError) -> OpenFile? {
        try doing("reading the history of \(location.job)") { () throws(Errno) in
            do throws(Errno) {
                let directory = try fileSystem.open(location.path, in: root, .jobDirectory)
                return try fileSystem.openPlain(SpoolLayout.history, in: directory)
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
    }

    /// Reads a part of a file of a job, shorter at the file's end.
    package func read(_ file: OpenFile, at offset: Int, count: Int, of job: JobName) throws(SpoolError) -> [UInt8] {
        try doing("reading a file of \(job)") { () throws(Errno) in
            try fileSystem.read(file, at: offset, count: count)
        }
    }
}
