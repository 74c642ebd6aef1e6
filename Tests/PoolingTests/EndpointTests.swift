import Pooling
import Testing

@Suite("Endpoints")
struct EndpointTests {
    @Test(
        "an address is understood and written as it was given",
        arguments: [
            ("db.example:3307", .tcp(host: "db.example", port: 3307), "db.example:3307"),
            ("10.0.0.1", .tcp(host: "10.0.0.1", port: 99), "10.0.0.1:99"),
            (":4040", .tcp(host: "", port: 4040), ":4040"),
            ("[::1]:3306", .tcp(host: "::1", port: 3306), "[::1]:3306"),
            ("[fe80::1]", .tcp(host: "fe80::1", port: 99), "[fe80::1]:99"),
            ("/run/mysqld.sock", .unix(path: "/run/mysqld.sock"), "/run/mysqld.sock"),
            ("host:0", .tcp(host: "host", port: 0), "host:0"),
        ] as [(String, Endpoint, String)])
    func parsing(text: String, endpoint: Endpoint, written: String) throws {
        #expect(try Endpoint(parsing: text, defaultPort: 99) == endpoint)
        #expect(endpoint.description == written)
    }

    @Test(
        "an address that makes no sense is refused with its text",
        arguments: ["", "host:", "host:x", "host:65536", "host:-1", "::1", "[::1", "[]:3306", "[::1]3306", "a:b:c"])
    func refusal(text: String) {
        #expect {
            try Endpoint(parsing: text)
        } throws: { error in
            (error as? EndpointError)?.text == text && "\(error)".contains("'\(text)'")
        }
    }

    @Test("a unix socket's path fits into its address")
    func longPath() throws {
        let longest = "/" + String(repeating: "x", count: 105)
        #expect(try Endpoint(parsing: longest) == .unix(path: longest))
        #expect(throws: EndpointError.self) { try Endpoint(parsing: longest + "x") }
    }

    @Test(
        "only this machine reaches a loopback address",
        arguments: [
            ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("localhost:1", true), ("/a.sock", true),
            (":1", false), ("10.0.0.1:1", false), ("0.0.0.0:1", false), ("[::]:1", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try Endpoint(parsing: text).isLoopback == isLoopback)
    }
}
