import Documents

/// The block `api` of the configuration: where the API listens, and what each caller may do.
package struct APISettings: Sendable, Equatable {
    /// Users and groups, by name.
    package struct Members: Sendable, Equatable {
        package var users: Set<String> = []
        package var groups: Set<String> = []

        package init(users: Set<String> = [], groups: Set<String> = []) { (self.users, self.groups) = (users, groups) }
    }

    /// An address for TCP.
    package struct Address: Sendable, Equatable {
        package var host: String
        /// 0 lets the kernel choose one.
        package var port: Int

        /// Reads `host:port`, `[v6]:port`.
        init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
                (0...65_535).contains(port)
            else { return nil }
            var host = String(text[..<colon])
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = String(host.dropFirst().dropLast())
            } else if host.contains(":") {
                return nil
            }
            guard !host.isEmpty else { return nil }
            (self.host, self.port) = (host, port)
        }

        package var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

        /// Whether only programs of this machine reach it.
        var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
    }

    /// The certificate and its key, as files in PEM.
    package struct TLSFiles: Sendable, Equatable {
        package var certificate: String
        package var key: String
    }

    /// Where the tokens are: one a line, NAME ROLE[,ROLE] SHA256 [queue,queue].
    package enum TokenFile: Sendable, Equatable {
        /// A credential of systemd.
        case credential(String)
        /// An absolute path.
        case file(String)
    }

    /// The path of the Unix socket, relative to the spool or absolute; nil when there is none.
    package var socket: String? = APISettings.standardSocket
    package var socketMode: UInt32 = 0o666
    package var listen: [Address] = []
    package var tls: TLSFiles?
    package var tokens: TokenFile?
    package var observers = Members(groups: ["adm"])
    package var operators = Members(groups: ["agentspool-operators"])
    /// Names under which a browser may reach the API, besides those of loopback.
    package var hosts: [String] = []

    package static let standardSocket = "run/api.sock"

    package init() {}

    /// Whether a member differs that a daemon reads only at its start.
    func differs(from other: APISettings, in member: String) -> Bool {
        switch member {
        case "socket": socket != other.socket
        case "socket_mode": socketMode != other.socketMode
        case "listen": listen != other.listen
        case "tls": tls != other.tls
        default: false
        }
    }

    private static let members = [
        "socket", "socket_mode", "listen", "insecure", "tls", "tokens", "observers", "operators", "hosts",
    ]

    /// Reads the block.
    ///
    /// - Parameter directory: What files are relative to: the configuration's.
    init(_ reader: MemberReader, directory: String) throws(DocumentError) {
        try reader.allowOnly(Self.members)
        if reader.value["socket"]?.bool == false || reader.value["socket"]?.isNull == true {
            socket = nil
        } else if let path = try reader.string("socket") {
            if path.isEmpty { throw reader.error("socket", "the path of a socket was expected, or false for none") }
            socket = path
        }
        socketMode =
            try reader.optional("socket_mode", "a file mode in octal such as \"0666\"") { value in
                let digits = value.string ?? value.int.map(String.init) ?? ""
                return UInt32(digits, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
            } ?? socketMode
        listen = try Self.addresses(reader)
        tls = try Self.tls(reader, directory)
        let isInsecure = try reader.bool("insecure") ?? false
        if tls == nil, !isInsecure, let open = listen.first(where: { !$0.isLoopback }) {
            throw reader.error(
                "listen",
                "\(open.text) is reached from other machines: give tls, or insecure: true to send tokens in the clear"
            )
        }
        tokens = try Self.tokens(reader, directory)
        observers = try Self.members(reader, "observers") ?? observers
        operators = try Self.members(reader, "operators") ?? operators
        hosts = try reader.strings("hosts") ?? []
    }

    private static func addresses(_ reader: MemberReader) throws(DocumentError) -> [Address] {
        let expected = "an address such as 127.0.0.1:7171, or a list of them"
        return try reader.optional("listen", expected) { value -> [Address]? in
            let texts = value.string.map { [$0] } ?? value.array?.map { $0.string ?? "" } ?? []
            let addresses = texts.compactMap(Address.init)
            return addresses.isEmpty || addresses.count != texts.count ? nil : addresses
        } ?? []
    }

    private static func tls(_ reader: MemberReader, _ directory: String) throws(DocumentError) -> TLSFiles? {
        guard let files = try reader.object("tls") else { return nil }
        try files.allowOnly(["certificate", "key"])
        guard let certificate = try files.string("certificate") else { throw files.error("certificate", "is missing") }
        guard let key = try files.string("key") else { throw files.error("key", "is missing") }
        return TLSFiles(
            certificate: absolute(certificate, directory),
            key: absolute(key, directory)
        )
    }

    private static func tokens(_ reader: MemberReader, _ directory: String) throws(DocumentError) -> TokenFile? {
        guard let source = try reader.object("tokens") else { return nil }
        try source.allowOnly(["credential", "file"])
        let (credential, file) = (try source.string("credential"), try source.string("file"))
        switch (credential, file) {
        case (let name?, nil):
            if name.isEmpty || name.contains("/") { throw source.error("credential", "a name without / was expected") }
            return .credential(name)
        case (nil, let path?): return .file(absolute(path, directory))
        default: throw reader.error("tokens", "either credential or file was expected")
        }
    }

    private static func members(_ reader: MemberReader, _ name: String) throws(DocumentError) -> Members? {
        guard let lists = try reader.object(name) else { return nil }
        try lists.allowOnly(["users", "groups"])
        return Members(
            users: Set(try lists.strings("users") ?? []),
            groups: Set(try lists.strings("groups") ?? [])
        )
    }

    private static func absolute(_ path: String, _ directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }
}
