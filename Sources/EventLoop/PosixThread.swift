internal import CLinux
internal import Glibc

/// A system thread that runs one closure.
struct PosixThread: Sendable {
    private let id: pthread_t

    /// Starts a thread; the name's first 15 bytes show in `top -H`.
    init(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var id = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let status = pthread_create(
            &id, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                clinux_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw SystemError(errno: status, call: "pthread_create")
        }
        self.id = id
    }

    /// Waits for the thread's end; once, and not together with ``detach()``.
    func join() { pthread_join(id, nil) }

    /// Lets the thread go its own way.
    func detach() { pthread_detach(id) }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
