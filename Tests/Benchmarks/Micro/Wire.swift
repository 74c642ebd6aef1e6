import Benchmark
import MySQLWire
import ProxyCore

/// Reading what servers and clients send.
func wire() {
    measure("scanner.1-row") { scanning(rows: 1) }
    measure("scanner.100-rows") { scanning(rows: 100) }
    measure("headers.100-rows") {
        let bytes = Packets.answer(rows: 100)
        return {
            var offset = 0
            while let header = PacketHeader(bytes.span, at: offset) { offset += header.packetLength }
            blackHole(offset)
        }
    }
    measure("translator.1-row") {
        let bytes = Packets.answer(rows: 1)
        var translator = AnswerTranslator(backend: Packets.capabilities, client: [.protocol41, .secureConnection])
        var output: [UInt8] = []
        return {
            output.removeAll(keepingCapacity: true)
            translator.commandSent(.query, lastSequence: 0, clientSequence: 1)
            blackHole(translator.received(bytes.span, into: &output))
        }
    }
}

private func scanning(rows: Int) -> () -> Void {
    let bytes = Packets.answer(rows: rows)
    var scanner = ResultScanner(capabilities: Packets.capabilities)
    return {
        scanner.commandSent(.query, lastSequence: 0)
        blackHole(scanner.received(bytes.span))
    }
}
