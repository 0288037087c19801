package import Documents
import Jobs
import OrderedCollections

/// Where a key is stored; the configuration, histories and messages hold this reference, never the key.
package enum KeyReference: Sendable, Equatable, CustomStringConvertible {
    /// The name of an environment variable of the daemon.
    case environment(String)
    /// The name of a systemd credential (systemd.exec(5), `LoadCredential=`).
    case credential(String)
    /// A path; a relative path starts from the configuration's directory.
    case file(String)

    /// Reads the member `api_key` of a model, or another one: an object with exactly one of `env`, `credential` and
    /// `file`.
    ///
    /// - Throws: ``DocumentError``, which never shows the value: it may be a key that was put in the wrong place.
    package init?(_ model: MemberReader, _ member: String = "api_key") throws(DocumentError) {
        guard let value = model.json(member) else { return nil }
        let forms = "{env: NAME}, {credential: NAME} or {file: PATH}"
        if value.string != nil {
            throw model.error(
                member,
                "keys are never written into the configuration; say where the key is: \(forms)"
            )
        }
        guard let members = value.object, let reader = try model.object(member) else {
            throw model.error(member, "\(forms) was expected")
        }
        try reader.allowOnly(["env", "credential", "file"])
        guard members.count == 1, let (kind, place) = members.elements.first else {
            throw model.error(member, "exactly one of env, credential and file was expected")
        }
        guard let text = place.string, !text.isEmpty else { throw reader.error(kind, "a string was expected") }
        switch kind {
        case "env":
            let isName = text.utf8.enumerated().allSatisfy { index, byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
                    true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
                default: false
                }
            }
            guard isName else {
                throw reader.error(kind, "the name of an environment variable was expected, not the key itself")
            }
            self = .environment(text)
        case "credential":
            guard !text.contains("/"), text != ".", text != "..", !text.utf8.contains(0) else {
                throw reader.error(kind, "the name of a systemd credential was expected, without a slash")
            }
            self = .credential(text)
        default:
            guard !text.utf8.contains(0) else { throw reader.error(kind, "a path was expected") }
            self = .file(text)
        }
    }

    /// As in the configuration.
    package var json: JSON {
        switch self {
        case .environment(let name): ["env": .string(name)]
        case .credential(let name): ["credential": .string(name)]
        case .file(let path): ["file": .string(path)]
        }
    }

    /// As in the configuration: `{env: OPENAI_API_KEY}`.
    package var description: String {
        switch self {
        case .environment(let name): "{env: \(name)}"
        case .credential(let name): "{credential: \(name)}"
        case .file(let path): "{file: \(path)}"
        }
    }
}
