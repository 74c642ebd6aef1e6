import Pooling

extension FunnelSession {
    var resultSettings: [UInt8]? {
        let isTied = !ties.pins.isEmpty || isMultiplexingOff || loss != nil
        return isTied || !settings.unread.isEmpty ? nil : settings.resultKey
    }
}
