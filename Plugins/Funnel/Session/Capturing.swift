import MySQLWire

extension FunnelSession {
    func beginCapture() -> CapturePlan? { nil }
}

struct CapturePlan {}

struct Capturing {
    init(plan: CapturePlan, on: BackendConnection, for: FunnelSession, _ completion: @escaping () -> Void) {}
    func next() {}
}
