import Documents
import Glibc
import Jobs
import Spool
import Testing
import Tools

@testable import Engine

@Suite("The artifacts of a step")
struct ArtifactTests {
    @Test("A step whose artifacts cannot be synced is not recorded as completed")
    func unsynced() async throws {
        try await EngineFixture.with { bench in
            var setup = EngineFixture.Setup(
                tools: [
                    bench.tool("call", effect: .idempotent) { call in
                        _ = mkdir(call.artifacts, 0o700)
                        let file = open("\(call.artifacts)/receipt", O_WRONLY | O_CREAT, 0o600)
                        #expect(file >= 0 && close(file) == 0)
                        bench.fileSystem.breaks(with: .noFlush)
                        return "done"
                    }
                ]
            )
            setup.durability = .files
            await #expect(throws: SyncFailure.self) {
                let running = try await bench.engine(setup)
                await running.whenReady()
                try bench.drop("a.txt")
                try await running.end()
            }
            let recorded = try bench.history(of: "a.txt")
            #expect(recorded == ["accepted", "step.started"])
        }
    }
}
