import Synchronization

/// The configuration in force, which a reload replaces as a whole.
final class ConfigurationInForce: Sendable {
    private let value: Mutex<DaemonContext.InForce>

    init(_ configuration: SpoolConfiguration) {
        value = Mutex(DaemonContext.InForce(configuration: configuration, generation: 0))
    }

    var current: DaemonContext.InForce { value.withLock(\.self) }

    func replace(by configuration: SpoolConfiguration) {
        value.withLock { value in
            value = DaemonContext.InForce(configuration: configuration, generation: value.generation + 1)
        }
    }
}
