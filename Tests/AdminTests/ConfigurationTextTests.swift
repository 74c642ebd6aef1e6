import Foundation
import MySQLWire
import PluginAPI
import TestSupport
import Testing

@testable import AdminPlugin

@Suite("The configuration as a text, and its checksums")
struct ConfigurationTextTests {
    @Test("what is written is read again as it was")
    func roundTrip() throws {
        let file = try ScratchFile()
        do {
            let rig = try AdminRig()
            let admin = try rig.client()
            try admin.run(#"INSERT INTO fruit VALUES (7, 'it''s "odd"; \ -- größe', NULL); SET mysql-fruit_max = 9"#)
            try admin.run("SET admin-stats_credentials = 'viewer:seen'")
            #expect(try admin.run("SAVE CONFIG TO FILE \(file.path)").error == nil)
            let text = try String(contentsOfFile: file.path, encoding: .utf8)
            #expect(try admin.rows("SELECT CONFIG FILE") == [[text]])
            #expect(!text.contains("seen") && !text.contains("admin-version"))
            // A file that was written here may be replaced.
            #expect(try admin.run("SELECT CONFIG INTO OUTFILE '\(file.path)'").error == nil)
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let rig = try AdminRig(file: file.path)
        #expect(rig.fruit.inUse == ["fig", #"it's "odd"; \ -- größe"#])
        #expect(rig.limit == 9)
        #expect(rig.server.credentials.account(of: "viewer") == .statistics)
    }

    @Test("other files aren't replaced, and errors tell what is in the way")
    func otherFiles() throws {
        let rig = try AdminRig()
        let (admin, file) = (try rig.client(), try ScratchFile("mine"))
        #expect(try admin.error("SAVE CONFIG TO FILE \(file.path)")?.message.contains("remove it first") == true)
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "mine")
        #expect(try admin.error("SAVE CONFIG TO FILE here.sql")?.message.contains("absolute") == true)
        #expect(try admin.error("SAVE CONFIG TO FILE /nowhere/x")?.message.contains("No such file") == true)
        #expect(try admin.error("SAVE CONFIG TO FILE")?.code == 1064)
        let stats = try rig.client("stats")
        for sql in ["SAVE CONFIG TO FILE \(file.path)", "SELECT CONFIG FILE", "CHECKSUM MYSQL FRUIT"] {
            #expect(try stats.error(sql)?.code == 1227, "\(sql)")
        }
    }

    @Test("checksums of the layers are the same where their contents are")
    func checksums() throws {
        let file = try ScratchFile()
        let rig = try AdminRig(database: file.path)
        let admin = try rig.client()
        func sum(_ words: String) throws -> String { try admin.rows("CHECKSUM \(words)").map { $0.joined() }.joined() }
        let first = try sum("MYSQL FRUIT")
        #expect(first.hasPrefix("fruit0x") && first.count == 5 + 18)
        try admin.run("SAVE MYSQL FRUIT TO DISK")
        for layer in ["MEMORY", "MEM", "RUNTIME", "DISK"] { #expect(try sum("\(layer) MYSQL FRUIT") == first) }
        try admin.run("INSERT INTO fruit VALUES (2, 'ab', 1), (3, 'c', 1)")
        let second = try sum("MEM MYSQL FRUIT")
        try admin.run("UPDATE fruit SET name = 'a' WHERE id = 2; UPDATE fruit SET name = 'bc' WHERE id = 3")
        #expect(try Set([first, second, sum("MEM MYSQL FRUIT"), sum("DISK MYSQL FRUIT")]).count == 3)
        #expect(try admin.error("CHECKSUM MYSQL BERRIES")?.code == 1064)
        #expect(try admin.error("CHECKSUM")?.code == 1064)
    }

    @Test("ProxySQL's words make the port read only and writable again")
    func readOnly() throws {
        let rig = try AdminRig()
        let admin = try rig.client()
        try admin.run("PROXYSQL READONLY")
        #expect(try admin.error("DELETE FROM fruit")?.code == 1227)
        #expect(try admin.error("SAVE CONFIG TO FILE /tmp/x")?.code == 1290)
        try admin.run("PROXYSQL READWRITE")
        #expect(try admin.run("DELETE FROM fruit").ok?.affectedRows == 1)
        #expect(try admin.error("PROXYSQL RESTART")?.message.contains("SHUTDOWN") == true)
        #expect(try rig.client("stats").error("PROXYSQL READONLY")?.code == 1227)
    }
}
