/// A value of collections and the like, of which there is mostly nothing.
protocol Vacant: Sendable {
    /// Nothing.
    init()
    var isVacant: Bool { get }
}

/// A value of which there is mostly nothing, in one word: sessions that rest have many of those.
///
/// Copies share their memory until one of them changes.
struct Seldom<Value: Vacant>: Sendable {
    /// One value or none.
    private var place: [Value] = []

    var isVacant: Bool { place.isEmpty }

    var value: Value { place.first ?? Value() }

    /// A part of the value; `nothing` where there is none, which is mostly and costs no more than the look.
    @inline(__always)
    func part<Part>(_ part: (Value) -> Part, orNothing nothing: @autoclosure () -> Part) -> Part {
        place.isEmpty ? nothing() : part(place[0])
    }

    /// Changes the value; where nothing comes of it, nothing is allocated.
    mutating func change(_ body: (inout Value) -> Void) {
        if place.isEmpty {
            var fresh = Value()
            body(&fresh)
            if !fresh.isVacant { place = [fresh] }
        } else {
            body(&place[0])
            if place[0].isVacant { place = [] }
        }
    }
}
