internal import BraidSupport
internal import Foundation

/// Fetches one file into a partial one, from where that ends, over as many connections as it takes.
final class BlobDownload {
    /// The most that one request asks for. What comes faster than the disk takes it waits in memory.
    static let span = 16 << 20

    private let file: HubFile
    private let partial: URL
    private let model: String
    private let connection: HubConnection
    private let bar: any StepProgress
    /// The whole size, once someone has said it.
    private var size: Int?
    /// Where the bytes are asked for: the hub, then the address that it redirects to, which saves a question for each range.
    private var source: URL
    /// The bytes that the bar knows of.
    private var shown = 0

    init(_ file: HubFile, to partial: URL, of repository: HubRepository, over connection: HubConnection, _ bar: any StepProgress) {
        self.file = file
        self.partial = partial
        model = repository.description
        self.connection = connection
        self.bar = bar
        size = file.size
        source = file.url
    }

    /// Leaves the whole file at `partial`, its size and sum checked.
    func run() throws {
        try fetch()
        guard let sum = BlobChecksum(etag: file.etag) else { return }
        guard try sum.found(in: partial) != sum.expected else { return }
        // What was resumed may have been another's; a second time the fault is on the way.
        try startOver()
        size = file.size
        try fetch()
        let found = try sum.found(in: partial)
        guard found != sum.expected else { return }
        try startOver()
        throw BraidError(
            .badData,
            "model \(model): \(file.name) is damaged on its way: its \(sum.kind) is \(found), the hub says \(sum.expected). It was downloaded twice and deleted; try again later, or check HF_ENDPOINT and any proxy"
        )
    }

    private func fetch() throws {
        try connection.environment.retries.run(progress: { self.shown }) {
            if let size, have() > size { try startOver() }
            show(have())
            while size == nil || have() != size || !FileManager.default.fileExists(atPath: partial.path) { try ask() }
        }
    }

    /// One request, for what is missing or for as much of it as one may ask for.
    private func ask() throws {
        let start = have()
        var headers = ["Accept-Encoding": "identity"]
        if let size, size - start > Self.span {
            headers["Range"] = "bytes=\(start)-\(start + Self.span - 1)"
        } else if start > 0 {
            headers["Range"] = "bytes=\(start)-"
        }
        let asked = source
        source = file.url
        // More than the size is refused below, by the size. A hub may say any.
        let reply = try connection.send(
            asked, headers: headers, timeout: connection.environment.downloadTimeout,
            limit: size.map { max($0, $0 &+ Self.span) } ?? .max)
        defer { reply.cancel() }
        switch reply.status {
        case 206:
            try checkRange(of: reply, start)
            try append(reply, at: start)
            source = reply.url
        case 200:
            try learn(reply["Content-Length"].flatMap(Int.init))
            if start > 0 { try startOver() }
            try append(reply, at: 0)
        case 416:
            try startOver()
            throw Transient(reason: "\(reply.url.shown): the server has nothing from byte \(start) on")
        case _ where asked != file.url:
            throw Transient(reason: "\(reply.url.shown): the server answered \(reply.status)")
        default:
            throw BraidError(
                .unavailable,
                "model \(model): \(file.name): the server answered \(reply.status) to \(reply.url.shown); try again, or check HF_ENDPOINT and HF_TOKEN"
            )
        }
    }

    private func append(_ reply: HTTPReply, at start: Int) throws {
        let handle = try HubCache.writing(partial) {
            let descriptor = open(partial.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }
        defer { try? handle.close() }
        var position = start
        while let pieces = try next(of: reply, after: position) {
            for piece in pieces {
                if let size, position + piece.count > size { try refuse(size: "more than \(size) bytes") }
                try HubCache.writing(partial) { try handle.write(contentsOf: piece) }
                position += piece.count
            }
            show(position)
        }
        if size == nil { size = position }
        guard position > start || position == size else {
            throw Transient(reason: "\(reply.url.shown): the server sent nothing from byte \(start) on")
        }
        if position == size { try HubCache.writing(partial) { try handle.synchronize() } }
    }

    private func next(of reply: HTTPReply, after position: Int) throws -> [Data]? {
        do throws(HTTPFailure) { return try reply.next() } catch {
            throw Transient(reason: "\(reply.url.shown): after \(position) bytes: \(error.reason)")
        }
    }

    /// Checks that a partial answer is the part that was asked for: `bytes 100-299/300`.
    private func checkRange(of reply: HTTPReply, _ start: Int) throws {
        let numbers = (reply["Content-Range"] ?? "").split { !$0.isASCII || !($0.isNumber || $0 == "*") }.map { Int($0) }
        try learn(numbers.count == 3 ? numbers[2] : nil)
        guard numbers.count == 3, numbers[0] == start else {
            try startOver()
            throw Transient(reason: "\(reply.url.shown): the server sent another part than from byte \(start) on")
        }
    }

    private func learn(_ announced: Int?) throws {
        guard let announced else { return }
        if let size, size != announced { try refuse(size: "\(announced) bytes") }
        size = announced
    }

    private func refuse(size found: String) throws {
        try startOver()
        throw BraidError(
            .badData,
            "model \(model): \(file.name) has \(size ?? 0) bytes, the hub says, but the server sends \(found); try again later, or check HF_ENDPOINT and any proxy"
        )
    }

    private func startOver() throws {
        show(0)
        guard FileManager.default.fileExists(atPath: partial.path) else { return }
        try HubCache.writing(partial) { try FileManager.default.removeItem(at: partial) }
    }

    private func have() -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: partial.path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }

    private func show(_ position: Int) {
        bar.advance(by: position - shown)
        shown = position
    }
}
