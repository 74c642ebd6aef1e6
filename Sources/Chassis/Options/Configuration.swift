public import PluginAPI

/// What the process was told to be: everything from the command line and the defaults file, checked.
public struct Configuration {
    /// A plugin to load, with its options inside.
    public struct ConfiguredPlugin {
        /// The plugin's name.
        public let name: String
        /// Makes the plugin; throws what its initializer throws.
        public let make: (any PluginHost) throws -> any Plugin
    }

    /// The options of the process itself; paths in it are absolute.
    public let main: MainOptions
    /// The plugins to load, in the order of `--plugins`.
    public let plugins: [ConfiguredPlugin]
    /// The folder in front of relative paths; absolute.
    public let basedir: String
    /// What the log shall tell about the options, once it is open.
    public let notes: [(level: LogLevel, text: String)]
}

/// What a command line asks for.
public enum Invocation {
    /// A run.
    case run(Configuration)
    /// Just this text on standard output, for `--help` and `--version`.
    case answer(String)
}
