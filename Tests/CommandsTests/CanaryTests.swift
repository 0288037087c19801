import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

/// Secrets go in everywhere; outside the job directories none is shown (docs/formats.md, section 5).
@Suite("Secrets of a job")
struct CanaryTests {
    /// A secret as it stands in a text, and the part of it that must never be seen.
    private struct Canary {
        var text: String
        var secret: String

        init(_ text: String, _ secret: String? = nil) { (self.text, self.secret) = (text, secret ?? text) }
    }

    /// Secrets of every kind that is always hidden, and of a configured pattern.
    private static let canaries = [
        Canary("sk-canary0123456789abcdef"), Canary("sk-ant-canary0123456789abcdef"), Canary("AKIACANARY0123456789"),
        Canary("ghp_canary0123456789abcdef"), Canary("github_pat_canary0123456789abcdef"),
        Canary("xoxb-canary-0123456789"), Canary("AIzaCanary0123456789abcdefghijk"),
        Canary("glpat-canary0123456789abcdef"), Canary("eyJjYW5hcnkiOjF9.eyJjYW5hcnkiOjJ9.canarysignature"),
        Canary("Authorization: Basic canary-basic", "canary-basic"), Canary("Bearer canary-bearer", "canary-bearer"),
        Canary("password=canary-password", "canary-password"), Canary("api_key: canary-api-key", "canary-api-key"),
        Canary("https://canary:canary-url@host/", "canary-url"),
        Canary("-----BEGIN PRIVATE KEY-----\ncanaryPEM\n-----END PRIVATE KEY-----", "canaryPEM"),
        Canary("4111 1111 1111 1111"), Canary("CANARY-123456"),
    ]
    /// The secret of a path rule.
    private static let card = "card canary of the path rule"
    /// The secret in the daemon's environment.
    private static let providerKey = "canary of the environment"

    private static var secrets: [String] { canaries.map(\.secret) + [card, providerKey] }

    private static let configuration = """
        redact: [{pattern: 'CANARY-[0-9]{6}'}, {path: input.card}]
        models:
          default: {provider: scripted, script: echo.yaml}
          caller: {provider: scripted, script: caller.yaml}
          broken: {provider: scripted, script: broken.yaml}
          away: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m, api_key: {env: CANARY_KEY}}
        tools:
          echo: {command: [tools/echo], effect: read}
          fail: {command: [tools/fail], effect: read}
          busy: {command: [tools/busy], effect: read}
          flaky: {command: [tools/flaky], effect: idempotent}
          dies: {command: [tools/dies], effect: write}
          variables: {command: [tools/variables], effect: read}
        workflows:
          echo:
            steps:
              - {id: call, tool: echo, arguments: {text: "{{input.text}}", card: "{{input.card}}"}}
              - {id: ask, prompt: "{{input.text}} {{input.card}}"}
          fail: {steps: [{id: call, tool: fail, arguments: {text: "{{input.text}}", card: "{{input.card}}"}}]}
          busy:
            retry: {attempts: 2, initial: 8000h, max: 8000h}
            steps: [{id: call, tool: busy, arguments: {text: "{{input.text}}", card: "{{input.card}}"}}]
          flaky:
            retry: {initial: 1ms, max: 1ms}
            steps: [{id: call, tool: flaky, arguments: {text: "{{input.text}}", card: "{{input.card}}"}}]
          dies: {steps: [{id: call, tool: dies, arguments: {text: "{{input.text}}", card: "{{input.card}}"}}]}
          agent: {steps: [{id: help, agent: {model: caller, prompt: "{{input.text}}", tools: [echo, fail]}}]}
          schema:
            steps: [{id: ask, model: broken, prompt: "{{input.text}}", output: {type: object, required: [a]}}]
          away: {retry: {attempts: 1}, steps: [{id: ask, model: away, prompt: "{{input.text}}"}]}
          variables: {steps: [{id: call, tool: variables, arguments: {}}]}
        queues: {default: {workflow: prompt}}
        """

    private static let files = [
        "echo.yaml": "- {when: '(?s)(.*)', reply: 'I was told $1'}\n",
        "broken.yaml": "- {when: '(?s)(.*)', reply: '$1'}\n",
        "caller.yaml": """
        - when: '(?s)(.*)'
          turn: 1
          tool_calls:
            - {name: echo, arguments: {text: '$1'}}
            - {name: fail, arguments: {text: '$1'}}
            - {name: 'no such tool, sk-canary0123456789abcdef', arguments: {}}
        - {when: '(?s)(.*)', reply: 'done: $1'}
        """,
        "tools/echo": "#!/bin/sh\ncat\n", "tools/fail": "#!/bin/sh\ncat >&2\nexit 1\n",
        "tools/busy": "#!/bin/sh\ncat >&2\nexit 75\n",
        "tools/flaky": "#!/bin/sh\ncat >&2\n[ \"$AGENTSPOOL_ATTEMPT\" -ge 2 ] || exit 75\necho done\n",
        "tools/dies": "#!/bin/sh\ncat >&2\nkill -9 $$\n", "tools/variables": "#!/bin/sh\nenv\n",
    ]

