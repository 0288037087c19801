import Documents
import Glibc
import Jobs
import Logging
import Synchronization
import SystemPackage
import Testing

@testable import Telemetry

/// Keeps messages, or fails with an error number.
private final class RecordingTransport: NotifyTransport {
    private let kept = Mutex<[String]>([])
    private let code: Int32?

    init(failingWith code: Int32? = nil) { self.code = code }

    var messages: [String] { kept.withLock { $0 } }

    func send(_ message: String) throws(NotifyError) -> NotifyResult {
        if let code { throw NotifyError(code: code) }
        kept.withLock { $0.append(message) }
        return .sent
    }

    var watchdogTimeout: Duration? { .seconds(30) }
}

@Suite("The service notifier")
struct ServiceNotifierTests {
    private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("Each call sends its message of sd_notify")
    func messages() {
        let transport = RecordingTransport()
        let notifier = ServiceNotifier(transport: transport, logger: silent, monotonicMicroseconds: { 42 })
        notifier.ready("0 running")
        notifier.status("3 running")
        notifier.ping()
        notifier.reloading()
        notifier.extendTimeout(by: .milliseconds(1_500))
        notifier.extendTimeout(by: .seconds(Int64.max))
        notifier.stopping()
        #expect(
            transport.messages == [
                "READY=1\nSTATUS=0 running", "STATUS=3 running", "WATCHDOG=1", "RELOADING=1\nMONOTONIC_USEC=42",
                "EXTEND_TIMEOUT_USEC=1500000", "EXTEND_TIMEOUT_USEC=86400000000", "STOPPING=1",
            ]
        )
        #expect(notifier.watchdogTimeout == .seconds(30))
    }

    @Test("A status is one line of bounded length, so that no text becomes another assignment")
    func statusIsOneLine() {
        let transport = RecordingTransport()
        let notifier = ServiceNotifier(transport: transport, logger: silent)
        notifier.status("job\nMAINPID=1\r\tx")
        notifier.status(String(repeating: "x", count: 10_000))
        #expect(transport.messages.first == "STATUS=job MAINPID=1  x")
        #expect(transport.messages.last?.utf8.count == "STATUS=".utf8.count + ServiceNotifier.maximumStatusLength)
    }

    @Test("A message that cannot be sent is logged and otherwise ignored")
    func failure() async {
        let destination = RecordingDestination()
        let pipeline = LogPipeline(destination: destination, clock: .standing)
        let notifier = ServiceNotifier(
            transport: RecordingTransport(failingWith: ECONNREFUSED),
            logger: pipeline.logger(label: "test")
        )
        notifier.ready("0 running")
        #expect(await pipeline.flush(within: ample))
        #expect(
            destination.entries.map(\.message) == [
                "systemd was not told, because $NOTIFY_SOCKET failed: Connection refused"
            ]
        )
        #expect(destination.entries.first?.level == .warning)
    }

    @Test("The notifier reaches the socket in $NOTIFY_SOCKET, and reads $WATCHDOG_USEC")
    func realSocket() async throws {
        let directory = try TemporaryDirectory()
        let socket = try NotifySocket(path: "\(directory.path)/notify")
        let probe = try await Command.run(
            "\(Place.programs)/journal-probe",
            ["notify"],
            environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": nil]
        )
        #expect(probe.status == 0)
        #expect(probe.output == "30.0 seconds\n")
        #expect(
            socket.received() == [
                "READY=1\nSTATUS=0 running", "WATCHDOG=1", "STATUS=3 running, 120 waiting",
                "RELOADING=1\nMONOTONIC_USEC=42", "READY=1\nSTATUS=reloaded", "STOPPING=1\nSTATUS=2 running",
            ]
        )
    }

    @Test("The notifier does nothing where no service manager listens")
    func offSystemd() async throws {
        let probe = try await Command.run(
            "\(Place.programs)/journal-probe",
            ["notify"],
            environment: ["NOTIFY_SOCKET": nil, "WATCHDOG_USEC": nil]
        )
        #expect(probe.status == 0)
        #expect(probe.output == "no watchdog\n")
    }
}

/// The other end of `$NOTIFY_SOCKET`, as systemd has it.
private final class NotifySocket: Sendable {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }

    /// The waiting messages, one per datagram.
    func received() -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count >= 0 {
            messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
        }
        return messages
    }
}
