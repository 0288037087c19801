package import Documents
import Glibc
package import Jobs
import SystemPackage

/// A request to the daemon in a file in `control/`; the file's owner is the person that asks.
package struct ControlRequest: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        case cancel, retry, hold, release, approve, deny, deliver
    }

    /// The tool call that an approval permits.
    package struct ApprovedCall: Sendable, Equatable {
        package var step: String
        /// The digest of the arguments that the person saw.
        package var argumentsHash: String
        /// The arguments that the person puts in their place.
        package var arguments: JSON?

        package init(step: String, argumentsHash: String, arguments: JSON? = nil) {
            (self.step, self.argumentsHash, self.arguments) = (step, argumentsHash, arguments)
        }
    }

    package var action: Action
    package var jobs: [JobID]
    package var reason: String?
    /// Only a release may have one.
    package var finding: Release.Finding?
    /// Only a release may have them.
    package var limits = Limits()
    /// Every approval has one; no other action has one.
    package var approved: ApprovedCall?
    /// The step that a denial is about; nil for the step that the job waits for.
    package var deniedStep: String?

    /// The user or token for whom the daemon's user or root asks; nil when the file's owner asks for himself.
    package var onBehalfOf: Owner?

    package init(_ action: Action, jobs: [JobID], reason: String?) {
        (self.action, self.jobs, self.reason) = (action, jobs, reason)
    }

    package var json: JSON {
        var output: JSON?
        if case .done(let value) = finding { output = value }
        return JSON(members: [
            ("action", .string(action.rawValue)), ("jobs", .array(jobs.map { .string($0.text) })),
            ("reason", reason.map(JSON.string)), ("again", finding == .again ? .bool(true) : JSON?.none),
            ("assumed_output", output), ("limits", limits.json),
            ("step", (approved?.step ?? deniedStep).map(JSON.string)),
            ("arguments_hash", approved.map { .string($0.argumentsHash) }), ("arguments", approved?.arguments),
            ("on_behalf_of", onBehalfOf.map { ["uid": .int(Int64($0.uid)), "user": .string($0.name)] }),
        ])
    }

    /// The command that carries this request out on one job, as `decision` asks for it.
    package func command(_ decision: Decision) -> JobCommand {
        switch action {
        case .cancel: return .cancel(decision)
        case .retry: return .retry(decision)
        case .deliver: return .deliver(.asked(decision))
        case .release: return .release(Release(decision, finding: finding, limits: limits))
        case .deny: return .deny(Denial(step: deniedStep, decision: decision))
        case .approve:
            // A request that was read from a document always names the call.
            let call = approved ?? ApprovedCall(step: "", argumentsHash: "")
            return .approve(
                Approval(
                    step: call.step,
                    decision: decision,
                    argumentsHash: call.argumentsHash,
                    arguments: call.arguments
                )
            )
        case .hold:
            let message = "\(decision.user) asked for it\(decision.reason.map { ": \($0)" } ?? "")"
            return .hold(Hold(reason: .requested, message: message))
        }
    }

    package init(_ document: Document) throws(DocumentError) {
        let reader = try MemberReader(document)
        guard let action = try reader.choice("action", Action.self) else { throw reader.error("action", "is missing") }
        let own: [String] =
            switch action {
            case .cancel, .retry, .hold, .deliver: []
            case .deny: ["step"]
            case .release: ["again", "assumed_output", "limits"]
            case .approve: ["step", "arguments_hash", "arguments"]
            }
        try reader.allowOnly(["action", "jobs", "reason", "on_behalf_of"] + own)
        guard let names = try reader.strings("jobs") else { throw reader.error("jobs", "is missing") }
        var jobs: [JobID] = []
        for name in names {
            guard let id = JobID(name) else { throw reader.error("jobs", "\(name) is no job id") }
            jobs.append(id)
        }
        self.init(action, jobs: jobs, reason: try reader.string("reason"))
        if let asker = try reader.object("on_behalf_of") {
            try asker.allowOnly(["uid", "user"])
            guard let uid = try asker.int("uid", in: Owner.tokenUID...Int(UInt32.max)) else {
                throw asker.error("uid", "is missing")
            }
            guard let user = try asker.string("user") else { throw asker.error("user", "is missing") }
            onBehalfOf = Owner(uid: uid, name: user)
        }
        if let limits = try reader.object("limits") { self.limits = try Limits(limits) }
        // Null is an output, too.
        if let output = reader.value["assumed_output"] { finding = .done(output: output) }
        if try reader.bool("again") == true {
            if finding != nil { throw reader.error("again", "cannot be asked for together with assumed_output") }
            finding = .again
        }
        if action == .deny { deniedStep = try reader.string("step") }
        if action == .approve {
            guard let step = try reader.string("step") else { throw reader.error("step", "is missing") }
            guard let hash = try reader.string("arguments_hash") else {
                throw reader.error("arguments_hash", "is missing")
            }
            approved = ApprovedCall(step: step, argumentsHash: hash, arguments: reader.value["arguments"])
        }
    }

    /// Who asks, for the record, when `uid` owns the request's file.
    ///
    /// - Parameter daemon: The uid that the daemon runs as.
    /// - Throws: ``Rejection`` when another user than the daemon's or root asks on behalf of another.
    package func decision(uid: Int, daemon: Int) throws(Rejection) -> Decision {
        guard let onBehalfOf else { return Decision(uid: uid, user: UserNames.name(of: uid), reason: reason) }
        guard uid == daemon || uid == 0 else {
            throw Rejection(
                "\(UserNames.name(of: uid)) asked on behalf of \(onBehalfOf); only the daemon's user and root may: "
                    + "leave on_behalf_of out"
            )
        }
        return Decision(uid: onBehalfOf.uid, user: onBehalfOf.name, reason: reason)
    }

    /// In bytes; a larger request is refused.
    package static let sizeMax = 1 << 20

    /// Writes the request under a temporary name in `control/`, then renames it.
    ///
    /// It is durable when this returns: the caller says that it waits there, even when no daemon runs.
    ///
    /// - Returns: The file's name in `control/`; the daemon removes the file once it has carried the request out.
    package func submit(to spool: SpoolRoot, id: JobID) throws(SpoolError) -> String {
        let name = "\(id)-\(action.rawValue).json"
        try Self.put(json, as: name, into: spool)
        return name
    }

    static func put(_ request: JSON, as name: String, into spool: SpoolRoot) throws(SpoolError) {
        try doing("writing control/\(name)") { () throws(Errno) in
            let control = try spool.directory(SpoolLayout.control)
            // Arguments and outputs are private; only a daemon of another user needs to read them.
            let isOwn = try spool.fileSystem.status(of: control).uid == geteuid()
            let file = try spool.fileSystem.open(".\(name)", in: control, .create, mode: isOwn ? 0o600 : 0o644)
            try spool.fileSystem.writeAll(request.bytes, to: file)
            try Durability.syncNow(file, spool.fileSystem)
            try spool.fileSystem.rename(".\(name)", in: control, to: name, in: control)
            try Durability.syncNow(control, spool.fileSystem)
        }
    }

    /// What was found under the name of a request.
    package enum Found: Sendable, Equatable {
        /// With the uid of the file's owner.
        case request(ControlRequest, uid: Int)
        /// It asks for the configuration to be read again. Every user with write access to `control/` may ask for that.
        case reload(ReloadRequest)
        /// A process may still write it; the next event or the next regular look at `control/` reads it again.
        case unfinished
        case gone
    }

    /// In nanoseconds. Where the kernel cannot tell, an invalid request that changed so lately may still be written.
    private static let freshTime: Int64 = 5_000_000_000

    /// Reads the request of that name.
    ///
    /// - Throws: ``Rejection`` when the file is no request; ``SpoolError`` when the disk or the file server failed: the
    ///   caller reads it again.
    package static func read(_ name: String, in spool: SpoolRoot, now: Timestamp) throws -> Found {
        let fileSystem = spool.fileSystem
        let (status, bytes): (FileStatus, [UInt8])
        var mayBeWritten = false
        do throws(Errno) {
            let (control, isLocal) = try spool.directoryAndKind(SpoolLayout.control)
            let file = try fileSystem.open(name, in: control, .read)
            status = try fileSystem.status(of: file)
            if status.kind == .regular {
                switch writer(of: file, isLocal: isLocal, fileSystem) {
                case true: return .unfinished
                case false: break
                case nil:
                    let age = now.milliseconds * 1_000_000 - status.modified
                    mayBeWritten = (0..<freshTime).contains(age)
                }
            }
            bytes = status.kind == .regular ? try fileSystem.contents(of: file, limit: sizeMax) : []
        } catch .noSuchFileOrDirectory {
            return .gone
        } catch .tooManySymbolicLinkLevels, .noSuchAddressOrDevice {
            throw Rejection("control/\(name) is no request: it is a link, a socket or a device")
        } catch {
            throw SpoolError("reading control/\(name)", error, advice: "The request stays there, and is read again")
        }
        // A hard link to another user's file is not that user's request (docs/filesystem-rules.md, rule 15).
        guard status.kind == .regular, status.links == 1, bytes.count <= sizeMax else {
            throw Rejection("control/\(name) is no request")
        }
        do throws(DocumentError) {
            let document = try Document(bytes, format: .json, name: "control/\(name)")
            if let request = try ReloadRequest(document) { return .reload(request) }
            return .request(try ControlRequest(document), uid: Int(status.uid))
        } catch {
            if mayBeWritten { return .unfinished }
            throw Rejection("\(error)")
        }
    }

    /// Whether a writer has the file open; nil where the kernel cannot tell.
    private static func writer(of file: OpenFile, isLocal: Bool, _ fileSystem: any FileSystem) -> Bool? {
        if !isLocal { return nil }
        return (try? fileSystem.hasNoWriter(file)).map { !$0 }
    }

    /// Removes a request that was carried out or refused.
    ///
    /// - Returns: False for a directory, which is no request and stays for the operator to see.
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
