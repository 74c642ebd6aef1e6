/// Challenges for one thread's clients, made of random bytes that are drawn for many of them at once.
///
/// OpenSSL's generator takes as long for one challenge as for dozens. What lies in store here is no secret's: every
/// challenge is told to whoever connects, and each is given once.
package struct ChallengeSource {
    private var store: [UInt8] = []

    /// Twelve challenges: the most that one draw of 255 bytes makes.
    private static let drawn: UInt8 = 240

    package init() {}

    /// The next challenge, as ``Digest/scramble()`` makes it.
    ///
    /// - Returns: nil where the system has no random bytes.
    package mutating func next() -> [UInt8]? {
        if store.count < Digest.scrambleSize {
            guard let bytes = Digest.random(Self.drawn) else { return nil }
            store = bytes
        }
        let challenge = store.suffix(Digest.scrambleSize).map(Digest.spoken)
        store.removeLast(Digest.scrambleSize)
        return challenge
    }
}
