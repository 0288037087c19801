package import Documents

/// Something that is to be done after a job's end, on its own.
package enum DeliveryPart: Sendable, Hashable {
    /// The file in the queue's directory.
    case file
    /// A hook, by its place in the list of its event, from 0.
    case hook(Int)
}

/// What became of an attempt to deliver a job's result or to tell a hook, or a person's wish for another one.
package enum DeliveryEvent: Sendable, Equatable {
    /// The file is there, whole and synced.
    case delivered(Delivered)
    case hookCompleted(HookAttempt, durationMilliseconds: Int)
    case failed(DeliveryPart, Attempt)
    /// What failed is tried again at once; where nothing did, all of it.
    case asked(Decision)

    /// A file that was put into the queue's directory.
    package struct Delivered: Sendable, Equatable {
        /// Absolute.
        package var path: String
        /// From 1.
        package var attempt: Int
        /// In bytes.
        package var size: Int
        /// Hexadecimal SHA-256 of the file.
        package var sha256: String

        package init(path: String, attempt: Int, size: Int, sha256: String) {
            (self.path, self.attempt, self.size, self.sha256) = (path, attempt, size, sha256)
        }
    }

    /// A hook that was run.
    package struct HookAttempt: Sendable, Equatable {
        /// Its place in the list of its event, from 0.
        package var hook: Int
        /// The program.
        package var program: String
        /// From 1.
        package var attempt: Int

        package init(hook: Int, program: String, attempt: Int) {
            (self.hook, self.program, self.attempt) = (hook, program, attempt)
        }
    }

    /// An attempt that failed.
    package struct Attempt: Sendable, Equatable {
        /// From 1.
        package var number: Int
        package var failure: Failure
        /// When it is tried again; nil when it is given up.
        package var retryAt: Timestamp?
        /// The hook's program; nil for the file.
        package var program: String?

        package init(_ number: Int, _ failure: Failure, retryAt: Timestamp?, program: String? = nil) {
            (self.number, self.failure, self.retryAt, self.program) = (number, failure, retryAt, program)
        }
    }

    /// The record's type.
    package var type: String {
        switch self {
        case .delivered: "delivered"
        case .hookCompleted: "hook.completed"
        case .failed(.file, _): "delivery.failed"
        case .failed(.hook, _): "hook.failed"
        case .asked: "delivery.asked"
        }
    }
}
