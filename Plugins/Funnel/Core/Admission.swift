import Locking
import PluginAPI
import Pooling

/// The connect backlog of the process behind a lock, and the way to the loops of those who wait.
final class Admission: Sendable {
    private let backlog: Lock<ConnectBacklog>
    private let loops: LoopTable<FunnelWorker>
    private let alarm: Alarm

    init(policy: AdmissionPolicy, loops: LoopTable<FunnelWorker>) {
        backlog = Lock(ConnectBacklog(policy: policy))
        self.loops = loops
        alarm = Alarm(loops: loops)
    }

    /// A client was accepted; `worker` hears whether it is admitted, perhaps before this returns.
    func arrived(on worker: FunnelWorker) -> ClientID {
        tell(from: worker) { backlog, now, steps in
            backlog.arrived(on: LoopID(worker.loop.index), now: now, &steps)
        }
    }

    /// A client has gone.
    func left(_ client: ClientID, from worker: FunnelWorker) {
        tell(from: worker) { backlog, _, steps in backlog.left(client, &steps) }
    }

    /// A look at the backlog.
    func look<Answer: Sendable>(_ question: (borrowing ConnectBacklog) -> Answer) -> Answer {
        backlog.withLock { question($0) }
    }

    @discardableResult
    private func tell<Answer: Sendable>(
        from worker: FunnelWorker, _ event: (inout ConnectBacklog, MonotonicTime, inout [AdmissionStep]) -> Answer
    ) -> Answer {
        var steps: [AdmissionStep] = []
        let now = worker.loop.now
        let (answer, due) = backlog.withLock { backlog in (event(&backlog, now, &steps), backlog.nextDue) }
        if alarm.isTooLate(for: due) { setAlarm(for: due) }
        for step in steps {
            let loop = step.loop.number
            if loop == worker.loop.index { worker.perform(step) } else { loops.post(to: loop) { $0.perform(step) } }
        }
        return answer
    }

    private func setAlarm(for due: MonotonicTime?) {
        alarm.set(for: due) { [self] worker in
            tell(from: worker) { backlog, now, steps in backlog.timePassed(now: now, &steps) }
        }
    }
}

extension AdmissionStep {
    fileprivate var loop: LoopID {
        switch self {
        case .admit(_, let loop), .refuse(_, let loop, _): loop
        }
    }
}
