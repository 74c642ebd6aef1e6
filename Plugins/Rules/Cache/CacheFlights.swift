import Pooling

/// The executions that a shard's readers wait for, one a key.
struct CacheFlights: Sendable {
    private var flights: [CacheKey: Flight] = [:]
    private var lastNumber: UInt64 = 0

    /// One execution, and those who wait for it in the order in which they came.
    private struct Flight: Sendable {
        let number: UInt64
        /// The present leader's number.
        var turn: UInt64
        /// Until when its end is waited for; afterwards the next reader leads anew.
        var deadline: MonotonicTime
        /// Those who came; nil for one who gave up or went on.
        var places: [Waiting?] = []
        /// The first place that may still be taken.
        var first = 0
    }

    private struct Waiting: BitwiseCopyable, Sendable {
        let address: CacheAddress
        let ttl: TimeSpan
        let patience: TimeSpan
        let until: MonotonicTime
    }

    /// Executions that are waited for.
    var count: Int { flights.count }

    /// A reader's part in a flight.
    enum Part {
        case leads(turn: UInt64)
        case waits(CacheWait)
    }

    /// The reader joins the key's flight, or begins one.
    ///
    /// Behind a flight's deadline the reader leads: a lead that was lost, or takes too long, holds nobody up.
    mutating func join(_ key: CacheKey, _ reader: CacheReader, _ address: CacheAddress, now: MonotonicTime) -> Part {
        guard let index = flights.index(forKey: key), now < flights.values[index].deadline else {
            return .leads(turn: takeTheLead(key, until: now + reader.patience))
        }
        let until = min(flights.values[index].deadline, now + reader.patience)
        let wait = CacheWait(
            key: key, flight: flights.values[index].number, place: flights.values[index].places.count, until: until)
        flights.values[index].places.append(
            Waiting(address: address, ttl: reader.ttl, patience: reader.patience, until: until))
        return .waits(wait)
    }

    /// A new turn for the key: in a flight of its own, unless somebody is still to give up the one before.
    private mutating func takeTheLead(_ key: CacheKey, until deadline: MonotonicTime) -> UInt64 {
        let turn = nextNumber()
        if let index = flights.index(forKey: key), flights.values[index].places.contains(where: { $0 != nil }) {
            flights.values[index].turn = turn
            flights.values[index].deadline = deadline
        } else {
            flights[key] = Flight(number: turn, turn: turn, deadline: deadline)
        }
        return turn
    }

    /// Takes the one who waits out; false where the wait is over already.
    mutating func giveUp(_ wait: CacheWait) -> Bool {
        guard let index = flights.index(forKey: wait.key), flights.values[index].number == wait.flight,
            flights.values[index].places[wait.place] != nil
        else { return false }
        flights.values[index].places[wait.place] = nil
        return true
    }

    /// Ends the flight, if that is the turn of its present leader, and tells all who wait.
    mutating func end(_ key: CacheKey, turn: UInt64?, with outcome: CacheNotice.Outcome) -> [CacheNotice] {
        guard let turn, flights[key]?.turn == turn, let flight = flights.removeValue(forKey: key) else { return [] }
        return notices(flight, key, outcome)
    }

    /// Tells all who wait, and lets the flight go on: the answer came from elsewhere.
    mutating func tell(_ key: CacheKey, _ outcome: CacheNotice.Outcome) -> [CacheNotice] {
        guard let index = flights.index(forKey: key) else { return [] }
        let told = notices(flights.values[index], key, outcome)
        for notice in told { flights.values[index].places[notice.wait.place] = nil }
        return told
    }

    /// The leader is gone: the one who has waited longest leads, unless nobody does.
    mutating func passOn(_ key: CacheKey, turn: UInt64?, epoch: UInt64, now: MonotonicTime) -> CacheNotice? {
        guard let turn, flights[key]?.turn == turn, var flight = flights.removeValue(forKey: key) else { return nil }
        while flight.first < flight.places.count {
            let place = flight.first
            flight.first += 1
            guard let next = flight.places[place] else { continue }
            flight.places[place] = nil
            flight.turn = nextNumber()
            flight.deadline = now + next.patience
            flights[key] = flight
            let lead = CacheLead(key: key, ttl: next.ttl, epoch: epoch, turn: flight.turn)
            return notice(next, flight, place, key, .lead(lead))
        }
        return nil
    }

    /// The same for all flights: what their leaders bring is of no use any more.
    mutating func passOnAll(epoch: UInt64, now: MonotonicTime) -> [CacheNotice] {
        flights.map { ($0.key, $0.value.turn) }
            .compactMap { passOn($0.0, turn: $0.1, epoch: epoch, now: now) }
    }

    private mutating func nextNumber() -> UInt64 {
        lastNumber &+= 1
        return lastNumber
    }

    private func notices(_ flight: Flight, _ key: CacheKey, _ outcome: CacheNotice.Outcome) -> [CacheNotice] {
        flight.places.enumerated().compactMap { place, waiting in
            waiting.map { notice($0, flight, place, key, outcome) }
        }
    }

    private func notice(
        _ waiting: Waiting, _ flight: Flight, _ place: Int, _ key: CacheKey, _ outcome: CacheNotice.Outcome
    ) -> CacheNotice {
        let wait = CacheWait(key: key, flight: flight.number, place: place, until: waiting.until)
        return CacheNotice(address: waiting.address, wait: wait, outcome: outcome)
    }
}
