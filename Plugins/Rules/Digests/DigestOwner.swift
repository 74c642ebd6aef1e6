/// Whose statements are counted together: one for each session, made anew when its user or schema changes.
///
/// A table keeps one object for all equal ones, so that counting compares two addresses.
package final class DigestOwner: Sendable {
    package let user: String
    package let schema: String
    /// The client's address without its port; empty unless `mysql-query_digests_track_hostname`.
    package let client: String
    let hash: UInt64

    package init(user: String, schema: String, client: String = "") {
        self.user = user
        self.schema = schema
        self.client = client
        var hasher = Hasher()
        hasher.combine(user)
        hasher.combine(schema)
        hasher.combine(client)
        hash = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// The bytes that it takes.
    var memory: Int { 96 + user.heapBytes + schema.heapBytes + client.heapBytes }
}

extension DigestOwner {
    /// What finds its entries, without a reference to it; valid as long as there is one elsewhere.
    struct Key: BitwiseCopyable {
        let identity: ObjectIdentifier
        let hash: UInt64
    }

    @inline(__always)
    var key: Key { Key(identity: ObjectIdentifier(self), hash: hash) }
}

extension DigestOwner: Hashable {
    package static func == (left: DigestOwner, right: DigestOwner) -> Bool {
        left === right
            || left.hash == right.hash && left.user == right.user && left.schema == right.schema
                && left.client == right.client
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension String {
    /// The bytes outside the value itself; up to 15 are inside.
    var heapBytes: Int { utf8.count > 15 ? utf8.count + 32 : 0 }
}
