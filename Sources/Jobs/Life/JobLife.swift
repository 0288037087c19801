package import Documents

/// A job's life cycle as a pure state machine: which commands are legal in a state, and what they require.
///
/// ``decide(_:at:)`` takes a command and returns the event to append and the place where the directory belongs;
/// ``apply(_:)`` replays a record. The engine carries out what is decided; tests and proofs drive the struct alone.
package struct JobLife: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        /// Nothing was accepted yet.
        case absent
        /// Accepted or claimed, and no step has begun since.
        case waiting
        case running
        case deferred(until: Timestamp)
        case held(Hold)
        case ended(Outcome, at: Timestamp)
    }

    package private(set) var state: State = .absent
    /// How often the job was claimed; 1 from acceptance on.
    package private(set) var epoch = 0
    /// The sequence number of the last record.
    package private(set) var seq = 0
    /// The failed lines of a completed batch, which a retry runs again.
    package private(set) var failedLines: FailedLines?
    private var isBatch = false

    package init() {}

    /// Where a job directory with this history belongs.
    package var place: Place {
        switch state {
        case .absent, .waiting, .running: .processing
        case .deferred(let until): .deferred(until: until)
        case .held: .held
        case .ended(.completed, let at): .done(day: at.day)
        case .ended(_, let at): .failed(day: at.day)
        }
    }
}

/// How a job ended.
package enum Outcome: String, Sendable, CaseIterable {
    case completed, failed, cancelled, denied
}

/// A directory of the spool for jobs; the place of a job is its state.
package enum Place: Sendable, Hashable {
    /// `processing/<this node>/`
    case processing
    case deferred(until: Timestamp)
    case held
    case done(day: String)
    case failed(day: String)
}

/// A command that changes a job's state.
package indirect enum JobCommand: Sendable, Equatable {
    case accept(Acceptance)
    case claim(node: String, ClaimCause, after: PreviousRunEnd? = nil)
    /// Records an event of a step.
    case step(JobEvent)
    case deferUntil(Timestamp, reason: String)
    case hold(Hold)
    case complete(output: JSON)
    case fail(step: String?, Failure)
    case cancel(Decision)
    case retry(Decision)
    case release(Release)
    case approve(Approval)
    /// The denial's step is the one that the person means; nil for whatever the job waits for.
    case deny(Denial)
    /// Records what became of a delivery or a hook.
    case deliver(DeliveryEvent)
}

/// What a command requires: append the event, sync it, then move the directory to its place.
package struct Transition: Sendable, Equatable {
    package var event: JobEvent
    /// Where the directory belongs afterwards; nil when it stays.
    package var destination: Place?
    /// Whether `result.json` (and `error.txt`) must be written, and synced with the event.
    package var endsJob = false
}

/// A command that the job's state does not allow.
package struct IllegalTransition: Error, Equatable, CustomStringConvertible {
    package var command: String
    package var state: String
    /// The reason, where the state alone does not say it.
    package var reason: String?

    package var description: String {
        "a job that is \(state) cannot be \(command)\(reason.map { ": \($0)" } ?? "")"
    }
}

extension JobLife {
    /// The transition that carries out `command` on a job in this state at `now`.
    ///
    /// - Throws: ``IllegalTransition`` when the state does not allow it.
    package func decide(_ command: JobCommand, at now: Timestamp) throws(IllegalTransition) -> Transition {
        switch (command, state) {
        case (.accept(let acceptance), .absent): return Transition(event: .accepted(acceptance))
        case (.claim(let node, let cause, let after), .waiting), (.claim(let node, let cause, let after), .running),
            (.claim(let node, let cause, let after), .deferred):
            return Transition(event: .claimed(node: node, cause: cause, after: after), destination: .processing)
        case (.step(let event), .waiting), (.step(let event), .running): return Transition(event: event)
        case (.deferUntil(let due, let reason), .waiting), (.deferUntil(let due, let reason), .running):
            return Transition(event: .deferred(until: due, reason: reason), destination: .deferred(until: due))
        case (.hold(let hold), .waiting), (.hold(let hold), .running), (.hold(let hold), .deferred):
            return Transition(event: .held(hold), destination: .held)
        case (.complete(let output), .waiting), (.complete(let output), .running):
            return Transition(event: .completed(output: output), destination: .done(day: now.day), endsJob: true)
        case (.fail(let step, let failure), .waiting), (.fail(let step, let failure), .running):
            return Transition(event: .failed(step: step, failure), destination: .failed(day: now.day), endsJob: true)
        // No answer came in time.
        case (.fail(let step, let failure), .held(let hold)) where hold.approval != nil:
            return Transition(event: .failed(step: step, failure), destination: .failed(day: now.day), endsJob: true)
        case (.cancel(let decision), .waiting), (.cancel(let decision), .running),
            (.cancel(let decision), .deferred), (.cancel(let decision), .held):
            return Transition(event: .cancelled(decision), destination: .failed(day: now.day), endsJob: true)
        case (.retry(let decision), .ended(let outcome, _)) where outcome != .completed || failedLines != nil:
            return Transition(event: .retried(decision), destination: .deferred(until: now))
        case (.retry, .ended):
            let reason = isBatch ? "none of its lines failed" : "it completed, and nothing of it failed"
            throw IllegalTransition(command: command.participle, state: state.name, reason: reason)
        case (.release(let release), .held(let hold)):
            try check(release, hold)
            var release = release
            release.step = hold.step
            return Transition(event: .released(release), destination: .deferred(until: now))
        case (.approve(let approval), .held(let hold)):
            try check(approval, hold, now)
            return Transition(event: .approved(approval), destination: .deferred(until: now))
        case (.deny(let denial), .held(let hold)):
            if let step = denial.step, step != hold.step {
                let reason = "it asks about something else by now"
                throw IllegalTransition(command: command.participle, state: state.name, reason: reason)
            }
            let event = JobEvent.denied(Denial(step: hold.step, decision: denial.decision))
            if hold.tellsDenial { return Transition(event: event, destination: .deferred(until: now)) }
            return Transition(event: event, destination: .failed(day: now.day), endsJob: true)
        case (.deliver(let event), .ended): return Transition(event: .delivery(event))
        // A person asks for a delivery only after the end: a hold is told by its own record.
        case (.deliver(.asked), .held): throw IllegalTransition(command: command.participle, state: state.name)
        case (.deliver(let event), .held): return Transition(event: .delivery(event))
        default: throw IllegalTransition(command: command.participle, state: state.name)
        }
    }

