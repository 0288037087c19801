import ArgumentParser
import Documents
import Engine
import Jobs
import OrderedCollections

/// What `submit` puts into the inbox: a file as it is, or a job document that is made of the options and a file.
struct SubmittedDrop {
    /// The options that make a document.
    struct Options {
        var workflow: String?
        var inputs: [String] = []
        var key: String?
        /// The job that this one resumes.
        var earlier: JobID?

        var makeDocument: Bool { workflow != nil || !inputs.isEmpty || key != nil }
    }

    private(set) var name: String
    private(set) var bytes: [UInt8]
    /// What standard input was taken as; nil for a file, whose name says it.
    private(set) var takenAs: SubmittedKind?

    /// - Parameters:
    ///   - file: A path, `-` for standard input, nil for none.
    ///   - kind: What it is, as `--as` says.
    /// - Throws: ``CommandLineError``: it cannot be read (66), or the options do not go with it (64, 65).
    init(file: String?, as kind: SubmittedKind?, _ options: Options) throws {
        (name, bytes) = ("job.json", [])
        var given = try file.map { try InputFile.read($0) }
        if let kind, let named = given?.name {
            given?.name = Self.name(named, as: kind)
        } else if let input = given, file == "-" {
            let recognized = SubmittedKind(recognizing: input.bytes)
            takenAs = recognized
            given?.name = Self.name(input.name, as: recognized)
        }
        if var given, !options.makeDocument {
            let isDocument = Document.Format(fileName: given.name) != nil
            if let earlier = options.earlier, !isDocument {
                given.name = ResumeName.name(given.name, resuming: earlier)
            }
            if options.earlier == nil || !isDocument {
                (name, bytes) = given
                return
            }
        }
        let document = try Self.document(given, options)
        let stem = given?.name.split(separator: ".").first.map(String.init) ?? "job"
        (name, bytes) = ("\(stem).json", Array((document.indentedText + "\n").utf8))
    }

    /// The job document that is dropped; nil for another kind of file, and for a document that the daemon will refuse.
    var document: JobDocument? {
        guard let format = Document.Format(fileName: name) else { return nil }
        return try? JobDocument(Document(bytes, format: format))
    }

    private static func name(_ name: String, as kind: SubmittedKind) -> String {
        let stem = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : String(name[..<$0]) } ?? name
        // An ending before `.txt` may decide the kind.
        let isPlain = kind != .text || DropExtension.of(stem + kind.ending) == kind.ending
        return isPlain ? stem + kind.ending : "\(stem.replacing(".", with: "-"))\(kind.ending)"
    }

    private static func document(_ given: (name: String, bytes: [UInt8])?, _ options: Options) throws -> JSON {
        var document: OrderedDictionary<String, JSON> = [:]
        if let given {
            if let format = Document.Format(fileName: given.name) {
                let value = try parsed(given, format).value
                guard let members = value.object else {
                    throw CommandLineError("\(given.name) is no job document: \(value.kindName)", .data)
                }
                document = members
            } else if DropExtension.batch.contains(DropExtension.of(given.name)) {
                throw CommandLineError(
                    "a batch takes no --workflow, --input and --key: its queue has the workflow, its lines are the inputs; "
                        + "--as text sends it as one text",
                    ExitCode(64)
                )
            } else {
                document["input"] = ["text": .string(try text(given)), "name": .string(given.name)]
            }
        }
        if let workflow = options.workflow { document["workflow"] = .string(workflow) }
        if let earlier = options.earlier { document["resume_from"] = .string(earlier.text) }
        if let key = options.key { document["idempotency_key"] = .string(key) }
        if !options.inputs.isEmpty {
            var input = document["input"]?.object ?? [:]
            for text in options.inputs {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let value = String(parts[1])
                input[String(parts[0])] = JSON(printed: value) ?? .string(value)
            }
            document["input"] = .object(input)
        }
        return .object(document)
    }

    private static func text(_ given: (name: String, bytes: [UInt8])) throws -> String {
        do throws(TextFault) {
            return try PlainText.read(given.bytes, named: given.name)
        } catch {
            throw CommandLineError(
                "\(given.name): \(error); without --workflow, --input and --key it is submitted as a file",
                .data
            )
        }
    }

    private static func parsed(_ given: (name: String, bytes: [UInt8]), _ format: Document.Format) throws -> Document {
        do throws(DocumentError) {
            return try Document(given.bytes, format: format, name: given.name)
        } catch {
            throw CommandLineError("\(error)", .data)
        }
    }
}
