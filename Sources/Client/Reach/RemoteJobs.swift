import Documents
package import Jobs
import Spool

/// The use cases for a user who may not read the job directories: the daemon's API tells about the user's own jobs, and
/// operators about all.
package struct RemoteJobs: Sendable {
    let api: APIConnection
    let client: SpoolClient

    /// The most rows of one answer of the API.
    private static let pageMax = 500
    /// How often a job that was there may be missing, and the pause between two looks: two seconds in all.
    private static let (missesMax, pause) = (20, Duration.milliseconds(100))
    private static let jobs = "/api/v1/jobs"

    /// The job that `text` means, with its whole history.
    ///
    /// - Throws: ``ClientError``: there is none that this user may see (no input), or it has no directory (data).
    package func read(_ text: String) async throws -> FoundJob {
        let answer = try await api.get("\(target(text))/history")
        guard let path = answer.header("AgentSpool-Path"), let location = JobLocation(path: path) else {
            throw ClientError(
                "the API at \(api.path) does not say where the job lies; is it of another version?",
                .failure
            )
        }
        let history = HistoryContents(answer.body)
        return FoundJob(
            location: location,
            history: history,
            replay: JobReplay(name: location.job, records: history.records),
            remote: FoundJob.Remote(
                bytes: answer.body,
                isInHand: answer.header("AgentSpool-In-Hand") == "true"
            )
        )
    }

    /// The job's row.
    ///
    /// - Throws: ``ClientError``.
    package func summary(_ text: String) async throws -> JobSummary { try row(await api.get(target(text)).json) }

    /// One page of a list.
    ///
    /// - Parameters:
    ///   - filter: Its cursor is where the page begins.
    ///   - limit: The most rows.
    /// - Throws: ``ClientError``.
    package func list(_ filter: JobFilter, limit: Int) async throws -> (rows: [JobSummary], next: JobCursor?) {
        var (filter, rows) = (filter, [JobSummary]())
        while true {
            let page = min(limit - rows.count, Self.pageMax)
            let answer = try await api.get("\(Self.jobs)?\(filter.query)&limit=\(page)").json
            for json in answer["data"]?.array ?? [] { rows.append(try row(json)) }
            filter.after = answer["next"]?.string.flatMap { JobCursor($0) }
            if rows.count >= limit || filter.after == nil { return (rows, filter.after) }
        }
    }

    /// The report about the spool, or about the user's own jobs.
    ///
    /// - Throws: ``ClientError``.
    func status() async throws -> JSON { try await api.get("/api/v1/status").json }

    private func row(_ json: JSON) throws(ClientError) -> JobSummary {
        if let row = JobSummary(json: json) { return row }
        throw ClientError("the API at \(api.path) gave a row that this version cannot read: \(json.text)", .failure)
    }

    func target(_ text: String) -> String { "\(Self.jobs)/\(APIConnection.encoded(text))" }

    // MARK: Requests

    /// Asks the daemon about each job of the selection, and waits until it has carried that out.
    ///
    /// - Returns: How many jobs were asked about.
    /// - Throws: ``ClientError``; a job of a filter that does not fit the request is left out.
    func carryOut(
        _ action: JobAction,
        reason: String?,
        on selection: JobSelection,
        _ onCarriedOut: (JobRequests.CarriedOut) -> Void
    ) async throws -> Int {
        let names: [String]
        switch selection {
        case .named(let jobs):
            // All must be there before the first is asked about.
            for job in jobs { _ = try await summary(job) }
            names = jobs
        case .matching(let filter): names = try await list(filter, limit: .max).rows.map(\.job).filter { !$0.isEmpty }
        }
        var count = 0
        for name in names {
            do {
                onCarriedOut(try await ask(action, reason, about: name))
                count += 1
            } catch let error as ClientError where error.kind == .data && !selection.isStrict {}
        }
        return count
    }

    private func ask(_ action: JobAction, _ reason: String?, about job: String) async throws -> JobRequests.CarriedOut {
        let answer = try await api.post(
            "\(target(job))/\(action.kind.rawValue)",
            action.body(reason).bytes,
            headers: [("Content-Type", "application/json"), ("Prefer", "wait=10")]
        ).json
        guard let id = answer["job"]?.string.flatMap({ JobID($0) }), let state = answer["state"]?.string else {
            throw ClientError("the API at \(api.path) gave an answer that this version cannot read", .failure)
        }
        return JobRequests.CarriedOut(job: id, state: state)
    }

    // MARK: Submitting

    /// Submits a drop through the API, for a user who may not write it as a file.
    ///
    /// - Throws: ``ClientError``.
    func submit(_ drop: SubmittedDrop, to queue: String) async throws -> JobSubmission.Outcome {
        let answer = try await api.post(
            "/api/v1/queues/\(APIConnection.encoded(queue))/jobs?name=\(APIConnection.encoded(drop.name))",
            drop.bytes
        )
        let row = try row(answer.json)
        guard let id = JobID(row.job) else { throw ClientError("the API gave no id: \(answer.json.text)", .failure) }
        if answer.header("AgentSpool-Duplicate") == "true" { return .repeats(id) }
        return .submitted(JobName(id: id, dropName: Array(drop.name.utf8)))
    }

    // MARK: Waiting

    /// The job when it has ended; for a duplicate, the earlier job.
    ///
    /// - Throws: As ``JobWait/end(onDuplicate:)``.
    func end(of id: JobID, onDuplicate: (JobID, String) -> Void) async throws -> JobReplay {
        var (id, wait, misses) = (id, 0, 0)
        while true {
            let answer: JSON
            do {
                answer = try await api.get("\(target(id.text))?wait=\(wait)").json
            } catch let error as ClientError where error.kind == .noInput && misses < Self.missesMax {
                // Between its inbox and the index the daemon does not know a drop for a moment.
                misses += 1
                try await client.clock.sleep(for: Self.pause)
                continue
            }
            misses = 0
            let row = try row(answer)
            switch row.state {
            case .done, .failed: return try await read(id.text).replay
            case .held: throw ClientError("the job is held (\(row.reason ?? ""))", .temporary)
            case .rejected: throw ClientError("the job was rejected: \(row.reason ?? "")", .data)
            case .duplicate:
                guard let first = answer["duplicate_of"]?.string.flatMap({ JobID($0) }) else {
                    throw ClientError("the job repeats another: \(row.reason ?? "")", .data)
                }
                onDuplicate(first, row.reason ?? "")
                (id, wait) = (first, 0)
            case .waiting, .running, .deferred: wait = 30
            }
        }
    }
}