    private func check(_ release: Release, _ hold: Hold) throws(IllegalTransition) {
        let reason: String? =
            switch (hold.reason, release.finding) {
            case (.approval, _): "it waits for an answer: approve or deny it"
            case (.unknownOutcome, nil):
                "say what you found out: --assume-done OUTPUT when it happened, --again when it did not"
            case (.unknownOutcome, _), (_, nil): nil
            default: "no step's outcome is in doubt"
            }
        if let reason { throw IllegalTransition(command: "released", state: state.name, reason: reason) }
    }

    private func check(_ approval: Approval, _ hold: Hold, _ now: Timestamp) throws(IllegalTransition) {
        let reason: String? =
            if let request = hold.approval {
                if request.step != approval.step || request.argumentsHash != approval.argumentsHash {
                    "it asks for something else by now"
                } else {
                    request.expires.flatMap { $0 <= now ? "the time for an answer was over at \($0.text)" : nil }
                }
            } else {
                "it does not wait for an approval, it is held as \(hold.reason.rawValue)"
            }
        if let reason { throw IllegalTransition(command: "approved", state: state.name, reason: reason) }
    }

    /// Replays a record that was appended.
    package mutating func apply(_ record: HistoryRecord) {
        seq = record.seq
        epoch = record.epoch
        switch record.event {
        case .accepted(let acceptance):
            isBatch = acceptance.kind == .batch
            state = .waiting
        case .claimed: state = .waiting
        case .stepStarted, .stepCompleted, .stepFailed, .stepWaits: state = .running
        case .deferred(let until, _): state = .deferred(until: until)
        case .held(let hold): state = .held(hold)
        case .released, .approved: state = .deferred(until: record.at)
        case .retried:
            failedLines = nil
            state = .deferred(until: record.at)
        case .denied:
            let tells = if case .held(let hold) = state { hold.tellsDenial } else { false }
            state = tells ? .deferred(until: record.at) : .ended(.denied, at: record.at)
        case .cancelled: state = .ended(.cancelled, at: record.at)
        case .completed(let output):
            if isBatch { failedLines = FailedLines(output: output) }
            state = .ended(.completed, at: record.at)
        case .failed(_, let failure): state = .ended(failure.class == .denied ? .denied : .failed, at: record.at)
        case .delivery, .unknown: break
        }
    }

    /// The next record of the history, for `event`.
    package func record(_ event: JobEvent, at now: Timestamp) -> HistoryRecord {
        let opensEpoch =
            switch event {
            case .accepted, .claimed: true
            default: false
            }
        return HistoryRecord(seq: seq + 1, epoch: epoch + (opensEpoch ? 1 : 0), at: now, event: event)
    }

    package var isEnded: Bool { if case .ended = state { true } else { false } }
}

extension JobLife.State {
    package var name: String {
        switch self {
        case .absent: "not accepted"
        case .waiting: "waiting"
        case .running: "running"
        case .deferred: "deferred"
        case .held: "held"
        case .ended(.completed, _): "done"
        case .ended(let outcome, _): outcome.rawValue
        }
    }
}

extension JobCommand {
    fileprivate var participle: String {
        switch self {
        case .accept: "accepted"
        case .claim: "claimed"
        case .step: "worked on"
        case .deferUntil: "deferred"
        case .hold: "held"
        case .complete: "completed"
        case .fail: "failed"
        case .cancel: "cancelled"
        case .retry: "retried"
        case .release: "released"
        case .approve: "approved"
        case .deny: "denied"
        case .deliver: "delivered"
        }
    }
}

extension Hold {
    /// Whether a denial goes to the model, and the job goes on.
    fileprivate var tellsDenial: Bool { approval?.onDenied == .tell }
}
