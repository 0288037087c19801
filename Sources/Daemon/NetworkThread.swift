package import NIOCore
import NIOPosix
package import Threads

extension ProcessThreads {
    /// One is enough for hundreds of pending model calls, and no answer changes threads on its way.
    package static let network: any EventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