extension JobAction {
    /// The body of a request to the API.
    fileprivate func body(_ reason: String?) -> JSON {
        var members: [(String, JSON?)] = [("reason", reason.map(JSON.string))]
        switch self {
        case .cancel, .retry, .hold, .deny, .deliver: break
        case .release(let finding, let limits):
            switch finding {
            case .again: members.append(("again", true))
            case .done(let output): members.append(("assume_done", output))
            case nil: break
            }
            members.append(("limits", limits.json))
        case .approve(let arguments, let hash):
            members += [("arguments", arguments), ("hash", hash.map(JSON.string))]
        }
        return JSON(members: members)
    }
}

extension JobFilter {
    /// The query that means these conditions.
    fileprivate var query: String {
        var items = states.map { ("state", $0.rawValue) }
        let owner: String? =
            switch self.owner {
            case .exactly(let owner): owner.name
            case .named(let name): name
            case nil: nil
            }
        let single: [(String, String?)] = [
            ("queue", queue), ("workflow", workflow), ("owner", owner), ("since", since?.text), ("until", until?.text),
            ("q", text), ("sort", sort.rawValue), ("after", after?.description),
        ]
        for case (let name, let value?) in single { items.append((name, value)) }
        for label in labels { items.append(("label", "\(label.key)=\(label.value)")) }
        return items.map { "\($0.0)=\(APIConnection.encoded($0.1))" }.joined(separator: "&")
    }
}

extension JobLocation {
    /// Reads a path relative to the spool, as ``path`` is; nil for any other text.
    fileprivate init?(path: String) {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let (directory, entry) = (String(path[..<slash]), String(path[path.index(after: slash)...]))
        let job = directory == SpoolLayout.deferred ? SpoolLayout.deferredName(entry)?.job : JobName(entry)
        guard let job else { return nil }
        self.init(job: job, directory: directory, entry: entry)
    }
}
