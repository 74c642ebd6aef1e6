import Dispatch
import Locking
import PluginAPI

/// The Lua states of all loops, for a thread that may wait for what they tell.
final class LuaEngines: Sendable {
    /// Carries an engine to its loop's thread.
    ///
    /// Invariant of the unchecked sendability: `engine` is used in jobs of its loop only.
    private struct Place: @unchecked Sendable {
        let engine: LuaEngine
        let mailbox: any LoopMailbox
    }

    /// What some states hold, in bytes.
    struct Memory: Equatable, Sendable {
        var states = 0
        var now = 0
        /// The most that one of them ever held.
        var most = 0
    }

    /// How long the loops have to tell.
    private static let patience = DispatchTimeInterval.seconds(2)

    private let places = Lock<[Place]>([])

    /// A loop's engine is there.
    func enter(_ engine: LuaEngine, on mailbox: any LoopMailbox) {
        let place = Place(engine: engine, mailbox: mailbox)
        places.withLock { $0.append(place) }
    }

    /// Lets go of the engines.
    func clear() {
        places.withLock { $0 = [] }
    }

    /// What the states hold now; those are left out whose loop doesn't answer in time. The caller's thread waits.
    func memory() -> Memory {
        let places = places.withLock { $0 }
        let sum = Lock(Memory())
        let told = DispatchSemaphore(value: 0)
        for place in places {
            place.mailbox.post {
                let (now, most) = place.engine.memory
                sum.withLock { $0 = Memory(states: $0.states + 1, now: $0.now + now, most: max($0.most, most)) }
                told.signal()
            }
        }
        let deadline = DispatchTime.now() + Self.patience
        for _ in places where told.wait(timeout: deadline) == .timedOut { break }
        return sum.withLock { $0 }
    }
}
