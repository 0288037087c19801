import ArgumentParser
import Commands

@main
struct AgentSpoolMain {
    static func main() async { await AgentSpoolCommand.main() }
}
