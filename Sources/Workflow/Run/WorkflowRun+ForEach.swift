import Documents
import Jobs

extension WorkflowRun {
    /// The most elements of a `for_each`; a batch file can have more lines.
    static let itemsMax = 100_000

    /// Runs the steps for every element: `each/17/extract`.
    ///
    /// - Returns: The outputs of the last steps, in the order of the elements.
    func runForEach(_ step: StepDefinition.ForEachStep, in scope: Scope, path: String) async throws -> JSON {
        let value = try failing(path) { () throws(Failure) in try step.items.render(scope) }
        guard let items = value.array else {
            throw Interruption.failed(
                step: path,
                Failure(.permanent, "for_each needs a list, and was given \(value.kindName)")
            )
        }
        guard items.count <= Self.itemsMax else {
            let failure = Failure(
                .permanent,
                "for_each was given \(items.count) elements; \(Self.itemsMax) is the most",
                hint: "drop a batch file, one line an element"
            )
            throw Interruption.failed(step: path, failure)
        }
        let names = ElementNames(items)
        let outputs = try await runSideBySide(items.count, concurrency: step.concurrency) { index in
            var inner = scope.with(item: items[index], index: index)
            return try await self.runSteps(step.steps, in: &inner, path: "\(path)/\(names[index])")
        }
        try await recordComposite(path, .forEach)
        return .array(outputs)
    }

    /// Runs `body` for 0..<count, at most `concurrency` at a time.
    ///
    /// An element that waits for a retry does not stop the others: the job is deferred when nothing else is left to do.
    /// After a failure or a hold no further element begins, and the running ones finish.
    func runSideBySide(
        _ count: Int,
        concurrency: Int,
        _ body: @escaping @Sendable (Int) async throws -> JSON
    ) async throws -> [JSON] {
        var outputs = [JSON](repeating: .null, count: count)
        var stop: (any Error)?
        var deferral: (until: Timestamp, reason: String)?
        await withTaskGroup(of: Part.self) { group in
            var next = 0
            func startNext() {
                guard next < count, stop == nil else { return }
                let index = next
                next += 1
                group.addTask {
                    do { return Part(index: index, result: .success(try await body(index))) } catch {
                        return Part(index: index, result: .failure(error))
                    }
                }
            }
            for _ in 0..<concurrency { startNext() }
            for await part in group {
                switch part.result {
                case .success(let output): outputs[part.index] = output
                case .failure(Interruption.deferred(let until, let reason)):
                    if deferral.map({ until < $0.until }) ?? true { deferral = (until, reason) }
                case .failure(let error): stop = stop ?? error
                }
                startNext()
            }
        }
        if let stop { throw stop }
        if let deferral { throw Interruption.deferred(until: deferral.until, reason: deferral.reason) }
        return outputs
    }

    /// Not a tuple: optimised code of Swift 6.3.1 reads wrong values from tuples that child tasks return.
    private struct Part: Sendable {
        var index: Int
        var result: Result<JSON, any Error>
    }
}
