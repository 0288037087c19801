package import Documents
package import Jobs
import Spool

/// Asks the daemon to do something with jobs, and waits until their histories say that it is done.
package struct JobRequests: Sendable {
    /// A request about a job that was carried out.
    package struct CarriedOut: Sendable {
        package let job: JobID
        /// The job's state after that.
        package let state: String

        package var json: JSON { ["job": .string(job.text), "state": .string(state)] }
    }

    private struct Asked {
        var job: JobName
        /// The last record of the history before the request.
        var seq: Int
        var request: ControlRequest
    }

    /// How long to wait for the daemon's answer about one job.
    private static let patience: Duration = .seconds(10)

    private let client: SpoolClient
    private let action: JobAction
    private let reason: String?
    private let owner: Owner?

    /// - Parameters:
    ///   - reason: Why; it is recorded.
    ///   - owner: For whom the daemon's user or root asks; nil when the user of this process asks for himself.
    package init(_ client: SpoolClient, _ action: JobAction, reason: String? = nil, onBehalfOf owner: Owner? = nil) {
        (self.client, self.action, self.reason, self.owner) = (client, action, reason, owner)
    }

    /// Writes the requests into `control/`, and waits for the daemon to carry them out.
    ///
    /// - Parameter onCarriedOut: Called for each job in turn, as soon as it is known.
    /// - Returns: How many jobs were asked about: none when the filter finds none that fits.
    /// - Throws: ``ClientError``: a job is not there or not fit, no daemon runs (unavailable; the requests stay in
    ///   `control/`), or the daemon takes too long (temporary).
    package func carryOut(on selection: JobSelection, onCarriedOut: (CarriedOut) -> Void) async throws -> Int {
        if let remote = try client.remote() {
            return try await remote.carryOut(action, reason: reason, on: selection, onCarriedOut)
        }
        let finder = JobFinder(client)
        let asked = try await ask(about: selection, finder)
        if asked.isEmpty { return 0 }
        for request in asked.map(\.request).merged {
            _ = try request.submit(to: client.spool, id: client.identifiers.next())
        }
        guard try client.hasDaemon else {
            throw ClientError(
                "no daemon is running on \(client.spool.path); the request waits in control/ and is carried out when "
                    + "one starts",
                .unavailable
            )
        }
        var seen: [JobID: Int] = [:]
        for asked in asked {
            let (carriedOut, seq) = try await answer(to: asked, finder)
            onCarriedOut(carriedOut)
            seen[carriedOut.job] = seq
        }
        try await IndexCatchUp(client).wait(for: seen)
        return asked.count
    }

    /// Writes the requests into `control/`, where they are durable when this returns, and waits for nothing.
    ///
    /// - Returns: The names of the requests' files; the daemon removes a file once it has carried the request out.
    /// - Throws: ``ClientError``: a job is not there or not fit. `SpoolError`.
    package func submit(on selection: JobSelection) async throws -> [String] {
        try await submitAll(on: selection).files
    }

    /// The same, with the number of jobs that the requests are about.
    package func submitAll(on selection: JobSelection) async throws -> (jobs: Int, files: [String]) {
        let asked = try await ask(about: selection, JobFinder(client))
        let files = try asked.map(\.request).merged.map {
            try $0.submit(to: client.spool, id: client.identifiers.next())
        }
        return (asked.count, files)
    }

    /// The jobs of the selection that the action can be applied to now.
    ///
    /// - Throws: ``ClientError`` when a named job is not there or not fit.
    package func fitting(_ selection: JobSelection) async throws -> [JobID] {
        try await ask(about: selection, JobFinder(client)).map(\.job.id)
    }

    private func ask(about selection: JobSelection, _ finder: JobFinder) async throws -> [Asked] {
        var asked: [Asked] = []
        for name in try await selection.names(client, finder) {
            let replay = try await finder.read(name).replay
            do {
                var request = try action.request(about: replay, reason: reason)
                request.onBehalfOf = owner
                _ = try replay.life.decide(request.command(Decision(uid: 0, user: "")), at: client.wallClock.now)
                asked.append(Asked(job: replay.name, seq: replay.life.seq, request: request))
            } catch {
                // A filter means only the jobs to which the action can be applied.
                if !selection.isStrict { continue }
                throw error as? ClientError ?? ClientError("the job \(replay.name.id): \(error)", .data)
            }
        }
        return asked
    }

    /// - Returns: What was done, and the job's last record then.
    private func answer(to asked: Asked, _ finder: JobFinder) async throws -> (CarriedOut, seq: Int) {
        let polling = Polling(clock: client.clock, pause: .milliseconds(20), patience: Self.patience)
        let answer = try await polling.first { () -> (CarriedOut, seq: Int)? in
            let found = try await finder.read(asked.job.description)
            let isRecorded = found.history.records.contains { record in
                record.seq > asked.seq && asked.request.action.isRecorded(by: record.event)
            }
            // The daemon may not have synced the record that can be read already.
            guard isRecorded, try client.spool.syncHistory(of: found.location) else { return nil }
            let life = found.replay.life
            return (CarriedOut(job: asked.job.id, state: life.state.name), life.seq)
        }
        if let answer { return answer }
        throw ClientError(
            "the daemon has not carried the request for \(asked.job.id) out yet; see its log",
            .temporary
        )
    }
}

extension ControlRequest.Action {
    fileprivate func isRecorded(by event: JobEvent) -> Bool {
        switch (self, event) {
        case (.cancel, .cancelled), (.retry, .retried), (.hold, .held), (.release, .released),
            (.approve, .approved), (.deny, .denied), (.deliver, .delivery(.asked)):
            true
        default: false
        }
    }
}
