import Client
import Documents
import Jobs
import OrderedCollections

extension JobReport {
    /// Characters of a call's arguments in the table.
    private static let argumentsShown = 60

    /// Lines of what was used and what may be done, with their labels.
    var facts: [(label: String, text: String)] {
        let usage = replay.usage
        let cached = usage.cachedInputTokens > 0 ? " (\(usage.cachedInputTokens) cached)" : ""
        let cost = usage.costUSD > 0 ? ", $\(usage.costUSD)" : ""
        return [
            (
                "Used",
                "\(usage.modelCalls) model calls, \(usage.toolCalls) tool calls, "
                    + "\(usage.inputTokens) tokens in\(cached), \(usage.outputTokens) out\(cost)"
                    + (usage.isEstimated ? " (estimated: the provider does not say)" : "")
            ),
            (
                "Thoughts",
                thoughtfulSteps == 0
                    ? "" : "of \(thoughtfulSteps) steps: agentspool result \(replay.name.id.text) --reasoning"
            ),
            ("Result", resultPath.map { "saved: \($0)" } ?? "not yet"),
            ("Retry", retry.isSafe ? "safe: \(retry.reason)" : retry.reason),
        ]
    }

    /// What the job does now, a line each; nothing for one that has ended.
    func now(at now: Timestamp) -> [String] {
        running.map { running in
            let with = running.start.tool ?? running.start.model
            let since = running.since.map { ", for \((now - $0).roundedText), since \($0.text)" } ?? ""
            let attempt = running.start.attempt > 1 ? ", attempt \(running.start.attempt)" : ""
            return "\(running.step): \(running.start.kind.rawValue)\(with.map { " \($0)" } ?? "")\(attempt)\(since)"
        } + (waitsFor.map { [stepWaitsFor == nil ? "waits for \($0)" : $0] } ?? [])
    }

    /// What failed, in two lines at most.
    var failureLines: [String] {
        guard let failed = failedStep else { return [] }
        let place = failed.step.map { "\($0), attempt \(failed.attempts): " } ?? "before the first step: "
        return [place + "\(failed.failure)"] + (failed.failure.hint.map { ["to do: \($0)"] } ?? [])
    }

    var stepTable: Table {
        var table = Table(["STEP", "KIND", "STATUS", "ATTEMPTS", "TIME", "WITH", "WHY"], numbers: [3, 4])
        for (path, entry) in replay.steps.entries {
            let style: Terminal.Style? =
                switch entry.status {
                case .completed: .green
                case .failed: .red
                case .running: .bold
                case .skipped: .dim
                }
            table.add([
                Table.Cell(path), Table.Cell(entry.kind.rawValue), Table.Cell(entry.status.rawValue, style),
                Table.Cell(String(entry.attempts)),
                Table.Cell(Duration.milliseconds(entry.durationMilliseconds).roundedText),
                Table.Cell(entry.tool ?? entry.model), Table.Cell(entry.remark.map(JobSummary.short)),
            ])
        }
        return table
    }

    var callTable: Table {
        var table = Table(["CALL", "TOOL", "EFFECT", "STATUS", "ATTEMPTS", "TIME", "ARGUMENTS"], numbers: [4, 5])
        for call in calls {
            let style: Terminal.Style? =
                switch call.status {
                case "completed": .green
                case "failed": .red
                case "unknown": .yellow
                default: .bold
                }
            let arguments = call.arguments.map {
                $0.count <= Self.argumentsShown ? $0 : $0.prefix(Self.argumentsShown - 1) + "…"
            }
            table.add([
                Table.Cell(call.step), Table.Cell(call.tool), Table.Cell(call.effect?.rawValue),
                Table.Cell(call.status, style), Table.Cell(String(call.attempts)),
                Table.Cell(Duration.milliseconds(call.durationMilliseconds).roundedText), Table.Cell(arguments),
            ])
        }
        return table
    }
}

extension StepLedger.Entry {
    /// A remark on how the step ended: its failure, else a note on the model's answer.
    fileprivate var remark: String? {
        if let failure { return failure.message }
        if isTruncated { return note ?? "the answer was cut (\(finishReason ?? "length"))" }
        return note
    }
}
