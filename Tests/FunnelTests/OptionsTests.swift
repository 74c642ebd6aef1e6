import ArgumentParser
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import FunnelPlugin

@Suite("The funnel's options")
struct OptionsTests {
    private static let accounts = "--funnel-users-file=/etc/users"

    /// What is said to these arguments; nil where they are right.
    private func complaint(_ arguments: String...) -> String? {
        do {
            _ = try FunnelOptions.parse(arguments)
            return nil
        } catch {
            return FunnelOptions.message(for: error)
        }
    }

    @Test("without accounts it can't start, and the message names the ways to have some; plugin admin is one")
    func noAccounts() throws {
        let host = FakeHost()
        let plugin = try FunnelPlugin(options: FunnelOptions.parse([]), host: host)
        let error = #expect(throws: NoAccounts.self) { try plugin.start() }
        for way in ["--funnel-users-file", "--funnel-auth-user", "mysql_users"] {
            #expect(error?.description.contains(way) == true)
        }
        host.administration.serve()
        #expect(throws: Never.self) { try plugin.start() }
        #expect(complaint("--funnel-auth-user=lookup") == nil)
        #expect(
            complaint(Self.accounts, "--funnel-auth-password=x") == "--funnel-auth-password needs --funnel-auth-user.")
    }

    @Test(
        "counts have bounds",
        arguments: [
            ("--funnel-max-backends", 0, 1), ("--funnel-min-backends", -1, 0), ("--funnel-user-max-backends", 0, 1),
            ("--funnel-max-clients", 0, 1), ("--funnel-backlog-max", -1, 0),
            ("--funnel-max-backends", 10_000_001, 1), ("--funnel-max-clients", 10_000_001, 1),
        ])
    func counts(_ name: String, _ value: Int, _ least: Int) {
        #expect(
            complaint(Self.accounts, "\(name)=\(value)") == "\(name)=\(value) must be from \(least) to 10000000.")
        #expect(complaint(Self.accounts, "\(name)=\(least)") == nil)
    }

    @Test("no more connections are kept than there may be")
    func minimumAboveMaximum() {
        #expect(
            complaint(Self.accounts, "--funnel-min-backends=3", "--funnel-max-backends=2")
                == "--funnel-min-backends=3 is above --funnel-max-backends=2.")
        #expect(complaint(Self.accounts, "--funnel-min-backends=2", "--funnel-max-backends=2") == nil)
    }

    @Test(
        "waits have bounds",
        arguments: [
            ("--funnel-connect-backlog-timeout", "0.0", "0.001"), ("--funnel-backlog-timeout", "0.0", "0.001"),
            ("--funnel-transaction-timeout", "-1.0", "0.0"), ("--funnel-backend-wait", "-0.5", "0.0"),
            ("--funnel-keepalive", "-1.0", "0.0"), ("--funnel-max-age", "nan", "0.0"),
            ("--funnel-max-age", "inf", "0.0"),
        ])
    func waits(_ name: String, _ value: String, _ least: String) {
        #expect(
            complaint(Self.accounts, "\(name)=\(value)")
                == "\(name)=\(value) must be a number of seconds from \(least) on.")
        #expect(complaint(Self.accounts, "\(name)=\(least)") == nil)
    }

    @Test("a discipline that there isn't is refused with those that there are")
    func discipline() throws {
        let text = try #require(complaint(Self.accounts, "--funnel-queue=lifo"))
        #expect(text.contains("lifo") && text.contains("fifo") && text.contains("fair"))
        let fair = try FunnelOptions.parse([Self.accounts, "--funnel-queue=fair"])
        #expect(fair.leasePolicy.queue == .fair)
    }

    @Test("the lease books get what the options say; 0 switches pings and ages off")
    func policy() throws {
        let plain = try FunnelOptions.parse([Self.accounts])
        #expect(plain.leasePolicy.maximum == 10)
        #expect(plain.leasePolicy.minimum == 0)
        #expect(plain.leasePolicy.userMaximum == .max)
        #expect(plain.leasePolicy.keepalive == .seconds(60))
        #expect(plain.leasePolicy.maximumAge == .seconds(3600))
        #expect(plain.leasePolicy.queue == .fifo)
        #expect(plain.admissionPolicy.maximum == 100_000)
        let chosen = try FunnelOptions.parse([
            Self.accounts, "--funnel-max-backends=7", "--funnel-min-backends=2", "--funnel-user-max-backends=3",
            "--funnel-backlog-max=5", "--funnel-backlog-timeout=0.25", "--funnel-backend-wait=0",
            "--funnel-keepalive=0", "--funnel-max-age=0", "--funnel-max-clients=9",
            "--funnel-connect-backlog-timeout=1.5", "--funnel-transaction-timeout=0",
        ])
        var policy = LeasePolicy()
        policy.maximum = 7
        policy.minimum = 2
        policy.userMaximum = 3
        policy.backlogMaximum = 5
        policy.backlogTimeout = .milliseconds(250)
        policy.backendWait = .zero
        #expect(chosen.leasePolicy == policy)
        #expect(chosen.admissionPolicy.maximum == 9)
        #expect(chosen.admissionPolicy.timeout == .milliseconds(1500))
        #expect(FunnelSettings(chosen).transactionTimeout == nil)
        #expect(FunnelSettings(plain).transactionTimeout == .seconds(14400))
    }
}
