import CLinux
import EventLoop
import Glibc
import PluginAPI
import Pooling

/// The numbers that the chassis itself has for the administrator.
struct ProcessTables: Sendable {
    let loops: LoopRoster
    let host: HostServices
    /// The plugins' names and summaries, in the order of `--plugins`.
    let plugins: [(name: String, summary: String)]
    private let start = ContinuousClock.now

    init(loops: LoopRoster, host: HostServices, plugins: [(name: String, summary: String)]) {
        self.loops = loops
        self.host = host
        self.plugins = plugins
    }

    /// Offers all of it.
    func offer() {
        let administration = host.administration
        administration.add(globals: globals)
        administration.add(memoryMetrics: Self.memory)
        let processes = ProcessList(loops: loops, host: host)
        administration.add(statistics: [processes.table, loopTable, pluginTable])
        administration.add(commands: [KillCommand(loops: loops, host: host).offer])
    }

    private static func table(_ name: String, _ columns: [String], key: String) -> TableDefinition {
        TableDefinition(
            name: name, columns: columns.map { String($0.prefix { $0 != " " }) }, key: [key],
            body: columns.joined(separator: ",\n"))
    }

    // MARK: Globals

    @Sendable
    private func globals() -> [NamedNumber] {
        let parts = loops.ask { ($0.counters, $0.sessionCount) }
        var sum = SessionCounters()
        for part in parts { sum.add(part.0) }
        let own = [
            NamedNumber("ProxySQL_Uptime", start.duration(to: .now).components.seconds),
            NamedNumber("MySQL_Thread_Workers", host.loopCount),
            NamedNumber("Client_Connections_aborted", sum.aborted),
            NamedNumber("Client_Connections_connected", parts.reduce(0) { $0 + $1.1 }),
            NamedNumber("Client_Connections_created", sum.created), NamedNumber("Questions", sum.commands),
            NamedNumber("Queries_frontends_bytes_recv", sum.clientBytesReceived),
            NamedNumber("Queries_frontends_bytes_sent", sum.clientBytesSent),
            NamedNumber("Queries_backends_bytes_recv", sum.serverBytesReceived),
            NamedNumber("Queries_backends_bytes_sent", sum.serverBytesSent),
            NamedNumber("Servers_table_version", host.backends.version),
        ]
        guard !host.servesSessions else { return own }
        let connected = host.backends.all.reduce(0) { $0 + $1.connectedClients + $1.idleConnections }
        return own + [NamedNumber("Server_Connections_connected", connected)]
    }

    // MARK: Memory

    @Sendable
    private static func memory() -> [NamedNumber] {
        let heap = clinux_heap_sizes()
        let resident = residentBytes().map { [NamedNumber("resident_bytes", $0)] } ?? []
        return resident + [
            NamedNumber("malloc_arena_bytes", heap.arena), NamedNumber("malloc_mapped_bytes", heap.mapped),
            NamedNumber("malloc_in_use_bytes", heap.in_use), NamedNumber("malloc_free_bytes", heap.free),
            NamedNumber("malloc_releasable_bytes", heap.releasable),
        ]
    }

    /// Memory of the process that is in the machine's, as /proc/self/statm tells in pages; nil where it can't be read.
    private static func residentBytes() -> Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages.multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE))).partialValue
    }

    // MARK: Loops and plugins

    private var loopTable: StatisticsTable {
        let columns = [
            "loop INT NOT NULL PRIMARY KEY", "sessions INT", "streams INT", "turns INT", "events INT", "lag_us INT",
        ]
        return StatisticsTable(Self.table("stats_event_loops", columns, key: "loop")) { [loops] _ in
            let asked = ContinuousClock.now
            let rows = loops.ask { runtime in
                let lag = asked.duration(to: .now)
                let work = runtime.work
                let microseconds = lag.components.seconds * 1_000_000 + lag.components.attoseconds / 1_000_000_000_000
                return (
                    runtime.index,
                    [
                        Cell(runtime.index), Cell(runtime.sessionCount), Cell(runtime.streamCount), Cell(work.turns),
                        Cell(work.events), Cell(microseconds),
                    ]
                )
            }
            return rows.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private var pluginTable: StatisticsTable {
        let columns = ["name VARCHAR NOT NULL PRIMARY KEY", "position INT", "hooks VARCHAR", "summary VARCHAR"]
        let definition = Self.table("stats_plugins", columns, key: "name")
        return StatisticsTable(definition, isMetric: false) { [loops, plugins] _ in
            let hooks = loops.ask { $0.hookNames }.first ?? [:]
            return plugins.enumerated().map { index, plugin in
                [
                    .text(plugin.name), Cell(index + 1),
                    .text((hooks[plugin.name] ?? []).joined(separator: ", ")), .text(plugin.summary),
                ]
            }
        }
    }
}
