import ArgumentParser
import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import FunnelPlugin

@Suite("The backlog of new clients")
struct AdmissionTests {
    /// A client of a loop: it asks when it comes, and again whenever it is told to.
    private final class Client: Session {
        let name: String
        private let worker: FunnelWorker
        private let house: House
        private(set) var isServed = false
        private(set) var refusal: SQLError?
        private(set) var isHeld = false

        init(_ name: String, id: UInt64, worker: FunnelWorker, house: House) {
            self.name = name
            self.worker = worker
            self.house = house
            super.init(id: id, slot: Int(id), generation: 1, clientAddress: "\(name):1", listenerAddress: "proxy:1")
        }

        override func resume() { worker.loop.schedule(at: worker.loop.now) { [self] in ask() } }

        func ask() {
            isHeld = false
            switch worker.connect(self) {
            case .serve:
                isServed = true
                house.served.append(name)
            case .refuse(let error): refusal = error
            case .hold: isHeld = true
            case .next, .backend, .reuse, .greet: Issue.record("\(name) is sent elsewhere")
            }
        }

        func leave() { worker.disconnect(self) }
    }

    /// A funnel on two loops without backends.
    private final class House {
        var served: [String] = []
        let funnel: Funnel
        let loops = [HandLoop(index: 0), HandLoop(index: 1)]
        private var workers: [FunnelWorker] = []
        private var count: UInt64 = 0

        init(_ options: String...) throws {
            funnel = try Funnel(
                options: .parse(["--funnel-auth-user=lookup"] + options), host: FakeHost(loopCount: 2))
            workers = loops.map { FunnelWorker(funnel: funnel, loop: $0) }
            for (worker, loop) in zip(workers, loops) { funnel.loops.enter(worker, on: loop) }
            settle()
        }

        func arrive(_ name: String, on loop: Int) -> Client {
            count += 1
            let client = Client(name, id: count, worker: workers[loop], house: self)
            client.ask()
            return client
        }

        func settle() {
            while loops.map({ $0.turn() }).contains(true) {}
        }

        func pass(_ span: TimeSpan) {
            for loop in loops { loop.pass(span) }
            settle()
        }

        deinit { funnel.loops.clear() }
    }

    @Test("clients of two loops are let in in the order of their arrival, one for each that leaves")
    func order() throws {
        let house = try House("--funnel-max-clients=2")
        let clients = [("a", 0), ("b", 1), ("c", 1), ("d", 0), ("e", 1), ("f", 0)].map {
            house.arrive($0.0, on: $0.1)
        }
        house.settle()
        #expect(house.served == ["a", "b"])
        #expect(clients[2...].allSatisfy { $0.isHeld })
        for client in clients[..<4] {
            client.leave()
            house.settle()
        }
        #expect(house.served == ["a", "b", "c", "d", "e", "f"])
    }

    @Test("a client that comes while others wait doesn't pass them, though a place came free")
    func nobodyPasses() throws {
        let house = try House("--funnel-max-clients=1")
        let first = house.arrive("first", on: 0)
        let second = house.arrive("second", on: 1)
        first.leave()
        // The second one's loop has not heard of it yet.
        let third = house.arrive("third", on: 0)
        #expect(third.isHeld)
        house.settle()
        #expect(house.served == ["first", "second"])
        #expect(second.isServed && !third.isServed)
    }

    @Test("who leaves the backlog is not served, and those behind it are")
    func leaving() throws {
        let house = try House("--funnel-max-clients=1")
        let first = house.arrive("first", on: 0)
        let gone = house.arrive("gone", on: 1)
        _ = house.arrive("last", on: 1)
        gone.leave()
        first.leave()
        house.settle()
        #expect(house.served == ["first", "last"])
        #expect(house.funnel.admission.look { $0.admitted } == 1)
        #expect(house.funnel.admission.look { $0.waiting } == 0)
    }

    @Test("who waits too long is refused with ERR 1040 and what to do; those who came later wait on")
    func timeout() throws {
        let house = try House("--funnel-max-clients=1", "--funnel-connect-backlog-timeout=2")
        _ = house.arrive("inside", on: 0)
        let early = house.arrive("early", on: 1)
        house.pass(.seconds(1))
        let late = house.arrive("late", on: 1)
        house.pass(.milliseconds(1001))
        #expect(early.refusal?.code == 1040)
        #expect(early.refusal?.state == "08004")
        #expect(early.refusal?.message.contains("--funnel-max-clients") == true)
        #expect(late.isHeld)
        early.leave()
        house.pass(.seconds(1))
        #expect(late.refusal?.code == 1040)
        #expect(house.funnel.admission.look { $0.admitted } == 1)
    }
}
