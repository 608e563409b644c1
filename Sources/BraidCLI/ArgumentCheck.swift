import ArgumentParser
import Braid
import Foundation

/// What is wrong with arguments and would otherwise be said badly, or not at all: a command that is misspelt, and an option that is given twice.
struct ArgumentCheck {
    private let arguments: [String]
    private var commands: [any ParsableCommand.Type] = [BraidCommand.self]
    /// What stands behind the names of commands.
    private var rest: ArraySlice<String>

    /// - Parameter arguments: Without the program's name.
    init(_ arguments: [String]) {
        self.arguments = arguments
        rest = arguments[...]
        while let name = rest.first, let command = commands.last?.command(name) {
            commands.append(command)
            rest = rest.dropFirst()
        }
    }

    /// - Throws: `BraidError` (`.usage`) that names what was probably meant, or the option.
    func callAsFunction() throws {
        try checkCommand()
        try checkOptions()
    }

    private func checkCommand() throws {
        guard let command = commands.last, let name = rest.first, !name.hasPrefix("-") else { return }
        // A command that is one by itself takes other words.
        let names = command.configuration.subcommands.map { $0._commandName } + (commands.count == 1 ? ["help"] : [])
        guard !command.configuration.subcommands.isEmpty, !names.contains(name) else { return }
        let near = nearest(to: name, in: names).map { "; did you mean \($0)?" } ?? "."
        let path = commands.map { $0._commandName }.joined(separator: " ")
        throw BraidError(.usage, "\(path) \(name): there is no such command\(near) \(path) --help shows those that there are")
    }

    /// The last of several values would be taken, and the others lost without a word.
    private func checkOptions() throws {
        let names = options()
        // What every option is called and takes is asked only where one may be given twice: under one name, or a short and a long one.
        let mayRepeat = Set(names).count < names.count || names.contains { !$0.hasPrefix("--") }
        guard mayRepeat, let command = commands.last, let known = CommandHelp(command) else { return }
        var seen: Set<String> = []
        var words = rest.prefix { $0 != "--" }
        while let word = words.popFirst() {
            let name = String(word.prefix { $0 != "=" })
            guard let option = known.option(name) else { continue }
            if !word.contains("=") { _ = words.popFirst() }
            guard !option.isRepeating, !seen.insert(option.label).inserted else { continue }
            throw BraidError(.usage, "\(name) is given twice, and takes one value: leave one of them out")
        }
    }

    private func options() -> [String] {
        rest.prefix { $0 != "--" }.filter { $0.hasPrefix("-") && $0.count > 1 }.map { String($0.prefix { $0 != "=" }) }
    }
}

extension ParsableCommand {
    fileprivate static func command(_ name: String) -> (any ParsableCommand.Type)? {
        configuration.subcommands.first { $0._commandName == name || $0.configuration.aliases.contains(name) }
    }
}

/// What argument parsing knows of a command's options.
private struct CommandHelp: Decodable {
    struct Name: Decodable {
        let kind: String
        let name: String
    }

    struct Argument: Decodable {
        let kind: String
        let isRepeating: Bool
        let names: [Name]?

        var label: String { names?.first?.name ?? "" }
    }

    struct Command: Decodable {
        let arguments: [Argument]?
    }

    let command: Command

    /// nil where the form is another one than is known, as a later version of the parser may have it.
    init?(_ command: any ParsableCommand.Type) {
        guard let found = try? JSONDecoder().decode(CommandHelp.self, from: Data(command._dumpHelp().utf8)) else { return nil }
        self = found
    }

    /// The option, which takes a value, of a name with its dashes.
    func option(_ name: String) -> Argument? {
        command.arguments?.first { argument in
            argument.kind == "option"
                && argument.names?.contains { ($0.kind == "long" ? "--" : "-") + $0.name == name } == true
        }
    }
}
