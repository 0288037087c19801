import Foundation
import Glibc

/// What benchmarks use: the programs, and a directory for their spools.
struct Workplace: Sendable {
    let program: String
    /// The plain C program.
    let limit: String
    let directory: String
    let size: Size

    /// How much is measured.
    enum Size {
        case full
        /// Minutes in all.
        case short
        /// Only to see that everything works.
        case quick
    }

    init(program: String, directory: String, size: Size) throws {
        guard access(program, X_OK) == 0 else {
            throw Child.Failed(description: "\(program) cannot be run: make bench builds it")
        }
        self.program = program
        limit = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/limit"
        self.directory = directory + "/agentspool-benchmarks-\(getpid())"
        self.size = size
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
    }

    /// The same in another directory.
    init(_ other: Workplace, directory: String) {
        (program, limit, size) = (other.program, other.limit, other.size)
        self.directory = directory
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// `full`, a fifth of it with `--short`, or the smaller `quick` with `--quick`.
    func count(_ full: Int, quick: Int) -> Int {
        switch size {
        case .full: full
        case .short: max(quick, full / 5)
        case .quick: quick
        }
    }

    /// Runs the limit program; the rate that it prints, in jobs, steps or starts a second.
    func rate(_ arguments: [String]) throws -> Double {
        settle()
        let path = newPath()
        let words = arguments.map { $0 == "DIR" ? path : $0 }
        let output = try Child.run([limit] + words).output
        guard let rate = Double(output.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Child.Failed(description: "limit \(arguments.joined(separator: " ")) printed no number: \(output)")
        }
        return rate
    }

    /// A new name below ``directory``.
    ///
    /// Nothing is removed before all is measured: for minutes after many files were removed ext4 makes new ones slowly,
    /// because it avoids inodes that were freed a short time ago.
    func newPath() -> String { "\(directory)/\(UUID().uuidString)" }

    /// Writes all earlier data to the disk, so that no measurement pays for another one.
    func settle() { sync() }
}
