public import Pooling

/// What runs where no plugin is loaded (`--plugins=`): nothing, until a signal ends it.
public final class IdleRuntime: Runtime {
    private var ended: (@Sendable () -> Void)?

    /// A runtime without ports.
    public init() {}

    /// Opens nothing.
    public func openPorts() {}

    /// Serves nobody.
    public func start(ended: @escaping @Sendable () -> Void) { self.ended = ended }

    /// Ends, as there is no session to wait for.
    public func drain(timeout: TimeSpan) { endAtOnce() }

    /// Ends.
    public func endAtOnce() {
        ended?()
        ended = nil
    }

    /// Has no threads to wait for.
    public func join() {}
}
