internal import CLinux
internal import Glibc
import Locking
internal import Synchronization

/// Jobs from other threads for a loop's thread, in order, with an eventfd that wakes the loop's poller.
final class Mailbox: Sendable {
    /// Readable for the poller, edge-triggered, whenever jobs have come; nobody needs to read it.
    let descriptor: Int32
    private let jobs = Lock<[@Sendable () -> Void]>([])
    private let isStopping = Atomic(false)

    init() throws(SystemError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .last("eventfd") }
    }

    deinit { close(descriptor) }

    /// Adds a job; only the first since the last ``take()`` costs a system call.
    func post(_ job: @escaping @Sendable () -> Void) {
        let wasEmpty = jobs.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        if wasEmpty { wake() }
    }

    /// Asks the loop to end.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake()
    }

    /// Takes the jobs out.
    func take() -> [@Sendable () -> Void] {
        jobs.withLock { jobs in
            let taken = jobs
            jobs = []
            return taken
        }
    }

    /// Whether the loop was asked to end; asking takes the request away.
    func takeStop() -> Bool {
        guard isStopping.load(ordering: .acquiring) else { return false }
        isStopping.store(false, ordering: .relaxed)
        return true
    }

    private func wake() {
        var one: UInt64 = 1
        while write(descriptor, &one, 8) < 0, errno == EINTR {}
    }
}
