import PluginAPI

extension CompiledRules {
    /// Checks all rows and compiles them; the second value is what the administrator should know all the same.
    ///
    /// - Throws: ``ConfigurationFault`` for the first row that can't be used.
    static func compile(
        rules: [[Cell]], fastRoutes: [[Cell]]
    ) throws(ConfigurationFault) -> (rules: CompiledRules, warnings: [String]) {
        var names = NameTableBuilder(expecting: 2 * (rules.count + fastRoutes.count) / 3)
        var compiler = RulesCompiler(expecting: rules.count)
        for cells in RulesCompiler.sorted(rules) { try compiler.add(cells, &names) }
        let routes = try FastRoutes.build(fastRoutes, &names)
        compiler.pool.finish()
        let warnings = compiler.shownWarnings
        let index = RuleIndex.build(compiler.records, compiler.offers, compiler.columns)
        compiler.forgetRecords()
        let compiled = CompiledRules(compiler, index: index, names: names.frozen(), fastRoutes: routes)
        return (compiled, warnings)
    }
}

/// Turns checked rules into records, in the order of their `rule_id`s.
struct RulesCompiler {
    private(set) var records: [RuleRecord] = []
    private(set) var columns: [RuleColumns] = []
    private(set) var offers: [RuleOffer] = []
    private(set) var conditions: [RuleConditions] = []
    private(set) var actions: [RuleActions] = []
    private(set) var messages: [[UInt8]] = []
    private(set) var replacements: [ReplaceTemplate] = []
    private(set) var weightedFlags: [[WeightedFlag]] = []
    private(set) var ruleIDs: [Int64] = []
    private(set) var rows = PackedRows()
    let pool = RegexPool()

    private static let mostWarnings = 100
    private var warnings: [String] = []
    private var lastID: Int64?
    private var knownActions: [RuleActions: UInt32] = [:]
    private var knownMessages: [String: UInt32] = [:]

    init(expecting count: Int) {
        records.reserveCapacity(count)
        columns.reserveCapacity(count)
        offers.reserveCapacity(count)
        ruleIDs.reserveCapacity(count)
        rows.reserve(count)
    }

    /// The first warnings, and how many more there are.
    var shownWarnings: [String] {
        guard warnings.count > Self.mostWarnings else { return warnings }
        return warnings.prefix(Self.mostWarnings) + ["\(warnings.count - Self.mostWarnings) more warnings"]
    }

    /// Frees what the index has taken over.
    mutating func forgetRecords() {
        records = []
        columns = []
        offers = []
        knownActions = [:]
        knownMessages = [:]
    }

    /// The rows by `rule_id`; those that haven't any come first, to be refused.
    static func sorted(_ rows: [[Cell]]) -> [[Cell]] {
        let ids = rows.map { $0.first?.integer ?? .min }
        guard zip(ids, ids.dropFirst()).contains(where: { $0 > $1 }) else { return rows }
        return ids.indices.sorted { (ids[$0], $0) < (ids[$1], $1) }.map { rows[$0] }
    }

    /// Adds a row, but for one that isn't active: what is wrong with that is a warning.
    mutating func add(_ cells: [Cell], _ names: inout NameTableBuilder) throws(ConfigurationFault) {
        let isIdle = cells.count > 1 && cells[QueryRuleColumn.active.rawValue].integer == 0
        do throws(ConfigurationFault) {
            let rule = try QueryRule(cells, warnings: &warnings)
            guard lastID != rule.ruleID else { throw Self.fault(rule, .ruleID, "there are two such rows; delete one") }
            lastID = rule.ruleID
            if rule.isActive { try add(rule, cells, &names) } else { try Self.check(rule) }
        } catch {
            guard isIdle else { throw error }
            warnings.append("\(error.description) (of no matter until the rule is active)")
        }
    }

    private mutating func add(
        _ rule: QueryRule, _ cells: [Cell], _ names: inout NameTableBuilder
    ) throws(ConfigurationFault) {
        var record = RuleRecord()
        record.position = UInt32(ruleIDs.count)
        var used: RuleColumns = []
        var offer = RuleOffer()
        record.key = try key(rule, &offer, &used, &names)
        record.conditions = try number(of: rule, &names)
        record.actions = number(ofActions: try actions(rule))
        record.destination = rule.destination ?? RuleRecord.nothing
        record.flagOut = rule.flagOut ?? RuleRecord.nothing
        record.isLast = rule.isLast
        records.append(record)
        columns.append(used)
        offers.append(offer)
        ruleIDs.append(rule.ruleID)
        rows.append(cells)
    }

    private func key(
        _ rule: QueryRule, _ offer: inout RuleOffer, _ used: inout RuleColumns, _ names: inout NameTableBuilder
    ) throws(ConfigurationFault) -> RuleKey {
        var key = RuleKey()
        key.flag = rule.flagIn
        offer.flag = rule.flagIn
        @inline(__always)
        func take(
            _ name: String?, _ column: RuleColumns, _ symbol: inout Symbol, _ hash: inout UInt64
        ) throws(ConfigurationFault) {
            guard let name else { return }
            (symbol, hash) = try Self.symbol(name, rule, &names)
            used.insert(column)
        }
        try take(rule.username, .username, &key.username, &offer.username)
        try take(rule.schemaname, .schemaname, &key.schemaname, &offer.schemaname)
        try take(rule.proxyAddress, .proxyAddress, &key.proxyAddress, &offer.proxyAddress)
        if case .exactly(let address) = rule.clientAddress {
            try take(address, .clientAddress, &key.clientAddress, &offer.clientAddress)
        }
        if let port = rule.proxyPort {
            key.proxyPort = port
            offer.proxyPort = port
            used.insert(.proxyPort)
        }
        if let digest = rule.digest {
            key.digest = digest
            offer.digest = digest
            used.insert(.digest)
        }
        return key
    }

