import ArgumentParser
import Client

extension ExitCode {
    /// 64, EX_USAGE: the call itself is wrong.
    static let usage = ExitCode(64)
    /// 65, EX_DATAERR: bad data.
    static let data = ExitCode(65)
    /// 66, EX_NOINPUT: no such job or spool.
    static let noInput = ExitCode(66)
    /// 69, EX_UNAVAILABLE: no daemon where one is needed.
    static let unavailable = ExitCode(69)
    /// 75, EX_TEMPFAIL: try again later.
    static let temporary = ExitCode(75)
    /// 77, EX_NOPERM: the API says that this user may not do that.
    static let denied = ExitCode(77)
    /// 78, EX_CONFIG: bad configuration.
    static let configuration = ExitCode(78)

    /// The exit status for a failure of a use case.
    init(_ kind: ClientError.Kind) {
        switch kind {
        case .failure: self = .failure
        case .usage: self = .usage
        case .data: self = .data
        case .noInput: self = .noInput
        case .unavailable: self = .unavailable
        case .temporary: self = .temporary
        case .configuration: self = .configuration
        case .denied: self = .denied
        }
    }
}
