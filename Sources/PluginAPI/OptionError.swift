/// A value of a plugin's option that can't be used, as it turns out when the plugin is made.
package struct OptionError: Error, CustomStringConvertible {
    /// The option as the user gave it.
    package let option: String
    /// What is wrong, and what to do.
    package let reason: String

    /// A wrong value and why it is.
    package init(option: String, reason: String) {
        self.option = option
        self.reason = reason
    }

    /// The whole message.
    package var description: String { "\(option): \(reason)" }
}
