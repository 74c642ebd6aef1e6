import PluginAPI

/// What all sessions of the port share: which tables there are, the store, the layers.
final class AdminWorld: Sendable {
    let server: AdminServer
    let catalog: Catalog
    let store: AdminStore
    let layers: ConfigurationLayers
    /// Whether only the tables matter, and nothing is to be loaded or saved.
    let isScratch: Bool

    init(server: AdminServer, database: String?, file: String?) throws {
        self.server = server
        isScratch = false
        let offers = server.host.administration
        let sections = offers.sections + VariablesSection.sections(of: offers.variables)
        catalog = try Catalog(
            sections: sections, statistics: offers.statistics, commands: offers.commands, host: server.host,
            variables: offers.variables)
        store = try AdminStore(catalog: catalog, disk: database)
        layers = ConfigurationLayers(
            sections: sections, connection: try store.open(catalog: catalog, mode: .trusted), hasDisk: store.hasDisk)
        guard let file else { return }
        let configuration = ConfigurationFile(path: file)
        layers.file = configuration
        configuration.scratch = { [unowned self] in try AdminWorld(scratchOf: self) }
    }

    /// Tables of their own, empty but for the settings.
    private init(scratchOf world: AdminWorld) throws {
        server = world.server
        catalog = world.catalog
        layers = world.layers
        isScratch = true
        store = try AdminStore(catalog: catalog, disk: nil)
        let connection = try store.open(catalog: catalog, mode: .trusted)
        defer { connection.close() }
        let settings = catalog.variables.values.map { [Cell.text($0.name), .text($0.current())] }
        try connection.insert(settings, into: "main.global_variables", columns: 2)
    }

    /// Fills the memory layer: from what is in use, then from disk, then by the configuration file.
    func begin() throws {
        try layers.fillMemory()
        for (section, problem) in layers.loadSaved() {
            server.host.log(
                .error,
                "admin: what is saved of \(section) can't be used and stays in the tables only: \(problem); "
                    + "correct it there, then LOAD \(section) TO RUNTIME and SAVE \(section) TO DISK")
        }
        guard let file = layers.file else { return }
        let session = AdminSession(id: 0, world: self)
        try file.run { try session.perform($0) }
    }

    /// The schemas as clients see them, each with its tables.
    var shownTables: [(schema: String, tables: [TableDefinition])] {
        let provided = Dictionary(grouping: catalog.provided, by: \.shownSchema).mapValues { $0.map(\.definition) }
        let disk = store.hasDisk ? [("disk", catalog.configuration)] : []
        return [(AdminStore.schema, catalog.configuration + (provided[AdminStore.schema] ?? []))] + disk
            + [("stats", provided["stats"] ?? []), (InformationSchema.name, provided[InformationSchema.name] ?? [])]
    }
}
