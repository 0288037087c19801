import ArgumentParser
import Client
import Documents
import Jobs
import OrderedCollections
import Spool

struct SubmitCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Put a job into a queue, and print its id.",
        discussion: """
            A file goes into the queue as it is. With --workflow, --input or --key a job document is made; a file \
            given beside them is its start when it is a document, else the text of its input.

            Standard input is a job document when it has the members of one, a batch when its lines have custom_id \
            and body or params, else a text; --as says so, of files too.

            When the id is printed, the job is on disk in the inbox. With --wait the output is printed when it is \
            there: exit status 0 when the job completed, 1 when it failed, 75 when it is held.

            A second job with the same --key does not run: the first one's id is printed, and its output. With \
            another input under the same key the exit status is 65.
            """
    )

    @OptionGroup var options: SpoolOptions

    @Argument(help: ArgumentHelp("The file to submit; - is standard input.", valueName: "file"))
    var file: String?

    @Option(help: "The queue.")
    var queue = "default"

    @Option(help: "The workflow, if not the queue's.")
    var workflow: String?

    @Option(
        name: .customLong("input"),
        help: ArgumentHelp("A member of the input; JSON, or text when it is none.", valueName: "k=v")
    )
    var inputs: [NamedValue] = []

    @Option(help: ArgumentHelp("An idempotency key: a second job with it does not run.", valueName: "key"))
    var key: String?

    @Option(name: .customLong("as"), help: ArgumentHelp("What the file is, whatever its name.", valueName: "kind"))
    var kind: SubmittedKind?

    @Option(
        help: ArgumentHelp(
            "An earlier job that has ended: steps that it finished and that ask the same are taken over.",
            valueName: "job"
        )
    )
    var resumeFrom: String?

    @Flag(help: "Wait until the job has ended, and print its output.")
    var wait = false

    @Flag(help: "Print one JSON object: the job's id, or with --wait its result.")
    var json = false

    func validate() throws {
        if file == nil, inputs.isEmpty, workflow == nil {
            throw ValidationError("Give a file, - for standard input, or --input.")
        }
        if file == nil, kind != nil { throw ValidationError("--as says what a file is; give one, or -.") }
        if let input = inputs.first(where: { $0.pair == nil }) {
            throw ValidationError("--input takes key=value, not \(input.text).")
        }
    }

    func perform() async throws {
        let client = try options.client()
        let submission = try JobSubmission(client, queue: queue)
        let drop = try await makeDrop(client)
        if let taken = drop.takenAs {
            Terminal.remark("standard input was taken as \(taken.name); --as says otherwise")
        }
        let key = drop.document?.idempotencyKey
        switch try await submission.submit(drop) {
        case .repeats(let first): try await show(first, key, client)
        case .submitted(let job):
            if wait {
                Terminal.remark("job \(job.id)")
                return try await printResult(JobWait(client, job: job))
            }
            if let key {
                let settled = try await submission.settled(job)
                if settled != job.id { return try await show(settled, key, client) }
            }
            json ? Terminal.print(["job": .string(job.id.text)]) : Terminal.print(job.id.text)
        }
    }

    private func makeDrop(_ client: SpoolClient) async throws -> SubmittedDrop {
        var settings = SubmittedDrop.Settings(workflow: workflow, key: key)
        if let resumeFrom { settings.earlier = try await JobFinder(client).find(resumeFrom).job.id }
        for (name, text) in inputs.compactMap(\.pair) { settings.inputs[name] = JSON(printed: text) ?? .string(text) }
        return try SubmittedDrop(file.map(InputFile.read), as: kind, settings)
    }

    /// Prints the job that does already what was asked for, or with `--wait` its result.
    private func show(_ first: JobID, _ key: String?, _ client: SpoolClient) async throws {
        Terminal.remark("the key \(key ?? "") is that of job \(first), which asks for the same; nothing new runs")
        if wait { return try await printResult(JobWait(client, job: first)) }
        json
            ? Terminal.print(["job": .string(first.text), "duplicate": true]) : Terminal.print(first.text)
    }

    /// Prints the result when the job has ended; throws the exit status unless it completed.
    private func printResult(_ wait: JobWait) async throws {
        let replay = try await wait.end { first, reason in
            Terminal.remark("it asks for what job \(first) does: \(reason)")
        }
        try ResultCommand.print(JobResult(replay), json: json)
    }
}

extension SubmittedKind: ExpressibleByArgument {}
