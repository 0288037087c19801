extension NodeLock {
    /// Whether a running node has claimed the job that lies there.
    ///
    /// - Throws: ``SpoolError`` when `nodes/` cannot be read.
    package static func isInHand(_ location: JobLocation, of spool: SpoolRoot) throws(SpoolError) -> Bool {
        guard location.directory.hasPrefix("\(SpoolLayout.processing)/") else { return false }
        let node = location.directory.split(separator: "/").last.map(String.init)
        return try nodes(of: spool).contains { $0.node == node && $0.isAlive }
    }
}
