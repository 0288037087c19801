import Documents
import Foundation
import Jobs
import TestKit
import Testing

@testable import Tools

/// Ends commands that do not end by themselves, and processes that they leave behind.
struct CommandEndTests {
    let place: ToolFixture

    init() throws { place = try ToolFixture() }

    // `exec`, because a shell that gets SIGTERM while it starts a child (dash blocks signals around vfork) ends, and
    // the child misses the signal; it lives until SIGKILL, for which these tests do not turn the clock.
    @Test(
        "A timeout ends the command, and its outcome is unknown when it may have written",
        arguments: [(Effect.write, FailureClass.unknown), (.idempotent, .temporary), (.read, .temporary)]
    )
    func timeOut(_ effect: Effect, _ expected: FailureClass) async throws {
        let tool = try place.tool(
            "echo $$ > leader; exec sleep 1000",
            #""timeout": "5m", "effect": "\#(effect.rawValue)""#
        )
        async let failure = place.failure(tool)
        let leader = try await place.process("leader")
        await place.clock.whenSleeping(for: .seconds(300))
        place.clock.advance(by: .seconds(300))
        #expect(try await failure.class == expected)
        #expect(try await failure.message == "probe did not end within 5m and was ended")
        try await place.untilEnded(leader)
    }

    @Test func grandchildrenHaveTheSameGraceAndAreKilledAfterIt() async throws {
        let script = """
            (trap 'echo told > told' TERM; sh -c 'echo $PPID' > grandchild; while :; do sleep 0.02; done) &
            wait
            """
        let tool = try place.tool(script, #""timeout": "1m""#)
        async let failure = place.failure(tool)
        let grandchild = try await place.process("grandchild")
        await place.clock.whenSleeping(for: .seconds(60))
        place.clock.advance(by: .seconds(60))
        try await place.until("the grandchild has got SIGTERM") { place.text("told") == "told\n" }
        await place.clock.whenSleeping(for: CommandRun.grace)
        #expect(ToolFixture.isRunning(grandchild))
        place.clock.advance(by: CommandRun.grace)
        #expect(try await failure.class == .unknown)
        try await place.untilEnded(grandchild)
    }

    @Test func aCommandThatIgnoresSIGTERMIsKilledAfterTheGrace() async throws {
        let tool = try place.tool("trap '' TERM; echo $$ > leader; while :; do sleep 0.02; done", #""timeout": "1m""#)
        async let failure = place.failure(tool)
        let leader = try await place.process("leader")
        await place.clock.whenSleeping(for: .seconds(60))
        place.clock.advance(by: .seconds(60))
        await place.clock.whenSleeping(for: CommandRun.grace)
        place.clock.advance(by: CommandRun.grace)
        #expect(try await failure.class == .unknown)
        try await place.untilEnded(leader)
    }

    @Test func aCommandThatClosesItsStreamsAndSleepsIsStillTimedOut() async throws {
        let tool = try place.tool("echo $$ > leader; exec >&- 2>&-; exec sleep 1000", #""timeout": "1m""#)
        async let failure = place.failure(tool)
        let leader = try await place.process("leader")
        await place.clock.whenSleeping(for: .seconds(60))
        place.clock.advance(by: .seconds(60))
        #expect(try await failure.class == .unknown)
        try await place.untilEnded(leader)
    }

    @Test func cancellationEndsTheWholeGroup() async throws {
        let tool = try place.tool("sleep 1000 & echo $! > grandchild; echo $$ > leader; wait")
        let task = Task { try await place.call(tool) }
        let processes = [try await place.process("grandchild"), try await place.process("leader")]
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        for process in processes { try await place.untilEnded(process) }
    }

    @Test func aCallInACancelledTaskStartsNothing() async throws {
        let tool = try place.tool("echo $$ > started")
        let task = Task {
            try? await Task.sleep(for: .seconds(1_000))
            return try await place.call(tool)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(place.text("started") == nil)
    }

    @Test func outputBeyondTheLimitEndsTheCommandAndNamesTheLimit() async throws {
        let tool = try place.tool("echo $$ > leader; yes", #""max_output": "64KiB""#)
        let failure = try await place.failure(tool)
        #expect(failure.class == .permanent)
        #expect(failure.message == "probe wrote more than 64KiB to standard output and was ended")
        try await place.untilEnded(try await place.process("leader"))
    }

    @Test func outputIsAllowedUpToTheLimitAndNotAByteMore() async throws {
        let tool = try place.tool("head -c $(cat) /dev/zero | tr '\\0' x", #""max_output": 1000, "parameters": {}"#)
        #expect(try await place.call(tool, 1_000).string?.utf8.count == 1_000)
        // The command wrote all of it and ended before it could be stopped: still too much.
        #expect(try await place.failure(tool, 1_001).class == .permanent)
    }

    @Test func aGrandchildThatHoldsStandardOutputDoesNotHoldTheCall() async throws {
        let tool = try place.tool("sleep 1000 & echo $! > grandchild; echo done")
        #expect(try await place.call(tool) == "done")
        try await place.untilEnded(try await place.process("grandchild"))
    }

    @Test func aProcessThatLeftTheGroupLivesOnAndDoesNotHoldTheCall() async throws {
        let tool = try place.tool(
            "setsid sh -c 'echo $$ > outsider; exec sleep 1000' & while ! test -s outsider; do sleep 0.01; done; echo done"
        )
        #expect(try await place.call(tool) == "done")
        let outsider = try await place.process("outsider")
        #expect(ToolFixture.isRunning(outsider))
        kill(outsider, SIGKILL)
    }

    @Test func aProcessThatLeftTheGroupAndWritesWithoutEndDoesNotHoldTheCall() async throws {
        let tool = try place.tool(
            "setsid sh -c 'echo $$ > outsider; exec yes >&2' & while ! test -s outsider; do sleep 0.01; done; echo done"
        )
        #expect(try await place.call(tool) == "done")
        kill(try await place.process("outsider"), SIGKILL)
    }
}
