import Documents
import Glibc
import Jobs
import Spool
import SystemPackage
import TestKit
import Testing

@testable import Daemon

@Suite("Reading a file that may have a writer", .timeLimit(.minutes(1)))
struct SettledFileTests {
    private func withFile(
        _ body: (_ file: StableFileReader, _ clock: ManualClock, _ path: String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            // The kernel's clock sets the file's time, so the test's clock begins there.
            let clock = ManualClock(start: WallClock.system.now)
            let file = StableFileReader(
                path: "\(directory)/file",
                fileSystem: LinuxFileSystem(),
                clock: clock,
                wallClock: clock.wallClock
            )
            try await body(file, clock, file.path)
        }
    }

    private func turn(_ clock: ManualClock, _ times: Int = 1) async {
        for _ in 0..<times {
            await clock.whenSleeping(for: StableFileReader.interval)
            clock.advance(by: StableFileReader.interval)
        }
    }

    @Test("A file is read at once when no writer has it open")
    func whole() async throws {
        try await withFile { file, _, path in
            try write("all of it", to: path)
            #expect(try await file.bytes(limit: 100) == Array("all of it".utf8))
        }
    }

    @Test("A file is read when its writer has closed it, and not before")
    func writer() async throws {
        try await withFile { file, clock, path in
            let writer = try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: .create,
                permissions: .ownerReadWrite
            )
            try writer.writeAll("half ".utf8)
            async let bytes = file.bytes(limit: 100)
            await turn(clock, 3)
            await clock.whenSleeping(for: StableFileReader.interval)
            try writer.writeAll("and half".utf8)
            try writer.close()
            clock.advance(by: StableFileReader.interval)
            #expect(try await bytes == Array("half and half".utf8))
        }
    }

    @Test("A missing file is read when another one has come in its place")
    func replaced() async throws {
        try await withFile { file, clock, path in
            async let bytes = file.bytes(limit: 100)
            await turn(clock, 2)
            await clock.whenSleeping(for: StableFileReader.interval)
            try write("new", to: path)
            clock.advance(by: StableFileReader.interval)
            #expect(try await bytes == Array("new".utf8))
        }
    }

    @Test("A pipe in the file's place is refused at once")
    func pipe() async throws {
        try await withFile { file, _, path in
            try #require(mkfifo(path, 0o600) == 0)
            let reason = "is no regular file, and cannot be read again"
            await #expect(throws: DocumentError(document: path, reason: reason)) { try await file.bytes(limit: 100) }
        }
    }

    @Test("A file is refused when it is missing for two seconds, or has a writer for five")
    func refused() async throws {
        try await withFile { file, clock, path in
            let missing = Task { try await file.bytes(limit: 100) }
            await turn(clock, 20)
            await #expect(throws: DocumentError(document: path, reason: "there is no such file any more")) {
                try await missing.value
            }
            let writer = try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: .create,
                permissions: .ownerReadWrite
            )
            let written = Task { try await file.bytes(limit: 100) }
            await turn(clock, 50)
            let reason = "is being written to since 5s; reload again when that has ended"
            await #expect(throws: DocumentError(document: path, reason: reason)) { try await written.value }
            try writer.close()
        }
    }
}
