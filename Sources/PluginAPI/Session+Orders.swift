public import MySQLWire

// What hooks order for a session's statements.

/// Orders of statement hooks: kept by the session once there were any, and used again.
final class OrderBook {
    fileprivate var orders = StatementOrders()
    fileprivate var mirror: MirroredStatement?
    fileprivate var minimumGTIDs: GTIDList?
}

extension Session {
    /// The hostgroup that the next statement is to go to, where a ``LocalServer`` chooses; nil for the usual one. ``route``
    /// comes before it, and a session that must keep its connection stays there.
    public final var hostgroup: Int? {
        get { wantedHostgroup == Self.noHostgroup ? nil : wantedHostgroup }
        set { wantedHostgroup = newValue ?? Self.noHostgroup }
    }

    /// The hostgroup of statements for which ``hostgroup`` says nothing, as the client's account has it; nil for the
    /// usual one of the process.
    public final var defaultHostgroup: Int? {
        get { usualHostgroup == Self.noHostgroup ? nil : usualHostgroup }
        set { usualHostgroup = newValue ?? Self.noHostgroup }
    }

    /// Whether ``orders``, ``mirror`` or ``minimumGTIDs`` may say anything: they don't where nobody has ever ordered anything.
    public final var mayHaveOrders: Bool { orderBook != nil }

    /// What statement hooks order for the statement under way; set anew before they are asked about the next one.
    public final var orders: StatementOrders {
        get { orderBook?.orders ?? StatementOrders() }
        set {
            if orderBook != nil || newValue != StatementOrders() { madeOrderBook.orders = newValue }
        }
    }

    /// A copy of the next statement for another hostgroup, where a ``LocalServer`` chooses and takes it; nil for none.
    public final var mirror: MirroredStatement? {
        get { orderBook?.mirror }
        set {
            if orderBook != nil || newValue != nil { madeOrderBook.mirror = newValue }
        }
    }

    /// Transactions that the server must have applied before the next statement runs, where a ``LocalServer`` chooses; nil
    /// for none.
    public final var minimumGTIDs: GTIDList? {
        get { orderBook?.minimumGTIDs }
        set {
            if orderBook != nil || newValue != nil { madeOrderBook.minimumGTIDs = newValue }
        }
    }

    /// Another statement begins, for which nothing is ordered yet.
    package final func forgetOrders() {
        wantedHostgroup = Self.noHostgroup
        guard let orderBook else { return }
        orderBook.orders = StatementOrders()
        // Assigning costs a release each.
        if orderBook.mirror != nil { orderBook.mirror = nil }
        if orderBook.minimumGTIDs != nil { orderBook.minimumGTIDs = nil }
    }

    private final var madeOrderBook: OrderBook {
        if let orderBook { return orderBook }
        let made = OrderBook()
        orderBook = made
        return made
    }
}
