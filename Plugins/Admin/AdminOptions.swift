import ArgumentParser

/// The options of plugin `admin`.
package struct AdminOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Where administrators connect, repeatable: host:port or a socket's path. (default: 127.0.0.1:4041)",
            valueName: "address"))
    var adminAddress: [String] = []

    @Option(name: .long, help: ArgumentHelp("Who may see and change everything.", valueName: "user"))
    var adminUsername: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The password of --admin-username; everybody on the machine sees it.", valueName: "password")
    )
    var adminPassword: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A file whose first line is the password of --admin-username. Others must not be able to read it.",
            valueName: "file"),
        completion: .file())
    var adminPasswordFile: String?

    @Option(name: .long, help: ArgumentHelp("Who may read the statistics and nothing else.", valueName: "user"))
    var adminStatsUsername: String?

    @Option(name: .long, help: ArgumentHelp("The password of --admin-stats-username.", valueName: "password"))
    var adminStatsPassword: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keep what is saved to disk in this SQLite file. (default: nothing is saved)", valueName: "file"),
        completion: .file())
    var adminDatabase: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Run the SQL of this file at the start, and read it for LOAD … FROM CONFIG.", valueName: "file"),
        completion: .file())
    var adminConfigFile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A Lua script whose read_query may answer statements before the tables do.", valueName: "file"),
        completion: .file(extensions: ["lua"]))
    var adminLuaScript: String?

    package init() {}

    package mutating func validate() throws {
        guard adminUsername?.isEmpty == false else {
            throw ValidationError("The admin port has no default account: give --admin-username=NAME.")
        }
        guard (adminPassword == nil) != (adminPasswordFile == nil), adminPassword?.isEmpty != true else {
            throw ValidationError(
                "Give --admin-password=PASSWORD or --admin-password-file=FILE, one of them, and not an empty one.")
        }
        guard (adminStatsUsername == nil) == (adminStatsPassword == nil), adminStatsPassword?.isEmpty != true else {
            throw ValidationError(
                "--admin-stats-username and --admin-stats-password go together, and the password isn't empty.")
        }
        guard adminStatsUsername == nil || adminStatsUsername != adminUsername else {
            throw ValidationError("--admin-stats-username must be another name than --admin-username.")
        }
    }
}
