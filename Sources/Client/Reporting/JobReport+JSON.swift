package import Documents
import Jobs
package import OrderedCollections

extension JobReport {
    /// The members that `show --json` has besides those of `list --json`.
    package var json: OrderedDictionary<String, JSON> {
        [
            "doing": ["running": .array(running.map(\.json)), "waits_for": JSON(waitsFor)],
            "failed_step": failedStep?.json ?? .null,
            "calls": .array(calls.map(\.json)),
            "usage": replay.usage.json,
            "result_saved": JSON(resultPath),
            "retry": ["safe": .bool(retry.isSafe), "reason": .string(retry.reason)],
            "result": result,
        ]
    }

    /// `result.json` without the output, which `agentspool result` prints.
    private var result: JSON {
        var members = ResultDocument(replay).json.object ?? [:]
        members["output"] = nil
        return .object(members)
    }
}

extension JobReport.Running {
    fileprivate var json: JSON {
        [
            "step": .string(step), "kind": .string(start.kind.rawValue), "tool": JSON(start.tool),
            "model": JSON(start.model), "effect": JSON(start.effect?.rawValue), "arguments": JSON(start.summary),
            "attempt": .int(Int64(start.attempt)), "since": JSON(since?.text),
        ]
    }
}

extension JobReport.FailedStep {
    fileprivate var json: JSON {
        [
            "step": JSON(step), "class": .string(failure.class.rawValue), "message": .string(failure.message),
            "hint": JSON(failure.hint), "attempts": .int(Int64(attempts)), "retry_at": JSON(retryAt?.text),
        ]
    }
}

extension JobReport.Call {
    fileprivate var json: JSON {
        [
            "step": .string(step), "tool": JSON(tool), "effect": JSON(effect?.rawValue), "arguments": JSON(arguments),
            "status": .string(status), "attempts": .int(Int64(attempts)), "started_at": JSON(startedAt?.text),
            "duration_ms": .int(Int64(durationMilliseconds)), "output": JSON(output),
            "failure_class": JSON(failure?.class.rawValue), "message": JSON(failure?.message),
        ]
    }
}
