import Daemon
import Documents
import Spool
import SystemPackage

/// The file with the tokens that the configuration names.
struct TokenFile {
    private let source: APISettings.TokenFile?
    private let environment: [String: String]

    /// In bytes: some ten thousand tokens.
    private static let sizeMax = 1 << 20

    init(_ settings: APISettings, environment: [String: String]) {
        (source, self.environment) = (settings.tokens, environment)
    }

    /// Where the file is; nil where systemd gives no credentials.
    var path: String? {
        switch source {
        case .file(let path): path
        case .credential(let name): environment["CREDENTIALS_DIRECTORY"].map { "\($0)/\(name)" }
        case nil: nil
        }
    }

    /// The tokens in it; none where the configuration names no file.
    ///
    /// - Throws: `DocumentError` when it cannot be read or a line is wrong.
    func read() throws(DocumentError) -> TokenTable {
        guard let source else { return TokenTable() }
        guard let path else {
            throw DocumentError(
                document: "api.tokens",
                reason: "\(source) is a credential of systemd, and CREDENTIALS_DIRECTORY is not set"
            )
        }
        let fileSystem = LinuxFileSystem()
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try fileSystem.contents(of: fileSystem.open(path, in: nil, .followLinks), limit: Self.sizeMax)
        } catch {
            throw DocumentError(document: path, reason: "the tokens of the API cannot be read: \(error)")
        }
        do throws(TokenTable.Fault) {
            return try TokenTable(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw DocumentError(document: path, reason: "\(error)")
        }
    }
}
