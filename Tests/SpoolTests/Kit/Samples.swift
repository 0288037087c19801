import Documents
import Jobs

extension Decision {
    static let admin = Decision(uid: 0, user: "root", reason: "because")
}

extension JobEvent {
    static func started(_ step: String) -> JobEvent { .stepStarted(StepStart(step: step, kind: .tool, attempt: 1)) }

    static func completed(_ step: String) -> JobEvent {
        .stepCompleted(StepCompletion(step: step, kind: .tool, output: "ok"))
    }
}

extension JobCommand {
    static let failNow = JobCommand.fail(step: "one", Failure(.permanent, "it broke", hint: "mend it"))
    static let holdNow = JobCommand.hold(Hold(reason: .requested, message: "wait"))
    static let completeNow = JobCommand.complete(output: ["done": true])
}
