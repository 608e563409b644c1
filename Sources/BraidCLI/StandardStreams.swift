import BraidSupport
import Foundation

/// The process's input, output and error stream: the one place that writes to them, and the one that says what a failure means.
enum StandardStreams {
    /// How text is meant.
    enum Form {
        /// For a person to read: names that come from files are made fit for a terminal, and long lines are cut.
        case prose
        /// For a program: it is written as it is, but to a terminal, where control characters would act.
        case data
    }

    /// Makes streams that nobody gave safe to write to. To be called before anything opens a file.
    ///
    /// A descriptor that is closed would be given to the next file that is opened, and a line of progress would be written into a checkpoint.
    /// So the three are opened on the null device: whoever closes a stream wants nothing of it. A reader that goes away is then an error
    /// of the write, which is looked at, and no signal that ends a training in the middle of a step.
    static func prepare() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest number that is free is given, which is this one: those below are open by now.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
        signal(SIGPIPE, SIG_IGN)
        // The same of a file that grows beyond what `ulimit -f` lets it.
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Writes to the error stream. What cannot be written is lost, for there is nowhere to say so.
    ///
    /// - Parameter controls: What precedes the text as it is, to move on the terminal.
    static func tell(_ text: String, controls: String = "") {
        _ = write(controls + Printable.text(text), to: STDERR_FILENO)
    }

    /// Writes a result to the output stream.
    ///
    /// - Throws: `BraidError` where it cannot be written, since a full disk must not look like success; `ReaderGone` where nobody reads it.
    static func emit(_ text: String, _ form: Form) throws {
        let shown =
            switch form {
            case .prose: Printable.text(text)
            case .data: isatty(STDOUT_FILENO) == 1 ? Printable.escaped(text) : text
            }
        let status = write(shown, to: STDOUT_FILENO)
        if status == EPIPE { throw ReaderGone() }
        guard status == 0 else {
            let remedy = status == ENOSPC ? "; free some room and run the command again" : ""
            throw BraidError(
                .cannotCreate,
                "the result cannot be written to standard output: \(String(cString: strerror(status)))\(remedy)"
            )
        }
    }

    /// The text that an option gives; of `-` what standard input gives, less the line's end behind it.
    ///
    /// - Parameter most: How many bytes may come.
    /// - Throws: `BraidError` where nothing comes, too much, or what is not UTF-8.
    static func text(_ argument: String, option: String, most: Int = Limit.textBytes.value) throws -> String {
        guard argument == "-" else { return argument }
        var data = Data()
        while data.count <= most, let more = try FileHandle.standardInput.read(upToCount: 1 << 16), !more.isEmpty {
            data += more
        }
        guard data.count <= most else { throw Limit.textBytes.exceeded("\(option) -: more than \(most) bytes came", bound: most) }
        guard var text = String(validating: data, as: UTF8.self) else {
            throw BraidError(.badData, "\(option) -: what came from standard input is not UTF-8 text")
        }
        if text.hasSuffix("\n") { text.removeLast() }
        guard !text.isEmpty else { throw BraidError(.usage, "\(option) -: nothing came from standard input") }
        return text
    }

    /// Writes all of `text`, and gives 0, or the number of the error that ended it.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
                if count >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                } else if errno == EAGAIN || errno == EWOULDBLOCK {
                    // Another process has made the stream one that does not wait.
                    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&wanted, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
    }
}

/// Whoever read the command's output has gone, as `head` does once it has its lines.
struct ReaderGone: Error {
    /// The exit code of a command that its reader's going ends, as a shell gives it.
    static let code = 128 + SIGPIPE
}
