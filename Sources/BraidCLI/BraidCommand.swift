public import ArgumentParser
import Braid
import Foundation

/// The whole command, `braid`.
///
/// An executable that registers encoders of its own calls `main()` after that.
public struct BraidCommand: ParsableCommand {
    /// Makes one without arguments; argument parsing fills it in.
    public init() {}

    /// The command's name, its help, its version and its subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "braid",
        abstract: "Train, evaluate and take apart classifiers that fuse image, text and audio.",
        discussion: """
            Start with a manifest, one row a sample (columns image, text, audio, label):
              braid init manifest.csv > config.yaml
              braid train config.yaml --out runs/first
              braid ablate runs/first --manifest manifest.csv
            """,
        version: Version.current,
        subcommands: [
            Init.self, Check.self, Show.self, Train.self, Evaluate.self, Predict.self, Embed.self, Ablate.self, Compare.self,
            SearchCommand.self, Curve.self, DriftCommand.self, Merge.self, Probe.self, Choose.self, ZeroShotCommand.self,
            Retrieve.self,
            Models.self, Cache.self,
        ])

    /// Runs the command; an error ends the process with a code of sysexits(3), whatever threw it.
    public static func main() {
        do {
            try Limit.read(ProcessInfo.processInfo.environment)
            var command = try parseAsRoot()
            if let command = command as? any ComputingCommand { try command.threads.startAgain() }
            try command.run()
        } catch let error as BraidError {
            fail(error.description, error.code)
        } catch let code as ExitCode {
            // That a command chose: 1 is a verdict of braid drift's, and no failure.
            exit(withError: code)
        } catch  where exitCode(for: error) != .failure {
            // Usage errors, requests for help, and codes that a command chose: argument parsing prints these itself.
            exit(withError: error)
        } catch {
            fail("\(error)", Causes.code(of: error))
        }
    }

    private static func fail(_ message: String, _ code: BraidError.Code) -> Never {
        FileHandle.standardError.write(Data("error: \(message)\n".utf8))
        Foundation.exit(code.rawValue)
    }
}
