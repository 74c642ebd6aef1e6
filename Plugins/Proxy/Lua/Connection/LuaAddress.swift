import LuaVM
import Pooling

/// An address object: `type`, `name`, `address`, `port`.
final class LuaAddress: LuaObject {
    private let name: String
    private let endpoint: Endpoint?

    /// An address as text: `ip:port`, `[v6]:port` or a socket's path.
    init(_ name: String) {
        self.name = name
        endpoint = try? Endpoint(parsing: name)
    }

    override class var luaType: LuaObjectType {
        LuaObjectType(name: "address", fields: ["type", "name", "address", "port"])
    }

    override func read(field: Int, _ frame: inout LuaFrame) throws(LuaError) -> Int {
        switch field {
        case 0: try frame.push(family)
        case 1: try frame.push(name)
        case 2: try frame.push(host)
        default:
            guard case .tcp(_, let port) = endpoint else { return 0 }
            try frame.push(Int(port))
        }
        return 1
    }

    /// AF_UNIX, AF_INET or AF_INET6.
    private var family: Int {
        switch endpoint {
        case .tcp(let host, _): host.contains(":") ? 10 : 2
        case .unix, nil: 1
        }
    }

    private var host: String {
        guard case .tcp(let host, _) = endpoint else { return name }
        return host
    }
}
