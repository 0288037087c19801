import Hummingbird
import Logging

/// What a handler knows of a request besides the request itself.
struct APIContext: RequestContext {
    struct Source: RequestContextSource {
        let logger: Logger
        let caller: Caller?
    }

    var coreContext: CoreRequestContextStorage
    /// Nil for a caller without a token on TCP.
    let caller: Caller?

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        caller = source.caller
    }

    /// A parameter of the path, decoded.
    ///
    /// - Throws: ``Problem`` (400) when it is no UTF-8.
    func parameter(_ name: String) throws(Problem) -> String {
        guard let text = parameters.get(name) else { throw Problem(.internalServerError, "the route has no \(name)") }
        return try PercentEncoding.decode(text)
    }

    /// The caller of a route that needs a role.
    ///
    /// - Throws: ``Problem`` (401) without one.
    func requireCaller() throws(Problem) -> Caller {
        guard let caller else { throw .unauthorized("this needs a token") }
        return caller
    }
}
