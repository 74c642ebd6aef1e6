import SQLText

extension SessionMemory {
    var needsCapture: Bool { false }
    var leavesTraces: Bool { false }
}
extension SessionTies {
    func restoration(for effects: StatementEffects?) -> [[UInt8]] { [] }
}
