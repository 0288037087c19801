import Engine
import Glibc
import Jobs
import OrderedCollections
import Spool
import Tools

extension SpoolConfiguration {
    /// What is wrong now with directories, groups and hooks of deliveries, each in a sentence without its full stop.
    ///
    /// None of it is an error of the configuration: a directory may be mounted later, and attempts are repeated.
    ///
    /// - Parameter environment: The daemon's, whose `PATH` finds programs.
    package func deliveryFaults(environment: [String: String]) -> [String] {
        let hooks = CommandHooks(directory: directory, environment: environment)
        return catalog.queues.values.flatMap { queue -> [String] in
            guard let delivery = queue.delivery else { return [] }
            let programs = DeliverySettings.Event.allCases.flatMap { delivery.hooks[$0] ?? [] }
            let faults = [delivery.folder?.fault] + programs.map { hooks.fault(of: $0)?.message }
            return faults.compactMap { $0.map { "queue \(queue.name): \($0)" } }
        }
    }
}

extension DeliverySettings.Folder {
    fileprivate var fault: String? {
        if let group, UserNames.groupID(named: group) == nil { return "there is no group \(group)" }
        if access(directory, F_OK) != 0 {
            // One below the configuration's directory is made when it is needed.
            return base == nil ? "the directory \(directory) is not there" : nil
        }
        return access(directory, W_OK | X_OK) == 0 ? nil : "this user may not write into \(directory)"
    }
}

extension DeliverySettings {
    /// What is delivered and told, in a line each.
    package var lines: [String] {
        let files = folder.map { folder in
            let group = folder.group.map { ", group \($0)" } ?? ""
            return
                "\(folder.result.text), else \(folder.error.text), into \(folder.directory) (\(folder.modeText)\(group))"
        }
        let told = Event.allCases.flatMap { event in
            (hooks[event] ?? []).map { "\(event.rawValue): \($0.command.joined(separator: " "))" }
        }
        return [files].compactMap(\.self) + told
    }
}
