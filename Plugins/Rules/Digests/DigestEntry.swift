/// What one statement adds to its digest's counts.
package struct DigestRun: BitwiseCopyable, Sendable {
    /// -1 for an answer of the query cache.
    package var hostgroup: Int32
    /// When it ended, in seconds since 1970.
    package var second: Int64
    /// From the statement's arrival to its answer's end; 0 for what the proxy answers itself.
    package var microseconds: UInt64
    package var rowsAffected: UInt64
    package var rowsSent: UInt64

    package init(
        hostgroup: Int32, second: Int64, microseconds: UInt64, rowsAffected: UInt64 = 0, rowsSent: UInt64 = 0
    ) {
        self.hostgroup = hostgroup
        self.second = second
        self.microseconds = microseconds
        self.rowsAffected = rowsAffected
        self.rowsSent = rowsSent
    }
}

/// What is counted for a digest; servers say the numbers of rows, so sums end at the greatest number.
struct DigestCounts: BitwiseCopyable, Equatable, Sendable {
    var count: UInt64 = 0
    var firstSeen = Int64.max
    var lastSeen = Int64.min
    var sum: UInt64 = 0
    var shortest = UInt64.max
    var longest: UInt64 = 0
    var rowsAffected: UInt64 = 0
    var rowsSent: UInt64 = 0

    @inline(__always)
    mutating func add(_ run: DigestRun) {
        count &+= 1
        firstSeen = min(firstSeen, run.second)
        lastSeen = max(lastSeen, run.second)
        sum.saturate(adding: run.microseconds)
        shortest = min(shortest, run.microseconds)
        longest = max(longest, run.microseconds)
        rowsAffected.saturate(adding: run.rowsAffected)
        rowsSent.saturate(adding: run.rowsSent)
    }

    mutating func merge(_ other: Self) {
        count.saturate(adding: other.count)
        firstSeen = min(firstSeen, other.firstSeen)
        lastSeen = max(lastSeen, other.lastSeen)
        sum.saturate(adding: other.sum)
        shortest = min(shortest, other.shortest)
        longest = max(longest, other.longest)
        rowsAffected.saturate(adding: other.rowsAffected)
        rowsSent.saturate(adding: other.rowsSent)
    }
}

extension UInt64 {
    @inline(__always)
    mutating func saturate(adding other: UInt64) {
        let (sum, overflow) = addingReportingOverflow(other)
        self = overflow ? .max : sum
    }
}

/// One digest of one owner in one hostgroup; without references, so that a page of them is copied as bytes.
struct DigestEntry: BitwiseCopyable, Sendable {
    let digest: UInt64
    /// The owner's address, which the table's slot keeps alive.
    let owner: ObjectIdentifier
    let hostgroup: Int32
    let ownerSlot: UInt32
    let textSlot: UInt32
    /// Whether statements are counted here; otherwise the slot is free.
    var isUsed = true
    var counts = DigestCounts()

    /// What finds the entry.
    @inline(__always)
    static func hash(_ digest: UInt64, _ owner: UInt64, _ hostgroup: Int32) -> UInt64 {
        (digest ^ owner).mixed(with: UInt64(truncatingIfNeeded: Int(hostgroup)))
    }
}
