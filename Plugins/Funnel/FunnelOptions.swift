import ArgumentParser
import Pooling

/// The options of the funnel.
package struct FunnelOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Have at most so many connections to one server, over all users and event threads.", valueName: "count"))
    var funnelMaxBackends = 10

    @Option(
        name: .long,
        help: ArgumentHelp("Keep so many connections to each server open, also when idle.", valueName: "count"))
    var funnelMinBackends = 0

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Have at most so many connections of one user to one server. (default: no limit of its own)",
            valueName: "count"))
    var funnelUserMaxBackends: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Accounts of clients, a line each: user:secret. Others must not be able to read it.", valueName: "file"),
        completion: .file())
    var funnelUsersFile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Look accounts up on the server as this user, who may read mysql.global_priv or mysql.user.",
            valueName: "user"))
    var funnelAuthUser: String?

    @Option(name: .long, help: ArgumentHelp("The password of --funnel-auth-user.", valueName: "password"))
    var funnelAuthPassword: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Let at most so many clients in; others wait, connected, before they are greeted.", valueName: "count"))
    var funnelMaxClients = 100_000

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A client above --funnel-max-clients waits so long, then gets ERR 1040.", valueName: "seconds"))
    var funnelConnectBacklogTimeout = 10.0

    @Option(
        name: .long,
        help: ArgumentHelp("Let at most so many statements wait for one server.", valueName: "count"))
    var funnelBacklogMax = 10_000

    @Option(
        name: .long, help: ArgumentHelp("A statement waits so long for a connection.", valueName: "seconds"))
    var funnelBacklogTimeout = 60.0

    @Option(
        name: .long,
        help: "Serve statements in the order of their arrival, or users in equal shares of the servers' time.")
    var funnelQueue = QueueDiscipline.fifo

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Roll a transaction back whose client has been silent for so long; 0 for never.", valueName: "seconds"))
    var funnelTransactionTimeout = 14400.0

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Statements wait so long for a server that is down to come back.", valueName: "seconds"))
    var funnelBackendWait = 5.0

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Ping a connection that has been idle for so long; 0 for never.", valueName: "seconds"))
    var funnelKeepalive = 60.0

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Replace a connection of this age, up to a tenth earlier; 0 for never.", valueName: "seconds"))
    var funnelMaxAge = 3600.0

    package init() {}

    package mutating func validate() throws {
        try requireCounts()
        try requireWaits()
        if funnelAuthPassword != nil, funnelAuthUser == nil {
            throw ValidationError("--funnel-auth-password needs --funnel-auth-user.")
        }
    }

    private func requireCounts() throws {
        let counts = [
            ("--funnel-max-backends", funnelMaxBackends, 1), ("--funnel-min-backends", funnelMinBackends, 0),
            ("--funnel-user-max-backends", funnelUserMaxBackends ?? 1, 1),
            ("--funnel-max-clients", funnelMaxClients, 1),
            ("--funnel-backlog-max", funnelBacklogMax, 0),
        ]
        for (name, value, least) in counts where !(least...10_000_000).contains(value) {
            throw ValidationError("\(name)=\(value) must be from \(least) to 10000000.")
        }
        guard funnelMinBackends <= funnelMaxBackends else {
            throw ValidationError(
                "--funnel-min-backends=\(funnelMinBackends) is above --funnel-max-backends=\(funnelMaxBackends).")
        }
    }

    private func requireWaits() throws {
        let waits = [
            ("--funnel-connect-backlog-timeout", funnelConnectBacklogTimeout, 0.001),
            ("--funnel-backlog-timeout", funnelBacklogTimeout, 0.001),
            ("--funnel-transaction-timeout", funnelTransactionTimeout, 0),
            ("--funnel-backend-wait", funnelBackendWait, 0), ("--funnel-keepalive", funnelKeepalive, 0),
            ("--funnel-max-age", funnelMaxAge, 0),
        ]
        for (name, value, least) in waits where !(value >= least && value <= 1e9) {
            throw ValidationError("\(name)=\(value) must be a number of seconds from \(least) on.")
        }
    }
}

extension QueueDiscipline: ExpressibleByArgument {
    package init?(argument: String) {
        switch argument {
        case "fifo": self = .fifo
        case "fair": self = .fair
        case _: return nil
        }
    }

    package static var allValueStrings: [String] { ["fifo", "fair"] }

    package var defaultValueDescription: String { self == .fifo ? "fifo" : "fair" }
}

extension FunnelOptions {
    /// The limits of one backend's connections.
    var leasePolicy: LeasePolicy {
        var policy = LeasePolicy()
        policy.maximum = funnelMaxBackends
        policy.minimum = funnelMinBackends
        policy.userMaximum = funnelUserMaxBackends ?? .max
        policy.backlogMaximum = funnelBacklogMax
        policy.backlogTimeout = .seconds(funnelBacklogTimeout)
        policy.backendWait = .seconds(funnelBackendWait)
        policy.keepalive = funnelKeepalive > 0 ? .seconds(funnelKeepalive) : nil
        policy.maximumAge = funnelMaxAge > 0 ? .seconds(funnelMaxAge) : nil
        policy.queue = funnelQueue
        return policy
    }

    /// The limits of the clients.
    var admissionPolicy: AdmissionPolicy {
        var policy = AdmissionPolicy()
        policy.maximum = funnelMaxClients
        policy.timeout = .seconds(funnelConnectBacklogTimeout)
        return policy
    }
}
