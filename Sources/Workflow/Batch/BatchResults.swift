package import Documents
package import Jobs

/// Writes the results of a batch's lines from the history: each line into one of two files, in the order of the input.
package struct BatchResults: Sendable {
    package static let outputFile = "output.jsonl"
    package static let errorFile = "errors.jsonl"
    /// The third file, for a table: its rows with their results.
    package static let tableFile = "output.csv"
    /// In bytes: how much is written at a time.
    private static let pieceSize = 1 << 18

    private let file: BatchFile
    private let job: JobID
    private let archive: any StepArchive

    package init(_ file: BatchFile, job: JobID, archive: any StepArchive) {
        (self.file, self.job, self.archive) = (file, job, archive)
    }

    /// Writes the files, in place of those of an earlier run; the error file only when a line failed.
    ///
    /// - Parameter unsettled: Why lines without an outcome have none.
    /// - Returns: The job's output: the counts, and the names of the files; and why all lines failed, when they did.
    /// - Throws: What the archive and the file's source throw.
    package func write(unsettled: BatchOutcome.Unsettled) async throws -> (output: JSON, failure: Failure?) {
        var counts = BatchCounts()
        var output = Buffer(file: try await archive.makeFile(Self.outputFile))
        var errors = Buffer(file: try await archive.makeFile(Self.errorFile))
        let table = file.table
        var rows: Buffer?
        if let table {
            rows = Buffer(file: try await archive.makeFile(Self.tableFile))
            try await rows?.add(bytes: table.resultHeading)
        }
        for index in 0..<file.count {
            let line = try await file.line(at: index)
            let outcome = try await outcome(of: line) ?? .unsettled(unsettled)
            counts.add(outcome, of: line)
            let text = line.resultLine(outcome, job: job)
            if outcome.isSuccess { try await output.add(text) } else { try await errors.add(text) }
            if let table { try await rows?.add(bytes: line.resultRow(outcome, in: table)) }
        }
        try await output.finish()
        try await rows?.finish()
        if counts.failed > 0 { try await errors.finish() } else { try await errors.file.discard() }
        let members = JSON(members: [
            ("request_counts", counts.json), ("output_file", .string(Self.outputFile)),
            ("error_file", counts.failed == 0 ? nil : .string(Self.errorFile)),
            ("table_file", table == nil ? nil : .string(Self.tableFile)),
        ])
        return (members, counts.failure)
    }

    private func outcome(of line: BatchLine) async throws -> BatchOutcome? {
        guard archive.entry(of: line.path)?.isSettled == true else { return nil }
        if case .fault(let fault) = line.request { return .fault(fault) }
        switch try await archive.outcome(of: line.path) {
        case .stepCompleted(let completion): return .succeeded(completion.output ?? .null)
        case .stepFailed(let failed): return .failed(failed.failure)
        default: throw Failure(.permanent, "the history does not say what became of line \(line.number)")
        }
    }

    private struct Buffer {
        let file: any ResultFile
        private var bytes: [UInt8] = []

        init(file: any ResultFile) { self.file = file }

        mutating func add(_ line: JSON) async throws {
            bytes.append(json: line)
            bytes.append(UInt8(ascii: "\n"))
            if bytes.count >= BatchResults.pieceSize { try await flush() }
        }

        mutating func add(bytes more: [UInt8]) async throws {
            bytes += more
            if bytes.count >= BatchResults.pieceSize { try await flush() }
        }

        mutating func flush() async throws {
            try await file.append(bytes)
            bytes = []
        }

        mutating func finish() async throws {
            try await flush()
            try await file.finish()
        }
    }
}
