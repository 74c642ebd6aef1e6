import PluginAPI

extension QueryRule {
    /// The rule of a row; `warnings` take what is of no effect.
    init(_ cells: [Cell], warnings: inout [String]) throws(ConfigurationFault) {
        let reader = try RuleReader(RowReader(cells, of: .queryRules))
        guard case .integer(let ruleID) = cells[QueryRuleColumn.ruleID.rawValue] else {
            throw reader.fault(.ruleID, "it is no whole number")
        }
        self.init(ruleID)
        isActive = try reader.flag(.active) ?? false
        try readConditions(reader)
        try readActions(reader)
        try readText(reader)
        warn(reader, &warnings)
    }

    private mutating func readConditions(_ reader: RuleReader) throws(ConfigurationFault) {
        username = reader.text(.username)
        schemaname = reader.text(.schemaname)
        flagIn = try reader.number(.flagIn) ?? 0
        clientAddress = try reader.clientAddress()
        proxyAddress = reader.text(.proxyAddress)
        proxyPort = try reader.number(.proxyPort, in: 0...65535)
        digest = try reader.digest()
        matchDigest = reader.text(.matchDigest)
        matchPattern = reader.text(.matchPattern)
        isNegated = try reader.flag(.negateMatchPattern) ?? false
        modifiers = try reader.modifiers()
    }

    private mutating func readActions(_ reader: RuleReader) throws(ConfigurationFault) {
        flagOut = try reader.number(.flagOut)
        destination = try reader.number(.destinationHostgroup)
        cacheTTL = try reader.number(.cacheTTL, in: 1...Int64(UInt32.max))
        cachesEmptyResult = try reader.flag(.cacheEmptyResult)
        timeout = try reader.number(.timeout, in: .milliseconds)
        retries = try reader.number(.retries, in: 0...1000)
        delay = try reader.number(.delay, in: .milliseconds)
        nextQueryFlagIn = try reader.number(.nextQueryFlagIn)
        mirrorFlagOut = try reader.number(.mirrorFlagOut)
        mirrorHostgroup = try reader.number(.mirrorHostgroup)
        multiplex = try reader.number(.multiplex, in: 0...2).flatMap(Multiplexing.init)
        gtidFromHostgroup = try reader.number(.gtidFromHostgroup)
        isLogged = try reader.flag(.log)
        isLast = try reader.flag(.apply) ?? false
    }

    private mutating func readText(_ reader: RuleReader) throws(ConfigurationFault) {
        errorMessage = reader.text(.errorMessage)
        okMessage = reader.text(.okMessage)
        comment = reader.text(.comment)
        weightedFlags = try reader.weightedFlags()
        guard let replacement = reader.text(.replacePattern) else { return }
        guard matchPattern != nil else {
            throw reader.fault(.replacePattern, "a replacement needs a match_pattern, whose matches it replaces")
        }
        do throws(ReplaceTemplate.Fault) {
            replacePattern = try ReplaceTemplate(replacement)
        } catch {
            throw reader.fault(.replacePattern, error.reason)
        }
    }

    private func warn(_ reader: RuleReader, _ warnings: inout [String]) {
        for column in QueryRuleColumn.dead where reader.cells.cells[column.rawValue] != .null {
            warnings.append(reader.fault(column, "this column has no effect; leave it NULL").description)
        }
        if isNegated, replacePattern != nil {
            let reason = "of no effect with negate_match_pattern, as there is no match to replace"
            warnings.append(reader.fault(.replacePattern, reason).description)
        }
        if isNegated, matchDigest == nil, matchPattern == nil {
            let reason = "of no effect without match_digest and match_pattern"
            warnings.append(reader.fault(.negateMatchPattern, reason).description)
        }
    }
}

/// Reads the columns of a rule.
private struct RuleReader {
    let cells: RowReader

    init(_ cells: RowReader) {
        self.cells = cells
    }

    func fault(_ column: QueryRuleColumn, _ reason: String) -> ConfigurationFault {
        cells.fault(column.rawValue, reason)
    }

    func text(_ column: QueryRuleColumn) -> String? { cells.text(column.rawValue) }

    func flag(_ column: QueryRuleColumn) throws(ConfigurationFault) -> Bool? { try cells.flag(column.rawValue) }

    func number(
        _ column: QueryRuleColumn, in range: ClosedRange<Int64> = .hostgroups
    ) throws(ConfigurationFault) -> UInt32? {
        try cells.number(column.rawValue, in: range)
    }

    /// An address, or its beginning and a `%`.
    func clientAddress() throws(ConfigurationFault) -> ClientAddressPattern {
        guard let text = text(.clientAddress), text != "%" else { return .any }
        guard let wildcard = text.firstIndex(of: "%") else { return .exactly(text) }
        guard text.index(after: wildcard) == text.endIndex else {
            throw fault(.clientAddress, "'\(text)' has a % that isn't its last character; a % stands at the end only")
        }
        return .prefix(String(text[..<wildcard]))
    }

    /// 64 bits in hexadecimal, as `stats_mysql_query_digest` shows them.
    func digest() throws(ConfigurationFault) -> UInt64? {
        guard let text = text(.digest) else { return nil }
        let digits = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...]
        let isHexadecimal = digits.utf8.allSatisfy { UnicodeScalar($0).properties.isASCIIHexDigit }
        guard isHexadecimal, let digest = UInt64(digits, radix: 16) else {
            throw fault(.digest, "'\(text)' is no digest; it is 0x and up to 16 hexadecimal digits")
        }
        return digest
    }

    func modifiers() throws(ConfigurationFault) -> RegexModifiers {
        guard let text = text(.modifiers) else { return [] }
        if text == "CASELESS" { return .caseless }
        var modifiers: RegexModifiers = []
        for word in text.split(separator: ",") {
            switch word.split(separator: " ").joined(separator: " ").uppercased() {
            case "CASELESS": modifiers.insert(.caseless)
            case "GLOBAL": modifiers.insert(.global)
            case "": break
            case _: throw fault(.modifiers, "'\(word)' is unknown; there are CASELESS and GLOBAL, with a comma between")
            }
        }
        return modifiers
    }

    func weightedFlags() throws(ConfigurationFault) -> [WeightedFlag] {
        guard let text = text(.attributes), !text.isEmpty else { return [] }
        do throws(RuleAttributes.Fault) {
            return try RuleAttributes(text).flags
        } catch {
            throw fault(.attributes, error.reason)
        }
    }
}
