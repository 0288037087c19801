import ArgumentParser
import Daemon
import Documents
import Engine
import Glibc
import Jobs
import OrderedCollections
import Spool
import SystemPackage

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
    var inputs: [String] = []

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
        if let input = inputs.first(where: { !$0.contains("=") }) {
            throw ValidationError("--input takes key=value, not \(input).")
        }
    }

    func perform() async throws {
        let spool = try options.open()
        guard try spool.inboxes().contains(queue) else {
            let known = try spool.inboxes().joined(separator: ", ")
            throw CommandLineError("there is no queue \"\(queue)\" in \(spool.path); there are: \(known)", .noInput)
        }
        try checkQueue()
        var earlier: JobID?
        if let resumeFrom { earlier = try await JobFinder(spool: spool, options).find(resumeFrom).job.id }
        let made = SubmittedDrop.Options(workflow: workflow, inputs: inputs, key: key, earlier: earlier)
        let drop = try SubmittedDrop(file: file, as: kind, made)
        if let taken = drop.takenAs {
            Terminal.remark("standard input was taken as \(taken.name); --as says otherwise")
        }
        let document = drop.document
        let holder = IdempotencyKeyLookup(spool: spool, options: options, queue: queue)
        if let document, let first = try holder.earlierJob(for: document) {
            return try await show(first, document.idempotencyKey, in: spool)
        }
        let identifiers = JobIDGenerator(clock: .system, random: { UInt64.random(in: .min ... .max) })
        let job = JobName(id: identifiers.next(), dropName: Array(drop.name.utf8))
        try put(drop.bytes, as: job, into: spool)
        if wait {
            Terminal.remark("job \(job.id)")
            return try await JobWait(spool: spool, options, job: job).printResult(json: json)
        }
        if let key = document?.idempotencyKey {
            let settled = try await holder.settled(job)
            if settled != job.id { return try await show(settled, key, in: spool) }
        }
        json ? Terminal.print(["job": .string(job.id.text)]) : Terminal.print(job.id.text)
    }

    /// Refuses a queue with a directory below `inbox/` that is not configured: no daemon would take the job from there.
    ///
    /// A configuration that is wrong is ignored: it says nothing about the one that a daemon works with.
    private func checkQueue() throws {
        guard let configuration = try? ConfigurationFile.load(options.configurationPath) else { return }
        let queues = configuration.catalog.queues.keys
        if queues.contains(queue) { return }
        throw CommandLineError(
            "there is no queue \"\(queue)\" in \(options.configurationPath), and no daemon would take the job from its "
                + "directory; there are: \(queues.joined(separator: ", "))",
            .noInput
        )
    }

    /// Prints the job that does already what was asked for, or with `--wait` its result.
    private func show(_ first: JobID, _ key: String?, in spool: SpoolRoot) async throws {
        Terminal.remark("the key \(key ?? "") is that of job \(first), which asks for the same; nothing new runs")
        if wait { return try await JobWait(spool: spool, options, job: first).printResult(json: json) }
        json
            ? Terminal.print(["job": .string(first.text), "duplicate": true]) : Terminal.print(first.text)
    }

    /// Writes the drop aside and renames it, so that the daemon never sees half of it; it is on disk when this returns.
    private func put(_ bytes: [UInt8], as job: JobName, into spool: SpoolRoot) throws {
        do throws(Errno) {
            let staging = try spool.directory(SpoolLayout.staging)
            let inbox = try spool.directory(SpoolLayout.inbox(of: queue))
            do throws(Errno) {
                try put(bytes, as: job, job.description, in: staging, into: inbox, spool.fileSystem)
            } catch .improperLink {
                // The inbox is on another filesystem: the drop is written into the inbox under a hidden name.
                try spool.fileSystem.unlink(job.description, in: staging)
                try put(bytes, as: job, ".\(job)", in: inbox, into: inbox, spool.fileSystem)
            }
        } catch {
            throw SpoolError("putting the job into \(SpoolLayout.inbox(of: queue))", error)
        }
    }

    private func put(
        _ bytes: [UInt8],
        as job: JobName,
        _ aside: String,
        in staging: OpenFile,
        into inbox: OpenFile,
        _ fileSystem: any FileSystem
    ) throws(Errno) {
        let file = try fileSystem.open(aside, in: staging, .create, mode: 0o644)
        try fileSystem.writeAll(bytes, to: file)
        try Durability.syncNow(file, fileSystem)
        try fileSystem.rename(aside, in: staging, to: job.description, in: inbox)
        try Durability.syncNow(inbox, fileSystem)
    }
}
