package import Documents
import Engine
package import Jobs
package import OrderedCollections

/// What is put into an inbox: an input as it is, or a job document that is made of settings and an input.
package struct SubmittedDrop: Sendable {
    /// The settings that make a document.
    package struct Settings: Sendable {
        package var workflow: String?
        /// Members of the input, in the place of those that a document has already.
        package var inputs: OrderedDictionary<String, JSON>
        package var key: String?
        /// The job that this one resumes.
        package var earlier: JobID?

        package init(
            workflow: String? = nil,
            inputs: OrderedDictionary<String, JSON> = [:],
            key: String? = nil,
            earlier: JobID? = nil
        ) {
            (self.workflow, self.inputs, self.key, self.earlier) = (workflow, inputs, key, earlier)
        }

        fileprivate var makeDocument: Bool { workflow != nil || !inputs.isEmpty || key != nil }
    }

    package let name: String
    package let bytes: [UInt8]
    /// What an input without a name was taken as; nil for another, whose name or giver says it.
    package let takenAs: SubmittedKind?
    /// The job document that is dropped; nil for another kind of file, and for a document that the daemon will refuse.
    package let document: JobDocument?

    /// - Parameters:
    ///   - input: Nil for none: all is in the settings.
    ///   - kind: What the input is, whatever its name.
    /// - Throws: ``ClientError``: the settings do not go with the input (usage, data).
    package init(_ input: SubmittedInput?, as kind: SubmittedKind? = nil, _ settings: Settings = Settings()) throws {
        var given = input
        var recognized: SubmittedKind?
        if let kind, let named = input?.name {
            given?.name = Self.name(named, as: kind)
        } else if let input, !input.isNamed {
            let kind = SubmittedKind(recognizing: input.bytes)
            recognized = kind
            given?.name = Self.name(input.name, as: kind)
        }
        takenAs = recognized
        (name, bytes) = try Self.drop(given, settings)
        document = Document.Format(fileName: name).flatMap { [bytes] format in
            try? JobDocument(Document(bytes, format: format))
        }
    }

    private static func drop(_ given: SubmittedInput?, _ settings: Settings) throws -> (name: String, bytes: [UInt8]) {
        if var given, !settings.makeDocument {
            let isDocument = Document.Format(fileName: given.name) != nil
            if let earlier = settings.earlier, !isDocument {
                given.name = ResumeName.name(given.name, resuming: earlier)
            }
            if settings.earlier == nil || !isDocument { return (given.name, given.bytes) }
        }
        let document = try document(given, settings)
        let stem = given?.name.split(separator: ".").first.map(String.init) ?? "job"
        return ("\(stem).json", Array((document.indentedText + "\n").utf8))
    }

    private static func name(_ name: String, as kind: SubmittedKind) -> String {
        let stem = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : String(name[..<$0]) } ?? name
        // An ending before `.txt` may decide the kind.
        let isPlain = kind != .text || DropExtension.of(stem + kind.ending) == kind.ending
        return isPlain ? stem + kind.ending : "\(stem.replacing(".", with: "-"))\(kind.ending)"
    }

    private static func document(_ given: SubmittedInput?, _ settings: Settings) throws -> JSON {
        var document: OrderedDictionary<String, JSON> = [:]
        if let given {
            if let format = Document.Format(fileName: given.name) {
                let value = try parsed(given, format).value
                guard let members = value.object else {
                    throw ClientError("\(given.name) is no job document: \(value.kindName)", .data)
                }
                document = members
            } else if DropExtension.batch.contains(DropExtension.of(given.name)) {
                throw ClientError(
                    "a batch takes no --workflow, --input and --key: its queue has the workflow, its lines are the inputs; "
                        + "--as text sends it as one text",
                    .usage
                )
            } else {
                document["input"] = ["text": .string(try text(given)), "name": .string(given.name)]
            }
        }
        if let workflow = settings.workflow { document["workflow"] = .string(workflow) }
        if let earlier = settings.earlier { document["resume_from"] = .string(earlier.text) }
        if let key = settings.key { document["idempotency_key"] = .string(key) }
        if !settings.inputs.isEmpty {
            let members = document["input"]?.object ?? [:]
            document["input"] = .object(members.merging(settings.inputs) { _, new in new })
        }
        return .object(document)
    }

    private static func text(_ given: SubmittedInput) throws -> String {
        do throws(TextFault) {
            return try PlainText.read(given.bytes, named: given.name)
        } catch {
            throw ClientError(
                "\(given.name): \(error); without --workflow, --input and --key it is submitted as a file",
                .data
            )
        }
    }

    private static func parsed(_ given: SubmittedInput, _ format: Document.Format) throws -> Document {
        do throws(DocumentError) {
            return try Document(given.bytes, format: format, name: given.name)
        } catch {
            throw ClientError("\(error)", .data)
        }
    }
}
