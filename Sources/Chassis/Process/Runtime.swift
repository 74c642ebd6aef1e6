public import Pooling

/// The serving part of the process, as the start-up sequence sees it; every method is called on the main thread.
///
/// The order is `openPorts`, `start`, then any of `drain` and `endAtOnce`, and `join` last. Where `openPorts` or `start`
/// throws, nothing else is called.
public protocol Runtime: AnyObject {
    /// Makes and starts the plugins and opens every port, with the rights that the process was started with.
    ///
    /// No thread that needs those rights may begin here: `--user` takes effect afterwards.
    /// - Throws: an error whose description tells the user what to do.
    func openPorts() throws

    /// Begins to serve on threads of its own and returns at once.
    ///
    /// - Parameter ended: to be called once, from any thread, when the last session has ended after `drain` or
    ///   `endAtOnce`, or when serving can't go on.
    func start(ended: @escaping @Sendable () -> Void) throws

    /// The process got a SIGHUP.
    func hangUp()

    /// The process got a SIGUSR1: what the plugins report is logged, now or a little later.
    func report()

    /// Stops accepting and lets running queries and transactions end; what is left after `timeout` is closed.
    func drain(timeout: TimeSpan)

    /// Closes every session now; follows `drain` or comes without it.
    func endAtOnce()

    /// Waits for the threads to end and stops the plugins; called after `ended`.
    func join()
}
