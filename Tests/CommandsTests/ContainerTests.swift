import Documents
import Foundation
import Jobs
import Testing

@Suite("The daemon as the first process of a container", .enabled(if: getuid() == 0, "it takes root to make one"))
struct ContainerTests {
    @Test("As the first process of a container the daemon reaps orphans, and takes no exit status from a running tool")
    func reaping() async throws {
        let spool = try TestSpool(
            configuration: """
                models: {default: {provider: scripted, script: scripted-model.yaml}}
                tools:
                  leave: {command: [tools/leave], effect: read}
                  look: {command: [tools/look], effect: read, timeout: 50s}
                workflows:
                  w:
                    steps:
                      - {id: leave, tool: leave}
                      - {id: many, for_each: input.items, concurrency: 4, steps: [{id: one, tool: leave}]}
                      - {id: look, tool: look}
                queues: {default: {workflow: w}}
                """,
            files: [
                "tools/leave": """
                #!/bin/sh
                for i in 1 2 3; do (setsid sh -c 'sleep 0.1; : > "$0"' "$PWD/dead$i" >/dev/null 2>&1 &); done
                echo left
                """,
                "tools/look": """
                #!/bin/sh
                until test -e dead1 && test -e dead2 && test -e dead3; do sleep 0.05; done
                while grep -qs '^State:.Z' /proc/[0-9]*/status; do sleep 0.05; done
                echo reaped
                """,
            ]
        )
        let items = (0..<20).map(String.init).joined(separator: ", ")
        try spool.drop("{\"input\": {\"items\": [\(items)]}}", as: "job.json")
        let arguments = ["--pid", "--fork", "--mount-proc", "--kill-child", Program.path]
        let run = try Program.run(
            "/usr/bin/unshare",
            arguments: arguments + ["run", "--spool", spool.path, "--drain"]
        )
        #expect(run.status == 0, "\(run.error)")
        let jobs = try spool.jobs()
        #expect(jobs.first?.replay.steps["look"]?.output == "reaped", "\(run.error.suffix(2_000))")
    }
}
