/// A new client, from its arrival until it is admitted and has left, or was refused or cancelled; never given twice.
package struct ClientID: BitwiseCopyable, Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32
}

/// What the driver has to do with a client that was accepted: the loop is told by its mailbox where it is not the caller's.
package enum AdmissionStep: BitwiseCopyable, Equatable, Sendable {
    /// Greet it.
    case admit(ClientID, LoopID)
    /// Send it ERR 1040 and close.
    case refuse(ClientID, LoopID, AdmissionRefusal)
}

/// Why a client is not admitted.
package enum AdmissionRefusal: UInt8, BitwiseCopyable, Sendable {
    /// Too many wait.
    case backlogFull
    /// It waited too long.
    case timeout
}

/// The limits of the clients.
package struct AdmissionPolicy: BitwiseCopyable, Equatable, Sendable {
    /// The most clients at once.
    package var maximum = 10_000
    /// The most that wait.
    package var backlogMaximum = 10_000
    /// How long one waits.
    package var timeout = TimeSpan.seconds(10)

    package init() {}
}

/// The backlog of connects: clients above the limit wait, accepted but not greeted, in the order of their arrival.
///
/// One backlog serves all loops, guarded by its driver's lock; see ``LeaseBook`` for how events and steps work.
package struct ConnectBacklog: Sendable {
    /// The limits in force.
    package private(set) var policy: AdmissionPolicy
    /// What has happened so far.
    package private(set) var statistics = Statistics()
    /// Clients inside.
    package private(set) var admitted = 0

    private var clients = SlotTable<Client>()
    private var chains = SlotChains()
    private var queue = SlotChain()

    /// In twelve bytes, since there is one for every client inside too.
    private struct Client: BitwiseCopyable, Sendable {
        private let arrivedHigh, arrivedLow: UInt32
        private let loopNumber: UInt16
        var isAdmitted = false

        init(loop: LoopID, arrived: MonotonicTime) {
            arrivedHigh = UInt32(truncatingIfNeeded: arrived.nanoseconds >> 32)
            arrivedLow = UInt32(truncatingIfNeeded: arrived.nanoseconds)
            loopNumber = UInt16(loop.number)
        }

        var loop: LoopID { LoopID(Int(loopNumber)) }
        var arrived: MonotonicTime { MonotonicTime(nanoseconds: UInt64(arrivedHigh) << 32 | UInt64(arrivedLow)) }
    }

    /// What has been counted since the start.
    package struct Statistics: BitwiseCopyable, Equatable, Sendable {
        package fileprivate(set) var arrived = 0
        /// Admitted, of those that came.
        package fileprivate(set) var admitted = 0
        package fileprivate(set) var peakWaiting = 0
        package fileprivate(set) var timeouts = 0
        /// Refused because too many waited.
        package fileprivate(set) var refusals = 0
        /// Gone while they waited.
        package fileprivate(set) var cancelled = 0
    }

    /// An empty backlog.
    package init(policy: AdmissionPolicy) {
        self.policy = policy
    }

    /// Clients that wait now.
    package var waiting: Int { queue.count }

    /// How long the first of them has waited.
    package func oldestWait(now: MonotonicTime) -> TimeSpan {
        queue.first.map { now.since(clients[$0].arrived) } ?? .zero
    }

    /// A client was accepted on this loop: it is admitted, waits or is refused.
    package mutating func arrived(
        on loop: LoopID, now: MonotonicTime, _ steps: inout [AdmissionStep]
    ) -> ClientID {
        statistics.arrived += 1
        let slot = clients.insert(Client(loop: loop, arrived: now))
        let id = id(of: slot)
        if queue.isEmpty, admitted < policy.maximum {
            admit(slot, &steps)
        } else if queue.count < policy.backlogMaximum {
            chains.append(slot, to: &queue)
            statistics.peakWaiting = max(statistics.peakWaiting, queue.count)
        } else {
            statistics.refusals += 1
            refuse(slot, .backlogFull, &steps)
        }
        return id
    }

    /// A client has gone, whether it was inside or waited.
    package mutating func left(_ client: ClientID, _ steps: inout [AdmissionStep]) {
        guard let slot = clients.slot(client.slot, generation: client.generation) else { return }
        if clients[slot].isAdmitted {
            admitted -= 1
        } else {
            chains.remove(slot, from: &queue)
            statistics.cancelled += 1
        }
        clients.remove(slot)
        admitNext(&steps)
    }

    /// New limits are in force; nobody inside is sent away.
    package mutating func policyChanged(to policy: AdmissionPolicy, _ steps: inout [AdmissionStep]) {
        self.policy = policy
        admitNext(&steps)
    }

    /// When `timePassed` has something to do.
    package var nextDue: MonotonicTime? {
        queue.first.map { clients[$0].arrived + policy.timeout }
    }

    /// Time has passed: those who waited too long are refused.
    package mutating func timePassed(now: MonotonicTime, _ steps: inout [AdmissionStep]) {
        while let slot = queue.first, clients[slot].arrived + policy.timeout <= now {
            chains.remove(slot, from: &queue)
            statistics.timeouts += 1
            refuse(slot, .timeout, &steps)
        }
    }

    private mutating func admitNext(_ steps: inout [AdmissionStep]) {
        while admitted < policy.maximum, let slot = queue.first {
            chains.remove(slot, from: &queue)
            admit(slot, &steps)
        }
    }

    private mutating func admit(_ slot: Int, _ steps: inout [AdmissionStep]) {
        clients[slot].isAdmitted = true
        admitted += 1
        statistics.admitted += 1
        steps.append(.admit(id(of: slot), clients[slot].loop))
    }

    private mutating func refuse(_ slot: Int, _ reason: AdmissionRefusal, _ steps: inout [AdmissionStep]) {
        steps.append(.refuse(id(of: slot), clients[slot].loop, reason))
        clients.remove(slot)
    }

    private func id(of slot: Int) -> ClientID {
        ClientID(slot: UInt32(slot), generation: clients.generation(of: slot))
    }
}