    private func drain(_ spool: TestSpool) throws -> String {
        let run = try Program.run(
            arguments: ["run", "--drain", "--node", "test", "--log-level", "trace"],
            environment: ["AGENTSPOOL_SPOOL": spool.path, "CANARY_KEY": Self.providerKey]
        )
        #expect(run.status == 0, "\(run.error)")
        return run.output + run.error
    }

    private func dropAll(_ spool: TestSpool) throws {
        let workflows = ["echo", "fail", "busy", "flaky", "dies", "agent", "schema"]
        for (index, canary) in Self.canaries.enumerated() {
            let input: JSON = ["text": .string(canary.text), "card": .string(Self.card)]
            for workflow in workflows {
                let document: JSON = ["workflow": .string(workflow), "input": input]
                try spool.drop(document.text, as: "\(workflow)\(index).json")
            }
            let misfits: [JSON] = [["workflow": .string(canary.text)], ["priority": .string(canary.text)]]
            for (number, misfit) in misfits.enumerated() {
                try spool.drop(misfit.text, as: "no\(index)-\(number).json")
            }
            try spool.drop(canary.text, as: "text\(index).txt")
            try spool.drop(
                #"{"prompt": \#(JSON.string(canary.text).text)}"# + "\n{no json: ",
                as: "lines\(index).jsonl"
            )
        }
        try spool.drop(#"{"workflow": "away", "input": {"text": "hello"}}"#, as: "away.json")
        try spool.drop(#"{"workflow": "variables"}"#, as: "variables.json")
    }

    /// Path and bytes of every file of the spool that is neither in a job's directory nor written by the operator.
    private func filesOutside(_ spool: TestSpool) throws -> [(path: String, text: String)] {
        let jobs = try spool.jobs().map { $0.location.path + "/" }
        let own = Set(Self.files.keys).union(["agentspool.yaml"])
        let names = FileManager.default.enumerator(atPath: spool.path)?.compactMap { $0 as? String } ?? []
        return names.compactMap { name in
            if own.contains(name) || jobs.contains(where: name.hasPrefix) { return nil }
            if name.hasPrefix("rejected/"), !name.hasSuffix(".reason.txt") { return nil }
            guard let data = FileManager.default.contents(atPath: "\(spool.path)/\(name)") else { return nil }
            // Latin 1, so that every byte of the database can be searched.
            return (name, String(data: data, encoding: .isoLatin1) ?? "")
        }
    }

    @Test("A job's secrets appear nowhere outside its directory: not in index, log, lists, reports and reasons")
    func canary() throws {
        let spool = try TestSpool(configuration: Self.configuration, files: Self.files)
        try dropAll(spool)
        var shown = [("log of the first run", try drain(spool))]
        for (index, canary) in Self.canaries.enumerated() {
            for (action, name) in [("retry", "fail"), ("cancel", "busy")] {
                let asked = try spool.agentspool(action, "\(name)\(index).json", "--reason", "for \(canary.text)")
                #expect(asked.status == 69, "\(asked.error)")
            }
        }
        shown.append(("log of the second run", try drain(spool)))
        shown += try filesOutside(spool).map { ($0.path, $0.text) }
        for arguments in [
            ["status"], ["status", "--json"], ["list"], ["list", "--json"], ["check"], ["check", "--json"],
        ] {
            let result = try Program.run(arguments: arguments, environment: ["AGENTSPOOL_SPOOL": spool.path])
            shown.append((arguments.joined(separator: " "), result.output + result.error))
        }
        let jobs = try spool.jobs()
        for job in jobs where [0, 14, 16].contains(where: { job.location.job.drop.contains("\($0).") }) {
            for arguments in [[], ["--json"]] {
                let result = try Program.run(
                    arguments: ["show", job.location.job.id.text] + arguments,
                    environment: ["AGENTSPOOL_SPOOL": spool.path]
                )
                shown.append(("show \(job.location.job.drop)", result.output + result.error))
            }
        }
        for (place, text) in shown {
            for secret in Self.secrets where text.contains(secret) { Issue.record("\(place) shows \(secret)") }
        }

        // The test proves something only when the secrets are in the directories, and jobs ended in all ways.
        let histories = jobs.map { spool.read("\($0.location.path)/history.jsonl") }.joined()
        for canary in Self.canaries { #expect(histories.contains(canary.secret), "\(canary.secret) was nowhere") }
        #expect(histories.contains(Self.card))
        #expect(Set(try spool.places().keys) == ["done", "failed", "held"])
        #expect(shown.contains { $0.0.hasSuffix(".reason.txt") } && shown.contains { $0.0 == "index.sqlite" })
        #expect(shown[0].1.contains("job deferred until"))
        // A command does not inherit the provider's key: not even its own job's directory has it.
        let variables = try #require(jobs.first { $0.location.job.drop == "variables.json" })
        let environment = spool.read("\(variables.location.path)/history.jsonl")
        #expect(environment.contains("AGENTSPOOL_STEP") && !environment.contains("CANARY_KEY"))
        #expect(!histories.contains(Self.providerKey))
    }
}