    private static func symbol(
        _ name: String, _ rule: QueryRule, _ names: inout NameTableBuilder
    ) throws(ConfigurationFault) -> (symbol: Symbol, hash: UInt64) {
        guard let symbol = names.add(name) else {
            throw fault(rule, nil, "all names together take over 4 GB; make them shorter or fewer")
        }
        return symbol
    }

    fileprivate static func fault(
        _ rule: QueryRule, _ column: QueryRuleColumn?, _ reason: String
    ) -> ConfigurationFault {
        ConfigurationFault(
            table: TableDefinition.queryRules.name, row: "rule_id \(rule.ruleID)", column: column?.name, reason: reason)
    }
}

extension RulesCompiler {
    /// The number of the conditions that no hash tells; `nothing` for a rule without them.
    private mutating func number(
        of rule: QueryRule, _ names: inout NameTableBuilder
    ) throws(ConfigurationFault) -> UInt32 {
        var own = RuleConditions()
        if case .prefix(let prefix) = rule.clientAddress {
            own.clientPrefix = try Self.symbol(prefix, rule, &names).symbol
        }
        let isCaseless = rule.modifiers.contains(.caseless)
        own.isNegated = rule.isNegated
        if let pattern = rule.matchDigest { own.digestRegex = try regex(pattern, isCaseless, rule, .matchDigest) }
        if let pattern = rule.matchPattern {
            own.textRegex = try regex(pattern, isCaseless, rule, .matchPattern)
            try Self.check(rule, groups: Int(pool.regexes[Int(own.textRegex)].groupCount))
        }
        let isNeeded = own.clientPrefix != .none || rule.matchDigest != nil || rule.matchPattern != nil
        guard isNeeded else { return RuleRecord.nothing }
        conditions.append(own)
        return UInt32(conditions.count - 1)
    }

    private func regex(
        _ pattern: String, _ isCaseless: Bool, _ rule: QueryRule, _ column: QueryRuleColumn
    ) throws(ConfigurationFault) -> UInt32 {
        do throws(RegexFault) {
            return try pool.add(pattern, isCaseless: isCaseless)
        } catch {
            throw Self.fault(rule, column, error.reason)
        }
    }

    /// Checks what a replacement names.
    private static func check(_ rule: QueryRule, groups: Int) throws(ConfigurationFault) {
        guard let last = rule.replacePattern?.lastGroup, last > groups else { return }
        throw fault(
            rule, .replacePattern, "there is no group for \\\(last): match_pattern has \(groups) pairs of parentheses")
    }

    /// Checks the patterns of a rule that isn't compiled.
    private static func check(_ rule: QueryRule) throws(ConfigurationFault) {
        for (column, pattern) in [(QueryRuleColumn.matchDigest, rule.matchDigest), (.matchPattern, rule.matchPattern)] {
            guard let pattern else { continue }
            do throws(RegexFault) {
                try RegexPool.check(pattern)
            } catch {
                throw fault(rule, column, error.reason)
            }
        }
    }

    private mutating func actions(_ rule: QueryRule) throws(ConfigurationFault) -> RuleActions {
        var actions = RuleActions()
        actions.cacheTTL = rule.cacheTTL
        actions.cachesEmptyResult = rule.cachesEmptyResult
        actions.timeout = rule.timeout
        actions.retries = rule.retries
        actions.delay = rule.delay
        actions.nextQueryFlagIn = rule.nextQueryFlagIn
        actions.mirrorFlagOut = rule.mirrorFlagOut
        actions.mirrorHostgroup = rule.mirrorHostgroup
        actions.gtidFromHostgroup = rule.gtidFromHostgroup
        actions.multiplex = rule.multiplex?.rawValue
        actions.isLogged = rule.isLogged
        actions.errorMessage = rule.errorMessage.map { number(ofMessage: $0) }
        actions.okMessage = rule.okMessage.map { number(ofMessage: $0) }
        if let replacement = rule.replacePattern, !rule.isNegated {
            actions.replacement = UInt32(replacements.count)
            actions.replacesEverywhere = rule.modifiers.contains(.global)
            replacements.append(replacement)
        }
        if !rule.weightedFlags.isEmpty {
            actions.weightedFlags = UInt32(weightedFlags.count)
            weightedFlags.append(rule.weightedFlags)
        }
        return actions
    }

    private mutating func number(ofMessage text: String) -> UInt32 {
        if let number = knownMessages[text] { return number }
        messages.append(Array(text.utf8))
        knownMessages[text] = UInt32(messages.count - 1)
        return UInt32(messages.count - 1)
    }

    private mutating func number(ofActions new: RuleActions) -> UInt32 {
        guard new != RuleActions() else { return RuleRecord.nothing }
        if let number = knownActions[new] { return number }
        actions.append(new)
        knownActions[new] = UInt32(actions.count - 1)
        return UInt32(actions.count - 1)
    }
}
