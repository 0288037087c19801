import Jobs
import NIOCore
import Synchronization

/// The last answers about jobs that have ended, which change no more: pollers ask for the same ones again and again.
final class RenderedJobs: Sendable {
    private struct Answer {
        var etag: String
        var bytes: ByteBuffer
    }

    private static let max = 1_024
    /// In bytes; a longer answer is made anew each time.
    private static let sizeMax = 16 << 10

    private let answers = Mutex<[String: Answer]>([:])

    /// The answer, when it was made of the row with this ETag.
    func answer(for job: String, _ etag: String) -> ByteBuffer? {
        answers.withLock { answers in
            guard let answer = answers[job], answer.etag == etag else { return nil }
            return answer.bytes
        }
    }

    func keep(_ bytes: ByteBuffer, for row: JobSummary) {
        guard row.hasEnded, bytes.readableBytes <= Self.sizeMax else { return }
        answers.withLock { answers in
            if answers.count >= Self.max { answers.removeAll(keepingCapacity: true) }
            answers[row.job] = Answer(etag: row.etag, bytes: bytes)
        }
    }
}
