/// Streams that are kept alive, each of which knows its place here.
struct StreamTable<Stream: SocketStream> {
    private(set) var all: [Stream] = []

    mutating func insert(_ stream: Stream) {
        stream.place = UInt32(all.count)
        all.append(stream)
    }

    /// Takes a stream out that is in the table; the last one takes its place.
    mutating func remove(_ stream: Stream) {
        let place = Int(stream.place)
        let last = all.removeLast()
        guard last !== stream else { return }
        all[place] = last
        last.place = UInt32(place)
    }

    mutating func removeAll() { all = [] }
}
