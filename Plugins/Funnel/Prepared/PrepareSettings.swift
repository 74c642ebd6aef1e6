/// The session settings that a text is prepared under: schema, sql_mode, character set.
///
/// What they are is their maker's business; here they are compared by identity, and held so that the identity lasts.
struct PrepareSettings: Hashable, Sendable {
    let object: any AnyObject & Sendable

    init(_ object: any AnyObject & Sendable) { self.object = object }

    static func == (left: Self, right: Self) -> Bool { left.object === right.object }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(object)) }
}
