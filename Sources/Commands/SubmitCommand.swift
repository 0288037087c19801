import ArgumentParser
import Daemon
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

            When the id is printed, the job is on disk in the inbox. With --wait the output is printed when it is \
            there: exit status 0 when the job completed, 1 when it failed, 75 when it is held.
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
        if let input = inputs.first(where: { !$0.contains("=") }) {
            throw ValidationError("--input takes key=value, not \(input).")
        }
    }

    func perform() async throws {
        let spool = try options.open()
        guard try spool.inboxes().contains(queue) else {
            let known = try spool.inboxes().joined(separator: ", ")
            throw CommandFailure("there is no queue \"\(queue)\" in \(spool.path); there are: \(known)", .noInput)
        }
        try checkQueue()
        var earlier: JobID?
        if let resumeFrom { earlier = try await JobFinder(spool: spool, options).find(resumeFrom).job.id }
        let (name, bytes) = try drop(resuming: earlier)
        let identifiers = JobIDGenerator(clock: .system, random: { UInt64.random(in: .min ... .max) })
        let job = JobName(id: identifiers.next(), dropName: Array(name.utf8))
        try put(bytes, as: job, into: spool)
        if !wait {
            return json ? Terminal.print(["job": .string(job.id.text)]) : Terminal.print(job.id.text)
        }
        Terminal.remark("job \(job.id)")
        try await JobWait(spool: spool, job: job, queue: queue).printResult(json: json)
    }

    /// A directory below `inbox/` is no queue by itself: nothing would take the job from there. A configuration that is
    /// wrong says nothing about the one that a daemon works with.
    private func checkQueue() throws {
        guard let configuration = try? ConfigurationFile.load(options.configurationPath) else { return }
        let queues = configuration.catalog.queues.keys
        if queues.contains(queue) { return }
        throw CommandFailure(
            "there is no queue \"\(queue)\" in \(options.configurationPath), and no daemon would take the job from its "
                + "directory; there are: \(queues.joined(separator: ", "))",
            .noInput
        )
    }

    // MARK: Making the drop

    private func drop(resuming earlier: JobID?) throws -> (name: String, bytes: [UInt8]) {
        let given = try file.map { try InputFile.read($0) }
        if var given, workflow == nil, inputs.isEmpty, key == nil {
            if let earlier, Document.Format(fileName: given.name) == nil {
                given.name = ResumeName.name(given.name, resuming: earlier)
            }
            if earlier == nil || Document.Format(fileName: given.name) == nil { return given }
        }
        var document: OrderedDictionary<String, JSON> = [:]
        if let given {
            if let format = Document.Format(fileName: given.name) {
                let value = try parsed(given, format).value
                guard let members = value.object else {
                    throw CommandFailure("\(given.name) is no job document: \(value.kindName)", .data)
                }
                document = members
            } else if let text = String(validating: given.bytes, as: UTF8.self) {
                document["input"] = ["text": .string(text), "name": .string(given.name)]
            } else {
                throw CommandFailure("\(given.name) is not text; submit it without --workflow and --input", .data)
            }
        }
        if let workflow { document["workflow"] = .string(workflow) }
        if let earlier { document["resume_from"] = .string(earlier.text) }
        if let key { document["idempotency_key"] = .string(key) }
        if !inputs.isEmpty {
            var input = document["input"]?.object ?? [:]
            for text in inputs {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = String(parts[1])
                input[String(parts[0])] = (try? JSONParser.parse(value)) ?? .string(value)
            }
            document["input"] = .object(input)
        }
        let stem = given?.name.split(separator: ".").first.map(String.init) ?? "job"
        return ("\(stem).json", Array((JSON.object(document).indentedText + "\n").utf8))
    }

    private func parsed(_ given: (name: String, bytes: [UInt8]), _ format: Document.Format) throws -> Document {
        do throws(DocumentError) {
            return try Document(given.bytes, format: format, name: given.name)
        } catch {
            throw CommandFailure("\(error)", .data)
        }
    }

    // MARK: Putting it there

    /// Written aside and renamed, so that nobody sees half of it; on disk when this returns.
    private func put(_ bytes: [UInt8], as job: JobName, into spool: SpoolRoot) throws {
        do throws(Errno) {
            let staging = try spool.directory(SpoolLayout.staging)
            let inbox = try spool.directory(SpoolLayout.inbox(of: queue))
            do throws(Errno) {
                try put(bytes, as: job, job.description, in: staging, into: inbox, spool.fileSystem)
            } catch .improperLink {
                // The inbox is on another filesystem: there is a place aside in itself.
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
