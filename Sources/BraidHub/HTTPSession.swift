internal import BraidSupport
internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// One HTTP request: no redirects.
struct HTTPRequest {
    var method = "GET"
    var url: URL
    var headers: [String: String] = [:]
    var body: Data?
    /// The longest silence of the server, in seconds.
    var timeout: Double
    /// After so many seconds a server is given up that sends less than `HTTPBody.slowest` bytes a second.
    var patience = 60.0
    /// The most bytes of an answer, as they are once they are unpacked; what is longer is given up as it comes, and is a failure.
    var limit = 64 << 20
}

/// URLSession as blocking calls: a request gives a reply once its header is there, and the reply gives its body in pieces.
final class HTTPSession: Sendable {
    private let router = Router()
    private let session: URLSession

    init() {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        session = URLSession(configuration: configuration, delegate: router, delegateQueue: nil)
    }

    deinit { session.finishTasksAndInvalidate() }

    /// Sends `request` and waits for the header of the answer, whatever its status is.
    func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPReply {
        var sent = URLRequest(url: request.url)
        sent.httpMethod = request.method
        sent.httpBody = request.body
        for (name, value) in request.headers { sent.setValue(value, forHTTPHeaderField: name) }
        // The reply's own clock runs only while someone waits for it; a reader busy with the disk is no silence of the server.
        sent.timeoutInterval = 86_400
        let task = session.dataTask(with: sent)
        let body = HTTPBody(task: task, request)
        router.add(body, for: task)
        task.resume()
        return try HTTPReply(response: body.response(), body: body)
    }

    /// Hands what URLSession reports to the body it belongs to.
    private final class Router: NSObject, URLSessionDataDelegate, Sendable {
        private let bodies = Mutex<[Int: HTTPBody]>([:])

        func add(_ body: HTTPBody, for task: URLSessionTask) { bodies.withLock { $0[task.taskIdentifier] = body } }
        private func body(of task: URLSessionTask) -> HTTPBody? { bodies.withLock { $0[task.taskIdentifier] } }

        func urlSession(
            _: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
            completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
        ) {
            // First: a task that is cancelled while URLSession waits for this answer ends the process on Linux.
            completionHandler(.allow)
            body(of: dataTask)?.begin(response as? HTTPURLResponse)
        }

        func urlSession(_: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
            body(of: dataTask)?.append(data)
        }

        func urlSession(_: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
            let body = bodies.withLock { $0.removeValue(forKey: task.taskIdentifier) }
            body?.end(error)
        }

        func urlSession(
            _: URLSession, task _: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse,
            newRequest _: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
        ) {
            // URLSession would send the Authorization header on to any host. The redirect itself becomes the reply.
            completionHandler(nil)
        }
    }
}

/// The header of an answer, and its body as far as it is read.
struct HTTPReply {
    let status: Int
    let url: URL
    private let response: HTTPURLResponse
    private let body: HTTPBody

    fileprivate init(response: HTTPURLResponse, body: HTTPBody) throws(HTTPFailure) {
        guard let url = response.url else { throw HTTPFailure("the answer has no address") }
        self.status = response.statusCode
        self.url = url
        self.response = response
        self.body = body
    }

    /// A header's value; names are case-insensitive.
    subscript(_ name: String) -> String? { response.value(forHTTPHeaderField: name) }

    /// The next pieces of the body; nil at its end.
    func next() throws(HTTPFailure) -> [Data]? { try body.next() }

    /// Gives up a body that is long and not wanted; a short one may as well come.
    func cancel() { body.cancel() }

    /// The body as a whole.
    func text() throws(HTTPFailure) -> Data {
        var whole = Data()
        while let pieces = try next() { pieces.forEach { whole.append($0) } }
        return whole
    }
}

/// Why no answer came, or no whole one.
struct HTTPFailure: Error {
    let reason: String
    /// No connection was made: there may be no network at all.
    let isUnreachable: Bool
    /// Asked again, the server would do the same: its answer is too long, or comes too slowly.
    let isFinal: Bool

    init(_ reason: String, isUnreachable: Bool = false, isFinal: Bool = false) {
        (self.reason, self.isUnreachable, self.isFinal) = (reason, isUnreachable, isFinal)
    }

    /// An answer that is longer than a request's limit.
    static func tooLarge(_ limit: Int) -> HTTPFailure {
        HTTPFailure("has more than \(ByteCount.text(Double(limit))), the most that is fetched", isFinal: true)
    }

    init(_ error: any Error) {
        let code = (error as? URLError)?.code
        let reason =
            switch code {
            case .cannotFindHost, .dnsLookupFailed: "the host name is not known (DNS)"
            case .cannotConnectToHost: "the connection is refused"
            case .notConnectedToInternet: "there is no network"
            case .timedOut: "the connection timed out"
            case .networkConnectionLost: "the connection was cut"
            case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasUnknownRoot,
                .serverCertificateHasBadDate:
                "the secure connection failed: \(error.localizedDescription)"
            default: error.localizedDescription
            }
        let unreachable: [URLError.Code?] = [.cannotFindHost, .dnsLookupFailed, .cannotConnectToHost, .notConnectedToInternet]
        self.init(reason, isUnreachable: unreachable.contains(code))
    }
}
