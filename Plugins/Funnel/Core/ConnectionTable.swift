import Pooling

/// Backend connections by pool and id: looked up for every grant, so by place and not by hash.
struct ConnectionTable {
    /// By the pool's number, then by the id's slot.
    private var places: [[BackendConnection?]] = []

    /// The connection with that id, where it is here.
    func connection(_ id: ConnectionID, ofPool pool: Int) -> BackendConnection? {
        let slot = Int(id.slot)
        guard pool < places.count, slot < places[pool].count, let found = places[pool][slot], found.id == id else {
            return nil
        }
        return found
    }

    mutating func insert(_ connection: BackendConnection) {
        let (pool, slot) = (connection.pool.index, Int(connection.id.slot))
        while places.count <= pool { places.append([]) }
        while places[pool].count <= slot { places[pool].append(nil) }
        places[pool][slot] = connection
    }

    /// Takes the connection out, if it is here.
    mutating func remove(_ connection: BackendConnection) {
        guard self.connection(connection.id, ofPool: connection.pool.index) === connection else { return }
        places[connection.pool.index][Int(connection.id.slot)] = nil
    }

    /// Calls the body with each; those that come meanwhile are left out.
    func visit(_ body: (BackendConnection) -> Void) {
        for pool in places {
            for case let connection? in pool { body(connection) }
        }
    }

    /// All of them.
    var all: [BackendConnection] { places.flatMap { $0.compactMap(\.self) } }
}
