import Documents
package import Jobs
import SystemPackage

extension SpoolRoot {
    /// The note beside the rejected drop of exactly that name, the newest day first; nil when there is none.
    package func rejectionNote(of job: JobName) throws(SpoolError) -> RejectionNote? {
        try doing("reading \(SpoolLayout.rejected)/") { () throws(Errno) in
            let days = try DirectoryListing.names(in: SpoolLayout.rejected, of: root)
            for day in days.sorted(by: >) where !day.hasPrefix(".") {
                let directory = try directory("\(SpoolLayout.rejected)/\(day)")
                if let note = try rejectionNote("\(job)\(RejectionNote.ending)", in: directory) { return note }
            }
            return nil
        }
    }

    /// Where a rejected drop lies, relative to the spool.
    package func path(of note: RejectionNote) -> String { "\(SpoolLayout.rejected)/\(note.at.day)/\(note.job)" }

    /// The contents of a waiting drop, of 1 MiB at most; nil when it is larger or gone, or its name is not UTF-8.
    package func waitingContents(of drop: Drop) throws(SpoolError) -> [UInt8]? {
        try doing("reading \(drop.shownName)") { () throws(Errno) in
            guard let name = String(validating: drop.name, as: UTF8.self) else { return nil }
            do throws(Errno) {
                let file = try fileSystem.openPlain(name, in: directory(SpoolLayout.inbox(of: drop.queue)))
                let bytes = try fileSystem.contents(of: file, limit: 1 << 20)
                return bytes.count <= 1 << 20 ? bytes : nil
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
    }
}
