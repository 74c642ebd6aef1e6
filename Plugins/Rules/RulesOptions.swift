import ArgumentParser

/// The options of the rules: none, as rules and settings are the administrator's.
package struct RulesOptions {
    package init() {}
}

extension RulesOptions: ParsableArguments {}
