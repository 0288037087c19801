import Synchronization

/// Counts the open connections, so that one user cannot take them all.
final class Connections: Sendable {
    private struct Counts {
        var all = 0
        var byPeer: [String: Int] = [:]
    }

    private let max: Int
    private let maxOfPeer: Int
    private let counts = Mutex(Counts())

    /// - Parameters:
    ///   - max: The most in all.
    ///   - maxOfPeer: The most of one uid or address.
    init(max: Int, maxOfPeer: Int) { (self.max, self.maxOfPeer) = (max, maxOfPeer) }

    /// Counts a connection; false when there are too many.
    func enter(_ peer: Peer) -> Bool {
        counts.withLock { counts in
            let key = peer.key
            let own = counts.byPeer[key, default: 0]
            guard counts.all < max, own < maxOfPeer else { return false }
            counts.all += 1
            counts.byPeer[key] = own + 1
            return true
        }
    }

    func leave(_ peer: Peer) {
        counts.withLock { counts in
            let key = peer.key
            counts.all -= 1
            let own = counts.byPeer[key, default: 1] - 1
            counts.byPeer[key] = own == 0 ? nil : own
        }
    }
}

extension Peer {
    fileprivate var key: String {
        switch self {
        case .process(let uid): "uid \(uid)"
        case .address(let address): address
        }
    }
}
