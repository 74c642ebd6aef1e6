/// Who is served first when capacity comes free.
package enum QueueDiscipline: UInt8, BitwiseCopyable, Sendable {
    /// Whoever arrived first, over all users and loops.
    case fifo
    /// Whose user has had the least backend time; inside a user whoever arrived first.
    case fair
}

/// The limits and habits of one backend's connections.
package struct LeasePolicy: BitwiseCopyable, Equatable, Sendable {
    /// The most connections at any moment, opening and closing ones among them.
    package var maximum = 10
    /// Connections that are opened ahead and kept.
    package var minimum = 0
    /// The most connections of one account's users at any moment.
    package var userMaximum = Int.max
    /// The most requests that wait with no capacity on its way to them.
    package var backlogMaximum = 10_000
    /// How long a request waits from its arrival.
    package var backlogTimeout = TimeSpan.seconds(60)
    /// How long requests wait for a backend that is down, from when it went down; later ones are refused at once.
    package var backendWait = TimeSpan.seconds(5)
    /// How long a connection rests before it is pinged; nil for never.
    package var keepalive: TimeSpan?
    /// The age at which a connection is closed at its next rest, up to a tenth earlier; nil for never.
    package var maximumAge: TimeSpan?
    /// The most connections being opened at once; one after a failure, until one has succeeded.
    package var connectsAtOnce = 8
    /// The wait after a failed connect.
    package var firstBackOff = TimeSpan.milliseconds(50)
    /// The longest wait between two connects.
    package var longestBackOff = TimeSpan.seconds(2)
    /// Who is served first.
    package var queue = QueueDiscipline.fifo
    /// Fair queue: how much more backend time than the others a user may have before its connection is closed for
    /// another user's; a change of user costs a connect, so it is not made for every statement.
    package var quantum = TimeSpan.milliseconds(50)

    package init() {}
}
