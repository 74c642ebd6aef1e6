import Synchronization

/// What plugins let the administrator see and change: each says it once, the admin plugin serves it.
///
/// Plugins add to it when they are made or started; who reads it waits until all have started. Without the admin plugin
/// nobody asks, and nothing is computed.
public final class Administration: Sendable {
    private struct Offers {
        var sections: [any ConfigurationSection] = []
        var variables: [RuntimeVariable] = []
        var statistics: [StatisticsTable] = []
        var commands: [AdministrativeCommand] = []
    }

    private let offers = Mutex(Offers())

    /// Nothing to see yet.
    public init() {}

    /// The sections of configuration tables, in the order of their plugins.
    public var sections: [any ConfigurationSection] { offers.withLock { $0.sections } }
    /// The settings that can change at run time.
    public var variables: [RuntimeVariable] { offers.withLock { $0.variables } }
    /// The tables of numbers.
    public var statistics: [StatisticsTable] { offers.withLock { $0.statistics } }
    /// The commands.
    public var commands: [AdministrativeCommand] { offers.withLock { $0.commands } }

    /// Adds a section.
    public func add(_ section: any ConfigurationSection) {
        offers.withLock { $0.sections.append(section) }
    }

    /// Adds settings.
    public func add(variables: [RuntimeVariable]) {
        offers.withLock { $0.variables += variables }
    }

    /// Adds tables of numbers.
    public func add(statistics: [StatisticsTable]) {
        offers.withLock { $0.statistics += statistics }
    }

    /// Adds commands.
    public func add(commands: [AdministrativeCommand]) {
        offers.withLock { $0.commands += commands }
    }
}
