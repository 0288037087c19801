import Spool

extension [ControlRequest] {
    /// The requests, with neighbours that differ only in their jobs merged into one.
    var merged: [ControlRequest] {
        reduce(into: []) { merged, request in
            guard var last = merged.last else { return merged.append(request) }
            let jobs = last.jobs + request.jobs
            last.jobs = request.jobs
            if last == request { merged[merged.count - 1].jobs = jobs } else { merged.append(request) }
        }
    }
}
