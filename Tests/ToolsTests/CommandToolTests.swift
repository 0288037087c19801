import Documents
import Foundation
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

struct CommandToolTests {
    let place: ToolFixture

    init() throws { place = try ToolFixture() }

    @Test func argumentsArriveAsJSONAndJSONComesBack() async throws {
        let arguments: JSON = ["order": "4711", "lines": [1, 2.5, .null]]
        #expect(try await place.call(place.tool("cat"), arguments) == arguments)
    }

    @Test(
        "Output that is one JSON text becomes JSON, other output becomes text without one newline at its end",
        arguments: [
            (#"echo '{"a": [1]}'"#, ["a": [1]]), ("echo 42", 42), ("printf 'a\\nb\\n\\n'", "a\nb\n"),
            ("echo 3.10", "3.10"), ("echo 12345678901234567890", "12345678901234567890"), ("echo 007", "007"),
            ("echo 1e5", "1e5"), ("echo true", true), (#"echo '"quoted"'"#, "quoted"), ("echo 0.5", 0.5),
            ("echo '{\"v\": 3.10}'", ["v": .number("3.10")]),
            ("printf plain", "plain"), ("echo '1 2'", "1 2"), ("true", ""), ("echo null", .null),
        ] as [(String, JSON)]
    )
    func output(_ script: String, _ expected: JSON) async throws {
        #expect(try await place.call(place.tool(script)) == expected)
    }

    @Test func outputThatIsNoTextFailsWithAdviceToWriteAFile() async throws {
        let failure = try await place.failure(place.tool(#"printf '\377\376'"#))
        #expect(failure.class == .permanent)
        #expect(failure.hint?.contains("$AGENTSPOOL_ARTIFACTS") == true)
    }

    @Test func onlyNamedVariablesReachTheCommand() async throws {
        let tool = try place.tool(
            "env",
            #""environment": ["PASSED", "AGENTSPOOL_JOB", "MISSING"]"#,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": "/home/x", "TZ": "UTC", "CANARY": "1", "PASSED": "yes",
                "AGENTSPOOL_JOB": "another",
            ]
        )
        let text = try #require(try await place.call(tool).string)
        let shellsOwn = ["PWD", "OLDPWD", "SHLVL", "_"]
        let seen = Set(text.split(separator: "\n").filter { line in !shellsOwn.contains { line.hasPrefix("\($0)=") } })
        #expect(
            seen == [
                "PATH=/usr/bin:/bin", "HOME=/home/x", "TZ=UTC", "PASSED=yes", "AGENTSPOOL_JOB=01J",
                "AGENTSPOOL_STEP=handle/2/tool/0", "AGENTSPOOL_ATTEMPT=3",
                "AGENTSPOOL_IDEMPOTENCY_KEY=01J/handle/2/tool/0", "AGENTSPOOL_ARTIFACTS=\(place.artifacts)",
                "AGENTSPOOL_JOB_DIR=\(place.directory)",
            ]
        )
    }

    @Test func aCommandRunsInTheConfigurationsDirectoryAndInASessionOfItsOwn() async throws {
        let facts = try #require(try await place.call(place.tool("pwd; cut -d' ' -f5,6 /proc/$$/stat; echo $$")).string)
        let lines = facts.split(separator: "\n").map(String.init)
        #expect(lines[0].hasSuffix(place.directory))
        #expect(lines[1] == "\(lines[2]) \(lines[2])")
    }

    @Test func noDescriptorOfTheDaemonReachesTheCommand() async throws {
        let leak = open("/dev/null", O_RDONLY)
        defer { close(leak) }
        #expect(try await place.call(place.tool("ls /proc/$$/fd; true")) == "0\n1\n2")
    }

    @Test func theArtifactsDirectoryIsThereDuringTheCallAndGoneAfterItWhenEmpty() async throws {
        #expect(try await place.call(place.tool(#"test -d "$AGENTSPOOL_ARTIFACTS" && echo there"#)) == "there")
        #expect(access(place.artifacts, F_OK) != 0)
        _ = try await place.call(place.tool(#"echo kept > "$AGENTSPOOL_ARTIFACTS/file""#))
        #expect(place.text("artifacts/file") == "kept\n")
    }

    @Test func theArtifactsDirectoryStaysWhileAnotherCallUsesIt() async throws {
        let slow = try place.tool(
            #"echo $$ > slow; while ! test -e go; do sleep 0.01; done; echo x > "$AGENTSPOOL_ARTIFACTS/x""#
        )
        async let first = place.call(slow)
        _ = try await place.process("slow")
        _ = try await place.call(place.tool("true"))
        place.write("go", "")
        _ = try await first
        #expect(place.text("artifacts/x") == "x\n")
    }

    @Test func aCommandThatLeavesItsInputUnreadIsNoError() async throws {
        let large: JSON = ["text": .string(String(repeating: "x", count: 1 << 20))]
        #expect(try await place.call(place.tool("exec 0<&-; echo done"), large) == "done")
        #expect(try await place.call(place.tool("exit 0"), large) == "")
        #expect(try await place.call(place.tool("wc -c"), large) == .int(Int64(large.bytes.count)))
    }

    @Test func anExitCodeIsAPermanentFailureWithTheLastLineOfStandardError() async throws {
        let failure = try await place.failure(place.tool("echo first >&2; printf 'no such order\\n\\n' >&2; exit 3"))
        #expect(failure.class == .permanent)
        #expect(failure.message == "probe exited with 3: no such order")
        #expect(try await place.failure(place.tool("exit 64")).message == "probe exited with 64")
    }

    @Test func exitCode75IsATemporaryFailure() async throws {
        let failure = try await place.failure(place.tool("echo busy >&2; exit 75"))
        #expect(failure.class == .temporary)
        #expect(failure.message == "probe exited with 75: busy")
    }

    @Test func longStandardErrorIsReadToItsEndAndItsLastLineIsCut() async throws {
        let script =
            "head -c 3000000 /dev/zero | tr '\\0' e >&2; echo >&2; head -c 400 /dev/zero | tr '\\0' f >&2; exit 1"
        let failure = try await place.failure(place.tool(script))
        #expect(failure.message == "probe exited with 1: " + String(repeating: "f", count: 300) + "…")
    }

    @Test(
        "A signal from elsewhere leaves the outcome unknown when the call may have written",
        arguments: [(Effect.write, FailureClass.unknown), (.idempotent, .temporary), (.read, .temporary)]
    )
    func signals(_ effect: Effect, _ expected: FailureClass) async throws {
        let failure = try await place.failure(place.tool("kill -KILL $$", #""effect": "\#(effect.rawValue)""#))
        #expect(failure.class == expected)
        #expect(failure.message == "probe was killed by signal 9, perhaps out of memory")
    }

    @Test(
        "A shell that reports a killed command counts as killed itself",
        arguments: [(Effect.write, FailureClass.unknown), (.idempotent, .temporary), (.read, .temporary)]
    )
    func shellsSignal(_ effect: Effect, _ expected: FailureClass) async throws {
        let failure = try await place.failure(
            place.tool("sh -c 'kill -9 $$'; exit $?", #""effect": "\#(effect.rawValue)""#)
        )
        #expect(failure.class == expected)
        #expect(
            failure.message.hasPrefix(
                "probe exited with 137: its command was killed by signal 9, perhaps out of memory"
            )
        )
    }

    @Test func aToolIsTakenByTheKernelBeforeTheDaemonWhenMemoryRunsOut() async throws {
        let own = try #require(Int(String(contentsOfFile: "/proc/self/oom_score_adj", encoding: .utf8).dropLast()))
        let most = min(1_000, own + 500)
        let script =
            "while test $(cat /proc/$$/oom_score_adj) -lt \(most); do sleep 0.01; done; cat /proc/$$/oom_score_adj"
        #expect(try await place.call(place.tool(script)) == .int(Int64(most)))
    }

    @Test func aProgramWithASlashIsRelativeToTheConfigurationsDirectory() async throws {
        try FileManager.default.createDirectory(atPath: "\(place.directory)/tools", withIntermediateDirectories: false)
        symlink("/bin/sh", "\(place.directory)/tools/shell")
        #expect(try await place.call(place.tool(command: ["tools/shell", "-c", "echo ran"])) == "ran")
    }

    @Test(
        "A program that cannot be run is a permanent failure whose hint names what was tried",
        arguments: [
            ("no-such-program", "looked in /usr/local/bin, /usr/bin, /bin"), ("tools/none", "looked at "),
            ("./data", "chmod +x "), ("./", "looked at "), ("/", "looked at /"),
        ]
    )
    func missing(_ program: String, _ hint: String) async throws {
        place.write("data", "x")
        let failure = try await place.failure(place.tool(command: [program]))
        #expect(failure.class == .permanent)
        #expect(failure.hint?.hasPrefix(hint) == true)
    }

    @Test func aScriptThatTheKernelCannotRunIsAPermanentFailure() async throws {
        place.write("plain", "echo x\n", permissions: 0o755)
        place.write("foreign", "#!/no/such/interpreter\n", permissions: 0o755)
        // A child of another test may for a moment still hold the new file open; then the failure is temporary.
        for (name, hint) in [("plain", "#!/bin/sh"), ("foreign", "interpreter")] {
            var failure = try await place.failure(place.tool(command: ["./\(name)"]))
            while failure.class == .temporary { failure = try await place.failure(place.tool(command: ["./\(name)"])) }
            #expect(failure.class == .permanent)
            #expect(failure.hint?.contains(hint) == true, "\(failure)")
        }
    }

    @Test func aMissingWorkingDirectoryIsAPermanentFailure() async throws {
        let tool = try place.tool("true")
        let elsewhere = CommandTool(tool.settings, directory: "/no/such/directory", environment: [:])
        let failure = try await place.failure(elsewhere)
        #expect(failure.class == .permanent)
        #expect(failure.message.contains("directory"))
    }

    @Test func argumentsThatDoNotFitTheSchemaStartNothing() async throws {
        let tool = try place.tool("echo $$ > started", #""parameters": {"required": ["order"]}"#)
        let failure = try await place.failure(tool)
        #expect(failure.class == .permanent)
        #expect(failure.message.contains(#"the member "order" is missing"#))
        #expect(place.text("started") == nil)
    }

    @Test func manyCallsAtOnceEachGetTheirOwnOutput() async throws {
        let tool = try place.tool("cat; echo err >&2")
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            for number in 0..<40 {
                tasks.addTask { try await place.call(tool, ["n": .int(Int64(number))]) == ["n": .int(Int64(number))] }
            }
            for try await isRight in tasks { #expect(isRight) }
        }
    }
}
