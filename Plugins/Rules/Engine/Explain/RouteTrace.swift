/// Writes down how a decision came about.
struct RouteTrace: RouteObserver {
    enum Step: Equatable {
        case entered(flag: UInt32, from: UInt32)
        case found(UInt32, RuleCondition, groups: [[UInt8]?])
        case failed(UInt32, RuleCondition, givenUp: Bool)
        /// The index spared the rule, as this condition doesn't hold.
        case passedOver(UInt32, RuleCondition)
        case matched(UInt32)
        case rewrote(UInt32, [UInt8])
        case pickedFlag(UInt32, UInt32)
        case fastRoute(forAllUsers: Bool, flag: UInt32, destination: UInt32?)
        case noFastRouting
        case hint(key: [UInt8], value: [UInt8], isTaken: Bool)
        /// The rules are through.
        case ended
    }

    private(set) var steps: [Step] = []

    init() {}

    init(steps: [Step]) {
        self.steps = steps
    }

    mutating func entered(_ flag: UInt32, from position: UInt32) {
        steps.append(.entered(flag: flag, from: position))
    }

    mutating func found(_ condition: RuleCondition, of position: UInt32, by matcher: RegexMatcher, in text: RouteText) {
        let groups = (0...9).map { group in matcher.range(group).map { Array(text[$0]) } }
        let last = groups.lastIndex { $0 != nil } ?? 0
        steps.append(.found(position, condition, groups: Array(groups[...last])))
    }

    mutating func failed(_ position: UInt32, at condition: RuleCondition, givenUp: Bool) {
        steps.append(.failed(position, condition, givenUp: givenUp))
    }

    mutating func matched(_ position: UInt32) {
        steps.append(.matched(position))
    }

    mutating func rewrote(_ position: UInt32, to text: RouteText) {
        steps.append(.rewrote(position, Array(text)))
    }

    mutating func pickedFlag(_ flag: UInt32, of position: UInt32) {
        steps.append(.pickedFlag(position, flag))
    }

    mutating func ended() {
        steps.append(.ended)
    }

    mutating func lookedUp(forAllUsers: Bool, flag: UInt32, destination: UInt32?) {
        steps.append(.fastRoute(forAllUsers: forAllUsers, flag: flag, destination: destination))
    }

    mutating func skippedFastRouting() {
        steps.append(.noFastRouting)
    }

    mutating func hinted(_ key: RouteText, _ value: RouteText, isTaken: Bool) {
        steps.append(.hint(key: Array(key), value: Array(value), isTaken: isTaken))
    }
}
