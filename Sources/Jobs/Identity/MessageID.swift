import Documents

/// The kinds of events that people search the journal for, one 128-bit id each.
///
/// `journalctl MESSAGE_ID=…` finds them, and `journalctl -x` explains them from `packaging/systemd/agentspool.catalog`.
/// The ids were made with `systemd-id128 new`. They never change: scripts and the catalog rely on them.
package enum MessageID: String, Sendable, CaseIterable, CustomStringConvertible {
    case daemonReady = "c4dc1cbd22c24d25a13fc18f8c25b879"
    case daemonStopping = "c21b7afbe9dd44308723553c8f52e3c3"
    case jobAccepted = "d0d9109c810541bc995018446ec384b5"
    case jobCompleted = "044e9d95498346ef8b0fe33dcf07c900"
    case jobFailed = "f1a92e37ab27436196b7a62c2caa1917"
    case jobDeferred = "ab2708925dd0407ca55b03dcfdedcae7"
    case jobHeld = "7c54735e6f0a4c42a05f57059c065528"
    case jobCancelled = "5254efbb1b8e4f2fb2ce8e3d1931b2cd"
    case dropRejected = "4ed3b9a06ab743b284bc0908c80faed4"
    case jobTakenOver = "c7e6c907ad0c42699a1b496c1e1f8c8e"
    /// The daemon died again and again while these steps ran.
    case stepsSuspected = "d70330a419e34476a570310c27bba3fd"
    /// The node stopped because a sync failed.
    case syncFailed = "87ea79324af8427da05530e9ed3300d9"
    case indexRebuilt = "15f4e206bfb94c71bd101c5ccf152d34"
    /// The daemon read the configuration again and uses it.
    case configurationTaken = "545ded8a36044a4fa8782c6fd4650e23"
    /// The daemon read the configuration again and refused it.
    case configurationRefused = "3c980801f205473981c863605d4956e5"

    /// The 32 hexadecimal digits, so that `"\(MessageID.jobFailed)"` has the form that the journal expects.
    package var description: String { rawValue }
}
