import ArgumentParser
import Foundation

/// Measures the installed AgentSpool: the real program on a real spool.
///
/// It takes each figure several times, and runs the plain C program with the same calls between the runs, so that both
/// sides of a ratio come from the same minutes.
@main
struct BenchmarksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Measures AgentSpool.",
        discussion: "Benchmarks: \(Suite.all.map(\.name).joined(separator: ", ")); all when none is named."
    )

    @Argument(help: "The benchmarks to run.")
    var names: [String] = []

    @Option(help: "How often each figure is measured.")
    var runs = 5

    @Option(help: "The agentspool program, a release build.")
    var program: String

    @Option(help: "Where spools are made: a directory on the filesystem that is to be measured.")
    var directory = NSTemporaryDirectory()

    @Option(help: "A directory for results.json and the plots; what is not measured now is kept in it.")
    var output: String?

    @Flag(help: "Small numbers, to see that everything works; the figures mean little.")
    var quick = false

    @Flag(
        help:
            "Some five minutes: a fifth of the jobs, three runs, and no benchmark of a million files unless it is named."
    )
    var short = false

    func validate() throws {
        if let unknown = names.first(where: { name in !Suite.all.contains { $0.name == name } }) {
            throw ValidationError(
                "there is no benchmark \(unknown); there are: \(Suite.all.map(\.name).joined(separator: ", "))"
            )
        }
        if runs < 1 { throw ValidationError("--runs must be 1 or more") }
    }

    func run() throws {
        let size = quick ? Workplace.Size.quick : short ? .short : .full
        let workplace = try Workplace(program: program, directory: directory, size: size)
        defer { workplace.remove() }
        let machine = Machine(of: workplace.directory)
        print(machine.text)
        var report = Report(machine: machine)
        var hasFailed = false
        for benchmark in Suite.all where isWanted(benchmark) {
            Terminal.note("\(benchmark.name): \(benchmark.about)")
            do {
                // Written after each run: what an interruption leaves is as good as it is long.
                for _ in 0..<min(short ? min(runs, 3) : runs, benchmark.mostRuns) {
                    report.add(try benchmark.measure(workplace))
                    if let output { try report.write(to: output) }
                }
            } catch {
                // The other benchmarks go on.
                Terminal.note("  failed: \(error)")
                hasFailed = true
            }
        }
        print(report.table)
        if hasFailed { throw ExitCode.failure }
    }

    private func isWanted(_ benchmark: Suite.Benchmark) -> Bool {
        names.isEmpty ? !short || benchmark.isShort : names.contains(benchmark.name)
    }
}

/// All benchmarks, in the order of the table.
enum Suite {
    struct Benchmark: Sendable {
        var name: String
        var about: String
        /// What takes long, or does not vary, is measured so often at most.
        var mostRuns = Int.max
        /// Part of a short measurement.
        var isShort = false
        /// One run: a sample, or some, for each figure.
        var measure: @Sendable (Workplace) throws -> [Figure]
    }

    static let all: [Benchmark] = [
        Benchmark(
            name: "counts",
            about: "what a job costs on any processor: system calls, instructions, allocations",
            mostRuns: 3,
            isShort: true,
            measure: Counts.measure
        ),
        Benchmark(
            name: "drain",
            about: "jobs of one step, waiting in the inbox",
            isShort: true,
            measure: Drain.measure
        ),
        Benchmark(
            name: "journal",
            about: "the same on an ext4 with a journal, on a loop device",
            isShort: true,
            measure: Journal.measure
        ),
        Benchmark(name: "steps", about: "jobs of five durable steps", isShort: true, measure: Steps.measure),
        Benchmark(
            name: "latency",
            about: "from the rename into an inbox to the start of the first step",
            isShort: true,
            measure: Latency.measure
        ),
        Benchmark(
            name: "agent",
            about: "model calls to a server that answers after 50 ms",
            isShort: true,
            measure: Agent.measure
        ),
        Benchmark(
            name: "in-flight",
            about: "10,000 model calls at the same time, each answered after 2 s",
            measure: InFlight.measure
        ),
        Benchmark(name: "commands", about: "jobs whose step is /bin/true", measure: Commands.measure),
        Benchmark(name: "backlog", about: "up to a million files waiting", mostRuns: 3, measure: Backlog.measure),
        Benchmark(name: "index", about: "a million finished jobs", mostRuns: 1, measure: Index.measure),
        Benchmark(name: "recovery", about: "10,000 jobs in processing/ after kill -9", measure: Recovery.measure),
        Benchmark(name: "batch", about: "a batch file of 50,000 lines", measure: Batch.measure),
        Benchmark(name: "idle", about: "a minute of nothing", measure: Idle.measure),
    ]
}

enum Terminal {
    /// Prints progress to standard error; standard output has only the results.
    static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}
