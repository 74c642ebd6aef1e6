internal import MySQLWire

/// The client's form of the bytes dealt with so far; a copy is begun where it first differs from the backend's.
struct AnswerDraft {
    /// Bytes dealt with.
    var at = 0
    /// Whether `output` stands for the bytes dealt with.
    private(set) var isRewritten = false
    /// The caller's output.
    var output: [UInt8]
    /// Bytes that `output` has, in the client's form.
    private var copied = 0
    /// Where the packet being built begins in `output`.
    private var packetStart = 0

    /// A draft that appends to `output`.
    init(output: consuming [UInt8]) {
        self.output = output
    }

    /// Copies what isn't copied yet, up to `end`.
    mutating func copy(_ bytes: Span<UInt8>, to end: Int) {
        isRewritten = true
        guard end > copied else { return }
        append(bytes, copied..<end)
        copied = end
    }

    /// Leaves the packet of `length` bytes at ``at`` out, after all that comes before it is copied.
    mutating func replace(_ bytes: Span<UInt8>, length: Int) {
        copy(bytes, to: at)
        copied = at + length
    }

    /// Stands for all of the bytes: what comes before the rows, an EOF, the rows with the sequence ids that follow from it,
    /// and another EOF in place of what comes behind them.
    mutating func frame(
        _ bytes: Span<UInt8>, rows: Range<Int>, between first: InlineArray<9, UInt8>, and last: InlineArray<9, UInt8>
    ) {
        isRewritten = true
        copied = bytes.count
        let count = rows.upperBound + first.count + last.count
        output.append(addingCapacity: count) { room in
            room.append(bytes.extracting(0..<rows.lowerBound))
            room.append(first.span)
            room.append(bytes.extracting(rows))
            room.append(last.span)
        }
        let end = output.count - last.count
        Self.shiftSequences(in: &output, end - rows.count..<end, by: 1)
    }

    /// Begins a packet that isn't the backend's; its payload is appended until ``endPacket(sequence:)``.
    mutating func beginPacket() {
        packetStart = output.count
        output.append(contentsOf: Self.blankHeader)
    }

    /// Begins a packet with the backend's bytes at `range`, the first four of which are a header.
    mutating func beginPacket(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        packetStart = output.count
        append(bytes, range)
    }

    /// Writes the header of the packet begun last.
    mutating func endPacket(sequence: UInt8) {
        let start = packetStart
        let length = output.count - start - PacketHeader.size
        var bytes = output.mutableSpan
        bytes[start] = UInt8(truncatingIfNeeded: length)
        bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[start + 2] = UInt8(truncatingIfNeeded: length >> 16)
        bytes[start + 3] = sequence
    }

    private static let blankHeader = [UInt8](repeating: 0, count: PacketHeader.size)

    /// Appends the backend's bytes at `range`.
    mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        bytes.extracting(range).withUnsafeBufferPointer { output.append(contentsOf: $0) }
    }

    /// Appends a whole EOF, header included.
    mutating func append(_ packet: InlineArray<9, UInt8>) {
        packet.span.withUnsafeBufferPointer { output.append(contentsOf: $0) }
    }

    /// Appends a two-byte integer.
    mutating func append(_ value: UInt16) {
        output.append(UInt8(truncatingIfNeeded: value))
        output.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    /// Appends bytes behind their length.
    mutating func appendLengthEncoded(_ text: [UInt8]) {
        var writer = PayloadWriter()
        writer.lengthEncoded(text)
        output.append(contentsOf: writer.bytes)
    }

    /// Gives the header at `offset` another sequence id.
    mutating func renumber(_ bytes: Span<UInt8>, headerAt offset: Int, as sequence: UInt8) {
        copy(bytes, to: offset + PacketHeader.size)
        output[output.count - 1] = sequence
    }

    /// Adds `shift` to the sequence ids of the whole packets from `start` to `end`.
    mutating func renumber(_ bytes: Span<UInt8>, from start: Int, to end: Int, by shift: UInt8) {
        copy(bytes, to: end)
        Self.shiftSequences(in: &output, output.count - (end - start)..<output.count, by: shift)
    }

    /// Adds `shift` to the sequence ids of the whole packets that the range holds.
    private static func shiftSequences(in output: inout [UInt8], _ range: Range<Int>, by shift: UInt8) {
        var header = range.lowerBound
        var packets = output.mutableSpan
        while header + PacketHeader.size <= range.upperBound {
            let length = Int(packets[header]) | Int(packets[header + 1]) << 8 | Int(packets[header + 2]) << 16
            packets[header + 3] &+= shift
            header += PacketHeader.size + length
        }
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes for which there is room, in one step.
    @inline(__always)
    @_lifetime(self: copy self)
    fileprivate mutating func append(_ bytes: Span<UInt8>) {
        withUnsafeMutableBufferPointer { room, count in
            bytes.withUnsafeBufferPointer { bytes in
                precondition(bytes.count <= room.count - count, "there is room for what is appended")
                guard let source = bytes.baseAddress, let target = room.baseAddress else { return }
                (target + count).initialize(from: source, count: bytes.count)
                count += bytes.count
            }
        }
    }
}
