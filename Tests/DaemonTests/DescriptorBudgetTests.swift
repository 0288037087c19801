import Testing

@testable import Daemon

@Suite("The shares of the descriptors")
struct DescriptorSharesTests {
    @Test(
        "Calls get the descriptors that the daemon does not keep for itself",
        arguments: [
            (limit: 100, openJobs: 8, calls: 4), (limit: 256, openJobs: 16, calls: 88),
            (limit: 400, openJobs: 25, calls: 193), (limit: 1_024, openJobs: 64, calls: 640),
            (limit: 20_000, openJobs: 512, calls: 18_048), (limit: 65_536, openJobs: 512, calls: 63_584),
        ]
    )
    func shares(_ limit: Int, _ openJobs: Int, _ calls: Int) {
        let shares = DescriptorBudget(limit: limit)
        #expect(shares.openJobs == openJobs)
        #expect(shares.calls == calls)
    }
}
