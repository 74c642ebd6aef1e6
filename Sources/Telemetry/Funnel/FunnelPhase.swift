package import Pooling

/// Where the time of a statement goes.
package enum FunnelPhase: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    /// From its arrival to its connection; zero where one was free.
    case backlogWait
    /// A connect, with the login; counted for each connection opened, not for each statement.
    case connect
    /// What brings the connection to the session's state; only where something had to be sent.
    case stateReplay
    /// From the request sent to the first byte of the answer.
    case backendTime
    /// From the first byte of the answer to its last.
    case transfer
    /// All of it, from its arrival to the last byte of its answer; what the other phases don't add up to went into
    /// sending it again.
    case total
}

/// A histogram for each phase, made when the phase is first recorded.
package struct PhaseLatencies: Sendable {
    private var histograms = InlineArray<6, LatencyHistogram?>(repeating: nil)

    package init() {}

    /// Counts one time of the phase.
    package mutating func record(_ phase: FunnelPhase, _ span: TimeSpan) {
        let index = Int(phase.rawValue)
        // One look at what is there nearly always: an optional that holds arrays is slow to be asked.
        if histograms[index]?.record(span) == nil {
            var first = LatencyHistogram()
            first.record(span)
            histograms[index] = first
        }
    }

    /// What is recorded of the phase.
    package subscript(phase: FunnelPhase) -> LatencySnapshot {
        histograms[Int(phase.rawValue)]?.snapshot ?? LatencySnapshot()
    }
}
