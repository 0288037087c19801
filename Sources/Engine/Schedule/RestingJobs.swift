/// The jobs that no worker has and that go on by themselves or by a person's answer, and what is left to do after ends.
struct RestingJobs {
    var deferred = DeferredJobs()
    var held = HeldJobs()
    var deliveries = Deliveries()
}
