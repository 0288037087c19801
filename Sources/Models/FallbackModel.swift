import Documents
package import Jobs

/// A model, and the fallback that answers while the model is down.
package struct FallbackModel: LimitedModel {
    package var name: String { primary.name }
    package var limiter: ModelLimiter { primary.limiter }
    package var bodyForm: String? { primary.bodyForm }
    private let primary: any LimitedModel
    fileprivate let fallback: any LimitedModel
    /// The primary; inside ``withPermit(_:)`` the primary that holds a permit.
    private var asked: any ChatModel

    package init(_ primary: any LimitedModel, fallback: any LimitedModel) {
        (self.primary, self.fallback, asked) = (primary, fallback, primary)
    }

    /// Waits for the primary's permit, or for the fallback's permit while the primary is paused.
    ///
    /// - Throws: ``ModelPause`` when both are paused, for the shorter of the two; else as ``ChatModel/withPermit(_:)``.
    package func withPermit<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value {
        // `body` returns a result, so that a pause that it throws is not mistaken for the model's own.
        let outcome: Result<Value, any Error>
        do {
            outcome = try await primary.withPermit { model in
                var holder = self
                holder.asked = model
                return await result { try await body(holder) }
            }
        } catch let pause as ModelPause {
            do {
                outcome = try await fallback.withPermit { model in
                    await result { try await body(StandIn(model: model, original: self, pause: pause)) }
                }
            } catch let other as ModelPause {
                throw ModelPause(for: min(pause.duration, other.duration), pause.reason)
            }
        }
        return try outcome.get()
    }

    /// Calls the primary, and then the fallback once if the primary failed in a way that need not affect another model.
    ///
    /// The usage counts both calls.
    ///
    /// - Throws: The primary's failure or pause when the fallback has no answer either; `CancellationError`.
    package func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        do {
            return try await asked.complete(request)
        } catch var failure as Failure where failure.class == .temporary || limiter.isStopped {
            guard understands(request) else { throw failure }
            do {
                var answer = try await fallback.withPermit { try await $0.complete(request) }
                if let used = failure.usage { answer.usage += used }
                answer.fallback = answer.fallback ?? fallback.name
                return answer
            } catch let other as Failure {
                if let used = other.usage {
                    var usage = failure.usage ?? Usage()
                    usage += used
                    failure.usage = usage
                }
                throw failure
            } catch is ModelPause {
                throw failure
            }
        } catch var pause as ModelPause {
            guard understands(request) else { throw pause }
            do {
                var answer = try await fallback.withPermit { try await $0.complete(request) }
                if let used = pause.usage { answer.usage += used }
                answer.fallback = answer.fallback ?? fallback.name
                return answer
            } catch let other as Failure {
                pause.add(other.usage)
                throw pause
            } catch let other as ModelPause {
                pause.add(other.usage)
                pause.duration = min(pause.duration, other.duration)
                throw pause
            }
        }
    }

    /// Whether the fallback can read the request: a ready body must be in its provider's form.
    fileprivate func understands(_ request: ChatRequest) -> Bool {
        guard request.body != nil, let written = bodyForm, let known = fallback.bodyForm else { return true }
        return written == known
    }

    /// The worst case of both models, the larger number of each.
    package func worstCase(of request: ChatRequest) -> Usage {
        let (one, other) = (primary.worstCase(of: request), fallback.worstCase(of: request))
        var usage = one
        usage.inputTokens = max(one.inputTokens, other.inputTokens)
        usage.outputTokens = max(one.outputTokens, other.outputTokens)
        usage.costUSD = max(one.costUSD, other.costUSD)
        return usage
    }
}

/// The fallback, holding its permit while the primary is paused.
private struct StandIn: ChatModel {
    let model: any ChatModel
    let original: FallbackModel
    let pause: ModelPause

    var name: String { model.name }

    func worstCase(of request: ChatRequest) -> Usage { model.worstCase(of: request) }

    func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        guard original.understands(request) else {
            throw ModelPause(
                for: pause.duration,
                "\(pause.reason); its fallback \(name) does not understand the form of the request"
            )
        }
        var answer = try await model.complete(request)
        answer.fallback = answer.fallback ?? original.fallback.name
        return answer
    }
}

extension ModelPause {
    /// Adds the fallback's usage.
    fileprivate mutating func add(_ used: Usage?) {
        guard let used else { return }
        var sum = usage ?? Usage()
        sum += used
        usage = sum
    }
}

private func result<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
}
