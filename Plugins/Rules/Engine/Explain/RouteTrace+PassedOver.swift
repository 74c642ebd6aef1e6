extension RouteTrace {
    /// The steps with every rule that a plain loop over the rules would have looked at, and that the index spared.
    ///
    /// Takes time with the number of rules: it is for explanations only.
    func withPassedOver(_ rules: CompiledRules, _ subject: RouteSubject) -> RouteTrace {
        let order = rules.recordsByPosition()
        var all: [Step] = []
        var next: UInt32 = 0
        var flag: UInt32 = 0
        var isOver = true
        func pass(upTo position: UInt32) {
            while next < position {
                let record = rules.index.records[Int(order[Int(next)])]
                all.append(.passedOver(next, rules.difference(record, flag, subject)))
                next += 1
            }
        }
        for step in steps {
            switch step {
            case .entered(let entered, let position):
                (flag, next, isOver) = (entered, position, false)
            case .found(let position, _, _): pass(upTo: position)
            case .failed(let position, _, _), .passedOver(let position, _):
                pass(upTo: position)
                next = position + 1
            case .matched(let position):
                pass(upTo: position)
                next = position + 1
                isOver = rules.index.records[Int(order[Int(position)])].isLast
            case .ended:
                if !isOver { pass(upTo: UInt32(rules.count)) }
                isOver = true
            case .rewrote, .pickedFlag, .fastRoute, .noFastRouting, .hint: break
            }
            all.append(step)
        }
        return RouteTrace(steps: all)
    }
}

extension CompiledRules {
    fileprivate func recordsByPosition() -> [UInt32] {
        var order = [UInt32](repeating: 0, count: count)
        for number in 0..<index.records.count { order[Int(index.records[number].position)] = UInt32(number) }
        return order
    }

    /// The first condition on names and numbers that doesn't hold, in the order in which they count.
    fileprivate func difference(_ record: RuleRecord, _ flag: UInt32, _ subject: RouteSubject) -> RuleCondition {
        let key = record.key
        func differs(_ symbol: Symbol, _ name: SessionName) -> Bool {
            symbol != .none && !names.means(symbol, name.bytes)
        }
        if key.flag != flag { return .flagIn }
        if differs(key.username, subject.username) { return .username }
        if differs(key.schemaname, subject.schemaname) { return .schemaname }
        if differs(key.clientAddress, subject.clientAddress) { return .clientAddress }
        if record.conditions != RuleRecord.nothing {
            let prefix = conditions[Int(record.conditions)].clientPrefix
            if prefix != .none, !names.isPrefix(prefix, of: subject.clientAddress.bytes) { return .clientAddress }
        }
        if differs(key.proxyAddress, subject.proxyAddress) { return .proxyAddress }
        if key.proxyPort != RuleKey.noPort, key.proxyPort != subject.proxyPort.map(UInt32.init) { return .proxyPort }
        return .digest
    }
}
