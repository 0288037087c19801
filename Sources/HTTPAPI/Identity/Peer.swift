import CLinux
import Glibc
import NIOCore

/// What the kernel says of the other end of a connection.
package enum Peer: Sendable, Equatable {
    /// A process of this machine: SO_PEERCRED, unix(7).
    case process(uid: Int)
    /// An address of TCP; it says nothing about who calls.
    case address(String)

    /// Asks the kernel about a connection to a Unix socket.
    ///
    /// - Throws: An error of the kernel; the connection is then closed.
    static func process(of channel: any Channel) -> EventLoopFuture<Peer> {
        guard let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<clinux_credentials> = socket.unsafeGetSocketOption(
            level: .socket,
            name: .init(rawValue: SO_PEERCRED)
        )
        return credentials.map { .process(uid: Int($0.uid)) }
    }
}
