import PluginAPI
import Pooling

/// A row of `mysql_servers` that can be used.
struct ReadServer: Equatable, Sendable {
    let row: ServerRow
    /// The columns without effect that have another value than usual.
    let unused: [String: Int]
    /// What the administrator should know of it.
    let warnings: [String]
}

extension ServersTable {
    /// Reads all rows.
    ///
    /// - Throws: ``ConfigurationFault`` for the first that can't be used.
    static func read(_ rows: [[Cell]]) throws(ConfigurationFault) -> [ReadServer] {
        var servers: [ReadServer] = []
        var known: Set<ServerKey> = []
        for cells in rows {
            let server = try RowReader(cells).read()
            guard known.insert(ServerKey(server.row)).inserted else {
                throw RowReader(cells).fault(nil, "the server is twice in the hostgroup; delete one of the two rows")
            }
            servers.append(server)
        }
        return servers
    }

    /// The row's cells in the columns' order.
    static func cells(of row: ServerRow, unused: [String: Int], usualMaxConnections: Int) -> [Cell] {
        let (host, port) = hostAndPort(of: row.endpoint)
        return columns.map { column in
            switch column {
            case "hostgroup_id": Cell(row.hostgroup)
            case "hostname": .text(host)
            case "port": Cell(port)
            case "status": .text("\(row.status)")
            case "weight": Cell(row.weight)
            case "max_connections": Cell(row.maxConnections ?? usualMaxConnections)
            case "comment": .text(row.comment)
            case _: Cell(unused[column] ?? 0)
            }
        }
    }

    /// A unix socket's path stands for the name, with port 0.
    static func hostAndPort(of endpoint: Endpoint) -> (String, Int) {
        switch endpoint {
        case .tcp(let host, let port): (host, Int(port))
        case .unix(let path): (path, 0)
        }
    }
}

/// What tells one row of `mysql_servers` from the others.
struct ServerKey: Hashable, Sendable {
    let hostgroup: Int
    let endpoint: Endpoint

    init(_ row: ServerRow) {
        (hostgroup, endpoint) = (row.hostgroup, row.endpoint)
    }
}

/// Reads one row.
private struct RowReader {
    private let cells: [String: Cell]

    init(_ cells: [Cell]) {
        self.cells = Dictionary(zip(ServersTable.columns, cells)) { first, _ in first }
    }

    func read() throws(ConfigurationFault) -> ReadServer {
        let endpoint = try endpoint()
        var unused: [String: Int] = [:]
        var warnings: [String] = []
        for column in ServersTable.columns {
            guard let reason = ServersTable.unused[column] else { continue }
            let number = try number(column)
            guard number != 0 else { continue }
            unused[column] = number
            warnings.append("\(ServersTable.name), \(place), \(column)=\(number) has no effect: \(reason)")
        }
        let row = ServerRow(
            hostgroup: try number("hostgroup_id"), endpoint: endpoint, status: try status(&warnings),
            weight: try number("weight"), maxConnections: try number("max_connections"),
            comment: cells["comment"]?.text ?? "")
        return ReadServer(row: row, unused: unused, warnings: warnings)
    }

    func fault(_ column: String?, _ reason: String) -> ConfigurationFault {
        ConfigurationFault(table: ServersTable.name, row: place, column: column, reason: reason)
    }

    private var place: String {
        ["hostgroup_id", "hostname", "port"].map { "\($0) \(cells[$0]?.text ?? "NULL")" }.joined(separator: ", ")
    }

    private func number(_ column: String) throws(ConfigurationFault) -> Int {
        let most = ServersTable.numbers[column]?.most ?? 0
        guard let number = cells[column]?.integer, (0...Int64(most)).contains(number) else {
            throw fault(column, "'\(cells[column]?.text ?? "NULL")' is no whole number from 0 to \(most)")
        }
        return Int(number)
    }

    private func status(_ warnings: inout [String]) throws(ConfigurationFault) -> ServerStatus {
        let word = cells["status"]?.text ?? "NULL"
        if let status = ServerStatus(word: word) { return status }
        guard word.uppercased() == "SHUNNED" else {
            throw fault("status", "'\(word)' is no status; there are ONLINE, OFFLINE_SOFT and OFFLINE_HARD")
        }
        warnings.append(
            "\(ServersTable.name), \(place): SHUNNED is taken as ONLINE; whether a server is down is found out")
        return .online
    }

    private func endpoint() throws(ConfigurationFault) -> Endpoint {
        let host = cells["hostname"]?.text ?? ""
        let port = try number("port")
        if host.hasPrefix("/") {
            guard port == 0 else { throw fault("port", "a unix socket's path goes with port 0") }
            guard host.utf8.count < 107 else { throw fault("hostname", "a unix socket's path has at most 106 bytes") }
            return .unix(path: host)
        }
        guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(Self.isOfHostName) else {
            throw fault(
                "hostname", "'\(host)' is no host name, IPv4 address, IPv6 address without brackets or socket's path")
        }
        guard port > 0 else { throw fault("port", "port 0 goes with a unix socket's path as hostname only") }
        return .tcp(host: host, port: UInt16(port))
    }

    private static func isOfHostName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "%"): true
        case _: false
        }
    }
}
