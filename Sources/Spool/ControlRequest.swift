package import Jobs
import SystemPackage

/// What a person asks of the daemon through a file in `control/`; the file's owner says who it is.
package struct ControlRequest: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        case cancel, retry
    }

    package var action: Action
    package var jobs: [JobID]
    package var reason: String?

    package init(_ action: Action, jobs: [JobID], reason: String?) {
        (self.action, self.jobs, self.reason) = (action, jobs, reason)
    }

    package var json: JSON {
        JSON(members: [
            ("action", .string(action.rawValue)), ("jobs", .array(jobs.map { .string($0.text) })),
            ("reason", reason.map(JSON.string)),
        ])
    }

    package init(_ document: Document) throws(DocumentError) {
        let reader = try MemberReader(document)
        try reader.allowOnly(["action", "jobs", "reason"])
        guard let action = try reader.choice("action", Action.self) else { throw reader.error("action", "is missing") }
        guard let names = try reader.strings("jobs") else { throw reader.error("jobs", "is missing") }
        var jobs: [JobID] = []
        for name in names {
            guard let id = JobID(name) else { throw reader.error("jobs", "\(name) is no job id") }
            jobs.append(id)
        }
        self.init(action, jobs: jobs, reason: try reader.string("reason"))
    }

    /// Larger requests are refused.
    package static let sizeMax = 1 << 20

    /// Puts the request where a daemon finds it: written aside, then renamed.
    ///
    /// - Returns: The file's name in `control/`, which is gone once the request was carried out.
    package func submit(to spool: SpoolRoot, id: JobID) throws(SpoolError) -> String {
        let name = "\(id)-\(action.rawValue).json"
        try doing("writing control/\(name)") { () throws(Errno) in
            let control = try spool.directory(SpoolLayout.control)
            let file = try spool.fileSystem.open(".\(name)", in: control, .create, mode: 0o644)
            try spool.fileSystem.writeAll(json.bytes, to: file)
            try spool.fileSystem.rename(".\(name)", in: control, to: name, in: control)
        }
        return name
    }

    /// Reads the request of that name.
    ///
    /// - Returns: The request and its owner's uid; nil when it is gone.
    /// - Throws: ``Rejection`` when it is none.
    package static func read(_ name: String, in spool: SpoolRoot) throws -> (request: ControlRequest, uid: Int)? {
        let fileSystem = spool.fileSystem
        let (status, bytes): (FileStatus, [UInt8])
        do throws(Errno) {
            let file = try fileSystem.open(name, in: spool.directory(SpoolLayout.control), .readUntrusted)
            status = try fileSystem.status(of: file)
            bytes = status.kind == .regular ? try fileSystem.contents(of: file, limit: sizeMax) : []
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Rejection("control/\(name) cannot be read: \(error)")
        }
        // Another name of somebody's file does not say that he asks (spool-rules 15).
        guard status.kind == .regular, status.links == 1, bytes.count <= sizeMax else {
            throw Rejection("control/\(name) is no request")
        }
        do throws(DocumentError) {
            return (try ControlRequest(Document(bytes, format: .json, name: "control/\(name)")), Int(status.uid))
        } catch {
            throw Rejection("\(error)")
        }
    }

    /// Removes a request that was carried out or refused.
    ///
    /// - Returns: False for a directory, which is no request and stays for a person to see.
    @discardableResult
    package static func remove(_ name: String, in spool: SpoolRoot) throws(SpoolError) -> Bool {
        try doing("removing control/\(name)") { () throws(Errno) in
            do throws(Errno) {
                try spool.fileSystem.removeIfPresent(name, in: spool.directory(SpoolLayout.control))
                return true
            } catch .isDirectory {
                return false
            }
        }
    }
}
