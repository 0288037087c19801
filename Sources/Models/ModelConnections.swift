package import AsyncHTTPClient
import NIOCore

/// How connections to models are kept.
package enum ModelConnections {
    /// More connections to one host than any setting asks for: how many calls run is decided by the workers and by
    /// the models' `concurrency`, and a call that waited inside the client would use up its time-out there.
    package static let perHostMax = 10_000

    /// Settings for the one HTTP client that all models share.
    package static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        // A redirected POST would become a GET, and a key must not follow an answer to another host.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = perHostMax
        // The job's own retry policy decides; the client would only hide the reason for some seconds.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
