import ArgumentParser
import Client
import Documents
import Jobs

struct HistoryCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show everything that was recorded of a job, in order."
    )

    @OptionGroup var options: SpoolOptions

    @Argument(help: "An id, a unique part of one, or the dropped file's name.")
    var job: String

    @Flag(help: "Print the records as they stand in the file, one JSON object a line.")
    var json = false

    func perform() async throws {
        let client = try options.client()
        let found = try await JobFinder(client).read(job)
        if json {
            for line in try found.lines(in: client.spool) { Terminal.print(output: line) }
            return
        }
        var table = Table(["SEQ", "EPOCH", "AT", "WHAT", "STEP", "DETAIL"], numbers: [0, 1])
        for record in found.history.records {
            let (step, detail) = record.event.shown
            table.add([
                Table.Cell(String(record.seq)), Table.Cell(String(record.epoch)), Table.Cell(record.at.text),
                Table.Cell(record.event.type), Table.Cell(step), Table.Cell(detail),
            ])
        }
        Terminal.print(table.text)
        switch found.history.defect {
        case .tornTail(let line): Terminal.remark("Line \(line) was cut short by a crash; it will be taken away.")
        case .brokenLine(let line): Terminal.remark("Line \(line) does not fit the chain: it was changed.")
        case nil: break
        }
    }
}

extension JobEvent {
    /// The step and the rest, in short.
    var shown: (step: String?, detail: String?) {
        switch self {
        case .accepted(let acceptance):
            (nil, "\(acceptance.name), \(acceptance.size) bytes, by \(acceptance.owner), for \(acceptance.workflow)")
        case .claimed(let node, let cause, let after):
            (nil, "by \(node): \(cause.rawValue)\(after.map { " after a \($0.words)" } ?? "")")
        case .stepStarted(let start): (start.step, "attempt \(start.attempt)\(start.tool.map { " of \($0)" } ?? "")")
        case .stepCompleted(let step):
            (
                step.step,
                step.isSkipped ? "skipped" : "in \(Duration.milliseconds(step.durationMilliseconds).roundedText)"
            )
        case .stepFailed(let step):
            (
                step.step,
                "\(step.failure.class.rawValue): \(JobSummary.short(step.failure.message))"
                    + (step.retryAt.map { "; again at \($0.text)" } ?? "")
            )
        case .stepWaits(let step): (step.step, "until \(step.until.text): \(JobSummary.short(step.reason))")
        case .deferred(let until, let reason): (nil, "until \(until.text): \(JobSummary.short(reason))")
        case .held(let hold): (hold.step, "\(hold.reason.rawValue): \(JobSummary.short(hold.message))")
        case .approved(let approval):
            (approval.step, approval.decision.words + (approval.arguments == nil ? "" : ", with other arguments"))
        case .denied(let denial): (denial.step, denial.decision.words)
        case .released(let release): (release.step, release.decision.words + release.findingWords)
        case .retried(let decision), .cancelled(let decision): (nil, decision.words)
        case .completed: (nil, nil)
        case .failed(let step, let failure): (step, "\(failure.class.rawValue): \(JobSummary.short(failure.message))")
        case .delivery(let event): (nil, event.words)
        case .unknown: (nil, nil)
        }
    }
}

extension DeliveryEvent {
    fileprivate var words: String {
        switch self {
        case .delivered(let delivered): "\(delivered.path), \(delivered.size) bytes, attempt \(delivered.attempt)"
        case .hookCompleted(let hook, let duration):
            "\(hook.program), attempt \(hook.attempt), in \(Duration.milliseconds(duration).roundedText)"
        case .failed(_, let attempt):
            "attempt \(attempt.number): \(JobSummary.short(attempt.failure.message))"
                + (attempt.retryAt.map { "; again at \($0.text)" } ?? "; given up")
        case .asked(let decision): decision.words
        }
    }
}

extension Decision {
    fileprivate var words: String { "by \(user)\(reason.map { ": \($0)" } ?? "")" }
}

extension Release {
    fileprivate var findingWords: String {
        switch finding {
        case .again: "; it may run again"
        case .done: "; it had happened"
        case nil: ""
        }
    }
}
