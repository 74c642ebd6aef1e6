package import PluginAPI

/// Decides by query rules and fast routes where statements go and what becomes of them, and counts them by digest.
package final class RulesPlugin: Plugin {
    package static let name = "rules"
    package static let summary = "Routes, rewrites, answers and counts statements by query rules."

    private let host: any PluginHost
    private let book: RulesBook
    private let loops: RulesLoops

    package init(options: RulesOptions, host: any PluginHost) throws {
        self.host = host
        book = try RulesBook()
        loops = RulesLoops(count: host.loopCount)
    }

    package func start() throws {
        let administration = host.administration
        administration.add(RulesSection(host: host, book: book, loops: loops))
        administration.add(variables: RulesVariables(book: book, loops: loops).all)
        administration.add(statistics: RulesStatistics(book: book, loops: loops).tables)
        administration.add(globals: RulesStatistics(book: book, loops: loops).globals)
        administration.add(memoryMetrics: RulesStatistics(book: book, loops: loops).memory)
        administration.add(commands: [RouteCommand(host: host, book: book).command] + flushCommands)
    }

    private var flushCommands: [AdministrativeCommand] {
        ["FLUSH QUERY CACHE", "PROXYSQL FLUSH QUERY CACHE"].map { words in
            AdministrativeCommand(words, summary: "\(words): forgets all kept answers") { [book, loops] _ in
                let count = book.cache.statistics.entries
                loops.flush(book.cache)
                return .done(affected: count, info: "forgot \(count) answers")
            }
        }
    }

    package func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? {
        let worker = RulesWorker(host: host, book: book, loops: loops, loop: loop)
        loops.enter(worker, on: loop)
        if loop.index == 0 { worker.sweepCache() }
        return worker
    }

    package func stop() {
        loops.clear()
    }
}
