import Locking

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
        var globals = NamedNumberTable("stats_mysql_global")
        var memory = NamedNumberTable("stats_memory_metrics")
        var isServed = false
    }

    private let offers = Lock(Offers())

    /// Nothing to see yet.
    public init() {}

    /// The sections of configuration tables, in the order of their plugins.
    public var sections: [any ConfigurationSection] { offers.withLock { $0.sections } }
    /// The settings that can change at run time.
    public var variables: [RuntimeVariable] { offers.withLock { $0.variables } }
    /// The tables of numbers.
    public var statistics: [StatisticsTable] {
        offers.withLock { [$0.globals.offer, $0.memory.offer].compactMap(\.self) + $0.statistics }
    }
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

    /// Adds numbers to `stats_mysql_global`; what several tell under one name is added up.
    ///
    /// - Parameter globals: tells the numbers; called on a thread that may wait, for instance for the event loops.
    public func add(globals: @escaping @Sendable () -> [NamedNumber]) {
        offers.withLock { $0.globals.add(globals) }
    }

    /// Adds numbers to `stats_memory_metrics`, in bytes, in the same way.
    public func add(memoryMetrics: @escaping @Sendable () -> [NamedNumber]) {
        offers.withLock { $0.memory.add(memoryMetrics) }
    }

    /// Whether some plugin serves what is offered here, once every plugin was made.
    public var isServed: Bool { offers.withLock { $0.isServed } }

    /// Says that this plugin serves it; called while the plugin is made.
    public func serve() {
        offers.withLock { $0.isServed = true }
    }

    /// Adds commands.
    public func add(commands: [AdministrativeCommand]) {
        offers.withLock { $0.commands += commands }
    }
}
