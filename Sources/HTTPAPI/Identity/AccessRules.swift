import Daemon
import Glibc
import Spool

/// Decides which role a caller has: by the configuration, the kernel's word and the tokens.
struct AccessRules: Sendable {
    let settings: APISettings
    let tokens: TokenTable

    /// The caller behind a Unix socket.
    ///
    /// - Parameter groups: The names of the user's groups.
    func caller(uid: Int, groups: @autoclosure () -> Set<String>) -> Caller {
        let name = UserNames.name(of: uid)
        if uid == 0 || uid == Int(geteuid()) { return Caller(uid: uid, name: name, role: .admin) }
        let groups = groups()
        if settings.operators.contains(user: name, groups) { return Caller(uid: uid, name: name, role: .operate) }
        if settings.observers.contains(user: name, groups) { return Caller(uid: uid, name: name, role: .observe) }
        return Caller(uid: uid, name: name, role: .submit)
    }

    /// The caller that sent a token; nil for a token that is not known.
    func caller(token: String) -> Caller? {
        tokens.entry(of: token).map { Caller(uid: nil, name: $0.name, role: $0.role, queues: $0.queues) }
    }
}

extension APISettings.Members {
    fileprivate func contains(user: String, _ groups: Set<String>) -> Bool {
        users.contains(user) || !self.groups.isDisjoint(with: groups)
    }
}
