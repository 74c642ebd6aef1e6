import Locking
import PluginAPI

/// What every loop decides by at one moment: never changed, but swapped whole.
final class RulesInUse: Sendable {
    let rules: CompiledRules
    let settings: RulesSettings

    init(_ rules: CompiledRules, _ settings: RulesSettings) {
        self.rules = rules
        self.settings = settings
    }
}

/// Hands all loops the rules and settings in use.
///
/// A loop keeps a reference and asks for a new one when ``version`` has changed: one atomic load a statement.
final class RulesBook: Sendable {
    /// The answers that rules let live.
    let cache = QueryCache(limit: RulesSettings().cacheBytes)
    private let inUse: Lock<RulesInUse>
    private let changes = Atomic<Int>(0)

    /// No rules, and the settings' defaults.
    init() throws(ConfigurationFault) {
        let rules = try CompiledRules.compile(rules: [], fastRoutes: []).rules
        inUse = Lock(RulesInUse(rules, RulesSettings()))
    }

    /// How often rules or settings have changed.
    @inline(__always)
    var version: Int { changes.load(ordering: .acquiring) }

    var current: RulesInUse { inUse.withLock { $0 } }

    /// Puts other rules in use.
    ///
    /// - Returns: what was in use before, which event loops may still hold.
    func use(_ rules: CompiledRules) -> RulesInUse {
        swap { RulesInUse(rules, $0.settings) }
    }

    /// Changes a setting.
    func change(_ body: @Sendable (inout RulesSettings) -> Void) {
        _ = swap { old in
            var settings = old.settings
            body(&settings)
            return RulesInUse(old.rules, settings)
        }
        let limit = current.settings.cacheBytes
        if cache.limit != limit { cache.limit = limit }
    }

    private func swap(_ body: @Sendable (RulesInUse) -> RulesInUse) -> RulesInUse {
        let old = inUse.withLock { inUse in
            let old = inUse
            inUse = body(old)
            return old
        }
        changes.wrappingAdd(1, ordering: .releasing)
        return old
    }
}
